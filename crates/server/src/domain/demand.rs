//! What is demanded of a client that begins a challenge.

use haechi_captcha::Shape;

/// What is demanded of a client that begins a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Whether it is to read or hear a word.
    pub word: bool,
    /// How much it is to compute: a level of work.
    pub level: u8,
}

impl Demand {
    /// The most that is demanded of anybody.
    pub const MOST: Self = Self { word: true, level: *Shape::LEVELS.end() };
}
