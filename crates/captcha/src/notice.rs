//! What a person is told instead of a challenge.

/// Why there is no challenge to see or hear, in a picture ([`image::render_notice`](crate::image::render_notice)) or a
/// sound ([`sound::speak_notice`](crate::sound::speak_notice)) that also says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// The challenge is over, or there never was one: get a new one.
    Expired,
    /// The reader's limit is reached: too many requests, wait a while.
    TooMany,
    /// The server cannot keep up: try again in a moment.
    Busy,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Expired, Self::TooMany, Self::Busy];
}
