//! `cargo xtask chaos` runs this after it has built the server.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;

/// Runs all scenarios again and again.
#[derive(Parser)]
struct Options {
    /// How long, in minutes; the last scenario is finished
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The seed of the first schedule of faults; another one each time if it is left out
    #[arg(long)]
    seed: Option<u64>,
    /// Instead, so many failovers of a primary that sentinels watch, and how long each of them takes
    #[arg(long, value_name = "COUNT")]
    failovers: Option<u64>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(count) = options.failovers {
        return chaos::run_failovers(count);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    chaos::run_long(options.minutes, options.seed.unwrap_or(now))
}
