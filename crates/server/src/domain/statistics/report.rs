//! What is told of what was counted.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    counters::{
        Counts, Works,
        row::{DAY_SECS, Grain, HOUR_SECS, MINUTE_SECS, Row, Rows},
        share,
    },
    token::Audience,
};

/// Seconds after the end of a challenge's time within which it may still be settled: an answer that came in time is
/// decided in five, and stored two later.
const LATE_SECS: u64 = 10;

/// The time that a report covers. It ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub enum Span {
    /// An hour, by the minute.
    #[serde(rename = "1h")]
    Hour,
    /// 24 hours, by the hour.
    #[default]
    #[serde(rename = "24h")]
    Day,
    /// 7 days, by 6 hours.
    #[serde(rename = "7d")]
    Week,
    /// 30 days, by the day.
    #[serde(rename = "30d")]
    Month,
    /// 90 days, by the day.
    #[serde(rename = "90d")]
    Quarter,
}

impl Span {
    /// All spans, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter];

    /// Its name in queries: 1h, 24h, 7d, 30d or 90d.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// The span of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.name() == name)
    }

    /// The rows that its points are made of.
    pub(super) const fn grain(self) -> Grain {
        match self {
            Self::Hour => Grain::Minute,
            Self::Day | Self::Week | Self::Month | Self::Quarter => Grain::Hour,
        }
    }

    /// Seconds from one point to the next.
    #[must_use]
    pub const fn step_secs(self) -> u64 {
        match self {
            Self::Hour => 60,
            Self::Day => 3_600,
            Self::Week => 6 * 3_600,
            Self::Month | Self::Quarter => 86_400,
        }
    }

    /// How many points it has.
    #[must_use]
    pub const fn points(self) -> u64 {
        match self {
            Self::Hour => 60,
            Self::Day => 24,
            Self::Week => 28,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }
}

/// What happened to an app's challenges.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it covers.
    pub span: Span,
    /// Unix time at which its first point begins; a multiple of the step.
    pub from: u64,
    /// What happened in each step. The last one is not over yet.
    pub points: Vec<Point>,
    /// All of them together.
    pub total: Counts,
    /// As much time before.
    pub before: Counts,
    /// What looks unlike people now.
    pub marks: Vec<Mark>,
}

/// One step of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Unix time at which it begins.
    pub begins_at: u64,
    /// What happened.
    pub counts: Counts,
}

/// Something that looks unlike people, with the figures that say so.
///
/// Times are whole seconds by the clock, from the second of issue that a key bears to the one in which its answer came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mark {
    /// Of the last hour's right answers, 20 or more, at least a quarter came within 2 seconds of issue.
    FastAnswers {
        /// Their share, from 0 to 1.
        share: f64,
    },
    /// The pass rate of the last hour (50 answers or more) differs from that of the 24 hours before it (200 or more) by
    /// 20 points or more, and by more than four standard errors.
    PassRateChanged {
        /// Before, from 0 to 1.
        before: f64,
        /// In the last hour, from 0 to 1.
        now: f64,
    },
    /// The median time of the last hour (50 right answers or more) is less than half of that of the 24 hours before it
    /// (200 or more).
    TimeChanged {
        /// Before, in seconds.
        before_secs: f64,
        /// In the last hour, in seconds.
        now_secs: f64,
    },
    /// Of the words shown in the last hour (100 or more), the share that nobody answered is above that of the 24 hours
    /// before it (400 or more) by 20 points or more, and by more than four standard errors.
    UnansweredGrew {
        /// Before, from 0 to 1.
        before: f64,
        /// In the last hour, from 0 to 1.
        now: f64,
    },
    /// Of what was sent for work in the last hour (20 or more that solve nothing), at least a tenth solves nothing.
    WrongSolutions {
        /// Its share, from 0 to 1.
        share: f64,
    },
    /// Of the work that was asked for alone in the last hour and is done or past its time (100 or more), less than two in
    /// a hundred was done.
    WorkUndone {
        /// The share that was done, from 0 to 1.
        share: f64,
    },
}

impl Mark {
    /// What looks unlike people in an hour, beside the 24 hours before it.
    #[must_use]
    pub fn find(hour: &Counts, before: &Counts) -> Vec<Self> {
        let of_words = [
            fast_answers(hour),
            pass_rate_changed(hour, before),
            time_changed(hour, before),
            unanswered_grew(hour, before),
        ];
        let of_work = [wrong_solutions(&hour.works), work_undone(&hour.works)];
        of_words.into_iter().chain(of_work).flatten().collect()
    }

    /// Whether it is about words, and else about work.
    #[must_use]
    pub const fn is_of_words(&self) -> bool {
        !matches!(self, Self::WrongSolutions { .. } | Self::WorkUndone { .. })
    }
}

fn fast_answers(hour: &Counts) -> Option<Mark> {
    const LEAST_ANSWERS: u64 = 20;
    const FAST_SECS: u32 = 2;
    const MOST: f64 = 0.25;
    let share = share(hour.times.within(FAST_SECS), hour.times.total())?;
    (hour.times.total() >= LEAST_ANSWERS && share >= MOST).then_some(Mark::FastAnswers { share })
}

