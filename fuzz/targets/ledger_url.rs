//! See `haechi::fuzzing::ledger_url`.

#![no_main]

use haechi::fuzzing::ledger_url;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ledger_url(bytes));
