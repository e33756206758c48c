//! Challenges as ALTCHA's two versions write them.

use axum::{
    Json,
    extract::Request,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::{Key, Puzzle, Word, Work};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::super::puzzle::PuzzleParameters;
use crate::{
    domain::{
        apps::LiveApp,
        outcome::Outcome,
        service::{Service, Signature},
    },
    hex::hex,
    http::{guard::is_encrypted, public_path::PublicPath, request::origin, routes::X_ALTCHA_CONFIG},
};

/// Where the client found this server, whose page may be anybody's.
pub(super) struct Place {
    /// As in `https://captcha.example.org/below`, or nothing of it but the path where it is not known.
    address: String,
    /// The path of the calls of its version.
    calls: String,
}

impl Place {
    pub(super) fn of(service: &Service, request: &Request) -> Self {
        let (extensions, headers) = (request.extensions(), request.headers());
        let is_encrypted = is_encrypted(extensions, headers, service.limits().proxies());
        let origin = origin(is_encrypted, headers).unwrap_or_default();
        let below = extensions.get().map(PublicPath::as_str).unwrap_or_default();
        let path = request.uri().path();
        let calls = path.strip_suffix("/challenge").unwrap_or(path).to_owned();
        Self { address: format!("{origin}{below}"), calls }
    }

    /// Where a widget is to have an answer verified. A word always is; of work alone the site sees for itself, unless it
    /// called at Sentinel's address, of which it expects the payload.
    fn verify_url(&self, word: Option<&Word>) -> Option<String> {
        let is_sentinels = !self.calls.starts_with("/altcha/");
        (word.is_some() || is_sentinels).then(|| format!("{}{}/verify", self.address, self.calls))
    }
}

/// A challenge in the form of the second version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChallengeV2 {
    parameters: Parameters,
    /// HMAC-SHA-256, by the app's key, of the parameters as compact JSON with sorted keys.
    signature: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_challenge: Option<CodeChallenge>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Configuration>,
}

/// What is signed of it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChallengeParameters)]
struct Parameters {
    #[serde(flatten)]
    puzzle: PuzzleParameters,
    /// Unix time until which it can be solved, in seconds.
    expires_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data>,
}

/// What comes back with the solution.
#[derive(Serialize, ToSchema)]
#[schema(as = ChallengeData)]
struct Data {
    /// The key of the word beside which the work is.
    #[schema(value_type = String, format = "uuid")]
    word: String,
}

/// A challenge in the form of the first version: the number that, behind the salt, has this hash.
#[derive(Serialize, ToSchema)]
pub(super) struct ChallengeV1 {
    /// SHA-256.
    algorithm: &'static str,
    /// The hash.
    challenge: String,
    /// The largest number that need be tried.
    maxnumber: u32,
    /// What stands before the number.
    salt: String,
    /// HMAC-SHA-256 of the hash's digits by the app's key.
    signature: String,
    #[serde(rename = "codeChallenge", skip_serializing_if = "Option::is_none")]
    code_challenge: Option<CodeChallenge>,
}

/// A word to be read or heard.
#[derive(Serialize, ToSchema)]
struct CodeChallenge {
    /// The address of its picture.
    image: String,
    /// The address of its sound, to which the widget adds its language.
    audio: String,
}

/// What the widget is to do beside.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    /// Where it has the answer verified.
    verify_url: String,
}

pub(super) fn v2(
    service: &Service,
    live: &LiveApp,
    word: Option<&Word>,
    work: &Work,
    puzzle: &Puzzle,
    place: &Place,
) -> Response {
    let parameters = Parameters {
        puzzle: PuzzleParameters::from(puzzle),
        expires_at: live.expires_at(work.claims().issued_at),
        data: word.map(|word| Data { word: word.key().to_string() }),
    };
    // Maps of `serde_json` are sorted.
    let sorted = serde_json::to_value(&parameters).expect("parameters are texts and numbers");
    let signature = sign(service, live, word, sorted.to_string().as_bytes());
    let verify_url = place.verify_url(word);
    let challenge = ChallengeV2 {
        parameters,
        signature,
        code_challenge: word.map(|word| CodeChallenge::of(word.key(), place)),
        configuration: verify_url.clone().map(|verify_url| Configuration { verify_url }),
    };
    said(&challenge, verify_url)
}

pub(super) fn v1(service: &Service, live: &LiveApp, word: Option<&Word>, work: &Work, place: &Place) -> Response {
    let beside = word.map(Word::key);
    let expires = live.expires_at(work.claims().issued_at);
    let of_word = beside.map(|word| format!("word={word}&")).unwrap_or_default();
    // The sign at its end keeps a number from being taken for the end of the text.
    let salt = format!("{}?expires={expires}&{of_word}", work.key());
    let challenge = hex(&Sha256::digest(format!("{salt}{}", work.number(beside))));
    let challenge = ChallengeV1 {
        algorithm: "SHA-256",
        signature: sign(service, live, word, challenge.as_bytes()),
        challenge,
        maxnumber: work.max_number(),
        salt,
        code_challenge: beside.map(|word| CodeChallenge::of(word, place)),
    };
    said(&challenge, place.verify_url(word))
}

/// Work alone is signed by the key that the site has; beside a word by one that it has not.
fn sign(service: &Service, live: &LiveApp, word: Option<&Word>, bytes: &[u8]) -> String {
    let signature = if word.is_some() { Signature::Ours } else { Signature::Passing };
    service.signing_key(&live.app, signature).sign(bytes)
}

impl CodeChallenge {
    /// Each address has a query, or the widget would give it the one of the challenge, with the site key.
    fn of(key: Key, Place { address, .. }: &Place) -> Self {
        let at = |what: &str| format!("{address}/captcha/v1.0/keys/{key}/{what}");
        Self { image: at("img?scale=2"), audio: at("sound?pace=normal") }
    }
}

/// A challenge, and in a header what the second widget reads nowhere else.
fn said(challenge: &impl Serialize, verify_url: Option<String>) -> Response {
    let mut response = Json(challenge).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // `sentinel` has the widget look at the verdict of what it has verified.
    let configuration = verify_url.map(|url| json!({ "verifyurl": url, "sentinel": {} }).to_string());
    if let Some(value) = configuration.and_then(|text| HeaderValue::from_str(&text).ok()) {
        headers.insert(X_ALTCHA_CONFIG, value);
    }
    response.extensions_mut().insert(Outcome::Success);
    response
}
