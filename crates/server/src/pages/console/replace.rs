//! Another appkey or another secret for an app, and the end of the old one.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    format,
    page::query_value,
    question::Question,
    shown_once::reply_once,
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

/// What an app is known by to its site, and can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Appkey,
    Secret,
}

/// A name of an app as it stands, with what it is called.
struct Replaceable<'a> {
    id: &'static str,
    title: &'a str,
    task: &'a str,
    noun: &'a str,
    grace: &'a str,
    rotate: &'static str,
    rotated: &'a str,
    /// Whether there is one, which ends when it is replaced.
    is_there: bool,
    /// Unix time until which the old one is good, if it is.
    old_until: Option<u64>,
    old_is_good: &'a str,
    end: &'a str,
    end_grace: &'static str,
}

impl<'a> Replaceable<'a> {
    fn of(app: &AppView, name: Name, texts: &'a Texts) -> Self {
        match name {
            Name::Appkey => Self {
                id: "rotation",
                title: texts.rotate,
                task: texts.rotate_task,
                noun: texts.an_appkey,
                grace: texts.grace,
                rotate: "rotate",
                rotated: texts.rotated,
                is_there: true,
                old_until: app.previous_appkey_until,
                old_is_good: texts.grace_until,
                end: texts.end_grace,
                end_grace: "end-grace",
            },
            Name::Secret => Self {
                id: "secret-rotation",
                title: if app.has_secret { texts.rotate_secret } else { texts.make_secret },
                task: if app.has_secret { texts.rotate_secret_task } else { texts.make_secret_task },
                noun: texts.a_secret,
                grace: texts.secret_grace,
                rotate: "rotate-secret",
                rotated: texts.secret_rotated,
                is_there: app.has_secret,
                old_until: app.previous_secret_until,
                old_is_good: texts.secret_grace_until,
                end: texts.end_secret_grace,
                end_grace: "end-secret-grace",
            },
        }
    }
}

/// A part of the danger zone: the way to the questions that come before a name is replaced, or its old one ended.
pub(super) fn rotation(app: &AppView, name: Name, language: Language, texts: &Texts) -> Markup {
    let this = Replaceable::of(app, name, texts);
    let address = |action: &str| format!("/console/apps/{}/{action}", app.number);
    let graces = GRACES_SECS.iter().zip(texts.graces).map(|(secs, name)| (secs.to_string(), name.to_owned()));
    let input = Input::Choice(graces.collect());
    let grace = Field { name: "grace", label: this.grace, hint: texts.grace_hint, input };
    html! {
        section aria-labelledby=(this.id) {
            h3 id=(this.id) { (this.title) }
            @if let Some(until) = this.old_until {
                form method="get" action=(address(this.end_grace)) {
                    p { (fill(this.old_is_good, &[&format::moment(language, until)])) }
                    button { (this.end) "…" }
                }
            }
            form method="get" action=(address(this.rotate)) {
                p { (this.task) }
                // Where there is no old one, none goes on.
                @if this.is_there { (grace.render(&Fields::new(this.rotate).with("grace", "86400"))) }
                @else { input type="hidden" name="grace" value="0"; }
                button { (this.title) "…" }
            }
        }
    }
}

pub(super) async fn ask_to_rotate(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    query: RawQuery,
) -> Result<Response, Fault> {
    ask_to_replace(console, visitor, number, query, Name::Appkey).await
}

pub(super) async fn ask_to_rotate_secret(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    query: RawQuery,
) -> Result<Response, Fault> {
    ask_to_replace(console, visitor, number, query, Name::Secret).await
}

async fn ask_to_replace(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    RawQuery(query): RawQuery,
    name: Name,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let grace_secs = grace_secs(&query_value(query.as_deref(), "grace"))?;
    let app = console.app(&visitor, number).await?;
    let this = Replaceable::of(&app, name, visitor.texts());
    Ok(question(&visitor, &app, &this, grace_secs, unix_now()).ask(&visitor, &app, StatusCode::OK))
}

