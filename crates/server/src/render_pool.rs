//! Drawing and speaking, on threads of their own: as many at once as there are processors, and load shed early.
//!
//! A picture takes a fifth of a millisecond of a processor and a sound a whole one; everything else that a request
//! takes is far less. So these are what a flood fills, and what must not hold up the threads that answer health checks
//! and judge. What waits is bounded in time rather than in number: a queue that is longer than what can be done soon
//! only makes everybody late, and who waits does not care how many others do.

use std::{panic::resume_unwind, sync::Arc, thread, time::Duration};

use axum::body::Bytes;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use tracing::Instrument;

use crate::{error::Refusal, traces};

/// The longest wait for a thread. Some thirty sounds, or a hundred and fifty pictures, are made in it by two processors.
const MAX_WAIT: Duration = Duration::from_millis(15);
/// The most that rendered media may take in memory, all together, until their clients have taken them.
const MAX_UNSENT_BYTES: usize = 256 << 20;
/// What they are counted in.
const UNIT_BYTES: usize = 1 << 10;

/// The threads that draw and speak, and the room for what they have made.
pub(crate) struct RenderPool {
    threads: Arc<Semaphore>,
    unsent: Arc<Semaphore>,
}

impl RenderPool {
    /// A pool with a thread for each processor.
    pub(crate) fn new() -> Self {
        Self::of(thread::available_parallelism().map_or(1, usize::from), MAX_UNSENT_BYTES)
    }

    fn of(threads: usize, max_unsent_bytes: usize) -> Self {
        Self {
            threads: Arc::new(Semaphore::new(threads)),
            unsent: Arc::new(Semaphore::new(max_unsent_bytes / UNIT_BYTES)),
        }
    }

    /// Renders something. Its bytes count as unsent until the last copy of them is dropped.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be rendered, or to be taken by slow clients.
    pub(crate) async fn render(&self, work: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<Bytes, Refusal> {
        if self.unsent.available_permits() == 0 {
            return Err(Refusal::Busy);
        }
        let thread = self.thread().await?;
        let rendering = tokio::task::spawn_blocking(move || {
            let _thread = thread;
            work()
        });
        // A panic is a bug like any other, for the layer that catches them.
        let bytes = rendering.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Refusal::Internal,
        })?;
        let units = u32::try_from(bytes.len().div_ceil(UNIT_BYTES)).map_err(|_| Refusal::Internal)?;
        let room = Arc::clone(&self.unsent).try_acquire_many_owned(units).map_err(|_| Refusal::Busy)?;
        Ok(Bytes::from_owner(Unsent { bytes, _room: room }))
    }

    /// A thread, if one is free soon.
    async fn thread(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let waiting = timeout(MAX_WAIT, Arc::clone(&self.threads).acquire_owned()).instrument(traces::step("wait"));
        match waiting.await {
            Ok(acquired) => Ok(acquired.expect("the semaphore is never closed")),
            Err(_) => Err(Refusal::Busy),
        }
    }
}

/// Rendered bytes and the room that they take.
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
    use std::sync::mpsc;

    use tokio::task::JoinHandle;

    use super::*;

    /// A rendering that holds a thread until it is let go.
    fn held(pool: &Arc<RenderPool>) -> (mpsc::Sender<()>, JoinHandle<Result<Bytes, Refusal>>) {
        let (release, released) = mpsc::channel();
        let pool = Arc::clone(pool);
        let rendering = tokio::spawn(async move {
            let work = move || {
                // It fails once the sender is dropped, which releases it as well.
                let _ = released.recv();
                vec![0; UNIT_BYTES]
            };
            pool.render(work).await
        });
        (release, rendering)
    }

    async fn until_full(pool: &RenderPool) {
        while pool.threads.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
    }

    fn is_busy(rendered: &Result<Bytes, Refusal>) -> bool {
        matches!(rendered, Err(Refusal::Busy))
    }

    #[tokio::test]
    async fn a_burst_waits_and_is_served() {
        let pool = Arc::new(RenderPool::of(1, MAX_UNSENT_BYTES));
        let (release, first) = held(&pool);
        until_full(&pool).await;
        let (release_second, second) = held(&pool);
        tokio::task::yield_now().await;
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        release_second.send(()).unwrap();
        assert!(second.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_come_back() {
        let pool = Arc::new(RenderPool::of(1, MAX_UNSENT_BYTES));
        let (release, first) = held(&pool);
        until_full(&pool).await;
        assert!(is_busy(&pool.render(Vec::new).await));
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(pool.render(Vec::new).await.is_ok(), "it does not serve again once the load is gone");
    }

    #[tokio::test]
    async fn what_clients_do_not_take_is_bounded() {
        let pool = RenderPool::of(1, 4 * UNIT_BYTES);
        let large = pool.render(|| vec![0; 3 * UNIT_BYTES]).await.unwrap();
        let part = large.slice(..10);
        drop(large);
        assert!(is_busy(&pool.render(|| vec![0; 2 * UNIT_BYTES]).await), "a part holds the whole");
        assert!(pool.render(|| vec![0; UNIT_BYTES]).await.is_ok());
        drop(part);
        assert!(pool.render(|| vec![0; 2 * UNIT_BYTES]).await.is_ok());
    }

    #[tokio::test]
    #[should_panic(expected = "a bug")]
    async fn a_panic_is_the_callers() {
        let _ = RenderPool::new().render(|| panic!("a bug")).await;
    }
}
