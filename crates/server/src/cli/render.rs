//! `haechi render`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use haechi_captcha::{Answer, Colour, Difficulty, Look, PictureFormat, Scale, Seed, Theme, Word, image};

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
    /// Theme: light or dark
    #[arg(long, value_name = "THEME", default_value = "light")]
    theme: Theme,
    /// Main colour, such as #0b6e4f [default: four take turns]
    #[arg(long, value_name = "COLOUR")]
    colour: Option<Colour>,
    /// Ground in that theme: #dcdcdc or lighter in the light one, #252525 or darker in the dark one
    #[arg(long, value_name = "COLOUR")]
    ground: Option<Colour>,
    /// How hard the picture is, for machines and for people: 1 (calm) to 5 (hard)
    #[arg(long, value_name = "LEVEL", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=5))]
    difficulty: u8,
    /// Format: gif or jpeg
    #[arg(long, value_name = "FORMAT", default_value = "gif")]
    format: PictureFormat,
}

impl Render {
    pub(super) fn run(&self) -> Result<ExitCode> {
        self.samples.make(&Pictures(self.look()?))?;
        Ok(ExitCode::SUCCESS)
    }

    fn look(&self) -> Result<Look> {
        let look = Look::new(self.width, self.height)?.with_scale(Scale::try_from(self.scale)?);
        let look = look.with_theme(self.theme).with_difficulty(Difficulty::try_from(self.difficulty)?);
        Ok(look.with_format(self.format).with_colour(self.colour).with_ground(self.theme, self.ground)?)
    }
}

struct Pictures(Look);

impl Medium for Pictures {
    fn extension(&self) -> &'static str {
        match self.0.format() {
            PictureFormat::Gif => "gif",
            PictureFormat::Jpeg => "jpg",
        }
    }

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
