//! Proof by trial that an answer passes at most once, whatever fails.
//!
//! Real nodes serve, real Redis servers remember, and many clients answer the same keys at the same time while one or
//! the other is killed, stopped or cut off ([`scenarios`]). The clients write down what they asked and were told
//! ([`history`]), and the [`checker`] looks for what a ledger that spends each key once could not have said.

mod client;
mod dice;

pub mod checker;
pub mod failover;
pub mod history;
pub mod load;
pub mod meddling;
pub mod nodes;
pub mod scenarios;

use std::time::{Duration, Instant};

use self::{checker::Report, load::Scale, scenarios::Memory};

/// Runs all scenarios again and again for this long, each time with the next seed, and prints what came of each.
///
/// # Errors
/// At the first violation; what it was is printed.
pub fn run_long(minutes: u64, first_seed: u64) -> anyhow::Result<()> {
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let minute = Duration::from_secs(60);
    let thousands = Scale { keys: 200, answers_per_key: 1000, keys_at_once: 1, duration: 5 * minute };
    let steady = Scale { keys: usize::MAX, answers_per_key: 30, keys_at_once: 8, duration: 2 * minute };
    for seed in first_seed.. {
        let scenarios: [(_, &dyn Fn() -> Report); 7] = [
            ("a thousand answers at once", &|| scenarios::answers_at_once_on_redis(thousands)),
            ("faults, durable Redis", &|| scenarios::faults_on_redis(Memory::Durable, steady, seed)),
            ("faults and power failures", &|| scenarios::faults_on_redis(Memory::Most, steady, seed)),
            ("faults, forgetful Redis", &|| scenarios::faults_on_redis(Memory::Lost, steady, seed)),
            ("a meddled Redis", &|| meddling::meddled_redis(steady, seed)),
            ("lost primaries of a cluster", &|| scenarios::lost_primaries(steady, seed)),
            ("lost primaries of sentinels", &|| failover::lost_primaries(steady, seed)),
        ];
        for (name, scenario) in scenarios {
            if Instant::now() > end {
                return Ok(());
            }
            let report = scenario();
            println!("seed {seed}, {name}: {report}");
            anyhow::ensure!(
                report.violations.is_empty(),
                "{name}, seed {seed}: {} violations",
                report.violations.len()
            );
        }
    }
    Ok(())
}

/// Fails the primary that sentinels watch over this many times, each time with servers and nodes of its own, and prints
/// what came of each.
///
/// # Errors
/// At the first violation.
pub fn run_failovers(count: u64) -> anyhow::Result<()> {
    let scale = Scale { keys: usize::MAX, answers_per_key: 30, keys_at_once: 4, duration: Duration::from_secs(25) };
    println!("| run | the primary | keys | requests | passes | twice | refused | no reply | ready after |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for run in 1..=count {
        let loss = failover::Loss::ALL[run as usize % failover::Loss::ALL.len()];
        let failover::Failover { report, until_ready } = failover::one_failover(scale, loss);
        let Report { keys, requests, passes, refused, unanswered, violations, .. } = &report;
        let (twice, secs) = (violations.len(), until_ready.as_secs_f64());
        println!(
            "| {run} | {loss} | {keys} | {requests} | {passes} | {twice} | {refused} | {unanswered} | {secs:.1} s |"
        );
        anyhow::ensure!(violations.is_empty(), "{report}");
    }
    Ok(())
}
