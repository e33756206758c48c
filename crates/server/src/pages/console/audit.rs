//! The audit log.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use maud::{Markup, html};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Console,
    fault::Fault,
    format,
    page::{Page, Part, query_value, scrolling},
    replace::GRACES_SECS,
    settings,
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::domain::{
    admin::{Action, AuditPage, Role, Scope},
    apps::Setting,
};

/// Entries on a page.
const PAGE_LENGTH: usize = 50;

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    visitor.must(Scope::AuditRead)?;
    let before = query_value(query.as_deref(), "before");
    let (actor, is_later_page) = (visitor.actor.clone(), !before.is_empty());
    let log = console
        .ask(move |administration| {
            administration.audit_log(&actor, Some(&*before).filter(|before| !before.is_empty()), PAGE_LENGTH)
        })
        .await?;
    let content = page(&visitor, &log, is_later_page);
    Ok(Page::of(&visitor, visitor.texts().audit_log, &content).in_part(Part::Audit).respond())
}

pub(super) fn page(visitor: &Visitor, log: &AuditPage, is_later_page: bool) -> Markup {
    let texts = visitor.texts();
    let table = html! {
        table {
            thead {
                tr {
                    @for heading in [texts.time, texts.who, texts.action, texts.subject, texts.detail] {
                        th scope="col" { (heading) }
                    }
                }
            }
            tbody {
                @for entry in &log.entries {
                    tr {
                        td.moment { (format::time(visitor.reader.language, entry.at)) }
                        td.name { (by(&entry.actor, texts)) }
                        td.moment { (Action::of_code(&entry.action).map_or("", texts.action_name)) br; code.quiet { (entry.action) } }
                        td.name { (entry.subject) }
                        td.long { (told(&entry.detail, texts)) }
                    }
                }
            }
        }
    };
    html! {
        h1 { (texts.audit_log) }
        p.quiet { (texts.audit_task) }
        @if log.entries.is_empty() { p.card { (texts.no_entries) } } @else { (scrolling(texts.audit_log, &table)) }
        @if is_later_page || log.before.is_some() {
            nav.pages aria-label=(texts.pages) {
                @if is_later_page { a.button href="/console/audit" { (texts.newest) } }
                @if let Some(before) = &log.before {
                    a.button href={ "/console/audit?before=" (utf8_percent_encode(before, NON_ALPHANUMERIC)) } rel="next" {
                        (texts.older)
                    }
                }
            }
        }
    }
}

/// Who did it, as [`Actor`](crate::domain::admin::Actor) writes it down, in the reader's language.
pub(super) fn by(actor: &str, texts: &Texts) -> String {
    match actor.split_once(' ') {
        Some(("user", name)) => fill(texts.by_user, &[name]),
        Some(("token", name)) => fill(texts.by_token, &[name]),
        _ if actor == "command" => texts.by_command.to_owned(),
        _ => actor.to_owned(),
    }
}

/// What else there is to say: settings, roles and times by the names that people know them by, and all else as it is.
fn told(detail: &str, texts: &Texts) -> String {
    let part = |part: &str| {
        let (name, value) = match part {
            "wrong password" => return Some(texts.wrong_to_sign_in.to_owned()),
            "wrong password for a change" => return Some(texts.wrong_for_a_change.to_owned()),
            "wrong password for a second factor" => return Some(texts.wrong_for_factor.to_owned()),
            "wrong code" => return Some(texts.wrong_code_detail.to_owned()),
            _ => part.split_once('=')?,
        };
        let (label, value) = match name {
            "role" => (texts.role, role_name(value, texts)?.to_owned()),
            "grace_secs" => (texts.old_ends, grace_name(value, texts)?.to_owned()),
            _ => {
                let setting = *Setting::ALL.iter().find(|setting| setting.name() == name)?;
                ((texts.setting)(setting).0, settings::called(setting, value, texts))
            }
        };
        Some(format!("{label}: {value}"))
    };
    detail.split(", ").map(|said| part(said).unwrap_or_else(|| said.to_owned())).collect::<Vec<_>>().join(", ")
}

fn role_name(role: &str, texts: &Texts) -> Option<&'static str> {
    [Role::Administrator, Role::Viewer].into_iter().find(|known| known.name() == role).map(texts.role_name)
}

fn grace_name(secs: &str, texts: &Texts) -> Option<&'static str> {
    let secs: u64 = secs.parse().ok()?;
    GRACES_SECS.iter().position(|known| *known == secs).and_then(|at| texts.graces.get(at).copied())
}
