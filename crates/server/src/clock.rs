//! The clock, and how far two clocks may be apart.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds by which another node's clock may be ahead before its keys are refused.
pub const CLOCK_SKEW_SECS: u64 = 60;

/// The time by the system's clock, in whole seconds since 1970.
#[must_use]
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
