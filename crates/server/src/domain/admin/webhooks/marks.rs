//! When marks in the statistics begin and end.
//!
//! A mark is found or not each time that figures are looked at, and near its bounds both by turns. It has ended only when
//! it was not found for a while.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{StoredWebhook, message_id};
use crate::{
    calendar::rfc3339,
    domain::{
        admin::{AdminError, Administration, records::Kind},
        statistics::Mark,
    },
};

/// How often figures are looked at, in seconds, by one of the servers.
const LOOK_EVERY_SECS: u64 = 20;
/// For how many seconds a mark is not found before it has ended.
const QUIET_SECS: u64 = 600;
/// Most apps of which marks are remembered: more than there can be.
const MAX_APPS: u64 = 100_000;

/// The marks of an app, as they are kept under its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::domain::admin) struct StoredMarks {
    /// By their kind.
    marks: BTreeMap<String, StoredMark>,
    /// How many have begun or ended. It tells one from another of the same kind.
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredMark {
    began_at: u64,
    seen_at: u64,
}

/// A mark that began or ended.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    /// Which of all of this app.
    number: u64,
    kind: String,
    /// The mark with its figures, or its kind alone when it has ended.
    mark: Value,
    began_at: u64,
    has_ended: bool,
}

impl StoredMarks {
    /// Takes in what is found now, and tells what began and what ended.
    fn take_in(&mut self, found: &[Mark], now: u64) -> Vec<Event> {
        let mut events = Vec::new();
        for mark in found {
            let mark = serde_json::to_value(mark).unwrap_or_default();
            let kind = mark["kind"].as_str().unwrap_or_default().to_owned();
            if let Some(stored) = self.marks.get_mut(&kind) {
                stored.seen_at = now;
                continue;
            }
            self.count += 1;
            self.marks.insert(kind.clone(), StoredMark { began_at: now, seen_at: now });
            events.push(Event { number: self.count, kind, mark, began_at: now, has_ended: false });
        }
        let quiet: Vec<_> =
            self.marks.iter().filter(|(_, mark)| now.saturating_sub(mark.seen_at) >= QUIET_SECS).collect();
        let quiet: Vec<_> = quiet.into_iter().map(|(kind, mark)| (kind.clone(), mark.began_at)).collect();
        for (kind, began_at) in quiet {
            self.count += 1;
            self.marks.remove(&kind);
            events.push(Event { number: self.count, mark: json!({ "kind": kind }), kind, began_at, has_ended: true });
        }
        events
    }
}

impl Administration {
    /// Looks, if it is time and no other server does, which marks have begun or ended, and queues what webhooks are told.
    ///
    /// Waits for the disk or for the network: not for async code.
    ///
    /// # Errors
    /// [`AdminError::Store`], or [`AdminError::Full`] if too much is still to be delivered.
    pub fn notice_marks(&self, now: u64) -> Result<(), AdminError> {
        let webhooks = self.stored_webhooks()?;
        if webhooks.is_empty() {
            return self.forget_marks_but(|_| false);
        }
        if !self.claim(&format!("marks {}", now / LOOK_EVERY_SECS), 3 * LOOK_EVERY_SECS, now)? {
            return Ok(());
        }
        let apps = self.apps.apps().current();
        let numbers: Vec<u32> = apps.all().iter().map(|live| live.app.number).collect();
        let found = self.statistics.marks(&numbers, now)?;
        for (live, found) in apps.all().iter().zip(found) {
            self.notice(&webhooks, live.app.number, &live.app.name, &found, now)?;
        }
        self.forget_marks_but(|number| numbers.contains(&number))
    }

    /// Queues first, and remembers then: if the process ends between the two, the same is queued under the same name.
    fn notice(
        &self,
        webhooks: &[StoredWebhook],
        number: u32,
        name: &str,
        found: &[Mark],
        now: u64,
    ) -> Result<(), AdminError> {
        let key = number.to_string();
        let before: Option<StoredMarks> = self.records.get(Kind::Marks, &key)?;
        if before.is_none() && found.is_empty() {
            return Ok(());
        }
        let mut marks = before.clone().unwrap_or_default();
        for event in marks.take_in(found, now) {
            for webhook in webhooks {
                self.queue_mark(webhook, number, name, &event, now)?;
            }
        }
        match before {
            None => drop(self.records.add(Kind::Marks, &key, &marks, MAX_APPS)?),
            Some(before) if before != marks => self.records.replace(Kind::Marks, &key, &marks)?,
            Some(_) => {}
        }
        Ok(())
    }

    fn queue_mark(
        &self,
        webhook: &StoredWebhook,
        number: u32,
        name: &str,
        event: &Event,
        now: u64,
    ) -> Result<(), AdminError> {
        let called = if event.has_ended { "mark.ended" } else { "mark.began" };
        let mut data = json!({
            "app": { "number": number, "name": name },
            "mark": event.mark,
            "began_at": rfc3339(event.began_at),
        });
        if event.has_ended {
            data["ended_at"] = json!(rfc3339(now));
        }
        let body = json!({ "type": called, "timestamp": rfc3339(now), "data": data });
        let parts = [&webhook.view.id, &number.to_string(), &event.kind, called, &event.number.to_string()];
        self.queue_event(webhook, message_id(&parts), called, name, &body, now)
    }

    fn forget_marks_but(&self, keeps: impl Fn(u32) -> bool) -> Result<(), AdminError> {
        let all = self.records.all::<StoredMarks>(Kind::Marks)?;
        let gone = all.into_iter().map(|(number, _)| number).filter(|number| !number.parse().is_ok_and(&keeps));
        Ok(self.records.remove(Kind::Marks, &gone.collect::<Vec<_>>())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_begins_once_and_ends_when_it_was_quiet_for_a_while() {
        let mut marks = StoredMarks::default();
        let fast = [Mark::FastAnswers { share: 0.5 }];
        let told = |events: Vec<Event>| -> Vec<(u64, bool, u64)> {
            events.iter().map(|event| (event.number, event.has_ended, event.began_at)).collect()
        };
        let began = marks.take_in(&fast, 1_000);
        assert_eq!(began[0].mark, json!({ "kind": "fast_answers", "share": 0.5 }));
        assert_eq!(told(began), [(1, false, 1_000)]);
        assert_eq!(told(marks.take_in(&fast, 1_020)), []);
        // It comes and goes.
        assert_eq!(told(marks.take_in(&[], 1_619)), []);
        assert_eq!(told(marks.take_in(&fast, 1_619)), []);
        assert_eq!(told(marks.take_in(&[], 2_218)), []);
        let ended = marks.take_in(&[Mark::WorkUndone { share: 0.0 }], 2_219);
        assert_eq!(told(ended), [(2, false, 2_219), (3, true, 1_000)]);
        assert_eq!(told(marks.take_in(&fast, 2_220)), [(4, false, 2_220)]);
    }
}
