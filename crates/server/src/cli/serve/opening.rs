//! The opening of the installation, which may have to wait.
//!
//! A command may have the database open for a moment. Redis may come up later than this server, as at a machine's boot;
//! meanwhile clients are told so, and nothing ends.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use haechi::{
    clock::unix_now,
    installation::{Installation, InstallationError, config::Config},
    keep::store::StoreError,
    router,
};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::{Listeners, Stopping};

/// Together they are longer than any command has the database open.
const LOCKED_TRIES: u32 = 10;
const LOCKED_PAUSE: Duration = Duration::from_millis(100);
/// How often Redis is tried that is not there yet.
const AWAY_PAUSE: Duration = Duration::from_secs(1);
/// After how many tries it is said again.
const AWAY_TRIES_SAID: u32 = 60;

/// Opens the installation and the sockets, whatever time that takes; nothing if the process is told to stop before.
pub(super) async fn open(
    config: &Config,
    tls: Option<TlsAcceptor>,
    stopping: &Stopping,
) -> Result<Option<(Installation, Listeners)>> {
    // A port that is taken is said before anything is made on the disk.
    let listeners = Listeners::bind(config, tls).await?;
    let opened = match try_to_open(config).await? {
        Ok(installation) => Some(installation),
        Err(cause) => open_later(config, listeners.try_clone()?, stopping, cause).await?,
    };
    Ok(opened.map(|installation| (installation, listeners)))
}

/// Opens it now, or says why it may be possible later.
async fn try_to_open(config: &Config) -> Result<Result<Installation, InstallationError>> {
    for _ in 0..LOCKED_TRIES {
        match Installation::open(config, unix_now()).await {
            Err(InstallationError::Store(StoreError::Locked { .. })) => tokio::time::sleep(LOCKED_PAUSE).await,
            Err(error) if error.may_pass(&config.ledger.kind) => return Ok(Err(error)),
            opened => return Ok(Ok(opened?)),
        }
    }
    bail!(
        "{} is in use by another haechi: stop that one, or choose another directory with --data",
        config.data.display()
    )
}

/// Tries again and again, while clients are told that nothing can be decided yet.
async fn open_later(
    config: &Config,
    listeners: Listeners,
    stopping: &Stopping,
    mut cause: InstallationError,
) -> Result<Option<Installation>> {
    let (opened, awaited) = watch::channel(());
    let router = || router::waiting(config.limits.proxies.clone(), config.listening.public_path.clone());
    let (public, operators) = (router(), router());
    let until = move || {
        let mut awaited = awaited.clone();
        // It ends when the sender is dropped, which nothing is ever sent by.
        async move { while awaited.changed().await.is_ok() {} }
    };
    // Its last requests may end later than the others begin.
    tokio::spawn(async move { listeners.serve_routers(public, Arc::default(), operators, until).await });
    for tries in 0.. {
        if tries % AWAY_TRIES_SAID == 0 {
            tracing::warn!(%cause, "nothing is issued or decided before Redis is there: it is tried every second");
        }
        tokio::select! {
            () = tokio::time::sleep(AWAY_PAUSE) => {}
            () = stopping.clone().wait() => break,
        }
        match try_to_open(config).await? {
            Ok(installation) => {
                tracing::info!("Redis is there");
                drop(opened);
                return Ok(Some(installation));
            }
            Err(error) => cause = error,
        }
    }
    Ok(None)
}
