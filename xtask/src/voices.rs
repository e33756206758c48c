//! Renders the voice banks with the speech engines of the Debian packages `espeak-ng` and `flite`.

pub(crate) mod dress;
pub(crate) mod engine;
pub(crate) mod names;

use std::path::PathBuf;

use anyhow::Context;
use haechi_captcha::{
    Language,
    sound::bank::{self, Bank, BankError, Clip, SAMPLE_RATE_HZ, Word},
};

use dress::{DRESSING, Dressing, decibels, dress, speech_level};
use engine::{OPENING_VOICES, Speaker};

/// Options of `cargo xtask voices`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where the banks go
    #[arg(long, default_value = "crates/captcha/assets/voices")]
    out: PathBuf,
    /// Leave the bank of challenges alone, and do the notices
    #[arg(long)]
    notices: bool,
    /// Check the banks that are there, and render nothing
    #[arg(long)]
    check: bool,
}

/// Renders the banks, writes them, and prints what is in them and what is off.
pub(crate) fn build(options: &Options) -> anyhow::Result<()> {
    let parts = if options.notices { &[Part::Notices][..] } else { &[Part::Challenges, Part::Notices] };
    if !options.check {
        for part in parts {
            let bytes = bank::write(&part.render()?);
            part.parse(&bytes).context("what was rendered is not a whole bank")?;
            let path = options.out.join(part.file());
            std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        for version in engine::versions()? {
            println!("with {version}");
        }
    }
    for part in parts {
        let path = options.out.join(part.file());
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        part.report(&part.parse(&bytes)?, bytes.len());
    }
    Ok(())
}

/// How much quicker lead-ins are said than characters: nothing in them need be caught at first hearing.
const LEAD_IN_HASTE: f32 = 1.25;

/// A bank, which is a file.
#[derive(Clone, Copy)]
enum Part {
    /// What challenges are spoken with.
    Challenges,
    /// What people are told instead of a challenge.
    Notices,
}

impl Part {
    const fn file(self) -> &'static str {
        match self {
            Self::Challenges => "voices.bank",
            Self::Notices => "notices.bank",
        }
    }

    fn parse(self, bytes: &[u8]) -> Result<Bank<'_>, BankError> {
        match self {
            Self::Challenges => Bank::parse(bytes),
            Self::Notices => Bank::parse_notices(bytes),
        }
    }

    fn speakers(self, language: Language) -> &'static [Speaker] {
        match self {
            Self::Challenges => engine::speakers(language),
            Self::Notices => std::slice::from_ref(engine::announcer(language)),
        }
    }

    fn words(self, voice: usize) -> Vec<Word> {
        match self {
            Self::Challenges => {
                let opening = [Word::Test].into_iter().chain(Word::LEAD_INS).filter(|_| voice < OPENING_VOICES);
                Word::characters().chain(opening).collect()
            }
            Self::Notices => Word::notices().collect(),
        }
    }

    fn render(self) -> anyhow::Result<Vec<Clip>> {
        let scratch = tempfile::tempdir()?;
        let mut clips = Vec::new();
        for language in Language::ALL {
            for (voice, &speaker) in self.speakers(language).iter().enumerate() {
                for word in self.words(voice) {
                    let speaker =
                        if matches!(word, Word::LeadIn(_)) { speaker.hurried(LEAD_IN_HASTE) } else { speaker };
                    let wav = speaker.speak(language, &names::text(language, word), scratch.path())?;
                    let (samples, rate_hz) = engine::read_wav(&wav)?;
                    let samples = dress(&samples, rate_hz, &dressing(language, word));
                    clips.push(Clip { language, voice: voice as u8, word, samples });
                }
            }
        }
        Ok(clips)
    }

    fn report(self, bank: &Bank<'_>, size_bytes: usize) {
        let clips: Vec<Clip> = bank.clips().collect();
        for language in Language::ALL {
            for (voice, speaker) in self.speakers(language).iter().enumerate() {
                let own: Vec<&Clip> =
                    clips.iter().filter(|clip| clip.language == language && usize::from(clip.voice) == voice).collect();
                report_voice(language, voice, *speaker, &own);
            }
        }
        let samples: usize = clips.iter().map(|clip| clip.samples.len()).sum();
        let secs = samples as f64 / f64::from(SAMPLE_RATE_HZ);
        println!("{}: {} clips, {secs:.0} s, {:.2} MB", self.file(), clips.len(), size_bytes as f64 / 1e6);
    }
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
            // With the silence around it, 6 s at the slow pace.
            Word::Notice(_) => 1.5..3.65,
        };
        // A notice is two sentences.
        let longest_pause_secs = if matches!(word, Word::Notice(_)) { 0.6 } else { 0.2 };
        match self {
            measure if !lengths.contains(&measure.secs) => Some("length"),
            measure if (measure.level_db - dressing(language, word).level_db).abs() > 2.0 => Some("level"),
            measure if measure.peak_db > -3.0 => Some("clips"),
            measure if measure.longest_pause_secs > longest_pause_secs => Some("pause"),
            _ => None,
        }
    }
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
