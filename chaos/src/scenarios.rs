//! What happens to the nodes and their ledger while clients answer.

use std::{
    thread,
    time::{Duration, Instant},
};

use testbed::{Cluster, FaultProxy, Mode, Redis, RedisOptions};
use tokio::runtime::Runtime;

use crate::{
    checker::{Report, Rules, check},
    dice::Dice,
    load::{Load, Mix, Scale},
    nodes::{Addresses, Nodes, NodesOptions},
};

/// Nodes that share a ledger.
const NODES: usize = 3;
/// The query of a ledger's URL by which a Redis that restarted is trusted to know all that it knew before.
const TRUSTING: &str = "?after_restart=trust";
/// The query by which a decision counts only when a replica has it.
const WAITING: &str = "?wait_replicas=1";
/// Wrong answers that spend a key where wrong answers are given.
const ATTEMPTS: usize = 3;
/// How long a fault lasts, and how long there is none after it, in milliseconds.
const FAULT_MILLIS: (u64, u64) = (100, 1_500);
const CALM_MILLIS: (u64, u64) = (200, 1_000);
/// Replies are lost for moments, since later commands find their connections closed and are not even sent.
const LOST_REPLIES_MILLIS: (u64, u64) = (1, 50);
const LOSSES: usize = 5;
/// How much later what is delayed arrives, in milliseconds.
const DELAY_MILLIS: (u64, u64) = (5, 100);
/// Longest wait for a replica to take the place of its primary.
const PROMOTION_DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Right answers to each key, all at once and on all nodes in turn, while nothing fails.
///
/// Any ledger will do, and so does one that is known to be wrong, to see whether that is noticed.
#[must_use]
pub fn answers_at_once(options: NodesOptions, scale: Scale) -> Report {
    let rules = Rules { attempts: options.attempts, spends_have_cause: true };
    let nodes = Nodes::start(options);
    under_load(nodes.addresses(), scale, Mix::RightAnswers, rules, |_| {})
}

/// [`answers_at_once`] on three nodes that share a Redis.
#[must_use]
pub fn answers_at_once_on_redis(scale: Scale) -> Report {
    let redis = Redis::start();
    answers_at_once(sharing(redis.url(), 1), scale)
}

/// What a Redis knows after it was killed and started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// All that it had acknowledged: each command is on disk before its reply.
    Durable,
    /// Nothing.
    Lost,
}

/// Answers of all kinds on three nodes, while nodes are killed and started again, their Redis is killed, stopped and
/// started again, and the way between them fails.
#[must_use]
pub fn faults_on_redis(memory: Memory, scale: Scale, seed: u64) -> Report {
    let is_durable = memory == Memory::Durable;
    let redis = Redis::with(RedisOptions { durable: is_durable, ..RedisOptions::default() });
    let proxy = FaultProxy::start(redis.port());
    let query = if is_durable { TRUSTING } else { "" };
    let nodes = Nodes::start(sharing(format!("redis://127.0.0.1:{}{query}", proxy.port()), ATTEMPTS));
    let rules = Rules { attempts: ATTEMPTS, spends_have_cause: is_durable };
    let addresses = nodes.addresses();
    let mut stage = Stage { nodes, redis, proxy, dice: Dice::of(seed) };
    under_load(addresses, scale, Mix::Everything, rules, |goes_on| {
        while goes_on() {
            let faults = stage.dice.shuffled(Fault::ALL);
            faults.into_iter().take_while(|_| goes_on()).for_each(|fault| stage.suffer(fault));
        }
    })
}

/// Answers of all kinds on three nodes that share a Redis Cluster, while one primary after another is killed, its
/// replica takes its place, and it comes back as that one's replica.
#[must_use]
pub fn lost_primaries(scale: Scale, seed: u64) -> Report {
    let mut cluster = Cluster::start(3, &RedisOptions::default());
    let nodes = Nodes::start(sharing(cluster.url() + WAITING, ATTEMPTS));
    // A replica that takes over may lack what nobody was told, so a ledger may have to take a key for spent.
    let rules = Rules { attempts: ATTEMPTS, spends_have_cause: false };
    let mut dice = Dice::of(seed);
    under_load(nodes.addresses(), scale, Mix::Everything, rules, |goes_on| {
        while goes_on() {
            thread::sleep(dice.millis(CALM_MILLIS));
            lose_primary(&mut cluster, &mut dice);
        }
    })
}

