//! Payloads: what a widget has computed, and what was verified and signed here.
//!
//! A payload is known by the keys in it, never by its bytes, of which there are as many as one likes.

use axum::{
    extract::Request,
    http::{HeaderMap, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use haechi_captcha::{Key, Token};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::verdict::Passed;
use crate::{
    domain::{
        refusal::{ParameterFault, Refusal},
        service::SigningKey,
    },
    hex::bytes_of,
    http::{parameters::Parameters, request::read_body},
};

/// What a widget sends. Other members are ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct Verifying {
    /// What it computed: base64 of JSON.
    pub(super) payload: String,
    /// What the person typed, where there is a code challenge.
    pub(super) code: Option<String>,
}

/// What a site sends. Other members are ignored.
#[derive(Deserialize, ToSchema)]
pub(super) struct Redeeming {
    /// What the form got, as it is or decoded.
    #[schema(value_type = String)]
    pub(super) payload: Shown,
    /// The app's secret. It need not be told; if it is, the payload must be of its app.
    pub(super) secret: Option<String>,
}

/// A payload, encoded or not.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Shown {
    Text(String),
    Decoded(Payload),
}

/// What is in a payload.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(super) enum Payload {
    Solved(Solved),
    Signed(Signed),
}

/// Work, and what is said to solve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Solved {
    /// The key of the work.
    pub(super) work: String,
    /// The key of the word beside it, if there is one.
    pub(super) word: Option<String>,
    pub(super) solution: Solution,
}

/// What is said to solve work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Solution {
    /// Of the first version.
    Number(u32),
    /// Of the second version.
    Counter(haechi_captcha::Solution),
}

/// What was verified here: a query that says so, and the signature of its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Signed {
    algorithm: String,
    verification_data: String,
    signature: String,
    verified: bool,
}

/// A payload as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Second { challenge: SecondChallenge, solution: SecondSolution },
    First { salt: String, number: u32 },
    Signed(Signed),
}

#[derive(Deserialize)]
struct SecondChallenge {
    parameters: SecondParameters,
}

#[derive(Deserialize)]
struct SecondParameters {
    nonce: String,
    data: Option<SecondData>,
}

#[derive(Deserialize)]
struct SecondData {
    word: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecondSolution {
    counter: u32,
    derived_key: String,
}

/// Reads a body that is JSON, whatever type it says it is of.
pub(super) async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let body = read_body(request).await?;
    Ok(serde_json::from_slice(&body).map_err(|_| ParameterFault::Json)?)
}

/// The secret that a site tells as Basic authentication, behind the name of its key.
pub(super) fn basic_secret(headers: &HeaderMap) -> Option<String> {
    let encoded = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    text.split_once(':').map(|(_, secret)| secret.to_owned())
}

impl Shown {
    /// What is in it.
    ///
    /// # Errors
    /// [`Refusal::Key`] if that is no payload.
    pub(super) fn payload(self) -> Result<Payload, Refusal> {
        match self {
            Self::Decoded(payload) => Ok(payload),
            Self::Text(text) => {
                let json = STANDARD.decode(text.trim_ascii()).map_err(|_| Refusal::Key)?;
                serde_json::from_slice(&json).map_err(|_| Refusal::Key)
            }
        }
    }
}

impl TryFrom<Written> for Payload {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        Ok(match written {
            Written::Second { challenge: SecondChallenge { parameters }, solution } => {
                let work = key_of(&parameters.nonce).ok_or("the nonce is none of ours")?;
                let derived = bytes_of(&solution.derived_key).ok_or("a derived key is 64 hexadecimal digits")?;
                let solution = haechi_captcha::Solution { counter: solution.counter, derived };
                let word = parameters.data.and_then(|data| data.word);
                Self::Solved(Solved { work: work.to_string(), word, solution: Solution::Counter(solution) })
            }
            Written::First { salt, number } => {
                let (work, query) = salt.split_once('?').ok_or("the salt is none of ours")?;
                let said = Parameters::of_query(query).map_err(|_| "the salt is none of ours")?;
                let word = said.single(&["word"]).map_err(|_| "the salt is none of ours")?.map(str::to_owned);
                Self::Solved(Solved { work: work.to_owned(), word, solution: Solution::Number(number) })
            }
            Written::Signed(signed) => Self::Signed(signed),
        })
    }
}

/// The key whose bytes are these digits.
fn key_of(nonce: &str) -> Option<Key> {
    let bytes = bytes_of(nonce)?;
    let key = Key::from_random_bytes(bytes);
    (*key.as_bytes() == bytes).then_some(key)
}

