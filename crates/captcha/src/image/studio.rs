//! The room that drawing needs, kept from one picture to the next: asking for it anew takes longer than drawing in it.

use std::cell::Cell;

use super::{canvas::Canvas, distractors::Distractors, ground::Ground, layout::Desk};

thread_local! {
    /// Each thread has one, once it has drawn. It holds no more than the largest picture needs, which is about 8 MB.
    static STUDIO: Cell<Option<Box<Studio>>> = const { Cell::new(None) };
}

/// The room that drawing needs. What is left in it from the last picture has no part in the next.
#[derive(Default)]
pub(crate) struct Studio {
    pub(crate) desk: Desk,
    pub(crate) distractors: Distractors,
    pub(crate) canvas: Canvas,
    pub(crate) ground: Ground,
}

impl Studio {
    /// Works in this thread's studio.
    pub(crate) fn visit<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut studio = STUDIO.take().unwrap_or_default();
        let result = work(&mut studio);
        STUDIO.set(Some(studio));
        result
    }
}
