//! All apps, with what happened to their challenges in a day.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    Console,
    fault::Fault,
    format,
    page::{Page, Part, notice, query_value},
    table::{Column, Rows},
    texts::{Texts, around, fill},
    visitor::Visitor,
};
use crate::{
    clock::unix_now,
    domain::{admin::Scope, apps::AppView, counters::Counts, statistics::Span},
};

/// Apps on a page.
const PAGE_LENGTH: usize = 50;

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let sought = query_value(query.as_deref(), "q");
    let page_number = query_value(query.as_deref(), "page").parse().unwrap_or(1);
    let (actor, texts) = (visitor.actor.clone(), visitor.texts());
    let (mut list, now) = (List { sought, ..List::default() }, unix_now());
    let list = console
        .ask(move |administration| {
            list.take(administration.apps(&actor)?, page_number);
            let numbers: Vec<u32> = list.apps.iter().map(|app| app.number).collect();
            list.totals = administration.totals(&actor, &numbers, Span::Day, now)?;
            list.marked = administration.are_marked(&actor, &numbers, now)?;
            Ok(list)
        })
        .await?;
    let content = page(&visitor, &list, now, &notice(query.as_deref(), texts));
    Ok(Page::of(&visitor, texts.apps, &content).in_part(Part::Overview).respond())
}

/// A page of the apps whose names hold what was sought.
#[derive(Default)]
pub(super) struct List {
    pub(super) sought: String,
    pub(super) apps: Vec<AppView>,
    pub(super) totals: Vec<Counts>,
    /// Whether something of each of them looks unlike people.
    pub(super) marked: Vec<bool>,
    pub(super) found: usize,
    pub(super) page: usize,
    pub(super) pages: usize,
}

impl List {
    pub(super) fn take(&mut self, mut apps: Vec<AppView>, page: usize) {
        let sought = self.sought.to_lowercase();
        apps.retain(|app| app.name.to_lowercase().contains(&sought));
        apps.sort_by_cached_key(|app| app.name.to_lowercase());
        self.found = apps.len();
        self.pages = apps.len().div_ceil(PAGE_LENGTH).max(1);
        self.page = page.clamp(1, self.pages);
        self.apps = apps.into_iter().skip((self.page - 1) * PAGE_LENGTH).take(PAGE_LENGTH).collect();
    }
}

pub(super) fn page(visitor: &Visitor, list: &List, now: u64, notice: &Markup) -> Markup {
    let texts = visitor.texts();
    html! {
        div.title {
            h1 { (texts.apps) }
            @if visitor.may(Scope::AppsWrite) { a.button.main href="/console/apps/new" { (texts.new_app) } }
        }
        (notice)
        form.search method="get" action="/console" role="search" {
            label for="q" { (texts.find_app) }
            div.row { input #q name="q" type="search" value=(list.sought) maxlength="64"; button { (texts.find) } }
        }
        div #figures data-live {
            p.quiet { (fill(texts.apps_found, &[&format::number(list.found as u64)])) " · "
                (around(texts.as_of, &[format::time(visitor.reader.language, now)])) }
            @if list.apps.is_empty() {
                @if list.sought.is_empty() {
                    div.card {
                        p { strong { (texts.no_apps) } " " (texts.no_apps_next) }
                        @if visitor.may(Scope::AppsWrite) { p { a.button.main href="/console/apps/new" { (texts.new_app) } } }
                    }
                } @else {
                    p.card { (texts.nothing_found) }
                }
            } @else {
                (table(list, texts))
            }
        }
        (pages(list, texts))
    }
}

fn table(list: &List, texts: &Texts) -> Markup {
    let figures = [texts.issued, texts.passed, texts.wrong, texts.pass_rate, texts.works, texts.done_share];
    let columns: Vec<_> = [Column(texts.name, Column::TITLE), Column(texts.state, "")]
        .into_iter()
        .chain(figures.map(|name| Column(name, "figure")))
        .collect();
    let row = |((app, counts), is_marked): ((&AppView, &Counts), &bool)| {
        let works = &counts.works;
        let name = html! { a href={ "/console/apps/" (app.number) } { (app.name) } };
        let figures = [
            format::number(counts.issued),
            format::number(counts.passed),
            format::number(counts.wrong),
            format::share(counts.pass_rate()),
            format::number(works.issued),
            format::share(works.done_share()),
        ];
        let figures = figures.map(|figure| html! { (figure) });
        let state = html! {
            span {
                (badges(app, texts))
                @if *is_marked { " " a.badge.marked href={ "/console/apps/" (app.number) "#marks" } { (texts.marked) } }
            }
        };
        [name, state].into_iter().chain(figures).collect()
    };
    let rows = Rows { label: texts.apps, caption: Some(texts.last_day), columns: &columns };
    rows.render(list.apps.iter().zip(&list.totals).zip(&list.marked).map(row))
}

/// What is to be known of an app at a glance, in words.
pub(super) fn badges(app: &AppView, texts: &Texts) -> Markup {
    html! {
        span.badge.off[!app.enabled] { @if app.enabled { (texts.enabled) } @else { (texts.disabled) } }
        @if app.declared { " " span.badge { (texts.declared) } }
        @if app.settings.test { " " span.badge.warn { (texts.test_app) } }
    }
}

fn pages(list: &List, texts: &Texts) -> Markup {
    let sought = percent_encoding::utf8_percent_encode(&list.sought, percent_encoding::NON_ALPHANUMERIC).to_string();
    let address = |page: usize| format!("/console?q={sought}&page={page}");
    html! {
        @if list.pages > 1 {
            nav.pages aria-label=(texts.pages) {
                @if list.page > 1 { a.button href=(address(list.page - 1)) rel="prev" { (texts.previous) } }
                span { (fill(texts.page_of, &[&list.page.to_string(), &list.pages.to_string()])) }
                @if list.page < list.pages { a.button href=(address(list.page + 1)) rel="next" { (texts.next) } }
            }
        }
    }
}
