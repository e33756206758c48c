//! The speech engines, and which of their voices speak each language.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, bail, ensure};
use haechi_captcha::{Language, sound::bank::Word};

use super::{kokoro, names, phonemes};

/// A voice of an engine, as it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Speaker {
    /// Kokoro-82M: a voice, by the name that its package gives it. Those of other languages say ours as well.
    Kokoro(&'static str),
    /// flite: a built-in voice, and how much longer than usual it speaks.
    Flite {
        /// The voice's name.
        voice: &'static str,
        /// 1 is the usual length.
        stretch: f32,
    },
}

use Speaker::{Flite, Kokoro};

// No package has a Korean voice of Kokoro. Voices of five other languages say it, with an accent of each.
const KOREAN: [Speaker; 10] = [
    Kokoro("hf_alpha"),
    Kokoro("zm_yunxi"),
    Kokoro("jf_alpha"),
    Kokoro("af_heart"),
    Kokoro("am_michael"),
    Kokoro("jm_kumo"),
    Kokoro("zf_xiaoxiao"),
    Kokoro("af_bella"),
    Kokoro("zm_yunyang"),
    Kokoro("if_sara"),
];

const ENGLISH: [Speaker; 10] = [
    Kokoro("af_heart"),
    Kokoro("am_michael"),
    Kokoro("af_bella"),
    Kokoro("am_fenrir"),
    Kokoro("af_sarah"),
    Kokoro("am_puck"),
    Flite { voice: "slt", stretch: 0.95 },
    Flite { voice: "rms", stretch: 0.85 },
    Flite { voice: "awb", stretch: 0.95 },
    Flite { voice: "kal16", stretch: 0.95 },
];

// Kokoro has five Japanese voices; the others are of other languages.
const JAPANESE: [Speaker; 12] = [
    Kokoro("jf_alpha"),
    Kokoro("jf_tebukuro"),
    Kokoro("jf_gongitsune"),
    Kokoro("jm_kumo"),
    Kokoro("jf_nezumi"),
    Kokoro("af_heart"),
    Kokoro("ff_siwis"),
    Kokoro("zf_xiaoyi"),
    Kokoro("zm_yunxi"),
    Kokoro("am_michael"),
    Kokoro("if_sara"),
    Kokoro("af_bella"),
];

const CHINESE: [Speaker; 8] = [
    Kokoro("zf_xiaoxiao"),
    Kokoro("zm_yunxi"),
    Kokoro("zf_xiaoyi"),
    Kokoro("zm_yunyang"),
    Kokoro("zf_xiaobei"),
    Kokoro("zm_yunjian"),
    Kokoro("zf_xiaoni"),
    Kokoro("zm_yunxia"),
];

/// How many of each language's voices, the first ones, can open a sound.
pub(crate) const OPENING_VOICES: usize = 3;

/// The voices of a language.
pub(crate) const fn speakers(language: Language) -> &'static [Speaker] {
    match language {
        Language::Ko => &KOREAN,
        Language::En => &ENGLISH,
        Language::Ja => &JAPANESE,
        Language::Zh => &CHINESE,
    }
}

/// The voice that says a language's notices: of all, a recogniser understands it best when it says these.
pub(crate) const fn announcer(language: Language) -> Speaker {
    match language {
        Language::Ko => Kokoro("hf_alpha"),
        Language::En => Kokoro("af_heart"),
        Language::Ja => Kokoro("jf_alpha"),
        Language::Zh => Kokoro("zf_xiaoyi"),
    }
}

/// Names that a recogniser does not hear as themselves from a voice: another voice says them in its stead.
const STAND_INS: [(Language, &str, &[u8], &str); 22] = [
    (Language::Ko, "hf_alpha", b"OU5", "af_heart"),
    (Language::Ko, "jf_alpha", b"L", "zm_yunxi"),
    (Language::Ko, "am_michael", b"H", "af_heart"),
    (Language::Ko, "zf_xiaoxiao", b"L", "hf_alpha"),
    (Language::Ko, "zm_yunyang", b"LR", "zm_yunxi"),
    (Language::En, "af_bella", b"H", "af_heart"),
    (Language::En, "am_puck", b"6", "am_michael"),
    (Language::En, "rms", b"Z", "am_fenrir"),
    (Language::En, "kal16", b"W", "am_michael"),
    (Language::Ja, "zf_xiaoyi", b"F", "jf_alpha"),
    (Language::Zh, "zf_xiaoxiao", b"FLR", "zm_yunxi"),
    (Language::Zh, "zf_xiaoxiao", b"Z9", "zf_xiaoyi"),
    (Language::Zh, "zf_xiaoyi", b"FLR", "zm_yunxi"),
    (Language::Zh, "zm_yunyang", b"L", "zm_yunjian"),
    (Language::Zh, "zf_xiaobei", b"R", "zm_yunxi"),
    (Language::Zh, "zf_xiaobei", b"FX", "zf_xiaoni"),
    (Language::Zh, "zm_yunjian", b"R", "zm_yunyang"),
    (Language::Zh, "zf_xiaoni", b"R", "zm_yunyang"),
    (Language::Zh, "zm_yunxia", b"H", "zm_yunjian"),
    (Language::Zh, "zm_yunxia", b"R", "zm_yunxi"),
    (Language::Ja, "if_sara", b"W", "af_bella"),
    (Language::Ja, "jf_gongitsune", b"W", "jf_alpha"),
];

