//! How often each client and each app may call.
//!
//! A client has a limit a minute for each of issuing, showing and judging, an app one a second for issuing. Each node
//! counts by itself, or all of them together in Redis; when that cannot be reached, each counts by itself again. Both
//! count by the same rule, `gcra`, and a client in all the networks that it is in, `levels`.

pub(crate) mod gcra;
mod levels;
mod shared;
mod table;

use std::{num::NonZeroU32, sync::Arc, time::Instant};

pub(crate) use self::levels::widest_network;
use self::{
    gcra::Quota,
    levels::{HOUR_MICROS, Level, MINUTE_MICROS, levels},
    shared::{Budgets, Shared},
    table::Table,
};
use crate::{
    domain::client::{Client, Proxies},
    keep::remote::Remote,
};

/// The slots for networks of each limit, in 4 MiB. At two networks a client, 100,000 clients fill three fourths of them.
pub const CLIENT_SLOTS: usize = 1 << 18;

/// Somebody calls too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooOften {
    /// The whole seconds after which it is worth trying again.
    pub retry_after_secs: u64,
}

impl TooOften {
    pub(crate) fn until_micros(wait: u64) -> Self {
        Self { retry_after_secs: wait.div_ceil(1_000_000) }
    }
}

/// What is limited for each client, each by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limited {
    Issue,
    Media,
    Verify,
    /// Challenges that the widget shows and nobody answers: an answer [gives one back](Limits::give_back).
    Unanswered,
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
    unanswered: Option<ClientLimit>,
    shared: Option<Shared>,
}

/// One limit of all clients, counted here.
pub struct ClientLimit {
    name: &'static str,
    calls: NonZeroU32,
    period_micros: u64,
    began: Instant,
    budgets: Table,
}

impl Limits {
    /// Limits that are counted by each node, or together where Redis is given.
    pub(crate) fn new(per_minute: PerMinute, proxies: Proxies, shared: Option<Arc<Remote>>) -> Self {
        let limit = |name, count| NonZeroU32::new(count).map(|count| ClientLimit::new(name, count, CLIENT_SLOTS));
        let shared = shared.map(Shared::new);
        Self {
            proxies,
            issue: limit("issue", per_minute.issue),
            media: limit("media", per_minute.media),
            verify: limit("verify", per_minute.verify),
            unanswered: None,
            shared,
        }
    }

    /// With a limit on the challenges that a client may leave unanswered in an hour; 0 is as many as it likes.
    #[must_use]
    pub(crate) fn with_unanswered_per_hour(self, count: u32) -> Self {
        let limit = |count| ClientLimit::per_hour("unanswered", count, CLIENT_SLOTS);
        Self { unanswered: NonZeroU32::new(count).map(limit), ..self }
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
            Limited::Unanswered => &self.unanswered,
        };
        let Some(limit) = limit else { return Ok(()) };
        if let Some(shared) = &self.shared
            && let Some(admitted) = shared.admit(&limit.budgets_of(client)).await
        {
            return admitted;
        }
        limit.admit(client)
    }

    /// Gives a challenge back to this client, which has answered it, or was not shown it.
    pub(crate) async fn give_back_unanswered(&self, client: Client) {
        let Some(limit) = &self.unanswered else { return };
        let given_back = match &self.shared {
            Some(shared) => shared.give_back(&limit.budgets_of(client)).await,
            None => None,
        };
        if given_back.is_none() {
            limit.give_back(client);
        }
    }

    /// Counts a challenge of the app of this number, which may have so many a second, among those of all nodes, if they
    /// count together.
    ///
    /// # Errors
    /// [`TooOften`] above the app's rate.
    pub(crate) async fn admit_app(&self, number: u32, rate_per_sec: u32) -> Result<(), TooOften> {
        let Some(shared) = self.shared.as_ref().filter(|_| rate_per_sec > 0) else { return Ok(()) };
        let quotas = vec![("all".to_owned(), Quota::new(rate_per_sec.into(), 1_000_000))];
        shared.admit(&Budgets::new("app", number, quotas)).await.unwrap_or(Ok(()))
    }
}

impl ClientLimit {
    /// A limit on calls in a minute that remembers networks in so many slots.
    #[must_use]
    pub fn new(name: &'static str, calls: NonZeroU32, slots: usize) -> Self {
        Self { name, calls, period_micros: MINUTE_MICROS, began: Instant::now(), budgets: Table::new(slots) }
    }

    /// The same of calls in an hour.
    fn per_hour(name: &'static str, calls: NonZeroU32, slots: usize) -> Self {
        Self { period_micros: HOUR_MICROS, ..Self::new(name, calls, slots) }
    }

    /// Counts a call of this client.
    ///
    /// # Errors
    /// [`TooOften`] above the limit.
    pub fn admit(&self, client: Client) -> Result<(), TooOften> {
        self.admit_at(client, self.now())
    }

    fn admit_at(&self, client: Client, now: u64) -> Result<(), TooOften> {
        self.budgets.admit(self.levels(client), now).map_err(TooOften::until_micros)
    }

    fn give_back(&self, client: Client) {
        self.budgets.give_back(self.levels(client), self.now());
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }

    fn levels(&self, client: Client) -> impl Iterator<Item = Level> {
        levels(client, self.calls.get(), self.period_micros)
    }

    /// The same budgets, as all nodes share them.
    fn budgets_of(&self, client: Client) -> Budgets {
        let levels: Vec<_> = self.levels(client).collect();
        let quotas = levels.iter().map(|level| (level.network.to_string(), level.quota)).collect();
        Budgets::new(self.name, levels[0].network, quotas)
    }
}

#[cfg(test)]
mod tests;
