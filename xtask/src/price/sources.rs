//! What the prices are reckoned from: `sources.toml`.

use anyhow::Context;
use haechi_captcha::Algorithm;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sources {
    pub(super) read_on: String,
    pub(super) processor: Processor,
    pub(super) card: Card,
    pub(super) service: Service,
    pub(super) people: People,
    pub(super) vision: Vision,
    pub(super) readers: Readers,
    pub(super) trained: Trained,
}

/// A processor for rent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Processor {
    dollars_an_hour: f64,
    pub(super) source: String,
}

/// A graphics card for rent, and what it computes in a second.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Card {
    pub(super) name: String,
    dollars_an_hour: f64,
    pub(super) source: String,
    pub(super) rates_source: String,
    sha256_a_second: f64,
    pbkdf2_a_second: f64,
    pbkdf2_iterations: f64,
    scrypt_a_second: f64,
    scrypt_n_r: f64,
}

/// A service that does work.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) dollars_a_thousand: f64,
    pub(super) source: String,
}

/// People for hire.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct People {
    pub(super) dollars_a_try: f64,
    read: u32,
    of: u32,
    pub(super) pays_only_right: bool,
    pub(super) source: String,
}

/// A vision-language model for rent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Vision {
    tokens_in: f64,
    tokens_out: f64,
    dollars_a_million_in: f64,
    dollars_a_million_out: f64,
    read: u32,
    of: u32,
    /// The line of docs/strength.md that says so.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test looks for it"))]
    pub(super) line: String,
    pub(super) source: String,
}

/// Free models.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Readers {
    pub(super) processor_seconds: f64,
    read: u32,
    of: u32,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test looks for it"))]
    pub(super) line: String,
    pub(super) source: String,
}

/// A network that was trained on labelled pictures.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trained {
    pub(super) processor_seconds: f64,
    read: u32,
    of: u32,
    pub(super) labels: u32,
    pub(super) training_seconds: f64,
    #[cfg_attr(not(test), expect(dead_code, reason = "a test looks for it"))]
    pub(super) line: String,
    pub(super) source: String,
}

impl Sources {
    pub(super) fn read() -> anyhow::Result<Self> {
        toml::from_str(include_str!("sources.toml")).context("price/sources.toml")
    }
}

impl Processor {
    pub(super) fn dollars(&self, seconds: f64) -> f64 {
        seconds * self.dollars_an_hour / 3600.0
    }
}

impl Card {
    pub(super) fn dollars(&self, seconds: f64) -> f64 {
        seconds * self.dollars_an_hour / 3600.0
    }

    /// Derivations a second: of PBKDF2 in proportion to iterations, of scrypt to N·r.
    pub(super) fn rate(&self, algorithm: Algorithm) -> f64 {
        let cost = f64::from(algorithm.cost());
        match algorithm {
            Algorithm::Pbkdf2 => self.pbkdf2_a_second * self.pbkdf2_iterations / cost,
            Algorithm::Sha256 => self.sha256_a_second / cost,
            Algorithm::Scrypt => {
                self.scrypt_a_second * self.scrypt_n_r / (cost * f64::from(algorithm.memory_cost().unwrap_or(1)))
            }
        }
    }
}

impl People {
    pub(super) fn rate(&self) -> f64 {
        f64::from(self.read) / f64::from(self.of)
    }
}

impl Vision {
    /// How docs/strength.md begins to say what a picture costs.
    #[cfg(test)]
    pub(super) fn sum(&self) -> String {
        format!(
            "{} tokens in × {} US$ / 1,000,000 + {} tokens out × {} US$ / 1,000,000",
            self.tokens_in, self.dollars_a_million_in, self.tokens_out, self.dollars_a_million_out
        )
    }

    pub(super) fn dollars_a_try(&self) -> f64 {
        (self.tokens_in * self.dollars_a_million_in + self.tokens_out * self.dollars_a_million_out) / 1e6
    }

    pub(super) fn rate(&self) -> f64 {
        f64::from(self.read) / f64::from(self.of)
    }
}

impl Readers {
    pub(super) fn rate(&self) -> f64 {
        f64::from(self.read) / f64::from(self.of)
    }
}

impl Trained {
    pub(super) fn rate(&self) -> f64 {
        f64::from(self.read) / f64::from(self.of)
    }
}
