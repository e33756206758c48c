//! What happened to an app's challenges.

mod work;

use std::{fmt::Write, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    http::header,
    response::{IntoResponse, Response},
};
use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    Console,
    chart::{Chart, Charts, Column, Mark as Drawn, Series, Steps, round_top, scale, whole},
    fault::Fault,
    format,
    manage::{Tab, app_head},
    page::{Page, Part, notice, query_value},
    texts::{Texts, around, fill},
    visitor::{AppNumber, Visitor},
};
use crate::{
    calendar::rfc3339,
    clock::unix_now,
    domain::{
        apps::AppView,
        counters::{Counts, row::DAY_SECS},
        demand::View,
        statistics::{Mark, Point, Report, Span},
    },
};

async fn ask(
    console: &Console,
    visitor: &Visitor,
    number: u32,
    query: Option<&str>,
) -> Result<(AppView, Report), Fault> {
    let span = Span::from_name(&query_value(query, "span")).unwrap_or_default();
    let (actor, now) = (visitor.actor.clone(), unix_now());
    console
        .ask(move |administration| {
            Ok((administration.app(&actor, number, now)?, administration.report(&actor, number, span, now)?))
        })
        .await
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (app, report) = ask(&console, &visitor, number, query.as_deref()).await?;
    let (now, service) = (unix_now(), Arc::clone(&console.service));
    // It goes through all that is known of networks.
    let state = console.ask(move |_| Ok(service.demands().view(number, now))).await?;
    let content = page(&visitor, &app, &report, &state, now, &notice(query.as_deref(), visitor.texts()));
    Ok(Page::of(&visitor, &app.name, &content).in_part(Part::Overview).respond())
}

/// The same figures for spreadsheets.
pub(super) async fn csv(
    State(console): State<Arc<Console>>,
    visitor: Visitor,
    AppNumber(number): AppNumber,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (_, report) = ask(&console, &visitor, number, query.as_deref()).await?;
    let disposition = format!("attachment; filename=\"haechi-{number}-{}.csv\"", report.span.name());
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, write_csv(&report)).into_response())
}

/// New columns come at the end, so that what reads them by their place goes on.
const COLUMNS: &str = "begins_at,issued,images,sounds,passed,wrong,unanswered,limited,median_secs,p90_secs,widget,tokens,\
    redeemed,unredeemed,works,works_done,works_undone,works_wrong,longer_works,tokens_for_work,redeemed_for_work,\
    asked_word,asked_both,asked_work,demanded_0,demanded_1,demanded_2,demanded_3,demanded_word_0,demanded_word_1,\
    demanded_word_2,demanded_word_3";

pub(super) fn write_csv(report: &Report) -> String {
    let mut csv = format!("{COLUMNS}\r\n");
    let secs = |secs: Option<f64>| secs.map(|secs| format!("{secs:.3}")).unwrap_or_default();
    for Point { begins_at, counts } in &report.points {
        let Counts { issued, images, sounds, passed, wrong, unanswered, limited, times, .. } = counts;
        let Counts { widget, tokens, redeemed, unredeemed, .. } = counts;
        let _infallible = write!(
            csv,
            "{},{issued},{images},{sounds},{passed},{wrong},{unanswered},{limited},{},{},{widget},{tokens},{redeemed},{unredeemed}",
            rfc3339(*begins_at),
            secs(times.median_secs()),
            secs(times.p90_secs())
        );
        let Counts { works, means, redeemed_for_work, asked, demanded, .. } = counts;
        let of_work = [works.issued, works.done, works.undone, works.wrong, works.instead];
        let of_browsers = [means.work, *redeemed_for_work, asked.word, asked.both, asked.work];
        let demands = demanded.without_word.iter().chain(&demanded.with_word);
        for number in of_work.iter().chain(&of_browsers).chain(demands) {
            let _infallible = write!(csv, ",{number}");
        }
        csv.push_str("\r\n");
    }
    csv
}

