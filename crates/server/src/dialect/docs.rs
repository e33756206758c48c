//! The OpenAPI document, and the page that shows it.

mod page;

use std::sync::LazyLock;

use axum::{
    Extension, Json,
    extract::{OriginalUri, Path, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use utoipa::{OpenApi, openapi::Server};

use super::{admin, altcha, cap, naver, nhn, siteverify, widget};
use crate::{
    domain::refusal::Refusal,
    http::{public_path::PublicPath, routes::Dialect},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "haechi",
        description = "A self-hosted CAPTCHA server with the wire API of NHN Cloud CAPTCHA v1.0. Parameters that a call does not name are ignored.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "CAPTCHA API v1.0", description = "Issue a challenge, show it, judge its answer, expire it"),
        (name = "siteverify", description = "Redeem the token of a page, as reCAPTCHA, hCaptcha and Turnstile have it"),
        (name = "ALTCHA", description = "What ALTCHA's widgets and libraries call, in both versions of its protocol"),
        (name = "Cap", description = "What Cap's widget calls, and its siteverify"),
        (name = "NAVER CAPTCHA", description = "NAVER Cloud CAPTCHA, and that of NAVER Developers before it"),
        (name = "Widget", description = "What the widget calls, from the pages of any site"),
    ),
)]
struct Document;

/// The OpenAPI document of this server, made from its routes.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let admin = admin::Document::openapi().merge_from(admin::routes().document());
    with_common_replies(for_everybody().merge_from(admin))
}

/// The part of it that the public may call.
fn public_openapi() -> utoipa::openapi::OpenApi {
    with_common_replies(for_everybody())
}

fn for_everybody() -> utoipa::openapi::OpenApi {
    let document = Document::openapi()
        .merge_from(nhn::routes().document())
        .merge_from(widget::routes().document())
        .merge_from(altcha::routes().document())
        .merge_from(cap::routes().document());
    siteverify::routes()
        .into_iter()
        .chain(naver::routes())
        .fold(document, |document, routes| document.merge_from(routes.document()))
}

/// Says of every operation how its dialect refuses.
fn with_common_replies(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let problem = common_reply(&document, "/admin/v1/apps", "4XX");
    let envelope = common_reply(&document, "/captcha/v1.0/keys/{key}/img", "503");
    let fault = common_reply(&document, "/widget/v1/begin", "503");
    let altcha = common_reply(&document, "/altcha/v2/challenge", "503");
    let cap = common_reply(&document, "/cap/{sitekey}/challenge", "503");
    let verdict = common_reply(&document, "/siteverify", "200");
    let gateway = common_reply(&document, "/captcha/v1/nkey", "401");
    let open = common_reply(&document, "/v1/captcha/nkey", "401");
    for (path, item) in &mut document.paths.paths {
        let reply = match Dialect::of(path) {
            Dialect::Admin => &problem,
            Dialect::Widget => &fault,
            Dialect::Altcha => &altcha,
            Dialect::Cap => &cap,
            Dialect::NaverCloud => &gateway,
            Dialect::NaverDevelopers => &open,
            Dialect::Recaptcha | Dialect::Hcaptcha | Dialect::Turnstile => &verdict,
            Dialect::Nhn | Dialect::Console | Dialect::Demo | Dialect::Fallback => &envelope,
        };
        let operations = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for range in ["4XX", "5XX"] {
                operation.responses.responses.entry(range.to_owned()).or_insert_with(|| reply.clone().into());
            }
        }
    }
    document
}

/// A reply that any call of its kind may have, whatever it says of the others: too large, too often, not authorised.
fn common_reply(document: &utoipa::openapi::OpenApi, path: &str, status: &str) -> utoipa::openapi::Response {
    let operation = document.paths.paths.get(path).and_then(|item| item.get.as_ref().or(item.post.as_ref()));
    let reply = operation.and_then(|operation| operation.responses.responses.get(status));
    match reply {
        Some(utoipa::openapi::RefOr::T(reply)) => {
            let mut reply = reply.clone();
            "Any other refusal or fault".clone_into(&mut reply.description);
            reply
        }
        _ => utoipa::openapi::Response::new("Any other refusal or fault"),
    }
}

pub(crate) async fn openapi_json(public_path: Option<Extension<PublicPath>>) -> Response {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(openapi);
    below(public_path, &DOCUMENT)
}

pub(crate) async fn public_openapi_json(public_path: Option<Extension<PublicPath>>) -> Response {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(public_openapi);
    below(public_path, &DOCUMENT)
}

/// A document that says below which path its calls are, if below one.
fn below(public_path: Option<Extension<PublicPath>>, document: &utoipa::openapi::OpenApi) -> Response {
    let Some(Extension(path)) = public_path else { return Json(document).into_response() };
    let mut document = document.clone();
    document.servers = Some(vec![Server::new(path.as_str())]);
    Json(document).into_response()
}

/// Nothing but the style is loaded, and nothing runs.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("docs/page.css");

/// The page refers to its style relatively, so it must be asked for with a slash at the end.
pub(crate) async fn page(OriginalUri(uri): OriginalUri) -> Response {
    static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&openapi()).into_string());
    if uri.path().ends_with('/') {
        reply("text/html; charset=utf-8", &PAGE)
    } else {
        Redirect::permanent("/docs/").into_response()
    }
}

/// A path that is not UTF-8 names no file.
pub(crate) async fn file(file: Result<Path<String>, PathRejection>) -> Result<Response, Refusal> {
    match file {
        Ok(Path(file)) if file == "page.css" => Ok(reply("text/css; charset=utf-8", STYLE)),
        _ => Err(Refusal::Http(StatusCode::NOT_FOUND)),
    }
}

fn reply(content_type: &'static str, text: &'static str) -> Response {
    let policy = HeaderValue::from_static(POLICY);
    ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type)), (header::CONTENT_SECURITY_POLICY, policy)], text)
        .into_response()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fs};

    use super::*;

    fn operation_ids(document: &utoipa::openapi::OpenApi) -> Vec<String> {
        let items = document.paths.paths.values();
        let operations = items.flat_map(|item| [&item.get, &item.post, &item.patch, &item.put, &item.delete]);
        operations.flatten().filter_map(|operation| operation.operation_id.clone()).collect()
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let names = operation_ids(&openapi());
        let different: BTreeSet<_> = names.iter().collect();
        assert_eq!((different.len(), names.len()), (names.len(), 62), "{names:?}");
    }

    #[test]
    fn the_public_part_has_nothing_of_the_admin_api() {
        let document = public_openapi();
        assert!(document.paths.paths.keys().all(|path| Dialect::of(path) != Dialect::Admin));
        assert!(!serde_json::to_string(&document).unwrap().contains("Problem"));
    }

    /// Generated clients are made of it, so it changes on purpose only: `HAECHI_BLESS=1` writes it down anew.
    #[test]
    fn the_document_is_as_it_was() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
        let mut document = openapi();
        document.info.version.clear(); // it changes with each release
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        if env::var_os("HAECHI_BLESS").is_some() {
            fs::write(path, &text).unwrap();
        }
        let before = fs::read_to_string(path).unwrap();
        for (number, (was, is)) in before.lines().zip(text.lines()).enumerate() {
            assert_eq!(is, was, "line {}", number + 1);
        }
        assert_eq!(text.lines().count(), before.lines().count());
    }
}
