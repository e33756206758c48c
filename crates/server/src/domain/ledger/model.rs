//! Every ledger against the plainest one there is: a map that never forgets.

use std::collections::HashMap;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    Decision, EmbeddedLedger, EmbeddedOptions, Expiry, Ledger, MemoryLedger, Spend, State,
    behaviour::{ISSUED, spend_issued_at},
};
use crate::keep::store::Store;

/// Long before the first key.
const BEGAN_AT: u64 = 0;

#[derive(Debug, Clone)]
enum Step {
    Answer { key: u32, is_right: bool, attempts: u8, ttl_secs: u64 },
    Expire { key: u32, ttl_secs: u64 },
    State { key: u32, ttl_secs: u64 },
    SetClock(u64),
    Purge { longest_ttl_secs: u64 },
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
        1 => (key, ttl_secs.clone()).prop_map(|(key, ttl_secs)| Step::State { key, ttl_secs }),
        3 => (ISSUED..ISSUED + 400).prop_map(Step::SetClock),
        2 => ttl_secs.prop_map(|longest_ttl_secs| Step::Purge { longest_ttl_secs }),
        1 => Just(Step::Reopen),
    ]
}

/// What is remembered of a key, for ever.
#[derive(Default)]
struct Memory {
    wrong: u8,
    is_spent: bool,
}

struct Model {
    memories: HashMap<u32, Memory>,
    /// Keys issued before this second may be refused by a ledger that forgets, and no others.
    horizon: u64,
}

impl Model {
    fn new() -> Self {
        Self { memories: HashMap::new(), horizon: BEGAN_AT + 1 }
    }

    fn answer(&mut self, key: u32, is_right: bool, attempts: u8) -> Decision {
        let memory = self.memories.entry(key).or_default();
        if memory.is_spent || memory.wrong >= attempts {
            return Decision::Spent;
        }
        if is_right {
            memory.is_spent = true;
            return Decision::Passed;
        }
        memory.wrong += 1;
        memory.is_spent = memory.wrong == attempts;
        Decision::Wrong { left: attempts - memory.wrong }
    }

    fn state(&self, key: u32) -> State {
        match self.memories.get(&key) {
            Some(Memory { is_spent: true, .. }) => State::Spent,
            Some(Memory { wrong: 1.., .. }) => State::Tried { wrong: self.memories[&key].wrong },
            _ => State::Fresh,
        }
    }

    /// What was answered and is past the longest time to live may be forgotten, at the price of all older keys.
    fn purge(&mut self, now: u64, longest_ttl_secs: u64) {
        let issued = self.memories.keys().map(|key| issued_at(*key));
        let forgettable = issued.filter(|issued_at| issued_at + longest_ttl_secs <= now);
        self.horizon = forgettable.map(|issued_at| issued_at + 1).chain([self.horizon]).max().unwrap_or(0);
    }

    /// Whether the key is one that a ledger may refuse without knowing it.
    fn may_refuse(&self, spend: &Spend, now: u64) -> bool {
        spend.issued_at < self.horizon || now >= spend.until
    }
}

/// Key number 3 is issued 30 seconds after the first, and so on.
fn issued_at(key: u32) -> u64 {
    ISSUED + 10 * u64::from(key)
}

fn spend(key: u32, ttl_secs: u64) -> Spend {
    let spend = spend_issued_at(issued_at(key), key);
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
        Self { memory: Ledger::Memory(MemoryLedger::new(1000, BEGAN_AT)), embedded, directory }
    }

    fn open(directory: &TempDir) -> Ledger {
        let store = Store::open(directory.path()).unwrap();
        Ledger::Embedded(
            EmbeddedLedger::open(
                store,
                EmbeddedOptions { max_recent: 3, ..EmbeddedOptions::default() },
                Some(BEGAN_AT),
            )
            .unwrap(),
        )
    }

    fn embedded(&self) -> &Ledger {
        self.embedded.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.embedded = None;
        self.embedded = Some(Self::open(&self.directory));
    }

    async fn answer(&self, spend: &Spend, is_right: bool, attempts: u8, now: u64) -> Decision {
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

    async fn purge(&self, now: u64, longest_ttl_secs: u64) {
        let forgotten = self.memory.purge(now, longest_ttl_secs).await.unwrap();
        assert_eq!(self.embedded().purge(now, longest_ttl_secs).await.unwrap(), forgotten);
        assert_eq!(self.memory.issue_not_before(), self.embedded().issue_not_before());
        assert_eq!(self.memory.records(), self.embedded().records());
    }
}

async fn run(steps: Vec<Step>) {
    let (mut ledgers, mut model, mut now) = (Both::new(), Model::new(), ISSUED);
    for step in steps {
        match step {
            Step::Answer { key, is_right, attempts, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let verdict = ledgers.answer(&spend, is_right, attempts, now).await;
                let refused = model.may_refuse(&spend, now) && verdict == Decision::Spent;
                assert!(refused || verdict == model.answer(key, is_right, attempts), "{key} {verdict:?}");
            }
            Step::Expire { key, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let expiry = ledgers.expire(&spend, now).await;
                let refused = model.may_refuse(&spend, now) && expiry == Expiry::Spent;
                let is_done = expiry == Expiry::Done;
                assert!(
                    refused || is_done == (model.answer(key, true, u8::MAX) == Decision::Passed),
                    "{key} {expiry:?}"
                );
            }
            Step::State { key, ttl_secs } => {
                let spend = spend(key, ttl_secs);
                let state = ledgers.state(&spend, now).await;
                assert!(model.may_refuse(&spend, now) || state == model.state(key), "{key} {state:?}");
            }
            Step::SetClock(second) => now = second,
            Step::Purge { longest_ttl_secs } => {
                model.purge(now, longest_ttl_secs);
                ledgers.purge(now, longest_ttl_secs).await;
                assert!(ledgers.memory.issue_not_before() <= model.horizon, "keys that may be alive were given up");
            }
            Step::Reopen => ledgers.reopen(),
        }
    }
}

/// The embedded ledger's journal may still have a key that was forgotten.
#[tokio::test]
async fn nothing_is_said_by_what_is_left_of_a_forgotten_key() {
    let answer = |key, ttl_secs| Step::Answer { key, is_right: false, attempts: 1, ttl_secs };
    let forgotten = [
        answer(11, 30),
        answer(1, 200),
        Step::SetClock(ISSUED + 210),
        Step::Purge { longest_ttl_secs: 30 },
        Step::SetClock(ISSUED + 40),
        Step::State { key: 1, ttl_secs: 30 },
    ];
    run(forgotten.to_vec()).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_ledger_says_what_one_that_never_forgets_would_not(steps in prop::collection::vec(step(), 1..80)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}
