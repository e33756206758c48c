//! Keys by which an app's site sees for itself that something was signed here, as ALTCHA has it.
//!
//! They follow from the installation's secret, the app's number and the hash of its secret. So nothing more is stored,
//! every node has the same, and whoever replaces either secret replaces them.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Service;
use crate::{
    domain::apps::App,
    hex::{bytes_of, hex},
};

/// What a signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// That whoever solved what is signed, or shows it, may pass. A site has the key.
    Passing,
    /// That it is ours. Alone it lets nobody pass, such as work beside a word, so no site has the key: it would take the
    /// work for enough.
    Ours,
}

/// 256 bits as 64 hexadecimal digits, whose text is the key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SigningKey(String);

impl SigningKey {
    /// The text, for whoever may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The signature of these bytes, in hexadecimal digits.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> String {
        hex(&self.keyed().chain_update(bytes).finalize().into_bytes())
    }

    /// The signature of the SHA-256 of this text.
    #[must_use]
    pub fn sign_digest(&self, text: &str) -> String {
        self.sign(&Sha256::digest(text))
    }

    /// Whether this is that signature.
    #[must_use]
    pub fn has_signed_digest(&self, text: &str, signature: &str) -> bool {
        let signature = bytes_of::<32>(signature);
        signature.is_some_and(|bytes| self.keyed().chain_update(Sha256::digest(text)).verify_slice(&bytes).is_ok())
    }

    fn keyed(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(self.0.as_bytes()).expect("HMAC takes a key of any length")
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl Service {
    /// The key by which an app's signatures of this kind are made.
    #[must_use]
    pub fn signing_key(&self, app: &App, signature: Signature) -> SigningKey {
        let name = name_of(app, current_hash(app), signature);
        self.named(&name).next().expect("there is always a current secret")
    }

    /// The keys by which an app's signatures may have been made that still count at this Unix time.
    #[must_use]
    pub fn signing_keys(&self, app: &App, signature: Signature, now: u64) -> Vec<SigningKey> {
        let previous = app.previous_secret.filter(|previous| previous.is_good(now));
        let previous = previous.as_ref().map(|previous| previous.sha256.as_bytes());
        let hashes = [Some(current_hash(app)), previous].into_iter().flatten();
        hashes.flat_map(|hash| self.named(&name_of(app, hash, signature)).collect::<Vec<_>>()).collect()
    }

    fn named(&self, name: &[u8]) -> impl Iterator<Item = SigningKey> + use<> {
        let keys: Vec<_> = self.keyring.load().signing_keys(name).map(|key| SigningKey(hex(&key))).collect();
        keys.into_iter()
    }
}

/// The hash of the app's secret; of one that was made before there were secrets, of its appkey, which does as well.
fn current_hash(app: &App) -> &[u8; 32] {
    app.secret_sha256.as_ref().map_or_else(|| app.appkey_sha256.as_bytes(), |hash| hash.as_bytes())
}

/// What keys are named by, always as long.
fn name_of(app: &App, secret_sha256: &[u8; 32], signature: Signature) -> Vec<u8> {
    [&app.number.to_be_bytes()[..], secret_sha256, &[signature as u8]].concat()
}
