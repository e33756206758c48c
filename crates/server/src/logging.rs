//! The log, on standard error.
//!
//! The level that is asked for is this program's. Of its dependencies, whose more talkative messages may hold requests
//! with appkeys and answers, only warnings are ever logged.

use std::{
    io::{self, IsTerminal},
    sync::atomic::{AtomicU64, Ordering},
};

use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    clock::unix_now,
    traces::{self, Traces},
};

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// Down to which level.
    pub level: LogLevel,
    /// In which form.
    pub format: LogFormat,
}

/// How serious a message must be to be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing is logged
    Off,
    /// What must not happen
    Error,
    /// What an operator should look into
    Warn,
    /// What happens seldom
    #[default]
    Info,
    /// What happens with every request
    Debug,
    /// Everything
    Trace,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people
    #[default]
    Human,
    /// One JSON object a line
    Json,
}

/// Starts to log, and to trace if that is wanted. To be called once in a process; later calls change nothing.
pub fn start(logging: Logging, traces: Option<&Traces>) {
    let level = level_filter(logging.level);
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("haechi", level)
        .with_target("haechi_captcha", level)
        .with_target(traces::TARGET, LevelFilter::OFF);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match logging.format {
        LogFormat::Human => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // It fails only if there is a log already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).with(traces.map(Traces::layer)).try_init();
}

fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Lets a message through at most every so many seconds, which else would come with every request while something is
/// wrong, and fill the disk that may be what is wrong.
pub(crate) struct Seldom {
    pause_secs: u64,
    last: AtomicU64,
}

impl Seldom {
    /// Every five seconds.
    pub(crate) const fn new() -> Self {
        Self::every(5)
    }

    pub(crate) const fn every(pause_secs: u64) -> Self {
        Self { pause_secs, last: AtomicU64::new(0) }
    }

    /// Whether the message may be logged now. Of those who ask at once, one may.
    pub(crate) fn is_due(&self) -> bool {
        let (last, now) = (self.last.load(Ordering::Relaxed), unix_now());
        let is_due = now.abs_diff(last) >= self.pause_secs;
        is_due && self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_let_through_once_in_a_while() {
        let seldom = Seldom::new();
        assert!(seldom.is_due());
        // The clock may come to the next seconds in between, but not to five of them.
        assert!(!seldom.is_due());
    }
}
