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
    visitor::Visitor,
};
use crate::domain::admin::{Action, AuditPage, Scope};

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
                        td.name { (entry.actor) }
                        td.moment { (Action::of_code(&entry.action).map_or("", texts.action_name)) br; code.quiet { (entry.action) } }
                        td.name { (entry.subject) }
                        td.long { (entry.detail) }
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
