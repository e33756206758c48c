//! Signing in and out, and the first administrator.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    page::{Page, notice, query_value},
    second_factor::code_field,
    texts::Texts,
    visitor::{Reader, Transport, local},
};
use crate::{
    clock::unix_now,
    domain::admin::{AdminError, CodeSignIn, Entry, SignIn, SignedIn},
};

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let next = query_value(query.as_deref(), "next");
    let fields = Fields::new("sign-in").with("next", local(&next));
    let awaits_first = console.ask(|administration| administration.awaits_first_user()).await?;
    let content = sign_in_page(&fields, awaits_first, &notice(query.as_deref(), reader.texts()), reader.texts());
    Ok(Page::new(&reader, reader.texts().sign_in, &content).respond())
}

pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let mut fields = form.fields("sign-in", &["next", "name"])?;
    let (name, password) = (fields.value("name").to_owned(), form.text("password")?);
    let (client, browser, now) = (reader.client, reader.browser(), unix_now());
    let signing_in = console.ask(move |administration| {
        let sign_in = SignIn { client, browser: browser.as_deref(), name: &name, password: &password };
        administration.sign_in(&sign_in, now)
    });
    match signing_in.await {
        Ok(Entry::SignedIn(new)) => return Ok(signed_in(&reader, &new, local(fields.value("next")))),
        Ok(Entry::CodeNeeded(half)) => {
            let fields = Fields::new("code").with("next", fields.value("next")).with("name", fields.value("name"));
            return Ok(code_reply(&reader, &fields.with("half", half.0).with("code", "")));
        }
        Err(fault) => fields.explain(fault, reader.texts())?,
    }
    let content = sign_in_page(&fields, false, &html! {}, reader.texts());
    Ok(fields.respond(Page::new(&reader, reader.texts().sign_in, &content)))
}

/// The second step, for who has a second factor.
pub(super) async fn sign_in_with_code(
    State(console): State<Arc<Console>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let mut fields = form.fields("code", &["next", "name", "half"])?.with("code", "");
    let [name, half] = ["name", "half"].map(|name| fields.value(name).to_owned());
    let (client, browser, code, now) = (reader.client, reader.browser(), form.text("code")?, unix_now());
    let signing_in = console.ask(move |administration| {
        let sign_in = CodeSignIn { client, browser: browser.as_deref(), name: &name, half: &half, code: &code };
        administration.sign_in_with_code(&sign_in, now)
    });
    match signing_in.await {
        Ok(new) => Ok(signed_in(&reader, &new, local(fields.value("next")))),
        // The password was given too long ago, or is another one by now.
        Err(Fault::Admin(AdminError::SignInFailed)) => {
            let next = utf8_percent_encode(local(fields.value("next")), NON_ALPHANUMERIC);
            Ok(see_other(&format!("/console/sign-in?next={next}")))
        }
        Err(fault) => {
            fields.explain(fault, reader.texts())?;
            Ok(code_reply(&reader, &fields))
        }
    }
}

fn code_reply(reader: &Reader, fields: &Fields) -> Response {
    let content = code_page(fields, reader.texts());
    fields.respond(Page::new(reader, reader.texts().code_title, &content))
}

pub(super) fn code_page(fields: &Fields, texts: &Texts) -> Markup {
    html! {
        div.narrow {
            h1 { (texts.second_factor) }
            p { (texts.code_task) }
            (fields.summary(texts))
            form.card method="post" action="/console/sign-in/code" {
                @for name in ["next", "name", "half"] { input type="hidden" name=(name) value=(fields.value(name)); }
                (code_field(texts.code, "").render(fields))
                button.main { (texts.sign_in) }
            }
        }
    }
}

pub(super) fn signed_in(reader: &Reader, new: &SignedIn, next: &str) -> Response {
    let cookies = [reader.session_cookie(Some(&new.session.0)), reader.browser_cookie(&new.browser)];
    with_cookies(cookies, see_other(next))
}

