//! `haechi serve`.

use std::{
    env, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
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
        apps::{AppError, AppKey, AppStore, SettingChanges, TEST_APP_WARNING},
        service::Service,
        statistics::Statistics,
    },
    http::{
        server::{self, Limits},
        tls::Tls,
    },
    installation::{
        Installation, InstallationError,
        config::{Config, LedgerKind, Listening, Options},
        control::{self, ControlSocket, Controls},
        secrets::{SecretFiles, SecretWatch, Secrets},
    },
    keep::store::StoreError,
    logging, router,
    traces::Traces,
};
use serde::Serialize;
use tokio::{
    net::{TcpListener, UnixListener},
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
    time::MissedTickBehavior,
};
use tokio_rustls::TlsAcceptor;

use super::{
    output::{self, rfc3339},
    say,
};

/// How often the ledger forgets what is past its time.
const PURGE_INTERVAL: Duration = Duration::from_secs(5);
/// How often what was counted is stored. It is what a crash may lose.
const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// How often the files of secrets and of the certificate are looked at.
const FILES_INTERVAL: Duration = Duration::from_secs(2);
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
    /// Print the address, and on a first start the appkey, as one line of JSON
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

/// A core dump would hold the secret, and lie where nobody looks after it.
fn forbid_core_dumps() {
    if let Err(error) = rlimit::setrlimit(rlimit::Resource::CORE, 0, 0) {
        tracing::warn!(%error, "a crash may leave a core dump, which holds the secret");
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
    let flushing = tokio::spawn(keep_flushing(Arc::clone(&statistics)));

    wait_for_first_key(&service).await;
    let appkey = make_first_app(&apps)?;
    apps.follow();
    warn_about(config, &apps);
    report_ledger_ahead(&service);
    let first_user = code_for_first_user(&administration).await;
    announce(&listeners, config.listening.demo, appkey.as_ref(), first_user.as_deref(), json);
    listeners.serve(config.listening, &service, &administration, &stopping).await;

    purge.abort();
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
        let options = router::Options {
            demo: listening.demo,
            listening_test: listening.listening_test,
            operators_elsewhere: self.operators.is_some(),
        };
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

/// Forgets, again and again, what the ledger need not remember.
async fn purge(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(PURGE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match service.purge().await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "forgot keys past their time"),
            Err(error) => tracing::error!(%error, "keys past their time could not be forgotten"),
        }
    }
}

