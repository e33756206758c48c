//! Whether the time that a comparison takes says anything of the answer, in the manner of dudect (Reparaz, Balasch and
//! Verbauwhede, 2017): two classes of inputs, measured in random turns, and Welch's t between their times.
//!
//! A timed test, so not one for every run: `cargo test --release -p haechi-captcha --test timing -- --ignored`

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{hint::black_box, time::Instant};

use haechi_captcha::Answer;

/// Measurements of each class.
const MEASUREMENTS: usize = 200_000;
/// Comparisons in one measurement, since one alone is too fast for the clock.
const REPEATS: usize = 64;
/// The share of the slowest measurements that is left out: they are interruptions, not comparisons.
const LEFT_OUT: f64 = 0.1;
/// From here on dudect takes a difference for real.
const LEAK: f64 = 4.5;

/// Welch's t between the times that `compare` takes for two inputs.
fn t(compare: impl Fn(&str) -> bool, inputs: [&str; 2]) -> f64 {
    let mut times = [Vec::with_capacity(MEASUREMENTS), Vec::with_capacity(MEASUREMENTS)];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    while times.iter().any(|times| times.len() < MEASUREMENTS) {
        // Xorshift: which class is next must follow no pattern that a branch predictor could learn.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let class = (random >> 33 & 1) as usize;
        let input = black_box(inputs[class]);
        let start = Instant::now();
        for _ in 0..REPEATS {
            black_box(compare(black_box(input)));
        }
        times[class].push(start.elapsed().as_nanos() as f64);
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    let longest = all[((all.len() - 1) as f64 * (1.0 - LEFT_OUT)) as usize];
    let [first, second] = times.map(|times| {
        let kept: Vec<f64> = times.into_iter().filter(|time| *time <= longest).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    });
    (first.0 - second.0) / (first.1 + second.1).sqrt()
}

#[test]
#[ignore = "it measures time, and so wants a machine of its own"]
fn the_time_of_a_comparison_says_nothing_of_the_answer() {
    let answer: Answer = "KX7R4".parse().unwrap();
    for wrong in ["KX7R3", "HX7R4", "33333"] {
        let t = t(|typed| answer.matches(typed), ["KX7R4", wrong]);
        println!("right against {wrong}: t = {t:.2}");
        assert!(t.abs() < LEAK, "{wrong}: t = {t}");
    }
}

#[test]
#[ignore = "it measures time, and so wants a machine of its own"]
fn a_comparison_that_stops_at_the_first_difference_is_found_out() {
    let compare = |typed: &str| typed.bytes().zip("KX7R4".bytes()).all(|(typed, right)| black_box(typed) == right);
    let t = t(compare, ["KX7R4", "33333"]);
    println!("right against wrong: t = {t:.2}");
    assert!(t.abs() > LEAK, "t = {t}");
}
