//! See `haechi::fuzzing::fields`.

#![no_main]

use haechi::fuzzing::fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fields(bytes));
