//! Statistics, as JSON.

use axum::{
    extract::{RawQuery, State},
    http::Uri,
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Administered, Caller, app_number, blocking, ok, parameter};
use crate::{
    clock::unix_now,
    dialect::admin::problem::Problem,
    domain::{
        counters::{self, Asked, Counts, Demanded, Works},
        statistics::{Mark, Report, Span},
    },
};

/// Most apps whose totals are told at once.
const MOST_APPS: usize = 100;

/// What happened in some time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Figures {
    /// Words issued.
    issued: u64,
    /// Pictures fetched.
    images: u64,
    /// Sounds fetched.
    sounds: u64,
    /// Right answers to words.
    passed: u64,
    /// Wrong answers to words.
    wrong: u64,
    /// Words issued in this time that are past theirs and were not settled by an answer or expired.
    unanswered: u64,
    /// Calls refused by a limit.
    limited: u64,
    /// Challenges that a widget asked for: words, and work alone.
    widget: u64,
    /// Tokens made, for what was passed in a widget.
    tokens: u64,
    /// Tokens redeemed by the site, of those made in this time.
    redeemed: u64,
    /// Tokens made in this time that can no longer be redeemed and were not.
    unredeemed: u64,
    /// Tokens among these that were for work, which widgets do by themselves on pages that people then leave.
    unredeemed_for_work: u64,
    /// By what the tokens were earned.
    token_means: TokenMeans,
    /// Work that was asked for alone.
    work: WorkFigures,
    /// What browsers were asked for.
    asked: AskedFigures,
    /// What the rule demanded of browsers, whatever they were asked for: with the policy `adaptive` they would have been
    /// asked for that.
    demanded: DemandedFigures,
    /// Right answers to words among all judged, 0 to 1; null if none was.
    pass_rate: Option<f64>,
    /// Sounds among pictures and sounds, 0 to 1; null if none was fetched.
    sound_share: Option<f64>,
    /// Seconds from issue to the right answer to a word that half of them took at most.
    median_secs: Option<f64>,
    /// Seconds from issue to the right answer to a word that nine in ten took at most.
    p90_secs: Option<f64>,
}

/// By what tokens were earned. Those of before that was counted are in none of the three.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenMeans {
    /// By a word that was read.
    picture: u64,
    /// By a word that was heard.
    sound: u64,
    /// By work alone.
    work: u64,
}

/// Work that was asked for alone. Work beside a word is the word's.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkFigures {
    /// Works issued.
    issued: u64,
    /// Works of these that were done.
    done: u64,
    /// Works of these that are past their time and were not done.
    undone: u64,
    /// Solutions that were none, of work alone or beside a word.
    wrong: u64,
    /// Works done among those that were done or are past their time, 0 to 1; null if there were none.
    done_share: Option<f64>,
}

/// What browsers were asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct AskedFigures {
    /// A word alone.
    word: u64,
    /// A word, with work beside it.
    both: u64,
    /// Work alone.
    work: u64,
    /// Longer work, which people chose instead of a word.
    longer_work: u64,
}

/// What the rule demanded, by the level of the work, 0 to 3.
#[derive(Serialize, ToSchema)]
pub(crate) struct DemandedFigures {
    /// Without a word.
    without_word: [u64; Demanded::LEVELS],
    /// With a word beside the work.
    with_word: [u64; Demanded::LEVELS],
    /// Demands with a word among all, 0 to 1; null if there were none.
    word_share: Option<f64>,
}

impl From<&Works> for WorkFigures {
    fn from(works: &Works) -> Self {
        let Works { issued, done, undone, wrong, .. } = *works;
        Self { issued, done, undone, wrong, done_share: works.done_share() }
    }
}

impl From<&Demanded> for DemandedFigures {
    fn from(demanded: &Demanded) -> Self {
        let Demanded { without_word, with_word } = *demanded;
        Self { without_word, with_word, word_share: demanded.word_share() }
    }
}

