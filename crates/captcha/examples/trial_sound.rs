//! Speaks labelled sounds in a style that differs from that of challenges in what the arguments say, to try styles.
//!
//! ```text
//! trial_sound FOLDER LANGUAGE COUNT SEED [FIELD=NUMBER | FIELD=FROM..TO]...      such as babble_gain=0.1..0.3
//! trial_sound --time LANGUAGE COUNT SEED [FIELD=…]...      such as format=mulaw
//! ```
//!
//! Beside each sound of FOLDER the same one without noise goes to FOLDER-clean.

use std::{env, error::Error, fs, path::Path, time::Instant};

use haechi_captcha::{
    Alphabet, Answer, Language, Seed, Speech,
    sound::{Style, speak_in_style},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, language, count, seed, changes @ ..] = arguments.as_slice() else {
        return Err("see the head of examples/trial_sound.rs for the arguments".into());
    };
    let (language, count, seed): (Language, u64, u64) = (language.parse()?, count.parse()?, seed.parse()?);
    let (mut style, mut speech) = (Style::challenge(language), Speech::new(language));
    for change in changes {
        let (field, value) = change.split_once('=').ok_or("a change is FIELD=VALUE")?;
        match field {
            "voice" => style.only_voice = Some(value.parse()?),
            "pace" => speech = speech.with_pace(value.parse()?),
            "format" => speech = speech.with_format(value.parse()?),
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
            let size: usize =
                samples.iter().map(|(answer, seed)| speak_in_style(answer, seed, &speech, &style).len()).sum();
            let millis = start.elapsed().as_secs_f64() * 1e3 / count as f64;
            println!("{millis:.2} ms, {} bytes", size as u64 / count);
        }
        return Ok(());
    }
    let clean = format!("{folder}-clean");
    fs::create_dir_all(folder)?;
    fs::create_dir_all(&clean)?;
    for (index, (answer, seed)) in samples.iter().enumerate() {
        let name = format!("{index:05}_{}.wav", answer.as_str());
        fs::write(Path::new(folder).join(&name), speak_in_style(answer, seed, &speech, &style))?;
        fs::write(Path::new(&clean).join(&name), speak_in_style(answer, seed, &speech.clone().clean(), &style))?;
    }
    Ok(())
}

fn apply(style: &mut Style, field: &str, value: &str) -> Result<(), Box<dyn Error>> {
    let range = || -> Result<(f32, f32), Box<dyn Error>> {
        let (start, end) = value.split_once("..").ok_or("a range is FROM..TO")?;
        Ok((start.parse()?, end.parse()?))
    };
    macro_rules! fields {
        ($($range:ident)*; $($number:ident)*; $($behind_range:ident)*; $($behind_number:ident)*) => {
            match field {
                $(stringify!($range) => style.$range = range()?,)*
                $(stringify!($number) => style.$number = value.parse()?,)*
                $(stringify!($behind_range) => style.background.$behind_range = range()?,)*
                $(stringify!($behind_number) => style.background.$behind_number = value.parse()?,)*
                _ => return Err(format!("a style has no {field}").into()),
            }
        };
    }
    fields!(
        head_secs lead_in_pause_secs period_secs tail_secs stretch pitch glide speech_gain tilt colour_secs colour_gain
            wall_secs wall_gain;
        shortest_gap_secs walls;
        babble_gain babble_piece_secs babble_gap_secs babble_pitch noise_level noise_change_secs noise_darkness;
        babble_voices babble_lanes babble_reversed_per_256
    );
    Ok(())
}
