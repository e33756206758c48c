//! Work: something to compute, for whoever can use neither picture nor sound, and for machines, of which more is asked.
//!
//! It has the form of ALTCHA's second version, with a counter that is known to whoever holds the secret: 32 bytes are
//! derived from a nonce and a counter, and begin with a prefix for one counter alone. Whoever solves it tries 0, 1, 2 and
//! so on. So there is an end to it, by which progress can be shown and its time be told, and its time spreads less than
//! that of a lottery. Nothing is stored: the nonce is the key, and salt, counter and prefix follow from it.
//!
//! To make a puzzle costs one derivation, a false solution one keyed hash, a right one a second derivation.
//!
//! For ALTCHA's first version there is a number instead, for which a hash is known. It costs less to make and to check, and
//! less to whoever has machines for hashing.

mod cap;

use std::{fmt, ops::Range, str::FromStr};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Claims, Error, Judgement, Key, Shape, challenge::Opened, secret::Purpose, seed::Stream};

pub use self::cap::SmallPuzzles;

/// Something to compute, of a level that its key fixes.
#[derive(Clone)]
pub struct Work {
    opened: Opened,
    level: u8,
}

/// What is agreed about work beside its level. A puzzle of other terms is another puzzle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What is computed.
    pub algorithm: Algorithm,
    /// The key of the word beside which the work is asked for: then its solution is worth nothing alone.
    pub beside: Option<Key>,
}

/// By what 32 bytes are derived from a nonce, a counter and a salt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018), which browsers have built in.
    #[default]
    Pbkdf2,
    /// SHA-256, again and again. Machines made for it compute it many thousand times as fast as a browser.
    Sha256,
    /// scrypt (RFC 7914), which needs memory, so that graphics cards gain less by it.
    Scrypt,
}

/// A puzzle as whoever is to solve it gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Puzzle {
    /// What is computed.
    pub algorithm: Algorithm,
    /// What the counter is put behind.
    pub nonce: [u8; 16],
    /// The algorithm's salt.
    pub salt: [u8; 16],
    /// With what the derived bytes begin for one counter.
    pub prefix: [u8; Puzzle::PREFIX_BYTES],
    /// One more than the largest counter that need be tried.
    pub counters: u32,
}

/// A counter, and what is derived for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Solution {
    /// The counter.
    pub counter: u32,
    /// All bytes that are derived for it.
    pub derived: [u8; Puzzle::DERIVED_BYTES],
}

impl Work {
    pub(crate) fn new(opened: Opened, level: u8) -> Self {
        Self { opened, level }
    }

    /// The key that was opened.
    #[must_use]
    pub fn key(&self) -> Key {
        self.opened.key
    }

    /// What the key says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.opened.claims
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// How much there is to compute, in [`Shape::LEVELS`].
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// The puzzle. It takes a derivation.
    #[must_use]
    pub fn puzzle(&self, terms: &Terms) -> Puzzle {
        let Drawn { mut puzzle, counter } = self.draw(terms);
        let derived = puzzle.derive(counter);
        puzzle.prefix.copy_from_slice(&derived[..Puzzle::PREFIX_BYTES]);
        puzzle
    }

    /// Whether the solution is one. It takes a derivation only if the counter is right.
    #[must_use]
    pub fn judge(&self, terms: &Terms, solution: &Solution) -> Judgement {
        let Drawn { puzzle, counter } = self.draw(terms);
        let is_right = counter == solution.counter && bool::from(puzzle.derive(counter).ct_eq(&solution.derived));
        if is_right { Judgement::Right } else { Judgement::Wrong }
    }

    /// Whether the counter is the right one, which takes no derivation. Whether it was found by computing is for
    /// [`Work::judge`] to say.
    #[must_use]
    pub fn has_counter(&self, terms: &Terms, counter: u32) -> bool {
        self.draw(terms).counter == counter
    }

    /// The number that is to be found where work is written as in ALTCHA's first version: whoever solves it gets the hash
    /// of a text and this number, and the text. Each up to [`Work::max_number`] is as likely as another, and no other word
    /// beside it has the same.
    #[must_use]
    pub fn number(&self, beside: Option<Key>) -> u32 {
        self.opened.seed(Purpose::Number(beside)).stream().below(self.max_number() + 1)
    }

    /// The largest number that need be tried.
    #[must_use]
    pub fn max_number(&self) -> u32 {
        Algorithm::Sha256.counters(self.level) - 1
    }

    /// The puzzle without its prefix, and the counter to which it belongs.
    fn draw(&self, terms: &Terms) -> Drawn {
        let mut stream = self.opened.seed(Purpose::Work(*terms)).stream();
        let mut salt = [0; 16];
        stream.fill(&mut salt);
        let counters = terms.algorithm.counters(self.level);
        let puzzle = Puzzle {
            algorithm: terms.algorithm,
            nonce: *self.opened.key.as_bytes(),
            salt,
            prefix: [0; Puzzle::PREFIX_BYTES],
            counters,
        };
        Drawn { puzzle, counter: counter(&mut stream, counters) }
    }
}

