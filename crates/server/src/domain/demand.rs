//! What is asked of whoever wants to pass, beyond a little work: more of it, and a word.
//!
//! Most challenges ask for work alone, which a browser does by itself. Those from networks that look unlike people just
//! now ask for a word as well, and the more an app or a network asks for, the more work each challenge is. `rule` decides
//! that by what was counted of networks (`networks`) and of apps (`apps`) in the last minutes, in this node or by all of
//! them together in Redis (`shared`). `docs/policy.md` has the rule in prose.
//!
//! Nobody is refused here, and whatever is not known, is full or cannot be reached speaks for the client.

mod apps;
mod counts;
mod networks;
mod rule;
mod shared;
mod usual;

use std::sync::Arc;

use haechi_captcha::Shape;

use self::{
    apps::{LoadedApps, Source},
    counts::Kind,
    networks::{Networks, SLOTS, Seen},
    rule::{HASTY_SECS, Standing},
    shared::Shared,
};
use crate::{domain::client::Client, keep::remote::Remote};

/// What a challenge is to ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// Whether it asks for a word beside the work.
    pub word: bool,
    /// How much work, from 0 to 3.
    pub level: u8,
    /// Why it is more than level 0 alone.
    pub reasons: Reasons,
}

/// Why more is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Many challenges from the network.
    NetworkBusy,
    /// Most of its answers are wrong.
    NetworkWrong,
    /// Its words are read faster than people can.
    NetworkHasty,
    /// Most of its challenges are left unanswered.
    NetworkUnanswered,
    /// Most of its challenges are given up for others.
    NetworkRenews,
    /// People are there, by the words that they read: whether it is still so is asked now and then.
    SpotCheck,
    /// The app has more challenges than usual.
    AppBusy,
    /// And most of its answers are wrong.
    AppWrong,
    /// And nearly all of its challenges are left unanswered.
    AppUnanswered,
}

/// Some reasons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reasons(u16);

/// For whom a challenge is.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Whose browser it is. A site's server calls without.
    pub client: Option<Client>,
    /// The number of the app.
    pub app: u32,
}

/// What became of a challenge. Of those that are left unanswered nobody says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// Its work was solved, and nothing else was asked.
    Solved,
    /// Its word was answered right.
    Read {
        /// Whole seconds after it was issued.
        after_secs: u64,
    },
    /// Its word was answered wrong, or what was sent for its work is no solution.
    Wrong,
    /// Another one was taken instead.
    Renewed,
}

/// The state of an app, as this node knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct View {
    /// Challenges begun in the last minute.
    pub per_minute: u64,
    /// Those of them that came from no network that looks unlike people.
    pub unsuspected_per_minute: u64,
    /// What the app usually sees in a minute of its busy hours, if it is known yet.
    pub usual_per_minute: Option<u64>,
    /// The least level that is asked just now.
    pub level: u8,
    /// Why it is not 0.
    pub reasons: Reasons,
    /// Of a hundred unsuspected challenges of the last five minutes, how many nobody answered in time.
    pub unanswered_percent: Option<u8>,
    /// Of a hundred answers to words in that time, how many were wrong.
    pub wrong_percent: Option<u8>,
    /// The networks that look unlike people to this node, whatever their apps. Which ones is not known.
    pub suspect_networks: usize,
    /// The networks that are known for people.
    pub peoples_networks: usize,
}

/// What is counted of all networks and apps.
pub struct Demands {
    networks: Networks,
    apps: LoadedApps,
    shared: Option<Shared>,
}

impl Default for Demands {
    fn default() -> Self {
        Self { networks: Networks::new(SLOTS), apps: LoadedApps::default(), shared: None }
    }
}

impl Demands {
    /// Which are counted with other nodes that have the same Redis and the same key.
    #[must_use]
    pub(crate) fn shared_in(self, remote: Arc<Remote>, key: &[u8; 32]) -> Self {
        Self { shared: Some(Shared::new(remote, key)), ..self }
    }

    /// Counts a challenge that is begun at this Unix time, and says what it is to ask for. Where it cannot ask for a word
    /// whatever is said here, it is not expected that one will be read.
    pub async fn demand(&self, caller: Caller, may_ask_word: bool, now: u64) -> Demand {
        let mut networks = self.count_in_networks(caller.client, Kind::Begun, now).await;
        let has_surge = self.apps.load(caller.app, now).is_some_and(|load| load.is_surge());

        let mut demand = Demand::default();
        let mut source = Source { is_crowd: true, is_plain: true };
        for seen in &mut networks {
            let Some(known) = &mut seen.known else { continue };
            let judged = known.evidence(seen.width, now).judge(has_surge);
            demand.add(judged.word, judged.level, judged.reasons);
            known.standing = judged.standing;
            if judged.word && may_ask_word {
                known.unread = known.unread.saturating_add(1);
            }
            source.is_crowd &= !judged.stands_out;
            source.is_plain &= judged.standing != Standing::Suspect;
            if judged.standing != Standing::Plain {
                break;
            }
        }
        self.networks.note(&networks);

        self.count_in_app(caller.app, Kind::Begun, source, now).await;
        if let Some(load) = self.apps.load(caller.app, now) {
            let (level, reasons) = load.judge();
            demand.add(false, level, reasons);
        }
        demand
    }

