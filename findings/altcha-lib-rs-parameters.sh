#!/bin/sh
# altcha-lib-rs 0.3.3 (crates.io) refuses right solutions at random, once a challenge has two parameters.
#
# Parameters stand in an ALTCHA challenge's salt as a query ("9f3a…?expires=1790000000&form=1&"), and the visitor's
# browser hashes the salt as it is. To verify, the crate takes the salt apart into a HashMap and puts it together again
# (lib.rs: `verify_solution` calls `create_challenge`), so that the parameters come in the order of the map, which
# differs from one map to the next. With an expiry and one parameter of the site's own every second verification of one
# and the same payload fails with VerificationMismatchChallenge, with an expiry and two more most do. With the expiry
# alone, as in the crate's example and tests, all is well.
#
# Needs cargo and a package registry. Exits with 0 while it is so, with 1 if one payload has one verdict.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "parameters"
version = "0.1.0"
edition = "2021"
[dependencies]
altcha-lib-rs = "=0.3.3"
chrono = "0.4"
[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use altcha_lib_rs::{create_challenge, solve_challenge, verify_solution, ChallengeOptions, Payload};

const TIMES: usize = 600;

/// Of `TIMES` verifications of one right solution, those that accept it.
fn accepted(names: &[&str]) -> usize {
    let options = ChallengeOptions {
        hmac_key: "key",
        max_number: Some(100),
        expires: Some(chrono::Utc::now() + chrono::TimeDelta::hours(1)),
        params: Some(names.iter().map(|name| (name.to_string(), "1".to_string())).collect()),
        ..Default::default()
    };
    let challenge = create_challenge(options).expect("a challenge");
    let number = solve_challenge(&challenge.challenge, &challenge.salt, None, Some(100), 0).expect("a solution");
    let payload = Payload {
        algorithm: challenge.algorithm,
        challenge: challenge.challenge,
        number,
        salt: challenge.salt,
        signature: challenge.signature,
        took: None,
    };
    (0..TIMES).filter(|_| verify_solution(&payload, "key", true).is_ok()).count()
}

fn main() {
    let shares = [accepted(&[]), accepted(&["form"]), accepted(&["form", "step"])].map(|count| count * 100 / TIMES);
    for (more, share) in shares.iter().enumerate() {
        let often = match share {
            100 => "always",
            36..=64 => "about every second time",
            1..=35 => "less than every second time",
            _ => "otherwise",
        };
        println!("an expiry and {more} more: of {TIMES} verifications of one right solution it is accepted {often}");
    }
    let same = shares[0] == 100 && (36..=64).contains(&shares[1]) && (1..=35).contains(&shares[2]);
    std::process::exit(i32::from(!same));
}
RUST
cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target"
