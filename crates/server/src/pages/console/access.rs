//! Tokens and users.

use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
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
    invitations::{self, link_page, new_invitation, role_field, role_of},
    once::once,
    page::{Page, Part, notice},
    question::removal,
    shown_once::{copying, example, secret},
    table::{Column, Rows},
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::{
    clock::unix_now,
    domain::{
        admin::{InvitationView, IssuedToken, Scope, TokenView, UserView},
        refusal::{ParameterFault, Refusal},
    },
};

/// All scopes, with the names of their fields.
const SCOPES: [(Scope, &str, &str); 5] = [
    (Scope::AppsRead, "apps-read", "apps:read"),
    (Scope::AppsWrite, "apps-write", "apps:write"),
    (Scope::StatisticsRead, "statistics-read", "statistics:read"),
    (Scope::AuditRead, "audit-read", "audit:read"),
    (Scope::AccessWrite, "access-write", "access:write"),
];

/// The lifetimes to choose from, in days.
const LIFETIMES_DAYS: [u64; 4] = [7, 30, 90, 366];

/// What the page shows.
pub(super) struct Access {
    pub(super) tokens: Vec<TokenView>,
    pub(super) users: Vec<UserView>,
    pub(super) invitations: Vec<InvitationView>,
    pub(super) forms: Forms,
}

/// The forms of the page, with what was typed into them.
pub(super) struct Forms {
    pub(super) token: Fields,
    pub(super) user: Fields,
    pub(super) invitation: Fields,
}

impl Default for Forms {
    fn default() -> Self {
        Self { token: new_token(), user: new_user(), invitation: new_invitation() }
    }
}

impl Forms {
    fn has_problems(&self) -> bool {
        [&self.token, &self.user, &self.invitation].iter().any(|fields| fields.has_problems())
    }
}

fn new_token() -> Fields {
    Fields::new("token").with("lifetime", "90")
}

fn new_user() -> Fields {
    Fields::new("user").with("role", "viewer")
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let notice = notice(query.as_deref(), visitor.texts());
    reply(&console, &visitor, &notice, Forms::default()).await
}

async fn reply(console: &Console, visitor: &Visitor, notice: &Markup, forms: Forms) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let actor = visitor.actor.clone();
    let access = console
        .ask(move |administration| {
            Ok(Access {
                tokens: administration.tokens(&actor)?,
                users: administration.users(&actor)?,
                invitations: administration.invitations(&actor, unix_now())?,
                forms,
            })
        })
        .await?;
    let content = page(visitor, &access, notice);
    let page = Page::of(visitor, visitor.texts().access, &content).in_part(Part::Access);
    Ok(page.with_problems(access.forms.has_problems()).respond())
}

pub(super) async fn create_token(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let names: Vec<&'static str> = ["name", "lifetime"].into_iter().chain(SCOPES.map(|scope| scope.1)).collect();
    let mut fields = form.fields("token", &names)?;
    let chosen = SCOPES.into_iter().filter(|(_, field, _)| fields.value(field) == "true");
    let scopes: Vec<Scope> = chosen.map(|(scope, ..)| scope).collect();
    let days = fields.value("lifetime").parse().ok().filter(|days| LIFETIMES_DAYS.contains(days));
    let days: u64 = days.ok_or(Refusal::Parameter(ParameterFault::Value))?;
    if scopes.is_empty() {
        fields.object(SCOPES[0].1, visitor.texts().choose_scope);
        return reply(&console, &visitor, &html! {}, Forms { token: fields, ..Forms::default() }).await;
    }
    let (actor, name, now) = (visitor.actor.clone(), fields.value("name").to_owned(), unix_now());
    let lifetime_secs = days * 86_400;
    let made = console
        .ask(move |administration| administration.create_token(&actor, &name, &scopes, lifetime_secs, now))
        .await;
    match made {
        Ok(token) => {
            let content = token_page(&token, visitor.texts());
            Ok(Page::of(&visitor, visitor.texts().token_made, &content)
                .in_part(Part::Access)
                .shown_once()
                .reply(StatusCode::OK))
        }
        Err(fault) => {
            fields.explain(fault, visitor.texts())?;
            reply(&console, &visitor, &html! {}, Forms { token: fields, ..Forms::default() }).await
        }
    }
}

