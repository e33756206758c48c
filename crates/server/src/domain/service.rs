//! What the server does, apart from HTTP: issue a challenge, show it, judge its answer, expire it.
//!
//! Every check of the wire contract is one method here, so that a handler reads as the order in which they are made.
//! `tokens.rs` has what a passed challenge is good for beside its verdict, `looking.rs` what has to be well for any of it.

mod looking;
mod tokens;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::body::Bytes;
use haechi_captcha::{Challenge, Claims, EPOCH, Judgement, Key, Keyring, Language, Look, Nonce, Shape, Speech, Word};
use tracing::Instrument;

use crate::{
    clock::{CLOCK_SKEW_SECS, unix_now},
    domain::{
        apps::{AppKey, Apps, LiveApp},
        client::{Client, Proxies},
        connections::Connections,
        ledger::{Attempt, Decision, Expiry, Ledger, LedgerError, RequestName, Ruling, Spend},
        lifetime::{REDEEMABLE_SECS, RETRY_SECS},
        limits::{Limits, PerMinute, TooOften},
        metrics::Metrics,
        outcome::Outcome,
        readiness::Readiness,
        refusal::Refusal,
        work_pool::WorkPool,
    },
    traces,
};

/// The longest to wait for the ledger. It is below the limit of a whole request, so that a client learns what is wrong.
const MAX_DECIDING_TIME: Duration = Duration::from_secs(5);
/// How long it stays true that the ledger can decide.
const MAX_READINESS_AGE: Duration = Duration::from_secs(1);

/// An answer as it was given.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// What was typed.
    pub typed: &'a str,
    /// The name of the request, if it may come again.
    pub request: Option<RequestName>,
}

impl<'a> From<&'a str> for Given<'a> {
    fn from(typed: &'a str) -> Self {
        Self { typed, request: None }
    }
}

/// What became of an answer, and when its challenge was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Whether it passed.
    pub verdict: Verdict,
    /// When the challenge was issued, in Unix seconds.
    pub issued_at: u64,
    /// How many seconds after that the answer came.
    pub after_secs: u64,
    /// Whether the same request had this verdict before.
    pub is_repeated: bool,
}

/// Whether an answer passed, and else why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right, and nothing passes with this key any more.
    Passed,
    /// It is wrong.
    Wrong {
        /// The attempts that are left.
        left: u8,
    },
    /// The key was answered, used up or expired before.
    Spent,
    /// The key is past its time.
    Late,
    /// There is nothing in it. It took no attempt.
    Empty,
}

impl Verdict {
    /// As what it is counted.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Passed => Outcome::Success,
            Self::Wrong { .. } => Outcome::WrongAnswerError,
            Self::Spent | Self::Late => Outcome::ExpiredKeyError,
            Self::Empty => Outcome::EmptyAnswer,
        }
    }
}

/// One running installation: its secrets, its apps and its ledger.
pub struct Service {
    keyring: ArcSwap<Keyring>,
    apps: Arc<Apps>,
    ledger: Ledger,
    nonces: Nonces,
    metrics: Arc<Metrics>,
    readiness: Readiness,
    work_pool: WorkPool,
    connections: Arc<Connections>,
    limits: Limits,
    max_deciding_time: Duration,
    /// Whether the keys that other vendors publish for tests are known.
    knows_vendors_test_keys: bool,
    /// Whether challenges are passed for tokens, whose redemption must be remembered for longer than answers.
    gives_tokens: AtomicBool,
}

impl Service {
    /// A service of these parts.
    #[must_use]
    pub fn new(keyring: Keyring, apps: Arc<Apps>, ledger: Ledger, nonces: Nonces) -> Self {
        Self {
            keyring: ArcSwap::from_pointee(keyring),
            apps,
            ledger,
            nonces,
            metrics: Arc::new(Metrics::new()),
            readiness: Readiness::new(MAX_READINESS_AGE),
            work_pool: WorkPool::new(),
            connections: Arc::default(),
            limits: Limits::new(PerMinute::default(), Proxies::default(), None),
            max_deciding_time: MAX_DECIDING_TIME,
            knows_vendors_test_keys: false,
            gives_tokens: AtomicBool::new(false),
        }
    }

    /// With limits for each client, counted by this node or, where Redis is given, by all together.
    #[must_use]
    pub(crate) fn limited(self, limits: Limits) -> Self {
        let connections = Arc::new(Connections::trusting(limits.proxies().clone()));
        Self { limits, connections, ..self }
    }

