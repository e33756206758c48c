//! See `haechi_captcha::fuzzing::token`.

#![no_main]

use haechi_captcha::fuzzing::token;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| token(bytes));