/// A puzzle without its prefix, and its counter.
struct Drawn {
    puzzle: Puzzle,
    counter: u32,
}

/// Each counter is as likely as another, so that whoever skips some gains nothing.
fn counter(stream: &mut Stream, counters: u32) -> u32 {
    stream.below(counters)
}

impl Puzzle {
    /// How many bytes are derived.
    pub const DERIVED_BYTES: usize = 32;
    /// With how many of them the puzzle tells a counter from others. The rest has to be computed.
    pub const PREFIX_BYTES: usize = Self::DERIVED_BYTES / 2;

    /// What is derived for a counter.
    #[must_use]
    pub fn derive(&self, counter: u32) -> [u8; Self::DERIVED_BYTES] {
        let mut password = [0; 20];
        password[..16].copy_from_slice(&self.nonce);
        password[16..].copy_from_slice(&counter.to_be_bytes());
        self.algorithm.derive(&password, &self.salt)
    }

    /// Tries counters, and returns the solution if it is among them. It is what browsers do, for tests and measurements.
    #[must_use]
    pub fn solve(&self, counters: Range<u32>) -> Option<Solution> {
        counters
            .map(|counter| Solution { counter, derived: self.derive(counter) })
            .find(|solution| solution.derived.starts_with(&self.prefix))
    }
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pbkdf2, Self::Sha256, Self::Scrypt];

    /// Its name in ALTCHA's protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pbkdf2 => "PBKDF2/SHA-256",
            Self::Sha256 => "SHA-256",
            Self::Scrypt => "SCRYPT",
        }
    }

    /// How often it hashes for one derivation; of scrypt, its N.
    #[must_use]
    pub const fn cost(self) -> u32 {
        match self {
            Self::Pbkdf2 => 1_000,
            Self::Sha256 => 1,
            Self::Scrypt => 1 << SCRYPT_LOG_N,
        }
    }

    /// Of scrypt, its r: blocks of 128 bytes, of which it keeps [`Algorithm::cost`].
    #[must_use]
    pub const fn memory_cost(self) -> Option<u32> {
        match self {
            Self::Pbkdf2 | Self::Sha256 => None,
            Self::Scrypt => Some(SCRYPT_R),
        }
    }

    /// Of scrypt, its p.
    #[must_use]
    pub const fn parallelism(self) -> Option<u32> {
        match self {
            Self::Pbkdf2 | Self::Sha256 => None,
            Self::Scrypt => Some(1),
        }
    }

    /// What is computed instead by a browser that has none of it built in, since it is old or the page came over plain
    /// HTTP: it is no less to compute for whoever has it in native code, and far less in a script.
    #[must_use]
    pub const fn in_scripts(self) -> Self {
        match self {
            Self::Pbkdf2 | Self::Scrypt => Self::Scrypt,
            Self::Sha256 => Self::Sha256,
        }
    }

    /// How many counters there are at a level, of which half must be tried on average.
    ///
    /// # Panics
    /// If there is no such level.
    #[must_use]
    pub const fn counters(self, level: u8) -> u32 {
        let usual = match self {
            Self::Pbkdf2 => 600,
            Self::Sha256 => 120_000,
            Self::Scrypt => 80,
        };
        usual * TENTHS[level as usize] / 10
    }

    fn derive(self, password: &[u8], salt: &[u8]) -> [u8; Puzzle::DERIVED_BYTES] {
        let mut derived = [0; Puzzle::DERIVED_BYTES];
        match self {
            Self::Pbkdf2 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, self.cost(), &mut derived),
            Self::Sha256 => {
                derived = Sha256::new().chain_update(salt).chain_update(password).finalize().into();
                for _ in 1..self.cost() {
                    derived = Sha256::digest(derived).into();
                }
            }
            Self::Scrypt => {
                let params = scrypt::Params::new(SCRYPT_LOG_N, SCRYPT_R, 1).expect("they are in range");
                scrypt::scrypt(password, salt, &params, &mut derived).expect("32 bytes can be derived");
            }
        }
        derived
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    /// Reads the name in ALTCHA's protocol.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or(Error::Algorithm)
    }
}

/// scrypt's N, as a power of two, and r: half a mebibyte.
const SCRYPT_LOG_N: u8 = 9;
const SCRYPT_R: u32 = 8;

