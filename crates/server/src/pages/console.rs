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
mod invitations;
mod manage;
mod once;
mod overview;
mod page;
mod preview;
mod question;
mod replace;
mod second_factor;
mod settings;
mod shown_once;
mod sign_in;
mod statistics;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod visitor;
mod webhooks;

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    http::header,
    middleware::from_fn_with_state,
    response::Redirect,
    routing::{get, post},
};

pub(crate) use self::{explain::refusal, visitor::Reader};
use self::{fault::Fault, visitor::Visitor};
use super::{MARK, POLICY, header_layer};
use crate::{
    clock::unix_now,
    domain::{
        admin::{AdminError, Administration},
        apps::AppView,
        metrics::Call,
        service::Service,
    },
    http::{
        file::{self, File, JAVASCRIPT, STYLE_SHEET},
        guard,
        public_url::PublicUrl,
        routes::{Classes, Dialect, Routes},
    },
};

static STYLE: LazyLock<File> = LazyLock::new(|| File::of(STYLE_SHEET, include_bytes!("console/console.css")));
static SCRIPT: LazyLock<File> = LazyLock::new(|| File::of(JAVASCRIPT, include_bytes!("console/console.js")));

/// Not `no-referrer`: with it a browser would send `Origin: null` with our own forms.
const REFERRER_POLICY: &str = "same-origin";

/// What the console needs.
pub(crate) struct Console {
    pub(crate) administration: Arc<Administration>,
    pub(crate) service: Arc<Service>,
    /// The address at which browsers reach the server, if it was said.
    pub(crate) public_url: Option<PublicUrl>,
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

/// All pages of the console, and what they are made of.
fn routes() -> Routes<Arc<Console>> {
    let page = |routes: Routes<_>, (path, handlers)| routes.page(Call::Other, path, handlers);
    let pages = [
        ("/console", get(overview::show)),
        ("/console/", get(|| async { Redirect::permanent("/console") })),
        ("/console/sign-in", get(sign_in::show).post(sign_in::sign_in)),
        ("/console/sign-in/code", post(sign_in::sign_in_with_code)),
        ("/console/sign-out", post(sign_in::sign_out)),
        ("/console/first", get(sign_in::show_first).post(sign_in::make_first)),
        ("/console/invitation", get(invitations::show).post(invitations::accept)),
        ("/console/second-factor", get(second_factor::show).post(second_factor::enable)),
        ("/console/second-factor/disable", post(second_factor::disable)),
        ("/console/password", get(account::show).post(account::change)),
        ("/console/language", post(account::choose_language)),
        ("/console/apps/new", get(settings::show_new).post(settings::create)),
        ("/console/apps/{number}", get(statistics::show)),
        ("/console/apps/{number}/statistics.csv", get(statistics::csv)),
        ("/console/apps/{number}/settings", get(settings::show).post(settings::change)),
        ("/console/apps/{number}/integration", get(integration::show)),
        ("/console/apps/{number}/rotate", get(replace::ask_to_rotate).post(replace::rotate)),
        ("/console/apps/{number}/end-grace", get(replace::ask_to_end_grace).post(replace::end_grace)),
        ("/console/apps/{number}/rotate-secret", get(replace::ask_to_rotate_secret).post(replace::rotate_secret)),
        (
            "/console/apps/{number}/end-secret-grace",
            get(replace::ask_to_end_secret_grace).post(replace::end_secret_grace),
        ),
        ("/console/apps/{number}/altcha-key", post(integration::show_altcha_key)),
        ("/console/apps/{number}/enable", post(manage::enable)),
        ("/console/apps/{number}/disable", get(manage::ask_to_disable).post(manage::disable)),
        ("/console/apps/{number}/remove", get(manage::ask_to_remove).post(manage::remove)),
        ("/console/audit", get(audit::show)),
        ("/console/audit.csv", get(audit::csv)),
        ("/console/access", get(access::show)),
        ("/console/access/tokens", post(access::create_token)),
        ("/console/access/tokens/{id}/remove", post(access::remove_token)),
        ("/console/access/users", post(access::create_user)),
        ("/console/access/users/remove", post(access::remove_user)),
        ("/console/access/users/reset-second-factor", post(access::reset_second_factor)),
        ("/console/access/invitations", post(access::create_invitation)),
        ("/console/access/invitations/{id}/revoke", post(invitations::revoke)),
        ("/console/webhooks", get(webhooks::show).post(webhooks::create)),
        ("/console/webhooks/{id}/test", post(webhooks::test)),
        ("/console/webhooks/{id}/remove", post(webhooks::remove)),
    ];
    pages.into_iter().fold(Routes::of(Dialect::Console), page)
}

fn assets() -> Routes<Arc<Console>> {
    Routes::of(Dialect::Console)
        .page(Call::Other, "/console/console.css", file::serve(&STYLE))
        .page(Call::Other, "/console/console.js", file::serve(&SCRIPT))
        .page(Call::Other, "/console/haechi.svg", file::serve(&MARK))
}

/// The console as a router, with what all of its pages pass.
pub(crate) fn router<S>(state: Arc<Console>, classes: &mut Classes) -> Router<S> {
    let service = Arc::clone(&state.service);
    let pages = routes()
        .router(&service, classes)
        .route_layer(from_fn_with_state(Arc::clone(&state), once::act_once))
        .route_layer(from_fn_with_state(Arc::clone(&state), explain::explain))
        .route_layer(from_fn_with_state(Arc::clone(&service), guard::refuse_other_sites))
        .route_layer(header_layer(header::CACHE_CONTROL, "no-store"));
    let assets = assets().router(&service, classes).route_layer(header_layer(header::CACHE_CONTROL, "no-cache"));
    pages
        .merge(assets)
        .route_layer(header_layer(header::CONTENT_SECURITY_POLICY, POLICY))
        .route_layer(header_layer(header::REFERRER_POLICY, REFERRER_POLICY))
        .with_state(state)
}