    /// Which knows the keys that other vendors publish for tests, if so. They protect nothing.
    #[must_use]
    pub fn knowing_vendors_test_keys(self, knows_vendors_test_keys: bool) -> Self {
        Self { knows_vendors_test_keys, ..self }
    }

    pub(crate) fn knows_vendors_test_keys(&self) -> bool {
        self.knows_vendors_test_keys
    }

    /// Seals and opens keys under other secrets from now on.
    pub fn change_keyring(&self, keyring: Keyring) {
        self.keyring.store(Arc::new(keyring));
    }

    /// Who is connected.
    #[must_use]
    pub fn connections(&self) -> &Arc<Connections> {
        &self.connections
    }

    /// How often clients may call.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// For tests: with less patience.
    #[cfg(test)]
    pub(crate) fn deciding_within(self, max_deciding_time: Duration) -> Self {
        Self { max_deciding_time, ..self }
    }

    /// The app that calls.
    ///
    /// # Errors
    /// [`Refusal::AppKey`] if there is none with this appkey, or it is disabled.
    pub fn app(&self, appkey: &str, now: u64) -> Result<Arc<LiveApp>, Refusal> {
        let appkey = AppKey::parse(appkey).ok_or(Refusal::AppKey)?;
        let apps = self.apps.current();
        let live = apps.by_appkey(&appkey).or_else(|| apps.by_previous_appkey(&appkey, now));
        enabled(live)
    }

    /// Issues a challenge, fixed to a language if one is given. Nothing is stored.
    ///
    /// # Errors
    /// [`Refusal::RateLimit`] above the app's rate; [`Refusal::LedgerAhead`] if the key could not pass.
    pub async fn issue(&self, live: &LiveApp, language: Option<Language>, now: u64) -> Result<Key, Refusal> {
        self.admit(live).await.inspect_err(|_| live.counters.count_limited())?;
        if self.ledger_ahead_until(now).is_some() {
            return Err(Refusal::LedgerAhead);
        }
        let issued_at = now.max(self.ledger.issue_not_before()).max(EPOCH);
        let claims = Claims {
            issued_at,
            app: live.app.number,
            shape: Shape::word_in(live.app.settings.answer_length, language),
            nonce: self.nonces.next(),
        };
        live.counters.count_issued(issued_at);
        Ok(self.keyring.load().issue(&claims))
    }

    /// Issues a challenge in this language, to be shown at once.
    ///
    /// # Errors
    /// As [`Service::issue`].
    pub async fn issue_word(&self, live: &LiveApp, language: Language, now: u64) -> Result<Word, Refusal> {
        let key = self.issue(live, Some(language), now).await?;
        let word = self.keyring.load().open_word(&key).ok_or(Refusal::Internal)?;
        Ok(if live.app.settings.test { word.as_test() } else { word })
    }

    /// Counts a challenge of this app, by this node and, where they count together, by all.
    async fn admit(&self, live: &LiveApp) -> Result<(), Refusal> {
        self.limits.admit_app(live.app.number, live.app.settings.rate_per_sec).await?;
        if live.may_issue() { Ok(()) } else { Err(Refusal::RateLimit { retry_after_secs: 1 }) }
    }

    /// The word that a key stands for, and the app that issued it.
    ///
    /// # Errors
    /// [`Refusal::Key`] if the key is malformed, was not issued here, stands for no word, or its app is gone or disabled.
    pub fn word(&self, key: &str) -> Result<(Word, Arc<LiveApp>), Refusal> {
        let key: Key = key.parse().map_err(|_| Refusal::Key)?;
        let (challenge, live) = self.open(&key).ok_or(Refusal::Key)?;
        let live = live.filter(|live| live.app.enabled).ok_or(Refusal::Key)?;
        match challenge {
            Challenge::Word(word) => Ok((word, live)),
            Challenge::Work(_) => Err(Refusal::Key),
        }
    }

    /// The challenge that a key stands for, if it was issued here, and the app that issued it, if that is not gone.
    pub(crate) fn open(&self, key: &Key) -> Option<(Challenge, Option<Arc<LiveApp>>)> {
        let challenge = self.keyring.load().open(key)?;
        let live = self.apps.current().by_number(challenge.claims().app).map(Arc::clone);
        let challenge = match (challenge, &live) {
            (Challenge::Word(word), Some(live)) => {
                let word = word.in_language(live.language);
                Challenge::Word(if live.app.settings.test { word.as_test() } else { word })
            }
            (challenge, _) => challenge,
        };
        Some((challenge, live))
    }

