//! Work: something to compute, for whoever can use neither picture nor sound.
//!
//! No wire form issues it yet. A key of this shape opens, and nothing judges it.

use crate::{Claims, Key, challenge::Opened};

/// Something to compute, of a level that its key fixes.
pub struct Work {
    opened: Opened,
    level: u8,
}

impl Work {
    pub(crate) fn new(opened: Opened, level: u8) -> Self {
        Self { opened, level }
    }

    /// The key that was opened.
    #[must_use]
    pub fn key(&self) -> Key {
        self.opened.key
    }

    /// What the key says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.opened.claims
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// How much there is to compute, in [`Shape::LEVELS`](crate::Shape::LEVELS).
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }
}
