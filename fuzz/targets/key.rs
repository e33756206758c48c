//! See `haechi_captcha::fuzzing::key`.

#![no_main]

use haechi_captcha::fuzzing::key;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| key(bytes));
