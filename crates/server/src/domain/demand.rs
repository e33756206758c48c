//! What is demanded of a client that begins a challenge.

/// What is demanded of a client that begins a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// Whether it is to read or hear a word.
    pub word: bool,
    /// How much it is to compute: a level of work.
    pub level: u8,
}
