//! How long a person waits: the widget's solver, in one worker of Chromium that has one processor, or a sixth of it.
//!
//! DevTools' throttling reaches neither workers nor the threads of WebCrypto. So all processes of the browser get a quota of
//! the system.
//!
//! Puzzles are chosen by their counters, from the first to the last, so that a few of them show the spread.

mod chromium;
mod throttle;

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use haechi_captcha::{Algorithm, Claims, Judgement, Keyring, Nonce, Puzzle, Secret, Shape, Solution, Terms, Work};
use serde_json::{Value, json};

use self::{chromium::Chromium, throttle::Throttle};
use crate::command::root;

/// Of the top level: the median puzzle, and one that takes longer than 95 of 100.
const OF_TOP: [f64; 2] = [0.5, 0.95];

/// Where a solver runs, which decides what the browser offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A page over HTTPS or of this machine, where the browser has WebCrypto.
    Secure,
    /// Any other, where plain code has to do.
    Plain,
}

/// What was measured, or why nothing was.
pub(super) enum Browsers {
    Measured { version: String, waits: Vec<Wait> },
    Missing(String),
}

/// How long puzzles of one kind took.
pub(super) struct Wait {
    pub(super) algorithm: Algorithm,
    pub(super) place: Place,
    pub(super) level: u8,
    pub(super) is_slow: bool,
    /// The share of the counters that were tried, and seconds.
    times: Vec<(f64, f64)>,
}

impl Browsers {
    /// Measures if there is a browser and a solver, and else says what is missing.
    pub(super) fn measure(script: &Path, puzzles: u32) -> anyhow::Result<Self> {
        let path = root().join(script);
        if !path.is_file() {
            return Ok(Self::Missing(format!("there is no {}", script.display())));
        }
        if let Some(missing) = Chromium::missing() {
            return Ok(Self::Missing(missing));
        }
        let solver = fs::read_to_string(path)?;
        let bench = Bench::new(puzzles);
        let (mut waits, mut version) = (Vec::new(), String::new());
        for place in [Place::Secure, Place::Plain] {
            let throttle = match Throttle::new() {
                Ok(throttle) => throttle,
                Err(error) => return Ok(Self::Missing(format!("no browser can be slowed down: {error:#}"))),
            };
            let chromium = Chromium::start(place, &solver, &throttle)?;
            version = chromium.version().to_owned();
            bench.solve_all(&chromium, place, false, &mut waits)?;
            throttle.slow_down()?;
            bench.solve_all(&chromium, place, true, &mut waits)?;
        }
        Ok(Self::Measured { version, waits })
    }
}

fn seconds(said: &Value) -> anyhow::Result<f64> {
    Ok(said["millis"].as_f64().with_context(|| format!("no time is said: {said}"))? / 1e3)
}

impl Wait {
    /// Seconds for the puzzle whose counter is the last of this share of all, by what was measured next to it.
    pub(super) fn at(&self, share: f64) -> f64 {
        let distance = |(tried, _): &&(f64, f64)| (tried - share).abs();
        let nearest = self.times.iter().min_by(|one, other| distance(one).total_cmp(&distance(other)));
        nearest.map_or(f64::NAN, |(tried, seconds)| seconds * share / tried)
    }

    /// How many puzzles it was.
    pub(super) fn count(&self) -> usize {
        self.times.len()
    }
}

/// Puzzles and whose they are.
struct Bench {
    keyring: Keyring,
    puzzles: u32,
}

impl Bench {
    fn new(puzzles: u32) -> Self {
        Self { keyring: Keyring::new(&Secret::from_bytes([1; 32])), puzzles }
    }

