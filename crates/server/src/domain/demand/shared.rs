//! Counts of all nodes together, in Redis.
//!
//! A network is there under a keyed hash, whose key follows from the installation's and the day: so all nodes have the
//! same name for it until midnight (UTC), and who reads Redis finds no address. Each window is a key of its own that
//! expires by itself. What is said there takes the place of what this node knows; while nothing is said, it goes on from
//! that.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ::redis::FromRedisValue;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{
    apps::{AppWindows, Source},
    counts::{Counts, KINDS, Kind, Windows},
    networks::{DAY_SECS, Known, Seen, is_word, widest},
    rule::{LONG_SECS, MINUTE_SECS, SHORT_SECS},
};
use crate::{
    domain::client::{Client, Network},
    hex::hex,
    keep::remote::{Remote, RemoteError, Script},
};

/// How long nodes count by themselves after Redis did not answer, so that one request in that time waits for it.
const REST: Duration = Duration::from_secs(1);
/// So much of a hash is enough of a name.
const NAME_BYTES: usize = 16;

static COUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("count.lua")));

/// Counts that all nodes share.
pub(super) struct Shared {
    remote: Arc<Remote>,
    key: Hmac<Sha256>,
    began: Instant,
    /// Until when Redis is let be, in milliseconds from the beginning.
    rests_until: AtomicU64,
}

/// One count, by its windows.
struct Count {
    name: String,
    period_secs: u64,
    /// Whether one is added to it.
    grows: bool,
}

impl Shared {
    pub(super) fn new(remote: Arc<Remote>, key: &[u8; 32]) -> Self {
        let key = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Self { remote, key, began: Instant::now(), rests_until: AtomicU64::new(0) }
    }

    /// Counts one in these networks of a client, and has them know what all nodes counted, if Redis says it.
    pub(super) async fn count_in_networks(&self, client: Client, networks: &mut [Seen], kind: Kind, now: u64) {
        let key_of_day = self.key_of_day(now);
        let group = format!("demand:{{{}}}", name(&key_of_day, widest(client)));
        let counts = networks.iter().flat_map(|seen| {
            let network = name(&key_of_day, seen.network);
            let count = |length, period_secs, grows| Count { name: format!("{network}:{length}"), period_secs, grows };
            [count("5m", SHORT_SECS, true), count("1h", LONG_SECS, is_word(kind))]
        });
        let Some(found) = self.count(&group, &counts.collect::<Vec<_>>(), kind, now).await else { return };
        for (seen, windows) in networks.iter_mut().zip(found.chunks_exact(2)) {
            // A network that has no slot here is judged all the same.
            let known = seen.known.unwrap_or_default();
            seen.known = Some(Known { short: windows[0], long: windows[1], ..known });
        }
    }

    /// Counts one of an app. Returns what all nodes counted, if Redis says it.
    pub(super) async fn count_in_app(&self, app: u32, kind: Kind, source: Source, now: u64) -> Option<AppWindows> {
        let count = |name: &str, period_secs, grows| Count { name: name.to_owned(), period_secs, grows };
        let counts = [
            count("all", MINUTE_SECS, kind == Kind::Begun),
            count("crowd", MINUTE_SECS, kind == Kind::Begun && source.is_crowd),
            count("plain", MINUTE_SECS, kind == Kind::Begun && source.is_plain),
            count("5m", SHORT_SECS, source.is_plain),
        ];
        let found = self.count(&format!("demand:app:{{{app}}}"), &counts, kind, now).await?;
        let [all, crowd, plain, short] = found[..] else { return None };
        Some(AppWindows { all, crowd, plain, short })
    }

    /// What the script says, unless Redis is let be, or cannot be reached.
    async fn count(&self, group: &str, counts: &[Count], kind: Kind, now: u64) -> Option<Vec<Windows>> {
        if (self.began.elapsed().as_millis() as u64) < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        match self.run(group, counts, kind, now).await {
            Ok(found) => Some(found),
            Err(error) => {
                tracing::debug!(%error, "each node judges networks by itself");
                self.rests_until.store((self.began.elapsed() + REST).as_millis() as u64, Ordering::Relaxed);
                None
            }
        }
    }

    async fn run(&self, group: &str, counts: &[Count], kind: Kind, now: u64) -> Result<Vec<Windows>, RemoteError> {
        let prefix = self.remote.prefix();
        let mut keys = Vec::new();
        let mut numbers = vec![KINDS.to_string(), (kind as usize + 1).to_string()];
        for Count { name, period_secs, grows } in counts {
            let number = now / period_secs;
            // The one before the first would be under a name that nobody has.
            keys.extend([number, number.wrapping_sub(1)].map(|number| format!("{prefix}{group}:{name}:{number}")));
            let kept = if *grows { 2 * period_secs * 1_000 } else { 0 };
            numbers.push(kept.to_string());
        }
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let numbers: Vec<_> = numbers.iter().map(String::as_bytes).collect();
        let said = self.remote.run_unconfirmed(&COUNT, &keys, &numbers).await?.value;
        let said = Vec::<String>::from_redis_value(said).map_err(|error| RemoteError::Failed(error.to_string()))?;
        let windows = counts.iter().zip(said.chunks_exact(2)).map(|(Count { period_secs, .. }, windows)| Windows {
            number: now / period_secs,
            current: counts_of(&windows[0]),
            previous: counts_of(&windows[1]),
        });
        Ok(windows.collect())
    }

    fn key_of_day(&self, now: u64) -> Hmac<Sha256> {
        let key = self.key.clone().chain_update((now / DAY_SECS).to_be_bytes()).finalize().into_bytes();
        Hmac::new_from_slice(&key).expect("HMAC takes a key of any length")
    }
}

/// The name of a network on a day.
fn name(key_of_day: &Hmac<Sha256>, network: Network) -> String {
    let tag = key_of_day.clone().chain_update(network.to_string()).finalize().into_bytes();
    hex(&tag[..NAME_BYTES])
}

/// The counts of a window as the script says them. What is no number, because others wrote it, counts for nothing.
fn counts_of(text: &str) -> Counts {
    let mut counts = Counts::default();
    for (count, number) in counts.0.iter_mut().zip(text.split(' ')) {
        *count = number.parse().unwrap_or(0);
    }
    counts
}