    /// The word that a key of this app stands for.
    ///
    /// # Errors
    /// [`Refusal::Key`] as for [`Service::word`], or if another app issued the key.
    pub fn word_of(&self, live: &LiveApp, key: &str) -> Result<Word, Refusal> {
        let (word, issuer) = self.word(key)?;
        if issuer.app.number == live.app.number { Ok(word) } else { Err(Refusal::Key) }
    }

    /// Checks that a challenge may still be shown. Its being spent does not matter: showing it gives nothing away.
    ///
    /// # Errors
    /// [`Refusal::Expired`] past its time.
    pub fn check_time(&self, live: &LiveApp, word: &Word, now: u64) -> Result<(), Refusal> {
        if is_within_time(live, word, now) { Ok(()) } else { Err(Refusal::Expired) }
    }

    /// Draws a challenge for a client, if it is known which: a GIF file.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be drawn already.
    pub async fn draw(&self, word: Word, look: Look, client: Option<Client>) -> Result<Bytes, Refusal> {
        let metrics = Arc::clone(&self.metrics);
        let drawing = self.render_for(client, move || metrics.time_render(|| word.draw(&look)));
        drawing.instrument(traces::step("draw")).await
    }

    /// Speaks a challenge for a client, if it is known which: a WAV file.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be spoken already.
    pub async fn speak(&self, word: Word, speech: Speech, client: Option<Client>) -> Result<Bytes, Refusal> {
        let metrics = Arc::clone(&self.metrics);
        let speaking = self.render_for(client, move || metrics.time_speak(|| word.speak(&speech)));
        speaking.instrument(traces::step("speak")).await
    }

    /// Renders what is nobody's challenge, such as a preview, within the same bounds.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be rendered already.
    pub(crate) async fn render(&self, work: impl FnOnce() -> Vec<u8> + Send + 'static) -> Result<Bytes, Refusal> {
        self.render_for(None, work).await
    }

    async fn render_for(
        &self,
        client: Option<Client>,
        work: impl FnOnce() -> Vec<u8> + Send + 'static,
    ) -> Result<Bytes, Refusal> {
        self.connections.check()?;
        Ok(self.work_pool.run(client, work).await?.into())
    }

