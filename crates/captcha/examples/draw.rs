//! Draws pictures to look at, or times the drawing.
//!
//! ```text
//! draw FOLDER [COUNT] [WIDTH HEIGHT] [LENGTH] [SCALE] [light|dark]    writes COUNT labelled pictures
//! draw --time [COUNT] [WIDTH HEIGHT] [LENGTH] [SCALE] [light|dark]    prints time and size per picture
//! draw --plain FOLDER [WIDTH HEIGHT] [SCALE]                          writes the test picture and the notices
//! ```

use std::{env, error::Error, fs, path::Path, str::FromStr, time::Instant};

use haechi_captcha::{Alphabet, Answer, Language, Look, Notice, Scale, Seed, Theme, image};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let argument = |index: usize| arguments.get(index).map(String::as_str);
    match argument(0) {
        Some("--plain") => {
            let scale = Scale::try_from(number(&arguments, 4, 1)?)?;
            draw_plain(argument(1).ok_or("which folder?")?, &look(&arguments, 2)?.with_scale(scale))
        }
        Some(target) => {
            let count = number(&arguments, 1, 20)?;
            let length = number(&arguments, 4, 5)?;
            let scale = Scale::try_from(number(&arguments, 5, 1)?)?;
            let theme = Theme::from_str(argument(6).unwrap_or("light"))?;
            let look = look(&arguments, 2)?.with_scale(scale).with_theme(theme);
            if target == "--time" { time(count, length, &look) } else { draw(target, count, length, &look) }
        }
        None => Err("see the head of examples/draw.rs for the arguments".into()),
    }
}

fn number<T: FromStr<Err: Error + 'static>>(
    arguments: &[String],
    index: usize,
    default: T,
) -> Result<T, Box<dyn Error>> {
    arguments.get(index).map_or(Ok(default), |text| text.parse().map_err(Into::into))
}

fn look(arguments: &[String], index: usize) -> Result<Look, Box<dyn Error>> {
    Ok(Look::new(number(arguments, index, 240)?, number(arguments, index + 1, 80)?)?)
}

/// The numbered seed's answer, and the seed of its picture.
fn sample(number: u64, length: u8) -> (Answer, Seed) {
    let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, length);
    (answer, Seed::from_number(number + (1 << 32)))
}

fn draw(folder: &str, count: u64, length: u8, look: &Look) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for number in 0..count {
        let (answer, seed) = sample(number, length);
        let path = Path::new(folder).join(format!("{number:05}_{}.gif", answer.as_str()));
        fs::write(path, image::render(&answer, &seed, look))?;
    }
    Ok(())
}

fn draw_plain(folder: &str, look: &Look) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (name, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
        let look = look.clone().with_theme(theme);
        let test = image::render_test(&"TEST5".parse()?, &look);
        fs::write(Path::new(folder).join(format!("test_{name}.gif")), test)?;
        for (notice, kind) in Notice::ALL.into_iter().zip(["expired", "too_many", "busy", "unknown"]) {
            for language in Language::ALL {
                let path = Path::new(folder).join(format!("{kind}_{}_{name}.gif", language.tag()));
                fs::write(path, image::render_notice(notice, language, &look))?;
            }
        }
    }
    Ok(())
}

fn time(count: u64, length: u8, look: &Look) -> Result<(), Box<dyn Error>> {
    let samples: Vec<_> = (0..count).map(|number| sample(number, length)).collect();
    let mut sizes = Vec::new();
    let mut fastest = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        sizes = samples.iter().map(|(answer, seed)| image::render(answer, seed, look).len()).collect();
        fastest = fastest.min(start.elapsed().as_secs_f64() / count as f64);
    }
    sizes.sort_unstable();
    let (median, largest) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    println!("{:.0} µs per picture (best of 5 rounds of {count}), {median} bytes (largest {largest})", fastest * 1e6);
    Ok(())
}
