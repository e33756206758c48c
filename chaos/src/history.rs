//! What was asked and what came back, as the clients saw it.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To judge a right answer.
    Right,
    /// To judge a wrong answer.
    Wrong,
    /// That the key expire.
    Expire,
    /// To redeem a token, under the name that all tokens of one challenge share.
    Redeem,
}

impl Kind {
    /// Whether one such request is enough to spend what it is about.
    #[must_use]
    pub fn spends(self) -> bool {
        self != Self::Wrong
    }
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The answer passed, or the token was redeemed.
    Passed,
    /// The key expired by this request.
    Expired,
    /// The answer was wrong and took an attempt.
    Wrong,
    /// The key was spent before.
    Spent,
    /// The server said that it could not decide. Whether the key is spent is not known.
    Refused,
    /// Nothing that could be read came back in time. Whether the key is spent is not known.
    NoReply,
}

/// One request and its outcome. One that was sent again under its own name is still one. Its effect, if it had one, came about between its start and its end; one with an
/// unknown outcome may have its effect later still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The key that it was about.
    pub key: Arc<str>,
    /// What it asked for.
    pub kind: Kind,
    /// When the client began to send it, from the history's beginning.
    pub start: Duration,
    /// When the client had the whole reply, or gave up.
    pub end: Duration,
    /// What came back.
    pub outcome: Outcome,
}

/// The events of one run, in no order.
#[derive(Debug)]
pub struct History {
    began: Instant,
    events: Mutex<Vec<Event>>,
}

impl Outcome {
    /// Whether it says what the ledger decided.
    #[must_use]
    pub fn is_definite(self) -> bool {
        !matches!(self, Self::Refused | Self::NoReply)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = (self.start.as_secs_f64(), self.end.as_secs_f64());
        write!(f, "{:?} -> {:?} ({start:.6} s to {end:.6} s)", self.kind, self.outcome)
    }
}

impl History {
    /// An empty history that begins now.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default would hide that the clock starts")]
    pub fn new() -> Self {
        Self { began: Instant::now(), events: Mutex::new(Vec::new()) }
    }

    /// The time since the beginning, by a clock that only goes forward.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Adds an event.
    pub fn record(&self, event: Event) {
        self.events.lock().expect("nobody panics while holding the lock").push(event);
    }

    /// All events.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events.into_inner().expect("nobody panics while holding the lock")
    }
}
