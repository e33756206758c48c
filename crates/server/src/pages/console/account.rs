//! A user's own settings: password and language.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    once::once,
    page::Page,
    sign_in::with_cookies,
    texts::Texts,
    visitor::{Reader, Visitor, language_from_tag, local},
};
use crate::{clock::unix_now, domain::admin::AdminError};

pub(super) async fn show(visitor: Visitor) -> Response {
    reply(&visitor, &Fields::new("password"))
}

pub(super) async fn change(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    let (old, new, again) = (form.text("old")?, form.text("new")?, form.text("again")?);
    let mut fields = Fields::new("password").with("old", "").with("new", "").with("again", "");
    if new != again {
        fields.object("again", visitor.texts().passwords_differ);
        return Ok(reply(&visitor, &fields));
    }
    let (actor, now) = (visitor.actor.clone(), unix_now());
    let session = visitor.reader.session().unwrap_or_default();
    let changed = console.ask(move |administration| administration.change_password(&actor, &session, &old, &new, now));
    match changed.await {
        Ok(browser) => {
            let cookies = [visitor.reader.browser_cookie(&browser)];
            return Ok(with_cookies(cookies, see_other(&Done::Password.said_at("/console"))));
        }
        Err(Fault::Admin(AdminError::SignInFailed)) => fields.object("old", visitor.texts().wrong_password),
        Err(Fault::Admin(error @ AdminError::Invalid { .. })) => fields.object("new", visitor.texts().error(&error)),
        Err(fault) => fields.explain(fault, visitor.texts())?,
    }
    Ok(reply(&visitor, &fields))
}

fn reply(visitor: &Visitor, fields: &Fields) -> Response {
    let texts = visitor.texts();
    let content = page(visitor.actor.name(), fields, texts);
    fields.respond(Page::of(visitor, texts.account, &content))
}

pub(super) fn page(user: &str, fields: &Fields, texts: &Texts) -> Markup {
    let field = |name, label, hint, autocomplete| Field { name, label, hint, input: Input::Password { autocomplete } };
    html! {
        div.narrow {
            h1 { (texts.account) }
            h2 { (texts.change_password) }
            p { (texts.change_password_task) }
            (fields.summary(texts))
            form.card method="post" action="/console/password" {
                (once())
                // So that a password manager knows whose it is.
                input type="text" name="user" value=(user) autocomplete="username" readonly hidden;
                (field("old", texts.old_password, "", "current-password").render(fields))
                (field("new", texts.new_password, texts.password_hint, "new-password").render(fields))
                (field("again", texts.new_password_again, "", "new-password").render(fields))
                button.main { (texts.change_password) }
            }
            h2 { (texts.second_factor) }
            p { (texts.second_factor_task) }
            p { a.button href="/console/second-factor" { (texts.second_factor) } }
        }
    }
}

/// Remembers a language, for people who are not signed in as well.
pub(super) async fn choose_language(reader: Reader, form: Form) -> Result<Response, Fault> {
    let next = see_other(local(&form.text("next")?));
    Ok(match language_from_tag(&form.text("language")?) {
        Some(language) => ([(header::SET_COOKIE, reader.language_cookie(language))], next).into_response(),
        None => next,
    })
}
