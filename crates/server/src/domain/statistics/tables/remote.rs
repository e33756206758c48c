//! Statistics in Redis, to which all nodes add.
//!
//! Rows of minutes are the fields of one hash an hour, rows of hours those of one a day, and each hash goes by itself
//! when its time is over. All that an app has lies in one slot of a cluster, so that one script can add to it.

use std::{collections::BTreeMap, ops::Range, sync::LazyLock};

use ::redis::{FromRedisValue, Value};
use futures_util::future::try_join_all;

use super::{super::pending::Batch, Kept};
use crate::domain::counters::row::{self, DAY_SECS, Grain, HOUR_SECS, Row, Rows};
use crate::keep::{
    remote::{BlockingRemote, Remote, RemoteError, Script},
    store::StoreError,
};

/// How many scripts are sent before the first one's reply is awaited.
const AT_ONCE: usize = 16;
/// How long it is remembered which batch of a process was added last: longer than anybody sends one again.
const BATCH_KEPT_SECS: u64 = DAY_SECS;

static ADD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("add.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));

/// The statistics in Redis.
pub(in super::super) struct RemoteTables {
    remote: BlockingRemote,
    kept: Kept,
}

impl RemoteTables {
    pub(in super::super) fn new(remote: BlockingRemote, kept: Kept) -> Self {
        Self { remote, kept }
    }

    /// Adds a batch, app by app. Where that fails half-way, those that were reached know that they have it.
    pub(super) fn add(&self, batch: &Batch) -> Result<(), StoreError> {
        let calls = batch.rows.iter().map(|(app, rows)| self.addition(batch, *app, rows)).collect();
        self.run_all(&ADD, calls).map(drop)
    }

    pub(super) fn read(&self, apps: &[u32], grain: Grain, time: &Range<u64>) -> Result<Vec<Rows>, StoreError> {
        let begins: Vec<u64> = begins_of_hashes(grain, time).collect();
        if begins.is_empty() {
            return Ok(vec![Rows::new(); apps.len()]);
        }
        let calls = apps.iter().map(|app| Call {
            keys: begins.iter().map(|begin| self.hash(*app, grain, *begin)).collect(),
            arguments: Vec::new(),
        });
        let replies = self.run_all(&READ, calls.collect())?;
        replies.into_iter().map(|reply| rows(reply, grain, &begins, time)).collect()
    }

    fn addition(&self, batch: &Batch, app: u32, minutes: &Rows) -> Call {
        let last = format!("{}last-batch:{:x}", self.of_app(app), batch.process);
        let mut call =
            Call { keys: vec![last], arguments: vec![batch.number.to_string(), BATCH_KEPT_SECS.to_string()] };
        for (grain, rows) in [(Grain::Minute, minutes), (Grain::Hour, &row::hours(minutes))] {
            for (begin, row) in rows {
                let (hash, field) = place(grain, *begin);
                // As long as the last row in it is to be kept.
                let kept_secs = self.kept.secs(grain) + hash_secs(grain) + HOUR_SECS;
                call.keys.push(self.hash(app, grain, hash));
                call.arguments.extend([kept_secs.to_string(), field.to_string(), row.to_text()]);
            }
        }
        call
    }

    /// Runs a script with each of these keys and arguments.
    fn run_all(&self, script: &'static Script, calls: Vec<Call>) -> Result<Vec<Value>, StoreError> {
        let ran = self.remote.ask(move |remote| async move {
            let mut replies = Vec::with_capacity(calls.len());
            for some in calls.chunks(AT_ONCE) {
                replies.extend(try_join_all(some.iter().map(|call| call.run(&remote, script))).await?);
            }
            Ok(Value::Array(replies))
        })?;
        Vec::<Value>::from_redis_value(ran).map_err(unreadable)
    }

    fn hash(&self, app: u32, grain: Grain, begin: u64) -> String {
        let of_app = self.of_app(app);
        match grain {
            Grain::Minute => format!("{of_app}minutes:{begin}"),
            Grain::Hour => format!("{of_app}hours:{begin}"),
        }
    }

    /// Begins the names of all that an app has. What is in braces decides the slot.
    fn of_app(&self, app: u32) -> String {
        format!("{}statistics:{{{app}}}:", self.remote.prefix())
    }
}

/// The keys and arguments of a script.
struct Call {
    keys: Vec<String>,
    arguments: Vec<String>,
}

impl Call {
    async fn run(&self, remote: &Remote, script: &Script) -> Result<Value, RemoteError> {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        let arguments: Vec<&[u8]> = self.arguments.iter().map(String::as_bytes).collect();
        Ok(remote.run(script, &keys, &arguments).await?.value)
    }
}

/// Seconds that a hash covers.
const fn hash_secs(grain: Grain) -> u64 {
    match grain {
        Grain::Minute => HOUR_SECS,
        Grain::Hour => DAY_SECS,
    }
}

/// When the hash begins that holds this row, and which of its rows this is.
const fn place(grain: Grain, begin: u64) -> (u64, u64) {
    let within = begin % hash_secs(grain);
    (begin - within, within / grain.secs())
}

/// When the hashes begin that hold rows of this time.
fn begins_of_hashes(grain: Grain, time: &Range<u64>) -> impl Iterator<Item = u64> {
    let step = hash_secs(grain);
    (time.start / step..time.end.div_ceil(step)).map(move |number| number * step)
}

/// The rows of this time among all that these hashes hold.
fn rows(reply: Value, grain: Grain, begins: &[u64], time: &Range<u64>) -> Result<Rows, StoreError> {
    let hashes = Vec::<BTreeMap<u64, String>>::from_redis_value(reply).map_err(unreadable)?;
    let mut rows = Rows::new();
    for (begin, hash) in begins.iter().zip(hashes) {
        for (field, row) in hash {
            let begin = begin.saturating_add(field.saturating_mul(grain.secs()));
            if time.contains(&begin) {
                rows.insert(begin, Row::from_text(&row)?);
            }
        }
    }
    Ok(rows)
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Format { cause: format!("Redis holds something else than statistics: {error}") }
}
