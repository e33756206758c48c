//! Work: what is asked of a client beside a word or instead of one, and whether it was done.

use haechi_captcha::{Algorithm, Challenge, Judgement, Key, Language, Puzzle, Shape, Solution, Terms, Word, Work};

use super::{Issued, Judged, Service, Verdict};
use crate::domain::{
    apps::{Asking, LiveApp},
    client::Client,
    counters::Kind,
    demand::Demand,
    ledger::{Attempt, RequestName},
    metrics::Call,
    refusal::Refusal,
};

/// How a challenge is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The language of the word.
    pub language: Language,
    /// Whether the browser has to compute in a script, since it has nothing for it built in, or not for this page.
    pub in_scripts: bool,
}

impl Wanted {
    /// What an app's work is computed by in this way.
    #[must_use]
    pub fn algorithm(self, live: &LiveApp) -> Algorithm {
        let usual = live.app.settings.work_algorithm;
        if self.in_scripts { usual.in_scripts() } else { usual }
    }
}

/// What is asked of a client: a word, work, or both.
pub struct Asked {
    /// The challenge that is to be answered: the word, or the work where there is none.
    pub issued: Issued,
    /// A word.
    pub word: Option<Word>,
    /// Work, beside the word if there is one.
    pub work: Option<AskedWork>,
}

/// What is asked of a client, whatever the form in which its work is written.
pub struct Sealed {
    /// A word.
    pub word: Option<Word>,
    /// Work, beside the word if there is one.
    pub work: Option<Work>,
}

/// Work, and the puzzle that it is.
pub struct AskedWork {
    /// The work.
    pub work: Work,
    /// What is to be solved.
    pub puzzle: Puzzle,
}

impl Service {
    /// Counts what a browser was asked for, and what was demanded of it: the longer work if nothing was, which somebody
    /// chose instead of a word.
    pub fn count_asked(&self, live: &LiveApp, asking: Asking, demand: Option<&Demand>) {
        let kind = match (demand, asking.word, asking.work) {
            (None, ..) => Kind::LongerWork,
            (_, true, None) => Kind::Word,
            (_, true, Some(_)) => Kind::Both,
            (_, false, _) => Kind::Work,
        };
        live.counters.count_asked(kind);
        self.metrics.count_asked(kind);
        if let Some(demand) = demand {
            live.counters.count_demand(demand);
            self.metrics.count_demand(demand);
        }
    }

    /// Issues what is asked of a client, the word in this language. Nothing is stored.
    ///
    /// # Errors
    /// As [`Service::issue`]; and [`Refusal::Busy`] if too much waits to be computed already.
    pub async fn ask(
        &self,
        live: &LiveApp,
        asking: Asking,
        wanted: Wanted,
        client: Option<Client>,
        now: u64,
    ) -> Result<Asked, Refusal> {
        let Sealed { word, work } = self.seal_asked(live, asking, Some(wanted.language), now).await?;
        let work = match work {
            Some(work) => {
                let terms = Terms { algorithm: wanted.algorithm(live), beside: word.as_ref().map(Word::key) };
                let puzzle = self.puzzle(&work, terms, client).await?;
                Some(AskedWork { work, puzzle })
            }
            None => None,
        };
        let issued = match (&word, &work) {
            (Some(word), _) => word.into(),
            (None, Some(AskedWork { work, .. })) => work.into(),
            (None, None) => return Err(Refusal::Internal),
        };
        self.count_sealed(live, issued);
        Ok(Asked { issued, word, work })
    }

    /// Seals what is asked of a client, the word in one language if one is given. It is issued once it was written down
    /// for the client, and is then to be [counted](Service::count_sealed): what is refused before that was never issued.
    ///
    /// # Errors
    /// As [`Service::issue`].
    pub async fn seal_asked(
        &self,
        live: &LiveApp,
        asking: Asking,
        language: Option<Language>,
        now: u64,
    ) -> Result<Sealed, Refusal> {
        self.admit_issue(live, now).await?;
        let word = if asking.word { Some(self.seal_word(live, live.app.settings.word(language), now)?) } else { None };
        let work = asking.work.map(|level| self.seal_work(live, level, now)).transpose()?;
        Ok(Sealed { word, work })
    }

    /// Counts what was sealed as issued.
    pub fn count_sealed(&self, live: &LiveApp, issued: Issued) {
        if issued.is_word {
            live.counters.count_issued(issued.issued_at);
        } else {
            live.counters.count_work(issued.issued_at);
        }
    }

    fn seal_work(&self, live: &LiveApp, level: u8, now: u64) -> Result<Work, Refusal> {
        // A customer's own tests are not to wait.
        let level = if live.app.settings.test { *Shape::LEVELS.start() } else { level };
        let Challenge::Work(work) = self.seal(live, Shape::Work { level }, now) else { return Err(Refusal::Internal) };
        Ok(work)
    }

    /// The puzzle of work, which is made where other long work is done, and refused where that is.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if too much waits to be computed already.
    pub async fn puzzle(&self, work: &Work, terms: Terms, client: Option<Client>) -> Result<Puzzle, Refusal> {
        let work = work.clone();
        self.compute(Call::Begin, client, move || work.puzzle(&terms)).await
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
        let usual = live.app.settings.work_algorithm;
        // Nobody says which of the two was asked for, and a counter may be that of both.
        let mut terms = [usual, usual.in_scripts()].map(|algorithm| Terms { algorithm, beside }).to_vec();
        terms.dedup();
        // Only who has the right counter, by computing or by luck, is worth a derivation.
        terms.retain(|terms| work.claims().app == live.app.number && work.has_counter(terms, solution.counter));
        let is_solved = !terms.is_empty() && {
            let work = work.clone();
            let judge = move || terms.iter().any(|terms| work.judge(terms, &solution) == Judgement::Right);
            self.compute(Call::Answer, client, judge).await?
        };
        if !is_solved {
            live.counters.count_wrong_work();
            self.metrics.count_work(false);
        }
        Ok(is_solved)
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

    /// Judges a solution of work that was asked for alone, once. A false one is as good as none, and takes nothing.
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
            return Ok(Judged::new(Verdict::Undone, work, now));
        }
        self.spend_work(live, work, request, now).await
    }

    /// Takes work for done, once. That it was asked for alone, and is solved, is for the caller to know.
    ///
    /// # Errors
    /// As [`Service::judge`].
    pub async fn spend_work(
        &self,
        live: &LiveApp,
        work: &Work,
        request: Option<RequestName>,
        now: u64,
    ) -> Result<Judged, Refusal> {
        let attempt = Attempt { is_right: true, attempts_allowed: 1, request };
        let judged = self.settle(live, work.into(), attempt, now).await?;
        if judged.verdict == Verdict::Passed && !judged.is_repeated {
            live.counters.count_work_done(judged.issued_at, work.level());
            self.metrics.count_work(true);
        }
        Ok(judged)
    }
}