pub(super) async fn remove_token(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, now) = (visitor.actor, unix_now());
    console.ask(move |administration| administration.remove_token(&actor, &id, now)).await?;
    Ok(see_other(&Done::TokenRemoved.said_at("/console/access")))
}

pub(super) async fn create_user(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let mut fields = form.fields("user", &["name", "role"])?.with("password", "");
    let role = role_of(fields.value("role"))?;
    let (actor, name, now) = (visitor.actor.clone(), fields.value("name").to_owned(), unix_now());
    let password = form.text("password")?;
    let made = console.ask(move |administration| administration.create_user(&actor, &name, role, &password, now)).await;
    match made {
        Ok(_) => Ok(see_other(&Done::UserMade.said_at("/console/access"))),
        Err(fault) => {
            fields.explain(fault, visitor.texts())?;
            reply(&console, &visitor, &html! {}, Forms { user: fields, ..Forms::default() }).await
        }
    }
}

pub(super) async fn reset_second_factor(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, name, now) = (visitor.actor, form.text("name")?, unix_now());
    console.ask(move |administration| administration.reset_second_factor(&actor, &name, now)).await?;
    Ok(see_other(&Done::FactorReset.said_at("/console/access")))
}

pub(super) async fn create_invitation(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let mut fields = form.fields("invitation", &["name", "role"])?;
    let role = role_of(fields.value("role"))?;
    let (actor, name, now) = (visitor.actor.clone(), fields.value("name").to_owned(), unix_now());
    let made = console.ask(move |administration| {
        administration.invite(&actor, role, Some(&*name).filter(|name| !name.is_empty()), now)
    });
    match made.await {
        Ok(issued) => {
            let texts = visitor.texts();
            let (origin, below) = (&visitor.reader.origin, &visitor.reader.public_path);
            let link = format!("{origin}{below}/console/invitation?code={}", issued.code);
            let content = link_page(&link, texts);
            let page = Page::of(&visitor, texts.invitation_made, &content).in_part(Part::Access);
            Ok(page.shown_once().reply(StatusCode::OK))
        }
        Err(fault) => {
            fields.explain(fault, visitor.texts())?;
            reply(&console, &visitor, &html! {}, Forms { invitation: fields, ..Forms::default() }).await
        }
    }
}

pub(super) async fn remove_user(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    form: Form,
) -> Result<Response, Fault> {
    visitor.must(Scope::AccessWrite)?;
    let (actor, name, now) = (visitor.actor.clone(), form.text("name")?, unix_now());
    let mut fields = new_user();
    match console.ask(move |administration| administration.remove_user(&actor, &name, now)).await {
        Ok(()) => Ok(see_other(&Done::UserRemoved.said_at("/console/access"))),
        Err(fault) => {
            fields.explain(fault, visitor.texts())?;
            reply(&console, &visitor, &html! {}, Forms { user: fields, ..Forms::default() }).await
        }
    }
}

pub(super) fn page(visitor: &Visitor, access: &Access, notice: &Markup) -> Markup {
    let texts = visitor.texts();
    html! {
        h1 { (texts.access) }
        (notice)
        section {
            h2 { (texts.tokens) }
            p.quiet { (texts.tokens_task) }
            @if access.tokens.is_empty() { p.card { (texts.no_tokens) } }
            @else { (tokens(visitor, &access.tokens)) }
            (token_form(&access.forms.token, texts))
        }
        section {
            h2 { (texts.users) }
            p.quiet { (texts.users_task) }
            (users(visitor, &access.users))
            (user_form(&access.forms.user, texts))
        }
        (invitations::section(visitor, &access.invitations, &access.forms.invitation))
    }
}

