//! `haechi speak`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use haechi_captcha::{Answer, Format, Language, Pace, Seed, Speech, Word, sound};

use super::samples::{Medium, Samples};

#[derive(Args)]
pub(super) struct Speak {
    #[command(flatten)]
    samples: Samples,
    /// Language: ko, en, ja or zh
    #[arg(long, value_name = "LANGUAGE", default_value = "ko")]
    lang: Language,
    /// Pace: normal or slow
    #[arg(long, value_name = "PACE", default_value = "normal")]
    pace: Pace,
    /// Format of the samples: pcm or mulaw
    #[arg(long, value_name = "FORMAT", default_value = "pcm")]
    format: Format,
    /// Say all of it twice
    #[arg(long)]
    repeat: bool,
    /// Leave the noise out, and keep all else
    #[arg(long)]
    clean: bool,
}

impl Speak {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let speech = Speech::new(self.lang).with_pace(self.pace).with_format(self.format).with_repeat(self.repeat);
        self.samples.make(&Sounds(if self.clean { speech.clean() } else { speech }))?;
        Ok(ExitCode::SUCCESS)
    }
}

struct Sounds(Speech);

impl Medium for Sounds {
    fn extension(&self) -> &'static str {
        "wav"
    }

    fn word(&self, challenge: &Word) -> Answer {
        challenge.answer_in(self.0.language())
    }

    fn of_challenge(&self, challenge: &Word) -> Vec<u8> {
        challenge.speak(&self.0)
    }

    fn of_answer(&self, answer: &Answer, seed: &Seed) -> Vec<u8> {
        sound::speak(answer, seed, &self.0)
    }
}
