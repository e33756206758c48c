//! `haechi serve`: the life of a server. What it says of itself, and does meanwhile, is in the files below.

mod announce;
mod keeping;
mod listeners;
mod opening;
mod system;
mod warnings;

use std::{
    io,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use clap::Args;
use haechi::{
    clock::unix_now,
    domain::{
        admin::{AdminError, Administration, keep_delivering},
        apps::{AppError, AppStore, MadeApp, SettingChanges},
        service::Service,
    },
    http::tls::Tls,
    installation::{
        Installation,
        config::{Config, Options},
        control::{self, ControlSocket, Controls},
    },
    logging,
    traces::Traces,
};
use tokio::{
    net::UnixListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use self::{
    announce::{Announcer, FirstUser},
    keeping::{flush, keep_certificate, keep_flushing, keep_looking, keep_secrets, purge},
    listeners::Listeners,
    system::forbid_core_dumps,
    warnings::{report_ledger_ahead, warn_about},
};

pub(super) use self::announce::reachable;
use super::warn_of_environment;

/// When the server ends, the longest that the commands that run may take, and then the ledger, to write what it holds.
const MAX_CLOSE_TIME: Duration = Duration::from_secs(10);
/// The longest to wait for the first second, which is longer only if the clock went back.
const MAX_FIRST_WAIT: Duration = Duration::from_secs(1);
/// The app that a first start makes.
const FIRST_APP: &str = "default";

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    options: Options,
    /// Print the address, and with --print-secrets the names of an app that was made, as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        let announcer = Announcer::new(self.json, &self.options);
        let loaded = Config::load(self.options);
        if let Ok(config) = &loaded {
            logging::speak(config.logging.format);
        }
        warn_of_environment();
        let config = loaded?;
        let traces = config.traces.as_ref().map(Traces::new).transpose()?;
        logging::start(config.logging, traces.as_ref());
        forbid_core_dumps();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(serve(&config, &announcer));
        if let Some(traces) = traces {
            traces.close();
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(config: &Config, announcer: &Announcer) -> Result<()> {
    let stopping = Stopping::on_signals().context("cannot wait for signals")?;
    let tls = config.certificate.clone().map(Tls::open).transpose()?;
    let acceptor = tls.as_ref().map(Tls::acceptor);
    let Some((installation, listeners)) = opening::open(config, acceptor, &stopping).await? else { return Ok(()) };
    let Installation { apps, administration, service, statistics, store } = installation;
    let secrets = tokio::spawn(keep_secrets(config.clone(), Arc::clone(&service)));
    let reloading = tls.map(|tls| tokio::spawn(keep_certificate(tls)));
    let mut socket = ControlSocket::bind(&config.data).context("cannot open the control socket")?;
    let controls = Controls {
        administration: Arc::clone(&administration),
        service: Arc::clone(&service),
        store,
        data: config.data.clone(),
    };
    let control = spawn_control(socket.listener()?, controls, stopping.clone());
    let purge = tokio::spawn(purge(Arc::clone(&service)));
    let looking = tokio::spawn(keep_looking(Arc::clone(&service)));
    let flushing = tokio::spawn(keep_flushing(Arc::clone(&statistics)));

    wait_for_first_key(&service).await;
    let first_app = make_first_app(&apps)?;
    apps.follow();
    warn_about(config, &apps);
    report_ledger_ahead(&service);
    let shows_secrets = announcer.shows_secrets(config);
    let first_user = first_user(&administration, shows_secrets).await;
    keep_delivering(&administration).context("cannot begin to deliver to webhooks")?;
    announcer.announce(&listeners, config, first_app.as_ref(), &first_user)?;
    listeners.serve(config, &service, &administration, &stopping).await;

    purge.abort();
    looking.abort();
    flushing.abort();
    secrets.abort();
    if let Some(reloading) = reloading {
        reloading.abort();
    }
    let commands_ended = ends_in_time(control, "commands were still running and are cut off").await;
    drop(socket);
    let lost = "the ledger did not close in time; what it had not confirmed may be lost";
    let (flushed, ledger_closed) = tokio::join!(
        ends_in_time(flush(&statistics), "the last statistics were not stored in time, and are lost"),
        ends_in_time(service.ledger().close(), lost),
    );
    if !(commands_ended && flushed && ledger_closed) {
        // To return would be to wait for them all the same: a disk that does not answer holds up whoever drops them.
        std::process::exit(1);
    }
    Ok(())
}

/// Waits for something to end, or says what it means that it takes too long.
async fn ends_in_time(ending: impl Future, meaning: &str) -> bool {
    let ended = tokio::time::timeout(MAX_CLOSE_TIME, ending).await.is_ok();
    if !ended {
        tracing::error!("{meaning}");
    }
    ended
}

/// Waits, if the ledger has lost its memory, until its first second is over.
///
/// Keys of that second count as spent, and later ones must not be issued early: if the process ended within the
/// second, the next one would take them for keys of its own.
async fn wait_for_first_key(service: &Service) {
    let first = Duration::from_secs(service.ledger().issue_not_before());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    tokio::time::sleep(first.saturating_sub(now).min(MAX_FIRST_WAIT)).await;
}

/// Whether the process was told to stop.
#[derive(Clone)]
struct Stopping(watch::Receiver<bool>);

impl Stopping {
    fn on_signals() -> io::Result<Self> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (tell, told) = watch::channel(false);
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping");
            tell.send_replace(true);
        });
        Ok(Self(told))
    }

    async fn wait(mut self) {
        // It fails only if nobody can tell any more, which is as good a reason to stop.
        let _ = self.0.wait_for(|is_stopping| *is_stopping).await;
    }
}

/// Carries out commands until the process is told to stop and those that run are finished.
fn spawn_control(listener: UnixListener, controls: Controls, stopping: Stopping) -> JoinHandle<()> {
    let serving = axum::serve(listener, control::router(controls)).with_graceful_shutdown(stopping.wait());
    tokio::spawn(async {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the control socket can no longer be used");
        }
    })
}

fn make_first_app(apps: &AppStore) -> Result<Option<MadeApp>> {
    if apps.count() > 0 {
        return Ok(None);
    }
    match apps.create(FIRST_APP, &SettingChanges::default(), unix_now()) {
        Ok(made) => Ok(Some(made)),
        // Another node, which shares the apps, was first.
        Err(AppError::NameTaken(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether the console has a user; if not, and if the code is wanted by which the first one is made, that.
async fn first_user(administration: &Arc<Administration>, wants_code: bool) -> FirstUser {
    let administration = Arc::clone(administration);
    let asking = tokio::task::spawn_blocking(move || match wants_code {
        true => Ok(administration.code_for_first_user(unix_now())?.map_or(FirstUser::IsThere, FirstUser::MadeWith)),
        false if administration.awaits_first_user()? => Ok(FirstUser::IsMissing),
        false => Ok::<_, AdminError>(FirstUser::IsThere),
    });
    match asking.await {
        Ok(Ok(first_user)) => first_user,
        Ok(Err(error)) => {
            tracing::warn!(%error, "whether there are users of the console is not known");
            FirstUser::IsThere
        }
        Err(_) => FirstUser::IsThere,
    }
}