fn pass_rate_changed(hour: &Counts, before: &Counts) -> Option<Mark> {
    const LEAST_ANSWERS: u64 = 50;
    const LEAST_ANSWERS_BEFORE: u64 = 200;
    if hour.judged() < LEAST_ANSWERS || before.judged() < LEAST_ANSWERS_BEFORE {
        return None;
    }
    let (now, then) = (hour.pass_rate()?, before.pass_rate()?);
    let error = standard_error((hour.passed, hour.judged()), (before.passed, before.judged()));
    is_change((now - then).abs(), error).then_some(Mark::PassRateChanged { before: then, now })
}

/// Whether two shares differ by so much that it is no chance: by 20 points or more, and by more than four standard errors.
fn is_change(change: f64, standard_error: f64) -> bool {
    const LEAST: f64 = 0.2;
    const LEAST_ERRORS: f64 = 4.0;
    // 0.7 - 0.5 is a little less than 0.2.
    change >= LEAST - f64::EPSILON && change > LEAST_ERRORS * standard_error
}

/// The standard error of the difference of two shares, parts of wholes, if both are samples of the same.
fn standard_error(one: (u64, u64), other: (u64, u64)) -> f64 {
    let (one_whole, other_whole) = (one.1 as f64, other.1 as f64);
    let rate = (one.0 + other.0) as f64 / (one_whole + other_whole);
    (rate * (1.0 - rate) * (1.0 / one_whole + 1.0 / other_whole)).sqrt()
}

fn time_changed(hour: &Counts, before: &Counts) -> Option<Mark> {
    const LEAST_ANSWERS: u64 = 50;
    const LEAST_ANSWERS_BEFORE: u64 = 200;
    if hour.times.total() < LEAST_ANSWERS || before.times.total() < LEAST_ANSWERS_BEFORE {
        return None;
    }
    let (now_secs, before_secs) = (hour.times.median_secs()?, before.times.median_secs()?);
    (now_secs < before_secs / 2.0).then_some(Mark::TimeChanged { before_secs, now_secs })
}

/// People leave challenges too, when they reload a page, ask for another picture or go away, and as many on one day as on
/// another. A solver answers only what it is sure of, and leaves the rest. Who does longer work instead has left nothing.
fn unanswered_grew(hour: &Counts, before: &Counts) -> Option<Mark> {
    const LEAST_SHOWN: u64 = 100;
    const LEAST_SHOWN_BEFORE: u64 = 400;
    let (shown, shown_before) = (shown(hour), shown(before));
    if shown < LEAST_SHOWN || shown_before < LEAST_SHOWN_BEFORE {
        return None;
    }
    let left_of = |shown: u64, counts: &Counts| shown.saturating_sub(counts.judged() + counts.works.done_instead());
    let (left, left_before) = (left_of(shown, hour), left_of(shown_before, before));
    let (now, then) = (share(left, shown)?, share(left_before, shown_before)?);
    let error = standard_error((left, shown), (left_before, shown_before));
    (now > then && is_change(now - then, error)).then_some(Mark::UnansweredGrew { before: then, now })
}

/// A browser that computes has the solution or sends nothing; it has another one only where the app's settings changed
/// meanwhile.
fn wrong_solutions(works: &Works) -> Option<Mark> {
    const LEAST_WRONG: u64 = 20;
    const MOST: f64 = 0.1;
    let share = share(works.wrong, works.wrong + works.done)?;
    (works.wrong >= LEAST_WRONG && share >= MOST).then_some(Mark::WrongSolutions { share })
}

/// Browsers do their work by themselves, soon after it is asked for, also where nobody then needs it. So that hardly any is
/// done means that none can be, or that whoever asks is no browser.
fn work_undone(works: &Works) -> Option<Mark> {
    const LEAST_WORKS: u64 = 100;
    const LEAST: f64 = 0.02;
    let share = works.done_share()?;
    (works.done + works.undone >= LEAST_WORKS && share < LEAST).then_some(Mark::WorkUndone { share })
}

/// How many words were shown, at the most: who sees one fetches its picture or its sound, if not both or several. So
/// those that a site issues and never shows are nobody's skipping.
fn shown(counts: &Counts) -> u64 {
    counts.issued.min(counts.images + counts.sounds)
}

/// The times that a report on some span looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    span: Span,
    from: u64,
    now: u64,
}

impl Window {
    pub(super) const fn new(span: Span, now: u64) -> Self {
        let step = span.step_secs();
        let last = now / step * step;
        Self { span, from: last.saturating_sub((span.points() - 1) * step), now }
    }

    const fn length(self) -> u64 {
        self.span.points() * self.span.step_secs()
    }

    const fn time(self) -> Range<u64> {
        self.from..self.from + self.length()
    }