/// Has the browser keep these cookies beside those that it has.
pub(super) fn with_cookies(cookies: impl IntoIterator<Item = Option<String>>, response: Response) -> Response {
    let headers = cookies.into_iter().flatten().map(|cookie| (header::SET_COOKIE, cookie));
    (AppendHeaders(headers), response).into_response()
}

pub(super) async fn sign_out(State(console): State<Arc<Console>>, reader: Reader) -> Result<Response, Fault> {
    if let Some(session) = reader.session() {
        let now = unix_now();
        console.ask(move |administration| administration.sign_out(&session, now)).await?;
    }
    Ok(with_cookies([reader.session_cookie(None)], see_other(&Done::SignedOut.said_at("/console/sign-in"))))
}

pub(super) async fn show_first(
    State(console): State<Arc<Console>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    if !console.ask(|administration| administration.awaits_first_user()).await? {
        return Ok(see_other("/console/sign-in"));
    }
    let fields = Fields::new("first").with("code", query_value(query.as_deref(), "code"));
    Ok(first_reply(&reader, &fields))
}

pub(super) async fn make_first(
    State(console): State<Arc<Console>>,
    reader: Reader,
    form: Form,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let mut fields = form.fields("first", &["code", "name"])?.with("password", "");
    let (code, name) = (fields.value("code").to_owned(), fields.value("name").to_owned());
    let (password, now) = (form.text("password")?, unix_now());
    match console.ask(move |administration| administration.make_first_user(&code, &name, &password, now)).await {
        Ok(new) => Ok(signed_in(&reader, &new, "/console")),
        Err(fault) => {
            fields.explain(fault, reader.texts())?;
            Ok(first_reply(&reader, &fields))
        }
    }
}

fn first_reply(reader: &Reader, fields: &Fields) -> Response {
    let content = first_page(fields, reader.texts());
    fields.respond(Page::new(reader, reader.texts().first_title, &content))
}

/// A password that others could read on its way is not asked for.
pub(super) fn refuse_plain(reader: &Reader) -> Response {
    let texts = reader.texts();
    let content = html! {
        div.narrow {
            h1 { (texts.sign_in) }
            p { strong { (texts.plain_refused) } }
            p { (texts.plain_remedy) }
            ul { li { code { "--trusted-proxies" } " – " (texts.plain_proxy) } li { (texts.plain_local) } }
        }
    };
    Page::new(reader, texts.sign_in, &content).reply(StatusCode::FORBIDDEN)
}

pub(super) fn sign_in_page(fields: &Fields, awaits_first: bool, notice: &Markup, texts: &Texts) -> Markup {
    let name = Field { name: "name", label: texts.name, hint: "", input: Input::Text { autocomplete: "username" } };
    let password = Input::Password { autocomplete: "current-password" };
    let password = Field { name: "password", label: texts.password, hint: "", input: password };
    html! {
        div.narrow {
            h1 { (texts.sign_in) }
            (notice)
            @if awaits_first { p.notice { (texts.awaits_first) } }
            (fields.summary(texts))
            form.card method="post" action="/console/sign-in" {
                input type="hidden" name="next" value=(fields.value("next"));
                (name.render(fields))
                (password.render(fields))
                button.main { (texts.sign_in) }
            }
        }
    }
}

pub(super) fn first_page(fields: &Fields, texts: &Texts) -> Markup {
    let name = Field { name: "name", label: texts.name, hint: "", input: Input::Text { autocomplete: "username" } };
    let password = Input::Password { autocomplete: "new-password" };
    let password = Field { name: "password", label: texts.password, hint: texts.password_hint, input: password };
    html! {
        div.narrow {
            h1 { (texts.first_title) }
            p { (texts.first_task) }
            (fields.summary(texts))
            form.card method="post" action="/console/first" {
                input type="hidden" name="code" value=(fields.value("code"));
                (name.render(fields))
                (password.render(fields))
                button.main { (texts.first_make) }
            }
        }
    }
}
