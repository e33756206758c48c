//! The numbers that decide how a sound sounds. `docs/sound-trials.md` tells what some others were found to do.

use std::str::FromStr;

use super::Language;
use crate::Error;

/// How quickly characters follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pace {
    /// A start every 1.3 to 1.45 s.
    #[default]
    Normal,
    /// The same sound, one and a half times as long at the same pitch. It is made of the normal one alone, so that whoever has both
    /// has nothing that is not in the one.
    Slow,
}

impl Pace {
    /// How much longer the slow pace takes than the normal one.
    pub(crate) const SLOWER: f32 = 1.5;
}

impl FromStr for Pace {
    type Err = Error;

    /// Reads `normal` or `slow`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "normal" => Ok(Self::Normal),
            "slow" => Ok(Self::Slow),
            _ => Err(Error::Pace),
        }
    }
}

/// How an answer is spoken and what lies under it. Times are in seconds, gains are ratios of amplitudes, and a pair is
/// the lower and the upper end of what is drawn evenly.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Noise before the lead-in. With what comes after the last character, it moves the characters about in the sound, so
    /// that where they are must be heard.
    pub head_secs: (f32, f32),
    /// From the end of the lead-in to the first character.
    pub lead_in_pause_secs: (f32, f32),
    /// From the start of one character to the start of the next, unless the gap would be too short.
    pub period_secs: (f32, f32),
    /// The shortest gap between two characters.
    pub shortest_gap_secs: f32,
    /// Noise after the last character.
    pub tail_secs: (f32, f32),
    /// How much longer a character lasts at the same pitch.
    pub stretch: (f32, f32),
    /// How much higher a character sounds, and how much shorter it gets by it.
    pub pitch: (f32, f32),
    /// How much higher it ends than it begins.
    pub glide: (f32, f32),
    /// The level of a character, against the bank's.
    pub speech_gain: (f32, f32),
    /// How dark (above 0) or bright (below) a character sounds: the share of each sample in the next.
    pub tilt: (f32, f32),
    /// How much later a copy of a character follows it, too soon to be heard apart: the two together are louder at some
    /// pitches and softer at others.
    pub colour_secs: (f32, f32),
    /// The level of that copy, against the character; below 0 it is turned over.
    pub colour_gain: (f32, f32),
    /// How many walls of a room throw a character back.
    pub walls: u32,
    /// How much later each wall's echo comes than that of the wall before.
    pub wall_secs: (f32, f32),
    /// The level of an echo, against what is thrown back.
    pub wall_gain: (f32, f32),
    /// The one voice of the bank that says all characters, to measure it by itself; if not given, they take turns.
    pub only_voice: Option<u8>,
    /// What is mixed under the speech, unless it is to be clean.
    pub background: Background,
}

/// The noise and the other voices.
#[derive(Debug, Clone, PartialEq)]
pub struct Background {
    /// Fade at both ends.
    pub fade_secs: f32,
    /// How many voices talk at once behind the one that counts.
    pub babble_voices: f32,
    /// At how many places each piece of theirs is heard.
    pub babble_lanes: usize,
    /// The level of each piece of theirs, against the bank's.
    pub babble_gain: (f32, f32),
    /// How long a piece is, unless the word that it is cut from is shorter.
    pub babble_piece_secs: (f32, f32),
    /// From the end of one piece to the next.
    pub babble_gap_secs: (f32, f32),
    /// How much higher they sound.
    pub babble_pitch: (f32, f32),
    /// How many in 256 of their pieces are spoken backwards.
    pub babble_reversed_per_256: u32,
    /// Root mean square of the noise, against full scale.
    pub noise_level: (f32, f32),
    /// How long the noise takes from one level and colour to the next.
    pub noise_change_secs: (f32, f32),
    /// The share of the dark colour in the noise; the rest is bright.
    pub noise_darkness: (f32, f32),
}

impl Style {
    /// How challenges are spoken.
    ///
    /// Each language's voices vary as far as a recogniser still hears them without the noise, and other voices are as
    /// loud behind them as the measure of intelligibility allows: `docs/sound-trials.md`.
    #[must_use]
    pub const fn challenge(language: Language) -> Self {
        match language {
            Language::Ko => Self {
                stretch: (0.6, 1.0),
                pitch: (0.9, 1.12),
                background: Background { babble_voices: 2.0, babble_gain: (0.38, 0.48), ..BACKGROUND },
                ..CHALLENGE
            },
            Language::En => CHALLENGE,
            Language::Ja => Self {
                stretch: (0.6, 0.95),
                background: Background { babble_gain: (0.46, 0.58), ..BACKGROUND },
                ..CHALLENGE
            },
            // Tones must stay what they are.
            Language::Zh => Self {
                pitch: (0.95, 1.07),
                glide: (1.0, 1.0),
                tilt: (-0.5, 0.7),
                colour_gain: (-0.4, 0.4),
                walls: 3,
                wall_gain: (0.1, 0.3),
                ..CHALLENGE
            },
        }
    }

    /// How a test app's answers are spoken: slowly, each character the same way.
    #[must_use]
    pub const fn test() -> Self {
        Self {
            head_secs: (0.25, 0.25),
            lead_in_pause_secs: (1.3, 1.3),
            period_secs: (1.4, 1.4),
            tail_secs: (0.35, 0.35),
            stretch: (1.0, 1.0),
            pitch: (1.0, 1.0),
            glide: (1.0, 1.0),
            speech_gain: (1.0, 1.0),
            tilt: (0.0, 0.0),
            colour_gain: (0.0, 0.0),
            walls: 0,
            ..CHALLENGE
        }
    }
}

const CHALLENGE: Style = Style {
    head_secs: (0.15, 0.55),
    lead_in_pause_secs: (1.25, 1.35),
    period_secs: (1.3, 1.45),
    shortest_gap_secs: 0.4,
    tail_secs: (0.25, 0.5),
    stretch: (0.65, 1.1),
    pitch: (0.92, 1.1),
    glide: (0.97, 1.03),
    speech_gain: (0.92, 1.08),
    tilt: (-0.6, 0.9),
    colour_secs: (0.0002, 0.001),
    colour_gain: (-0.5, 0.5),
    walls: 4,
    wall_secs: (0.006, 0.05),
    wall_gain: (0.15, 0.35),
    only_voice: None,
    background: BACKGROUND,
};

const BACKGROUND: Background = Background {
    fade_secs: 0.12,
    babble_voices: 1.0,
    babble_lanes: 3,
    // Below the softest name, also where they are cut from names that are said louder than the others.
    babble_gain: (0.54, 0.66),
    babble_piece_secs: (0.35, 0.8),
    babble_gap_secs: (0.0, 0.1),
    babble_pitch: (0.85, 1.2),
    babble_reversed_per_256: 200,
    noise_level: (0.004, 0.01),
    noise_change_secs: (0.15, 0.5),
    noise_darkness: (0.6, 1.0),
};
