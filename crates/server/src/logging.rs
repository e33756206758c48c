//! The log, on standard error.
//!
//! The level that is asked for is this program's. Of its dependencies, whose more talkative messages may hold requests
//! with appkeys and answers, only warnings are ever logged.
//!
//! What the program says beside its log ([`say`]) goes there too, in the same form: who reads objects gets nothing else.

use std::{
    io::{self, IsTerminal, Write},
    panic,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde::Deserialize;
use serde_json::json;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    calendar::rfc3339,
    clock::unix_now,
    traces::{self, Traces},
};

/// Whether what is said is an object a line.
static SPEAKS_JSON: AtomicBool = AtomicBool::new(false);

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
    speak(logging.format);
    let targets = targets(level_filter(logging.level));
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match logging.format {
        LogFormat::Human => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // It fails only if there is a log already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).with(traces.map(Traces::layer)).try_init();
}

/// Has what is [said](say) be of this form from now on.
pub fn speak(format: LogFormat) {
    let is_json = format == LogFormat::Json;
    if is_json && !SPEAKS_JSON.swap(true, Ordering::Relaxed) {
        // The usual hook prints lines for people.
        panic::set_hook(Box::new(|panicked| say(Level::ERROR, &panicked.to_string())));
    }
    SPEAKS_JSON.store(is_json, Ordering::Relaxed);
}

/// Whether what is said is an object a line.
#[must_use]
pub fn speaks_json() -> bool {
    SPEAKS_JSON.load(Ordering::Relaxed)
}

/// Says something on standard error, whatever is logged. If nobody reads that, there is nobody to tell.
pub fn say(level: Level, text: &str) {
    let line = if speaks_json() { said_to_machines(level, text) } else { said(level, text) };
    let _ = writeln!(io::stderr(), "{line}");
}

fn said(level: Level, text: &str) -> String {
    match level {
        Level::ERROR => format!("error: {text}"),
        Level::WARN => format!("warning: {text}"),
        _ => text.to_owned(),
    }
}

/// As a line of the log is.
fn said_to_machines(level: Level, text: &str) -> String {
    let timestamp = rfc3339(unix_now());
    json!({"timestamp": timestamp, "level": level.as_str(), "message": text, "target": "haechi"}).to_string()
}

/// From which part of the program what is logged.
fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("haechi", level)
        .with_target("haechi_captcha", level)
        // It warns of each client that misbehaves, and so would write as much as they like.
        .with_target("h2", level.min(LevelFilter::ERROR))
        .with_target(traces::TARGET, LevelFilter::OFF)
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

    /// Attack W17: forty connections that reset streams made forty lines.
    #[test]
    fn no_client_writes_into_the_log_by_way_of_the_http2_library() {
        let usual = targets(LevelFilter::INFO);
        assert!(!usual.would_enable("h2::proto::streams::streams", &Level::WARN));
        assert!(usual.would_enable("h2::proto::streams::streams", &Level::ERROR));
        assert!(usual.would_enable("hyper_util", &Level::WARN) && !usual.would_enable("hyper_util", &Level::INFO));
        assert!(!targets(LevelFilter::TRACE).would_enable("h2", &Level::WARN));
        assert!(!targets(LevelFilter::OFF).would_enable("h2", &Level::ERROR));
    }

    #[test]
    fn machines_are_told_in_objects_and_people_in_words() {
        assert_eq!(said(Level::WARN, "it rains"), "warning: it rains");
        assert_eq!(said(Level::INFO, "it rains"), "it rains");
        let object: serde_json::Value = serde_json::from_str(&said_to_machines(Level::ERROR, "a \"b\"\nc")).unwrap();
        assert_eq!((&object["level"], &object["message"]), (&"ERROR".into(), &"a \"b\"\nc".into()));
    }

    #[test]
    fn a_message_is_let_through_once_in_a_while() {
        let seldom = Seldom::new();
        assert!(seldom.is_due());
        // The clock may come to the next seconds in between, but not to five of them.
        assert!(!seldom.is_due());
    }
}
