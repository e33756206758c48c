//! One app: its head on every page, another appkey, off and on, and its end.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
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
    domain::{
        admin::{Actor, AdminError, Administration, Scope},
        apps::AppView,
        refusal::{ParameterFault, Refusal},
    },
};

/// For how many seconds an old appkey may go on.
pub(super) const GRACES_SECS: [u64; 4] = [0, 3_600, 86_400, 7 * 86_400];

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
        section aria-labelledby="site-key" {
            h2 #site-key { (texts.site_key) }
            div.card { p { (texts.site_key_task) } pre tabindex="0" { code { (app.site_key) } } }
        }
        (rotation(&appkey_of(app, texts), &address, language, texts))
        (rotation(&secret_of(app, texts), &address, language, texts))
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

/// Something that can be replaced: what it is called, and how its old one stands.
struct Replaceable<'a> {
    id: &'static str,
    title: &'a str,
    task: &'a str,
    grace: &'a str,
    rotate: &'static str,
    /// Unix time until which the old one is good, if it is.
    old_until: Option<u64>,
    old_is_good: &'a str,
    end: &'a str,
    end_grace: &'static str,
}

fn appkey_of<'a>(app: &AppView, texts: &'a Texts) -> Replaceable<'a> {
    Replaceable {
        id: "rotation",
        title: texts.rotate,
        task: texts.rotate_task,
        grace: texts.grace,
        rotate: "rotate",
        old_until: app.previous_appkey_until,
        old_is_good: texts.grace_until,
        end: texts.end_grace,
        end_grace: "end-grace",
    }
}

fn secret_of<'a>(app: &AppView, texts: &'a Texts) -> Replaceable<'a> {
    Replaceable {
        id: "secret-rotation",
        title: if app.has_secret { texts.rotate_secret } else { texts.make_secret },
        task: if app.has_secret { texts.rotate_secret_task } else { texts.make_secret_task },
        grace: if app.has_secret { texts.secret_grace } else { "" },
        rotate: "rotate-secret",
        old_until: app.previous_secret_until,
        old_is_good: texts.secret_grace_until,
        end: texts.end_secret_grace,
        end_grace: "end-secret-grace",
    }
}

fn rotation(this: &Replaceable<'_>, address: &impl Fn(&str) -> String, language: Language, texts: &Texts) -> Markup {
    let graces = GRACES_SECS.iter().zip(texts.graces).map(|(secs, name)| (secs.to_string(), name.to_owned()));
    let input = Input::Choice(graces.collect());
    let grace = Field { name: "grace", label: this.grace, hint: texts.grace_hint, input };
    html! {
        section aria-labelledby=(this.id) {
            h2 id=(this.id) { (this.title) }
            @if let Some(until) = this.old_until {
                form.card method="post" action=(address(this.end_grace)) {
                    p { (fill(this.old_is_good, &[&format::moment(language, until)])) }
                    button { (this.end) }
                }
            }
            form.card method="post" action=(address(this.rotate)) {
                p { (this.task) }
                @if this.grace.is_empty() {
                    // Where there is no old one, none goes on.
                    input type="hidden" name="grace" value="0";
                } @else {
                    (grace.render(&Fields::new(this.rotate).with("grace", "86400")))
                }
                button { (this.title) }
            }
        }
    }
}

pub(super) async fn rotate(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    let said = visitor.texts().rotated;
    replace(console, visitor, number, form, Administration::rotate_appkey, said).await
}

pub(super) async fn rotate_secret(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    let said = visitor.texts().secret_rotated;
    replace(console, visitor, number, form, Administration::rotate_secret, said).await
}

/// Replaces a secret name of an app: by whom, of which app, with how many seconds of grace, and when.
type Replace = fn(&Administration, &Actor, u32, u64, u64) -> Result<AppView, AdminError>;

async fn replace(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    form: Form,
    replace: Replace,
    said: &str,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let grace_secs = grace_secs(&form)?;
    let (actor, now) = (visitor.actor.clone(), unix_now());
    let app = console.ask(move |administration| replace(administration, &actor, number, grace_secs, now)).await?;
    Ok(reply_once(&visitor, &app, said))
}

fn grace_secs(form: &Form) -> Result<u64, Fault> {
    let secs = form.text("grace")?.parse().ok().filter(|secs| GRACES_SECS.contains(secs));
    Ok(secs.ok_or(Refusal::Parameter(ParameterFault::Value))?)
}

pub(super) async fn end_grace(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    end(console, visitor, number, Administration::end_grace, Done::GraceEnded).await
}

pub(super) async fn end_secret_grace(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    end(console, visitor, number, Administration::end_secret_grace, Done::SecretGraceEnded).await
}

/// Ends the grace of a replaced name: by whom, of which app, and when.
type End = fn(&Administration, &Actor, u32, u64) -> Result<AppView, AdminError>;

async fn end(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    end: End,
    done: Done,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| end(administration, &actor, number, now)).await?;
    Ok(see_other(&done.said_at(&format!("/console/apps/{number}/settings"))))
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
    Ok(see_other(&Done::AppRemoved.said_at("/console")))
}

/// Shows what was made for an app just now, this once.
pub(super) fn reply_once(visitor: &Visitor, app: &AppView, title: &str) -> Response {
    let content = once_page(app, title, visitor.texts());
    Page::of(visitor, title, &content).in_part(Part::Overview).reply(StatusCode::OK)
}

pub(super) fn once_page(app: &AppView, title: &str, texts: &Texts) -> Markup {
    let fresh = [(texts.appkey, texts.appkey_once, &app.appkey), (texts.app_secret, texts.secret_once, &app.secret)];
    html! {
        h1 { (title) }
        @for (label, sentence, name) in fresh {
            @if let Some(name) = name {
                p { (fill(sentence, &[&app.name])) }
                pre.secret data-copy tabindex="0" role="region" aria-label=(label) { code { (name) } }
            }
        }
        p { (texts.site_key) ": " code { (app.site_key) } }
        p.row {
            a.button.main href={ "/console/apps/" (app.number) "/integration" } { (texts.integration) }
            a.button href={ "/console/apps/" (app.number) "/settings" } { (texts.settings) }
        }
    }
}
