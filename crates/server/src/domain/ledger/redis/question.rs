//! What the script is asked and what it says, and how questions share a call.

use std::sync::{Arc, LazyLock};

use ::redis::{FromRedisValue, Value};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot};

use super::{CLOCK_SKEW, PAGE, PAGE_KEPT, flag};
use crate::{
    domain::{
        ledger::{Attempt, Decision, RequestName, Ruling, Spend},
        lifetime::LONGEST_LIFE_SECS,
    },
    keep::remote::{Decided, Remote, RemoteError, Script},
};

/// The most questions of one call. While it runs, the server does nothing else.
const MAX_ASKED_AT_ONCE: usize = 128;

static ANSWER: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("answer.lua")));

/// How an answer is to be judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) spend: Spend,
    pub(super) attempt: Attempt,
    /// Names it, so that it is the same question when it is asked again.
    pub(super) request: RequestName,
}

/// What the script says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    Ruling(Ruling),
    /// The key is older than the memory, which began in this second.
    Forgotten {
        began: u64,
    },
    /// Nothing was decided: the memory has not begun, or is lost.
    NotBegun,
}

/// A reply, and whether the question was sent more than once, so that an earlier sending may have been decided too.
pub(super) type Asked = Result<(Reply, bool), RemoteError>;

/// Asks the servers.
pub(super) struct Asker {
    remote: Arc<Remote>,
    trusts_restarts: bool,
    /// Of one server, where questions share calls. In a cluster each goes to the server of its bucket.
    queue: Option<mpsc::UnboundedSender<Waiting>>,
    in_flight: Arc<Semaphore>,
}

/// A question that waits for its turn.
struct Waiting {
    question: Question,
    tell: oneshot::Sender<Asked>,
}

impl Asker {
    pub(super) fn new(remote: Arc<Remote>, trusts_restarts: bool) -> Self {
        let in_flight = Arc::new(Semaphore::new(remote.address().max_in_flight()));
        let queue = (!remote.address().is_cluster()).then(|| spawn_workers(&remote, trusts_restarts));
        Self { remote, trusts_restarts, queue, in_flight }
    }

    /// Asks, with others that ask just now.
    pub(super) async fn ask(&self, question: Question) -> Asked {
        let Some(queue) = &self.queue else {
            let replies = ask_together(&self.remote, self.trusts_restarts, &[question]).await?;
            return replies.into_iter().next().ok_or_else(unreadable);
        };
        let max_in_flight = self.remote.address().max_in_flight();
        let _permit = self.in_flight.try_acquire().map_err(|_| RemoteError::Overloaded { max_in_flight })?;
        let (tell, told) = oneshot::channel();
        let timeout = self.remote.address().timeout();
        // It fails only with the runtime.
        let _ = queue.send(Waiting { question, tell });
        let late = |_| RemoteError::Late { millis: timeout.as_millis(), last: None };
        tokio::time::timeout(timeout, told)
            .await
            .map_err(late)?
            .map_err(|_| RemoteError::Failed("stopped".to_owned()))?
    }
}

/// As many as there are connections take turns: while one call is on its way, the next questions gather.
fn spawn_workers(remote: &Arc<Remote>, trusts_restarts: bool) -> mpsc::UnboundedSender<Waiting> {
    let (queue, waiting) = mpsc::unbounded_channel();
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..remote.address().connections() {
        tokio::spawn(work(Arc::clone(remote), trusts_restarts, Arc::clone(&waiting)));
    }
    queue
}

async fn work(remote: Arc<Remote>, trusts_restarts: bool, waiting: Arc<Mutex<mpsc::UnboundedReceiver<Waiting>>>) {
    loop {
        let mut taken = Vec::new();
        if waiting.lock().await.recv_many(&mut taken, MAX_ASKED_AT_ONCE).await == 0 {
            return;
        }
        // Whoever gave up was told that nothing was decided, so better nothing is.
        taken.retain(|waiting| !waiting.tell.is_closed());
        let questions: Vec<Question> = taken.iter().map(|waiting| waiting.question).collect();
        if questions.is_empty() {
            continue;
        }
        let asked = ask_together(&remote, trusts_restarts, &questions).await;
        for (number, Waiting { tell, .. }) in taken.into_iter().enumerate() {
            let reply = asked.as_ref().map_err(RemoteError::clone);
            // Whoever gives up now does not learn what was decided, which holds all the same.
            let _ = tell.send(reply.and_then(|replies| replies.get(number).copied().ok_or_else(unreadable)));
        }
    }
}

/// Asks several questions in one call. Their records must be on one server.
async fn ask_together(
    remote: &Remote,
    trusts_restarts: bool,
    questions: &[Question],
) -> Result<Vec<(Reply, bool)>, RemoteError> {
    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    for Question { spend, attempt, .. } in questions {
        names.extend(super::names(remote.prefix(), spend));
        // No longer than its page is kept.
        let over = spend.until.min(spend.issued_at + LONGEST_LIFE_SECS);
        numbers.push([u64::from(attempt.attempts_allowed), spend.issued_at, over].map(|number| number.to_string()));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut arguments: Vec<&[u8]> =
        vec![flag(!trusts_restarts), CLOCK_SKEW.as_bytes(), PAGE.as_bytes(), PAGE_KEPT.as_bytes()];
    for (question, numbers) in questions.iter().zip(&numbers) {
        arguments.extend([question.spend.key.as_bytes(), &question.request[..], flag(question.attempt.is_right)]);
        arguments.extend(numbers.iter().map(|number| number.as_bytes()));
    }
    let Decided { value, is_repeated } = remote.run(&ANSWER, &names, &arguments).await?;
    let Value::Array(values) = value else { return Err(unreadable()) };
    let replies = values.chunks_exact(2).map(|pair| Some((reply(pair)?, is_repeated)));
    replies.collect::<Option<Vec<_>>>().ok_or_else(unreadable)
}

fn reply(pair: &[Value]) -> Option<Reply> {
    let letter = String::from_redis_value_ref(&pair[0]).ok()?;
    let number = u64::from_redis_value_ref(&pair[1]).ok()?;
    Some(match letter.as_str() {
        "p" => Reply::Ruling(Ruling::now(Decision::Passed)),
        "P" => Reply::Ruling(Ruling::before(Decision::Passed)),
        "w" => Reply::Ruling(Ruling::now(Decision::Wrong { left: u8::try_from(number).ok()? })),
        "W" => Reply::Ruling(Ruling::before(Decision::Wrong { left: u8::try_from(number).ok()? })),
        "s" | "x" => Reply::Ruling(Ruling::now(Decision::Spent)),
        "r" => Reply::Forgotten { began: number },
        "b" => Reply::NotBegun,
        _ => return None,
    })
}

fn unreadable() -> RemoteError {
    RemoteError::Failed("it gave a reply that cannot be read".to_owned())
}
