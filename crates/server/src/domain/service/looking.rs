//! Looks at all that the work rests on: ledger, clock and apps.

use std::sync::Arc;

use super::Service;
use crate::{
    clock::{CLOCK_SKEW_SECS, unix_now},
    domain::{
        apps::APPS_GONE,
        ledger::LedgerError,
        readiness::{Outcome, Unready},
    },
    logging::Seldom,
};

/// From how many seconds on it is said that the clock differs from Redis', and from how many the server is not ready:
/// by then its keys are refused elsewhere, or others' are here.
const CLOCK_WARNING_SECS: f64 = 5.0;
const CLOCK_OFF_SECS: f64 = CLOCK_SKEW_SECS as f64;
/// The least seconds between two such warnings.
const CLOCK_WARNING_PAUSE_SECS: u64 = 60;

impl Service {
    /// Whether the server can do its work, as was found out a second ago at most.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn readiness(self: &Arc<Self>) -> Result<(), Unready> {
        let service = Arc::clone(self);
        self.readiness
            .ask(async move {
                let outcome = service.check().await;
                service.metrics.set_unready(outcome.err());
                outcome
            })
            .await
    }

    /// Looks at all that the server's work rests on, and logs what is wrong.
    async fn check(&self) -> Outcome {
        match tokio::time::timeout(self.max_deciding_time, self.check_ledger()).await {
            Ok(outcome) => outcome?,
            Err(_) => {
                tracing::error!("not ready: the ledger does not decide in time");
                return Err(Unready::Undecided);
            }
        }
        if let Some(until) = self.ledger_ahead_until(unix_now()) {
            tracing::error!(until, "not ready: the ledger is far ahead of the clock, and no new key can pass");
            return Err(Unready::Undecided);
        }
        match self.apps.gone() {
            0 => Ok(()),
            apps => {
                tracing::error!(apps, "not ready: {APPS_GONE}");
                Err(Unready::AppsGone)
            }
        }
    }

    /// Asks the ledger whether it can decide, and looks at the clock that it goes by.
    async fn check_ledger(&self) -> Outcome {
        let failed = |error: &LedgerError| {
            tracing::error!(%error, "not ready");
            if matches!(error, LedgerError::Forgetful { .. }) { Unready::Forgetful } else { Unready::Undecided }
        };
        let (checked, offset) = tokio::join!(self.ledger.check(), self.ledger.clock_offset_secs());
        checked.as_ref().map_err(failed)?;
        let Some(offset_secs) = offset.as_ref().map_err(failed)? else { return Ok(()) };
        self.check_clock(*offset_secs)
    }

    /// Says so if this machine's clock is not that of the ledger.
    fn check_clock(&self, offset_secs: f64) -> Outcome {
        static WARNINGS: Seldom = Seldom::every(CLOCK_WARNING_PAUSE_SECS);
        self.metrics.set_clock_offset(offset_secs);
        let (secs, direction) = (offset_secs.abs().round(), if offset_secs > 0.0 { "ahead of" } else { "behind" });
        if offset_secs.abs() >= CLOCK_OFF_SECS {
            tracing::error!("not ready: the clock is {secs} s {direction} Redis', and keys are refused for it: set it");
            return Err(Unready::ClockOff);
        }
        if offset_secs.abs() >= CLOCK_WARNING_SECS && WARNINGS.is_due() {
            tracing::warn!("the clock is {secs} s {direction} Redis': from 60 s on keys are refused, so set it");
        }
        Ok(())
    }
}
