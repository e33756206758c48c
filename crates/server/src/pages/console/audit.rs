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
    page::{Page, Part, query_value},
    replace::GRACES_SECS,
    settings,
    table::{Column, Rows},
    texts::{Texts, fill},
    visitor::Visitor,
};
use crate::{
    calendar::rfc3339,
    domain::{
        admin::{Action, AuditEntry, AuditPage, MOST_EXPORTED, Role, Scope},
        apps::Setting,
    },
};

/// Entries on a page.
const PAGE_LENGTH: usize = 50;

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    visitor.must(Scope::AuditRead)?;
    let (about, before) = (query_value(query.as_deref(), "q"), query_value(query.as_deref(), "before"));
    let (actor, sought, is_later_page) = (visitor.actor.clone(), about.clone(), !before.is_empty());
    let log = console
        .ask(move |administration| {
            let before = Some(&*before).filter(|before| !before.is_empty());
            administration.audit_log(&actor, &sought, before, PAGE_LENGTH)
        })
        .await?;
    let content = page(&visitor, &log, &about, is_later_page);
    Ok(Page::of(&visitor, visitor.texts().audit_log, &content).in_part(Part::Audit).respond())
}

/// The same for spreadsheets, the newest entries.
pub(super) async fn csv(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    visitor.must(Scope::AuditRead)?;
    let (actor, about) = (visitor.actor.clone(), query_value(query.as_deref(), "q"));
    let entries = console.ask(move |administration| administration.audit_export(&actor, &about)).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"haechi-audit.csv\""),
    ];
    Ok((headers, write_csv(&entries)).into_response())
}

fn write_csv(entries: &[AuditEntry]) -> String {
    let mut csv = "at,actor,action,subject,detail\r\n".to_owned();
    for AuditEntry { at, actor, action, subject, detail, .. } in entries {
        csv.push_str(&rfc3339(*at));
        for text in [actor, action, subject, detail] {
            csv.push(',');
            csv.push_str(&cell(text));
        }
        csv.push_str("\r\n");
    }
    csv
}

/// A text as a cell (RFC 4180). Spreadsheets compute what begins like a formula, unless an apostrophe stands before it.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if is_formula { "'" } else { "" }, text.replace('"', "\"\""))
}

pub(super) fn page(visitor: &Visitor, log: &AuditPage, about: &str, is_later_page: bool) -> Markup {
    let texts = visitor.texts();
    let query = format!("q={}", utf8_percent_encode(about, NON_ALPHANUMERIC));
    let columns = [
        Column(texts.time, "moment"),
        Column(texts.who, "name"),
        Column(texts.action, "moment"),
        Column(texts.subject, "name"),
        Column(texts.detail, "long"),
    ];
    let row = |entry: &AuditEntry| {
        let action = Action::of_code(&entry.action).map_or("", texts.action_name);
        vec![
            format::time(visitor.reader.language, entry.at),
            html! { (by(&entry.actor, texts)) },
            html! { (action) br; code.quiet { (entry.action) } },
            html! { (entry.subject) },
            html! { (told(&entry.detail, texts)) },
        ]
    };
    let rows = Rows { label: texts.audit_log, caption: None, columns: &columns };
    html! {
        h1 { (texts.audit_log) }
        p.quiet { (texts.audit_task) }
        form.search method="get" action="/console/audit" role="search" {
            label for="q" { (texts.find_entries) }
            div.row { input #q name="q" type="search" value=(about) maxlength="64"; button { (texts.find) } }
        }
        @if log.entries.is_empty() {
            p.card { @if about.is_empty() { (texts.no_entries) } @else { (texts.nothing_in_log) } }
        } @else {
            (rows.render(log.entries.iter().map(row)))
            p.row {
                a.button href={ "/console/audit.csv?" (query) } download {
                    (fill(texts.download_entries, &[&format::number(MOST_EXPORTED as u64)]))
                }
            }
        }
        @if is_later_page || log.before.is_some() {
            nav.pages aria-label=(texts.pages) {
                @if is_later_page { a.button href={ "/console/audit?" (query) } { (texts.newest) } }
                @if let Some(before) = &log.before {
                    a.button href={ "/console/audit?" (query) "&before=" (utf8_percent_encode(before, NON_ALPHANUMERIC)) }
                        rel="next" { (texts.older) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_for_spreadsheets_has_texts_and_no_formulas() {
        let entry = AuditEntry {
            id: String::new(),
            at: 0,
            actor: "user ann".to_owned(),
            action: "app.created".to_owned(),
            subject: "=1+1".to_owned(),
            detail: "a \"b\", c".to_owned(),
        };
        let csv = write_csv(&[entry]);
        let row = csv.lines().nth(1).unwrap();
        assert_eq!(row, "1970-01-01T00:00:00Z,\"user ann\",\"app.created\",\"'=1+1\",\"a \"\"b\"\", c\"");
    }
}