/// Who says a word of a voice: the voice, or another in its stead.
pub(crate) fn speaker_of(language: Language, speaker: Speaker, word: Word) -> Speaker {
    let is_stand_in = |&&(of, voice, names, _): &&(Language, &str, &[u8], &str)| {
        let is_name = matches!(word, Word::Character(character) if names.contains(&character));
        (of, voice) == (language, speaker.name()) && is_name
    };
    STAND_INS.iter().find(is_stand_in).map_or(speaker, |&(.., by)| Kokoro(by))
}

impl Speaker {
    const fn name(self) -> &'static str {
        match self {
            Kokoro(voice) | Flite { voice, .. } => voice,
        }
    }
}

/// A word to be said.
pub(crate) struct Line {
    pub(crate) speaker: Speaker,
    pub(crate) language: Language,
    pub(crate) word: Word,
}

/// What engines make of lines: samples from -1 to 1, and their rate, for each.
pub(crate) fn speak(lines: &[Line]) -> anyhow::Result<Vec<(Vec<f64>, u32)>> {
    let scratch = tempfile::tempdir()?;
    let mut files = Vec::new();
    let mut for_kokoro = Vec::new();
    for (number, &Line { speaker, language, word }) in lines.iter().enumerate() {
        match speaker {
            Kokoro(voice) => {
                let (phonemes, speed) = phonemes::said(language, voice, word);
                let line = kokoro::Line { voice, phonemes, speed };
                files.push(line.file());
                for_kokoro.push(line);
            }
            Flite { voice, stretch } => {
                let file = scratch.path().join(format!("{number}.wav"));
                ask_flite(voice, stretch, &names::text(language, word), &file)?;
                files.push(file);
            }
        }
    }
    kokoro::say(&for_kokoro)?;
    files.iter().map(|file| read_wav(file)).collect()
}

fn ask_flite(voice: &str, stretch: f32, text: &str, file: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("flite");
    command.args(["-voice", voice, "--setf", &format!("duration_stretch={stretch}")]);
    command.args(["-t", text, "-o"]).arg(file);
    let output =
        command.output().with_context(|| format!("cannot run {command:?}; is the Debian package installed?"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

impl std::fmt::Display for Speaker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Kokoro(voice) => write!(f, "Kokoro {voice}"),
            Flite { voice, .. } => write!(f, "flite {voice}"),
        }
    }
}

/// The versions of the engines, for the record.
pub(crate) fn versions() -> anyhow::Result<[String; 2]> {
    let output = Command::new("flite").arg("--version").output().context("cannot run flite")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.contains("version")).context("flite has no version")?;
    Ok([kokoro::VERSION.to_owned(), line.trim().to_owned()])
}

/// The samples of a 16-bit mono WAV file, and its rate.
///
/// The engines write plain files but leave wrong sizes in their headers when they stream, so the data run to the end.
fn read_wav(file: &Path) -> anyhow::Result<(Vec<f64>, u32)> {
    let wav = fs::read(file).with_context(|| format!("no engine wrote {}", file.display()))?;
    ensure!(wav.len() > 44 && wav.starts_with(b"RIFF") && &wav[8..16] == b"WAVEfmt ", "not a WAV file");
    let (channels, bits) = (u16::from_le_bytes([wav[22], wav[23]]), u16::from_le_bytes([wav[34], wav[35]]));
    if (channels, bits) != (1, 16) || &wav[36..40] != b"data" {
        bail!("not plain 16-bit mono: {channels} channels, {bits} bits");
    }
    let rate_hz = u32::from_le_bytes([wav[24], wav[25], wav[26], wav[27]]);
    let samples = wav[44..].as_chunks().0.iter().map(|&bytes| f64::from(i16::from_le_bytes(bytes)) / 32_768.0);
    Ok((samples.collect(), rate_hz))
}
