//! `haechi check-config`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;
use haechi::installation::config::{ConfigError, Problem, read_file};
use serde_json::json;

use super::{Common, output};

#[derive(Args)]
pub(super) struct CheckConfig {
    /// The file [default: that of --config or HAECHI_CONFIG]
    file: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl CheckConfig {
    pub(super) fn run(self) -> Result<ExitCode> {
        let from_environment = || std::env::var_os("HAECHI_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        let named = self.file.or(self.common.config).or_else(from_environment);
        let path = named.context("name a configuration file to check")?;
        let problems = match read_file(&path) {
            Ok(_) => Vec::new(),
            Err(ConfigError::File { problems, .. }) => problems,
            Err(other) => return Err(other.into()),
        };
        if self.common.json {
            output::print_json(&report(&problems))?;
        } else if problems.is_empty() {
            output::print("ok\n")?;
        } else {
            let lines: String = problems.iter().map(|problem| format!("{}:{problem}\n", path.display())).collect();
            output::print(&lines)?;
        }
        Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn report(problems: &[Problem]) -> serde_json::Value {
    let errors: Vec<_> =
        problems.iter().map(|Problem { line, message }| json!({"line": line, "message": message})).collect();
    json!({"ok": problems.is_empty(), "errors": errors})
}
