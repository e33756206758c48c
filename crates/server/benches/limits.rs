//! What it costs to count a call: `cargo bench -p haechi --bench limits`.
//!
//! Each case is a limit that has seen so many addresses before, as fast as it can take them. At one call a minute, none
//! of them is done with when the measuring begins, so that all slots are in use from a million addresses on.

use std::{
    fs,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use divan::{Bencher, black_box};
use haechi::domain::{
    client::Client,
    limits::{CLIENT_SLOTS, ClientLimit},
};

const SEEN: [u64; 4] = [0, 100_000, 1_000_000, 10_000_000];

fn main() {
    divan::main();
    print_memory();
}

/// One client that calls again and again.
#[divan::bench(args = SEEN)]
fn known(bencher: Bencher<'_, '_>, seen: u64) {
    let limit = after(seen);
    let client = client(u64::MAX);
    bencher.bench(|| black_box(&limit).admit(client));
}

/// A client that has never called, from a network that has not either.
#[divan::bench(args = SEEN)]
fn unknown(bencher: Bencher<'_, '_>, seen: u64) {
    let limit = after(seen);
    let mut number = seen;
    bencher.bench_local(|| {
        number += 1;
        black_box(&limit).admit(client(number))
    });
}

fn after(seen: u64) -> ClientLimit {
    let limit = ClientLimit::new("bench", NonZeroU32::MIN, CLIENT_SLOTS);
    for number in 0..seen {
        let _ = limit.admit(client(number));
    }
    limit
}

/// A client of this number, each in a /48 of its own.
fn client(number: u64) -> Client {
    let network = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !0xffff;
    Client::new(IpAddr::V6(Ipv6Addr::from_bits(u128::from(network | 0x2000_0000_0000_0000) << 64)))
}

/// What a limit takes once all its slots have been used.
fn print_memory() {
    let before = resident_bytes();
    let limit = after(1_000_000);
    let more = resident_bytes().saturating_sub(before);
    println!("a limit that has seen a million addresses: {} KiB of resident memory", more / 1024);
    drop(limit);
}

/// Of this process, or 0 where the system does not say.
fn resident_bytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