/// What becomes of the names that are in use, before it does.
fn question<'a>(visitor: &Visitor, app: &AppView, this: &Replaceable<'a>, grace_secs: u64, now: u64) -> Question<'a> {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let mut consequences = Vec::new();
    if this.is_there && grace_secs == 0 {
        consequences.push(fill(texts.rotate_at_once, &[this.noun]));
    } else if this.is_there {
        consequences.push(fill(texts.rotate_in_time, &[this.noun, &format::moment(language, now + grace_secs)]));
    } else {
        consequences.push(this.task.to_owned());
    }
    if let Some(until) = this.old_until {
        consequences.push(fill(texts.rotate_ends_older, &[this.noun, &format::moment(language, until)]));
    }
    let hidden = [Some(("grace", grace_secs.to_string())), this.old_until.map(|until| ("ends", until.to_string()))];
    Question {
        title: if this.is_there {
            fill(texts.rotate_question, &[this.noun, &app.name])
        } else {
            format!("{} – {}", this.title, app.name)
        },
        consequences,
        action: this.rotate,
        hidden: hidden.into_iter().flatten().collect(),
        button: if this.is_there { texts.really_rotate } else { this.title },
        takes_down: this.is_there && (grace_secs == 0 || this.old_until.is_some()),
    }
}

pub(super) async fn rotate(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    replace(console, visitor, number, form, Name::Appkey).await
}

pub(super) async fn rotate_secret(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    replace(console, visitor, number, form, Name::Secret).await
}

/// Replaces a name of an app: by whom, of which app, with how many seconds of grace, and when.
type Replace = fn(&Administration, &Actor, u32, u64, u64) -> Result<AppView, AdminError>;

async fn replace(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    form: Form,
    name: Name,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let grace_secs = grace_secs(&form.text("grace")?)?;
    let agreed_until: Option<u64> = form.text("ends")?.parse().ok();
    let (replace, old_until): (Replace, fn(&AppView) -> Option<u64>) = match name {
        Name::Appkey => (Administration::rotate_appkey, |app| app.previous_appkey_until),
        Name::Secret => (Administration::rotate_secret, |app| app.previous_secret_until),
    };
    let (actor, now) = (visitor.actor.clone(), unix_now());
    let (app, is_replaced) = console
        .ask(move |administration| {
            let app = administration.app(&actor, number, now)?;
            // One that still goes on is ended only by who knows of it: somebody else may have rotated meanwhile.
            if old_until(&app).is_some_and(|until| agreed_until != Some(until)) {
                return Ok((app, false));
            }
            Ok((replace(administration, &actor, number, grace_secs, now)?, true))
        })
        .await?;
    let this = Replaceable::of(&app, name, visitor.texts());
    if is_replaced {
        return Ok(reply_once(&visitor, &app, this.rotated));
    }
    Ok(question(&visitor, &app, &this, grace_secs, now).ask(&visitor, &app, StatusCode::CONFLICT))
}

fn grace_secs(text: &str) -> Result<u64, Fault> {
    let secs = text.parse().ok().filter(|secs| GRACES_SECS.contains(secs));
    Ok(secs.ok_or(Refusal::Parameter(ParameterFault::Value))?)
}

pub(super) async fn ask_to_end_grace(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    ask_to_end(console, visitor, number, Name::Appkey).await
}

pub(super) async fn ask_to_end_secret_grace(
    console: State<Arc<Console>>,
    visitor: Visitor,
    number: AppNumber,
) -> Result<Response, Fault> {
    ask_to_end(console, visitor, number, Name::Secret).await
}

async fn ask_to_end(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    name: Name,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (app, texts) = (console.app(&visitor, number).await?, visitor.texts());
    let this = Replaceable::of(&app, name, texts);
    let question = Question {
        title: fill(texts.end_question, &[this.noun, &app.name]),
        consequences: vec![fill(texts.end_task, &[this.noun])],
        action: this.end_grace,
        hidden: Vec::new(),
        button: texts.really_end,
        takes_down: true,
    };
    Ok(question.ask(&visitor, &app, StatusCode::OK))
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
