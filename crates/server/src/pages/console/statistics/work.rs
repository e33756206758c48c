//! Work that was done, and what the rule demanded beside what was asked.

use haechi_captcha::Language;
use maud::{Markup, html};

use super::{
    super::page::scrolling, Chart, Charts, Counts, Drawn, Figure, Report, Texts, fill, format, list, numbers,
    round_top, series, steps, whole,
};
use crate::domain::{
    apps::Policy,
    counters::{Demanded, share},
    demand::View,
};

/// What became of work that was asked for alone.
pub(super) fn done(report: &Report, language: Language, texts: &Texts) -> Markup {
    let (now, before) = (&report.total.works, &report.before.works);
    let unredeemed = [&report.total, &report.before].map(|counts| counts.unredeemed_for_work);
    let figures = [
        Figure::count(texts.works, now.issued, before.issued),
        Figure::count(texts.works_done, now.done, before.done),
        Figure::share(texts.done_share, now.done_share(), before.done_share(), texts),
        Figure::count(texts.works_undone, now.undone, before.undone),
        Figure::count(texts.wrong_works, now.wrong, before.wrong),
        Figure::count(texts.longer_works, now.instead, before.instead),
        Figure::count(texts.unredeemed_for_work, unredeemed[0], unredeemed[1]),
    ];
    html! {
        section aria-labelledby="work" {
            h2 #work { (texts.work) }
            @if now.issued + now.wrong + before.issued + before.wrong == 0 {
                p.quiet { (texts.no_work) }
            } @else {
                (list(&figures, texts))
                p.quiet { (texts.work_meaning) }
                (done_chart(report, language, texts))
            }
        }
    }
}

fn done_chart(report: &Report, language: Language, texts: &Texts) -> Markup {
    let highest = |counts: &Counts| counts.works.issued.max(counts.works.done + counts.works.undone);
    let largest = report.points.iter().map(|point| highest(&point.counts)).max().unwrap_or(0);
    let (total, top) = (&report.total.works, round_top(largest as f64));
    let totals = [total.issued, total.done, total.undone].map(format::number);
    let chart = Chart {
        id: "works",
        title: texts.works_chart,
        description: fill(texts.works_description, &[&totals[0], &totals[1], &totals[2]]),
        series: vec![
            series(texts.works, Drawn::Outline, report, |counts| Some(counts.works.issued as f64)),
            series(texts.works_done, Drawn::Solid, report, |counts| Some(counts.works.done as f64)),
            series(texts.works_undone, Drawn::Striped, report, |counts| Some(counts.works.undone as f64)),
        ],
        top,
        scale: whole(top),
        columns: vec![
            numbers(texts.works, report, |counts| counts.works.issued),
            numbers(texts.works_done, report, |counts| counts.works.done),
            numbers(texts.works_undone, report, |counts| counts.works.undone),
        ],
    };
    Charts { title: texts.works_chart, steps: steps(report, language), charts: vec![chart] }.render(texts)
}

/// What the rule demanded, which is what would have been asked, beside what was.
pub(super) fn demanded(policy: Policy, report: &Report, state: &View, language: Language, texts: &Texts) -> Markup {
    let (now, before) = (&report.total, &report.before);
    let begun = now.demanded.total();
    html! {
        section aria-labelledby="rule" {
            h2 #rule { (texts.rule) }
            p { (texts.rule_meaning) " " (fill(texts.policy_now, &[(texts.policy)(policy)])) }
            p { (just_now(state, texts)) }
            @if begun == 0 {
                p.quiet { (texts.no_demands) }
            } @else {
                p { (would_be(&now.demanded, texts)) }
                (scrolling(texts.level, &levels(&now.demanded, texts)))
                (demands_chart(report, language, texts))
                h3 { (texts.really_asked) }
                (list(
                    &[
                        Figure::count(texts.asked_word, now.asked.word, before.asked.word),
                        Figure::count(texts.asked_both, now.asked.both, before.asked.both),
                        Figure::count(texts.asked_work, now.asked.work, before.asked.work),
                        Figure::count(texts.longer_works, now.works.instead, before.works.instead),
                    ],
                    texts,
                ))
            }
        }
    }
}

/// What the rule knows just now, and why it asks everybody for more, if it does.
fn just_now(state: &View, texts: &Texts) -> String {
    let usual = state.usual_per_minute.map_or_else(|| texts.not_known_yet.to_owned(), format::number);
    let [begun, suspect, people] =
        [state.per_minute, state.suspect_networks as u64, state.peoples_networks as u64].map(format::number);
    let mut said = fill(texts.rule_now, &[&begun, &usual, &state.level.to_string(), &suspect, &people]);
    for reason in state.reasons.iter() {
        said += " ";
        said += (texts.reason)(reason);
    }
    said
}

fn would_be(demanded: &Demanded, texts: &Texts) -> String {
    let [words, begun] = [demanded.words(), demanded.total()].map(format::number);
    fill(texts.would_be, &[&begun, &words, &format::share(demanded.word_share())])
}

fn levels(demanded: &Demanded, texts: &Texts) -> Markup {
    let total = demanded.total();
    html! {
        table.wraps {
            thead {
                tr {
                    th scope="col" { (texts.level) }
                    @for heading in [texts.without_word, texts.with_word, texts.of_all] {
                        th.figure scope="col" { (heading) }
                    }
                }
            }
            tbody {
                @for (level, name) in texts.levels.iter().enumerate() {
                    tr {
                        th scope="row" { (name) }
                        td.figure { (format::number(demanded.without_word[level])) }
                        td.figure { (format::number(demanded.with_word[level])) }
                        td.figure { (format::share(share(demanded.of_level(level), total))) }
                    }
                }
            }
        }
    }
}

fn demands_chart(report: &Report, language: Language, texts: &Texts) -> Markup {
    let largest = report.points.iter().map(|point| point.counts.demanded.total()).max().unwrap_or(0);
    let raised = |demanded: &Demanded| demanded.total() - demanded.of_level(0);
    let (total, top) = (&report.total.demanded, round_top(largest as f64));
    let totals = [total.total(), total.words(), raised(total)].map(format::number);
    let chart = Chart {
        id: "demands",
        title: texts.demands_chart,
        description: fill(texts.demands_description, &[&totals[0], &totals[1], &totals[2]]),
        series: vec![
            series(texts.begun, Drawn::Outline, report, |counts| Some(counts.demanded.total() as f64)),
            series(texts.with_word, Drawn::Solid, report, |counts| Some(counts.demanded.words() as f64)),
            series(texts.raised, Drawn::Dashes, report, |counts| Some(raised(&counts.demanded) as f64)),
        ],
        top,
        scale: whole(top),
        columns: vec![
            numbers(texts.begun, report, |counts| counts.demanded.total()),
            numbers(texts.with_word, report, |counts| counts.demanded.words()),
            numbers(texts.raised, report, |counts| raised(&counts.demanded)),
        ],
    };
    Charts { title: texts.demands_chart, steps: steps(report, language), charts: vec![chart] }.render(texts)
}
