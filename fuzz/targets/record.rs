//! See `haechi::fuzzing::record`.

#![no_main]

use haechi::fuzzing::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| record(bytes));
