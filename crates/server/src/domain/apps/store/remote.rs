//! What Redis remembers of apps, for all nodes.
//!
//! All of it is one hash, so that a change is one script on one server: it changes nothing if the version is not the one
//! that was read. Whoever changes something tells the channel; whoever missed that sees the version when it asks.
use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use ::redis::{FromRedisValue, Value, cmd};

use super::record;
use crate::{
    domain::apps::{App, AppError},
    keep::{
        remote::{BlockingRemote, Decided, RemoteAddress, RemoteError, Script},
        store::StoreError,
    },
};

/// How often the version is asked for, in case that a message was lost.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// The bytes that name a change.
const CHANGE_BYTES: usize = 16;

static CHANGE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("change.lua")));

/// The apps in Redis.
pub(super) struct RemoteTables {
    remote: BlockingRemote,
    /// What was read last.
    known: Mutex<Known>,
}

/// The hash, as it was read.
#[derive(Debug, Clone, Default)]
struct Known {
    version: i64,
    apps: BTreeMap<u32, App>,
    removed: BTreeMap<u32, u64>,
    next_number: Option<u32>,
    /// How many apps there were before all was gone, the version too, which removing an app leaves there.
    gone: usize,
}

impl RemoteTables {
    /// Connects. It waits for the network, and so is not for async code.
    pub(super) fn open(address: &RemoteAddress) -> Result<Self, RemoteError> {
        Ok(Self { remote: BlockingRemote::open(address)?, known: Mutex::default() })
    }

    pub(super) fn read(&self) -> Result<Vec<App>, StoreError> {
        let mut command = cmd("HGETALL");
        command.arg(self.name());
        let read = Known::from_value(self.remote.ask(move |remote| async move { remote.command(&command).await })?)?;
        let apps = read.apps.values().cloned().collect();
        let mut known = self.known();
        let gone = if read.version > 0 { 0 } else { known.gone.max(known.apps.len()) };
        *known = Known { gone, ..read };
        Ok(apps)
    }

    pub(super) fn gone(&self) -> usize {
        self.known().gone
    }

    pub(super) fn have_changed(&self) -> Result<bool, StoreError> {
        let mut command = cmd("HGET");
        command.arg(self.name()).arg("version");
        let version = self.remote.ask(move |remote| async move { remote.command(&command).await })?;
        let version = Option::<i64>::from_redis_value(version).map_err(unreadable)?;
        Ok(version.unwrap_or(0) != self.known().version)
    }

    pub(super) fn begin(&self) -> RemoteChange {
        RemoteChange { known: self.known().clone(), set: BTreeMap::new(), deleted: Vec::new() }
    }

    pub(super) fn commit(&self, change: RemoteChange) -> Result<(), AppError> {
        let mut name = [0; CHANGE_BYTES];
        getrandom::fill(&mut name).map_err(|error| AppError::Random(error.to_string()))?;
        let RemoteChange { known, set, deleted } = change;
        let (version, hash, channel) = (known.version.to_string(), self.name(), self.channel());
        let decided = self.remote.ask(move |remote| async move {
            let count = set.len().to_string();
            let mut arguments = vec![version.as_bytes(), &name, channel.as_bytes(), count.as_bytes()];
            arguments.extend(set.iter().flat_map(|(field, value)| [field.as_bytes(), value.as_slice()]));
            arguments.extend(deleted.iter().map(|field| field.as_bytes()));
            let Decided { value, .. } = remote.run(&CHANGE, &[&hash], &arguments).await?;
            Ok(value)
        })?;
        let version = i64::from_redis_value(decided).map_err(unreadable)?;
        if version < 0 {
            return Err(AppError::Conflict);
        }
        *self.known() = Known { version, gone: 0, ..known };
        Ok(())
    }

    /// Calls back whenever the apps may have changed, soon after a message or when it is due to ask, for as long as
    /// anybody wants to know.
    pub(super) fn watch(&self, mut look: impl FnMut() -> ControlFlow<()> + Send + 'static) {
        let (tell, told) = mpsc::sync_channel(1);
        let listening = self.remote.listen(self.channel(), move || {
            // A look that is due already covers what this message says.
            let _ = tell.try_send(());
        });
        thread::spawn(move || {
            while look().is_continue() {
                // Whether it was told or it is time makes no difference.
                let _ = told.recv_timeout(POLL_INTERVAL);
            }
            listening.abort();
        });
    }

    fn name(&self) -> String {
        format!("{}apps", self.remote.prefix())
    }

    fn channel(&self) -> String {
        format!("{}apps-changed", self.remote.prefix())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A change of what was read, to be made at once.
pub(super) struct RemoteChange {
    known: Known,
    set: BTreeMap<String, Vec<u8>>,
    deleted: Vec<String>,
}

impl RemoteChange {
    pub(super) fn put_app(&mut self, app: &App) -> Result<(), StoreError> {
        self.set.insert(app_field(app.number), record::encode(app)?);
        self.known.apps.insert(app.number, app.clone());
        Ok(())
    }

    pub(super) fn remove_app(&mut self, number: u32, now: u64) {
        self.known.apps.remove(&number);
        self.known.removed.insert(number, now);
        self.deleted.push(app_field(number));
        self.set.insert(removed_field(number), now.to_string().into_bytes());
    }

    pub(super) fn forget_removed_before(&mut self, time: u64) {
        let forgotten = self.known.removed.extract_if(.., |_, removed_at| *removed_at < time);
        self.deleted.extend(forgotten.map(|(number, _)| removed_field(number)));
    }

    pub(super) fn take_number(&mut self, end: u32) -> Option<u32> {
        let next = self.known.next_number.filter(|next| (1..end).contains(next)).unwrap_or(1);
        let is_free = |number: &u32| !self.known.apps.contains_key(number) && !self.known.removed.contains_key(number);
        let number = (next..end).chain(1..next).find(is_free)?;
        let following = if number + 1 < end { number + 1 } else { 1 };
        self.known.next_number = Some(following);
        self.set.insert("next".to_owned(), following.to_string().into_bytes());
        Some(number)
    }
}

impl Known {
    fn from_value(value: Value) -> Result<Self, StoreError> {
        let fields = BTreeMap::<String, Vec<u8>>::from_redis_value(value).map_err(unreadable)?;
        let mut known = Self::default();
        for (field, value) in fields {
            let number = || String::from_utf8_lossy(&value).parse::<u64>().map_err(unreadable);
            match field.split_once(':') {
                Some(("app", number)) => {
                    let number = number.parse().map_err(unreadable)?;
                    known.apps.insert(number, record::decode(number, &value)?);
                }
                Some(("removed", removed)) => {
                    known.removed.insert(removed.parse().map_err(unreadable)?, number()?);
                }
                _ if field == "next" => known.next_number = u32::try_from(number()?).ok(),
                _ if field == "version" => known.version = i64::try_from(number()?).map_err(unreadable)?,
                // The last change's name, and what later versions may add.
                _ => {}
            }
        }
        Ok(known)
    }
}

/// The apps in what `HGETALL` replied, for fuzzing.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn apps_of(reply: Value) -> Result<Vec<App>, StoreError> {
    Ok(Known::from_value(reply)?.apps.into_values().collect())
}

fn app_field(number: u32) -> String {
    format!("app:{number}")
}

fn removed_field(number: u32) -> String {
    format!("removed:{number}")
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Format { cause: format!("Redis holds something else than apps: {error}") }
}

#[cfg(test)]
mod tests;
