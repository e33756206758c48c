//! Renders the voice banks with two speech engines: Kokoro-82M, and flite of the Debian package of that name.

mod dress;
mod engine;
mod heard;
mod kokoro;
mod names;
mod phonemes;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use haechi_captcha::{
    Language,
    sound::bank::{self, Bank, BankError, Clip, SAMPLE_RATE_HZ, Word},
};

use dress::{DRESSING, Dressing, decibels, dress, speech_level};
use engine::{Line, OPENING_VOICES, Speaker};

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
    /// Have a recogniser hear each clip, and keep what it heard
    #[arg(long)]
    hear: bool,
}

/// Renders the banks, writes them, and prints what is in them and what is off.
pub(crate) fn build(options: &Options) -> anyhow::Result<()> {
    let parts = if options.notices { &[Part::Notices][..] } else { &[Part::Challenges, Part::Notices] };
    if !options.check && !options.hear {
        for part in parts {
            let bytes = bank::write(&part.render()?);
            part.parse(&bytes).context("what was rendered is not a whole bank")?;
            let path = options.out.join(part.file());
            std::fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        }
        std::fs::write(options.out.join(VOICES_FILE), voices()).context("cannot write the list of voices")?;
        for version in engine::versions()? {
            println!("with {version}");
        }
    }
    let mut faults = Vec::new();
    for part in parts {
        let path = options.out.join(part.file());
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let bank = part.parse(&bytes)?;
        faults.extend(part.report(&bank, bytes.len()));
        if matches!(part, Part::Challenges) {
            if options.hear {
                heard::hear(&bank, &options.out)?;
            }
            let list = std::fs::read_to_string(options.out.join(heard::FILE)).context("nobody has heard the clips")?;
            faults.extend(heard::faults(&bank, &list)?);
        }
    }
    for fault in &faults {
        println!("off: {fault}");
    }
    ensure!(faults.is_empty() || !options.check, "{} clips are off", faults.len());
    Ok(())
}

/// The list of voices, beside the bank.
const VOICES_FILE: &str = "voices.tsv";

/// Language, number and name of each voice that says challenges.
fn voices() -> String {
    let speakers = Language::ALL.into_iter().flat_map(|language| {
        let voices = engine::speakers(language).iter().enumerate();
        voices.map(move |(voice, speaker)| format!("{}\t{voice}\t{speaker}\n", language.tag()))
    });
    "language\tvoice\tname\n".to_owned() + &speakers.collect::<String>()
}

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

    fn speakers(self, language: Language) -> Vec<Speaker> {
        match self {
            Self::Challenges => engine::speakers(language).to_vec(),
            Self::Notices => vec![engine::announcer(language)],
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
        let mut lines = Vec::new();
        let mut voices = Vec::new();
        for language in Language::ALL {
            for (voice, &speaker) in self.speakers(language).iter().enumerate() {
                for word in self.words(voice) {
                    lines.push(Line { speaker: engine::speaker_of(language, speaker, word), language, word });
                    voices.push(voice as u8);
                }
            }
        }
        let recorded = engine::speak(&lines)?;
        let clips = lines.iter().zip(voices).zip(recorded);
        Ok(clips
            .map(|((&Line { language, word, .. }, voice), (samples, rate_hz))| {
                let samples = dress(&samples, rate_hz, &dressing(language, word));
                Clip { language, voice, word, samples }
            })
            .collect())
    }

    /// Prints what is in a bank, and says what is off.
    fn report(self, bank: &Bank<'_>, size_bytes: usize) -> Vec<String> {
        let clips: Vec<Clip> = bank.clips().collect();
        let mut faults = Vec::new();
        for language in Language::ALL {
            for (voice, speaker) in self.speakers(language).iter().enumerate() {
                let own: Vec<&Clip> =
                    clips.iter().filter(|clip| clip.language == language && usize::from(clip.voice) == voice).collect();
                faults.extend(report_voice(language, voice, *speaker, &own));
            }
        }
        let samples: usize = clips.iter().map(|clip| clip.samples.len()).sum();
        let secs = samples as f64 / f64::from(SAMPLE_RATE_HZ);
        println!("{}: {} clips, {secs:.0} s, {:.2} MB", self.file(), clips.len(), size_bytes as f64 / 1e6);
        faults
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
            Word::Character(_) => 0.12..0.95,
            Word::Test => 0.2..0.95,
            // With the silence around it, 6 s at the slow pace.
            Word::Notice(_) => 1.5..3.4,
        };
        let longest_pause_secs = match word {
            // Two sentences.
            Word::Notice(_) => 0.6,
            // A comma.
            Word::LeadIn(_) => 0.35,
            Word::Character(_) | Word::Test => 0.2,
        };
        match self {
            measure if !lengths.contains(&measure.secs) => Some("length"),
            measure if (measure.level_db - dressing(language, word).level_db).abs() > 2.0 => Some("level"),
            measure if measure.peak_db > -3.0 => Some("clips"),
            measure if measure.longest_pause_secs > longest_pause_secs => Some("pause"),
            _ => None,
        }
    }
}

fn report_voice(language: Language, voice: usize, speaker: Speaker, clips: &[&Clip]) -> Vec<String> {
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
    let off = |(clip, measure): (&&Clip, &Measure)| {
        let fault = measure.fault(language, clip.word)?;
        let word = names::text(language, clip.word);
        Some(format!("{} {voice} {word}: {fault}, {:.2} s, {:.1} dB", language.tag(), measure.secs, measure.level_db))
    };
    clips.iter().zip(&measures).filter_map(off).collect()
}
