//! How long keys can be answered, and for how long something must be remembered of one.

use std::ops::RangeInclusive;

use crate::{clock::CLOCK_SKEW_SECS, domain::token::Audience};

/// Shortest and longest time for which a key can be answered, in seconds.
pub const TTLS_SECS: RangeInclusive<u32> = 30..=3600;

/// Seconds after its time in which an answered key or a redeemed token gets the same verdict again, if the request is the
/// same.
pub(crate) const RETRY_SECS: u64 = 60;

/// For so many seconds after a challenge's time its token may still be redeemed, or asked about again.
pub(crate) const REDEEMABLE_SECS: u64 = Audience::LONGEST_LIFE_SECS + RETRY_SECS;

/// The longest that any key may count, by whatever node's clock, in seconds: for so long the number of an app that is
/// gone is nobody else's, and Redis keeps what was spent.
pub(crate) const LONGEST_LIFE_SECS: u64 = *TTLS_SECS.end() as u64 + REDEEMABLE_SECS + CLOCK_SKEW_SECS;
