//! `cargo xtask attack`: how many answers solvers read, in our pictures and in others'.
//!
//! The solvers are Python programs in `attack/`, one for each way of attack; `attack/README.md` describes them. This
//! command makes their environment, draws the sets, runs the solvers two at a time, keeps each result as a line of
//! `target/attack/results.jsonl`, and has the table written from those lines. A result that is there for the same
//! pictures is not measured again.

mod environment;
mod jobs;
mod results;
mod sets;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    thread,
};

use anyhow::{Context, bail};

use self::{
    environment::Environment,
    jobs::{Job, Stage},
    results::Results,
};
use crate::{
    command::{built, cargo, root, run},
    packages::install_requirements,
};

/// What to attack, and how thoroughly.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Few pictures and short training: shows that everything works, and leaves docs/strength.md alone.
    #[arg(long)]
    quick: bool,
    /// Attack every peer that installs, beyond lepture's captcha and svg-captcha.
    #[arg(long)]
    peers: bool,
    /// Draw and measure again what is there already.
    #[arg(long)]
    again: bool,
    /// Run only the jobs whose name has this text, such as "default/adapted".
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Solvers that run at the same time, each on one thread.
    #[arg(long, default_value_t = 2)]
    at_once: usize,
}

/// Where a run keeps its pictures and results.
const FOLDER: &str = "target/attack";
/// What a solver must read of the weak look for its other figures to mean something.
const BROKEN: f64 = 0.8;

pub(crate) fn run_attack(options: &Options) -> anyhow::Result<()> {
    let environment = Environment::make(Path::new(FOLDER), options.peers)?;
    run(&mut cargo(&["build", "--release", "--package", "haechi"]))?;
    run(&mut cargo(&["build", "--release", "--package", "haechi-captcha", "--example", "draw", "--example", "speak"]))?;
    let bench = Bench::new(options, environment);
    let results = Results::open(&bench.folder)?;
    bench.prove_solvers(&results)?;
    bench.compare_speed(&results)?;
    bench.run_jobs(Stage::Measure, &results)?;
    bench.write_table()
}

/// Makes the environment of the tests of the bench's own parts: numpy and pictures, but no models.
pub(crate) fn install_tests() -> anyhow::Result<()> {
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder)?;
    install_requirements(&folder.join("test-venv"), Path::new("attack/requirements-test.txt"))
}

/// Runs those tests.
pub(crate) fn test_installed() -> anyhow::Result<()> {
    let python = root().join(FOLDER).join("test-venv/bin/python");
    for folder in ["attack", "attack/read"] {
        run(Command::new(&python)
            .args(["-m", "unittest", "discover", "--pattern", "test_*.py"])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(root().join(folder)))?;
    }
    Ok(())
}