impl From<&Counts> for Figures {
    fn from(counts: &Counts) -> Self {
        let counters::TokenMeans { picture, sound, work } = counts.means;
        let Asked { word, both, work: work_alone } = counts.asked;
        Self {
            issued: counts.issued,
            images: counts.images,
            sounds: counts.sounds,
            passed: counts.passed,
            wrong: counts.wrong,
            unanswered: counts.unanswered,
            limited: counts.limited,
            widget: counts.widget,
            tokens: counts.tokens,
            redeemed: counts.redeemed,
            unredeemed: counts.unredeemed,
            unredeemed_for_work: counts.unredeemed_for_work,
            token_means: TokenMeans { picture, sound, work },
            work: (&counts.works).into(),
            asked: AskedFigures { word, both, work: work_alone, longer_work: counts.works.instead },
            demanded: (&counts.demanded).into(),
            pass_rate: counts.pass_rate(),
            sound_share: counts.sound_share(),
            median_secs: counts.times.median_secs(),
            p90_secs: counts.times.p90_secs(),
        }
    }
}

/// What happened to an app's challenges.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatisticsReport {
    /// The app's number.
    app: u32,
    span: Span,
    /// Unix time at which the first point begins, in seconds.
    from: u64,
    /// Seconds from one point to the next.
    step_secs: u64,
    /// What happened in each step. The last one is not over yet.
    points: Vec<Figures>,
    /// All of them together.
    total: Figures,
    /// As much time before.
    before: Figures,
    /// What looks unlike people now.
    marks: Vec<Mark>,
}

/// Totals of several apps.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatisticsTotals {
    span: Span,
    apps: Vec<AppTotal>,
    /// What to ask for apps after, if there are more.
    after: Option<u32>,
}

/// The total of one app.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppTotal {
    /// Its number.
    number: u32,
    /// Its name.
    name: String,
    /// What happened.
    total: Figures,
}

/// Show what happened to an app's challenges. Scope: `statistics:read`.
#[utoipa::path(
    get, path = "/admin/v1/apps/{app}/statistics", tag = "Admin API", security(("token" = [])),
    params(
        ("app" = u32, Path, description = "The app's number"),
        ("span" = Option<Span>, Query, description = "1h, 24h (the default), 7d, 30d or 90d, up to now"),
    ),
    responses((status = 200, body = StatisticsReport), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn report(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let (app, span) = (app_number(&uri)?, span(query.as_deref())?);
    let report = blocking(&admin, move |admin| admin.report(&actor, app, span, unix_now())).await?;
    let Report { from, points, total, before, marks, .. } = report;
    Ok(ok(&StatisticsReport {
        app,
        span,
        from,
        step_secs: span.step_secs(),
        points: points.iter().map(|point| Figures::from(&point.counts)).collect(),
        total: (&total).into(),
        before: (&before).into(),
        marks,
    }))
}

/// Show the totals of all apps, up to 100 at once by number. Scopes: `statistics:read` and `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/statistics", tag = "Admin API", security(("token" = [])),
    params(
        ("span" = Option<Span>, Query, description = "1h, 24h (the default), 7d, 30d or 90d, up to now"),
        ("after" = Option<u64>, Query, minimum = 0, maximum = 4294967295u64, description = "The `after` of the page before this one"),
    ),
    responses((status = 200, body = StatisticsTotals), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn totals(
    State(admin): Administered,
    Caller(actor): Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let span = span(query.as_deref())?;
    let after = parameter(query.as_deref(), "after", "an app's number", |text| text.parse::<u32>().ok())?;
    let totals = blocking(&admin, move |admin| {
        let mut apps = admin.apps(&actor)?;
        apps.retain(|app| after.is_none_or(|after| app.number > after));
        let are_more = apps.len() > MOST_APPS;
        apps.truncate(MOST_APPS);
        let numbers: Vec<_> = apps.iter().map(|app| app.number).collect();
        let totals = admin.totals(&actor, &numbers, span, unix_now())?;
        let after = numbers.last().copied().filter(|_| are_more);
        let total = |(app, counts): (crate::domain::apps::AppView, Counts)| AppTotal {
            number: app.number,
            name: app.name,
            total: (&counts).into(),
        };
        Ok(StatisticsTotals { span, apps: apps.into_iter().zip(totals).map(total).collect(), after })
    })
    .await?;
    Ok(ok(&totals))
}

fn span(query: Option<&str>) -> Result<Span, Problem> {
    Ok(parameter(query, "span", "1h, 24h, 7d, 30d or 90d", Span::from_name)?.unwrap_or_default())
}