fn tokens(visitor: &Visitor, tokens: &[TokenView]) -> Markup {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let columns = [
        Column(texts.name, Column::TITLE),
        Column(texts.scopes, ""),
        Column(texts.made, "moment"),
        Column(texts.ends, "moment"),
        Column(texts.remove, Column::ACTION),
    ];
    let row = |token: &TokenView| {
        let action = format!("/console/access/tokens/{}/remove", token.id);
        let label = fill(texts.remove_that, &[&token.name]);
        vec![
            html! { (token.name) br; code.quiet { (token.id) } },
            html! {
                @for (_, _, name) in SCOPES.iter().filter(|(scope, ..)| token.scopes.contains(scope)) {
                    code { (name) } " "
                }
            },
            format::time(language, token.created_at),
            format::time(language, token.expires_at),
            removal(&action, &label, texts.remove, &html! {}, texts.really_remove),
        ]
    };
    Rows { label: texts.tokens, caption: None, columns: &columns }.render(tokens.iter().map(row))
}

fn users(visitor: &Visitor, users: &[UserView]) -> Markup {
    let texts = visitor.texts();
    let columns = [
        Column(texts.name, Column::TITLE),
        Column(texts.role, ""),
        Column(texts.factor_column, ""),
        Column(texts.made, "moment"),
        Column(texts.remove, Column::ACTION),
    ];
    let row = |user: &UserView| {
        let name = html! { input type="hidden" name="name" value=(user.name); };
        let reset = fill(texts.reset_factor_of, &[&user.name]);
        let label = fill(texts.remove_that, &[&user.name]);
        vec![
            html! { (user.name) },
            html! { ((texts.role_name)(user.role)) },
            html! {
                @if user.second_factor {
                    (texts.yes)
                    (removal("/console/access/users/reset-second-factor", &reset, texts.reset_factor, &name, texts.reset_factor))
                } @else {
                    (texts.no)
                }
            },
            format::time(visitor.reader.language, user.created_at),
            removal("/console/access/users/remove", &label, texts.remove, &name, texts.really_remove),
        ]
    };
    Rows { label: texts.users, caption: None, columns: &columns }.render(users.iter().map(row))
}

fn token_form(fields: &Fields, texts: &Texts) -> Markup {
    let days = |days: u64| (days.to_string(), fill(texts.days, &[&days.to_string()]));
    let lifetime = Input::Choice(LIFETIMES_DAYS.map(days).to_vec());
    let name = Field { name: "name", label: texts.name, hint: "", input: Input::Text { autocomplete: "off" } };
    let lifetime = Field { name: "lifetime", label: texts.lifetime, hint: "", input: lifetime };
    html! {
        h3 { (texts.new_token) }
        (fields.summary(texts))
        form.card method="post" action="/console/access/tokens" {
            (once())
            (name.render(fields))
            fieldset {
                legend { (texts.scopes) }
                @for (scope, field, name) in SCOPES {
                    (Field { name: field, label: name, hint: (texts.scope_meaning)(scope), input: Input::Check }.render(fields))
                }
            }
            (lifetime.render(fields))
            button.main { (texts.make_token) }
        }
    }
}

fn user_form(fields: &Fields, texts: &Texts) -> Markup {
    let role = role_field(texts);
    let name = Field { name: "name", label: texts.name, hint: "", input: Input::Text { autocomplete: "off" } };
    let password = Input::Password { autocomplete: "new-password" };
    let password = Field { name: "password", label: texts.password, hint: texts.password_hint, input: password };
    html! {
        h3 { (texts.new_user) }
        (fields.summary(texts))
        form.card method="post" action="/console/access/users" {
            (once())
            (name.render(fields))
            (role.render(fields))
            (password.render(fields))
            button.main { (texts.make_user) }
        }
    }
}

pub(super) fn token_page(token: &IssuedToken, texts: &Texts) -> Markup {
    html! {
        h1 { (texts.token_made) }
        p { (fill(texts.token_once, &[&token.view.name])) }
        (secret(texts.new_token, &token.token))
        p { (texts.token_use) }
        (example("Authorization", &format!("Authorization: Bearer {}", token.token)))
        p { a.button href="/console/access" { (texts.access) } }
        (copying(texts))
    }
}
