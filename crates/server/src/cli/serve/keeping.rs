//! What is done again and again while the server lives.

use std::{sync::Arc, time::Duration};

use haechi::{
    clock::unix_now,
    domain::{service::Service, statistics::Statistics},
    http::tls::Tls,
    installation::{
        config::Config,
        secrets::{SecretFiles, SecretWatch, Secrets},
    },
};
use tokio::time::{Interval, MissedTickBehavior};

/// How often the ledger forgets what is past its time.
const PURGE_INTERVAL: Duration = Duration::from_secs(5);
/// How often a ledger that others can reach is looked at, whether or not anybody asks if the server is ready.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How often what was counted is stored. It is what a crash may lose.
const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// How often the files of secrets and of the certificate are looked at.
const FILES_INTERVAL: Duration = Duration::from_secs(2);

/// Ticks now, and after each pause once more. What was missed is not made up for.
fn ticks(pause: Duration) -> Interval {
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Forgets what the ledger need not remember.
pub(super) async fn purge(service: Arc<Service>) {
    let mut ticks = ticks(PURGE_INTERVAL);
    loop {
        ticks.tick().await;
        match service.purge().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "forgot keys past their time"),
            Err(error) => tracing::error!(%error, "keys past their time could not be forgotten"),
        }
    }
}

/// Finds out what is wrong with a ledger that others can reach, so that log and metrics say it. Others are changed by
/// nobody else.
pub(super) async fn keep_looking(service: Arc<Service>) {
    if !service.ledger().is_shared() {
        return;
    }
    let mut ticks = ticks(LOOK_INTERVAL);
    loop {
        ticks.tick().await;
        // Whoever asks is told; log and metrics have it by now.
        let _ = service.readiness().await;
    }
}

/// Takes what the secrets' files hold by now.
pub(super) async fn keep_secrets(config: Config, service: Arc<Service>) {
    let files = SecretFiles::of(&config);
    let mut watch = match Secrets::read(&files, unix_now()) {
        Ok(secrets) => {
            // They may have changed since they were read for the first time.
            service.change_keyring(secrets.keyring());
            SecretWatch::new(files, secrets)
        }
        Err(error) => return tracing::error!(%error, "a change of the secret will not be noticed"),
    };
    let (mut last_fault, mut ticks) = (String::new(), ticks(FILES_INTERVAL));
    loop {
        ticks.tick().await;
        let fault = match watch.reread(unix_now()) {
            Ok(Some(keyring)) => {
                service.change_keyring(keyring);
                tracing::info!("the secrets were changed, and the new ones are in use");
                String::new()
            }
            Ok(None) => String::new(),
            Err(error) => error.to_string(),
        };
        if !fault.is_empty() && fault != last_fault {
            tracing::error!(fault, "the changed secrets cannot be used; the server keeps those it has");
        }
        last_fault = fault;
    }
}

/// Takes what the certificate's files hold by now.
pub(super) async fn keep_certificate(mut tls: Tls) {
    let mut ticks = ticks(FILES_INTERVAL);
    loop {
        ticks.tick().await;
        match tls.reload() {
            Ok(true) => tracing::info!("the certificate was changed, and the new one is in use"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the certificate in use stays, since the new one cannot be used"),
        }
    }
}

/// Stores what was counted.
pub(super) async fn keep_flushing(statistics: Arc<Statistics>) {
    let mut ticks = ticks(FLUSH_INTERVAL);
    loop {
        ticks.tick().await;
        flush(&statistics).await;
    }
}

pub(super) async fn flush(statistics: &Arc<Statistics>) {
    let statistics = Arc::clone(statistics);
    if let Err(error) = tokio::task::spawn_blocking(move || statistics.flush(unix_now())).await {
        tracing::error!(%error, "statistics could not be stored");
    }
}
