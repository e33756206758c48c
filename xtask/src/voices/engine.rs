//! The speech engines, and which of their voices speak each language.

use std::{path::Path, process::Command};

use anyhow::{Context, bail, ensure};
use haechi_captcha::Language;

/// A voice of an engine, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speaker {
    /// espeak-ng: a variant of the language's voice, words a minute, and pitch (0 to 99).
    Espeak {
        /// The variant's file name.
        variant: &'static str,
        /// Words a minute.
        pace: u32,
        /// 0 to 99.
        pitch: u32,
    },
    /// flite: a built-in voice, and how much longer than usual it speaks.
    Flite {
        /// The voice's name.
        voice: &'static str,
        /// 1 is the usual length.
        stretch: f32,
    },
}

use Speaker::{Espeak, Flite};

/// The voices of espeak-ng that are understood best (docs/alphabet-by-ear.md says how that was found).
const ESPEAK: [Speaker; 10] = [
    Espeak { variant: "edward", pace: 165, pitch: 45 },
    Espeak { variant: "f1", pace: 165, pitch: 50 },
    Espeak { variant: "klatt4", pace: 165, pitch: 75 },
    Espeak { variant: "f5", pace: 180, pitch: 55 },
    Espeak { variant: "adam", pace: 180, pitch: 30 },
    Espeak { variant: "m6", pace: 165, pitch: 40 },
    Espeak { variant: "ed", pace: 160, pitch: 65 },
    Espeak { variant: "Annie", pace: 165, pitch: 45 },
    Espeak { variant: "Diogo", pace: 170, pitch: 70 },
    Espeak { variant: "f4", pace: 160, pitch: 75 },
];

const ENGLISH: [Speaker; 10] = [
    Flite { voice: "slt", stretch: 0.95 },
    Flite { voice: "rms", stretch: 0.85 },
    Flite { voice: "awb", stretch: 0.95 },
    Espeak { variant: "edward", pace: 155, pitch: 45 },
    Espeak { variant: "f5", pace: 175, pitch: 55 },
    Espeak { variant: "klatt4", pace: 165, pitch: 75 },
    Flite { voice: "kal16", stretch: 0.95 },
    Espeak { variant: "ed", pace: 160, pitch: 65 },
    Espeak { variant: "Annie", pace: 165, pitch: 45 },
    Espeak { variant: "Diogo", pace: 170, pitch: 70 },
];

/// How many of each language's voices, the first ones, can open a sound.
pub(crate) const OPENING_VOICES: usize = 3;

/// The voices of a language.
pub(crate) fn speakers(language: Language) -> &'static [Speaker] {
    if language == Language::En { &ENGLISH } else { &ESPEAK }
}

/// The voice that says a language's notices: of all, a recogniser understands it best when it says these.
pub(crate) fn announcer(language: Language) -> &'static Speaker {
    match language {
        Language::Ko => &Espeak { variant: "adam", pace: 183, pitch: 34 },
        Language::En => &Flite { voice: "slt", stretch: 0.95 },
        Language::Ja => &Espeak { variant: "Diogo", pace: 180, pitch: 60 },
        Language::Zh => &Espeak { variant: "Diogo", pace: 165, pitch: 70 },
    }
}

impl Speaker {
    /// The same voice, so many times as quick.
    pub(crate) fn hurried(self, by: f32) -> Self {
        match self {
            Espeak { variant, pace, pitch } => Espeak { variant, pace: (pace as f32 * by) as u32, pitch },
            Flite { voice, stretch } => Flite { voice, stretch: stretch / by },
        }
    }

    /// The WAV file that the engine makes of a text.
    pub(crate) fn speak(self, language: Language, text: &str, scratch: &Path) -> anyhow::Result<Vec<u8>> {
        let file = scratch.join("word.wav");
        let mut command = self.command(language, text, &file);
        let output =
            command.output().with_context(|| format!("cannot run {command:?}; is the Debian package installed?"))?;
        ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        std::fs::read(&file).with_context(|| format!("{command:?} wrote nothing"))
    }

    fn command(self, language: Language, text: &str, file: &Path) -> Command {
        match self {
            Espeak { variant, pace, pitch } => {
                let mut command = Command::new("espeak-ng");
                command.arg("-v").arg(format!("{}+{variant}", espeak_voice(language)));
                command.args(["-s", &pace.to_string(), "-p", &pitch.to_string(), "-w"]).arg(file).arg(text);
                command
            }
            Flite { voice, stretch } => {
                let mut command = Command::new("flite");
                command.args(["-voice", voice, "--setf", &format!("duration_stretch={stretch}")]);
                command.args(["-t", text, "-o"]).arg(file);
                command
            }
        }
    }
}

impl std::fmt::Display for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Espeak { variant, pace, pitch } => write!(f, "espeak-ng +{variant} -s {pace} -p {pitch}"),
            Flite { voice, stretch } => write!(f, "flite {voice} duration_stretch={stretch}"),
        }
    }
}

fn espeak_voice(language: Language) -> &'static str {
    match language {
        Language::Ko => "ko",
        Language::En => "en-us",
        Language::Ja => "ja",
        Language::Zh => "cmn-latn-pinyin",
    }
}

/// The version lines of the engines, for the record.
pub(crate) fn versions() -> anyhow::Result<Vec<String>> {
    let ask = |program: &str| {
        let output =
            Command::new(program).arg("--version").output().with_context(|| format!("cannot run {program}"))?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let version = text
            .lines()
            .find(|line| line.contains(|letter: char| letter.is_ascii_digit() && !line.contains("Copyright")));
        let version = version.and_then(|line| line.split("  Data at").next());
        version
            .map(|version| format!("{program}: {}", version.trim()))
            .with_context(|| format!("{program} has no version"))
    };
    Ok(vec![ask("espeak-ng")?, ask("flite")?])
}

/// The samples of a 16-bit mono WAV file, and its rate.
///
/// The engines write plain files but leave wrong sizes in their headers when they stream, so the data run to the end.
pub(crate) fn read_wav(wav: &[u8]) -> anyhow::Result<(Vec<f64>, u32)> {
    ensure!(wav.len() > 44 && wav.starts_with(b"RIFF") && &wav[8..16] == b"WAVEfmt ", "not a WAV file");
    let (channels, bits) = (u16::from_le_bytes([wav[22], wav[23]]), u16::from_le_bytes([wav[34], wav[35]]));
    if (channels, bits) != (1, 16) || &wav[36..40] != b"data" {
        bail!("not plain 16-bit mono: {channels} channels, {bits} bits");
    }
    let rate_hz = u32::from_le_bytes([wav[24], wav[25], wav[26], wav[27]]);
    let samples = wav[44..].as_chunks().0.iter().map(|&bytes| f64::from(i16::from_le_bytes(bytes)) / 32_768.0);
    Ok((samples.collect(), rate_hz))
}
