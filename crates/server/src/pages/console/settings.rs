//! An app's settings, and new apps.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
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
    manage::{Tab, app_head, controls},
    once::once,
    page::{self, Page, Part, notice, query_value},
    preview,
    shown_once::reply_once,
    texts::{Texts, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{
        admin::Scope,
        apps::{Allowed, AppSettings, AppView, Setting, SettingChanges, algorithm_named},
    },
};

/// The settings as fields of a form.
pub(super) fn fields_of(settings: &AppSettings) -> Fields {
    Setting::ALL.iter().fold(Fields::new("app"), |fields, setting| fields.with(setting.name(), settings.text(*setting)))
}

fn names() -> Vec<&'static str> {
    Setting::ALL.iter().map(|setting| setting.name()).collect()
}

/// The settings that the form changes, or nothing, once it is said what is wrong.
pub(super) fn read(fields: &mut Fields, before: &AppSettings, texts: &Texts) -> Option<SettingChanges> {
    let mut changes = SettingChanges::default();
    for &setting in Setting::ALL {
        let typed = match setting.allowed() {
            // A box that is not ticked is not sent.
            Allowed::YesOrNo => (fields.value(setting.name()) == "true").to_string(),
            _ => fields.value(setting.name()).trim().to_owned(),
        };
        match setting.allowed() {
            Allowed::Number(min, max) if !setting.allowed().admits(&typed) => {
                let (label, _) = (texts.setting)(setting);
                fields.object(setting.name(), fill(texts.between, &[label, &min.to_string(), &max.to_string()]));
            }
            Allowed::Colour if !setting.allowed().admits(&typed) => {
                fields.object(setting.name(), texts.no_colour.to_owned());
            }
            Allowed::Ground(theme) if !setting.allowed().admits(&typed) => {
                fields.object(setting.name(), (texts.no_ground)(theme).to_owned());
            }
            Allowed::Hostnames if !setting.allowed().admits(&typed) => {
                fields.object(setting.name(), texts.no_hostnames.to_owned());
            }
            Allowed::Networks if !setting.allowed().admits(&typed) => {
                fields.object(setting.name(), texts.no_networks.to_owned());
            }
            _ if typed != before.text(setting) => changes.read(setting, &typed)?,
            _ => {}
        }
    }
    (!fields.has_problems()).then_some(changes)
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let app = console.app(&visitor, number).await?;
    let sample = query_value(query.as_deref(), "sample").parse().unwrap_or(1);
    let notice = notice(query.as_deref(), visitor.texts());
    Ok(reply(&visitor, &app, &fields_of(&app.settings), sample, &notice))
}

pub(super) async fn change(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let mut fields = form.fields("app", &names())?;
    let app = console.app(&visitor, number).await?;
    if let Some(changes) = read(&mut fields, &app.settings, visitor.texts()) {
        let (actor, now) = (visitor.actor.clone(), unix_now());
        match console.ask(move |administration| administration.change_app(&actor, number, &changes, now)).await {
            Ok(_) => return Ok(see_other(&Done::Settings.said_at(&format!("/console/apps/{number}/settings")))),
            Err(fault) => fields.explain(fault, visitor.texts())?,
        }
    }
    Ok(reply(&visitor, &app, &fields, 1, &html! {}))
}

fn reply(visitor: &Visitor, app: &AppView, fields: &Fields, sample: u32, notice: &Markup) -> Response {
    let content = page(visitor, app, fields, sample, notice);
    let title = format!("{} – {}", visitor.texts().settings, app.name);
    fields.respond(Page::of(visitor, &title, &content).in_part(Part::Overview))
}

pub(super) fn page(visitor: &Visitor, app: &AppView, fields: &Fields, sample: u32, notice: &Markup) -> Markup {
    let texts = visitor.texts();
    let address = format!("/console/apps/{}/settings", app.number);
    let may_change = visitor.may(Scope::AppsWrite) && !app.declared;
    html! {
        (app_head(app, Tab::Settings, texts))
        (notice)
        (fields.summary(texts))
        div.beside {
            @if may_change {
                form.card #settings method="post" action=(address) {
                    (once())
                    (setting_fields(fields, texts))
                    p.wrong #unsaved hidden[!fields.has_problems()] { (texts.unsaved) }
                    button.main { (texts.save) }
                }
            } @else {
                div.card {
                    @if app.declared { p { (texts.declared_note) } }
                    (as_they_are(app, visitor.reader.language, texts))
                }
            }
            (preview::render(&app.settings, sample, &address, texts))
        }
        @if may_change { (controls(app, visitor.reader.language, texts)) }
    }
}

fn setting_fields(fields: &Fields, texts: &Texts) -> Markup {
    html! {
        @for setting in Setting::ALL {
            @if let Some(heading) = heading(*setting, texts) { h2 { (heading) } }
            (field(*setting, texts).render(fields))
        }
    }
}

