//! Parts of the memory that were lost, and how that is said.

use crate::logging::Seldom;

/// Why a bucket had to be begun anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It was not there at all.
    Emptied,
    /// Another process remembers it, or the same one in an earlier term, or another version of this program began it.
    Succeeded,
    /// Some of it is missing.
    Torn,
}

impl Loss {
    const ALL: [Self; 3] = [Self::Emptied, Self::Succeeded, Self::Torn];

    /// As `begin.lua` says it; `None` if nothing is lost.
    pub(super) fn of(letter: &str) -> Option<Option<Self>> {
        match letter {
            "k" => Some(None),
            "n" => Some(Some(Self::Emptied)),
            "o" => Some(Some(Self::Succeeded)),
            "h" => Some(Some(Self::Torn)),
            _ => None,
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Emptied => "Redis was emptied: keys that were issued until now count as spent",
            Self::Succeeded => "Redis restarted or failed over: keys that were issued until now count as spent",
            Self::Torn => {
                "Redis lost a part of the ledger, which it evicted or somebody deleted: that part's keys that were \
                 issued until now count as spent"
            }
        }
    }
}

/// How many buckets were lost in each way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Losses([u64; Loss::ALL.len()]);

impl Losses {
    pub(super) fn add(&mut self, loss: Option<Loss>) {
        if let Some(loss) = loss {
            self.0[loss as usize] += 1;
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Writes them to the log. While buckets are lost one after the other, a line comes once in a while.
    pub(super) fn log(&self) {
        static SELDOM: [Seldom; Loss::ALL.len()] = [const { Seldom::new() }; Loss::ALL.len()];
        for loss in Loss::ALL {
            let parts = self.0[loss as usize];
            if parts > 0 && SELDOM[loss as usize].is_due() {
                tracing::warn!(parts, "{}", loss.meaning());
            }
        }
    }
}
