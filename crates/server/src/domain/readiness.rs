//! Whether the server can do its work, found out at most so often.
//!
//! Finding out costs the embedded ledger a commit, and everybody may ask, so those who ask share an outcome: the last
//! one while it is fresh, else that of one check which they all wait for.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// Why a server should be asked for nothing now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// The ledger cannot decide, or its decisions come too late.
    Undecided,
    /// The ledger decides, and forgets what it decided, so that it refuses more and more.
    Forgetful,
    /// This machine's clock and the one that the ledger goes by differ by more than nodes may.
    ClockOff,
    /// The apps that nodes share were there, and nobody removed them.
    AppsGone,
}

impl Unready {
    /// Those for which the metrics have a gauge: the ledger decides, and cannot be relied on.
    pub const UNSAFE: [Self; 3] = [Self::Forgetful, Self::ClockOff, Self::AppsGone];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Forgetful => "forgetful",
            Self::ClockOff => "clock_off",
            Self::AppsGone => "apps_gone",
        }
    }

    /// What anybody may be told of it.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Undecided => "the ledger cannot decide",
            Self::Forgetful => "the ledger is kept where it is forgotten",
            Self::ClockOff => "the clock is off",
            Self::AppsGone => "the apps are gone",
        }
    }
}

/// Whether the server is ready, and else why not.
pub(crate) type Outcome = Result<(), Unready>;

/// The last outcome, and when it was had.
type Last = Option<(Instant, Outcome)>;

/// The outcome of the last check.
pub(crate) struct Readiness {
    max_age: Duration,
    last: Arc<Mutex<Last>>,
}

impl Readiness {
    /// Nothing is known yet. An outcome older than this is found out anew.
    pub(crate) fn new(max_age: Duration) -> Self {
        Self { max_age, last: Arc::default() }
    }

    /// The last outcome if it is fresh, else that of this check.
    pub(crate) async fn ask(&self, check: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((_, outcome)) = last.filter(|(at, _)| at.elapsed() < self.max_age) {
            return outcome;
        }
        // In a task of its own, because a caller may go away: else many who ask and go would start a check each.
        let checking = tokio::spawn(async move {
            let outcome = check.await;
            *last = Some((Instant::now(), outcome));
            outcome
        });
        checking.await.unwrap_or(Err(Unready::Undecided)) // it fails only if it panicked, and what is unsound is not ready
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    const UNDECIDED: Outcome = Err(Unready::Undecided);

    #[tokio::test]
    async fn a_fresh_outcome_is_kept_and_an_old_one_is_not() {
        let keeping = Readiness::new(LONG);
        assert_eq!(keeping.ask(ready(UNDECIDED)).await, UNDECIDED);
        assert_eq!(keeping.ask(ready(Ok(()))).await, UNDECIDED);
        let forgetting = Readiness::new(Duration::ZERO);
        assert_eq!(forgetting.ask(ready(UNDECIDED)).await, UNDECIDED);
        assert_eq!(forgetting.ask(ready(Ok(()))).await, Ok(()));
    }

    #[tokio::test]
    async fn those_who_ask_during_a_check_get_its_outcome_even_if_the_first_goes_away() {
        let readiness = Readiness::new(LONG);
        let (tell, told) = oneshot::channel();
        let first = readiness.ask(async { told.await.unwrap() });
        assert!(tokio::time::timeout(Duration::from_millis(1), first).await.is_err(), "it waits, then goes away");
        let others = async { tokio::join!(readiness.ask(ready(UNDECIDED)), readiness.ask(ready(UNDECIDED))) };
        let (outcomes, ()) = tokio::join!(others, async { tell.send(Ok(())).unwrap() });
        assert_eq!(outcomes, (Ok(()), Ok(())));
    }

    #[tokio::test]
    async fn a_check_that_panics_is_not_ready_and_is_made_anew() {
        let readiness = Readiness::new(LONG);
        assert_eq!(readiness.ask(async { panic!("on purpose") }).await, UNDECIDED);
        assert_eq!(readiness.ask(ready(Ok(()))).await, Ok(()));
    }
}
