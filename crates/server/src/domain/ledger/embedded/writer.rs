//! The thread that writes: many decisions, one commit.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    super::{LedgerError, Ruling},
    EmbeddedOptions, Gauges, Purging, Spending,
    recent::Recent,
    tables::{Left, Tables},
};
use crate::keep::store::{Change, Store, StoreError};

/// Decisions that share a commit at most, which bounds how long the first of them waits.
const MAX_BATCH: usize = 1024;

/// What the writer can be asked.
pub(super) enum Request {
    Spend(Asked<Spending, Ruling>),
    /// How many records one step forgot.
    Purge(Asked<Purging, u64>),
    Check(Asked<(), ()>),
    Close(oneshot::Sender<()>),
}

/// A question, and where its answer goes. If nobody waits there any more, the answer holds all the same.
pub(super) struct Asked<Q, A> {
    question: Q,
    reply: oneshot::Sender<Result<A, LedgerError>>,
}

impl<Q, A> Asked<Q, A> {
    pub(super) fn new(question: Q) -> (Self, oneshot::Receiver<Result<A, LedgerError>>) {
        let (reply, answer) = oneshot::channel();
        (Self { question, reply }, answer)
    }

    fn reply(self, answer: Result<A, LedgerError>) {
        let _ = self.reply.send(answer);
    }
}

/// The running thread. Dropping it waits until the thread has ended.
#[derive(Debug)]
pub(super) struct WriterThread(Option<thread::JoinHandle<()>>);

impl WriterThread {
    /// Starts the thread. It ends when it is asked to close or nobody can ask any more, and nothing waits.
    pub(super) fn start(
        store: Store,
        queue: mpsc::Receiver<Request>,
        gauges: Arc<Gauges>,
        options: EmbeddedOptions,
    ) -> Result<Self, StoreError> {
        let writer = Writer { store, gauges, options, recent: None };
        let thread = thread::Builder::new().name("ledger-writer".to_owned()).spawn(move || writer.run(queue));
        thread.map(|thread| Self(Some(thread))).map_err(|error: io::Error| StoreError::Unavailable {
            cause: format!("the ledger's thread cannot be started: {error}"),
        })
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            // It catches its panics, so there is nothing to learn from how it ended.
            let _ = thread.join();
        }
    }
}

struct Writer {
    store: Store,
    gauges: Arc<Gauges>,
    options: EmbeddedOptions,
    /// What the last transaction left, unless it failed or there was none yet: then the database says it.
    recent: Option<Recent>,
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut closing = Vec::new();
        while let Some(first) = queue.blocking_recv() {
            let mut batch = Batch::default();
            batch.add(first);
            batch.gather(&mut queue);
            if !batch.closing.is_empty() {
                // Nothing more is let in; what waits already is still decided.
                queue.close();
                closing.append(&mut batch.closing);
            }
            // A panic would be a bug, here or in redb. The transaction is then gone, and nobody was told anything.
            let decided = catch_unwind(AssertUnwindSafe(|| self.decide(&batch)))
                .unwrap_or_else(|_| Err(StoreError::Unavailable { cause: "the ledger's writer panicked".to_owned() }));
            batch.reply(decided);
        }
        drop(self);
        for reply in closing {
            let _ = reply.send(());
        }
    }

    /// Decides about a whole batch. When this returns, all of it is durable.
    fn decide(&mut self, batch: &Batch) -> Result<Decided, StoreError> {
        let EmbeddedOptions { max_records, max_recent, .. } = self.options;
        // It is put back only when it is true.
        let recent = self.recent.take();
        let (decided, left) = self.store.write(|transaction| {
            let mut tables = Tables::open(transaction, recent)?;
            let decide = |asked: &Asked<Spending, _>| tables.decide(&asked.question, max_records);
            let verdicts = batch.spends.iter().map(decide).collect::<Result<_, StoreError>>()?;
            let forgotten =
                batch.purges.iter().map(|asked| tables.forget_some(&asked.question)).collect::<Result<_, _>>()?;
            if !batch.checks.is_empty() {
                tables.count_check()?;
            }
            let left = tables.finish(max_recent)?;
            let change = if left.has_changed { Change::Commit } else { Change::Nothing };
            Ok::<_, StoreError>(change((Decided { verdicts, forgotten }, left)))
        })?;
        let Left { start, recent, .. } = left;
        self.recent = Some(recent);
        self.gauges.records.store(start.records, Ordering::Release);
        self.gauges.oldest.store(start.horizon.oldest, Ordering::Release);
        Ok(decided)
    }
}

/// Requests that share a commit.
#[derive(Default)]
struct Batch {
    spends: Vec<Asked<Spending, Ruling>>,
    purges: Vec<Asked<Purging, u64>>,
    checks: Vec<Asked<(), ()>>,
    closing: Vec<oneshot::Sender<()>>,
}

/// What was decided about a batch, in its order.
struct Decided {
    verdicts: Vec<Result<Ruling, LedgerError>>,
    forgotten: Vec<u64>,
}

impl Batch {
    fn add(&mut self, request: Request) {
        match request {
            Request::Spend(asked) => self.spends.push(asked),
            Request::Purge(asked) => self.purges.push(asked),
            Request::Check(asked) => self.checks.push(asked),
            Request::Close(reply) => self.closing.push(reply),
        }
    }

    /// Adds what waits, and what comes while other threads have the processor.
    ///
    /// A commit costs more of it than all that is decided in it. So when there is much to do it is better begun after
    /// the requests that are being read than between two of them; when there is not, nobody takes the turn.
    fn gather(&mut self, queue: &mut mpsc::Receiver<Request>) {
        loop {
            let before = self.len();
            while self.len() < MAX_BATCH
                && let Ok(next) = queue.try_recv()
            {
                self.add(next);
            }
            if self.len() == before || self.len() == MAX_BATCH {
                return;
            }
            thread::yield_now();
        }
    }

    fn len(&self) -> usize {
        self.spends.len() + self.purges.len() + self.checks.len() + self.closing.len()
    }

    fn reply(self, decided: Result<Decided, StoreError>) {
        match decided {
            Ok(Decided { verdicts, forgotten }) => {
                self.spends.into_iter().zip(verdicts).for_each(|(asked, verdict)| asked.reply(verdict));
                self.purges.into_iter().zip(forgotten).for_each(|(asked, forgotten)| asked.reply(Ok(forgotten)));
                self.checks.into_iter().for_each(|asked| asked.reply(Ok(())));
            }
            Err(error) => {
                let error = LedgerError::from(error);
                self.spends.into_iter().for_each(|asked| asked.reply(Err(error.clone())));
                self.purges.into_iter().for_each(|asked| asked.reply(Err(error.clone())));
                self.checks.into_iter().for_each(|asked| asked.reply(Err(error.clone())));
            }
        }
    }
}
