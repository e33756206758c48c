//! What work costs a server, and a program that does it, in processor time.
//!
//! An attacker does not use our solver, nor a browser. So besides the library's own functions, built for release, what
//! others have is timed where it is here: OpenSSL, by Python's hashlib, and hashcat, which does many keys at once.

use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use haechi_captcha::Algorithm;

use crate::command::{built, cargo, root, run};

/// Derives as often as it can in a second of processor time, and prints algorithm and derivations a second.
const OPENSSL: &str = r#"
import hashlib, time
def rate(name, derive):
    start, count = time.process_time(), 0
    while time.process_time() - start < 1:
        for _ in range(20): derive()
        count += 20
    print(name, count / (time.process_time() - start))
password, salt = bytes(20), bytes(16)
rate("PBKDF2/SHA-256", lambda: hashlib.pbkdf2_hmac("sha256", password, salt, COST))
rate("SHA-256", lambda: hashlib.sha256(salt + password).digest())
rate("SCRYPT", lambda: hashlib.scrypt(password, salt=salt, n=N, r=R, p=1, dklen=32))
"#;

/// What was measured.
pub(super) struct Native {
    timed: Vec<Timed>,
    rates: Vec<Rate>,
}

/// Seconds of processor time that something takes.
struct Timed {
    what: String,
    algorithm: Algorithm,
    level: u8,
    seconds: f64,
}

/// Derivations that a program does in a second on one processor.
pub(super) struct Rate {
    pub(super) program: &'static str,
    pub(super) algorithm: Algorithm,
    pub(super) a_second: f64,
}

impl Native {
    pub(super) fn measure(seconds: f64) -> anyhow::Result<Self> {
        run(&mut cargo(&["build", "--release", "--locked", "--package", "haechi-captcha", "--example", "work"]))?;
        let printed = output(Command::new(built("release", "examples/work")).arg(seconds.to_string()))?;
        let timed: Vec<Timed> = printed.lines().map(timed).collect::<anyhow::Result<_>>()?;
        let library = timed.iter().filter(|timed| timed.what == "derive").map(|timed| Rate {
            program: "this library",
            algorithm: timed.algorithm,
            a_second: 1.0 / timed.seconds,
        });
        let mut rates: Vec<Rate> = library.collect();
        for (program, measured) in [("OpenSSL", openssl()), ("hashcat", hashcat())] {
            match measured {
                Ok(measured) => rates.extend(measured),
                Err(error) => println!("NOT MEASURED: {program}: {error:#}"),
            }
        }
        Ok(Self { timed, rates })
    }

    /// Seconds that the server needs for this at a level.
    pub(super) fn seconds(&self, what: &str, algorithm: Algorithm, level: u8) -> f64 {
        let is_it = |timed: &&Timed| timed.what == what && timed.algorithm == algorithm && timed.level == level;
        self.timed.iter().find(is_it).map_or(f64::NAN, |timed| timed.seconds)
    }

    pub(super) fn rates(&self, algorithm: Algorithm) -> impl Iterator<Item = &Rate> {
        self.rates.iter().filter(move |rate| rate.algorithm == algorithm)
    }

    /// The program that derives most.
    pub(super) fn fastest(&self, algorithm: Algorithm) -> &Rate {
        let fastest = self.rates(algorithm).max_by(|one, other| one.a_second.total_cmp(&other.a_second));
        fastest.expect("the library is among them")
    }
}

fn timed(line: &str) -> anyhow::Result<Timed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [what, algorithm, level, seconds] = words[..] else { anyhow::bail!("no time is said in {line:?}") };
    Ok(Timed { what: what.to_owned(), algorithm: algorithm.parse()?, level: level.parse()?, seconds: seconds.parse()? })
}

fn openssl() -> anyhow::Result<Vec<Rate>> {
    let scrypt = Algorithm::Scrypt;
    let program = OPENSSL
        .replace("COST", &Algorithm::Pbkdf2.cost().to_string())
        .replace("n=N", &format!("n={}", scrypt.cost()))
        .replace("r=R", &format!("r={}", scrypt.memory_cost().unwrap_or(1)));
    let printed = output(Command::new("python3").args(["-c", &program]))?;
    let rate = |line: &str| {
        let (algorithm, a_second) = line.split_once(' ').with_context(|| format!("no rate in {line:?}"))?;
        Ok(Rate { program: "OpenSSL", algorithm: algorithm.parse()?, a_second: a_second.parse()? })
    };
    printed.lines().map(rate).collect()
}

/// It runs on the processor, of which it is kept to one, and not in processor time: most of that goes into its
/// preparations. Of scrypt its benchmark does not fit our parameters.
fn hashcat() -> anyhow::Result<Vec<Rate>> {
    let rate = |algorithm: Algorithm, mode: &str, per_cost: f64| {
        let benchmark = ["-c", "0", "hashcat", "--benchmark", "--machine-readable", "-D", "1", "-m", mode];
        // Where it keeps what it builds.
        let printed = output(Command::new("taskset").args(benchmark).current_dir(root().join("target")))?;
        let line = printed.lines().find(|line| line.starts_with("1:")).context("it says no rate")?;
        let a_second: f64 = line.rsplit(':').next().unwrap_or_default().parse()?;
        Ok(Rate { program: "hashcat", algorithm, a_second: a_second * per_cost / f64::from(algorithm.cost()) })
    };
    // Its benchmark of PBKDF2 has 999 iterations.
    [(Algorithm::Pbkdf2, "10900", 999.0), (Algorithm::Sha256, "1410", 1.0)]
        .into_iter()
        .map(|(algorithm, mode, per_cost)| rate(algorithm, mode, per_cost))
        .collect()
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_owned();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{} could not be started", program.display()))?;
    ensure!(output.status.success(), "{} failed: {}", program.display(), output.status);
    Ok(String::from_utf8(output.stdout)?)
}
