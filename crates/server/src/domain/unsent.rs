//! The room for pictures and sounds that were made and not yet taken by their clients.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::refusal::Refusal;

/// The most that media may take in memory, all together, until their clients have taken them.
const MAX_BYTES: usize = 256 << 20;
/// What they are counted in.
const UNIT_BYTES: usize = 1 << 10;

/// Room for so many bytes.
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new() -> Self {
        Self::of(MAX_BYTES)
    }

    fn of(max_bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(max_bytes / UNIT_BYTES)))
    }

    /// Whether there is any room, so that nothing is made in vain.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if there is none.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.0.available_permits() == 0 { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Counts bytes as unsent until the last copy of them is dropped.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if there is no room for them.
    pub(crate) fn hold(&self, bytes: Vec<u8>) -> Result<Bytes, Refusal> {
        let units = u32::try_from(bytes.len().div_ceil(UNIT_BYTES)).map_err(|_| Refusal::Internal)?;
        let room = Arc::clone(&self.0).try_acquire_many_owned(units).map_err(|_| Refusal::Busy)?;
        Ok(Bytes::from_owner(Unsent { bytes, _room: room }))
    }
}

/// Bytes, and the room that they take.
struct Unsent {
    bytes: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Unsent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_busy<T>(result: &Result<T, Refusal>) -> bool {
        matches!(result, Err(Refusal::Busy))
    }

    #[test]
    fn what_clients_do_not_take_is_bounded() {
        let room = Room::of(4 * UNIT_BYTES);
        let large = room.hold(vec![0; 3 * UNIT_BYTES]).unwrap();
        let part = large.slice(..10);
        drop(large);
        assert!(is_busy(&room.hold(vec![0; 2 * UNIT_BYTES])), "a part holds the whole");
        let small = room.hold(vec![0; UNIT_BYTES]).unwrap();
        assert!(is_busy(&room.check()));
        drop((part, small));
        assert!(room.check().is_ok() && room.hold(vec![0; 4 * UNIT_BYTES]).is_ok());
    }
}
