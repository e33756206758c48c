//! Standard output.

use std::io::{self, Write};

use anyhow::Result;
pub(super) use haechi::calendar::rfc3339;
use haechi::logging;
use serde::Serialize;
use tracing::Level;

/// Ends the process because its command line cannot be read, or asks for help.
pub(super) fn leave(error: &clap::Error) -> ! {
    if !error.use_stderr() || !logging::speaks_json() {
        error.exit()
    }
    let text = error.to_string();
    logging::say(Level::ERROR, text.trim_end().trim_start_matches("error: "));
    std::process::exit(error.exit_code())
}

/// Prints text as it is.
pub(super) fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints a value as JSON, on one line for one that fits there, so that `read` and `jq` can both take it.
pub(super) fn print_json(value: &impl Serialize) -> Result<()> {
    let mut json = serde_json::to_string(value)?;
    json.push('\n');
    print(&json)
}

/// Prints bytes, such as a picture's.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Whether the reader of our output went away, which is its right.
pub(super) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
