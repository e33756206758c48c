//! See `haechi::fuzzing::parameters`.

#![no_main]

use haechi::fuzzing::parameters;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| parameters(bytes));
