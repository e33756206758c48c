//! Solutions of work, as many as are asked for.
//!
//! The keys are sealed with the server's own secret, as only its operator can: to have them issued takes the server as
//! long as to judge them.

use anyhow::Context;
use haechi_captcha::{Algorithm, Claims, Keyring, Nonce, Secret, Shape, Solution, Terms, Work};

use super::{keys, server::Server};

/// What an app asks for that chose nothing else.
const TERMS: Terms = Terms { algorithm: Algorithm::Pbkdf2, beside: None };

/// Work of a server's app.
pub(super) struct Works {
    keyring: Keyring,
    /// What a key of the server's says, of another node's than which all keys here are.
    claims: Claims,
}

impl Works {
    pub(super) fn of(server: &Server) -> anyhow::Result<Self> {
        let keyring = Keyring::new(&Secret::from_hex(&server.secret()?)?);
        let key = keys(server, 1)?.pop().context("a key is issued")?;
        let claims = *keyring.open_word(&key).context("the server's secret opens its keys")?.claims();
        Ok(Self { keyring, claims })
    }

    /// The path of an answer that passes, the first time.
    pub(super) fn right(&self, number: u32) -> anyhow::Result<String> {
        let (work, counter) = self.solved(number)?;
        let derived = work.puzzle(&TERMS).derive(counter);
        Ok(path(&work, Solution { counter, derived }))
    }

    /// The path of an answer whose counter is right, so that it has to be judged by a derivation, and not the rest.
    pub(super) fn guessed(&self, number: u32) -> anyhow::Result<String> {
        let (work, counter) = self.solved(number)?;
        Ok(path(&work, Solution { counter, derived: [0; 32] }))
    }

    fn solved(&self, number: u32) -> anyhow::Result<(Work, u32)> {
        let nonce = Nonce { node: self.claims.nonce.node ^ 1, counter: number };
        let claims = Claims { shape: Shape::Work { level: 0 }, nonce, ..self.claims };
        let work = self.keyring.open_work(&self.keyring.issue(&claims)).context("it was issued as work")?;
        let counters = 0..TERMS.algorithm.counters(0);
        let counter = counters.into_iter().find(|counter| work.has_counter(&TERMS, *counter));
        Ok((work, counter.context("it has a counter")?))
    }
}

fn path(work: &Work, Solution { counter, derived }: Solution) -> String {
    let key = work.key();
    let derived: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/widget/v1/answer?key={key}&work={key}&counter={counter}&derived_key={derived}")
}
