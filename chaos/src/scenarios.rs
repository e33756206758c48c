//! What happens to the nodes and their ledger while clients answer.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use testbed::{Cluster, FaultProxy, Mode, Persistence, Redis, RedisOptions};
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
/// Wrong answers that spend a key where wrong answers are given.
const ATTEMPTS: usize = 3;
/// How long a fault lasts, and how long there is none after it, in milliseconds.
const FAULT_MILLIS: (u64, u64) = (100, 1_500);
const CALM_MILLIS: (u64, u64) = (200, 1_000);
/// Replies are lost for moments, since later commands find their connections closed and are not even sent.
const LOST_REPLIES_MILLIS: (u64, u64) = (1, 50);
const LOSSES: usize = 5;
/// How old what is on the disk is when power fails, in milliseconds.
const UNWRITTEN_MILLIS: (u64, u64) = (100, 1_000);
/// How much later what is delayed arrives, in milliseconds.
const DELAY_MILLIS: (u64, u64) = (5, 100);
/// Primaries of a cluster.
const PRIMARIES: usize = 3;
/// Longest wait for the servers of a cluster to agree who is a primary.
const ROLES_DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// Answers to each key, all at once and on all nodes in turn, while nothing fails.
///
/// Any ledger will do, and so does one that is known to be wrong, to see whether that is noticed.
#[must_use]
pub fn answers_at_once(options: NodesOptions, mix: Mix, scale: Scale) -> Report {
    let rules = Rules { attempts: options.attempts, spends_have_cause: true };
    let nodes = Nodes::start(options);
    under_load(nodes.addresses(), scale, mix, rules, |_| {})
}

/// Right answers, [`answers_at_once`], on three nodes that share a Redis.
#[must_use]
pub fn answers_at_once_on_redis(scale: Scale) -> Report {
    let redis = Redis::start();
    // Nothing is to be refused, however slow the machine is.
    answers_at_once(sharing(format!("{}?timeout_ms=4000", redis.url()), 1), Mix::RightAnswers, scale)
}

/// What a Redis knows after it was killed, or its power failed, and it started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// All that it had acknowledged: each command is on disk before its reply.
    Durable,
    /// All but the last moments: commands are brought to the disk once a second.
    Most,
    /// Nothing.
    Lost,
}

/// Answers of all kinds on three nodes, while nodes are killed and started again, their Redis is killed, stopped and
/// started again, and the way between them fails.
#[must_use]
pub fn faults_on_redis(memory: Memory, scale: Scale, seed: u64) -> Report {
    let is_durable = memory == Memory::Durable;
    let persistence = match memory {
        Memory::Durable => Persistence::Always,
        Memory::Most => Persistence::EverySecond,
        Memory::Lost => Persistence::Nothing,
    };
    let redis = Redis::with(RedisOptions { persistence, ..RedisOptions::default() });
    let proxy = FaultProxy::start(redis.port());
    let query = if is_durable { TRUSTING } else { "" };
    let nodes = Nodes::start(sharing(format!("redis://127.0.0.1:{}{query}", proxy.port()), ATTEMPTS));
    let rules = Rules { attempts: ATTEMPTS, spends_have_cause: is_durable };
    let addresses = nodes.addresses();
    let mut stage = Stage { nodes, redis, proxy, memory, dice: Dice::of(seed) };
    under_load(addresses, scale, Mix::Everything, rules, |goes_on| {
        while goes_on() {
            let faults = stage.dice.shuffled(Fault::ALL);
            faults.into_iter().take_while(|_| goes_on()).for_each(|fault| stage.suffer(fault));
        }
    })
}

/// Answers of all kinds on three nodes that share a Redis Cluster, while one primary after another is killed or
/// stopped, its replica takes its place, and it comes back as that one's replica.
///
/// One that was stopped comes back with all its connections and what had been sent over them, and for a moment knows
/// nothing of its successor.
#[must_use]
pub fn lost_primaries(scale: Scale, seed: u64) -> Report {
    let mut cluster = Cluster::start(PRIMARIES, &RedisOptions::default());
    let nodes = Nodes::start(sharing(cluster.url(), ATTEMPTS));
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

pub(crate) fn sharing(ledger: String, attempts: usize) -> NodesOptions {
    NodesOptions { count: NODES, ledger, attempts, environment: Vec::new() }
}

/// Runs the load to its end while things fail for as long as it goes on, and checks what came of it.
pub(crate) fn under_load(
    addresses: Addresses,
    scale: Scale,
    mix: Mix,
    rules: Rules,
    fail: impl FnOnce(&dyn Fn() -> bool),
) -> Report {
    // There is a connection for each request. Where the limit cannot be raised, fewer of them are sent.
    let maximum = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    let load = Load::on(addresses, scale, mix);
    let runtime = Runtime::new().expect("threads for the clients");
    let asked = thread::scope(|scope| {
        let running = scope.spawn(|| runtime.block_on(load.run()));
        fail(&|| !running.is_finished());
        running.join().expect("the clients do not panic")
    });
    runtime.block_on(load.answer_again(&asked));
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
    memory: Memory,
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
            Fault::RedisKilled if self.memory == Memory::Most => {
                let disk = self.redis.disk();
                self.wait(UNWRITTEN_MILLIS);
                self.redis.fail_power(&disk);
                self.wait(FAULT_MILLIS);
                self.redis.restart();
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

/// Kills or stops a primary, waits until its replica has taken its place, and lets it go on.
///
/// One that was killed must not come back earlier: it keeps nothing on disk, and its replica would copy the nothing.
fn lose_primary(cluster: &mut Cluster, dice: &mut Dice) {
    let lost = cluster.primaries()[dice.below(PRIMARIES)];
    let is_killed = dice.below(2) == 0;
    if is_killed {
        cluster.nodes[lost].kill();
    } else {
        cluster.nodes[lost].pause();
    }
    await_roles("no replica takes the lost one's place", || has_successor(cluster, lost));
    if is_killed {
        cluster.nodes[lost].restart();
    } else {
        cluster.nodes[lost].resume();
    }
    await_roles("the lost one does not become a replica", || cluster.primaries().len() == PRIMARIES);
    cluster.wait_until_whole();
}

/// Whether there are as many primaries as there were, without the lost one, which may be unable to say what it is.
fn has_successor(cluster: &Cluster, lost: usize) -> bool {
    let others = cluster.nodes.iter().enumerate().filter(|(index, _)| *index != lost);
    let is_primary = |node: &Redis| node.command_line(&["INFO", "replication"]).contains("role:master");
    others.filter(|(_, node)| is_primary(node)).count() == PRIMARIES
}

pub(crate) fn await_roles(complaint: &str, are_so: impl Fn() -> bool) {
    let deadline = Instant::now() + ROLES_DEADLINE;
    while !are_so() {
        assert!(Instant::now() < deadline, "{complaint}");
        thread::sleep(PAUSE);
    }
}
