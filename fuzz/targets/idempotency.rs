//! See `haechi::fuzzing::idempotency`.

#![no_main]

use haechi::fuzzing::idempotency;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| idempotency(bytes));
