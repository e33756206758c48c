//! The log, on standard error.
//!
//! The level that is asked for is this program's. Of its dependencies, whose more talkative messages may hold requests
//! with appkeys and answers, only warnings are ever logged.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{LogFormat, LogLevel, Logging};

/// Starts to log. To be called once in a process; later calls change nothing.
pub fn start(logging: Logging) {
    let level = level_filter(logging.level);
    let targets = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("haechi", level)
        .with_target("haechi_captcha", level);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match logging.format {
        LogFormat::Human => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // It fails only if there is a log already.
    let _ = tracing_subscriber::registry().with(lines.with_filter(targets)).try_init();
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
