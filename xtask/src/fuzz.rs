//! `cargo xtask fuzz`: lets libFuzzer think of hostile input.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use crate::{
    command::{cargo, root, run},
    tools::Tool,
};

const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.1", features: &[] };
const BUILD: &str = "target/fuzz/build";

/// What to fuzz, and how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Minutes for each target.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    minutes: u64,
    /// One of the targets, instead of all.
    #[arg(long)]
    target: Option<String>,
}

pub(crate) fn run_targets(options: &Options) -> anyhow::Result<()> {
    CARGO_FUZZ.install()?;
    let all = all_targets()?;
    let wanted = match &options.target {
        Some(target) => {
            ensure!(all.contains(target), "there is no target {target:?}; there are {}", all.join(", "));
            vec![target.clone()]
        }
        None => all,
    };
    build(options.target.as_deref())?;
    let program_folder = root().join(BUILD).join(host()?).join("release");
    println!();
    let mut findings = 0;
    for target in &wanted {
        findings += fuzz(target, &program_folder.join(target), options.minutes)?;
    }
    ensure!(findings == 0, "{findings} findings, which are in fuzz/found now");
    Ok(())
}

/// Every file in fuzz/targets is one.
fn all_targets() -> anyhow::Result<Vec<String>> {
    let files = fs::read_dir(root().join("fuzz/targets"))?.collect::<Result<Vec<_>, _>>()?;
    let names = files.iter().filter_map(|file| Some(file.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    Ok(names)
}

/// Builds the targets. Without a sanitizer the pinned toolchain is enough; there is no `unsafe` for one to watch.
fn build(target: Option<&str>) -> anyhow::Result<()> {
    let mut command = cargo(&["fuzz", "build", "--sanitizer", "none", "--target-dir", BUILD]);
    run(command.args(target))
}

/// The triple of this machine, in whose folder cargo-fuzz puts what it builds.
fn host() -> anyhow::Result<String> {
    let told = String::from_utf8(Command::new("rustc").arg("-vV").current_dir(root()).output()?.stdout)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what machine it is for")
}

/// Runs one target, prints what came of it, and returns how much it found.
fn fuzz(target: &str, program: &Path, minutes: u64) -> anyhow::Result<usize> {
    let work = root().join("target/fuzz");
    let (corpus, crashes) = (work.join("corpus").join(target), work.join("crashes").join(target));
    if crashes.exists() {
        fs::remove_dir_all(&crashes)?;
    }
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&crashes)?;
    let log = work.join(format!("{target}.log"));
    // What is new goes to the first folder. All files of all folders are run before anything else.
    let known = ["seeds", "found"].map(|folder| root().join("fuzz").join(folder).join(target));
    let status = Command::new(program)
        .arg(&corpus)
        .args(known.iter().filter(|folder| folder.is_dir()))
        .arg(format!("-max_total_time={}", minutes * 60))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .args(["-print_final_stats=1", "-timeout=10", "-max_len=4096"])
        .stdout(File::create(work.join(format!("{target}.out")))?)
        .stderr(File::create(&log)?)
        .status()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let executions = executions(&String::from_utf8_lossy(&fs::read(&log)?));
    let found = keep(&crashes, target)?;
    let executions = executions.map_or("?".to_owned(), |count| count.to_string());
    println!("{target}: {executions} executions in {minutes} min, {} findings", found.len());
    for file in &found {
        println!("  {}, see {}", file.display(), log.display());
    }
    if !status.success() && found.is_empty() {
        bail!("{target} failed, and left nothing that it failed at; see {}", log.display());
    }
    Ok(found.len())
}

/// How many inputs were tried, which a run that ends at a finding does not always say.
fn executions(log: &str) -> Option<u64> {
    let line = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

/// Copies what a target failed at to where the tests run it from then on.
fn keep(crashes: &Path, target: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = root().join("fuzz/found").join(target);
    let mut kept = Vec::new();
    for file in fs::read_dir(crashes)? {
        let file = file?;
        // Units that are merely slow are told to the log.
        if file.file_name().to_string_lossy().starts_with("slow-unit") {
            continue;
        }
        fs::create_dir_all(&folder)?;
        let place = folder.join(file.file_name());
        fs::copy(file.path(), &place)?;
        kept.push(place);
    }
    Ok(kept)
}
