//! Speaks answers to listen to, or times the speaking.
//!
//! ```text
//! speak FOLDER [COUNT]     writes COUNT labelled sounds of each language, noisy and clean
//! speak --time [COUNT] [LANGUAGE]     prints time and size per sound
//! speak --notices FOLDER   writes the notices of each language at both paces
//! ```

use std::{env, error::Error, fs, path::Path, time::Instant};

use haechi_captcha::{
    Alphabet, Answer, Language, Notice, Pace, Seed, Speech,
    sound::{speak, speak_notice},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let target = arguments.first().ok_or("see the head of examples/speak.rs for the arguments")?;
    if target == "--notices" {
        return write_notices(arguments.get(1).ok_or("which folder?")?);
    }
    let count = arguments.get(1).map_or(Ok(20), |text| text.parse())?;
    if target == "--time" {
        time(count, arguments.get(2).map_or("en", String::as_str).parse()?);
        return Ok(());
    }
    fs::create_dir_all(target)?;
    for language in Language::ALL {
        for (answer, seed) in (0..count).map(sample) {
            let name = Path::new(target).join(format!("{}_{}", language.tag(), answer.as_str()));
            let speech = Speech::new(language);
            fs::write(name.with_extension("wav"), speak(&answer, &seed, &speech))?;
            fs::write(name.with_extension("clean.wav"), speak(&answer, &seed, &speech.clean()))?;
        }
    }
    Ok(())
}

fn write_notices(folder: &str) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (notice, kind) in Notice::SPOKEN.into_iter().zip(["expired", "too_many", "busy"]) {
        for language in Language::ALL {
            for (pace, suffix) in [(Pace::Normal, ""), (Pace::Slow, "_slow")] {
                let path = Path::new(folder).join(format!("{kind}_{}{suffix}.wav", language.tag()));
                fs::write(path, speak_notice(notice, &Speech::new(language).with_pace(pace)))?;
            }
        }
    }
    Ok(())
}

/// The numbered seed's answer, and the seed of its sound.
fn sample(number: u64) -> (Answer, Seed) {
    let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, 5);
    (answer, Seed::from_number(number + (1 << 32)))
}

fn time(count: u64, language: Language) {
    let samples: Vec<_> = (0..count).map(sample).collect();
    let mut sizes = Vec::new();
    let mut fastest = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        sizes = samples.iter().map(|(answer, seed)| speak(answer, seed, &Speech::new(language)).len()).collect();
        fastest = fastest.min(start.elapsed().as_secs_f64() / count as f64);
    }
    sizes.sort_unstable();
    println!("{:.2} ms per sound (best of 5 rounds of {count}), {} bytes", fastest * 1e3, sizes[sizes.len() / 2]);
}