    /// As much time before, to the nearest row: the last point is not over, and was not over then.
    fn time_before(self) -> Range<u64> {
        let (from, row) = (self.from.saturating_sub(self.length()), self.span.grain().secs());
        let until = (self.now.saturating_sub(self.length()) + row / 2) / row * row;
        from..until.max(from)
    }

    /// The rows of hours that the points take.
    pub(super) const fn hours(self) -> Range<u64> {
        match self.span.grain() {
            Grain::Minute => 0..0,
            Grain::Hour => self.time(),
        }
    }

    /// The rows of hours that the points take, and the time before.
    pub(super) fn hours_and_before(self) -> Range<u64> {
        match self.span.grain() {
            Grain::Minute => 0..0,
            Grain::Hour => self.time_before().start..self.time().end,
        }
    }

    /// The rows of minutes that the points take: all, or those of hours in which some challenges may still be answered.
    pub(super) const fn minutes(self) -> Range<u64> {
        match self.span.grain() {
            Grain::Minute => self.time(),
            Grain::Hour => Grain::Hour.begin(self.now).saturating_sub(3 * HOUR_SECS)..self.time().end,
        }
    }

    /// The last hour.
    const fn hour(self) -> Range<u64> {
        let end = Grain::Minute.begin(self.now) + MINUTE_SECS;
        end.saturating_sub(HOUR_SECS)..end
    }

    /// The 24 hours before the last hour.
    const fn day_before(self) -> Range<u64> {
        let end = self.hour().start;
        end.saturating_sub(DAY_SECS)..end
    }

    /// The rows of minutes that the points take, the time before, and marks, which go back the furthest.
    pub(super) const fn minutes_and_before(self) -> Range<u64> {
        self.day_before().start..self.time().end
    }
}

/// The rows of an app, with what it takes to tell what is left over of it: words unanswered, work undone, tokens
/// unredeemed.
pub(super) struct View {
    pub(super) minutes: Rows,
    pub(super) hours: Rows,
    /// How long the app's challenges can be answered.
    pub(super) ttl_secs: u64,
}

impl View {
    pub(super) fn report(&self, window: Window) -> Report {
        let (time, step) = (window.time(), window.span.step_secs());
        let point = |begins_at| Point { begins_at, counts: self.counts(window, begins_at..begins_at + step) };
        Report {
            span: window.span,
            from: window.from,
            points: (0..window.span.points()).map(|number| point(time.start + number * step)).collect(),
            total: self.total(window),
            before: self.counts(window, window.time_before()),
            marks: self.marks(window),
        }
    }

    /// What looks unlike people in the hour that ends now, whatever the span is.
    pub(super) fn marks(&self, window: Window) -> Vec<Mark> {
        let marked = |time| self.sum(&self.minutes, Grain::Minute, time, window.now);
        Mark::find(&marked(window.hour()), &marked(window.day_before()))
    }

    pub(super) fn total(&self, window: Window) -> Counts {
        self.counts(window, window.time())
    }

    fn counts(&self, window: Window, time: Range<u64>) -> Counts {
        let grain = window.span.grain();
        let rows = match grain {
            Grain::Minute => &self.minutes,
            Grain::Hour => &self.hours,
        };
        self.sum(rows, grain, time, window.now)
    }

    fn sum(&self, rows: &Rows, grain: Grain, time: Range<u64>, now: u64) -> Counts {
        let mut sum = Counts::default();
        for (begin, row) in rows.range(time) {
            sum += &row.counts;
            // A crash may have lost a count of what was issued, and not what became of it.
            let (answerable, redeemable) = (self.ttl_secs, Audience::LONGEST_LIFE_SECS);
            let left = |life_secs: u64, of: fn(&Row) -> u64| {
                self.left_over(grain, *begin, row, now.saturating_sub(life_secs), of)
            };
            sum.unanswered += left(answerable, |row| row.counts.issued.saturating_sub(row.settled));
            sum.works.undone += left(answerable, |row| row.counts.works.issued.saturating_sub(row.counts.works.done));
            sum.unredeemed += left(redeemable, |row| row.counts.tokens.saturating_sub(row.counts.redeemed));
            sum.unredeemed_for_work +=
                left(redeemable, |row| row.counts.means.work.saturating_sub(row.counts.redeemed_for_work));
        }
        sum
    }

    /// What is left over of a row whose time ended a while before `ended_at`, so that nothing becomes of it any more; of
    /// an hour that is not over, what is left over of those of its minutes that are.
    fn left_over(&self, grain: Grain, begin: u64, row: &Row, ended_at: u64, of: fn(&Row) -> u64) -> u64 {
        let is_over = |grain: Grain, begin: u64| begin + grain.secs() + LATE_SECS <= ended_at;
        if is_over(grain, begin) {
            return of(row);
        }
        match grain {
            Grain::Minute => 0,
            Grain::Hour => {
                let minutes = self.minutes.range(begin..begin + HOUR_SECS);
                minutes.filter(|(begin, _)| is_over(Grain::Minute, **begin)).map(|(_, row)| of(row)).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests;