    /// Solves puzzles of the lowest and the top level, of all algorithms that differ in this place.
    fn solve_all(&self, chromium: &Chromium, place: Place, is_slow: bool, waits: &mut Vec<Wait>) -> anyhow::Result<()> {
        let algorithms = match place {
            Place::Secure => &Algorithm::ALL[..],
            // The others are plain code in any place.
            Place::Plain => &[Algorithm::Pbkdf2],
        };
        for algorithm in algorithms {
            let of_lowest = (0..self.puzzles).map(|number| (f64::from(number) + 0.5) / f64::from(self.puzzles));
            let kinds = [(*Shape::LEVELS.start(), of_lowest.collect()), (*Shape::LEVELS.end(), OF_TOP.to_vec())];
            for (level, shares) in kinds {
                let times = shares.iter().map(|share| self.solve(chromium, place, *algorithm, level, *share));
                let times: Vec<_> = times.collect::<anyhow::Result<_>>()?;
                let mean = times.iter().map(|(_, seconds)| seconds).sum::<f64>() / times.len() as f64;
                println!("{algorithm}, level {level}, {place:?}, slow: {is_slow}: {mean:.2} s on average");
                waits.push(Wait { algorithm: *algorithm, place, level, is_slow, times });
            }
        }
        Ok(())
    }

    /// Has a puzzle solved whose counter is at about this share of all, and sees that the solution is one.
    fn solve(
        &self,
        chromium: &Chromium,
        place: Place,
        algorithm: Algorithm,
        level: u8,
        share: f64,
    ) -> anyhow::Result<(f64, f64)> {
        let terms = Terms { algorithm, beside: None };
        let (work, puzzle, counter) = self.find(&terms, level, share);
        let order = json!({
            "parameters": parameters(&puzzle),
            "range": { "start": 0, "step": 1, "end": puzzle.counters },
        });
        let said = chromium.ask(&json!({ "script": "work.js", "order": order }))?;
        ensure!(said["isSecure"] == (place == Place::Secure), "it is another kind of place: {said}");
        let solution = solution(&said["solution"]).with_context(|| format!("no solution: {said}"))?;
        ensure!(work.judge(&terms, &solution) == Judgement::Right, "a false solution: {said}");
        Ok((f64::from(counter + 1) / f64::from(puzzle.counters), seconds(&said)?))
    }

    /// Work whose counter is within a fiftieth of all of this share.
    fn find(&self, terms: &Terms, level: u8, share: f64) -> (Work, Puzzle, u32) {
        let counters = terms.algorithm.counters(level);
        let [from, to] = [-0.01, 0.01].map(|off| (f64::from(counters) * (share + off)) as u32);
        let found = (0..).find_map(|number| {
            let nonce = Nonce { node: 1, counter: number };
            let claims = Claims { shape: Shape::Work { level }, nonce, ..Claims::default() };
            let work = self.keyring.open_work(&self.keyring.issue(&claims))?;
            let counter = (from..to.min(counters)).find(|counter| work.has_counter(terms, *counter))?;
            Some((work.puzzle(terms), work, counter))
        });
        let (puzzle, work, counter) = found.expect("there are keys without end");
        (work, puzzle, counter)
    }
}

fn parameters(puzzle: &Puzzle) -> Value {
    let Puzzle { algorithm, nonce, salt, prefix, .. } = puzzle;
    let mut parameters = json!({
        "algorithm": algorithm.name(),
        "nonce": hex(nonce),
        "salt": hex(salt),
        "cost": algorithm.cost(),
        "keyLength": Puzzle::DERIVED_BYTES,
        "keyPrefix": hex(prefix),
    });
    if let (Some(memory_cost), Some(parallelism)) = (algorithm.memory_cost(), algorithm.parallelism()) {
        parameters["memoryCost"] = memory_cost.into();
        parameters["parallelism"] = parallelism.into();
    }
    parameters
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn solution(said: &Value) -> Option<Solution> {
    let digits = said["derived_key"].as_str()?;
    let mut derived = [0; Puzzle::DERIVED_BYTES];
    for (index, byte) in derived.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(Solution { counter: said["counter"].as_str()?.parse().ok()?, derived })
}
