//! Programs from crates.io that a command needs: installed with Cargo where they are missing.

use crate::{
    command::{cargo, run},
    packages::is_there,
};

/// A program with the crate that it comes from, a version of it that is known to do, and how it is built.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Arguments that leave out what is not needed of it, or optimise what would take minutes.
    pub(crate) features: &'static [&'static str],
}

impl Tool {
    /// Installs the program, which takes minutes, unless it is there.
    pub(crate) fn install(&self) -> anyhow::Result<()> {
        if is_there(self.name) {
            return Ok(());
        }
        // They run for seconds at the most. To build them without optimisation is what saves time.
        let mut install = cargo(&["install", "--locked", "--debug", &format!("{}@{}", self.name, self.version)]);
        run(install.args(self.features).env("CARGO_PROFILE_DEV_DEBUG", "0"))
    }
}
