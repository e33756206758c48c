//! The command line.

mod access;
mod apps;
mod backup;
mod check_config;
mod healthcheck;
mod inspect;
mod manuals;
mod notifications;
mod output;
mod render;
mod samples;
mod secret;
mod serve;
mod speak;
mod webhook;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use haechi::{
    installation::config::{self, Config, ConfigError, Options},
    logging::{self, LogFormat},
};
use tracing::Level;

/// Self-hosted CAPTCHA server with the wire API of NHN Cloud CAPTCHA v1.0
#[derive(Parser)]
#[command(name = "haechi", version, after_help = "Without a command, haechi serves.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Manage apps, whether or not a server is running on the same data
    App(apps::AppArgs),
    /// Manage users of the console
    Admin(access::AdminArgs),
    /// Manage tokens for the admin API
    Token(access::TokenArgs),
    /// Addresses that are told when something in the statistics looks unlike people, and when it no longer does
    Webhook(webhook::WebhookArgs),
    /// Change the secret under which keys are sealed
    Secret(secret::SecretArgs),
    /// Copy apps, users, tokens, audit log and statistics to a file, whether or not a server is running
    Backup(backup::Backup),
    /// Make the database of a data directory out of a backup
    Restore(backup::Restore),
    /// Draw pictures to files
    Render(render::Render),
    /// Speak sounds to files
    Speak(speak::Speak),
    /// Show what a key says: app, times, state, answer
    Inspect(inspect::Inspect),
    /// Check a configuration file
    CheckConfig(check_config::CheckConfig),
    /// Ask a server whether it is well
    Healthcheck(healthcheck::Healthcheck),
    /// Print the description of the HTTP API (OpenAPI, JSON)
    Openapi(Common),
    /// Print what a shell needs to complete this program's commands and flags
    Completions(manuals::Completions),
    /// Write the manual pages
    Man(manuals::Manual),
}

/// What every command takes.
#[derive(Args)]
struct Common {
    /// Configuration file, in TOML [env: HAECHI_CONFIG=]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Directory of the database, the secret and the control socket [env: HAECHI_DATA=] [default: haechi-data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long, global = true)]
    json: bool,
}

impl Common {
    /// The configuration that a server in the same place would have.
    fn config(&self) -> Result<Config, ConfigError> {
        let place = Options { config: self.config.clone(), data: self.data.clone(), ..Options::default() };
        let environment = config::from_environment().unwrap_or_else(|error| error.exit());
        Config::load(place.or(environment))
    }
}

/// Carries out the process's command line.
pub(crate) fn run() -> ExitCode {
    let args = with_command(std::env::args_os().collect());
    // Who looks after commands is a person, and after a server it may be a machine, from its first line on.
    if args.get(1).is_some_and(|command| command == "serve") {
        logging::speak(log_format_of(&args).unwrap_or_default());
    }
    let command = Cli::command().mut_subcommand("serve", config::without_empty_environment);
    let matches = command.try_get_matches_from(args);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches)).unwrap_or_else(|error| output::leave(&error));
    match cli.command.run() {
        Ok(code) => code,
        Err(error) if output::is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            logging::say(Level::ERROR, &with_causes(&error).replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

/// The form of the log as far as flags and the environment say it, whatever else is wrong with them.
fn log_format_of(args: &[OsString]) -> Option<LogFormat> {
    let words: Vec<_> = args.iter().map(|word| word.to_string_lossy()).collect();
    let apart = words.windows(2).filter(|pair| pair[0] == "--log-format").map(|pair| pair[1].to_string());
    let joined = words.iter().filter_map(|word| word.strip_prefix("--log-format=").map(str::to_owned));
    let flag = apart.chain(joined).next();
    LogFormat::from_str(&flag.or_else(|| std::env::var("HAECHI_LOG_FORMAT").ok())?, false).ok()
}

/// Warns of what is in the environment and is probably misspelt.
fn warn_of_environment() {
    for name in config::unknown_environment() {
        logging::say(Level::WARN, &format!("{name} is in the environment, but haechi has no setting of that name"));
    }
}

impl Command {
    fn run(self) -> anyhow::Result<ExitCode> {
        // A server says it once it knows in which form it is to say things.
        if !matches!(self, Self::Serve(_)) {
            warn_of_environment();
        }
        match self {
            Self::Serve(command) => command.run(),
            Self::App(command) => command.run(),
            Self::Admin(command) => command.run(),
            Self::Token(command) => command.run(),
            Self::Webhook(command) => command.run(),
            Self::Secret(command) => command.run(),
            Self::Backup(command) => command.run(),
            Self::Restore(command) => command.run(),
            Self::Render(command) => command.run(),
            Self::Speak(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::CheckConfig(command) => command.run(),
            Self::Healthcheck(command) => command.run(),
            Self::Openapi(_) => {
                output::print_json(&haechi::dialect::openapi())?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Completions(command) => command.run(Cli::command()),
            Self::Man(command) => command.run(Cli::command()),
        }
    }
}

/// A command line of nothing but flags is one of `serve`.
fn with_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let asks_about_program = |arg: &OsString| ["-h", "--help", "-V", "--version"].iter().any(|flag| arg == flag);
    let is_flag = |arg: &OsString| arg.to_string_lossy().starts_with('-');
    if args.get(1).is_none_or(|first| is_flag(first) && !asks_about_program(first)) {
        let place = args.len().min(1);
        args.insert(place, "serve".into());
    }
    args
}

/// An error and its causes. Many a text holds its cause already, for those who see nothing else of it.
fn with_causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_alone_mean_serve() {
        let check = |line: &str, expected: &str| {
            let args = with_command(line.split(' ').map(OsString::from).collect());
            assert_eq!(args.join(" ".as_ref()).to_string_lossy(), expected);
        };
        check("haechi", "haechi serve");
        check("haechi --listen x", "haechi serve --listen x");
        check("haechi --version", "haechi --version");
        check("haechi app list", "haechi app list");
    }

    #[test]
    fn the_form_of_the_log_is_known_before_anything_else_is() {
        let check = |line: &str, expected| {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(log_format_of(&args), expected, "{line}");
        };
        check("haechi serve --wrong --log-format json", Some(LogFormat::Json));
        check("haechi serve --log-format=human --wrong", Some(LogFormat::Human));
        check("haechi serve --log-format=xml", None);
        check("haechi serve --log-format", None);
    }
}
