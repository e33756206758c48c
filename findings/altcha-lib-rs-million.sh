#!/bin/sh
# altcha-lib-rs 0.3.3 (crates.io) creates challenges that take more than a million tries, and refuses their solutions.
#
# `ChallengeOptions::max_number` makes a challenge harder: with two million every second number lies beyond the default
# of one million. `verify_solution` has no such option. It makes the challenge anew from the payload with `max_number:
# None`, which is the default, and `create_challenge` returns WrongChallengeInput for a larger number (lib.rs). So a
# visitor whose browser needed 1,500,001 tries is told that the solution is wrong, after the longest work; one who
# needed 999,999 is let in. The JavaScript library of the same protocol, altcha-lib, does not look at the largest number
# there.
#
# Needs cargo and a package registry. Exits with 0 while it is so, with 1 if the larger number is accepted.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "million"
version = "0.1.0"
edition = "2021"
[dependencies]
altcha-lib-rs = "=0.3.3"
[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use altcha_lib_rs::{create_challenge, verify_solution, ChallengeOptions, Payload};

/// What the crate says of the right solution of a challenge that it has created with at most two million.
fn verdict(number: u64) -> String {
    let options = ChallengeOptions {
        hmac_key: "key",
        max_number: Some(2_000_000),
        number: Some(number),
        ..Default::default()
    };
    let challenge = create_challenge(options).expect("a challenge");
    let payload = Payload {
        algorithm: challenge.algorithm,
        challenge: challenge.challenge,
        number,
        salt: challenge.salt,
        signature: challenge.signature,
        took: None,
    };
    match verify_solution(&payload, "key", true) {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

fn main() {
    let verdicts = [999_999, 1_000_000, 1_000_001, 1_500_001].map(|number| {
        let verdict = verdict(number);
        println!("the right number {number} is {verdict}");
        verdict == "accepted"
    });
    std::process::exit(i32::from(verdicts != [true, true, false, false]));
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target"
