//! What a key says, for the operator who holds the secret.

use haechi_captcha::{Challenge, Key, Keyring};
use serde::{Deserialize, Serialize};

use crate::{
    apps::{App, Apps},
    ledger::{Ledger, LedgerError, Spend, State},
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
    /// When it was issued, in Unix seconds.
    pub issued_at: u64,
    /// From when on it counts as expired, in Unix seconds, unless its app is gone.
    pub expires_at: Option<u64>,
    /// What has become of it.
    pub state: KeyState,
    /// Its answer, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<String>,
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
    /// Its time is over, or its app gone.
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

/// Says what a key says at this Unix time.
///
/// # Errors
/// Any [`InspectError`].
pub async fn inspect(
    question: &Question,
    keyring: &Keyring,
    apps: &Apps,
    ledger: &Ledger,
    now: u64,
) -> Result<Inspection, InspectError> {
    let key: Key = question.key.trim().parse().map_err(InspectError::Malformed)?;
    let challenge = keyring.open(&key).ok_or(InspectError::NotOurs)?;
    let issued_at = challenge.claims().issued_at;
    let app = apps.current().by_number(challenge.claims().app).map(|live| live.app.clone());
    let challenge = if app.as_ref().is_some_and(|app| app.settings.test) { challenge.as_test() } else { challenge };
    Ok(Inspection {
        issued_at,
        expires_at: app.as_ref().map(|app| app.expires_at(issued_at)),
        state: state(&challenge, app.as_ref(), ledger, now).await?,
        answer: question.with_answer.then(|| challenge.answer().as_str().to_owned()),
        app: app.map(|app| app.name),
    })
}

async fn state(
    challenge: &Challenge<'_>,
    app: Option<&App>,
    ledger: &Ledger,
    now: u64,
) -> Result<KeyState, LedgerError> {
    let issued_at = challenge.claims().issued_at;
    let until = app.map_or(0, |app| app.expires_at(issued_at));
    if now >= until {
        return Ok(KeyState::Expired);
    }
    let spend = Spend { key: challenge.key(), issued_at, until };
    Ok(match ledger.state(&spend, now).await? {
        State::Fresh => KeyState::Fresh,
        State::Tried { .. } => KeyState::Tried,
        State::Spent => KeyState::Spent,
    })
}