fn sharing(ledger: String, attempts: usize) -> NodesOptions {
    NodesOptions { count: NODES, ledger, attempts, environment: Vec::new() }
}

/// Runs the load to its end while things fail for as long as it goes on, and checks what came of it.
fn under_load(
    addresses: Addresses,
    scale: Scale,
    mix: Mix,
    rules: Rules,
    fail: impl FnOnce(&dyn Fn() -> bool),
) -> Report {
    // There is a connection for each request. Where the limit cannot be raised, fewer of them are sent.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let load = Load::on(addresses, scale, mix);
    let runtime = Runtime::new().expect("threads for the clients");
    let keys = thread::scope(|scope| {
        let running = scope.spawn(|| runtime.block_on(load.run()));
        fail(&|| !running.is_finished());
        running.join().expect("the clients do not panic")
    });
    runtime.block_on(load.answer_again(&keys));
    check(&load.into_events(), rules)
}

/// What fails between three nodes and their Redis.
#[derive(Debug, Clone, Copy)]
enum Fault {
    NodeKilled,
    RedisKilled,
    RedisPaused,
    Cut,
    Blackhole,
    Delay,
    RepliesLost,
}

impl Fault {
    const ALL: [Self; 7] = [
        Self::NodeKilled,
        Self::RedisKilled,
        Self::RedisPaused,
        Self::Cut,
        Self::Blackhole,
        Self::Delay,
        Self::RepliesLost,
    ];
}

/// The nodes, their Redis, and the way between.
struct Stage {
    nodes: Nodes,
    redis: Redis,
    proxy: FaultProxy,
    dice: Dice,
}

impl Stage {
    /// Has one thing fail for a while, and then nothing for a while.
    fn suffer(&mut self, fault: Fault) {
        match fault {
            Fault::NodeKilled => {
                let node = self.dice.below(NODES);
                self.nodes.kill(node);
                self.wait(FAULT_MILLIS);
                self.nodes.restart(node);
            }
            Fault::RedisKilled => {
                self.redis.kill();
                self.wait(FAULT_MILLIS);
                self.redis.restart();
            }
            Fault::RedisPaused => {
                self.redis.pause();
                self.wait(FAULT_MILLIS);
                self.redis.resume();
            }
            Fault::Cut => self.fail_on_the_way(Mode::Cut, FAULT_MILLIS),
            Fault::Blackhole => self.fail_on_the_way(Mode::Blackhole, FAULT_MILLIS),
            Fault::Delay => {
                let delay = self.dice.millis(DELAY_MILLIS);
                self.fail_on_the_way(Mode::Delay(delay), FAULT_MILLIS);
            }
            Fault::RepliesLost => {
                for _ in 0..LOSSES {
                    self.fail_on_the_way(Mode::LoseReplies, LOST_REPLIES_MILLIS);
                    self.wait(CALM_MILLIS);
                }
            }
        }
        self.wait(CALM_MILLIS);
    }

    fn fail_on_the_way(&mut self, mode: Mode, millis: (u64, u64)) {
        self.proxy.set_mode(mode);
        self.wait(millis);
        self.proxy.set_mode(Mode::Forward);
    }

    fn wait(&mut self, millis: (u64, u64)) {
        thread::sleep(self.dice.millis(millis));
    }
}

/// Kills a primary, waits until its replica has taken its place, and starts it again.
///
/// It must not come back earlier: it keeps nothing on disk, and its replica would copy the nothing.
fn lose_primary(cluster: &mut Cluster, dice: &mut Dice) {
    let primaries = cluster.primaries();
    let lost = primaries[dice.below(primaries.len())];
    cluster.nodes[lost].kill();
    let deadline = Instant::now() + PROMOTION_DEADLINE;
    while cluster.primaries().len() < primaries.len() {
        assert!(Instant::now() < deadline, "no replica takes the place of node {lost}");
        thread::sleep(PAUSE);
    }
    cluster.nodes[lost].restart();
    cluster.wait_until_whole();
}
