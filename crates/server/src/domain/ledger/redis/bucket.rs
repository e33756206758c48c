//! Where a key's record lies: in a page of a bucket.

use std::sync::LazyLock;

use super::Spend;
use crate::{clock::CLOCK_SKEW_SECS, domain::lifetime::LONGEST_LIFE_SECS};

/// Parts of the memory that are begun and lost on their own. A cluster has each on one of its servers, so there are
/// many more than it has servers.
pub(super) const BUCKETS: u16 = 1024;
/// The keys of a page were issued within so many seconds. A page is kept for as long as its newest key, so older ones
/// stay that much longer; and each page is noted in its bucket's mark, so there should be few.
const PAGE_SECS: u64 = 600;

/// The lengths of time that the scripts are told.
pub(super) static CLOCK_SKEW: LazyLock<String> = LazyLock::new(|| CLOCK_SKEW_SECS.to_string());
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| PAGE_SECS.to_string());
pub(super) static PAGE_KEPT: LazyLock<String> = LazyLock::new(|| (LONGEST_LIFE_SECS + CLOCK_SKEW_SECS).to_string());

pub(super) fn mark_name(prefix: &str, bucket: u16) -> String {
    format!("{prefix}{{{bucket}}}:began")
}

/// The names of the mark and of the page.
pub(super) fn names(prefix: &str, spend: &Spend) -> [String; 2] {
    let bucket = of(spend);
    [mark_name(prefix, bucket), format!("{prefix}{{{bucket}}}:{}", spend.issued_at / PAGE_SECS)]
}

/// The bucket of a key, whose bytes are as good as random.
pub(super) fn of(spend: &Spend) -> u16 {
    let bytes = spend.key.as_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]]) % BUCKETS
}
