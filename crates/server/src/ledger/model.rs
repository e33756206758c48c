//! Every ledger against the plainest one there is: a map that never forgets.

use std::collections::HashMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    EmbeddedLedger, EmbeddedOptions, Expiry, Ledger, MemoryLedger, Spend, State, Verdict,
    behaviour::{ISSUED, spend_issued_at},
};
use crate::store::Store;

#[derive(Debug, Clone)]
enum Step {
    Answer { key: u32, is_right: bool, attempts: u8, ttl_secs: u64 },
    Expire { key: u32, ttl_secs: u64 },
    State { key: u32, ttl_secs: u64 },
    SetClock(u64),
    Purge,
    Reopen,
}

/// A dozen keys, a clock that jumps both ways, and three lifetimes among which an app's may change at any time.
fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_u32;
    let ttl_secs = prop_oneof![4 => Just(30_u64), 2 => Just(60), 1 => Just(200)];
    prop_oneof![
        8 => (key.clone(), any::<bool>(), 1..4_u8, ttl_secs.clone())
            .prop_map(|(key, is_right, attempts, ttl_secs)| Step::Answer { key, is_right, attempts, ttl_secs }),
        1 => (key.clone(), ttl_secs.clone()).prop_map(|(key, ttl_secs)| Step::Expire { key, ttl_secs }),
        1 => (key, ttl_secs).prop_map(|(key, ttl_secs)| Step::State { key, ttl_secs }),
        3 => (ISSUED..ISSUED + 400).prop_map(Step::SetClock),
        2 => Just(Step::Purge),
        1 => Just(Step::Reopen),
    ]
}

/// What is remembered of a key, for ever.
#[derive(Default)]
struct Memory {
    wrong: u8,
    is_spent: bool,
}

#[derive(Default)]
struct Model(HashMap<u32, Memory>);

impl Model {
    fn answer(&mut self, key: u32, is_right: bool, attempts: u8) -> Verdict {
        let memory = self.0.entry(key).or_default();
        if memory.is_spent || memory.wrong >= attempts {
            return Verdict::Spent;
        }
        if is_right {
            memory.is_spent = true;
            return Verdict::Passed;
        }
        memory.wrong += 1;
        memory.is_spent = memory.wrong == attempts;
        Verdict::Wrong { left: attempts - memory.wrong }
    }

    fn state(&self, key: u32) -> State {
        match self.0.get(&key) {
            Some(Memory { is_spent: true, .. }) => State::Spent,
            Some(Memory { wrong: 1.., .. }) => State::Tried { wrong: self.0[&key].wrong },
            _ => State::Fresh,
        }
    }
}

/// Key number 3 is issued 30 seconds after the first, and so on.
fn spend(key: u32, ttl_secs: u64) -> Spend {
    let spend = spend_issued_at(ISSUED + 10 * u64::from(key), key);
    Spend { until: spend.issued_at + ttl_secs, ..spend }
}

struct Both {
    memory: Ledger,
    embedded: Option<Ledger>,
    directory: TempDir,
}

impl Both {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let embedded = Some(Self::open(&directory));
        Self { memory: Ledger::Memory(MemoryLedger::new(1000, 0)), embedded, directory }
    }

    fn open(directory: &TempDir) -> Ledger {
        let store = Store::open(directory.path()).unwrap();
        Ledger::Embedded(EmbeddedLedger::open(store, EmbeddedOptions::default(), Some(0)).unwrap())
    }

    fn embedded(&self) -> &Ledger {
        self.embedded.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.embedded = None;
        self.embedded = Some(Self::open(&self.directory));
    }

    async fn answer(&self, spend: &Spend, is_right: bool, attempts: u8, now: u64) -> Verdict {
        let verdict = self.memory.answer(spend, is_right, attempts, now).await.unwrap();
        assert_eq!(self.embedded().answer(spend, is_right, attempts, now).await.unwrap(), verdict);
        verdict
    }

    async fn expire(&self, spend: &Spend, now: u64) -> Expiry {
        let expiry = self.memory.expire(spend, now).await.unwrap();
        assert_eq!(self.embedded().expire(spend, now).await.unwrap(), expiry);
        expiry
    }

    async fn state(&self, spend: &Spend, now: u64) -> State {
        let state = self.memory.state(spend, now).await.unwrap();
        assert_eq!(self.embedded().state(spend, now).await.unwrap(), state);
        state
    }

    async fn purge(&self, now: u64) {
        let forgotten = self.memory.purge(now).await.unwrap();
        assert_eq!(self.embedded().purge(now).await.unwrap(), forgotten);
    }

    /// Whether the key is one that the ledgers may refuse without knowing it.
    fn may_refuse(&self, spend: &Spend, now: u64) -> bool {
        assert_eq!(self.memory.issue_not_before(), self.embedded().issue_not_before());
        assert_eq!(self.memory.records(), self.embedded().records());
        spend.issued_at < self.memory.issue_not_before() || now >= spend.until
    }
}

async fn run(steps: Vec<Step>) {
    let (mut ledgers, mut model, mut now) = (Both::new(), Model::default(), ISSUED);
    for step in steps {
        match step {
            Step::Answer { key, is_right, attempts, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let verdict = ledgers.answer(&spend, is_right, attempts, now).await;
                let refused = ledgers.may_refuse(&spend, now) && verdict == Verdict::Spent;
                assert!(refused || verdict == model.answer(key, is_right, attempts), "{key} {verdict:?}");
            }
            Step::Expire { key, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let expiry = ledgers.expire(&spend, now).await;
                let refused = ledgers.may_refuse(&spend, now) && expiry == Expiry::Spent;
                let is_done = expiry == Expiry::Done;
                assert!(
                    refused || is_done == (model.answer(key, true, u8::MAX) == Verdict::Passed),
                    "{key} {expiry:?}"
                );
            }
            Step::State { key, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let state = ledgers.state(&spend, now).await;
                assert!(ledgers.may_refuse(&spend, now) || state == model.state(key), "{key} {state:?}");
            }
            Step::SetClock(second) => now = second,
            Step::Purge => ledgers.purge(now).await,
            Step::Reopen => ledgers.reopen(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_ledger_says_what_one_that_never_forgets_would_not(steps in prop::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}
