//! See `haechi::fuzzing::config`.

#![no_main]

use haechi::fuzzing::config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| config(bytes));
