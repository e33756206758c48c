//! Records in Redis: a hash for each kind, and the audit log as a sorted set.

use std::sync::LazyLock;

use ::redis::{FromRedisValue, Value, cmd};

use super::{Added, Kind, MAX_AUDIT_ENTRIES, unreadable};
use crate::keep::{
    remote::{BlockingRemote, Script},
    store::StoreError,
};

static ADD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../add.lua")));
static REPLACE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("../replace.lua")));

/// The hashes and the set.
pub(in super::super) struct RemoteRecords(BlockingRemote);

impl RemoteRecords {
    pub(super) fn new(remote: BlockingRemote) -> Self {
        Self(remote)
    }

    fn hash(&self, kind: Kind) -> String {
        let name = match kind {
            Kind::Users => "users",
            Kind::Tokens => "tokens",
            Kind::Sessions => "sessions",
            Kind::Forms => "forms",
            Kind::Claims => "claims",
            Kind::Factors => "second-factors",
            Kind::Invitations => "invitations",
            Kind::Webhooks => "webhooks",
            Kind::Deliveries => "deliveries",
            Kind::Delivered => "delivered",
            Kind::Marks => "marks",
            Kind::Keys => "keys",
        };
        format!("{}{name}", self.0.prefix())
    }

    fn audit_set(&self) -> String {
        format!("{}audit", self.0.prefix())
    }

    fn command(&self, command: ::redis::Cmd) -> Result<Value, StoreError> {
        self.0.ask(move |remote| async move { remote.command(&command).await })
    }

    pub(super) fn get(&self, kind: Kind, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut command = cmd("HGET");
        command.arg(self.hash(kind)).arg(name);
        Option::from_redis_value(self.command(command)?).map_err(unreadable)
    }

    pub(super) fn all(&self, kind: Kind) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let mut command = cmd("HGETALL");
        command.arg(self.hash(kind));
        Vec::from_redis_value(self.command(command)?).map_err(unreadable)
    }

    pub(super) fn add(&self, kind: Kind, name: &str, json: Vec<u8>, most: u64) -> Result<Added, StoreError> {
        let (hash, name, most) = (self.hash(kind), name.to_owned(), most.to_string());
        let reply = self.0.ask(move |remote| async move {
            let arguments = [name.as_bytes(), &json, most.as_bytes()];
            Ok(remote.run(&ADD, &[&hash], &arguments).await?.value)
        })?;
        Ok(match i64::from_redis_value(reply).map_err(unreadable)? {
            1 => Added::Done,
            0 => Added::Taken,
            _ => Added::Full,
        })
    }

    pub(super) fn replace(&self, kind: Kind, name: &str, json: Vec<u8>) -> Result<(), StoreError> {
        let (hash, name) = (self.hash(kind), name.to_owned());
        let replaced = self.0.ask(move |remote| async move {
            Ok(remote.run(&REPLACE, &[&hash], &[name.as_bytes(), &json]).await?.value)
        });
        replaced.map(drop)
    }

    pub(super) fn remove(&self, kind: Kind, names: &[String]) -> Result<(), StoreError> {
        let mut command = cmd("HDEL");
        command.arg(self.hash(kind)).arg(names);
        self.command(command).map(drop)
    }

    /// Members of one score are in the order of their bytes, which begin with the entry's name.
    pub(super) fn note(&self, id: &str, json: &str) -> Result<(), StoreError> {
        let name = self.audit_set();
        let (mut add, mut trim) = (cmd("ZADD"), cmd("ZREMRANGEBYRANK"));
        add.arg(&name).arg(0).arg(format!("{id} {json}"));
        trim.arg(&name).arg(0).arg(-1 - MAX_AUDIT_ENTRIES as i64);
        self.command(add)?;
        self.command(trim).map(drop)
    }

    pub(super) fn audit(&self, before: Option<&str>, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut command = cmd("ZRANGE");
        let newest = before.map_or_else(|| "+".to_owned(), |before| format!("({before}"));
        command.arg(self.audit_set()).arg(newest).arg("-").arg("BYLEX").arg("REV");
        command.arg("LIMIT").arg(0).arg(limit);
        let members = Vec::<Vec<u8>>::from_redis_value(self.command(command)?).map_err(unreadable)?;
        let json = |member: Vec<u8>| member.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default().to_vec();
        Ok(members.into_iter().map(json).collect())
    }
}
