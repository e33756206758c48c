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
    shown_once::copying,
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

/// The languages that there are examples of NHN's API in: what their headings are called, and the text.
///
/// `{host}` stands for this server's address, `{origin}` for that without its path, `{lang}` for the app's language, `{width}` and `{height}` for the picture's
/// size.
fn snippets(texts: &Texts) -> [(&'static str, &'static str, &'static str); 7] {
    [
        ("curl", "curl", include_str!("snippets/curl.sh")),
        ("html", "HTML", texts.form_example),
        ("java", "Java", include_str!("snippets/Captcha.java")),
        ("spring", "Spring", include_str!("snippets/JoinController.java")),
        ("node", "Node.js", include_str!("snippets/captcha.mjs")),
        ("php", "PHP", include_str!("snippets/captcha.php")),
        ("python", "Python", include_str!("snippets/captcha.py")),
    ]
}

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
        pre.secret data-copy tabindex="0" role="region" aria-label=(texts.altcha_key) { code { (key.as_str()) } }
        p.row { a.button.main href=(address) { (texts.integration) } }
        (copying(texts))
    };
    Ok(Page::of(&visitor, texts.altcha, &content).in_part(Part::Overview).shown_once().reply(StatusCode::OK))
}

/// With the address that was said, else with that at which the reader sees the page.
pub(super) fn page(visitor: &Visitor, app: &AppView, public_url: Option<&PublicUrl>) -> Markup {
    let (texts, reader) = (visitor.texts(), &visitor.reader);
    let server = public_url.map_or_else(|| format!("{}{}", reader.origin, reader.public_path), PublicUrl::to_string);
    let origin = public_url.map_or(&*reader.origin, PublicUrl::origin);
    let filled = |text: &str| {
        text.replace("{host}", &server)
            .replace("{origin}", origin)
            .replace("{site_key}", &app.site_key.to_string())
            .replace("{lang}", app.settings.lang.tag())
            .replace("{width}", &app.settings.width.to_string())
            .replace("{height}", &app.settings.height.to_string())
    };
    let example = |name: &str, text: &str| {
        html! {
            pre data-copy tabindex="0" role="region" aria-label=(name) { code { (filled(text)) } }
        }
    };
    html! {
        (app_head(app, Tab::Integration, texts))
        p {
            @if public_url.is_some() { (texts.integration_public_address) } @else { (texts.integration_address) }
            " " code { (server) }
        }
        h2 { (texts.widget) }
        p { (texts.widget_tags) }
        (example("HTML: haechi-captcha", texts.widget_example))
        p { (texts.widget_request) }
        @for (id, name, text) in REQUESTS {
            details id=(id) name="request" {
                summary { (name) }
                (example(&format!("{name}: siteverify"), text))
            }
        }
        p { (texts.widget_policy) }
        (example("Content-Security-Policy", DIRECTIVES))
        p {
            @if app.settings.hostnames == Hostnames::default() { (texts.any_host) }
            @else { (texts.these_hosts) " " code { (app.settings.hostnames) } }
        }
        (with_altcha(visitor, app, &example))
        h2 { (texts.without_widget) }
        p { (texts.integration_task) }
        h3 { (texts.examples) }
        // One at a time, by the browser itself.
        @for (id, name, text) in snippets(texts) {
            details id=(id) name="examples" open[id == "curl"] {
                summary { (name) }
                @if id == "html" { p { (texts.html_note) } }
                (example(name, text))
            }
        }
        (copying(texts))
    }
}
