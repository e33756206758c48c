//! One app: its head on every page, another appkey, off and on, and its end.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    Console,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    format,
    overview::badges,
    page::{Page, Part},
    texts::{Texts, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{admin::Scope, apps::AppView, refusal::Refusal},
};

/// For how many seconds an old appkey may go on.
const GRACES_SECS: [u64; 4] = [0, 3_600, 86_400, 7 * 86_400];

/// The pages of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Statistics,
    Settings,
    Integration,
}

pub(super) fn app_head(app: &AppView, current: Tab, texts: &Texts) -> Markup {
    let tabs = [
        (Tab::Statistics, texts.statistics, ""),
        (Tab::Settings, texts.settings, "/settings"),
        (Tab::Integration, texts.integration, "/integration"),
    ];
    html! {
        div.title { h1 { (app.name) } div { (badges(app, texts)) } }
        nav.tabs aria-label=(texts.app_pages) {
            @for (tab, name, path) in tabs {
                a href={ "/console/apps/" (app.number) (path) } aria-current=[(tab == current).then_some("page")] { (name) }
            }
        }
    }
}

/// What can be done with an app beside changing its settings.
pub(super) fn controls(app: &AppView, language: Language, texts: &Texts) -> Markup {
    let address = |action: &str| format!("/console/apps/{}/{action}", app.number);
    let graces = GRACES_SECS.iter().zip(texts.graces).map(|(secs, name)| (secs.to_string(), name.to_owned()));
    let grace =
        Field { name: "grace", label: texts.grace, hint: texts.grace_hint, input: Input::Choice(graces.collect()) };
    html! {
        section aria-labelledby="rotation" {
            h2 #rotation { (texts.rotate) }
            @if let Some(until) = app.previous_appkey_until {
                form.card method="post" action=(address("end-grace")) {
                    p { (fill(texts.grace_until, &[&format::moment(language, until)])) }
                    button { (texts.end_grace) }
                }
            }
            form.card method="post" action=(address("rotate")) {
                p { (texts.rotate_task) }
                (grace.render(&Fields::new("rotate").with("grace", "86400")))
                button { (texts.rotate) }
            }
        }
        section aria-labelledby="state" {
            h2 #state { (texts.state) }
            div.card {
                @if app.enabled {
                    p { (texts.disable_task) }
                    form method="post" action=(address("disable")) { button { (texts.disable) } }
                } @else {
                    p { (texts.enable_task) }
                    form method="post" action=(address("enable")) { button.main { (texts.enable) } }
                }
            }
        }
        section aria-labelledby="removal" {
            h2 #removal { (texts.remove_app) }
            div.card { p { (texts.remove_task) } a.button.danger href=(address("remove")) { (texts.remove_app) "…" } }
        }
    }
}

pub(super) async fn rotate(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let grace_secs = form.text("grace")?.parse().ok().filter(|secs| GRACES_SECS.contains(secs));
    let grace_secs = grace_secs.ok_or(Refusal::Parameter)?;
    let (actor, now) = (visitor.actor.clone(), unix_now());
    let app = console.ask(move |administration| administration.rotate_appkey(&actor, number, grace_secs, now)).await?;
    Ok(appkey_reply(&visitor, &app, visitor.texts().rotated))
}

pub(super) async fn end_grace(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.end_grace(&actor, number, now)).await?;
    Ok(see_other(&format!("/console/apps/{number}/settings?done=grace-ended")))
}

pub(super) async fn enable(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    set_enabled(console, visitor, number, true).await
}

pub(super) async fn disable(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    set_enabled(console, visitor, number, false).await
}

async fn set_enabled(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    enabled: bool,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.enable_app(&actor, number, enabled, now)).await?;
    let done = if enabled { "enabled" } else { "disabled" };
    Ok(see_other(&format!("/console/apps/{number}/settings?done={done}")))
}

pub(super) async fn ask_to_remove(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let app = console.app(&visitor, number).await?;
    let content = removal_page(&app, visitor.texts());
    Ok(Page::of(&visitor, visitor.texts().remove_app, &content).in_part(Part::Overview).respond())
}

pub(super) fn removal_page(app: &AppView, texts: &Texts) -> Markup {
    html! {
        div.narrow {
            h1 { (fill(texts.remove_question, &[&app.name])) }
            p { (texts.remove_task) }
            form.row method="post" action={ "/console/apps/" (app.number) "/remove" } {
                button.danger { (texts.really_remove) }
                a.button href={ "/console/apps/" (app.number) "/settings" } { (texts.cancel) }
            }
        }
    }
}

pub(super) async fn remove(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.remove_app(&actor, number, now)).await?;
    Ok(see_other("/console?done=app-removed"))
}

/// Shows an appkey, this once.
pub(super) fn appkey_reply(visitor: &Visitor, app: &AppView, title: &str) -> Response {
    let content = appkey_page(app, title, visitor.texts());
    Page::of(visitor, title, &content).in_part(Part::Overview).reply(StatusCode::OK)
}

pub(super) fn appkey_page(app: &AppView, title: &str, texts: &Texts) -> Markup {
    html! {
        h1 { (title) }
        p { (fill(texts.appkey_once, &[&app.name])) }
        pre.secret tabindex="0" { code { (app.appkey.as_deref().unwrap_or_default()) } }
        p.row {
            a.button.main href={ "/console/apps/" (app.number) "/integration" } { (texts.integration) }
            a.button href={ "/console/apps/" (app.number) "/settings" } { (texts.settings) }
        }
    }
}
