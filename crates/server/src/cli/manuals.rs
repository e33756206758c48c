//! `haechi completions` and `haechi man`: what shells and manuals are told, from the definition of the command line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::output;

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Manual {
    /// Directory for the pages; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Completions {
    pub(super) fn run(&self, mut program: Command) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut program, "haechi", &mut script);
        output::print_bytes(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Manual {
    pub(super) fn run(&self, program: Command) -> Result<ExitCode> {
        fs::create_dir_all(&self.out).with_context(|| format!("cannot make {}", self.out.display()))?;
        // Each page is named by the words that call the command: haechi-app-create.1.
        let mut program = program.disable_help_subcommand(true);
        program.build();
        write_pages(&program, &self.out)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes the page of a command and of those below it.
fn write_pages(command: &Command, directory: &Path) -> Result<()> {
    let page = Man::new(command.clone()).source(concat!("haechi ", env!("CARGO_PKG_VERSION"))).manual("haechi");
    let path = page
        .generate_to(directory)
        .with_context(|| format!("cannot write {}", directory.join(page.get_filename()).display()))?;
    output::print(&format!("wrote {}\n", path.display()))?;
    command.get_subcommands().try_for_each(|command| write_pages(command, directory))
}
