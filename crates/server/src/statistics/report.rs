//! What is told of what was counted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Counts;

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
}
