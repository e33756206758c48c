//! Whatever takes a processor for long, such as drawing and speaking: on threads of its own, one for each processor, and
//! load shed early.
//!
//! A picture takes a third of a millisecond of a processor and a sound more than one; everything else that a request
//! takes is far less. So these are what a flood fills, and what must not hold up the threads that answer health checks
//! and judge.
//!
//! Who waits is told to come back by how many wait, not by how long: on a machine that is busy with something else a
//! visitor who is alone may wait for long, and would wait again. So a queue is served in the order in which it came,
//! whatever it takes, until it is full. Then it is a flood, of which only a part can ever be served: the client that has
//! most waiting is told to come back, by its oldest request; the client that has fewest waiting comes first, with its
//! newest; and whoever has most waiting loses what has waited for longer than a moment, but for a few. So a flood from
//! one client costs that client, and in one from many those who are served at all are served at once, instead of each of
//! them after the longest wait. (Ben Maurer describes adaptive LIFO in "Fail at Scale", ACM Queue 13(8), 2015; the
//! controlled delay beside it there goes by the clock.)

use std::{
    any::Any,
    collections::{HashMap, VecDeque, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use tracing::Span;

use crate::{
    domain::{client::Client, refusal::Refusal},
    traces,
};

/// Jobs that may wait for each thread. Two processors speak as many sounds in a tenth of a second, and draw as many
/// pictures in a thirtieth.
const MAX_WAITING: usize = 64;
/// The fewest threads that the queue has room for.
const MIN_THREADS: usize = 2;
/// How long a flood lasts after somebody was last told to come back.
const FLOOD_TIME: Duration = Duration::from_millis(100);
/// The longest wait in a flood, unless few wait.
const MOMENT: Duration = Duration::from_millis(5);
/// Of so many that wait none is told to come back for having waited.
const FEW: usize = 16;
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
        let queue = Arc::new(Queue::of(MAX_WAITING * threads.max(MIN_THREADS)));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                give_way();
                queue.work();
            });
        }
        Self { queue }
    }

    /// Does something, for this client if it is for one, and returns what it made.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be done.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        client: Option<Client>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let (reply, done) = oneshot::channel();
        let task = Box::new(Asked { work, reply });
        self.queue.push(Job { task, client, since: Instant::now(), wait: traces::step("wait") });
        // A job that is dropped was in the way of others. A panic is a bug like any other, for the layer that catches them.
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

/// What is to be done.
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// The oldest is at the front.
    jobs: VecDeque<Job>,
    /// How many of them each client has.
    counts: HashMap<Option<Client>, usize>,
    max_waiting: usize,
    /// When somebody was last told to come back.
    dropped: Option<Instant>,
    is_closed: bool,
}

