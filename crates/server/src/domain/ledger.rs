//! The ledger: which keys are spent, decided in one atomic step.
//!
//! Issuing, drawing and speaking touch no store. What must be remembered is that a key was answered or expired, until
//! its time is over, so that it passes at most once. A [`Ledger`] decides and remembers in the same step: nobody reads
//! first and writes later.
//!
//! `docs/ledger.md` says why the embedded ledger is a redb file, what it promises and what it was measured to do, and
//! what one in Redis promises.

mod embedded;
mod memory;
mod redis;
mod rules;

#[cfg(test)]
mod behaviour;
#[cfg(test)]
mod model;

use haechi_captcha::Key;
use sha2::{Digest, Sha256};

pub use self::{
    embedded::{EmbeddedLedger, EmbeddedOptions},
    memory::MemoryLedger,
    redis::RedisLedger,
};

/// A use of a key: which, when it was issued, and until when its use must be remembered, in Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spend {
    /// The key.
    pub key: Key,
    /// When the key was issued, as sealed in it.
    pub issued_at: u64,
    /// When the key's time is over: in this second and later it never passes.
    pub until: u64,
}

/// A use of a key that is to be decided about: an answer, or a token's redemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Whether it is right.
    pub is_right: bool,
    /// The wrong ones that spend the key.
    pub attempts_allowed: u8,
    /// The name of the request that makes it, if it may come again.
    pub request: Option<RequestName>,
}

/// Names a request, so that the same one gets the same decision when it is sent again because its reply was lost.
///
/// Of a key the last named decision is known again, for as long as the key is remembered.
pub type RequestName = [u8; 8];

/// The name of a request that is told from others by these texts.
#[must_use]
pub fn request_name(texts: &[&str]) -> RequestName {
    let sized = |hash: Sha256, text: &&str| hash.chain_update((text.len() as u64).to_be_bytes()).chain_update(text);
    let digest = <[u8; 32]>::from(texts.iter().fold(Sha256::new(), sized).finalize());
    std::array::from_fn(|index| digest[index])
}

/// What the ledger says to an attempt: a decision, and whether it was made before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    /// The decision.
    pub decision: Decision,
    /// Whether the same request had it before, and it changed nothing now.
    pub is_repeated: bool,
}

impl Ruling {
    const fn now(decision: Decision) -> Self {
        Self { decision, is_repeated: false }
    }

    const fn before(decision: Decision) -> Self {
        Self { decision, is_repeated: true }
    }
}

/// What the ledger says to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The answer was right and the key not spent. It is spent now.
    Passed,
    /// The answer was wrong.
    Wrong {
        /// The attempts that are left; at 0 the key is spent.
        left: u8,
    },
    /// The key was spent before, or is past its time, or the ledger cannot know that it was not spent.
    Spent,
}

/// What the ledger says to the wish that a key expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The key was not spent. It is spent now.
    Done,
    /// As [`Decision::Spent`].
    Spent,
}

/// What the ledger remembers of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing: no answer came yet, or the key's time is over and what came no longer matters.
    Fresh,
    /// Wrong answers came, and attempts are left.
    Tried {
        /// How many came.
        wrong: u8,
    },
    /// As [`Decision::Spent`].
    Spent,
}

/// Why the ledger did not decide. The key is then not passed; whether it is spent is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The ledger holds as many keys as it may. It still decides about those that it holds.
    #[error(
        "the ledger holds {max_records} keys, its maximum, and takes no new ones until some are past their time: \
         raise --max-spent-keys, or look for who answers that many challenges"
    )]
    Full {
        /// The maximum.
        max_records: u64,
    },
    /// More decisions wait than the ledger lets wait.
    #[error("more decisions wait for the ledger than it can make in time: give it a faster disk or more servers")]
    Overloaded,
    /// The ledger cannot make a decision durable, and makes none until it can.
    #[error("the ledger cannot decide: {cause}")]
    Unavailable {
        /// What went wrong, for the operator.
        cause: String,
    },
    /// The ledger is kept where it is forgotten. Nothing that was forgotten passes, but more and more is refused.
    #[error("the ledger is not safe where it is: {cause}")]
    Forgetful {
        /// Why, for the operator.
        cause: String,
    },
}

/// The keys that were used, in one of the places where they can be remembered.
#[derive(Debug)]
pub enum Ledger {
    /// In this process, for as long as it runs.
    Memory(MemoryLedger),
    /// In a database file on this machine.
    Embedded(EmbeddedLedger),
    /// In Redis or Valkey, for many nodes.
    Redis(RedisLedger),
}

impl Ledger {
    /// Decides about an answer that does not come again, as [`Ledger::decide`] does.
    ///
    /// # Errors
    /// Any [`LedgerError`]; the answer has then not passed.
    pub async fn answer(
        &self,
        spend: &Spend,
        is_right: bool,
        attempts_allowed: u8,
        now: u64,
    ) -> Result<Decision, LedgerError> {
        Ok(self.decide(spend, &Attempt { is_right, attempts_allowed, request: None }, now).await?.decision)
    }

