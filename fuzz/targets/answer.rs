//! See `haechi_captcha::fuzzing::answer`.

#![no_main]

use haechi_captcha::fuzzing::answer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| answer(bytes));
