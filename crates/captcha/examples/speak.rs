//! Speaks random answers in each language, noisy and clean, and says how long that took.
//!
//! `cargo run --release -p haechi-captcha --example speak -- [DIRECTORY [COUNT]]`

use std::{path::Path, time::Instant};

use haechi_captcha::{Alphabet, Answer, Language, Seed, Speech, sound};

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next();
    let count = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(200);
    for language in Language::ALL {
        let start = Instant::now();
        let first = sound::speak(
            &Answer::derive(&Seed::from_number(0), Alphabet::Standard, 5),
            &Seed::from_number(0),
            &Speech::new(language),
        );
        let first_ms = start.elapsed().as_secs_f64() * 1e3;
        let (ms, secs) = speak_all(language, count, directory.as_deref().map(Path::new))?;
        println!(
            "{}: {ms:.2} ms for {secs:.1} s each; {first_ms:.1} ms for the first ({} bytes)",
            language.tag(),
            first.len()
        );
    }
    Ok(())
}

/// Mean milliseconds of work and seconds of sound.
fn speak_all(language: Language, count: u64, directory: Option<&Path>) -> std::io::Result<(f64, f64)> {
    let (mut spent_secs, mut bytes) = (0.0, 0);
    for number in 0..count {
        let seed = Seed::from_number(number);
        let answer = Answer::derive(&seed, Alphabet::Standard, 5);
        let start = Instant::now();
        let wav = sound::speak(&answer, &seed, &Speech::new(language));
        spent_secs += start.elapsed().as_secs_f64();
        bytes += wav.len();
        if let Some(directory) = directory {
            let name = format!("{}_{number:05}_{}", language.tag(), answer.as_str());
            std::fs::write(directory.join(format!("{name}.wav")), wav)?;
            let clean = sound::speak(&answer, &seed, &Speech::new(language).clean());
            std::fs::write(directory.join(format!("{name}.clean.wav")), clean)?;
        }
    }
    Ok((spent_secs * 1e3 / count as f64, bytes as f64 / 32_000.0 / count as f64))
}
