//! Labelled pictures and sounds, as `haechi render` and `haechi speak` make them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use haechi_captcha::{Alphabet, Answer, Key, Keyring, Secret, Seed, Word};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Common, output};

#[derive(Args)]
pub(super) struct Samples {
    /// The answer, 1 to 8 letters and digits [default: a random one for each file]
    #[arg(conflicts_with = "length")]
    answer: Option<Answer>,
    /// File to write, or with --count directory; - is standard output [default: named after the answer, here]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Number of files, which are numbered and named after their answers
    #[arg(long, value_name = "COUNT")]
    count: Option<usize>,
    /// Any text; the same one makes the same files
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
    /// Any text, which stands for an installation's secret [default: none with --seed, else a random secret]
    #[arg(long, value_name = "TEXT")]
    secret_seed: Option<String>,
    /// Characters in a random answer, 1 to 8
    #[arg(long, value_name = "CHARACTERS", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=8))]
    length: u8,
    /// Characters that a random answer is made of: standard (letters and digits) or digits
    #[arg(long, value_name = "ALPHABET", default_value = "standard", conflicts_with = "answer")]
    alphabet: Alphabet,
    #[command(flatten)]
    common: Common,
}

/// How a sample becomes a file's content.
pub(super) trait Medium: Sync {
    /// The end of the files' names.
    fn extension(&self) -> &'static str;

    /// The word that the content for a challenge shows or says.
    fn word(&self, challenge: &Word) -> Answer;

    /// The content for a challenge.
    fn of_challenge(&self, challenge: &Word) -> Vec<u8>;

    /// The content for an answer that somebody chose.
    fn of_answer(&self, answer: &Answer, seed: &Seed) -> Vec<u8>;
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    answer: String,
}

impl Samples {
    /// Makes the files, and says which.
    pub(super) fn make(&self, medium: &impl Medium) -> Result<()> {
        let source = Source::new(self)?;
        match self.count {
            None => self.make_one(medium, &source),
            Some(count) => self.make_many(medium, &source, count),
        }
    }

    fn make_one(&self, medium: &impl Medium, source: &Source) -> Result<()> {
        let (answer, content) = source.sample(0, medium);
        let name = format!("{}.{}", answer.as_str(), medium.extension());
        let path = match &self.out {
            Some(out) if out == Path::new("-") && self.common.json => bail!("--out - leaves no room for --json"),
            Some(out) if out == Path::new("-") => return output::print_bytes(&content),
            Some(out) if out.is_dir() => out.join(name),
            Some(out) => out.clone(),
            None => name.into(),
        };
        write(&path, &content)?;
        let written = Written { file: path, answer: answer.as_str().to_owned() };
        if self.common.json {
            output::print_json(&written)
        } else {
            output::print(&format!("wrote {}\n", written.file.display()))
        }
    }

    fn make_many(&self, medium: &impl Medium, source: &Source, count: usize) -> Result<()> {
        let directory = self.out.as_deref().unwrap_or(Path::new("."));
        if directory == Path::new("-") {
            bail!("--count writes files: name a directory with --out");
        }
        fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let written = in_parallel(count, |index| {
            let (answer, content) = source.sample(index, medium);
            let file = directory.join(format!("{index:05}_{}.{}", answer.as_str(), medium.extension()));
            write(&file, &content)?;
            Ok(Written { file, answer: answer.as_str().to_owned() })
        })?;
        if self.common.json {
            output::print_json(&written)
        } else {
            output::print(&format!("wrote {count} files to {}\n", directory.display()))
        }
    }
}

/// Where samples come from: numbered, so that each is the same whoever makes it when.
struct Source {
    keyring: Keyring,
    secret: Secret,
    keys: Seed,
    answer: Option<Answer>,
    length: u8,
    alphabet: Alphabet,
}

impl Source {
    fn new(samples: &Samples) -> Result<Self> {
        let secret = match (&samples.secret_seed, &samples.seed) {
            (Some(text), _) => Secret::from_bytes(hash(text)),
            (None, Some(_)) => Secret::from_bytes(hash("")),
            (None, None) => Secret::from_bytes(random_bytes()?),
        };
        let keys = match &samples.seed {
            Some(text) => Seed::from_bytes(hash(text)),
            None => Seed::from_bytes(random_bytes()?),
        };
        let keyring = Keyring::new(&secret);
        Ok(Self {
            keyring,
            secret,
            keys,
            answer: samples.answer.clone(),
            length: samples.length,
            alphabet: samples.alphabet,
        })
    }

    fn sample(&self, index: usize, medium: &impl Medium) -> (Answer, Vec<u8>) {
        let key = Key::from_random_bytes(bytes_of(&self.keys, index as u64));
        match &self.answer {
            Some(answer) => (answer.clone(), medium.of_answer(answer, &self.seed_of(&key))),
            None => {
                let challenge = self.keyring.sample(key, self.length, self.alphabet);
                (medium.word(&challenge), medium.of_challenge(&challenge))
            }
        }
    }

    /// The seed for a chosen answer, which no key has.
    fn seed_of(&self, key: &Key) -> Seed {
        let hash = Sha256::new().chain_update(self.secret.to_hex().as_bytes()).chain_update(key.as_bytes());
        Seed::from_bytes(hash.finalize().into())
    }
}

/// 32 bytes that stand for a text.
fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn bytes_of<const LENGTH: usize>(seed: &Seed, substream: u64) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    seed.substream(substream).fill(&mut bytes);
    bytes
}

fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random bytes")?;
    Ok(bytes)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// Does a job for each index below `count`, on all processors, and returns the outcomes in order.
fn in_parallel<Outcome: Send>(count: usize, job: impl Fn(usize) -> Result<Outcome> + Sync) -> Result<Vec<Outcome>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(done);
            }
            done.push((index, job(index)?));
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from).min(count);
    let done = thread::scope(|scope| {
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let finished = working.into_iter().map(|worker| worker.join().expect("drawing and speaking do not panic"));
        finished.collect::<Result<Vec<Vec<(usize, Outcome)>>>>()
    })?;
    let mut outcomes: Vec<_> = done.into_iter().flatten().collect();
    outcomes.sort_by_key(|(index, _)| *index);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}
