//! See `haechi_captcha::fuzzing::bank`.

#![no_main]

use haechi_captcha::fuzzing::bank;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bank(bytes));
