//! Drawing and speaking, on threads of their own: one for each processor, and load shed early.
//!
//! A picture takes a third of a millisecond of a processor and a sound more than one; everything else that a request
//! takes is far less. So these are what a flood fills, and what must not hold up the threads that answer health checks
//! and judge.
//!
//! A burst is served in the order in which it came, which may take a while. But if there is always somebody who waits,
//! for as long as a burst may take, then it is a flood, of which only a part can ever be served: then the newest comes
//! first, and who has waited for longer than a moment is told to come back. So those who are served at all are served at
//! once, instead of each of them after the longest wait. (Ben Maurer describes it as controlled delay and adaptive LIFO
//! in "Fail at Scale", ACM Queue 13(8), 2015.)

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::Span;

use crate::{domain::refusal::Refusal, traces};

/// The longest wait for a thread, and so the longest burst: some two hundred sounds, or six hundred pictures, are made
/// in it by two processors.
const MAX_BURST: Duration = Duration::from_millis(100);
/// The longest wait in a flood.
const MOMENT: Duration = Duration::from_millis(5);
/// The niceness of the threads, of which each step has a thread get a fifth less than another that wants to run too.
const NICENESS: i32 = 5;
/// The most that rendered media may take in memory, all together, until their clients have taken them.
const MAX_UNSENT_BYTES: usize = 256 << 20;
/// What they are counted in.
const UNIT_BYTES: usize = 1 << 10;

/// The threads that draw and speak, and the room for what they have made.
pub(crate) struct RenderPool {
    queue: Arc<Queue>,
    unsent: Arc<Semaphore>,
}

impl RenderPool {
    /// A pool with a thread for each processor.
    pub(crate) fn new() -> Self {
        Self::of(thread::available_parallelism().map_or(1, usize::from), MAX_UNSENT_BYTES)
    }

    fn of(threads: usize, max_unsent_bytes: usize) -> Self {
        let queue = Arc::new(Queue::default());
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                give_way();
                queue.work();
            });
        }
        Self { queue, unsent: Arc::new(Semaphore::new(max_unsent_bytes / UNIT_BYTES)) }
    }

    /// Renders something. Its bytes count as unsent until the last copy of them is dropped.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be rendered, or to be taken by slow clients.
    pub(crate) async fn render(&self, work: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<Bytes, Refusal> {
        if self.unsent.available_permits() == 0 {
            return Err(Refusal::Busy);
        }
        let (reply, rendered) = oneshot::channel();
        self.queue.push(Job { work: Box::new(work), since: Instant::now(), wait: traces::step("wait"), reply });
        // A job that is dropped has waited too long. A panic is a bug like any other, for the layer that catches them.
        let bytes = rendered.await.map_err(|_| Refusal::Busy)?.unwrap_or_else(|panic| resume_unwind(panic));
        let units = u32::try_from(bytes.len().div_ceil(UNIT_BYTES)).map_err(|_| Refusal::Internal)?;
        let room = Arc::clone(&self.unsent).try_acquire_many_owned(units).map_err(|_| Refusal::Busy)?;
        Ok(Bytes::from_owner(Unsent { bytes, _room: room }))
    }
}

impl Drop for RenderPool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Lowers this thread's priority, so that request threads run first when processors are short: in a flood most of the
/// work is sending 503s. If it fails, replies are slower but right.
fn give_way() {
    // Only Linux sets the priority of one thread; elsewhere this would lower the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the priority of a rendering thread could not be lowered");
    }
}

/// What is to be rendered, the oldest at the front.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Since when there has always been somebody who waits, or was told to come back.
    busy_since: Option<Instant>,
    /// When somebody was last told to come back.
    dropped: Option<Instant>,
    is_closed: bool,
}

struct Job {
    work: Box<dyn FnOnce() -> Vec<u8> + Send>,
    since: Instant,
    /// The wait as a trace shows it. It ends when it is dropped.
    wait: Span,
    reply: oneshot::Sender<Result<Vec<u8>, Box<dyn Any + Send>>>,
}

