//! The clock, and how far two clocks may be apart.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds by which another node's clock may be ahead before its keys are refused.
pub const CLOCK_SKEW_SECS: u64 = 60;

/// The time by the system's clock, in whole seconds since 1970.
#[must_use]
pub fn unix_now() -> u64 {
    unix_time().as_secs()
}

/// The time by the system's clock since 1970.
#[must_use]
pub(crate) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
