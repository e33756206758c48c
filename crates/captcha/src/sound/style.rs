//! The numbers that decide how a sound sounds.

/// How an answer is spoken and what lies under it. Times are in seconds, gains are ratios of amplitudes, and a pair is
/// the lower and the upper end of what is drawn evenly.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Noise before the lead-in.
    pub head_secs: f32,
    /// From the end of the lead-in to the first character.
    pub lead_in_pause_secs: (f32, f32),
    /// From the start of one character to the start of the next, unless the gap would be too short.
    pub period_secs: (f32, f32),
    /// The shortest gap between two characters.
    pub shortest_gap_secs: f32,
    /// Noise after the last character.
    pub tail_secs: f32,
    /// How much longer a character lasts at the same pitch.
    pub stretch: (f32, f32),
    /// How much higher a character sounds, and how much shorter it gets by it.
    pub pitch: (f32, f32),
    /// How much higher it ends than it begins.
    pub glide: (f32, f32),
    /// The same as `pitch` for the lead-in.
    pub lead_in_pitch: (f32, f32),
    /// The level of a character, against the bank's.
    pub speech_gain: (f32, f32),
    /// What is mixed under the speech, unless it is to be clean.
    pub background: Background,
}

/// The noise and the other voices.
#[derive(Debug, Clone, PartialEq)]
pub struct Background {
    /// Fade at both ends.
    pub fade_secs: f32,
    /// How many voices talk at once behind the one that counts.
    pub babble_lanes: u32,
    /// The level of each word of theirs, against the bank's.
    pub babble_gain: (f32, f32),
    /// From the end of one word of theirs to the next.
    pub babble_gap_secs: (f32, f32),
    /// How much higher they sound.
    pub babble_pitch: (f32, f32),
    /// How many in 256 of their words are spoken backwards.
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
    pub const CHALLENGE: Self = Self {
        head_secs: 0.25,
        lead_in_pause_secs: (0.45, 0.6),
        period_secs: (0.95, 1.3),
        shortest_gap_secs: 0.25,
        tail_secs: 0.35,
        stretch: (0.94, 1.14),
        pitch: (0.9, 1.12),
        glide: (0.96, 1.05),
        lead_in_pitch: (0.96, 1.06),
        speech_gain: (0.85, 1.1),
        background: Background {
            fade_secs: 0.12,
            babble_lanes: 3,
            babble_gain: (0.1, 0.26),
            babble_gap_secs: (0.02, 0.2),
            babble_pitch: (0.85, 1.2),
            babble_reversed_per_256: 200,
            noise_level: (0.012, 0.032),
            noise_change_secs: (0.15, 0.5),
            noise_darkness: (0.6, 1.0),
        },
    };

    /// How a test app's answers are spoken: slowly, each character the same way.
    pub const TEST: Self = Self {
        lead_in_pause_secs: (0.7, 0.7),
        period_secs: (1.4, 1.4),
        stretch: (1.0, 1.0),
        pitch: (1.0, 1.0),
        glide: (1.0, 1.0),
        lead_in_pitch: (1.0, 1.0),
        speech_gain: (1.0, 1.0),
        ..Self::CHALLENGE
    };
}
