//! Work: what is asked of a client beside a word or instead of one, and whether it was done.

use haechi_captcha::{Judgement, Key, Language, Puzzle, Shape, Solution, Terms, Word, Work};

use super::{Issued, Judged, Service, Verdict};
use crate::domain::{
    apps::{Asking, LiveApp},
    client::Client,
    demand::Demand,
    ledger::{Attempt, RequestName},
    metrics::Call,
    refusal::Refusal,
};

/// What is asked of a client: a word, work, or both.
pub struct Asked {
    /// The challenge that is to be answered: the word, or the work where there is none.
    pub issued: Issued,
    /// A word.
    pub word: Option<Word>,
    /// Work, beside the word if there is one.
    pub work: Option<AskedWork>,
}

/// Work, and the puzzle that it is.
pub struct AskedWork {
    /// The work.
    pub work: Work,
    /// What is to be solved.
    pub puzzle: Puzzle,
}

impl Service {
    /// What is demanded of a client that begins a challenge of this app.
    #[must_use]
    pub fn demand(&self, _live: &LiveApp, _client: Option<Client>, _now: u64) -> Demand {
        Demand::default()
    }

    /// Issues what is asked of a client, the word in this language. Nothing is stored.
    ///
    /// # Errors
    /// As [`Service::issue`]; and [`Refusal::Busy`] if too much waits to be computed already.
    pub async fn ask(
        &self,
        live: &LiveApp,
        asking: Asking,
        language: Language,
        client: Option<Client>,
        now: u64,
    ) -> Result<Asked, Refusal> {
        self.admit_issue(live, now).await?;
        let word = if asking.word { Some(self.seal_word(live, Some(language), now)?) } else { None };
        let work = match asking.work {
            Some(level) => Some(self.seal_work(live, level, word.as_ref().map(Word::key), client, now).await?),
            None => None,
        };
        let issued = match (&word, &work) {
            (Some(word), _) => word.into(),
            (None, Some(asked)) => (&asked.work).into(),
            (None, None) => return Err(Refusal::Internal),
        };
        Ok(Asked { issued, word, work })
    }

    /// Work of this level, whose puzzle is made where other long work is done, and refused where that is.
    async fn seal_work(
        &self,
        live: &LiveApp,
        level: u8,
        beside: Option<Key>,
        client: Option<Client>,
        now: u64,
    ) -> Result<AskedWork, Refusal> {
        // A customer's own tests are not to wait.
        let level = if live.app.settings.test { *Shape::LEVELS.start() } else { level };
        let key = self.seal(live, Shape::Work { level }, now);
        let work = self.keyring.load().open_work(&key).ok_or(Refusal::Internal)?;
        let terms = terms_of(live, beside);
        self.compute(Call::Begin, client, move || AskedWork { puzzle: work.puzzle(&terms), work }).await
    }

    /// Whether this solves the app's work. Nobody remembers that it did.
    ///
    /// Of work beside a word no time is looked at: the word's is its own, since nobody was ever given this puzzle but
    /// with that word.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be computed already.
    pub async fn is_solved(
        &self,
        live: &LiveApp,
        work: &Work,
        beside: Option<Key>,
        solution: Solution,
        client: Option<Client>,
    ) -> Result<bool, Refusal> {
        let terms = terms_of(live, beside);
        // Only who has the right counter, by computing or by luck, is worth a derivation.
        if work.claims().app != live.app.number || !work.has_counter(&terms, solution.counter) {
            return Ok(false);
        }
        let work = work.clone();
        self.compute(Call::Answer, client, move || work.judge(&terms, &solution) == Judgement::Right).await
    }

    /// Derives where other long work is done, and counts it if it is refused there.
    async fn compute<T: Send + 'static>(
        &self,
        call: Call,
        client: Option<Client>,
        derive: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        self.work_pool.run(client, derive).await.inspect_err(|_| self.metrics.count_shed(call))
    }

    /// Judges a solution of work that was asked for alone, once. A false one is as good as none: it takes nothing.
    ///
    /// # Errors
    /// As [`Service::judge`], and as [`Service::is_solved`].
    pub async fn judge_work(
        &self,
        live: &LiveApp,
        work: &Work,
        solution: Solution,
        request: Option<RequestName>,
        client: Option<Client>,
        now: u64,
    ) -> Result<Judged, Refusal> {
        if !self.is_solved(live, work, None, solution, client).await? {
            return Ok(Judged::new(Verdict::Late, work, now));
        }
        let attempt = Attempt { is_right: true, attempts_allowed: 1, request };
        self.settle(live, work.into(), attempt, now).await
    }
}

fn terms_of(live: &LiveApp, beside: Option<Key>) -> Terms {
    Terms { algorithm: live.app.settings.work_algorithm, beside }
}
