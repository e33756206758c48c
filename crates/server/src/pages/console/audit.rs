//! The audit log.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
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
use crate::{
    calendar::rfc3339,
    domain::{
        admin::{Action, AuditEntry, AuditPage, Role, SEARCHED, Scope},
        apps::Setting,
    },
};

/// Entries on a page.
const PAGE_LENGTH: usize = 50;

/// The most entries of a file.
const FILE_LENGTH: usize = 10_000;

/// What is sought in the log, and from where on.
pub(super) struct Search {
    pub(super) text: String,
    pub(super) is_later_page: bool,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    visitor.must(Scope::AuditRead)?;
    let [before, text] = ["before", "q"].map(|name| query_value(query.as_deref(), name));
    let search = Search { text: text.clone(), is_later_page: !before.is_empty() };
    let actor = visitor.actor.clone();
    let log = console
        .ask(move |administration| {
            administration.search_audit_log(
                &actor,
                &text,
                Some(&*before).filter(|before| !before.is_empty()),
                PAGE_LENGTH,
            )
        })
        .await?;
    let content = page(&visitor, &log, &search);
    Ok(Page::of(&visitor, visitor.texts().audit_log, &content).in_part(Part::Audit).respond())
}

/// The newest entries for spreadsheets, in words that stay the same.
pub(super) async fn csv(State(console): State<Arc<Console>>, visitor: Visitor) -> Result<Response, Fault> {
    visitor.must(Scope::AuditRead)?;
    let actor = visitor.actor.clone();
    let entries = console.ask(move |administration| administration.newest_of_audit_log(&actor, FILE_LENGTH)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"haechi-audit.csv\""),
    ];
    Ok((headers, write_csv(&entries)).into_response())
}

pub(super) fn write_csv(entries: &[AuditEntry]) -> String {
    let mut csv = "at,actor,action,subject,detail\r\n".to_owned();
    for entry in entries {
        let AuditEntry { at, actor, action, subject, detail, .. } = entry;
        let fields = [&rfc3339(*at), actor, action, subject, detail].map(|field| csv_field(field));
        csv.push_str(&fields.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// In quotes, and no formula: a spreadsheet would compute what begins so.
fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

pub(super) fn page(visitor: &Visitor, log: &AuditPage, search: &Search) -> Markup {
    let (texts, sought) = (visitor.texts(), !search.text.is_empty());
    html! {
        div.title {
            h1 { (texts.audit_log) }
            a.button href="/console/audit.csv" { (texts.download_csv) }
        }
        p.quiet { (texts.audit_task) }
        form.search method="get" action="/console/audit" role="search" {
            label for="q" { (texts.filter_log) }
            div.row { input #q name="q" type="search" value=(search.text) maxlength="64"; button { (texts.find) } }
        }
        @if !log.entries.is_empty() {
            (scrolling(texts.audit_log, &table(visitor, log)))
        } @else if sought {
            p.card { (fill(texts.nothing_in_log, &[&format::number(SEARCHED as u64)])) }
        } @else {
            p.card { (texts.no_entries) }
        }
        @if search.is_later_page || log.before.is_some() {
            @let wanted = utf8_percent_encode(&search.text, NON_ALPHANUMERIC).to_string();
            nav.pages aria-label=(texts.pages) {
                @if search.is_later_page { a.button href={ "/console/audit?q=" (wanted) } { (texts.newest) } }
                @if let Some(before) = &log.before {
                    a.button rel="next"
                        href={ "/console/audit?q=" (wanted) "&before=" (utf8_percent_encode(before, NON_ALPHANUMERIC)) } {
                        @if sought { (texts.search_on) } @else { (texts.older) }
                    }
                }
            }
        }
    }
}

fn table(visitor: &Visitor, log: &AuditPage) -> Markup {
    let texts = visitor.texts();
    html! {
        table.cards {
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
                        td.moment data-label=(texts.time) { (format::time(visitor.reader.language, entry.at)) }
                        td.name data-label=(texts.who) { (by(&entry.actor, texts)) }
                        td.moment data-label=(texts.action) {
                            (Action::of_code(&entry.action).map_or("", texts.action_name)) br; code.quiet { (entry.action) }
                        }
                        td.name data-label=(texts.subject) { (entry.subject) }
                        td.long data-label=(texts.detail) { (told(&entry.detail, texts)) }
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