    /// Counts what became of a challenge.
    pub async fn settle(&self, caller: Caller, became: Became, now: u64) {
        let kind = match became {
            Became::Solved => Kind::Solved,
            Became::Read { after_secs } if after_secs < HASTY_SECS => Kind::Hasty,
            Became::Read { .. } => Kind::Read,
            Became::Wrong => Kind::Wrong,
            Became::Renewed => Kind::Renewed,
        };
        let networks = self.count_in_networks(caller.client, kind, now).await;
        self.networks.note(&networks);
        let is_suspect = |seen: &Seen| seen.known.is_some_and(|known| known.standing == Standing::Suspect);
        let is_plain = !networks.iter().any(is_suspect);
        self.count_in_app(caller.app, kind, Source { is_crowd: is_plain, is_plain }, now).await;
    }

    /// The state of an app, for an operator: it goes through all that is known of networks.
    #[must_use]
    pub fn view(&self, app: u32, now: u64) -> View {
        let tally = self.networks.tally(now);
        let networks = View { suspect_networks: tally.suspect, peoples_networks: tally.people, ..View::default() };
        let Some(load) = self.apps.load(app, now) else { return networks };
        let (level, reasons) = load.judge();
        View {
            per_minute: load.per_minute,
            unsuspected_per_minute: load.plain_per_minute,
            usual_per_minute: load.usual_per_minute.map(|usual| usual.round() as u64),
            level,
            reasons,
            unanswered_percent: percent(rule::unanswered(&load.short), load.short.of(Kind::Begun)),
            wrong_percent: percent(load.short.of(Kind::Wrong), load.short.answers()),
            ..networks
        }
    }

    /// Counts one in the client's networks, here and, where they are shared, by all nodes, whose counts go before.
    async fn count_in_networks(&self, client: Option<Client>, kind: Kind, now: u64) -> Vec<Seen> {
        let Some(client) = client else { return Vec::new() };
        let mut networks = self.networks.count(client, kind, now);
        if let Some(shared) = &self.shared {
            shared.count_in_networks(client, &mut networks, kind, now).await;
        }
        networks
    }

    async fn count_in_app(&self, app: u32, kind: Kind, source: Source, now: u64) {
        self.apps.count(app, kind, source, now);
        if let Some(shared) = &self.shared
            && let Some(all_nodes) = shared.count_in_app(app, kind, source, now).await
        {
            self.apps.note(app, all_nodes);
        }
    }
}

impl Demand {
    /// The most that is demanded of anybody.
    pub const MOST: Self = Self { word: true, level: *Shape::LEVELS.end(), reasons: Reasons(0) };

    fn add(&mut self, word: bool, level: u8, reasons: Reasons) {
        self.word |= word;
        self.level = self.level.max(level);
        self.reasons.0 |= reasons.0;
    }
}

impl Reason {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetworkBusy => "network_busy",
            Self::NetworkWrong => "network_wrong",
            Self::NetworkHasty => "network_hasty",
            Self::NetworkUnanswered => "network_unanswered",
            Self::NetworkRenews => "network_renews",
            Self::SpotCheck => "spot_check",
            Self::AppBusy => "app_busy",
            Self::AppWrong => "app_wrong",
            Self::AppUnanswered => "app_unanswered",
        }
    }

    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NetworkBusy,
        Self::NetworkWrong,
        Self::NetworkHasty,
        Self::NetworkUnanswered,
        Self::NetworkRenews,
        Self::SpotCheck,
        Self::AppBusy,
        Self::AppWrong,
        Self::AppUnanswered,
    ];
}

impl Reasons {
    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |reason| self.0 & 1 << *reason as u16 != 0)
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u16;
    }
}

impl From<Reason> for Reasons {
    fn from(reason: Reason) -> Self {
        let mut reasons = Self::default();
        reasons.insert(reason);
        reasons
    }
}

fn percent(part: u64, whole: u64) -> Option<u8> {
    (100 * part).checked_div(whole).map(|percent| percent.min(100) as u8)
}

#[cfg(test)]
mod tests;
