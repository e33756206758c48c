//! See `haechi::fuzzing::forwarded`.

#![no_main]

use haechi::fuzzing::forwarded;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| forwarded(bytes));
