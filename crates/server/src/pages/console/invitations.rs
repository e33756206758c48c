//! Invitations: made and taken back by administrators, followed by whoever has the link.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    Console,
    done::Done,
    explain::see_other,
    fault::Fault,
    form::{Field, Fields, Form, Input},
    format,
    once::once,
    page::{Page, query_value},
    question::removal,
    shown_once::{copying, secret},
    sign_in::{refuse_plain, signed_in},
    table::{Column, Rows},
    texts::{Texts, fill},
    visitor::{Reader, Transport, Visitor},
};
use crate::{
    clock::unix_now,
    domain::{
        admin::{InvitationView, Role, Scope},
        refusal::{ParameterFault, Refusal},
    },
};

pub(super) fn new_invitation() -> Fields {
    Fields::new("invitation").with("role", "viewer")
}

/// The role of this name in forms.
pub(super) fn role_of(name: &str) -> Result<Role, Fault> {
    match name {
        "administrator" => Ok(Role::Administrator),
        "viewer" => Ok(Role::Viewer),
        _ => Err(Refusal::Parameter(ParameterFault::Value).into()),
    }
}

pub(super) fn role_field(texts: &Texts) -> Field<'_> {
    let roles = [("viewer", Role::Viewer), ("administrator", Role::Administrator)];
    let roles = roles.map(|(value, role)| (value.to_owned(), (texts.role_name)(role).to_owned())).to_vec();
    Field { name: "role", label: texts.role, hint: texts.role_hint, input: Input::Choice(roles) }
}

/// Shows the link of an invitation that was made just now.
pub(super) fn link_page(link: &str, texts: &Texts) -> Markup {
    html! {
        h1 { (texts.invitation_made) }
        p { (texts.invitation_once) }
        (secret(texts.new_invitation, link))
        p { a.button.main href="/console/access" { (texts.access) } }
        (copying(texts))
    }
}

pub(super) async fn revoke(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.revoke_invitation(&actor, &id, now)).await?;
    Ok(see_other(&Done::InvitationRevoked.said_at("/console/access")))
}

/// The part of the page about access.
pub(super) fn section(visitor: &Visitor, invitations: &[InvitationView], fields: &Fields) -> Markup {
    let texts = visitor.texts();
    let name = Field { name: "name", label: texts.invited_name, hint: texts.invited_name_hint, input: Input::Optional };
    html! {
        section {
            h2 { (texts.invitations) }
            p.quiet { (texts.invitations_task) }
            @if !invitations.is_empty() { (table(visitor, invitations)) }
            h3 { (texts.new_invitation) }
            (fields.summary(texts))
            form.card method="post" action="/console/access/invitations" {
                (once())
                (name.render(fields))
                (role_field(texts).render(fields))
                button.main { (texts.make_invitation) }
            }
        }
    }
}

fn table(visitor: &Visitor, invitations: &[InvitationView]) -> Markup {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let columns = [
        Column(texts.name, Column::TITLE),
        Column(texts.role, ""),
        Column(texts.invited_by, ""),
        Column(texts.ends, "moment"),
        Column(texts.revoke, Column::ACTION),
    ];
    let row = |invitation: &InvitationView| {
        let called = invitation.name.as_deref().unwrap_or(texts.any_name);
        let action = format!("/console/access/invitations/{}/revoke", invitation.id);
        vec![
            html! { (called) },
            html! { ((texts.role_name)(invitation.role)) },
            html! { (super::audit::by(&invitation.invited_by, texts)) },
            format::time(language, invitation.expires_at),
            removal(&action, &fill(texts.revoke_that, &[called]), texts.revoke, &html! {}, texts.revoke),
        ]
    };
    Rows { label: texts.invitations, caption: None, columns: &columns }.render(invitations.iter().map(row))
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    reader: Reader,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let code = query_value(query.as_deref(), "code");
    let (asked, now) = (code.clone(), unix_now());
    let invitation = console.ask(move |administration| administration.invitation(&asked, now)).await?;
    Ok(reply(&reader, &invitation, &Fields::new("invited").with("code", code)))
}

pub(super) async fn accept(State(console): State<Arc<Console>>, reader: Reader, form: Form) -> Result<Response, Fault> {
    if reader.transport == Transport::Plain {
        return Ok(refuse_plain(&reader));
    }
    let mut fields = form.fields("invited", &["code", "name"])?.with("password", "");
    let (code, name, now) = (fields.value("code").to_owned(), fields.value("name").to_owned(), unix_now());
    let (asked, password) = (code.clone(), form.text("password")?);
    let invitation = console.ask(move |administration| administration.invitation(&asked, now)).await?;
    match console.ask(move |administration| administration.accept_invitation(&code, &name, &password, now)).await {
        Ok(new) => Ok(signed_in(&reader, &new, "/console")),
        Err(fault) => {
            fields.explain(fault, reader.texts())?;
            Ok(reply(&reader, &invitation, &fields))
        }
    }
}

fn reply(reader: &Reader, invitation: &InvitationView, fields: &Fields) -> Response {
    let content = invited_page(invitation, fields, reader.texts());
    fields.respond(Page::new(reader, reader.texts().invited_title, &content))
}

pub(super) fn invited_page(invitation: &InvitationView, fields: &Fields, texts: &Texts) -> Markup {
    let name = Field { name: "name", label: texts.name, hint: "", input: Input::Text { autocomplete: "username" } };
    let password = Input::Password { autocomplete: "new-password" };
    let password = Field { name: "password", label: texts.password, hint: texts.password_hint, input: password };
    html! {
        div.narrow {
            h1 { (texts.invited_title) }
            p { (fill(texts.invited_task, &[(texts.role_name)(invitation.role)])) }
            (fields.summary(texts))
            form.card method="post" action="/console/invitation" {
                input type="hidden" name="code" value=(fields.value("code"));
                @if let Some(given) = &invitation.name {
                    p { (texts.name) ": " strong { (given) } }
                    // So that a password manager knows whose it is.
                    input type="text" name="name" value=(given) autocomplete="username" readonly hidden;
                } @else {
                    (name.render(fields))
                }
                (password.render(fields))
                button.main { (texts.invited_make) }
            }
        }
    }
}
