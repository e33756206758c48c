//! Whatever takes a processor for long, such as drawing and speaking: on threads of its own, one for each processor, and
//! load shed early.
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

use tokio::sync::oneshot;
use tracing::Span;

use crate::{domain::refusal::Refusal, traces};

/// The longest wait for a thread, and so the longest burst: some two hundred sounds, or six hundred pictures, are made
/// in it by two processors.
const MAX_BURST: Duration = Duration::from_millis(100);
/// The longest wait in a flood.
const MOMENT: Duration = Duration::from_millis(5);
/// The niceness of the threads, of which each step has a thread get a fifth less than another that wants to run too.
const NICENESS: i32 = 5;
/// The threads that work.
pub(crate) struct WorkPool {
    queue: Arc<Queue>,
}

impl WorkPool {
    /// A pool with a thread for each processor.
    pub(crate) fn new() -> Self {
        Self::of(thread::available_parallelism().map_or(1, usize::from))
    }

    fn of(threads: usize) -> Self {
        let queue = Arc::new(Queue::default());
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                give_way();
                queue.work();
            });
        }
        Self { queue }
    }

    /// Does something, and returns what it made.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be done.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let (reply, done) = oneshot::channel();
        let task = Box::new(Asked { work, reply });
        self.queue.push(Job { task, since: Instant::now(), wait: traces::step("wait") });
        // A job that is dropped has waited too long. A panic is a bug like any other, for the layer that catches them.
        Ok(done.await.map_err(|_| Refusal::Busy)?.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl Drop for WorkPool {
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
        tracing::debug!(%error, "the priority of a working thread could not be lowered");
    }
}

/// What is to be done, the oldest at the front.
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
    task: Box<dyn Task>,
    since: Instant,
    /// The wait as a trace shows it. It ends when it is dropped.
    wait: Span,
}

/// Something to do, whatever comes of it.
trait Task: Send {
    /// Whether its client is still there.
    fn is_wanted(&self) -> bool;

    fn run(self: Box<Self>);
}

/// Work, and where its result goes.
struct Asked<T, Work> {
    work: Work,
    reply: oneshot::Sender<Result<T, Box<dyn Any + Send>>>,
}

impl<T: Send, Work: FnOnce() -> T + Send> Task for Asked<T, Work> {
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(self: Box<Self>) {
        // Whoever asked may have gone meanwhile.
        let _ = self.reply.send(catch_unwind(AssertUnwindSafe(self.work)));
    }
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
        while let Some(Job { task, wait, .. }) = self.next() {
            drop(wait);
            if task.is_wanted() {
                task.run();
            }
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::task::JoinHandle;

    use super::*;

    type Running = JoinHandle<Result<(), Refusal>>;

    /// Work that holds a thread until it is let go, once it does.
    async fn held(pool: &Arc<WorkPool>) -> (mpsc::Sender<()>, Running) {
        let (release, released) = mpsc::channel();
        let (begin, begun) = oneshot::channel();
        let running = start(pool, move || {
            begin.send(()).unwrap();
            // It fails once the sender is dropped, which releases it as well.
            let _ = released.recv();
        });
        begun.await.unwrap();
        (release, running)
    }

    fn start(pool: &Arc<WorkPool>, work: impl FnOnce() + Send + 'static) -> Running {
        let pool = Arc::clone(pool);
        tokio::spawn(async move { pool.run(work).await })
    }

    async fn until_waiting(pool: &WorkPool, count: usize) {
        while pool.queue.lock().jobs.len() < count {
            tokio::task::yield_now().await;
        }
    }

    fn is_busy(done: &Result<(), Refusal>) -> bool {
        matches!(done, Err(Refusal::Busy))
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
            let task = Box::new(Asked { work: || (), reply: oneshot::channel().0 });
            self.state.push(Job { task, since: self.at(millis), wait: Span::none() });
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
        let pool = Arc::new(WorkPool::of(1));
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
    async fn what_nobody_waits_for_any_more_is_not_done() {
        let pool = Arc::new(WorkPool::of(1));
        let (release, first) = held(&pool).await;
        let gone = start(&pool, || panic!("it is not begun"));
        until_waiting(&pool, 1).await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        assert!(pool.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_made_comes_back_whatever_it_is() {
        let pool = WorkPool::of(1);
        assert_eq!(pool.run(|| "made").await.unwrap(), "made");
        assert_eq!(pool.run(|| vec![1, 2]).await.unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_ends_no_thread() {
        let pool = Arc::new(WorkPool::of(1));
        assert!(start(&pool, || panic!("a bug")).await.unwrap_err().is_panic());
        assert!(pool.run(|| ()).await.is_ok());
    }

    #[tokio::test]
    async fn its_threads_end_with_it() {
        let pool = WorkPool::of(2);
        let queue = Arc::downgrade(&pool.queue);
        drop(pool);
        while queue.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
