//! What a person is told instead of a challenge.

/// Why there is no challenge to see or hear, in a picture ([`image::render_notice`](crate::image::render_notice)) or a
/// sound ([`sound::speak_notice`](crate::sound::speak_notice)) that also says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// The challenge is over: get a new one.
    Expired,
    /// The reader's limit is reached: too many requests, wait a while.
    TooMany,
    /// The server cannot keep up: try again in a moment.
    Busy,
    /// There never was such a challenge, as where a site's program went on without a key: get a new one. A sound says
    /// the same as of one that is over.
    Unknown,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Expired, Self::TooMany, Self::Busy, Self::Unknown];
    /// Those that the voice bank has words for.
    pub const SPOKEN: [Self; 3] = [Self::Expired, Self::TooMany, Self::Busy];

    /// The one that is said for it.
    pub(crate) const fn spoken(self) -> Self {
        match self {
            Self::Unknown => Self::Expired,
            spoken => spoken,
        }
    }
}