/// What stands above a setting with which a part of the form begins.
const fn heading(setting: Setting, texts: &Texts) -> Option<&'static str> {
    match setting {
        Setting::AnswerLength => Some(texts.word_settings),
        Setting::TtlSecs => Some(texts.limit_settings),
        Setting::Policy => Some(texts.widget_settings),
        _ => None,
    }
}

fn field(setting: Setting, texts: &Texts) -> Field<'_> {
    let (label, hint) = (texts.setting)(setting);
    let input = match (setting, setting.allowed()) {
        (Setting::Difficulty, _) => {
            let levels =
                (1..).zip(texts.difficulties).map(|(level, name): (u8, _)| (level.to_string(), name.to_owned()));
            Input::Choice(levels.collect())
        }
        (_, Allowed::Number(min, max)) => Input::Number { min, max },
        (_, Allowed::Word(words)) => {
            Input::Choice(words.iter().map(|word| ((*word).to_owned(), called_word(setting, word, texts))).collect())
        }
        (_, Allowed::YesOrNo) => Input::Check,
        (_, Allowed::Colour | Allowed::Ground(_)) => Input::Colour,
        (_, Allowed::Hostnames | Allowed::Networks) => Input::Names,
    };
    Field { name: setting.name(), label, hint, input }
}

/// What people call the value of a setting.
pub(super) fn called(setting: Setting, value: &str, texts: &Texts) -> String {
    match field(setting, texts).input {
        Input::Choice(choices) => {
            choices.into_iter().find(|(choice, _)| choice == value).map_or_else(|| value.to_owned(), |(_, name)| name)
        }
        Input::Check => if value == "true" { texts.yes } else { texts.no }.to_owned(),
        _ => value.to_owned(),
    }
}

/// What people call one of the words that a setting may be.
fn called_word(setting: Setting, word: &str, texts: &Texts) -> String {
    let name = match (setting, word) {
        (Setting::Lang, _) => word.parse::<Language>().ok().map(page::name),
        (Setting::Alphabet, _) => word.parse().ok().map(texts.alphabet),
        (Setting::Theme, "light") => Some(texts.light),
        (Setting::Theme, "dark") => Some(texts.dark),
        (Setting::Policy, _) => word.parse().ok().map(texts.policy),
        (Setting::WorkAlgorithm, _) => algorithm_named(word).map(texts.algorithm),
        _ => None,
    };
    name.unwrap_or(word).to_owned()
}

/// The settings for those who cannot change them.
fn as_they_are(app: &AppView, language: Language, texts: &Texts) -> Markup {
    let fields = fields_of(&app.settings);
    html! {
        dl.plain {
            dt { (texts.site_key) } dd { code { (app.site_key) } }
            @for setting in Setting::ALL {
                dt { ((texts.setting)(*setting).0) }
                dd { (called(*setting, fields.value(setting.name()), texts)) }
            }
            @if let Some(created_at) = app.created_at { dt { (texts.made) } dd { (format::time(language, created_at)) } }
        }
    }
}

pub(super) async fn show_new(visitor: Visitor) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    Ok(new_reply(&visitor, &fields_of(&AppSettings::default())))
}

pub(super) async fn create(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let mut fields = form.fields("app", &[names(), vec!["name"]].concat())?;
    if let Some(settings) = read(&mut fields, &AppSettings::default(), visitor.texts()) {
        let (actor, name, now) = (visitor.actor.clone(), fields.value("name").to_owned(), unix_now());
        match console.ask(move |administration| administration.create_app(&actor, &name, &settings, now)).await {
            Ok(app) => return Ok(reply_once(&visitor, &app, visitor.texts().app_made)),
            Err(fault) => fields.explain(fault, visitor.texts())?,
        }
    }
    Ok(new_reply(&visitor, &fields))
}

fn new_reply(visitor: &Visitor, fields: &Fields) -> Response {
    let content = new_page(fields, visitor.texts());
    let page = Page::of(visitor, visitor.texts().new_app, &content).in_part(Part::Overview);
    fields.respond(page)
}

pub(super) fn new_page(fields: &Fields, texts: &Texts) -> Markup {
    let name = Input::Text { autocomplete: "off" };
    let name = Field { name: "name", label: texts.name, hint: texts.app_name_hint, input: name };
    html! {
        h1 { (texts.new_app) }
        (fields.summary(texts))
        div.beside {
            form.card #settings method="post" action="/console/apps/new" {
                (once())
                (name.render(fields))
                details open[Setting::ALL.iter().any(|setting| fields.is_wrong(setting.name()))] {
                    summary { (texts.later_settings) }
                    (setting_fields(fields, texts))
                }
                button.main { (texts.make_app) }
            }
            (preview::render(&AppSettings::default(), 1, "/console/apps/new", texts))
        }
    }
}
