//! Renders the voice bank with the speech engines of the Debian packages `espeak-ng` and `flite`.

pub(crate) mod dress;
pub(crate) mod engine;
pub(crate) mod names;

use std::path::PathBuf;

use anyhow::Context;
use haechi_captcha::{
    Language,
    sound::bank::{self, Bank, Clip, SAMPLE_RATE_HZ, Word},
};

use dress::{DRESSING, Dressing, decibels, dress, speech_level};
use engine::{OPENING_VOICES, Speaker};

/// Options of `cargo xtask voices`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the bank goes
    #[arg(long, default_value = "crates/captcha/assets/voices/voices.bank")]
    out: PathBuf,
    /// Check the bank that is there, and render nothing
    #[arg(long)]
    check: bool,
}

/// Renders the bank, writes it, and prints what is in it and what is off.
pub(crate) fn build(options: &Options) -> anyhow::Result<()> {
    if !options.check {
        let clips = render()?;
        let bytes = bank::write(&clips);
        Bank::parse(&bytes).context("what was rendered is not a whole bank")?;
        std::fs::write(&options.out, &bytes).with_context(|| format!("cannot write {}", options.out.display()))?;
        for version in engine::versions()? {
            println!("with {version}");
        }
    }
    let bytes = std::fs::read(&options.out).with_context(|| format!("cannot read {}", options.out.display()))?;
    report(&Bank::parse(&bytes)?, bytes.len());
    Ok(())
}

/// How much quicker lead-ins are said than characters: nothing in them need be caught at first hearing.
const LEAD_IN_HASTE: f32 = 1.25;

fn render() -> anyhow::Result<Vec<Clip>> {
    let scratch = tempfile::tempdir()?;
    let mut clips = Vec::new();
    for language in Language::ALL {
        for (voice, &speaker) in engine::speakers(language).iter().enumerate() {
            for word in words(voice) {
                let speaker = if matches!(word, Word::LeadIn(_)) { speaker.hurried(LEAD_IN_HASTE) } else { speaker };
                let wav = speaker.speak(language, &names::text(language, word), scratch.path())?;
                let (samples, rate_hz) = engine::read_wav(&wav)?;
                let samples = dress(&samples, rate_hz, &dressing(language, word));
                clips.push(Clip { language, voice: voice as u8, word, samples });
            }
        }
    }
    Ok(clips)
}

/// Names that noise covers first, as STOI of each character showed (docs/legibility.md). They are said louder.
const fn faint(language: Language) -> &'static [u8] {
    match language {
        Language::Ko => b"T6HR",
        Language::En => b"TZ4",
        Language::Ja => b"T7HK",
        Language::Zh => b"T7R4",
    }
}

/// How much louder.
const FAINT_GAIN_DB: f64 = 2.5;

fn dressing(language: Language, word: Word) -> Dressing {
    let is_faint = matches!(word, Word::Character(character) if faint(language).contains(&character));
    Dressing { level_db: DRESSING.level_db + if is_faint { FAINT_GAIN_DB } else { 0.0 }, ..DRESSING }
}

fn words(voice: usize) -> Vec<Word> {
    let opening = [Word::Test].into_iter().chain(Word::LEAD_INS).filter(|_| voice < OPENING_VOICES);
    Word::characters().chain(opening).collect()
}

/// What a clip measures.
struct Measure {
    secs: f64,
    level_db: f64,
    peak_db: f64,
    longest_pause_secs: f64,
}

impl Measure {
    fn of(clip: &Clip) -> Self {
        let samples: Vec<f64> = clip.samples.iter().map(|&sample| f64::from(sample) / 32_768.0).collect();
        let peak = samples.iter().fold(0.0_f64, |peak, sample| peak.max(sample.abs()));
        let is_quiet = |frame: &[f64]| frame.iter().all(|sample| sample.abs() < 0.003);
        let (mut pause, mut longest) = (0, 0);
        for frame in samples.chunks(80) {
            pause = if is_quiet(frame) { pause + frame.len() } else { 0 };
            longest = longest.max(pause);
        }
        let secs = |samples: usize| samples as f64 / f64::from(SAMPLE_RATE_HZ);
        Self {
            secs: secs(samples.len()),
            level_db: decibels(speech_level(&samples)),
            peak_db: decibels(peak),
            longest_pause_secs: secs(longest),
        }
    }

    /// What is off about a clip, if anything is.
    fn fault(&self, language: Language, word: Word) -> Option<&'static str> {
        let lengths = match word {
            Word::LeadIn(_) => 0.9..2.6,
            Word::Character(_) => 0.12..0.9,
            Word::Test => 0.2..0.95,
        };
        match self {
            measure if !lengths.contains(&measure.secs) => Some("length"),
            measure if (measure.level_db - dressing(language, word).level_db).abs() > 2.0 => Some("level"),
            measure if measure.peak_db > -3.0 => Some("clips"),
            measure if measure.longest_pause_secs > 0.2 => Some("pause"),
            _ => None,
        }
    }
}

fn report(bank: &Bank<'_>, size_bytes: usize) {
    let clips: Vec<Clip> = bank.clips().collect();
    for language in Language::ALL {
        for (voice, speaker) in engine::speakers(language).iter().enumerate() {
            let own: Vec<&Clip> =
                clips.iter().filter(|clip| clip.language == language && usize::from(clip.voice) == voice).collect();
            report_voice(language, voice, *speaker, &own);
        }
    }
    let samples: usize = clips.iter().map(|clip| clip.samples.len()).sum();
    println!(
        "{} clips, {:.0} s, {:.2} MB",
        clips.len(),
        samples as f64 / f64::from(SAMPLE_RATE_HZ),
        size_bytes as f64 / 1e6
    );
}

fn report_voice(language: Language, voice: usize, speaker: Speaker, clips: &[&Clip]) {
    let measures: Vec<Measure> = clips.iter().map(|clip| Measure::of(clip)).collect();
    let span = |pick: fn(&Measure) -> f64| {
        let values = measures.iter().map(pick);
        (values.clone().fold(f64::MAX, f64::min), values.fold(f64::MIN, f64::max))
    };
    let (secs, level, peak) = (span(|m| m.secs), span(|m| m.level_db), span(|m| m.peak_db));
    println!(
        "{} {voice}  {speaker:36} {:3} clips  {:.2} to {:.2} s  level {:.1} to {:.1} dB  peak {:.1} to {:.1} dB",
        language.tag(),
        clips.len(),
        secs.0,
        secs.1,
        level.0,
        level.1,
        peak.0,
        peak.1
    );
    for (clip, measure) in clips.iter().zip(&measures) {
        if let Some(fault) = measure.fault(language, clip.word) {
            let word = names::text(language, clip.word);
            println!("    off: {fault:8} {word}  {:.2} s  {:.1} dB", measure.secs, measure.level_db);
        }
    }
}
