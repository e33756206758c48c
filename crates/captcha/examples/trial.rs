//! Draws labelled pictures in a style that differs from the standard one in what the arguments say, to try looks.
//!
//! ```text
//! trial FOLDER COUNT SEED [FIELD=NUMBER | FIELD=FROM..TO]...      such as warp_caps=0.2 overlap_caps=-0.05..0.02
//! trial --time COUNT SEED [FIELD=…]...
//! ```

use std::{env, error::Error, fs, ops::Range, path::Path, time::Instant};

use haechi_captcha::{
    Alphabet, Answer, Difficulty, Look, Seed, Theme,
    image::{Fills, Style, render_in_style},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, count, seed, changes @ ..] = arguments.as_slice() else {
        return Err("see the head of examples/trial.rs for the arguments".into());
    };
    let (count, seed): (u64, u64) = (count.parse()?, seed.parse()?);
    let mut style = Style::of(Difficulty::default());
    let mut look = Look::default();
    for change in changes {
        let (field, value) = change.split_once('=').ok_or("a change is FIELD=VALUE")?;
        match field {
            "level" => style = Style::of(Difficulty::try_from(value.parse::<u8>()?)?),
            "fills" => style.fills = fills(value)?,
            "theme" => look = look.with_theme(value.parse::<Theme>()?),
            _ => apply(&mut style, field, value)?,
        }
    }
    let samples = (0..count).map(|number| {
        let number = seed << 32 | number;
        (Answer::derive(&Seed::from_number(number), Alphabet::Standard, 5), Seed::from_number(number | 1 << 63))
    });
    let samples: Vec<_> = samples.collect();
    if folder == "--time" {
        for _ in 0..5 {
            let start = Instant::now();
            let mut sizes: Vec<_> =
                samples.iter().map(|(answer, seed)| render_in_style(answer, seed, &look, &style).len()).collect();
            let micros = start.elapsed().as_secs_f64() * 1e6 / count as f64;
            sizes.sort_unstable();
            println!("{micros:.0} µs, median {} bytes", sizes[sizes.len() / 2]);
        }
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    for (index, (answer, seed)) in samples.iter().enumerate() {
        let path = Path::new(folder).join(format!("{index:05}_{}.gif", answer.as_str()));
        fs::write(path, render_in_style(answer, seed, &look, &style))?;
    }
    Ok(())
}

/// Shares of solid, hollow, half hollow, sliced and echo.
fn fills(value: &str) -> Result<Fills, Box<dyn Error>> {
    let shares: Vec<f32> = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let [solid, hollow, half_hollow, sliced, echo] = shares[..] else {
        return Err("fills are five shares: solid, hollow, half hollow, sliced, echo".into());
    };
    Ok(Fills { solid, hollow, half_hollow, sliced, echo })
}

fn apply(style: &mut Style, field: &str, value: &str) -> Result<(), Box<dyn Error>> {
    let range = || -> Result<Range<f32>, Box<dyn Error>> {
        let (start, end) = value.split_once("..").ok_or("a range is FROM..TO")?;
        Ok(start.parse()?..end.parse()?)
    };
    macro_rules! fields {
        ($($range:ident)*; $($number:ident)*) => {
            match field {
                $(stringify!($range) => style.$range = range()?,)*
                $(stringify!($number) => style.$number = value.parse()?,)*
                _ => return Err(format!("a style has no {field}").into()),
            }
        };
    }
    fields!(
        arc_caps row_arc_caps arc_width line_slope line_arch line_wave row_size letter_height letter_width overlap_caps row_width fill distractors_per_letter distractor_length_caps distractor_width_caps;
        rotation_degrees turn_with_line farthest_turn_degrees slant rise_caps nesting_caps least_cap row_gap_caps row_nesting_caps swell_caps swell_length_caps
        warp_caps warp_length_caps margin stretch_tall stretch_wide band_caps band_slope band_bend
        band_bend_length_caps tone_length_caps bridge_caps band_variation deep_bands grain_tones grain_size distractors_near distractor_bend_degrees distractor_gap_caps distractor_end_gap_caps
    );
    Ok(())
}
