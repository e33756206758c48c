//! See `haechi::fuzzing::language`.

#![no_main]

use haechi::fuzzing::language;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| language(bytes));
