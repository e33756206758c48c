//! What is shown this once: names that were made just now, with a button that copies them.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};

use super::{
    page::{Page, Part},
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::domain::apps::AppView;

/// Shows what was made for an app just now, this once.
pub(super) fn reply_once(visitor: &Visitor, app: &AppView, title: &str) -> Response {
    let content = once_page(app, title, visitor.texts());
    Page::of(visitor, title, &content).in_part(Part::Overview).shown_once().reply(StatusCode::OK)
}

pub(super) fn once_page(app: &AppView, title: &str, texts: &Texts) -> Markup {
    let fresh = [(texts.appkey, texts.appkey_once, &app.appkey), (texts.app_secret, texts.secret_once, &app.secret)];
    html! {
        h1 { (title) }
        @for (label, sentence, name) in fresh {
            @if let Some(name) = name {
                p { (fill(sentence, &[&app.name])) }
                (secret(label, name))
            }
        }
        p { (texts.site_key) ": " code { (app.site_key) } }
        p.row {
            a.button.main href={ "/console/apps/" (app.number) "/integration" } { (texts.integration) }
            a.button href={ "/console/apps/" (app.number) "/settings" } { (texts.settings) }
        }
        (copying(texts))
    }
}

/// Something that is shown this once, under a name for screen readers, to be copied.
pub(super) fn secret(name: &str, text: &str) -> Markup {
    html! { pre.secret data-copy tabindex="0" role="region" aria-label=(name) { code { (text) } } }
}

/// Something else to be copied.
pub(super) fn example(name: &str, text: &str) -> Markup {
    html! { pre data-copy tabindex="0" role="region" aria-label=(name) { code { (text) } } }
}

/// What the script makes buttons of, which copy what is marked with `data-copy`.
pub(super) fn copying(texts: &Texts) -> Markup {
    html! { template #copying data-done=(texts.copied) { button type="button" { (texts.copy) } } }
}
