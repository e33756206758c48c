//! See `haechi::fuzzing::proxy_protocol`.

#![no_main]

use haechi::fuzzing::proxy_protocol;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| proxy_protocol(bytes));