pub(super) fn page(
    visitor: &Visitor,
    app: &AppView,
    report: &Report,
    state: &View,
    now: u64,
    notice: &Markup,
) -> Markup {
    let (texts, language) = (visitor.texts(), visitor.reader.language);
    let end = report.points.last().map_or(report.from, |point| point.begins_at + report.span.step_secs());
    let from_to = [format::time(language, report.from), format::time(language, end.min(now))];
    let is_unused = [&report.total, &report.before].into_iter().all(|counts| *counts == Counts::default());
    html! {
        (app_head(app, Tab::Statistics, texts))
        (notice)
        nav.spans aria-label=(texts.span) {
            @for span in Span::ALL {
                a href={ "/console/apps/" (app.number) "?span=" (span.name()) }
                    aria-current=[(span == report.span).then_some("true")] { ((texts.span_name)(span)) }
            }
        }
        div #figures data-live {
            p.quiet { (around(texts.from_to, &from_to)) }
            @if is_unused { (unused(app, texts)) } @else {
            (marks(&report.marks, language, texts))
            section aria-labelledby="totals" {
                h2 #totals { (texts.figures) }
                (figures(report, language, texts))
            }
            section aria-labelledby="courses" {
                h2 #courses { (texts.course) }
                (courses(report, language, texts))
            }
            (work::done(report, language, texts))
            (work::demanded(app.settings.policy, report, state, language, texts))
            }
        }
        p.row {
            a.button href={ "/console/apps/" (app.number) "/statistics.csv?span=" (report.span.name()) } download {
                (texts.download_csv)
            }
            button #refresh type="button" aria-pressed="false" hidden { (texts.refresh) }
        }
    }
}

/// What to do for an app for which nothing has been asked yet.
fn unused(app: &AppView, texts: &Texts) -> Markup {
    html! {
        div.card {
            p { (texts.unused) }
            p.row { a.button.main href={ "/console/apps/" (app.number) "/integration" } { (texts.integration) } }
        }
    }
}

/// What looks unlike people, with the rule that says so.
fn marks(marks: &[Mark], language: Language, texts: &Texts) -> Markup {
    let heading = match marks {
        [] => texts.no_marks,
        // It may be the site's own page that is at fault.
        [Mark::WorkUndone { .. }] => texts.work_stands_still,
        _ => texts.marks,
    };
    html! {
        section.marks.found[!marks.is_empty()] aria-labelledby="marks" {
            h2 #marks { (heading) }
            @if !marks.is_empty() {
                ul {
                    @for mark in marks {
                        li { strong { (mark_sentence(mark, language, texts)) } br; span.quiet { (texts.rules[rule(mark)]) } }
                    }
                }
                @if marks.iter().any(Mark::is_of_words) { p { (texts.marks_advice) } }
            }
            details { summary { (texts.all_rules) } ul { @for rule in texts.rules { li { (rule) } } } }
        }
    }
}

const fn rule(mark: &Mark) -> usize {
    match mark {
        Mark::FastAnswers { .. } => 0,
        Mark::PassRateChanged { .. } => 1,
        Mark::TimeChanged { .. } => 2,
        Mark::UnansweredGrew { .. } => 3,
        Mark::WrongSolutions { .. } => 4,
        Mark::WorkUndone { .. } => 5,
    }
}

fn mark_sentence(mark: &Mark, language: Language, texts: &Texts) -> String {
    let share = |share| format::share(Some(share));
    let secs = |secs| format::secs(language, Some(secs));
    match *mark {
        Mark::FastAnswers { share: fast } => fill(texts.fast_answers, &[&share(fast)]),
        Mark::PassRateChanged { before, now } => fill(texts.pass_rate_changed, &[&share(before), &share(now)]),
        Mark::TimeChanged { before_secs, now_secs } => fill(texts.time_changed, &[&secs(before_secs), &secs(now_secs)]),
        Mark::UnansweredGrew { before, now } => fill(texts.unanswered_grew, &[&share(before), &share(now)]),
        Mark::WrongSolutions { share: wrong } => fill(texts.wrong_solutions, &[&share(wrong)]),
        Mark::WorkUndone { share: done } => fill(texts.work_undone, &[&share(done)]),
    }
}

