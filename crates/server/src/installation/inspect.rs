//! What a key says, for the operator who holds the secret.

use std::collections::BTreeMap;

use haechi_captcha::{Challenge, Key, Word, Work};
use serde::{Deserialize, Serialize};

use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        ledger::{LedgerError, State},
        service::{Issued, Service, spend_of},
    },
};

/// A question about a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The key.
    pub key: String,
    /// Whether its answer is asked for too.
    pub with_answer: bool,
}

/// What a key says.
///
/// It does without `Debug`, since it may hold an answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct Inspection {
    /// The name of the app that issued it, unless that is gone.
    pub app: Option<String>,
    /// Whether that app is enabled, which is said only if not: then its keys are refused, whatever their state.
    #[serde(skip_serializing_if = "Clone::clone", default = "unless_said")]
    pub enabled: bool,
    /// When it was issued, in Unix seconds.
    pub issued_at: u64,
    /// From when on it counts as expired, in Unix seconds, unless its app is gone.
    pub expires_at: Option<u64>,
    /// What has become of it.
    pub state: KeyState,
    /// How much there is to compute, if it stands for work.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub work_level: Option<u8>,
    /// The language to which it was fixed when it was issued, if it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// The word of its picture, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<String>,
    /// Every word that counts, by the language whose sound says it, if they were asked for; the picture's is among them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answers: Option<BTreeMap<String, String>>,
}

fn answers(challenge: &Word) -> BTreeMap<String, String> {
    let words = challenge.answers();
    words.map(|(language, answer)| (language.tag().to_owned(), answer.as_str().to_owned())).collect()
}

fn unless_said() -> bool {
    true
}

/// What has become of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Nobody has answered it.
    Fresh,
    /// It was answered wrongly and may be answered again.
    Tried,
    /// It was answered rightly, or as often as it may be, or expired by its app, or the ledger cannot know.
    Spent,
    /// Its time is over or, by this server's clock, far from having begun; or its app is gone.
    Expired,
}

/// Why nothing can be said about a key.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It is not a key.
    #[error("{0}")]
    Malformed(haechi_captcha::Error),
    /// It was sealed under another secret.
    #[error("the key was not issued here")]
    NotOurs,
    /// The ledger could not be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Service {
    /// Says what a key says, by the rules by which its answer would be judged now.
    ///
    /// # Errors
    /// Any [`InspectError`].
    pub async fn inspect(&self, question: &Question) -> Result<Inspection, InspectError> {
        let key: Key = question.key.trim().parse().map_err(InspectError::Malformed)?;
        let (challenge, live) = self.open(&key).ok_or(InspectError::NotOurs)?;
        let issued_at = challenge.claims().issued_at;
        let state = match &live {
            Some(live) => self.state(live, (&challenge).into()).await?,
            None => KeyState::Expired,
        };
        let (word, work) = match &challenge {
            Challenge::Word(word) => (Some(word), None),
            Challenge::Work(work) => (None, Some(work)),
        };
        let asked_for = word.filter(|_| question.with_answer);
        Ok(Inspection {
            enabled: live.as_ref().is_none_or(|live| live.app.enabled),
            issued_at,
            expires_at: live.as_ref().map(|live| live.expires_at(issued_at)),
            state,
            work_level: work.map(Work::level),
            language: word.and_then(Word::fixed_language).map(|language| language.tag().to_owned()),
            answer: asked_for.map(|word| word.answer().as_str().to_owned()),
            answers: asked_for.map(answers),
            app: live.map(|live| live.app.name.clone()),
        })
    }

    async fn state(&self, live: &LiveApp, challenge: Issued) -> Result<KeyState, LedgerError> {
        let remembered = self.ledger().state(&spend_of(live, challenge), unix_now()).await?;
        // Afterwards, because a key whose time is over is fresh to the ledger, and it may be over by now.
        if self.check_time(live, challenge, unix_now()).is_err() {
            return Ok(KeyState::Expired);
        }
        Ok(match remembered {
            State::Fresh => KeyState::Fresh,
            // So it is judged once fewer attempts are allowed than were made.
            State::Tried { wrong } if wrong >= live.app.settings.attempts => KeyState::Spent,
            State::Tried { .. } => KeyState::Tried,
            State::Spent => KeyState::Spent,
        })
    }
}
