//! How often each client and each app may call.
//!
//! A client has a limit a minute for each of issuing, showing and judging, an app one a second for issuing. Each node
//! counts by itself, or all of them together in Redis; when that cannot be reached, each counts by itself again.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ::redis::FromRedisValue;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock, Reference},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::{
    domain::client::{Client, Proxies},
    keep::remote::{Remote, RemoteError, Script},
};

/// The most clients that are remembered for each limit; 100,000 take some 10 MB.
const MAX_CLIENTS: usize = 100_000;
/// How long nodes count by themselves after Redis did not answer, so that one request in that time waits for it.
const REST: Duration = Duration::from_secs(1);

static COUNT: std::sync::LazyLock<Script> = std::sync::LazyLock::new(|| Script::new(include_str!("limits/count.lua")));

/// Somebody calls too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooOften {
    /// The whole seconds after which it is worth trying again.
    pub(crate) retry_after_secs: u64,
}

/// What is limited for each client, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Issue,
    Media,
    Verify,
}

/// How often a client may call within a minute; 0 is as often as it likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerMinute {
    /// Issuing challenges.
    pub issue: u32,
    /// Fetching pictures and sounds.
    pub media: u32,
    /// Having answers judged, and keys expired.
    pub verify: u32,
}

/// All limits of a node.
pub(crate) struct Limits {
    proxies: Proxies,
    issue: Option<ClientLimit>,
    media: Option<ClientLimit>,
    verify: Option<ClientLimit>,
    shared: Option<Shared>,
}

type Keyed<Time> = RateLimiter<Client, HashMapStateStore<Client>, Time, NoOpMiddleware<<Time as Clock>::Instant>>;

/// One limit of all clients, counted here.
pub(crate) struct ClientLimit<Time: Clock + Clone = DefaultClock> {
    name: &'static str,
    per_minute: NonZeroU32,
    clients: Keyed<Time>,
    clock: Time,
    max_clients: usize,
}

/// Counts that all nodes share.
struct Shared {
    remote: Arc<Remote>,
    began: Instant,
    /// Until when Redis is let be, in milliseconds from the beginning.
    rests_until: AtomicU64,
}

impl Limits {
    /// Limits that are counted by each node, or together where Redis is given.
    pub(crate) fn new(per_minute: PerMinute, proxies: Proxies, shared: Option<Arc<Remote>>) -> Self {
        let limit = |name, count| {
            NonZeroU32::new(count).map(|count| ClientLimit::new(name, count, DefaultClock::default(), MAX_CLIENTS))
        };
        let shared = shared.map(|remote| Shared { remote, began: Instant::now(), rests_until: AtomicU64::new(0) });
        Self {
            proxies,
            issue: limit("issue", per_minute.issue),
            media: limit("media", per_minute.media),
            verify: limit("verify", per_minute.verify),
            shared,
        }
    }

    /// How clients are told apart.
    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    /// Counts a call of this client.
    ///
    /// # Errors
    /// [`TooOften`] above the limit.
    pub(crate) async fn admit(&self, limited: Limited, client: Client) -> Result<(), TooOften> {
        let limit = match limited {
            Limited::Issue => &self.issue,
            Limited::Media => &self.media,
            Limited::Verify => &self.verify,
        };
        let Some(limit) = limit else { return Ok(()) };
        if let Some(shared) = &self.shared {
            let client: String = client.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            let name = format!("{}:{client}", limit.name);
            if let Some(admitted) = shared.admit(&name, limit.per_minute, 60).await {
                return admitted;
            }
        }
        limit.admit(client)
    }

    /// Counts a challenge of the app of this number, which may have so many a second, among those of all nodes, if they
    /// count together.
    ///
    /// # Errors
    /// [`TooOften`] above the app's rate.
    pub(crate) async fn admit_app(&self, number: u32, rate_per_sec: u32) -> Result<(), TooOften> {
        match (&self.shared, NonZeroU32::new(rate_per_sec)) {
            (Some(shared), Some(rate)) => shared.admit(&format!("app:{number}"), rate, 1).await.unwrap_or(Ok(())),
            _ => Ok(()),
        }
    }
}

impl<Time: Clock + Clone> ClientLimit<Time> {
    pub(crate) fn new(name: &'static str, per_minute: NonZeroU32, clock: Time, max_clients: usize) -> Self {
        let clients = RateLimiter::hashmap_with_clock(Quota::per_minute(per_minute), clock.clone());
        Self { name, per_minute, clients, clock, max_clients }
    }

    /// Counts a call of this client.
    ///
    /// # Errors
    /// [`TooOften`] above the limit.
    pub(crate) fn admit(&self, client: Client) -> Result<(), TooOften> {
        if self.clients.len() >= self.max_clients {
            self.clients.retain_recent();
        }
        // Who comes from so many addresses at once would otherwise shut everybody else out, or take all memory. Apps'
        // own limits still hold.
        if self.clients.len() >= self.max_clients {
            return Ok(());
        }
        self.clients.check_key(&client).map_err(|until| {
            let wait: Duration = until.earliest_possible().duration_since(self.clock.now()).into();
            TooOften { retry_after_secs: wait.as_secs() + 1 }
        })
    }
}

impl Shared {
    /// Counts one among at most so many in a window of so many seconds, or says nothing if nobody can count.
    async fn admit(&self, name: &str, most: NonZeroU32, window_secs: u64) -> Option<Result<(), TooOften>> {
        let now = self.began.elapsed();
        if (now.as_millis() as u64) < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        let key = format!("{}limit:{name}", self.remote.prefix());
        match self.count(&key, most, window_secs).await {
            Ok(0) => Some(Ok(())),
            Ok(retry_after_secs) => Some(Err(TooOften { retry_after_secs })),
            Err(error) => {
                tracing::debug!(%error, "each node counts calls by itself");
                self.rests_until.store((self.began.elapsed() + REST).as_millis() as u64, Ordering::Relaxed);
                None
            }
        }
    }

    /// The seconds to wait, or 0.
    async fn count(&self, key: &str, most: NonZeroU32, window_secs: u64) -> Result<u64, RemoteError> {
        let numbers = [u64::from(most.get()), window_secs].map(|number| number.to_string());
        let counted = self.remote.run(&COUNT, &[key], &[numbers[0].as_bytes(), numbers[1].as_bytes()]).await?;
        u64::from_redis_value(counted.value).map_err(|error| RemoteError::Failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
