//! `haechi serve`: the life of a server. What it says of itself, and does meanwhile, is in the files below.

mod announce;
mod keeping;
mod system;
mod warnings;

use std::{
    io,
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use haechi::{
    clock::unix_now,
    domain::{
        admin::Administration,
        apps::{AppError, AppStore, MadeApp, SettingChanges},
        service::Service,
    },
    http::{
        server::{self, Limits},
        tls::Tls,
    },
    installation::{
        Installation, InstallationError,
        config::{Config, Listening, Options},
        control::{self, ControlSocket, Controls},
    },
    keep::store::StoreError,
    logging, router,
    traces::Traces,
};
use tokio::{
    net::{TcpListener, UnixListener},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use self::{
    announce::announce,
    keeping::{flush, keep_certificate, keep_flushing, keep_looking, keep_secrets, purge},
    system::{forbid_core_dumps, room_for_connections},
    warnings::{report_ledger_ahead, warn_about},
};

pub(super) use self::announce::reachable;

/// When the server ends, the longest that the commands that run may take, and then the ledger, to write what it holds.
const MAX_CLOSE_TIME: Duration = Duration::from_secs(10);
/// The longest to wait for the first second, which is longer only if the clock went back.
const MAX_FIRST_WAIT: Duration = Duration::from_secs(1);
/// Together they are longer than any command has the database open.
const LOCKED_TRIES: u32 = 10;
const LOCKED_PAUSE: Duration = Duration::from_millis(100);
/// The app that a first start makes.
const FIRST_APP: &str = "default";

#[derive(Args)]
pub(super) struct Serve {
    #[command(flatten)]
    options: Options,
    /// Print the address, and on a first start the names of the app, as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = Config::load(self.options)?;
        let traces = config.traces.as_ref().map(Traces::new).transpose()?;
        logging::start(config.logging, traces.as_ref());
        forbid_core_dumps();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let served = runtime.block_on(serve(&config, self.json));
        if let Some(traces) = traces {
            traces.close();
        }
        served?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(config: &Config, json: bool) -> Result<()> {
    let stopping = Stopping::on_signals().context("cannot wait for signals")?;
    let Installation { apps, administration, service, statistics, store } = open(config).await?;
    let tls = config.certificate.clone().map(Tls::open).transpose()?;
    let listeners = Listeners::bind(config.listening, tls.as_ref().map(Tls::acceptor)).await?;
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
    let first_user = code_for_first_user(&administration).await;
    announce(&listeners, config.listening.demo, first_app.as_ref(), first_user.as_deref(), json);
    listeners.serve(config.listening, &service, &administration, &stopping).await;

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

/// Opens the installation. A command may have its database open for a moment; another server has it open for good.
async fn open(config: &Config) -> Result<Installation> {
    for _ in 0..LOCKED_TRIES {
        match Installation::open(config, unix_now()).await {
            Err(InstallationError::Store(StoreError::Locked { .. })) => tokio::time::sleep(LOCKED_PAUSE).await,
            opened => return Ok(opened?),
        }
    }
    bail!(
        "{} is in use by another haechi: stop that one, or choose another directory with --data",
        config.data.display()
    )
}

/// The sockets that clients connect to.
struct Listeners {
    public: TcpListener,
    operators: Option<TcpListener>,
    /// What `public` really listens on, a free port having been picked.
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Listeners {
    async fn bind(listening: Listening, tls: Option<TlsAcceptor>) -> Result<Self> {
        let public = listen(listening.public).await?;
        let operators = match listening.operators {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let address = public.local_addr()?;
        Ok(Self { public, operators, address, tls })
    }

    /// How a browser begins the address of any of them.
    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Serves until the process is told to stop and running requests are finished.
    async fn serve(
        self,
        listening: Listening,
        service: &Arc<Service>,
        administration: &Arc<Administration>,
        stopping: &Stopping,
    ) {
        let options = router::Options { demo: listening.demo, operators_elsewhere: self.operators.is_some() };
        let public = router::router(Arc::clone(service), Some(administration), options);
        let operators = self.operators.map(|listener| {
            let router = router::operators(Arc::clone(service), Some(administration));
            server::serve_within(Limits::default(), listener, self.tls.clone(), router, stopping.clone().wait())
        });
        let limits = Limits { connections: room_for_connections(), ..Limits::default() };
        let operators = async {
            if let Some(operators) = operators {
                operators.await;
            }
        };
        let public = server::serve_within(limits, self.public, self.tls, public, stopping.clone().wait());
        tokio::join!(public, operators);
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
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

/// A code by which the first user of the console can be made, if there is none yet.
async fn code_for_first_user(administration: &Arc<Administration>) -> Option<String> {
    let administration = Arc::clone(administration);
    let asking = tokio::task::spawn_blocking(move || administration.code_for_first_user(unix_now()));
    match asking.await {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            tracing::warn!(%error, "whether there are users of the console is not known");
            None
        }
        Err(_) => None,
    }
}
