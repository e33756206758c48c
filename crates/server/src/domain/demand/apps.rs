//! What is known of apps: their load, what is usual, and what became of their challenges.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    counts::{Kind, Windows},
    rule::{Load, MINUTE_SECS, SHORT_SECS},
    usual::Usual,
};

/// Parts of which each has a lock of its own.
const SHARDS: usize = 16;
/// The most apps of a part: together more than there can be.
const MAX_PER_SHARD: usize = 1_024;
/// An app that was not seen for so long is forgotten if there is no room.
const FORGOTTEN_SECS: u64 = 86_400;

/// Apps by their numbers.
#[derive(Default)]
pub(super) struct LoadedApps {
    shards: [Mutex<HashMap<u32, LoadedApp>>; SHARDS],
}

/// What was counted of an app.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AppWindows {
    /// Challenges by the minute.
    pub(super) all: Windows,
    /// Those of the crowd, and of it the plain ones.
    pub(super) crowd: Windows,
    pub(super) plain: Windows,
    /// The plain ones by five minutes, and what became of them.
    pub(super) short: Windows,
}

/// From whom a challenge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// From no network that would be suspect without a surge.
    pub(super) is_crowd: bool,
    /// From no network that is suspect.
    pub(super) is_plain: bool,
}

struct LoadedApp {
    windows: AppWindows,
    usual: Usual,
}

impl LoadedApps {
    /// Counts one of an app, if there is room for it.
    pub(super) fn count(&self, app: u32, kind: Kind, source: Source, now: u64) {
        let mut shard = self.lock(app);
        if !shard.contains_key(&app) {
            if shard.len() >= MAX_PER_SHARD {
                shard.retain(|_, other| now < (other.windows.all.number + 1) * MINUTE_SECS + FORGOTTEN_SECS);
            }
            if shard.len() >= MAX_PER_SHARD {
                return;
            }
            let usual = Usual::new(now / MINUTE_SECS);
            shard.insert(app, LoadedApp { windows: AppWindows::default(), usual });
        }
        let Some(LoadedApp { windows, .. }) = shard.get_mut(&app) else { return };
        let Source { is_crowd, is_plain } = source;
        for (window, grows) in
            [(&mut windows.all, true), (&mut windows.crowd, is_crowd), (&mut windows.plain, is_plain)]
        {
            if kind == Kind::Begun && grows {
                window.add(kind, now, MINUTE_SECS);
            }
        }
        if is_plain {
            windows.short.add(kind, now, SHORT_SECS);
        }
    }

    /// Notes what all nodes counted of an app.
    pub(super) fn note(&self, app: u32, windows: AppWindows) {
        if let Some(known) = self.lock(app).get_mut(&app) {
            known.windows = windows;
        }
    }

    /// The load of an app, of which it learns what is usual.
    pub(super) fn load(&self, app: u32, now: u64) -> Option<Load> {
        let mut shard = self.lock(app);
        let LoadedApp { windows, usual } = shard.get_mut(&app)?;
        let minute = now / MINUTE_SECS;
        let plain = windows.plain.recent(now, MINUTE_SECS);
        usual.learn(minute, plain.before(Kind::Begun));
        Some(Load {
            per_minute: windows.all.recent(now, MINUTE_SECS).of(Kind::Begun),
            crowd_per_minute: windows.crowd.recent(now, MINUTE_SECS).of(Kind::Begun),
            plain_per_minute: plain.of(Kind::Begun),
            usual_per_minute: usual.per_minute(minute),
            short: windows.short.recent(now, SHORT_SECS),
        })
    }

    fn lock(&self, app: u32) -> MutexGuard<'_, HashMap<u32, LoadedApp>> {
        self.shards[app as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_so_many_apps_and_for_new_ones_a_day_later() {
        let apps = LoadedApps::default();
        let begin = |app, now| {
            apps.count(app, Kind::Begun, Source { is_crowd: true, is_plain: true }, now);
            apps.load(app, now).is_some()
        };
        let numbers = || (0..20_000_u32).map(|number| number * SHARDS as u32);
        assert_eq!(numbers().filter(|app| begin(*app, 86_400)).count(), MAX_PER_SHARD);
        assert!(begin(1, 86_400), "another part has room");
        assert!(apps.load(0, 86_400).is_some() && apps.load(19_999 * SHARDS as u32, 86_400).is_none());
        assert!(begin(19_999 * SHARDS as u32, 3 * 86_400));
    }
}