/// A figure: what it is called, what it is, what it was before, and by how much it changed.
struct Figure {
    name: &'static str,
    now: String,
    before: String,
    change: Option<String>,
}

impl Figure {
    fn count(name: &'static str, now: u64, before: u64) -> Self {
        let change = relative_change(now as f64, before as f64);
        Self { name, now: format::number(now), before: format::number(before), change }
    }

    fn share(name: &'static str, now: Option<f64>, before: Option<f64>, texts: &Texts) -> Self {
        let change = now
            .zip(before)
            .map(|(now, before)| fill(texts.points, &[&signed(format!("{:+.1}", (now - before) * 100.0))]));
        Self { name, now: format::share(now), before: format::share(before), change }
    }

    fn secs(name: &'static str, now: Option<f64>, before: Option<f64>, language: Language) -> Self {
        let change = now.zip(before).and_then(|(now, before)| relative_change(now, before));
        Self { name, now: format::secs(language, now), before: format::secs(language, before), change }
    }
}

/// Figures, each beside that of the time before.
fn list(figures: &[Figure], texts: &Texts) -> Markup {
    html! {
        dl.figures {
            @for Figure { name, now, before, change } in figures {
                div {
                    dt { (name) }
                    dd.now { (now) }
                    @if before != format::NONE {
                        dd.quiet { (fill(texts.before, &[before])) @if let Some(change) = change { " (" (change) ")" } }
                    }
                }
            }
        }
    }
}

fn figures(report: &Report, language: Language, texts: &Texts) -> Markup {
    let (now, before) = (&report.total, &report.before);
    let figures = [
        Figure::count(texts.issued, now.issued, before.issued),
        Figure::count(texts.passed, now.passed, before.passed),
        Figure::count(texts.wrong, now.wrong, before.wrong),
        Figure::share(texts.pass_rate, now.pass_rate(), before.pass_rate(), texts),
        Figure::count(texts.unanswered, now.unanswered, before.unanswered),
        Figure::share(texts.sound_share, now.sound_share(), before.sound_share(), texts),
        Figure::secs(texts.median, now.times.median_secs(), before.times.median_secs(), language),
        Figure::secs(texts.p90, now.times.p90_secs(), before.times.p90_secs(), language),
        Figure::count(texts.limited, now.limited, before.limited),
        Figure::count(texts.tokens_made, now.tokens, before.tokens),
        Figure::count(texts.unredeemed, now.unredeemed_for_words(), before.unredeemed_for_words()),
    ];
    html! {
        (list(&figures, texts))
        p.quiet { (texts.figures_meaning) }
    }
}

fn relative_change(now: f64, before: f64) -> Option<String> {
    (before > 0.0).then(|| signed(format!("{:+.0}", (now - before) / before * 100.0)) + "%")
}

/// A change as it was written, without the sign where it is none.
fn signed(change: String) -> String {
    let is_none = change.bytes().all(|byte| b"+-0.".contains(&byte));
    if is_none { change.trim_start_matches(['+', '-']).to_owned() } else { change }
}

/// How the beginning of a step is written below a chart.
fn step_name(span: Span, language: Language, begins_at: u64) -> String {
    match span {
        Span::Hour | Span::Day => format::time_of_day(begins_at),
        Span::Week | Span::Month | Span::Quarter => format::day(language, begins_at),
    }
}

/// How it is written in a table, where there is more room.
fn row_name(span: Span, language: Language, begins_at: u64) -> String {
    match span {
        Span::Month | Span::Quarter => format::day(language, begins_at),
        Span::Hour => format::time_of_day(begins_at),
        Span::Day | Span::Week => {
            format!("{} {}", format::day(language, begins_at), format::time_of_day(begins_at))
        }
    }
}

fn steps(report: &Report, language: Language) -> Steps {
    /// Times below a chart.
    const LABELS: usize = 5;
    let last = report.points.len().saturating_sub(1);
    let picked = (0..LABELS).filter_map(|label| report.points.get(label * last / (LABELS - 1)));
    let step_secs = report.span.step_secs();
    Steps {
        names: report.points.iter().map(|point| row_name(report.span, language, point.begins_at)).collect(),
        labels: picked.map(|point| step_name(report.span, language, point.begins_at)).collect(),
        lengths: (step_secs < DAY_SECS).then_some((report.from, step_secs, report.span.name())),
    }
}

