//! See `haechi::fuzzing::range`.

#![no_main]

use haechi::fuzzing::range;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| range(bytes));
