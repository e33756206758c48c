//! A puzzle as ALTCHA's second version writes it, which the widget reads too.

use haechi_captcha::Puzzle;
use serde::Serialize;
use utoipa::ToSchema;

use crate::hex::hex;

/// What a puzzle is made of, under the names that ALTCHA gives them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PuzzleParameters {
    /// By what keys are derived: `PBKDF2/SHA-256`, `SHA-256` or `SCRYPT`.
    algorithm: &'static str,
    /// 16 bytes, with the counter in four bytes behind them the password, in hexadecimal digits.
    nonce: String,
    /// 16 bytes.
    salt: String,
    /// Iterations; of scrypt, N.
    cost: u32,
    /// Bytes of a key.
    key_length: usize,
    /// With what the key begins for one counter.
    key_prefix: String,
    /// Of scrypt, r.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_cost: Option<u32>,
    /// Of scrypt, p.
    #[serde(skip_serializing_if = "Option::is_none")]
    parallelism: Option<u32>,
}

impl From<&Puzzle> for PuzzleParameters {
    fn from(puzzle: &Puzzle) -> Self {
        let Puzzle { algorithm, nonce, salt, prefix, .. } = puzzle;
        Self {
            algorithm: algorithm.name(),
            nonce: hex(nonce),
            salt: hex(salt),
            cost: algorithm.cost(),
            key_length: Puzzle::DERIVED_BYTES,
            key_prefix: hex(prefix),
            memory_cost: algorithm.memory_cost(),
            parallelism: algorithm.parallelism(),
        }
    }
}
