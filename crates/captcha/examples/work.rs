//! Times work, for those who ask for it and for a program that does it by this library.
//!
//! ```text
//! work [SECONDS]     prints lines of what, algorithm, level and seconds of processor time
//! ```
//!
//! `derive` is one try. `issue` makes a key and its puzzle; `right` and `false` judge a solution, of which the false one
//! has another counter. It needs Linux, which says how long a thread ran.

use std::{env, error::Error, fs, hint::black_box, time::Duration};

use haechi_captcha::{
    Algorithm, Challenge, Claims, Judgement, Keyring, Nonce, Puzzle, Secret, Shape, Solution, Terms, Work,
};

/// How often something is done between two looks at the clock.
const AT_ONCE: u32 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let time = Duration::from_secs_f64(env::args().nth(1).map_or(Ok(0.5), |text| text.parse())?);
    let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
    for algorithm in Algorithm::ALL {
        for level in Shape::LEVELS {
            let terms = Terms { algorithm, beside: None };
            let mut number = 0;
            let mut issue = || {
                number += 1;
                let puzzle = issued(&keyring, level, number).puzzle(&terms);
                black_box(puzzle)
            };
            let puzzle = issue();
            let print = |what: &str, seconds: f64| println!("{what} {algorithm} {level} {seconds:.9}");
            print("issue", measure(time, || _ = issue())?);
            let (work, right) = solved(&keyring, &terms, level)?;
            let other = Solution { counter: right.counter + 1, ..right };
            for (what, solution, expected) in [("right", right, Judgement::Right), ("false", other, Judgement::Wrong)] {
                let seconds = measure(time, || assert_eq!(work.judge(&terms, black_box(&solution)), expected))?;
                print(what, seconds);
            }
            if level == *Shape::LEVELS.start() {
                let mut counter = 0;
                let mut derive = || {
                    counter += 1;
                    black_box(puzzle.derive(counter));
                };
                print("derive", measure(time, &mut derive)?);
            }
        }
    }
    Ok(())
}

fn issued(keyring: &Keyring, level: u8, number: u32) -> Work {
    let nonce = Nonce { node: 1, counter: number };
    let claims = Claims { shape: Shape::Work { level }, nonce, ..Claims::default() };
    match keyring.open(&keyring.issue(&claims)) {
        Some(Challenge::Work(work)) => work,
        _ => unreachable!("it was issued as work"),
    }
}

/// Work and its solution, of which the secret tells the counter.
fn solved(keyring: &Keyring, terms: &Terms, level: u8) -> Result<(Work, Solution), Box<dyn Error>> {
    let work = issued(keyring, level, 0);
    let puzzle: Puzzle = work.puzzle(terms);
    let counter = (0..puzzle.counters).find(|counter| work.has_counter(terms, *counter)).ok_or("it has no counter")?;
    Ok((work, Solution { counter, derived: puzzle.derive(counter) }))
}

/// Seconds of processor time that it takes once.
fn measure(time: Duration, mut act: impl FnMut()) -> Result<f64, Box<dyn Error>> {
    act();
    let start = ran()?;
    let mut count = 0;
    while ran()? - start < time {
        (0..AT_ONCE).for_each(|_| act());
        count += AT_ONCE;
    }
    Ok((ran()? - start).as_secs_f64() / f64::from(count))
}

/// How long this thread ran so far.
fn ran() -> Result<Duration, Box<dyn Error>> {
    let schedule = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = schedule.split_whitespace().next().ok_or("there is no time in schedstat")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
