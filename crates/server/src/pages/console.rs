//! The console at `/console`: apps, their statistics and settings, the audit log, tokens and users, for people.
//!
//! It is another way to call [`Administration`], as the admin API is one. Everything works as plain HTML; the script on
//! top of it shows settings before they are saved and keeps figures up to date.

mod access;
mod account;
mod audit;
mod chart;
mod done;
mod explain;
mod fault;
mod form;
mod format;
mod integration;
mod manage;
mod overview;
mod page;
mod preview;
mod settings;
mod sign_in;
mod statistics;
#[cfg(test)]
mod tests;
mod texts;
mod visitor;

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower_http::set_header::SetResponseHeaderLayer;

use self::{fault::Fault, visitor::Visitor};
use crate::{
    clock::unix_now,
    domain::{
        admin::{AdminError, Administration},
        apps::AppView,
        service::Service,
    },
    http::guard,
};

/// Everything comes from this server, and nothing stands inline.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE: &str = include_str!("console/console.css");
const SCRIPT: &str = include_str!("console/console.js");
const MARK: &str = include_str!("demo/haechi.svg");

/// What the console needs.
pub(crate) struct Console {
    pub(crate) administration: Arc<Administration>,
    pub(crate) service: Arc<Service>,
}

impl Console {
    /// Asks the administration, which waits for the disk or the network, where waiting holds nothing up.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Administration) -> Result<T, AdminError> + Send + 'static,
    ) -> Result<T, Fault> {
        let administration = Arc::clone(&self.administration);
        let asked = tokio::task::spawn_blocking(move || question(&administration)).await;
        Ok(asked.map_err(|_| Fault::Internal)??)
    }

    async fn app(&self, visitor: &Visitor, number: u32) -> Result<AppView, Fault> {
        let (actor, now) = (visitor.actor.clone(), unix_now());
        self.ask(move |administration| administration.app(&actor, number, now)).await
    }
}

pub(crate) fn routes(state: Arc<Console>) -> Router<Arc<Service>> {
    let pages = Router::new()
        .route("/console", get(overview::show))
        .route("/console/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route("/console/first", get(sign_in::show_first).post(sign_in::make_first))
        .route("/console/password", get(account::show).post(account::change))
        .route("/console/language", post(account::choose_language))
        .route("/console/apps/new", get(settings::show_new).post(settings::create))
        .route("/console/apps/{number}", get(statistics::show))
        .route("/console/apps/{number}/statistics.csv", get(statistics::csv))
        .route("/console/apps/{number}/settings", get(settings::show).post(settings::change))
        .route("/console/apps/{number}/integration", get(integration::show))
        .route("/console/apps/{number}/rotate", post(manage::rotate))
        .route("/console/apps/{number}/end-grace", post(manage::end_grace))
        .route("/console/apps/{number}/rotate-secret", post(manage::rotate_secret))
        .route("/console/apps/{number}/end-secret-grace", post(manage::end_secret_grace))
        .route("/console/apps/{number}/enable", post(manage::enable))
        .route("/console/apps/{number}/disable", post(manage::disable))
        .route("/console/apps/{number}/remove", get(manage::ask_to_remove).post(manage::remove))
        .route("/console/audit", get(audit::show))
        .route("/console/access", get(access::show))
        .route("/console/access/tokens", post(access::create_token))
        .route("/console/access/tokens/{id}/remove", post(access::remove_token))
        .route("/console/access/users", post(access::create_user))
        .route("/console/access/users/remove", post(access::remove_user))
        .route_layer(from_fn_with_state(Arc::clone(&state), explain::explain))
        .route_layer(from_fn(guard::refuse_other_sites))
        .route_layer(header_layer(header::CACHE_CONTROL, "no-store"));
    let assets = Router::new()
        .route("/console/console.css", get(|| asset("text/css; charset=utf-8", STYLE)))
        .route("/console/console.js", get(|| asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/console/haechi.svg", get(|| asset("image/svg+xml", MARK)))
        .route_layer(header_layer(header::CACHE_CONTROL, "no-cache"));
    pages
        .merge(assets)
        .route_layer(header_layer(header::CONTENT_SECURITY_POLICY, POLICY))
        // Not `no-referrer`: with it a browser would send `Origin: null` with our own forms.
        .route_layer(header_layer(header::REFERRER_POLICY, "same-origin"))
        .with_state(state)
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
