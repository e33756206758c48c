//! Whether the ledger can decide, found out at most so often.
//!
//! Finding out costs the embedded ledger a commit, and everybody may ask, so those who ask share an outcome: the last
//! one while it is fresh, else that of one check which they all wait for.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

/// The last outcome, and when it was had.
type Last = Option<(Instant, bool)>;

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
    pub(crate) async fn ask(&self, check: impl Future<Output = bool> + Send + 'static) -> bool {
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
        checking.await.unwrap_or(false) // it fails only if it panicked, and what is unsound is not ready
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_fresh_outcome_is_kept_and_an_old_one_is_not() {
        let keeping = Readiness::new(LONG);
        assert!(!keeping.ask(ready(false)).await);
        assert!(!keeping.ask(ready(true)).await);
        let forgetting = Readiness::new(Duration::ZERO);
        assert!(!forgetting.ask(ready(false)).await);
        assert!(forgetting.ask(ready(true)).await);
    }

    #[tokio::test]
    async fn those_who_ask_during_a_check_get_its_outcome_even_if_the_first_goes_away() {
        let readiness = Readiness::new(LONG);
        let (tell, told) = oneshot::channel();
        let first = readiness.ask(async { told.await.unwrap() });
        assert!(tokio::time::timeout(Duration::from_millis(1), first).await.is_err(), "it waits, then goes away");
        let others = async { tokio::join!(readiness.ask(ready(false)), readiness.ask(ready(false))) };
        let (outcomes, ()) = tokio::join!(others, async { tell.send(true).unwrap() });
        assert_eq!(outcomes, (true, true));
    }

    #[tokio::test]
    async fn a_check_that_panics_is_not_ready_and_is_made_anew() {
        let readiness = Readiness::new(LONG);
        assert!(!readiness.ask(async { panic!("on purpose") }).await);
        assert!(readiness.ask(ready(true)).await);
    }
}