struct Job {
    task: Box<dyn Task>,
    /// All who have none are as one.
    client: Option<Client>,
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
    fn of(max_waiting: usize) -> Self {
        let state =
            State { jobs: VecDeque::new(), counts: HashMap::new(), max_waiting, dropped: None, is_closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

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
    /// Takes a job in, and drops another one if that is one too many.
    fn push(&mut self, job: Job) {
        if self.jobs.len() == self.max_waiting {
            let most = self.oldest_of_most();
            self.drop_job(most, job.since);
        }
        *self.counts.entry(job.client).or_default() += 1;
        self.jobs.push_back(job);
    }

    /// The job whose turn it is.
    fn take(&mut self, now: Instant) -> Option<Job> {
        if !self.is_flood(now) {
            return self.remove(0);
        }
        while self.jobs.len() > FEW {
            let most = self.oldest_of_most();
            if now - self.jobs[most].since <= MOMENT {
                break;
            }
            self.drop_job(most, now);
        }
        self.remove(self.newest_of_fewest())
    }

    fn is_flood(&self, now: Instant) -> bool {
        self.dropped.is_some_and(|dropped| now - dropped <= FLOOD_TIME)
    }

    /// Its client is told by that to come back.
    fn drop_job(&mut self, place: usize, now: Instant) {
        self.remove(place);
        self.dropped = Some(now);
    }

    /// The job at this place, if there is one.
    fn remove(&mut self, place: usize) -> Option<Job> {
        let job = self.jobs.remove(place)?;
        if let Entry::Occupied(mut count) = self.counts.entry(job.client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        Some(job)
    }

    /// The place of the oldest job of the clients that have most.
    fn oldest_of_most(&self) -> usize {
        let most = self.counts.values().max();
        self.jobs.iter().position(|job| self.counts.get(&job.client) == most).unwrap_or_default()
    }

    /// The place of the newest job of the clients that have fewest.
    fn newest_of_fewest(&self) -> usize {
        let fewest = self.counts.values().min();
        self.jobs.iter().rposition(|job| self.counts.get(&job.client) == fewest).unwrap_or_default()
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
        tokio::spawn(async move { pool.run(None, work).await })
    }

    async fn until_waiting(pool: &WorkPool, count: usize) {
        while pool.queue.lock().jobs.len() < count {
            tokio::task::yield_now().await;
        }
    }

    fn is_busy(done: &Result<(), Refusal>) -> bool {
        matches!(done, Err(Refusal::Busy))
    }

    /// What comes back of work that makes nothing, or the panic that ended it.
    type Done = oneshot::Receiver<Result<(), Box<dyn Any + Send>>>;

    /// A queue whose jobs are named by the millisecond at which they came.
    struct Timeline {
        start: Instant,
        state: State,
        replies: Vec<(u64, Done)>,
    }

    impl Timeline {
        fn of(max_waiting: usize) -> Self {
            let state =
                State { jobs: VecDeque::new(), counts: HashMap::new(), max_waiting, dropped: None, is_closed: false };
            Self { start: Instant::now(), state, replies: Vec::new() }
        }

        fn at(&self, millis: u64) -> Instant {
            self.start + Duration::from_millis(millis)
        }

        fn push(&mut self, millis: u64) {
            self.push_of(None, millis);
        }

        fn push_of(&mut self, client: Option<Client>, millis: u64) {
            let (reply, done) = oneshot::channel();
            self.replies.push((millis, done));
            let task = Box::new(Asked { work: || (), reply });
            self.state.push(Job { task, client, since: self.at(millis), wait: Span::none() });
        }

        fn take(&mut self, millis: u64) -> Option<u128> {
            let job = self.state.take(self.at(millis))?;
            let came = (job.since - self.start).as_millis();
            job.task.run();
            Some(came)
        }

        /// Those who were told to come back.
        fn dropped(&mut self) -> Vec<u64> {
            let is_dropped = |done: &mut Done| matches!(done.try_recv(), Err(oneshot::error::TryRecvError::Closed));
            self.replies.iter_mut().filter_map(|(came, done)| is_dropped(done).then_some(*came)).collect()
        }
    }

    #[test]
    fn whoever_waits_in_a_queue_that_is_not_full_is_served_in_turn_however_long_it_takes() {
        let mut queue = Timeline::of(5);
        (0..5).for_each(|millis| queue.push(millis));
        let served: Vec<_> = (1..=5).map(|number| queue.take(60_000 * number)).collect();
        assert_eq!(served, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert!(queue.dropped().is_empty());
    }

    #[test]
    fn clients_that_come_back_at_once_are_all_served_as_long_as_there_is_room() {
        let mut queue = Timeline::of(64);
        (0..64).for_each(|millis| queue.push(millis));
        for millis in 64..10_000 {
            assert_eq!(queue.take(millis), Some(u128::from(millis) - 64));
            queue.push(millis);
        }
        assert!(queue.dropped().is_empty());
    }

    #[test]
    fn in_a_flood_the_newest_comes_first_and_whoever_waited_is_told_to_come_back() {
        let mut queue = Timeline::of(100);
        (0..=100).for_each(|millis| queue.push(millis));
        assert_eq!(queue.dropped(), [0], "one too many");
        assert_eq!(queue.take(100), Some(100));
        assert_eq!(queue.dropped(), (0..=84).collect::<Vec<_>>(), "but a few");
        assert_eq!(queue.take(101), Some(99));
    }

    #[test]
    fn a_flood_from_one_client_costs_that_client() {
        let [flooding, other] =
            ["198.51.100.7", "198.51.100.8"].map(|address| Some(Client::new(address.parse().unwrap())));
        let mut queue = Timeline::of(100);
        queue.push_of(other, 0);
        (1..=150).for_each(|millis| queue.push_of(flooding, millis));
        assert_eq!(queue.take(150), Some(0), "though it is the oldest, and has waited long");
        assert!(!queue.dropped().contains(&0));
        assert_eq!(queue.take(150), Some(150));
    }

    #[test]
    fn a_flood_ends_when_nobody_was_told_to_come_back_for_a_while() {
        let mut queue = Timeline::of(10);
        (0..=10).for_each(|millis| queue.push(millis));
        assert_eq!(queue.take(110), Some(10));
        assert_eq!(queue.take(111), Some(1));
        queue.push(112);
        assert_eq!(queue.take(113), Some(2));
        assert_eq!(queue.dropped(), [0]);
    }

    #[test]
    fn a_few_are_served_even_in_a_flood() {
        let mut queue = Timeline::of(FEW);
        (0..=FEW as u64).for_each(|millis| queue.push(millis));
        let served: Vec<_> = (0..FEW).map(|_| queue.take(50)).collect();
        assert!(served.iter().all(Option::is_some), "{served:?}");
        assert_eq!(queue.dropped(), [0]);
    }

    #[tokio::test]
    async fn one_too_many_is_told_to_come_back() {
        let pool = Arc::new(WorkPool::of(1));
        let (release, first) = held(&pool).await;
        let oldest = start(&pool, || panic!("it is not begun"));
        until_waiting(&pool, 1).await;
        let others: Vec<_> = (0..MIN_THREADS * MAX_WAITING).map(|_| start(&pool, || {})).collect();
        assert!(is_busy(&oldest.await.unwrap()));
        release.send(()).unwrap();
        assert!(first.await.unwrap().is_ok());
        let mut served = 0;
        for other in others {
            served += usize::from(other.await.unwrap().is_ok());
        }
        assert!(served >= FEW, "{served}");
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
        assert!(pool.run(None, || ()).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_made_comes_back_whatever_it_is() {
        let pool = WorkPool::of(1);
        assert_eq!(pool.run(None, || "made").await.unwrap(), "made");
        assert_eq!(pool.run(None, || vec![1, 2]).await.unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn a_panic_is_the_callers_and_ends_no_thread() {
        let pool = Arc::new(WorkPool::of(1));
        assert!(start(&pool, || panic!("a bug")).await.unwrap_err().is_panic());
        assert!(pool.run(None, || ()).await.is_ok());
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