    /// Decides about an attempt, and remembers it, in one step.
    ///
    /// A right answer spends the key. A wrong one takes one of `attempts_allowed`, and the last one spends the key.
    /// Once this returns, the decision outlives the process, if the ledger does. A caller that goes away while it waits
    /// does not undo the decision.
    ///
    /// # Errors
    /// Any [`LedgerError`]; the answer has then not passed.
    pub async fn decide(&self, spend: &Spend, attempt: &Attempt, now: u64) -> Result<Ruling, LedgerError> {
        match self {
            Self::Memory(ledger) => ledger.decide(spend, attempt, now),
            Self::Embedded(ledger) => ledger.decide(spend, attempt, now).await,
            // It goes by the servers' clock.
            Self::Redis(ledger) => ledger.decide(spend, attempt).await,
        }
    }

    /// Spends a key without an answer.
    ///
    /// # Errors
    /// Any [`LedgerError`].
    pub async fn expire(&self, spend: &Spend, now: u64) -> Result<Expiry, LedgerError> {
        // To the ledger it is a right answer that no wrong ones can have forestalled.
        match self.answer(spend, true, u8::MAX, now).await? {
            Decision::Passed => Ok(Expiry::Done),
            Decision::Wrong { .. } | Decision::Spent => Ok(Expiry::Spent),
        }
    }

    /// What is remembered of a key. For people who look; a decision never rests on it.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if the ledger cannot be read.
    pub async fn state(&self, spend: &Spend, now: u64) -> Result<State, LedgerError> {
        match self {
            Self::Memory(ledger) => Ok(ledger.state(spend, now)),
            Self::Embedded(ledger) => ledger.state(spend, now).await,
            Self::Redis(ledger) => ledger.state(spend, now).await,
        }
    }

    /// Finds out whether the ledger can still decide about a new key, durably. The embedded ledger tries: it commits.
    ///
    /// # Errors
    /// The [`LedgerError`] that a decision would now meet.
    pub async fn check(&self) -> Result<(), LedgerError> {
        match self {
            Self::Memory(ledger) => ledger.check(),
            Self::Embedded(ledger) => ledger.check().await,
            Self::Redis(ledger) => ledger.check().await,
        }
    }

    /// By how many seconds this machine's clock is ahead of the one that the ledger goes by, or behind it if the number
    /// is negative. `None` if it goes by this machine's.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if the ledger cannot be asked.
    pub async fn clock_offset_secs(&self) -> Result<Option<f64>, LedgerError> {
        match self {
            Self::Memory(_) | Self::Embedded(_) => Ok(None),
            Self::Redis(ledger) => ledger.clock_offset_secs().await.map(Some),
        }
    }

    /// Whether other nodes, and other people's hands, change what it is kept in.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Redis(_))
    }

    /// How often a part of the memory was found to be lost, and begun anew, since this process started.
    #[must_use]
    pub fn losses(&self) -> u64 {
        match self {
            // What they lost while they were closed, they find out as they are opened.
            Self::Memory(_) | Self::Embedded(_) => 0,
            Self::Redis(ledger) => ledger.losses(),
        }
    }

    /// How many keys are remembered, if that is known here: Redis has its own means to say so.
    #[must_use]
    pub fn records(&self) -> Option<u64> {
        match self {
            Self::Memory(ledger) => Some(ledger.records()),
            Self::Embedded(ledger) => Some(ledger.records()),
            Self::Redis(_) => None,
        }
    }

    /// Forgets keys that are past the longest time to live, which frees memory or space in the file and changes no
    /// decision. Returns how many.
    ///
    /// With a key, its older ones are given up: they count as spent from then on, answered or not. So the ledger must
    /// know how long any key can still be answered, which is what `longest_ttl_secs` says. What it was ever told holds
    /// for good.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`] if the ledger cannot be written; what was forgotten until then stays forgotten.
    pub async fn purge(&self, now: u64, longest_ttl_secs: u64) -> Result<u64, LedgerError> {
        match self {
            Self::Memory(ledger) => Ok(ledger.purge(now, longest_ttl_secs)),
            Self::Embedded(ledger) => ledger.purge(now, longest_ttl_secs).await,
            // Records there expire by themselves.
            Self::Redis(_) => Ok(0),
        }
    }

    /// The earliest time of issue, in Unix seconds, that a new key may carry: keys issued before it count as spent,
    /// because the ledger cannot know whether they are. 0 if there is no such time.
    #[must_use]
    pub fn issue_not_before(&self) -> u64 {
        match self {
            Self::Memory(ledger) => ledger.issue_not_before(),
            Self::Embedded(ledger) => ledger.issue_not_before(),
            Self::Redis(ledger) => ledger.issue_not_before(),
        }
    }

    /// Decides what is still waiting, durably, and takes nothing more.
    pub async fn close(&self) {
        match self {
            // What Redis decided, it has acknowledged.
            Self::Memory(_) | Self::Redis(_) => {}
            Self::Embedded(ledger) => ledger.close().await,
        }
    }
}
