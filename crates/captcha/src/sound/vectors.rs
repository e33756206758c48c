//! Wide vector instructions, where the processor has them.
//!
//! What is compiled for every x86-64 processor uses vectors of 16 bytes; most processors have had twice as wide ones for
//! ten years. The same whole-number or plain IEEE operations in the same order give the same bytes with either.

/// Something that is compiled a second time for wide vectors. Its `call` and the functions that it calls must always be
/// inlined, or they are compiled once, as all else is: a closure cannot be.
pub(crate) use pulp::NullaryFnOnce as Task;

/// Does it, with the widest vectors that this processor has.
pub(crate) fn wide<T: Task>(task: T) -> T::Output {
    pulp::Arch::new().dispatch(task)
}
