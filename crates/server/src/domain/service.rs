//! What the server does, apart from HTTP: issue a challenge, show it, judge its answer, expire it.
//!
//! Every check of the wire contract is one method here, so that a handler reads as the order in which they are made.
//! `work.rs` has what is computed beside a word or instead of one, `tokens.rs` what a passed challenge is good for beside
//! its verdict, `signing.rs` the keys by which a site looks for itself, `looking.rs` what has to be well for any of it.

mod looking;
mod signing;
mod tokens;
mod work;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

pub use self::{
    signing::{Signature, SigningKey},
    work::{Asked, AskedWork, Sealed, Wanted},
};

use arc_swap::ArcSwap;
use axum::body::Bytes;
use haechi_captcha::{
    Challenge, Claims, EPOCH, Judgement, Key, Keyring, Language, Look, Nonce, Shape, Speech, Word, Work,
};
use tracing::Instrument;

use crate::{
    clock::{CLOCK_SKEW_SECS, unix_now},
    domain::{
        apps::{AppKey, Apps, LiveApp},
        client::{Client, Proxies},
        connections::Connections,
        demand::Demands,
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

/// A challenge as the ledger knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    key: Key,
    issued_at: u64,
    is_word: bool,
}

impl Issued {
    /// Its key.
    #[must_use]
    pub const fn key(self) -> Key {
        self.key
    }

    /// When it was issued, in Unix seconds.
    #[must_use]
    pub const fn issued_at(self) -> u64 {
        self.issued_at
    }
}

impl From<&Word> for Issued {
    fn from(word: &Word) -> Self {
        Self { key: word.key(), issued_at: word.claims().issued_at, is_word: true }
    }
}

impl From<&Work> for Issued {
    fn from(work: &Work) -> Self {
        Self { key: work.key(), issued_at: work.claims().issued_at, is_word: false }
    }
}

impl From<&Challenge> for Issued {
    fn from(challenge: &Challenge) -> Self {
        match challenge {
            Challenge::Word(word) => word.into(),
            Challenge::Work(work) => work.into(),
        }
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

impl Judged {
    /// A verdict that is no repetition.
    pub(crate) fn new(verdict: Verdict, issued: impl Into<Issued>, now: u64) -> Self {
        let Issued { issued_at, .. } = issued.into();
        Self { verdict, issued_at, after_secs: now.saturating_sub(issued_at), is_repeated: false }
    }
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
    /// The work that was asked for was not done. It took no attempt.
    Undone,
}

impl Verdict {
    /// As what it is counted.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Passed => Outcome::Success,
            Self::Wrong { .. } | Self::Undone => Outcome::WrongAnswerError,
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
    demands: Demands,
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
            demands: Demands::default(),
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

    /// With what was counted of networks and apps, by this node or by all together.
    #[must_use]
    pub(crate) fn demanding(self, demands: Demands) -> Self {
        Self { demands, ..self }
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

    /// What is demanded of whoever begins a challenge.
    pub(crate) fn demands(&self) -> &Demands {
        &self.demands
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
        self.admit_issue(live, now).await?;
        let word = self.seal_word(live, live.app.settings.word(language), now)?;
        live.counters.count_issued(word.claims().issued_at);
        Ok(word.key())
    }

    /// Issues a challenge of digits, whatever the app's alphabet is. Nothing is stored.
    ///
    /// # Errors
    /// As [`Service::issue`].
    pub async fn issue_number(&self, live: &LiveApp, now: u64) -> Result<Key, Refusal> {
        self.admit_issue(live, now).await?;
        let word = self.seal_word(live, live.app.settings.number(None), now)?;
        live.counters.count_issued(word.claims().issued_at);
        Ok(word.key())
    }

    /// Issues a challenge in this language, to be shown at once.
    ///
    /// # Errors
    /// As [`Service::issue`].
    pub async fn issue_word(&self, live: &LiveApp, language: Language, now: u64) -> Result<Word, Refusal> {
        self.admit_issue(live, now).await?;
        let word = self.seal_word(live, live.app.settings.word(Some(language)), now)?;
        live.counters.count_issued(word.claims().issued_at);
        Ok(word)
    }

    /// Whether a challenge of this app may be issued just now.
    async fn admit_issue(&self, live: &LiveApp, now: u64) -> Result<(), Refusal> {
        self.admit(live).await.inspect_err(|_| live.counters.count_limited())?;
        if self.ledger_ahead_until(now).is_some() { Err(Refusal::LedgerAhead) } else { Ok(()) }
    }

    fn seal_word(&self, live: &LiveApp, shape: Shape, now: u64) -> Result<Word, Refusal> {
        let Challenge::Word(word) = self.seal(live, shape, now) else { return Err(Refusal::Internal) };
        Ok(if live.app.settings.test { word.as_test() } else { word })
    }

    fn seal(&self, live: &LiveApp, shape: Shape, now: u64) -> Challenge {
        let issued_at = now.max(self.ledger.issue_not_before()).max(EPOCH);
        let claims = Claims { issued_at, app: live.app.number, shape, nonce: self.nonces.next() };
        self.keyring.load().issue_challenge(claims)
    }

    /// Counts a challenge of this app, by this node and, where they count together, by all.
    async fn admit(&self, live: &LiveApp) -> Result<(), Refusal> {
        self.limits.admit_app(live.app.number, live.app.settings.rate_per_sec).await?;
        if live.may_issue() { Ok(()) } else { Err(Refusal::RateLimit { retry_after_secs: 1 }) }
    }

    /// The challenge that a key stands for, and the app that issued it.
    ///
    /// # Errors
    /// [`Refusal::Key`] if the key is malformed, was not issued here, or its app is gone or disabled.
    pub fn challenge(&self, key: &str) -> Result<(Challenge, Arc<LiveApp>), Refusal> {
        let key: Key = key.parse().map_err(|_| Refusal::Key)?;
        let (challenge, live) = self.open(&key).ok_or(Refusal::Key)?;
        Ok((challenge, live.filter(|live| live.app.enabled).ok_or(Refusal::Key)?))
    }

    /// The word that a key stands for, and the app that issued it.
    ///
    /// # Errors
    /// [`Refusal::Key`] as for [`Service::challenge`], or if the key stands for no word.
    pub fn word(&self, key: &str) -> Result<(Word, Arc<LiveApp>), Refusal> {
        match self.challenge(key)? {
            (Challenge::Word(word), live) => Ok((word, live)),
            (Challenge::Work(_), _) => Err(Refusal::Key),
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
    pub fn check_time(&self, live: &LiveApp, issued: impl Into<Issued>, now: u64) -> Result<(), Refusal> {
        if is_within_time(live, issued.into(), now) { Ok(()) } else { Err(Refusal::Expired) }
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
        let is_right = match word.judge(typed) {
            Judgement::Empty => return Ok(Judged::new(Verdict::Empty, word, now)),
            Judgement::Right => true,
            Judgement::Wrong => false,
        };
        let attempt = Attempt { is_right, attempts_allowed: live.app.settings.attempts, request };
        let judged = self.settle(live, word.into(), attempt, now).await?;
        match judged.verdict {
            Verdict::Passed if !judged.is_repeated => live.counters.count_passed(judged.issued_at, now),
            Verdict::Wrong { left } if !judged.is_repeated => live.counters.count_wrong(judged.issued_at, left),
            _ => {}
        }
        Ok(judged)
    }

    /// Has the ledger decide what becomes of an answer, whatever it was an answer to.
    async fn settle(&self, live: &LiveApp, issued: Issued, attempt: Attempt, now: u64) -> Result<Judged, Refusal> {
        let mut spend = spend_of(live, issued);
        let is_late = !is_within_time(live, issued, now);
        if attempt.request.is_some() {
            spend.until += RETRY_SECS;
        }
        if is_late && (now >= spend.until || issued.issued_at > now) {
            return Ok(Judged::new(Verdict::Late, issued, now));
        }
        // Past its time it passes only as the request that passed in time and comes again.
        let attempt = Attempt { is_right: attempt.is_right && !is_late, ..attempt };
        let Ruling { decision, is_repeated } = self.decided(self.ledger.decide(&spend, &attempt, now)).await?;
        let verdict = match decision {
            Decision::Passed => Verdict::Passed,
            _ if is_late => Verdict::Late,
            Decision::Wrong { left } => Verdict::Wrong { left },
            Decision::Spent => Verdict::Spent,
        };
        Ok(Judged { is_repeated, ..Judged::new(verdict, issued, now) })
    }

    /// Expires a key, so that no answer counts any more. One that is past its time is as good as spent.
    ///
    /// # Errors
    /// [`Refusal::Undecided`] or [`Refusal::Overloaded`] if the ledger could not decide, or not in time.
    pub async fn expire(&self, live: &LiveApp, issued: impl Into<Issued>, now: u64) -> Result<Expiry, Refusal> {
        let issued = issued.into();
        if !is_within_time(live, issued, now) {
            return Ok(Expiry::Spent);
        }
        let spend = spend_of(live, issued);
        let expiry = self.decided(self.ledger.expire(&spend, now)).await?;
        if expiry == Expiry::Done && issued.is_word {
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
fn is_within_time(live: &LiveApp, Issued { issued_at, .. }: Issued, now: u64) -> bool {
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

pub(crate) fn spend_of(live: &LiveApp, Issued { key, issued_at, .. }: Issued) -> Spend {
    Spend { key, issued_at, until: live.expires_at(issued_at) }
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
