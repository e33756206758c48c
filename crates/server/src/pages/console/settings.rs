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
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    format,
    manage::{Tab, app_head, appkey_reply, controls},
    page::{self, Page, Part, notice, query_value},
    preview,
    texts::{Texts, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{
        admin::Scope,
        apps::{AppSettings, AppView, SettingChanges},
    },
};

/// The settings, in the order of the form.
const NAMES: [&str; 10] =
    ["answer_length", "difficulty", "width", "height", "theme", "lang", "ttl_secs", "attempts", "rate_per_sec", "test"];

/// Those that are numbers, with the least and the most.
const NUMBERS: [(&str, u32, u32); 7] = [
    ("answer_length", 4, 8),
    ("difficulty", 1, 5),
    ("width", 120, 480),
    ("height", 40, 160),
    ("ttl_secs", 30, 3_600),
    ("attempts", 1, 10),
    ("rate_per_sec", 0, 1_000_000),
];

/// The settings as fields of a form.
pub(super) fn fields_of(settings: &AppSettings) -> Fields {
    Fields::new("app")
        .with("answer_length", settings.answer_length.to_string())
        .with("difficulty", settings.difficulty.to_string())
        .with("width", settings.width.to_string())
        .with("height", settings.height.to_string())
        .with("theme", settings.theme.clone())
        .with("lang", settings.lang.clone())
        .with("ttl_secs", settings.ttl_secs.to_string())
        .with("attempts", settings.attempts.to_string())
        .with("rate_per_sec", settings.rate_per_sec.to_string())
        .with("test", settings.test.to_string())
}

/// The settings that the form changes, or nothing, once it is said what is wrong.
pub(super) fn read(fields: &mut Fields, before: &AppSettings, texts: &Texts) -> Option<SettingChanges> {
    for (name, min, max) in NUMBERS {
        let number = fields.value(name).trim().parse::<u32>();
        if !number.is_ok_and(|number| (min..=max).contains(&number)) {
            fields.object(name, fill(texts.between, &[texts.setting(name).0, &min.to_string(), &max.to_string()]));
        }
    }
    if fields.has_problems() {
        return None;
    }
    fn number<T: std::str::FromStr + PartialEq>(fields: &Fields, name: &str, before: &T) -> Option<T> {
        fields.value(name).trim().parse().ok().filter(|number| number != before)
    }
    let text = |name, before: &str| Some(fields.value(name)).filter(|text| *text != before).map(str::to_owned);
    Some(SettingChanges {
        answer_length: number(fields, "answer_length", &before.answer_length),
        difficulty: number(fields, "difficulty", &before.difficulty),
        width: number(fields, "width", &before.width),
        height: number(fields, "height", &before.height),
        theme: text("theme", &before.theme),
        lang: text("lang", &before.lang),
        ttl_secs: number(fields, "ttl_secs", &before.ttl_secs),
        attempts: number(fields, "attempts", &before.attempts),
        rate_per_sec: number(fields, "rate_per_sec", &before.rate_per_sec),
        test: Some(fields.value("test") == "true").filter(|test| *test != before.test),
    })
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
    let mut fields = form.fields("app", &NAMES)?;
    let app = console.app(&visitor, number).await?;
    if let Some(changes) = read(&mut fields, &app.settings, visitor.texts()) {
        let (actor, now) = (visitor.actor.clone(), unix_now());
        match console.ask(move |administration| administration.change_app(&actor, number, &changes, now)).await {
            Ok(_) => return Ok(see_other(&format!("/console/apps/{number}/settings?done=settings"))),
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
                    (setting_fields(fields, texts))
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
    html! { @for name in NAMES { (field(name, texts).render(fields)) } }
}

fn field<'a>(name: &'static str, texts: &'a Texts) -> Field<'a> {
    let (label, hint) = texts.setting(name);
    let input = match name {
        "theme" => Input::Choice(vec![
            ("light".to_owned(), texts.light.to_owned()),
            ("dark".to_owned(), texts.dark.to_owned()),
        ]),
        "lang" => Input::Choice(
            Language::ALL.map(|language| (language.tag().to_owned(), page::name(language).to_owned())).to_vec(),
        ),
        "difficulty" => {
            let levels =
                (1..).zip(texts.difficulties).map(|(level, name): (u8, _)| (level.to_string(), name.to_owned()));
            Input::Choice(levels.collect())
        }
        "test" => Input::Check,
        _ => {
            let (_, min, max) = NUMBERS.into_iter().find(|(number, ..)| *number == name).unwrap_or((name, 0, u32::MAX));
            Input::Number { min, max }
        }
    };
    Field { name, label, hint, input }
}

/// The settings for those who cannot change them.
fn as_they_are(app: &AppView, language: Language, texts: &Texts) -> Markup {
    let fields = fields_of(&app.settings);
    html! {
        dl.plain {
            @for name in NAMES {
                @let field = field(name, texts);
                @let value = fields.value(name);
                dt { (field.label) }
                dd {
                    @match &field.input {
                        Input::Choice(choices) => {
                            (choices.iter().find(|(choice, _)| choice == value).map_or(value, |(_, name)| name))
                        }
                        Input::Check => { @if value == "true" { (texts.yes) } @else { (texts.no) } }
                        _ => { (value) }
                    }
                }
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
    let names: Vec<&'static str> = NAMES.into_iter().chain(["name"]).collect();
    let mut fields = form.fields("app", &names)?;
    if let Some(settings) = read(&mut fields, &AppSettings::default(), visitor.texts()) {
        let (actor, name, now) = (visitor.actor.clone(), fields.value("name").to_owned(), unix_now());
        match console.ask(move |administration| administration.create_app(&actor, &name, &settings, now)).await {
            Ok(app) => return Ok(appkey_reply(&visitor, &app, visitor.texts().app_made)),
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
                (name.render(fields))
                (setting_fields(fields, texts))
                button.main { (texts.make_app) }
            }
            (preview::render(&AppSettings::default(), 1, "/console/apps/new", texts))
        }
    }
}
