//! What an operator may not have meant, or has to know at a start.

use std::env;

use haechi::{
    clock::unix_now,
    domain::{apps::AppStore, service::Service},
    installation::config::{Config, LedgerKind, Listening},
};

use super::super::output::rfc3339;

pub(super) fn warn_about(config: &Config, apps: &AppStore) {
    let Listening { public, operators, .. } = &config.listening;
    if operators.is_none() && !public.is_local() {
        tracing::warn!(
            "/metrics, /docs, /admin and /console are served to everybody on {public}: set --admin-listen to keep them \
             apart"
        );
    }
    let shares_ledger = matches!(config.ledger.kind, LedgerKind::Redis(_));
    if let Some(node) = config.node.filter(|_| !shares_ledger) {
        tracing::warn!(
            "this is node {node} of several, and each has a ledger of its own, so a key can pass once on every server \
             that shares the secret: have one of them judge all answers"
        );
    }
    if config.ledger.kind.has_password() && command_line_has_password() {
        tracing::warn!(
            "everybody on this machine can read the ledger's password on the command line: give its URL in the \
             configuration file, or in HAECHI_LEDGER"
        );
    }
    if config.vendor_test_keys {
        tracing::warn!("the vendors' test keys are known: anybody who has them passes. It is for your own tests only");
    }
    for app in apps.list().into_iter().filter(|app| app.enabled) {
        app.settings.warnings().iter().for_each(|warning| tracing::warn!(app = app.name, "{warning}"));
    }
}

/// Whether a ledger with a password stands on the command line, which any user may read in `/proc`.
fn command_line_has_password() -> bool {
    let words = env::args_os().filter_map(|word| word.into_string().ok());
    words
        .filter_map(|word| word.trim_start_matches("--ledger=").parse().ok())
        .any(|kind: LedgerKind| kind.has_password())
}

/// Says so if nothing that is issued can pass.
pub(super) fn report_ledger_ahead(service: &Service) {
    if let Some(until) = service.ledger_ahead_until(unix_now()) {
        tracing::error!(
            "the ledger is ahead of the clock, and every key is refused until {}: if the clock is right, start once \
             with --ledger memory:, which begins the ledger anew, and then again as before",
            rfc3339(until)
        );
    }
}
