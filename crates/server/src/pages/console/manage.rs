//! One app: its head on every page, and what its site may stand still for: off and on, and its end.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    once::once,
    overview::badges,
    question::Question,
    replace::{Name, rotation},
    shown_once::{copying, example},
    texts::{Texts, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{admin::Scope, apps::AppView},
};

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
    html! {
        section {
            h2 #site-key { (texts.site_key) }
            div.card { p { (texts.site_key_task) } (example(texts.site_key, &app.site_key)) }
            (copying(texts))
        }
        section.dangers aria-labelledby="dangers" {
            h2 #dangers { (texts.danger_zone) }
            p { (texts.danger_task) }
            (rotation(app, Name::Appkey, language, texts))
            (rotation(app, Name::Secret, language, texts))
            section aria-labelledby="state" {
                h3 #state { (texts.state) }
                @if app.enabled {
                    p { (texts.disable_task) }
                    a.button.danger href=(address("disable")) { (texts.disable) "…" }
                } @else {
                    p { (texts.enable_task) }
                    form method="post" action=(address("enable")) { (once()) button.main { (texts.enable) } }
                }
            }
            section aria-labelledby="removal" {
                h3 #removal { (texts.remove_app) }
                p { (texts.remove_task) }
                a.button.danger href=(address("remove")) { (texts.remove_app) "…" }
            }
        }
    }
}

pub(super) async fn enable(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    set_enabled(console, visitor, number, true).await
}

pub(super) async fn ask_to_disable(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (app, texts) = (console.app(&visitor, number).await?, visitor.texts());
    let question = Question {
        title: fill(texts.disable_question, &[&app.name]),
        consequences: vec![texts.disable_task.to_owned()],
        action: "disable",
        hidden: Vec::new(),
        button: texts.really_disable,
        takes_down: true,
    };
    Ok(question.ask(&visitor, &app, StatusCode::OK))
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
    let done = if enabled { Done::Enabled } else { Done::Disabled };
    Ok(see_other(&done.said_at(&format!("/console/apps/{number}/settings"))))
}

pub(super) async fn ask_to_remove(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let app = console.app(&visitor, number).await?;
    Ok(removal(&app, visitor.texts()).ask(&visitor, &app, StatusCode::OK))
}

pub(super) fn removal<'a>(app: &AppView, texts: &'a Texts) -> Question<'a> {
    Question {
        title: fill(texts.remove_question, &[&app.name]),
        consequences: vec![texts.remove_task.to_owned()],
        action: "remove",
        hidden: Vec::new(),
        button: texts.really_remove,
        takes_down: true,
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
    Ok(see_other(&Done::AppRemoved.said_at("/console")))
}
