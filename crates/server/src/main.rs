//! The program: one command line, read and carried out.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
