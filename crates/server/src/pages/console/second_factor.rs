//! A user's own second factor: on, with its recovery codes, and off.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use maud::{Markup, html};
use qrcode::{Color, QrCode};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    once::once,
    page::{Page, notice},
    shown_once::{copying, secret},
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::{
    clock::unix_now,
    domain::admin::{AdminError, factor_address, new_factor_secret},
};

/// Modules around a QR code that stay white, as its standard has it.
const QUIET_MODULES: usize = 4;

/// How the reader's second factor stands.
pub(super) enum Factor {
    /// They have one, with so many recovery codes left.
    On(usize),
    /// They may take on this secret.
    Off(String),
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let notice = notice(query.as_deref(), visitor.texts());
    let factor = factor_of(&console, &visitor).await?;
    Ok(reply(&visitor, &factor, &Fields::new("factor"), &notice))
}

async fn factor_of(console: &Console, visitor: &Visitor) -> Result<Factor, Fault> {
    let actor = visitor.actor.clone();
    Ok(match console.ask(move |administration| administration.recovery_codes_left(&actor)).await? {
        Some(left) => Factor::On(left),
        None => Factor::Off(new_factor_secret()?),
    })
}

fn reply(visitor: &Visitor, factor: &Factor, fields: &Fields, notice: &Markup) -> Response {
    let texts = visitor.texts();
    let content = page(visitor.actor.name(), factor, fields, notice, texts);
    fields.respond(Page::of(visitor, texts.second_factor, &content))
}

pub(super) async fn enable(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    let mut fields = form.fields("factor", &["secret"])?.with("password", "").with("code", "");
    let (password, code) = (form.text("password")?, form.text("code")?);
    let secret = fields.value("secret").to_owned();
    let session = visitor.reader.session().unwrap_or_default();
    let (actor, now, taken) = (visitor.actor.clone(), unix_now(), secret.clone());
    let enabled = console.ask(move |administration| {
        administration.enable_second_factor(&actor, &session, &password, (&taken, &code), now)
    });
    match enabled.await {
        Ok(codes) => {
            let content = codes_page(&codes, visitor.texts());
            let page = Page::of(&visitor, visitor.texts().recovery_codes, &content);
            return Ok(page.shown_once().reply(StatusCode::OK));
        }
        Err(fault) => explain(fault, &mut fields, visitor.texts())?,
    }
    Ok(reply(&visitor, &Factor::Off(secret), &fields, &html! {}))
}

pub(super) async fn disable(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    let mut fields = Fields::new("factor").with("password", "");
    let (actor, password, now) = (visitor.actor.clone(), form.text("password")?, unix_now());
    match console.ask(move |administration| administration.disable_second_factor(&actor, &password, now)).await {
        Ok(()) => return Ok(see_other(&Done::FactorDisabled.said_at("/console/second-factor"))),
        Err(fault) => explain(fault, &mut fields, visitor.texts())?,
    }
    let factor = factor_of(&console, &visitor).await?;
    Ok(reply(&visitor, &factor, &fields, &html! {}))
}

/// Ties what is wrong to its field.
fn explain(fault: Fault, fields: &mut Fields, texts: &Texts) -> Result<(), Fault> {
    match fault {
        Fault::Admin(AdminError::SignInFailed) => fields.object("password", texts.wrong_password),
        Fault::Admin(error @ AdminError::WrongCode) => fields.object("code", texts.error(&error)),
        fault => fields.explain(fault, texts)?,
    }
    Ok(())
}

pub(super) fn page(user: &str, factor: &Factor, fields: &Fields, notice: &Markup, texts: &Texts) -> Markup {
    let password = Input::Password { autocomplete: "current-password" };
    let password = Field { name: "password", label: texts.old_password, hint: "", input: password };
    html! {
        div.narrow {
            h1 { (texts.second_factor) }
            (notice)
            p { (texts.second_factor_task) }
            (fields.summary(texts))
            @match factor {
                Factor::On(left) => {
                    p { strong { (fill(texts.factor_on, &[&left.to_string()])) } }
                    form.card method="post" action="/console/second-factor/disable" {
                        (once())
                        p { (texts.factor_off_task) }
                        (password.render(fields))
                        button.danger { (texts.turn_factor_off) }
                    }
                }
                Factor::Off(secret) => {
                    p { (texts.factor_off) }
                    form.card method="post" action="/console/second-factor" {
                        (once())
                        h2 { (texts.set_up_factor) }
                        (enrolment(user, secret, texts))
                        input type="hidden" name="secret" value=(secret);
                        (code_field(texts.factor_code, texts.factor_code_hint).render(fields))
                        (password.render(fields))
                        button.main { (texts.turn_factor_on) }
                    }
                }
            }
        }
    }
}

/// A field for a code, which phones offer to fill in.
pub(super) fn code_field<'a>(label: &'a str, hint: &'a str) -> Field<'a> {
    Field { name: "code", label, hint, input: Input::Code }
}

fn enrolment(user: &str, secret: &str, texts: &Texts) -> Markup {
    let parts: Vec<_> = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    html! {
        p { (texts.factor_scan) }
        @if let Some(code) = qr_code(&factor_address(user, secret), texts.factor_qr) { (code) }
        p { (texts.factor_key) ": " code { (parts.join(" ")) } }
    }
}

/// A QR code as a picture in the page, so that its secret is at no address.
fn qr_code(text: &str, label: &str) -> Option<Markup> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let squares = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width + QUIET_MODULES, at / width + QUIET_MODULES));
    let (path, size) = (squares.collect::<String>(), width + 2 * QUIET_MODULES);
    Some(html! {
        svg.qr role="img" aria-label=(label) viewBox={ "0 0 " (size) " " (size) } width="220" height="220" {
            rect width=(size) height=(size) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    })
}

fn codes_page(codes: &[String], texts: &Texts) -> Markup {
    html! {
        div.narrow {
            h1 { (texts.recovery_codes) }
            p { (texts.recovery_once) }
            (secret(texts.recovery_codes, &codes.join("\n")))
            p { a.button.main href="/console/second-factor" { (texts.factor_done) } }
            (copying(texts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_is_a_drawing_of_whole_squares() {
        let drawn = qr_code("otpauth://totp/haechi:ann?secret=ABC&issuer=haechi", "QR").unwrap().into_string();
        // A finder's corner lies behind four white modules.
        assert!(drawn.contains("d=\"M4 4h1v1h-1zM5 4h1v1h-1z") && !drawn.contains("style="), "{drawn}");
        assert!(drawn.contains("aria-label=\"QR\""));
    }
}
