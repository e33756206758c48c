//! `haechi render`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use haechi_captcha::{Answer, Difficulty, Look, Scale, Seed, Theme, Word, image};

use super::samples::{Medium, Samples};

#[derive(Args)]
pub(super) struct Render {
    #[command(flatten)]
    samples: Samples,
    /// Width in CSS pixels, 120 to 480
    #[arg(long, value_name = "PIXELS", default_value_t = 240)]
    width: u16,
    /// Height in CSS pixels, 40 to 160
    #[arg(long, value_name = "PIXELS", default_value_t = 80)]
    height: u16,
    /// Image pixels for each CSS pixel: 1, 2 or 3
    #[arg(long, value_name = "SCALE", default_value_t = 1)]
    scale: u8,
    /// Colours: light or dark
    #[arg(long, value_name = "THEME", default_value = "light")]
    theme: Theme,
    /// How hard the picture is, for machines and for people: 1 (calm) to 5 (hard)
    #[arg(long, value_name = "LEVEL", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    difficulty: u8,
}

impl Render {
    pub(super) fn run(&self) -> Result<ExitCode> {
        self.samples.make(&Pictures(self.look()?))?;
        Ok(ExitCode::SUCCESS)
    }

    fn look(&self) -> Result<Look> {
        let look = Look::new(self.width, self.height)?.with_scale(Scale::try_from(self.scale)?);
        Ok(look.with_theme(self.theme).with_difficulty(Difficulty::try_from(self.difficulty)?))
    }
}

struct Pictures(Look);

impl Medium for Pictures {
    const EXTENSION: &'static str = "gif";

    fn word(&self, challenge: &Word) -> Answer {
        challenge.answer()
    }

    fn of_challenge(&self, challenge: &Word) -> Vec<u8> {
        challenge.draw(&self.0)
    }

    fn of_answer(&self, answer: &Answer, seed: &Seed) -> Vec<u8> {
        image::render(answer, seed, &self.0)
    }
}