/// How much there is to compute at each level, in tenths of level 0: about as much more from one to the next.
const TENTHS: [u32; *Shape::LEVELS.end() as usize + 1] = [10, 25, 63, 160];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Challenge, Keyring, Nonce, Secret};

    fn work(level: u8, counter: u32) -> Work {
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        let nonce = Nonce { node: 1, counter };
        let claims = Claims { app: 3, shape: Shape::Work { level }, nonce, ..Claims::default() };
        match keyring.open(&keyring.issue(&claims)) {
            Some(Challenge::Work(work)) => work,
            _ => panic!("it is work"),
        }
    }

    fn alone(algorithm: Algorithm) -> Terms {
        Terms { algorithm, beside: None }
    }

    #[test]
    fn whoever_tries_all_counters_finds_the_one() {
        for algorithm in Algorithm::ALL {
            let (work, terms) = (work(0, 1), alone(algorithm));
            let puzzle = work.puzzle(&terms);
            // The one is known here, so that the test need not try so many.
            let counter = work.draw(&terms).counter;
            let solution = puzzle.solve(counter.saturating_sub(3)..puzzle.counters).unwrap();
            assert_eq!(solution.counter, counter);
            assert_eq!(work.judge(&terms, &solution), Judgement::Right);
            assert!(work.has_counter(&terms, counter) && !work.has_counter(&terms, counter + 1));
            assert!(puzzle.solve(counter + 1..counter + 4).is_none());
        }
    }

    #[test]
    fn a_counter_that_was_guessed_is_no_solution() {
        let (work, terms) = (work(0, 1), alone(Algorithm::Sha256));
        let counter = work.draw(&terms).counter;
        let mut derived = [0; Puzzle::DERIVED_BYTES];
        derived[..Puzzle::PREFIX_BYTES].copy_from_slice(&work.puzzle(&terms).prefix);
        assert_eq!(work.judge(&terms, &Solution { counter, derived }), Judgement::Wrong);
    }

    #[test]
    fn work_beside_a_word_is_worth_nothing_alone_nor_beside_another() {
        let (work, algorithm) = (work(0, 1), Algorithm::Sha256);
        let terms = [None, Some(Key::from_random_bytes([1; 16])), Some(Key::from_random_bytes([2; 16]))];
        let terms = terms.map(|beside| Terms { algorithm, beside });
        let solutions = terms.map(|terms| {
            let puzzle = work.puzzle(&terms);
            puzzle.solve(0..puzzle.counters).unwrap()
        });
        for (asked, terms) in terms.iter().enumerate() {
            for (given, solution) in solutions.iter().enumerate() {
                assert_eq!(work.judge(terms, solution) == Judgement::Right, asked == given);
            }
        }
    }

    #[test]
    fn a_number_is_of_the_work_and_of_the_word_beside_it_and_spread_evenly() {
        let work_1 = work(0, 1);
        let beside = [None, Some(Key::from_random_bytes([1; 16])), Some(Key::from_random_bytes([2; 16]))];
        let [alone, first, second] = beside.map(|beside| work_1.number(beside));
        assert!(alone != first && first != second && alone != second);
        assert_eq!(first, work(0, 1).number(beside[1]));
        assert_ne!(alone, work(0, 2).number(None));
        for level in Shape::LEVELS {
            let max = work(level, 1).max_number();
            assert_eq!(max + 1, Algorithm::Sha256.counters(level));
            let numbers = (0..1_000).map(|number| work(level, number).number(None));
            let mut quarters = [0; 4];
            numbers.for_each(|number| quarters[(u64::from(number) * 4 / (u64::from(max) + 1)) as usize] += 1);
            assert!(quarters.iter().all(|count| (200..300).contains(count)), "{quarters:?}");
        }
    }

    #[test]
    fn counters_are_spread_evenly() {
        let terms = alone(Algorithm::Pbkdf2);
        let counters = terms.algorithm.counters(0);
        let drawn = (0..1_000).map(|number| work(0, number).draw(&terms).counter);
        let mut quarters = [0; 4];
        drawn.for_each(|counter| quarters[(counter * 4 / counters) as usize] += 1);
        assert!(quarters.iter().all(|count| (200..300).contains(count)), "{quarters:?}");
    }

    /// The values are those of Python's hashlib, which has OpenSSL compute them.
    #[test]
    fn keys_are_derived_as_others_derive_them() {
        check(Algorithm::Pbkdf2, "a98151f346ef4af429dbdfa044ddecf37b17391c5bae333b1a8846a21236cf7f");
        check(Algorithm::Sha256, "882e124633718a0cb04dd01b2330920ecab44cffe1903e6e77055d3cfe7e38f4");
        check(Algorithm::Scrypt, "ca5090b57d0eeb2f088602a2ae2eb81442eaf6170f7753f3e3e1820b786cac31");
    }

    fn check(algorithm: Algorithm, expected: &str) {
        let hex: String = algorithm.derive(b"nonce", b"salt").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, expected, "{algorithm}");
    }

    #[test]
    fn an_algorithm_is_found_by_its_name() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        assert_eq!("MD5".parse::<Algorithm>(), Err(Error::Algorithm));
    }
}
