//! What is around every page.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use haechi_captcha::Language;
use maud::{DOCTYPE, Markup, html};

use super::{
    done::Done,
    texts::Texts,
    visitor::{LANGUAGES, Reader, Visitor},
};
use crate::domain::admin::{Actor, Role, Scope};

/// The parts that the navigation leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Overview,
    Audit,
    Access,
    Webhooks,
}

impl Part {
    const ALL: [Self; 4] = [Self::Overview, Self::Audit, Self::Access, Self::Webhooks];

    const fn address(self) -> &'static str {
        match self {
            Self::Overview => "/console",
            Self::Audit => "/console/audit",
            Self::Access => "/console/access",
            Self::Webhooks => "/console/webhooks",
        }
    }

    const fn name(self, texts: &Texts) -> &'static str {
        match self {
            Self::Overview => texts.apps,
            Self::Audit => texts.audit_log,
            Self::Access => texts.access,
            Self::Webhooks => texts.webhooks,
        }
    }

    const fn scope(self) -> Scope {
        match self {
            Self::Overview => Scope::AppsRead,
            Self::Audit => Scope::AuditRead,
            Self::Access | Self::Webhooks => Scope::AccessWrite,
        }
    }
}

/// A page as one person sees it.
pub(super) struct Page<'a> {
    reader: &'a Reader,
    actor: Option<&'a Actor>,
    part: Option<Part>,
    title: &'a str,
    content: &'a Markup,
    has_problems: bool,
    is_shown_once: bool,
}

impl<'a> Page<'a> {
    /// A page for anybody.
    pub(super) fn new(reader: &'a Reader, title: &'a str, content: &'a Markup) -> Self {
        Self { reader, actor: None, part: None, title, content, has_problems: false, is_shown_once: false }
    }

    /// A page for somebody who is signed in.
    pub(super) fn of(visitor: &'a Visitor, title: &'a str, content: &'a Markup) -> Self {
        Self { actor: Some(&visitor.actor), ..Self::new(&visitor.reader, title, content) }
    }

    /// As somebody who may be signed in sees it.
    pub(super) fn seen_by(self, actor: Option<&'a Actor>) -> Self {
        Self { actor, ..self }
    }

    /// As a page of this part.
    pub(super) fn in_part(self, part: Part) -> Self {
        Self { part: Some(part), ..self }
    }

    /// Whether something in its form is to be mended. A screen reader begins with the title, so that says it.
    pub(super) fn with_problems(self, has_problems: bool) -> Self {
        Self { has_problems, ..self }
    }

    /// As a page that nobody sees again: it has no way to another language, which would leave it.
    pub(super) fn shown_once(self) -> Self {
        Self { is_shown_once: true, ..self }
    }

    pub(super) fn reply(&self, status: StatusCode) -> Response {
        (status, self.render()).into_response()
    }

    /// With the status that a page or a form that is to be mended has.
    pub(super) fn respond(&self) -> Response {
        self.reply(if self.has_problems { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK })
    }

    pub(super) fn render(&self) -> Markup {
        let texts = self.reader.texts();
        html! {
            (DOCTYPE)
            html lang=(self.reader.language.tag()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { @if self.has_problems { (texts.problem) " – " } (self.title) " – haechi" }
                    link rel="icon" href="/console/haechi.svg" type="image/svg+xml";
                    link rel="stylesheet" href="/console/console.css";
                    script type="module" src="/console/console.js" {}
                }
                body {
                    a.skip href="#main" { (texts.skip) }
                    header {
                        a.brand href="/console" { img src="/console/haechi.svg" alt="" width="32" height="32"; "haechi" }
                        // A phone has no room for all of this; wider screens show it as it is.
                        button.menu type="button" popovertarget="menu" { (texts.menu) }
                        div #menu popover {
                            @if let Some(actor) = self.actor { (self.navigation(actor, texts)) }
                            div.account {
                                @if let Some(actor) = self.actor { (account(actor, texts)) }
                                @if !self.is_shown_once { (self.languages(texts)) }
                            }
                        }
                    }
                    main #main tabindex="-1" data-busy=(texts.busy) { (self.content) }
                    footer #times data-local=(texts.times_are_local) { (texts.times_are_utc) }
                    template #revealing { button type="button" { (texts.show_password) } }
                }
            }
        }
    }

    fn navigation(&self, actor: &Actor, texts: &Texts) -> Markup {
        html! {
            nav aria-label=(texts.navigation) {
                @for part in Part::ALL.into_iter().filter(|part| actor.may(part.scope())) {
                    a href=(part.address()) aria-current=[(self.part == Some(part)).then_some("true")] {
                        (part.name(texts))
                    }
                }
            }
        }
    }

    fn languages(&self, texts: &Texts) -> Markup {
        html! {
            form method="post" action="/console/language" {
                input type="hidden" name="next" value=(self.reader.address);
                div.languages role="group" aria-label=(texts.language) {
                    @for language in LANGUAGES {
                        button.plain name="language" value=(language.tag()) lang=(language.tag())
                            aria-current=[(language == self.reader.language).then_some("true")] { (name(language)) }
                    }
                }
            }
        }
    }
}

fn account(actor: &Actor, texts: &Texts) -> Markup {
    let (name, role) = match actor {
        Actor::User { name, role } => (name.as_str(), (texts.role_name)(*role)),
        Actor::Token { name, .. } => (name.as_str(), ""),
        Actor::Command => ("", (texts.role_name)(Role::Administrator)),
    };
    html! {
        span.who { strong { (name) } " " span.quiet { (role) } }
        a href="/console/password" { (texts.account) }
        form method="post" action="/console/sign-out" { button.plain { (texts.sign_out) } }
    }
}

/// A language's own name.
pub(super) const fn name(language: Language) -> &'static str {
    match language {
        Language::Ko => "한국어",
        Language::En => "English",
        Language::Ja => "日本語",
        Language::Zh => "中文",
    }
}

/// Something that was done, said once, as `?done=` names it.
pub(super) fn notice(query: Option<&str>, texts: &Texts) -> Markup {
    let done = Done::of_code(&query_value(query, "done"));
    html! { @if let Some(done) = done { p.notice role="status" { ((texts.done)(done)) } } }
}

/// A value in the query, or nothing; what cannot be read is not there.
pub(super) fn query_value(query: Option<&str>, name: &str) -> String {
    let parameters = crate::http::parameters::Parameters::wishes(query.unwrap_or_default());
    parameters.wish(&[name]).unwrap_or_default().to_owned()
}

/// A wide table, which can be scrolled by keyboard too.
pub(super) fn scrolling(label: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" tabindex="0" aria-label=(label) { (table) } }
}
