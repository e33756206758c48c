//! See `haechi::fuzzing::widget`.

#![no_main]

use haechi::fuzzing::widget;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| widget(bytes));