impl Queue {
    fn push(&self, job: Job) {
        self.lock().push(job);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// What a thread does until the pool is gone.
    fn work(&self) {
        while let Some(Job { work, wait, reply, .. }) = self.next() {
            if reply.is_closed() {
                continue; // its client has gone
            }
            drop(wait);
            // Whoever asked may have gone meanwhile.
            let _ = reply.send(catch_unwind(AssertUnwindSafe(work)));
        }
    }

    /// The next job, as soon as there is one, and none once the pool is gone.
    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            match state.take(Instant::now()) {
                Some(job) => return Some(job),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Nothing that is done with the lock held panics half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, job: Job) {
        let has_dropped = self.dropped.is_some_and(|dropped| job.since - dropped <= MAX_BURST);
        if self.jobs.is_empty() && !has_dropped {
            self.busy_since = Some(job.since);
        }
        self.jobs.push_back(job);
    }

    /// The job whose turn it is. Those that have waited too long are dropped on the way, which their clients are told by.
    fn take(&mut self, now: Instant) -> Option<Job> {
        let is_flood = self.busy_since.is_some_and(|since| now - since > MAX_BURST);
        let max_wait = if is_flood { MOMENT } else { MAX_BURST };
        while self.jobs.front().is_some_and(|oldest| now - oldest.since > max_wait) {
            self.jobs.pop_front();
            self.dropped = Some(now);
        }
        if is_flood { self.jobs.pop_back() } else { self.jobs.pop_front() }
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

    type Rendering = JoinHandle<Result<Bytes, Refusal>>;

    /// A rendering that holds a thread until it is let go, once it does.
    async fn held(pool: &Arc<RenderPool>) -> (mpsc::Sender<()>, Rendering) {
        let (release, released) = mpsc::channel();
        let (begin, begun) = oneshot::channel();
        let rendering = start(pool, move || {
            begin.send(()).unwrap();
            // It fails once the sender is dropped, which releases it as well.
            let _ = released.recv();
        });
        begun.await.unwrap();
        (release, rendering)
    }

    fn start(pool: &Arc<RenderPool>, work: impl FnOnce() + Send + 'static) -> Rendering {
        let pool = Arc::clone(pool);
        let work = move || {
            work();
            vec![0; UNIT_BYTES]
        };
        tokio::spawn(async move { pool.render(work).await })
    }

    async fn until_waiting(pool: &RenderPool, count: usize) {
        while pool.queue.lock().jobs.len() < count {
            tokio::task::yield_now().await;
        }
    }

    fn is_busy(rendered: &Result<Bytes, Refusal>) -> bool {
        matches!(rendered, Err(Refusal::Busy))
    }

    /// A queue whose jobs are named by the millisecond at which they came.
    struct Timeline {
        start: Instant,
        state: State,
    }

    impl Timeline {
        fn new() -> Self {
            Self { start: Instant::now(), state: State::default() }
        }

        fn at(&self, millis: u64) -> Instant {
            self.start + Duration::from_millis(millis)
        }

        fn push(&mut self, millis: u64) {
            let job = Job {
                work: Box::new(Vec::new),
                since: self.at(millis),
                wait: Span::none(),
                reply: oneshot::channel().0,
            };
            self.state.push(job);
        }

        fn take(&mut self, millis: u64) -> Option<u128> {
            let job = self.state.take(self.at(millis))?;
            Some((job.since - self.start).as_millis())
        }
    }

    #[test]
    fn a_burst_is_served_in_the_order_in_which_it_came() {
        let mut queue = Timeline::new();
        (0..5).for_each(|millis| queue.push(millis));
        let served: Vec<_> = (0..5).map(|number| queue.take(20 * number)).collect();
        assert_eq!(served, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    }

    #[test]
    fn in_a_flood_the_newest_comes_first_and_nobody_waits_long() {
        let mut queue = Timeline::new();
        (0..=120).for_each(|millis| queue.push(millis));
        assert_eq!(queue.take(120), Some(120));
        assert_eq!(queue.take(121), Some(119));
        assert_eq!(queue.state.jobs.len(), 3, "those of 116 to 118");
        // It is one although those who wait are gone from time to time, as long as they are sent away.
        assert_eq!(queue.take(140), None);
        queue.push(150);
        assert_eq!(queue.take(156), None);
    }

    #[test]
    fn a_flood_ends_when_nobody_is_sent_away_any_more() {
        let mut queue = Timeline::new();
        (0..=120).for_each(|millis| queue.push(millis));
        assert_eq!(queue.take(120), Some(120));
        assert_eq!(queue.take(140), None);
        queue.push(241);
        assert_eq!(queue.take(260), Some(241));
    }

    #[test]
    fn whoever_waits_now_and_then_is_no_flood() {
        let mut queue = Timeline::new();
        for start in (0..1_000).step_by(20) {
            queue.push(start);
            queue.push(start + 1);
            assert_eq!(queue.take(start + 2), Some(u128::from(start)));
            assert_eq!(queue.take(start + 15), Some(u128::from(start) + 1));
        }
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_come_back() {
        let pool = Arc::new(RenderPool::of(1, MAX_UNSENT_BYTES));
        let (release, first) = held(&pool).await;
        let late = start(&pool, || panic!("it is not begun"));
        until_waiting(&pool, 1).await;
        tokio::time::sleep(MAX_BURST + MAX_BURST / 10).await;
        let newer = start(&pool, || {});
        until_waiting(&pool, 2).await;
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(newer.await.unwrap().is_ok());
        assert!(is_busy(&late.await.unwrap()));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_rendered() {
        let pool = Arc::new(RenderPool::of(1, MAX_UNSENT_BYTES));
        let (release, first) = held(&pool).await;
        let gone = start(&pool, || panic!("it is not begun"));
        until_waiting(&pool, 1).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(pool.render(Vec::new).await.is_ok());
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
    async fn a_panic_is_the_callers_and_ends_no_thread() {
        let pool = Arc::new(RenderPool::of(1, MAX_UNSENT_BYTES));
        assert!(start(&pool, || panic!("a bug")).await.unwrap_err().is_panic());
        assert!(pool.render(Vec::new).await.is_ok());
    }

    #[tokio::test]
    async fn its_threads_end_with_it() {
        let pool = RenderPool::of(2, MAX_UNSENT_BYTES);
        let queue = Arc::downgrade(&pool.queue);
        drop(pool);
        while queue.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
