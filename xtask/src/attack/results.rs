//! Results as lines of JSON, each headed by what it was measured for.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
};

use anyhow::{Context, bail};

/// The file of results.
pub(super) struct Results {
    path: PathBuf,
    commit: String,
    /// Held while a line is written, since two solvers may finish at once.
    writing: Mutex<()>,
}

impl Results {
    /// Opens the file of results in a folder, which is made if it is missing.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { path: folder.join("results.jsonl"), commit: commit()?, writing: Mutex::new(()) })
    }

    /// The newest result for a key, if there is one.
    pub(super) fn find(&self, key: &str) -> anyhow::Result<Option<String>> {
        let _writing = self.writing.lock().expect("no writer panics");
        if !self.path.exists() {
            return Ok(None);
        }
        let head = head(key);
        let text = fs::read_to_string(&self.path).with_context(|| format!("cannot read {}", self.path.display()))?;
        Ok(text.lines().rev().find(|line| line.starts_with(&head)).map(ToOwned::to_owned))
    }

    /// Adds the line that a solver printed, with the key and with what was run, and returns it.
    pub(super) fn add(&self, key: &str, arguments: &[String], printed: &str) -> anyhow::Result<String> {
        let Some(fields) = printed.trim().strip_prefix('{') else { bail!("this is no result: {printed}") };
        let head = head(key);
        let command = format!("python attack/{}", arguments.join(" "));
        let line = format!(r#"{head} "commit": "{}", "command": "{command}", {fields}"#, self.commit);
        let _writing = self.writing.lock().expect("no writer panics");
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        writeln!(file, "{line}").with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(line)
    }
}

fn head(key: &str) -> String {
    format!(r#"{{"key": "{key}","#)
}

/// A field of a result.
pub(super) fn number(line: &str, field: &str) -> Option<f64> {
    let (_, after) = line.split_once(&format!("\"{field}\": "))?;
    after.split([',', '}']).next()?.trim().parse().ok()
}

/// The commit at hand, marked if the files differ from it.
fn commit() -> anyhow::Result<String> {
    let output = Command::new("git").args(["describe", "--always", "--dirty=+", "--abbrev=10"]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
