//! Sentinels make another server the primary, while clients answer.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use testbed::{Watched, WatchedOptions};
use tokio::runtime::Runtime;

use crate::{
    checker::{Report, Rules},
    client::Client,
    dice::Dice,
    history::{Kind, Outcome},
    load::{Mix, Scale},
    nodes::{Addresses, Nodes},
    scenarios::{await_roles, sharing, under_load},
};

/// Wrong answers that spend a key where wrong answers are given.
const ATTEMPTS: usize = 3;
/// How long all is well between two losses, in milliseconds.
const CALM_MILLIS: (u64, u64) = (200, 2_000);
/// How long clients answer before the one loss whose time is taken.
const BEFORE: Duration = Duration::from_secs(3);
/// The longest wait for the nodes to decide again.
const READY_DEADLINE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// How a primary is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Its process is killed.
    Killed,
    /// Its process is stopped. It goes on later with all its connections and what had been sent over them, and for a
    /// moment knows nothing of its successor.
    Paused,
    /// Sentinels cannot look at it any more, so that they make another server the primary, and cannot tell it so. It
    /// goes on taking writes from whoever is connected with it.
    Estranged,
}

impl Loss {
    /// All.
    pub const ALL: [Self; 3] = [Self::Killed, Self::Paused, Self::Estranged];
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Killed => "killed",
            Self::Paused => "paused",
            Self::Estranged => "hidden from the sentinels",
        })
    }
}

/// What came of one failover.
#[derive(Debug)]
pub struct Failover {
    /// What clients were told.
    pub report: Report,
    /// From the loss until every node was ready and passed a new key, by the new primary.
    pub until_ready: Duration,
}

/// Answers of all kinds on three nodes, while one primary after another is lost, a replica takes its place, and it comes
/// back as that one's replica.
#[must_use]
pub fn lost_primaries(scale: Scale, seed: u64) -> Report {
    let mut watched = Watched::start(WatchedOptions::default());
    let nodes = Nodes::start(sharing(watched.url(), ATTEMPTS));
    let mut dice = Dice::of(seed);
    under_load(nodes.addresses(), scale, Mix::Everything, rules(), |goes_on| {
        while goes_on() {
            for loss in dice.shuffled(Loss::ALL).into_iter().take_while(|_| goes_on()) {
                thread::sleep(dice.millis(CALM_MILLIS));
                let lost = lose_primary(&mut watched, loss);
                await_successor(&watched, lost);
                // The former primary may have decisions to make for a while yet.
                thread::sleep(dice.millis(CALM_MILLIS));
                bring_back(&mut watched, lost, loss);
            }
        }
    })
}

/// Answers of all kinds on three nodes, while the primary is lost once.
#[must_use]
pub fn one_failover(scale: Scale, loss: Loss) -> Failover {
    let mut watched = Watched::start(WatchedOptions::default());
    let nodes = Nodes::start(sharing(watched.url(), ATTEMPTS));
    let addresses = nodes.addresses();
    let mut until_ready = Duration::MAX;
    let report = under_load(nodes.addresses(), scale, Mix::Everything, rules(), |_| {
        thread::sleep(BEFORE);
        let lost_at = Instant::now();
        let lost = lose_primary(&mut watched, loss);
        await_successor(&watched, lost);
        if loss == Loss::Estranged {
            // As long as replicas follow it, it decides, and nobody waits for its successor.
            let followers = || watched.servers[lost].figure("replication", "connected_slaves");
            await_roles("replicas go on following the lost primary", || followers() == Some(0));
        }
        await_passes(&addresses);
        until_ready = lost_at.elapsed();
        bring_back(&mut watched, lost, loss);
    });
    Failover { report, until_ready }
}

/// A replica that takes over may lack what nobody was told, so a ledger may have to take a key for spent.
fn rules() -> Rules {
    Rules { attempts: ATTEMPTS, spends_have_cause: false }
}

/// Returns which server it was.
fn lose_primary(watched: &mut Watched, loss: Loss) -> usize {
    let [lost] = watched.primaries()[..] else { panic!("there is not one primary") };
    match loss {
        Loss::Killed => watched.servers[lost].kill(),
        Loss::Paused => watched.servers[lost].pause(),
        Loss::Estranged => watched.estrange(lost),
    }
    lost
}

/// Waits until another server is a primary. The lost one may be unable to say what it is.
fn await_successor(watched: &Watched, lost: usize) {
    let others = (0..watched.servers.len()).filter(|server| *server != lost);
    await_roles("no replica takes the lost primary's place", || {
        others.clone().any(|server| watched.is_primary(server))
    });
}

fn bring_back(watched: &mut Watched, lost: usize, loss: Loss) {
    match loss {
        // It keeps nothing on disk, and is a primary until a sentinel has told it otherwise.
        Loss::Killed => watched.servers[lost].restart(),
        Loss::Paused => watched.servers[lost].resume(),
        Loss::Estranged => watched.reconcile(lost),
    }
    watched.wait_until_whole();
}

/// Waits until every node is ready and passes a new key.
fn await_passes(addresses: &Addresses) {
    let runtime = Runtime::new().expect("threads for the clients");
    let client = Client::of(addresses.clone());
    let deadline = Instant::now() + READY_DEADLINE;
    runtime.block_on(async {
        for node in 0..client.nodes() {
            while !passes(&client, node).await {
                assert!(Instant::now() < deadline, "node {node} does not decide again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
}

async fn passes(client: &Client, node: usize) -> bool {
    let ready = async { client.is_ready(client.connect_to(node).await?).await.then_some(()) };
    let issued = async { client.issue(client.connect_to(node).await?).await };
    let Some(issued) = (if ready.await.is_some() { issued.await } else { None }) else { return false };
    let Some(connection) = client.connect_to(node).await else { return false };
    client.ask(connection, &issued.key, Kind::Right).await == Outcome::Passed
}