struct Bench<'a> {
    options: &'a Options,
    environment: Environment,
    folder: PathBuf,
    jobs: Vec<Job>,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options, environment: Environment) -> Self {
        let folder = if options.quick { Path::new(FOLDER).join("quick") } else { PathBuf::from(FOLDER) };
        let peers = if options.peers { environment.peers() } else { Vec::new() };
        let mut jobs = jobs::plan(options.quick, &peers);
        if let Some(text) = &options.only {
            jobs.retain(|job| job.name().contains(text.as_str()));
        }
        Self { options, environment, folder, jobs }
    }

    /// Runs the solvers on the weak look, and stops everything if they do not read it.
    fn prove_solvers(&self, results: &Results) -> anyhow::Result<()> {
        let outcomes = self.run_jobs(Stage::Prove, results)?;
        let failed: Vec<_> =
            outcomes.iter().filter(|outcome| outcome.must_break && outcome.success < Some(BROKEN)).collect();
        for Outcome { name, .. } in &failed {
            println!("{name} must read {:.0} %", BROKEN * 1e2);
        }
        if !failed.is_empty() {
            bail!("solvers that do not read the weak look are broken: what they read elsewhere says nothing");
        }
        Ok(())
    }

    /// Runs the jobs of a stage, several at once, and returns what each of them read.
    fn run_jobs(&self, stage: Stage, results: &Results) -> anyhow::Result<Vec<Outcome>> {
        let jobs: Vec<&Job> = self.jobs.iter().filter(|job| job.stage == stage).collect();
        let drawn = self.draw_sets(&jobs)?;
        let waiting = Mutex::new(jobs.iter());
        let outcomes = Mutex::new(Vec::new());
        let work = || -> anyhow::Result<()> {
            loop {
                let next = waiting.lock().expect("no worker panics").next();
                let Some(job) = next else { return Ok(()) };
                let set = drawn.iter().find(|set| set.name == job.set.name).expect("all sets are drawn");
                let success = self.run_job(job, set, results).with_context(|| job.name())?;
                let outcome = Outcome { name: job.name(), must_break: job.must_break(), success };
                outcomes.lock().expect("no worker panics").push(outcome);
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..self.options.at_once).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("no worker panics"))
        })?;
        Ok(outcomes.into_inner().expect("no worker panics"))
    }

    /// What a job's solver read; `None` of a job that measures something else.
    fn run_job(&self, job: &Job, set: &Drawn, results: &Results) -> anyhow::Result<Option<f64>> {
        let arguments = job.arguments(&self.folder.join("sets"));
        let key = format!("{} {} {:016x}", job.name(), arguments.join(" "), set.fingerprint);
        let known = if self.options.again { None } else { results.find(&key)? };
        let line = match known {
            Some(line) => line,
            None => results.add(&key, &arguments, &self.environment.python(&arguments)?)?,
        };
        let success = results::number(&line, "success");
        match success {
            Some(success) => println!("{}: {:.1} %", job.name(), success * 1e2),
            None => println!("{}: measured", job.name()),
        }
        Ok(success)
    }

    /// Draws the sets that jobs need, or finds them drawn.
    fn draw_sets(&self, jobs: &[&Job]) -> anyhow::Result<Vec<Drawn>> {
        let mut drawn: Vec<Drawn> = Vec::new();
        for set in jobs.iter().flat_map(|job| job.sets()) {
            if drawn.iter().all(|other| other.name != set.name) {
                let folder = self.folder.join("sets").join(set.name);
                self.environment.draw(&set, &folder, self.options.again)?;
                drawn.push(Drawn { name: set.name, fingerprint: sets::fingerprint(&folder)? });
            }
        }
        Ok(drawn)
    }

    fn compare_speed(&self, results: &Results) -> anyhow::Result<()> {
        if self.options.only.is_some() {
            return Ok(());
        }
        let rounds = if self.options.quick { "3" } else { "9" };
        for (example, options) in [("draw", &[][..]), ("speak", &["--sound"])] {
            let arguments = |program: &str| {
                let line = [&["compare_speed.py", program, "--rounds", rounds], options].concat();
                line.into_iter().map(String::from).collect::<Vec<_>>()
            };
            let program = shown(&built("release", &format!("examples/{example}")));
            let line = self.environment.python(&arguments(&program))?;
            println!("{line}");
            // Published without the place of this machine's build.
            results.add("speed", &arguments(&format!("target/release/examples/{example}")), &line)?;
        }
        Ok(())
    }

    /// Writes docs/strength.md, or beside the results what it would be.
    fn write_table(&self) -> anyhow::Result<()> {
        let is_whole = !self.options.quick && self.options.only.is_none();
        let target = if is_whole { PathBuf::from("docs/strength.md") } else { self.folder.join("strength.md") };
        let results = self.folder.join("results.jsonl");
        let mut arguments = vec!["write_strength.py".to_owned(), shown(&results), shown(&target)];
        if self.options.quick {
            arguments.push("--quick".to_owned());
        }
        print!("\n{}", self.environment.python(&arguments)?);
        println!("\nwritten to {}", target.display());
        Ok(())
    }
}

/// What a job found out.
struct Outcome {
    name: String,
    /// Whether the solver is broken if it does not read the weak look.
    must_break: bool,
    success: Option<f64>,
}

/// A set whose pictures are there, and what they are.
struct Drawn {
    name: &'static str,
    fingerprint: u64,
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