/// Takes, again and again, what the secrets' files hold by now.
async fn keep_secrets(config: Config, service: Arc<Service>) {
    let files = SecretFiles::of(&config);
    let mut watch = match Secrets::read(&files, unix_now()) {
        Ok(secrets) => {
            // They may have changed since they were read for the first time.
            service.change_keyring(secrets.keyring());
            SecretWatch::new(files, secrets)
        }
        Err(error) => return tracing::error!(%error, "a change of the secret will not be noticed"),
    };
    let mut ticks = tokio::time::interval(FILES_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_fault = String::new();
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

/// Takes, again and again, what the certificate's files hold by now.
async fn keep_certificate(mut tls: Tls) {
    let mut ticks = tokio::time::interval(FILES_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match tls.reload() {
            Ok(true) => tracing::info!("the certificate was changed, and the new one is in use"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the certificate in use stays, since the new one cannot be used"),
        }
    }
}

/// Stores, again and again, what was counted.
async fn keep_flushing(statistics: Arc<Statistics>) {
    let mut ticks = tokio::time::interval(FLUSH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        flush(&statistics).await;
    }
}

async fn flush(statistics: &Arc<Statistics>) {
    let statistics = Arc::clone(statistics);
    if let Err(error) = tokio::task::spawn_blocking(move || statistics.flush(unix_now())).await {
        tracing::error!(%error, "statistics could not be stored");
    }
}

fn make_first_app(apps: &AppStore) -> Result<Option<AppKey>> {
    if !apps.list().is_empty() {
        return Ok(None);
    }
    match apps.create(FIRST_APP, &SettingChanges::default(), unix_now()) {
        Ok((_, appkey)) => Ok(Some(appkey)),
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

fn warn_about(config: &Config, apps: &AppStore) {
    let Listening { public, operators, .. } = config.listening;
    if operators.is_none() && !public.ip().is_loopback() {
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
    for app in apps.list().into_iter().filter(|app| app.enabled && app.settings.test) {
        tracing::warn!(app = app.name, "{TEST_APP_WARNING}");
    }
}

/// Whether a ledger with a password stands on the command line, which any user may read in `/proc`.
fn command_line_has_password() -> bool {
    let words = env::args_os().filter_map(|word| word.into_string().ok());
    words
        .filter_map(|word| word.trim_start_matches("--ledger=").parse().ok())
        .any(|kind: LedgerKind| kind.has_password())
}

/// How many connections there can be at once, after asking the system for as many file descriptors as it gives.
fn room_for_connections() -> usize {
    /// Descriptors for everything that is not a client: the database, operators, the control socket, the log.
    const OTHERS: u64 = 100;
    let wanted = Limits::default().connections;
    let descriptors = rlimit::increase_nofile_limit(wanted as u64 + OTHERS).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit on open files is not known; it is taken to be 1024");
        1024
    });
    let room = usize::try_from(descriptors.saturating_sub(OTHERS)).unwrap_or(wanted).clamp(16, wanted);
    if room < wanted {
        tracing::warn!(room, wanted, "there is room for fewer connections: raise the limit on open files (ulimit -n)");
    }
    room
}

/// Says so if nothing that is issued can pass.
fn report_ledger_ahead(service: &Service) {
    if let Some(until) = service.ledger_ahead_until(unix_now()) {
        tracing::error!(
            "the ledger is ahead of the clock, and every key is refused until {}: if the clock is right, start once \
             with --ledger memory:, which begins the ledger anew, and then again as before",
            rfc3339(until)
        );
    }
}

/// What a script learns from a start.
#[derive(Serialize)]
struct Announcement<'a> {
    listening: String,
    operators: Option<String>,
    appkey: Option<&'a str>,
    demo: Option<String>,
    /// Where the first user of the console is made, while there is none.
    first_user: Option<String>,
}

/// Says that clients may come. A start does not fail because nobody reads that.
fn announce(listeners: &Listeners, has_demo: bool, appkey: Option<&AppKey>, code: Option<&str>, json: bool) {
    let operators = listeners.operators.as_ref().and_then(|listener| listener.local_addr().ok());
    let console = operators.unwrap_or(listeners.address);
    let scheme = listeners.scheme();
    let operators = operators.map(|address| format!("{scheme}://{address}"));
    // Scripts take the first address that they see.
    say(&format!("listening on {scheme}://{}", listeners.address));
    if let Some(operators) = &operators {
        say(&format!("operators on {operators}"));
    }
    let announcement = Announcement {
        listening: format!("{scheme}://{}", listeners.address),
        operators,
        appkey: appkey.map(AppKey::as_str),
        demo: has_demo.then(|| format!("{scheme}://{}/", reachable(listeners.address))),
        first_user: code.map(|code| format!("{scheme}://{}/console/first?code={code}", reachable(console))),
    };
    let printed = if json { output::print_json(&announcement) } else { output::print(&text_for_people(&announcement)) };
    if let Err(error) = printed {
        match appkey {
            Some(_) => tracing::error!(
                %error,
                "the app called {FIRST_APP} was made, but its appkey could not be printed: run haechi app rotate \
                 {FIRST_APP}"
            ),
            None => tracing::warn!(%error, "nothing could be printed"),
        }
    }
}

fn text_for_people(announcement: &Announcement<'_>) -> String {
    let mut text = String::new();
    if let Some(appkey) = announcement.appkey {
        text += &format!("made an app called {FIRST_APP}; its appkey, which is shown only this once, is\n{appkey}\n");
    }
    match &announcement.demo {
        Some(demo) => text += &format!("open {demo} to try it\n"),
        None => text += &format!("serving {}, without the demo page\n", announcement.listening),
    }
    if let Some(first_user) = &announcement.first_user {
        text += &format!("make the first user of the console, once and within an hour, at\n{first_user}\n");
    }
    text
}

/// An address that a browser on this machine can open.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
