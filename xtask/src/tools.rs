//! Programs from crates.io that a command needs: installed with Cargo where they are missing.

use std::process::{Command, Stdio};

use crate::command::{cargo, run};

/// A program with the crate that it comes from, and a version of it that is known to do.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Tool {
    /// Installs the program, which takes minutes, unless it is there.
    pub(crate) fn install(&self) -> anyhow::Result<()> {
        if self.is_there() {
            return Ok(());
        }
        // They run for seconds at the most. To build them without optimisation is what saves time.
        run(&mut cargo(&["install", "--locked", "--debug", &format!("{}@{}", self.name, self.version)]))
    }

    pub(crate) fn is_there(&self) -> bool {
        let asking = Command::new(self.name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asking.is_ok_and(|status| status.success())
    }
}
