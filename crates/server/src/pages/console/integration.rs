//! How a site calls this server, with this server's address filled in: by two tags and one request, or by NHN's API.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    Console,
    fault::Fault,
    manage::{Tab, app_head},
    once::once,
    page::{Page, Part},
    shown_once::{copying, example, secret},
    texts::{Texts, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{
        admin::Scope,
        apps::{AppView, Hostnames},
        service::Signature,
    },
    http::public_url::PublicUrl,
};

/// The one request by which a site redeems a token, in each language.
const REQUESTS: [(&str, &str, &str); 5] = [
    ("verify-curl", "curl", include_str!("snippets/widget/verify.sh")),
    ("verify-java", "Java", include_str!("snippets/widget/Verify.java")),
    ("verify-node", "Node.js", include_str!("snippets/widget/verify.mjs")),
    ("verify-php", "PHP", include_str!("snippets/widget/verify.php")),
    ("verify-python", "Python", include_str!("snippets/widget/verify.py")),
];
const DIRECTIVES: &str = include_str!("snippets/widget/policy.txt");

const RENEWAL: &str = include_str!("snippets/renew.js");

/// The programs that call NHN's API: what they are written in, and the text.
const PROGRAMS: [(&str, &str, &str); 5] = [
    ("java", "Java", include_str!("snippets/Captcha.java")),
    ("spring", "Spring", include_str!("snippets/JoinController.java")),
    ("node", "Node.js", include_str!("snippets/captcha.mjs")),
    ("php", "PHP", include_str!("snippets/captcha.php")),
    ("python", "Python", include_str!("snippets/captcha.py")),
];

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    let app = console.app(&visitor, number).await?;
    let content = page(&visitor, &app, console.public_url.as_ref());
    let title = format!("{} – {}", visitor.texts().integration, app.name);
    Ok(Page::of(&visitor, &title, &content).in_part(Part::Overview).respond())
}

/// ALTCHA's widget, and for who may have it the key that its libraries take.
fn with_altcha(visitor: &Visitor, app: &AppView, example: &impl Fn(&str, &str) -> Markup) -> Markup {
    let texts = visitor.texts();
    html! {
        h2 #altcha { (texts.altcha) }
        p { (texts.altcha_task) }
        (example("HTML: altcha-widget", texts.altcha_example))
        @if visitor.may(Scope::AppsWrite) {
            form.card method="post" action={ "/console/apps/" (app.number) "/altcha-key" } {
                (once())
                p { (texts.altcha_key_task) }
                button { (texts.altcha_key) }
            }
        }
    }
}

/// Shows that key, which the audit log remembers.
pub(super) async fn show_altcha_key(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
) -> Result<Response, Fault> {
    visitor.must(Scope::AppsWrite)?;
    let (actor, now) = (visitor.actor.clone(), unix_now());
    let app =
        console.ask(move |administration| administration.numbered_app_to_show_key_of(&actor, number, now)).await?;
    let key = console.service.signing_key(&app, Signature::Passing);
    let (texts, address) = (visitor.texts(), format!("/console/apps/{number}/integration"));
    let content = html! {
        h1 { (texts.altcha) }
        p { (fill(texts.altcha_key_of, &[&app.name])) }
        (secret(texts.altcha_key, key.as_str()))
        p.row { a.button.main href=(address) { (texts.integration) } }
        (copying(texts))
    };
    Ok(Page::of(&visitor, texts.altcha, &content).in_part(Part::Overview).shown_once().reply(StatusCode::OK))
}

/// One of several examples, of which a reader needs one: where it is on the page, what it is called, and what it says.
struct Choice {
    id: &'static str,
    name: &'static str,
    content: Markup,
}

/// The script makes tabs of these sections; without it they stand below each other.
fn choices(label: &str, choices: &[Choice]) -> Markup {
    html! {
        div data-tabs=(label) {
            @for Choice { id, name, content } in choices {
                section id=(id) aria-labelledby={ (id) "-name" } { h3 id={ (id) "-name" } { (name) } (content) }
            }
        }
    }
}

/// The examples of NHN's API.
fn nhn_choices(app: &AppView, texts: &Texts, example: &impl Fn(&str, &str) -> Markup) -> Vec<Choice> {
    let form = html! { p { (texts.html_note) } (example("HTML", texts.form_example)) };
    let renewal = html! {
        p { (fill(texts.renewal_note, &[&app.settings.ttl_secs.to_string()])) }
        (example("HTML", texts.renewing_example))
        (example("captcha.js", RENEWAL))
    };
    let first = [
        Choice { id: "curl", name: "curl", content: example("curl", include_str!("snippets/curl.sh")) },
        Choice { id: "html", name: "HTML", content: form },
        Choice { id: "renewal", name: texts.renewal, content: renewal },
    ];
    let programs = PROGRAMS.map(|(id, name, text)| Choice { id, name, content: example(name, text) });
    first.into_iter().chain(programs).collect()
}

/// What stands in an example's `{…}`: with the address that was said, else with that at which the reader sees the page.
fn filled(text: &str, visitor: &Visitor, app: &AppView, public_url: Option<&PublicUrl>) -> String {
    let AppView { site_key, settings, .. } = app;
    let origin = public_url.map_or(&*visitor.reader.origin, PublicUrl::origin);
    text.replace("{host}", &server(visitor, public_url))
        .replace("{origin}", origin)
        .replace("{site_key}", site_key)
        .replace("{lang}", settings.lang.tag())
        .replace("{width}", &settings.width.to_string())
        .replace("{height}", &settings.height.to_string())
        .replace("{ttl_secs}", &settings.ttl_secs.to_string())
}

fn server(visitor: &Visitor, public_url: Option<&PublicUrl>) -> String {
    let reader = &visitor.reader;
    public_url.map_or_else(|| format!("{}{}", reader.origin, reader.public_path), PublicUrl::to_string)
}

pub(super) fn page(visitor: &Visitor, app: &AppView, public_url: Option<&PublicUrl>) -> Markup {
    let texts = visitor.texts();
    let example = |name: &str, text: &str| example(name, &filled(text, visitor, app, public_url));
    let requests = REQUESTS.map(|(id, name, text)| {
        let content = example(&format!("{name}: siteverify"), text);
        Choice { id, name, content }
    });
    html! {
        (app_head(app, Tab::Integration, texts))
        p {
            @if public_url.is_some() { (texts.integration_public_address) } @else { (texts.integration_address) }
            " " code { (server(visitor, public_url)) }
        }
        h2 { (texts.widget) }
        p { (texts.widget_tags) }
        (example("HTML: haechi-captcha", texts.widget_example))
        p { (texts.widget_request) }
        (choices(&format!("{}: siteverify", texts.examples), &requests))
        p { (texts.widget_policy) }
        (example("Content-Security-Policy", DIRECTIVES))
        p {
            @if app.settings.hostnames == Hostnames::default() { (texts.any_host) }
            @else { (texts.these_hosts) " " code { (app.settings.hostnames) } }
        }
        (with_altcha(visitor, app, &example))
        h2 { (texts.without_widget) }
        p { (texts.integration_task) }
        (choices(&format!("{}: NHN Cloud CAPTCHA API", texts.examples), &nhn_choices(app, texts, &example)))
        (copying(texts))
    }
}