    /// Judges an answer, once: a right one spends the key, a wrong one takes an attempt. The same request gets the same
    /// verdict again while the key's time lasts, and that it passed until a minute after that.
    ///
    /// # Errors
    /// [`Refusal::Undecided`] or [`Refusal::Overloaded`] if the ledger could not decide, or not in time, in which case
    /// the answer has not passed.
    pub async fn judge<'a>(
        &self,
        live: &LiveApp,
        word: &Word,
        given: impl Into<Given<'a>>,
        now: u64,
    ) -> Result<Judged, Refusal> {
        let Given { typed, request } = given.into();
        let issued_at = word.claims().issued_at;
        let judged =
            |verdict| Judged { verdict, issued_at, after_secs: now.saturating_sub(issued_at), is_repeated: false };
        let is_right = match word.judge(typed) {
            Judgement::Empty => return Ok(judged(Verdict::Empty)),
            Judgement::Right => true,
            Judgement::Wrong => false,
        };
        let mut spend = spend_of(live, word);
        let is_late = !is_within_time(live, word, now);
        if request.is_some() {
            spend.until += RETRY_SECS;
        }
        if is_late && (now >= spend.until || issued_at > now) {
            return Ok(judged(Verdict::Late));
        }
        // Past its time it passes only as the request that passed in time and comes again.
        let is_right = is_right && !is_late;
        let attempt = Attempt { is_right, attempts_allowed: live.app.settings.attempts, request };
        let Ruling { decision, is_repeated } = self.decided(self.ledger.decide(&spend, &attempt, now)).await?;
        let verdict = match decision {
            Decision::Passed => Verdict::Passed,
            _ if is_late => Verdict::Late,
            Decision::Wrong { left } => Verdict::Wrong { left },
            Decision::Spent => Verdict::Spent,
        };
        match verdict {
            Verdict::Passed if !is_repeated => live.counters.count_passed(issued_at, now),
            Verdict::Wrong { left } if !is_repeated => live.counters.count_wrong(issued_at, left),
            _ => {}
        }
        Ok(Judged { is_repeated, ..judged(verdict) })
    }

    /// Expires a key, so that no answer counts any more. One that is past its time is as good as spent.
    ///
    /// # Errors
    /// [`Refusal::Undecided`] or [`Refusal::Overloaded`] if the ledger could not decide, or not in time.
    pub async fn expire(&self, live: &LiveApp, word: &Word, now: u64) -> Result<Expiry, Refusal> {
        if !is_within_time(live, word, now) {
            return Ok(Expiry::Spent);
        }
        let spend = spend_of(live, word);
        let expiry = self.decided(self.ledger.expire(&spend, now)).await?;
        if expiry == Expiry::Done {
            live.counters.count_expired(spend.issued_at);
        }
        Ok(expiry)
    }

    /// What the ledger decides, if it does so in time.
    ///
    /// A decision that comes too late is made all the same, and takes its key or its attempt. Nobody is told that the
    /// answer passed, so that giving up may lose a pass, and never gives one twice.
    async fn decided<T>(&self, deciding: impl Future<Output = Result<T, LedgerError>>) -> Result<T, Refusal> {
        let in_time = tokio::time::timeout(self.max_deciding_time, deciding).instrument(traces::step("ledger"));
        Ok(self.metrics.time_ledger(in_time).await.map_err(|_| Refusal::Overloaded)??)
    }

    /// The Unix second from which on the ledger takes keys, if the clock is so far behind it that no new key can pass.
    ///
    /// So it is when the clock was far ahead, and keys were answered and forgotten by it, and then was set right.
    #[must_use]
    pub fn ledger_ahead_until(&self, now: u64) -> Option<u64> {
        let first = self.ledger.issue_not_before();
        (first > now + CLOCK_SKEW_SECS).then_some(first)
    }

    /// Forgets keys that are past the longest time to live of any app. Returns how many.
    ///
    /// # Errors
    /// As [`Ledger::purge`].
    pub async fn purge(&self) -> Result<u64, LedgerError> {
        // The time comes first: should a time to live grow meanwhile, nothing is given up by what held before.
        let now = unix_now();
        let longest_ttl_secs = self.apps.current().all().iter().map(|live| live.app.settings.ttl_secs).max();
        let redeemable_secs = if self.gives_tokens.load(Ordering::Relaxed) { REDEEMABLE_SECS } else { 0 };
        self.ledger.purge(now, u64::from(longest_ttl_secs.unwrap_or(0)) + redeemable_secs).await
    }

    /// The apps.
    #[must_use]
    pub fn apps(&self) -> &Apps {
        &self.apps
    }

    /// The ledger of spent keys.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What the service counts and times.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// An app that was found, if it may be used.
fn enabled(found: Option<&Arc<LiveApp>>) -> Result<Arc<LiveApp>, Refusal> {
    found.filter(|live| live.app.enabled).map(Arc::clone).ok_or(Refusal::AppKey)
}

/// Whether a challenge may still be shown and answered, whatever the ledger says of it.
fn is_within_time(live: &LiveApp, word: &Word, now: u64) -> bool {
    let issued_at = word.claims().issued_at;
    live.is_within_time(issued_at, now) && issued_at <= now + CLOCK_SKEW_SECS
}

impl From<TooOften> for Refusal {
    fn from(TooOften { retry_after_secs }: TooOften) -> Self {
        Self::RateLimit { retry_after_secs }
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Undecided(error.to_string())
    }
}

pub(crate) fn spend_of(live: &LiveApp, word: &Word) -> Spend {
    let issued_at = word.claims().issued_at;
    Spend { key: word.key(), issued_at, until: live.expires_at(issued_at) }
}

/// Numbers the keys of one process, so that no two are equal.
///
/// The counter comes round after 2²⁴ keys, which are far more than one process issues in the second that a key's time
/// of issue resolves. Two processes that share a node number (two random ones do with probability 2⁻¹⁴) could issue
/// one key twice; a configured number rules that out.
pub struct Nonces {
    node: u16,
    counter: AtomicU32,
}

impl Nonces {
    /// Nonces of this node, of which a random start keeps a restarted process from repeating itself.
    ///
    /// # Panics
    /// If the node is not below 2¹⁴.
    #[must_use]
    pub fn new(node: u16, start: u32) -> Self {
        assert!(node < Claims::NODES, "a node number is below 16384");
        Self { node, counter: AtomicU32::new(start) }
    }

    fn next(&self) -> Nonce {
        Nonce { node: self.node, counter: self.counter.fetch_add(1, Ordering::Relaxed) & 0x00ff_ffff }
    }
}

#[cfg(test)]
mod tests;