impl Signed {
    /// Says that it passed, and brings the token by which it is redeemed once.
    pub(super) fn of(key: &SigningKey, passed: &Passed, token: &Token) -> Self {
        let verification_data = format!("{passed}&token={token}");
        let signature = key.sign_digest(&verification_data);
        Self { algorithm: ALGORITHM.to_owned(), verification_data, signature, verified: true }
    }

    /// As a form gets it.
    pub(super) fn encoded(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).expect("it is texts and a truth"))
    }

    /// The key of what was passed, and the token.
    ///
    /// # Errors
    /// [`Refusal::Key`] if it says neither.
    pub(super) fn id_and_token(&self) -> Result<(String, String), Refusal> {
        let said = Parameters::of_query(&self.verification_data).map_err(|_| Refusal::Key)?;
        let text = |name| said.single_of_any_length(&[name]).ok().flatten().map(str::to_owned).ok_or(Refusal::Key);
        Ok((text("id")?, text("token")?))
    }

    pub(super) fn is_signed_by_any(&self, keys: &[SigningKey]) -> bool {
        let is_signed = keys.iter().any(|key| key.has_signed_digest(&self.verification_data, &self.signature));
        self.algorithm == ALGORITHM && self.verified && is_signed
    }
}

const ALGORITHM: &str = "SHA-256";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const KEY: &str = "a9859757-5b5a-42d1-bc85-c560b0141ec1";

    fn read(payload: &Value) -> Option<Payload> {
        Shown::Text(STANDARD.encode(payload.to_string())).payload().ok()
    }

    #[test]
    fn each_kind_of_payload_is_told_by_its_members() {
        let nonce = KEY.replace('-', "");
        let second = |data: Value| {
            let parameters = json!({ "nonce": nonce, "data": data });
            json!({ "challenge": { "parameters": parameters }, "solution": { "counter": 7, "derivedKey": "ab".repeat(32) } })
        };
        let solution = Solution::Counter(haechi_captcha::Solution { counter: 7, derived: [0xab; 32] });
        let solved = |word: Option<&str>, solution| {
            Some(Payload::Solved(Solved { work: KEY.to_owned(), word: word.map(str::to_owned), solution }))
        };
        assert_eq!(read(&second(Value::Null)), solved(None, solution));
        assert_eq!(read(&second(json!({ "word": KEY, "more": 1 }))), solved(Some(KEY), solution));
        assert_eq!(read(&second(json!({ "word": 1 }))), None);
        let first = |salt: &str| json!({ "salt": salt, "number": 9, "took": 1 });
        assert_eq!(read(&first(&format!("{KEY}?expires=1&"))), solved(None, Solution::Number(9)));
        assert_eq!(read(&first(&format!("{KEY}?word={KEY}&"))), solved(Some(KEY), Solution::Number(9)));
        assert_eq!(read(&first(&format!("{KEY}?word=a&word=b&"))), None, "two words are none");
        assert_eq!(read(&first(KEY)), None);
        let signed =
            json!({ "algorithm": "SHA-256", "verificationData": "id=a&token=b", "signature": "00", "verified": true });
        let Some(Payload::Signed(signed)) = read(&signed) else { panic!("it is signed") };
        assert_eq!(signed.id_and_token().ok(), Some(("a".to_owned(), "b".to_owned())));
    }

    #[test]
    fn a_nonce_is_a_key_to_the_last_bit() {
        assert_eq!(key_of(&KEY.replace('-', "")).map(|key| key.to_string()), Some(KEY.to_owned()));
        // Its version and variant are bits as any others here.
        assert_eq!(key_of(&KEY.replace('-', "").replacen("42d1", "52d1", 1)), None);
        assert_eq!(key_of(&KEY.replace('-', "").replacen("bc85", "7c85", 1)), None);
    }

    #[test]
    fn a_secret_comes_behind_the_name_of_its_key() {
        let secret = |value: &str| {
            let value = value.parse().unwrap();
            basic_secret(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
        };
        assert_eq!(secret(&format!("Basic {}", STANDARD.encode("id:0xab:c"))).as_deref(), Some("0xab:c"));
        for other in ["Basic", "Basic %", "Bearer eA==", &format!("Basic {}", STANDARD.encode("0xab"))] {
            assert_eq!(secret(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,200}", number: i64, digits in "[0-9a-f]{0,66}") {
            let _ = Shown::Text(text.clone()).payload();
            let _ = read(&json!({ "salt": text, "number": number }));
            let parameters = json!({ "nonce": digits, "data": { "word": text } });
            let solution = json!({ "counter": number, "derivedKey": digits });
            let read = read(&json!({ "challenge": { "parameters": parameters }, "solution": solution }));
            prop_assert!(read.is_none(), "a nonce has 32 digits, and a derived key 64");
        }
    }
}