fn series(name: &'static str, mark: Drawn, report: &Report, value: impl Fn(&Counts) -> Option<f64>) -> Series {
    Series { name, mark, values: report.points.iter().map(|point| value(&point.counts)).collect() }
}

fn column(name: &'static str, report: &Report, cell: impl Fn(&Counts) -> String) -> Column {
    Column { name, cells: report.points.iter().map(|point| cell(&point.counts)).collect() }
}

/// A column of whole numbers.
fn numbers(name: &'static str, report: &Report, value: impl Fn(&Counts) -> u64) -> Column {
    column(name, report, |counts| format::number(value(counts)))
}

/// What became of words, time by time.
fn courses(report: &Report, language: Language, texts: &Texts) -> Markup {
    let charts = vec![counts_chart(report, texts), rate_chart(report, texts), times_chart(report, language, texts)];
    Charts { title: texts.course, steps: steps(report, language), charts }.render(texts)
}

fn counts_chart<'a>(report: &Report, texts: &'a Texts) -> Chart<'a> {
    let highest = |counts: &Counts| counts.issued.max(counts.passed + counts.wrong);
    let largest = report.points.iter().map(|point| highest(&point.counts)).max().unwrap_or(0);
    let (total, top) = (&report.total, round_top(largest as f64));
    let totals = [total.issued, total.passed, total.wrong].map(format::number);
    Chart {
        id: "counts",
        title: texts.counts_chart,
        description: fill(texts.counts_description, &[&totals[0], &totals[1], &totals[2]]),
        series: vec![
            series(texts.issued, Drawn::Outline, report, |counts| Some(counts.issued as f64)),
            series(texts.passed, Drawn::Solid, report, |counts| Some(counts.passed as f64)),
            series(texts.wrong, Drawn::Striped, report, |counts| Some(counts.wrong as f64)),
        ],
        top,
        scale: whole(top),
        columns: vec![
            numbers(texts.issued, report, |counts| counts.issued),
            numbers(texts.passed, report, |counts| counts.passed),
            numbers(texts.wrong, report, |counts| counts.wrong),
            numbers(texts.unanswered, report, |counts| counts.unanswered),
        ],
    }
}

fn rate_chart<'a>(report: &Report, texts: &'a Texts) -> Chart<'a> {
    Chart {
        id: "rate",
        title: texts.pass_rate,
        description: fill(texts.rate_description, &[&format::share(report.total.pass_rate())]),
        series: vec![series(texts.pass_rate, Drawn::Line, report, Counts::pass_rate)],
        top: 1.0,
        scale: scale(1.0, |share| format!("{:.0}%", share * 100.0)),
        columns: vec![column(texts.pass_rate, report, |counts| format::share(counts.pass_rate()))],
    }
}

fn times_chart<'a>(report: &Report, language: Language, texts: &'a Texts) -> Chart<'a> {
    let (median, p90) = (report.total.times.median_secs(), report.total.times.p90_secs());
    let largest = report.points.iter().filter_map(|point| point.counts.times.p90_secs()).fold(0.0, f64::max);
    let ([median, p90], top) = ([median, p90].map(|secs| format::secs(language, secs)), round_top(largest));
    Chart {
        id: "times",
        title: texts.times_chart,
        description: fill(texts.times_description, &[&median, &p90]),
        series: vec![
            series(texts.median, Drawn::Line, report, |counts| counts.times.median_secs()),
            series(texts.p90, Drawn::Dashes, report, |counts| counts.times.p90_secs()),
        ],
        top,
        scale: scale(top, |secs| format::secs(language, Some(secs)).replacen(".0", "", 1)),
        columns: vec![
            column(texts.median, report, |counts| format::secs(language, counts.times.median_secs())),
            column(texts.p90, report, |counts| format::secs(language, counts.times.p90_secs())),
        ],
    }
}
