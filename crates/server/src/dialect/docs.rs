//! The OpenAPI document, and the page that shows it.

mod page;

use std::sync::LazyLock;

use axum::{
    Json,
    extract::{OriginalUri, Path, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use utoipa::OpenApi;

use super::{media, nhn};
use crate::domain::refusal::Refusal;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "haechi",
        description = "A self-hosted CAPTCHA server with the wire API of NHN Cloud CAPTCHA v1.0. Parameters that a call does not name are ignored.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(nhn::issue, media::image, media::sound, nhn::verify, nhn::expire),
    tags((name = "CAPTCHA API v1.0", description = "Issue a challenge, show it, judge its answer, expire it")),
)]
struct Document;

/// The OpenAPI document of this server, made from its code.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi().merge_from(super::admin::Document::openapi());
    let problem = common_reply(&document, "/admin/v1/apps", "4XX");
    let envelope = common_reply(&document, "/captcha/v1.0/keys/{key}/img", "503");
    for (path, item) in &mut document.paths.paths {
        if path.ends_with("/verification") {
            item.post = item.get.clone().map(by_post);
        }
        let reply = if path.starts_with("/admin/") { &problem } else { &envelope };
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
    let operation = document.paths.paths.get(path).and_then(|item| item.get.as_ref());
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

/// The call that judges takes the answer in a form or in JSON too.
fn by_post(mut operation: utoipa::openapi::path::Operation) -> utoipa::openapi::path::Operation {
    operation.operation_id = Some("verify_by_post".to_owned());
    operation.description = Some(
        "The same with POST, where the answer may also come as a form or as JSON: `{\"answer\": \"…\"}`".to_owned(),
    );
    operation
}

pub(crate) async fn openapi_json() -> Response {
    static DOCUMENT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(openapi);
    Json(&*DOCUMENT).into_response()
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
