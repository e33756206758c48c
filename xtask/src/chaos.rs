//! `cargo xtask chaos`: tries for hours to make an answer pass twice.

use crate::command::{cargo, run};

/// How long to try.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Minutes, after which the scenario that runs is finished.
    #[arg(long, default_value_t = 60)]
    minutes: u64,
    /// The seed of the first schedule of faults, to have one again; another one each time if it is left out.
    #[arg(long)]
    seed: Option<u64>,
    /// Instead, so many failovers of a primary that sentinels watch, and how long each of them takes.
    #[arg(long, value_name = "COUNT")]
    failovers: Option<u64>,
}

pub(crate) fn run_scenarios(options: &Options) -> anyhow::Result<()> {
    // The scenarios start the program that lies beside theirs.
    run(&mut cargo(&["build", "--release", "--package", "haechi"]))?;
    let minutes = options.minutes.to_string();
    let mut chaos = cargo(&["run", "--release", "--package", "chaos", "--", "--minutes", &minutes]);
    if let Some(seed) = options.seed {
        chaos.args(["--seed", &seed.to_string()]);
    }
    if let Some(failovers) = options.failovers {
        chaos.args(["--failovers", &failovers.to_string()]);
    }
    run(&mut chaos)
}
