//! Connections to one server, to a cluster or to the primary that sentinels name, and scripts that run there.

use std::{
    fs,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ::redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, Msg, Pipeline,
    RedisConnectionInfo, RedisResult, ServerErrorKind, TlsCertificates, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo},
    cmd,
    io::tcp::TcpSettings,
};
use arc_swap::ArcSwap;
use futures_util::{Stream, StreamExt};
use tokio::{sync::Semaphore, time::Instant};

use super::{
    RemoteAddress, RemoteError,
    address::{Host, Topology},
    credentials::with_credentials,
    error::is_transient,
    requirements, sentinel,
};
use crate::clock::unix_time;

/// The longest pause between two tries to connect. It is what a return of the server may go unnoticed for.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long what was sent may stay unconfirmed by the server's system before the connection counts as broken, as it
/// does when a machine loses its power and says nothing.
const UNCONFIRMED: Duration = Duration::from_secs(2);
/// The pause before a command is sent again, to which as much may be added by chance.
const PAUSE: Duration = Duration::from_millis(5);

/// A script, of which only the hash is sent once a server knows it.
pub(crate) struct Script {
    source: &'static str,
    script: ::redis::Script,
}

impl Script {
    pub(crate) fn new(source: &'static str) -> Self {
        Self { source, script: ::redis::Script::new(source) }
    }

    fn command(&self, name: &str, script: &str, keys: &[&str], arguments: &[&[u8]]) -> Cmd {
        let mut command = ::redis::cmd(name);
        command.arg(script).arg(keys.len()).arg(keys).arg(arguments);
        command
    }
}

/// What a command came back with.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) value: Value,
    /// Whether it was sent more than once, because a reply may have been lost: it may then have been carried out before.
    pub(crate) is_repeated: bool,
}

/// Redis or Valkey, connected.
pub(crate) struct Remote {
    connections: Box<[Arc<Slot>]>,
    /// Counts the commands, which go round the connections.
    next: AtomicUsize,
    in_flight: Arc<Semaphore>,
    address: RemoteAddress,
}

/// A connection's place.
struct Slot {
    connection: ArcSwap<Connection>,
    /// Whether another one is being sought.
    is_renewing: AtomicBool,
}

#[derive(Clone)]
enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
    /// To the primary that the sentinels named, which is here.
    Primary(ConnectionManager, Host),
}

impl Remote {
    /// Connects, and checks that the servers are fit.
    ///
    /// # Errors
    /// [`RemoteError::Away`] if none can be reached; [`RemoteError::Failed`] if none lets haechi in;
    /// [`RemoteError::Unfit`] or [`RemoteError::Forgetful`] if one is not as it must be.
    pub(crate) async fn connect(address: &RemoteAddress) -> Result<Self, RemoteError> {
        let certificates = certificates(address)?;
        let mut connections = Vec::with_capacity(address.connections);
        for _ in 0..address.connections {
            let connection = match Connection::open(address, certificates.as_ref()).await {
                Ok(connection) => connection,
                Err(error) => return Err(why_unconnected(address, certificates.as_ref()).await.unwrap_or(error)),
            };
            let connection = ArcSwap::from_pointee(connection);
            connections.push(Arc::new(Slot { connection, is_renewing: AtomicBool::new(false) }));
        }
        let remote = Self {
            connections: connections.into(),
            next: AtomicUsize::new(0),
            in_flight: Arc::new(Semaphore::new(address.max_in_flight)),
            address: address.clone(),
        };
        remote.check_servers().await?;
        if matches!(address.topology, Topology::Sentinel(_)) {
            tokio::spawn(follow_primary(remote.connections.iter().map(Arc::downgrade).collect(), address.clone()));
        }
        Ok(remote)
    }

    /// Checks that each server, or each primary of the cluster, is fit now.
    ///
    /// # Errors
    /// [`RemoteError::Unfit`] or [`RemoteError::Forgetful`] if one is not; others if one cannot be asked.
    pub(crate) async fn check_servers(&self) -> Result<(), RemoteError> {
        for reply in self.ask_all(&cmd("INFO")).await? {
            let info = String::from_redis_value(reply).map_err(|error| RemoteError::Failed(error.to_string()))?;
            requirements::check(&info, &self.address.topology)?;
        }
        Ok(())
    }

    /// By how many seconds this machine's clock is ahead of a server's, or behind it if the number is negative. Of
    /// several servers, it is the one of which it differs most.
    ///
    /// # Errors
    /// If one cannot be asked.
    pub(crate) async fn clock_offset_secs(&self) -> Result<f64, RemoteError> {
        let (before, asked_at) = (unix_time(), Instant::now());
        let replies = self.ask_all(&cmd("TIME")).await?;
        // A server looked at its clock somewhere between; whatever was set meanwhile shows at the next asking.
        let here = (before + asked_at.elapsed() / 2).as_secs_f64();
        let mut offset: f64 = 0.0;
        for reply in replies {
            let (secs, micros) =
                <(u64, u64)>::from_redis_value(reply).map_err(|error| RemoteError::Failed(error.to_string()))?;
            let ahead = here - (secs as f64 + micros as f64 / 1e6);
            if ahead.abs() > offset.abs() {
                offset = ahead;
            }
        }
        Ok(offset)
    }

    /// Begins the names of all that is kept there.
    pub(crate) fn prefix(&self) -> &str {
        &self.address.prefix
    }

    /// What a server's restart means.
    pub(crate) fn address(&self) -> &RemoteAddress {
        &self.address
    }

    /// Runs a script on the server that has these keys, and runs it again if the reply may have been lost. So it must
    /// know by its arguments whether it was run before.
    ///
    /// With sentinels, what it did counts only once enough replicas have confirmed it: of a primary that was replaced
    /// and does not know it, they have not.
    ///
    /// # Errors
    /// Any [`RemoteError`]; unless it is [`RemoteError::Overloaded`], the script may have run.
    pub(crate) async fn run(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Decided, RemoteError> {
        self.run_until(self.confirmation().as_ref(), script, keys, arguments).await
    }

    /// Likewise, of what may be lost when another server takes over: no replica has to confirm it.
    ///
    /// # Errors
    /// As [`Remote::run`].
    pub(crate) async fn run_unconfirmed(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Decided, RemoteError> {
        self.run_until(None, script, keys, arguments).await
    }

    async fn run_until(
        &self,
        confirmation: Option<&Confirmation>,
        script: &Script,
        keys: &[&str],
        arguments: &[&[u8]],
    ) -> Result<Decided, RemoteError> {
        let by_hash = script.command("EVALSHA", script.script.get_hash(), keys, arguments);
        self.persist(|mut connection| {
            let by_hash = &by_hash;
            async move {
                match connection.send(by_hash, confirmation).await {
                    Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                        connection.send(&script.command("EVAL", script.source, keys, arguments), confirmation).await
                    }
                    sent => sent,
                }
            }
        })
        .await
    }

    /// Sends one command, again if the reply may have been lost. With sentinels it is confirmed as what a script did.
    ///
    /// # Errors
    /// As [`Remote::run`].
    pub(crate) async fn command(&self, command: &Cmd) -> Result<Value, RemoteError> {
        let confirmation = self.confirmation();
        let confirmation = confirmation.as_ref();
        let decided =
            self.persist(|mut connection| async move { connection.send(command, confirmation).await }).await?;
        Ok(decided.value)
    }

    /// Waits until all that was done before is confirmed, where it has to be.
    ///
    /// # Errors
    /// As [`Remote::run`].
    pub(crate) async fn confirm(&self) -> Result<(), RemoteError> {
        if matches!(self.address.topology, Topology::Sentinel(_)) {
            self.command(&cmd("PING")).await?;
        }
        Ok(())
    }

    /// What must confirm a decision, if anything has to.
    fn confirmation(&self) -> Option<Confirmation> {
        let sentinels = self.address.topology.sentinels()?;
        // Half of the time, so that it is known before the end what is missing.
        let wait = (self.address.timeout / 2).max(Duration::from_millis(1));
        Some(Confirmation { replicas: sentinels.confirming(), wait })
    }

    /// Sends one command to the server, or to all primaries of the cluster, again if a reply may have been lost.
    async fn ask_all(&self, command: &Cmd) -> Result<Vec<Value>, RemoteError> {
        let everywhere = || RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let decided = self.persist(|connection| async move {
            let asked = match connection {
                Connection::Single(mut connection) | Connection::Primary(mut connection, _) => {
                    connection.send_packed_command(command).await
                }
                Connection::Cluster(mut connection) => connection.route_command(command.clone(), everywhere()).await,
            };
            asked?.extract_error()
        });
        match decided.await?.value {
            Value::Map(replies) => Ok(replies.into_iter().map(|(_, reply)| reply).collect()),
            reply => Ok(vec![reply]),
        }
    }

    /// Calls back for every message of a channel, and each time that messages may have been lost because the connection
    /// broke. It never ends.
    pub(crate) async fn listen(&self, channel: &str, told: impl Fn()) {
        loop {
            if let Err(error) = self.listen_once(channel, &told).await {
                tracing::debug!(%error, "Redis sends no messages");
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        }
    }

    /// Listens to the first host that lets it: in a cluster, messages are everywhere. With sentinels it is the primary.
    async fn listen_once(&self, channel: &str, told: &impl Fn()) -> Result<(), RemoteError> {
        let certificates = certificates(&self.address)?;
        let named = match &self.address.topology {
            Topology::Sentinel(sentinels) => {
                Some([sentinel::primary(&self.address, sentinels, certificates.as_ref()).await?])
            }
            Topology::Single | Topology::Cluster => None,
        };
        let mut outcome = Ok(());
        for host in named.as_ref().map_or(self.address.hosts.as_slice(), |named| named) {
            match subscribed(&self.address, host, certificates.as_ref(), channel).await {
                Ok(mut messages) => {
                    told();
                    while messages.next().await.is_some() {
                        told();
                    }
                    return Ok(());
                }
                Err(error) => outcome = Err(RemoteError::unconnected(&self.address, &error)),
            }
        }
        outcome
    }

    async fn persist<Sent: Future<Output = RedisResult<Value>>>(
        &self,
        send: impl Fn(Connection) -> Sent,
    ) -> Result<Decided, RemoteError> {
        let max_in_flight = self.address.max_in_flight;
        let _permit = self.in_flight.try_acquire().map_err(|_| RemoteError::Overloaded { max_in_flight })?;
        let deadline = Instant::now() + self.address.timeout;
        let (mut last, mut is_repeated) = (None, false);
        loop {
            let slot = self.next_slot();
            let connection = Connection::clone(&slot.connection.load());
            // On the heap: else every request would be moved about with room for it, whether it asks Redis or not.
            let Ok(sent) = tokio::time::timeout_at(deadline, Box::pin(send(connection))).await else {
                renew_soon(slot, &self.address);
                return Err(RemoteError::Late { millis: self.address.timeout.as_millis(), last });
            };
            match sent {
                Ok(value) => return Ok(Decided { value, is_repeated }),
                Err(error) if is_transient(&error) => {
                    tracing::debug!(%error, "Redis is asked again");
                    last = Some(error.to_string());
                    is_repeated = true;
                }
                Err(error) => return Err(RemoteError::failed(&error)),
            }
            let pause = PAUSE + PAUSE.mul_f32(by_chance());
            if tokio::time::timeout_at(deadline, tokio::time::sleep(pause)).await.is_err() {
                renew_soon(slot, &self.address);
                return Err(RemoteError::Late { millis: self.address.timeout.as_millis(), last });
            }
        }
    }

    fn next_slot(&self) -> &Arc<Slot> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        &self.connections[number % self.connections.len()]
    }
}

/// Seeks another connection, in the background and at most one a second, because something was late.
///
/// A connection mends itself as far as it notices that it is broken. A cluster's does not always: with one server
/// stopped and its replica in its place, it was seen to wait for the stopped one for good. And sentinels may have named
/// another server.
fn renew_soon(slot: &Arc<Slot>, address: &RemoteAddress) {
    if slot.is_renewing.swap(true, Ordering::Relaxed) {
        return;
    }
    let (slot, address) = (Arc::clone(slot), address.clone());
    tokio::spawn(async move {
        let opening = async { Connection::open(&address, certificates(&address)?.as_ref()).await };
        match tokio::time::timeout(2 * address.connect_timeout, opening).await {
            Ok(Ok(connection)) => slot.connection.store(Arc::new(connection)),
            Ok(Err(error)) => tracing::debug!(%error, "no other connection to Redis can be had"),
            Err(_) => tracing::debug!("no other connection to Redis can be had in time"),
        }
        tokio::time::sleep(LONGEST_PAUSE).await;
        slot.is_renewing.store(false, Ordering::Relaxed);
    });
}

/// Asks the sentinels every second, for as long as there are connections, and leaves a server for the one that they name
/// now: the former may well go on answering.
async fn follow_primary(slots: Vec<Weak<Slot>>, address: RemoteAddress) {
    let Topology::Sentinel(sentinels) = &address.topology else { return };
    loop {
        tokio::time::sleep(LONGEST_PAUSE).await;
        if slots.iter().all(|slot| slot.strong_count() == 0) {
            return;
        }
        let asked = match certificates(&address) {
            Ok(certificates) => sentinel::primary(&address, sentinels, certificates.as_ref()).await,
            Err(error) => Err(error),
        };
        match asked {
            Ok(primary) => {
                for slot in slots.iter().filter_map(Weak::upgrade).filter(|slot| !slot.is_to(&primary)) {
                    renew_soon(&slot, &address);
                }
            }
            // Whoever is connected stays so. A former primary decides nothing, whether or not sentinels answer.
            Err(error) => tracing::debug!(%error, "the sentinels do not say who is the primary"),
        }
    }
}

impl Slot {
    fn is_to(&self, primary: &Host) -> bool {
        matches!(&**self.connection.load(), Connection::Primary(_, host) if host == primary)
    }
}

/// How many replicas must confirm something, and how long to wait for them.
#[derive(Debug, Clone, Copy)]
struct Confirmation {
    replicas: usize,
    wait: Duration,
}

impl Connection {
    async fn open(address: &RemoteAddress, certificates: Option<&TlsCertificates>) -> Result<Self, RemoteError> {
        match &address.topology {
            Topology::Single => managed(address, &address.hosts[0], certificates).await.map(Self::Single),
            Topology::Cluster => cluster(address, certificates).await.map(Self::Cluster),
            Topology::Sentinel(sentinels) => {
                let host = sentinel::primary(address, sentinels, certificates).await?;
                let mut connection = managed(address, &host, certificates)
                    .await
                    .map_err(|error| RemoteError::unconnected(address, &error))?;
                // Nothing is asked of one that sentinels took for a primary and that is none.
                let info = connection.send_packed_command(&cmd("INFO")).await.and_then(Value::extract_error);
                let info = info.and_then(|info| Ok(String::from_redis_value(info)?));
                requirements::check(
                    &info.map_err(|error| RemoteError::unconnected(address, &error))?,
                    &address.topology,
                )?;
                return Ok(Self::Primary(connection, host));
            }
        }
        .map_err(|error| RemoteError::unconnected(address, &error))
    }

    /// Sends a command and returns what it came back with, once it is confirmed.
    async fn send(&mut self, command: &Cmd, confirmation: Option<&Confirmation>) -> RedisResult<Value> {
        if let (Self::Primary(connection, _), Some(confirmation)) = (&mut *self, confirmation) {
            return confirmed(connection, command, confirmation).await;
        }
        let reply = match self {
            Self::Single(connection) | Self::Primary(connection, _) => connection.send_packed_command(command).await,
            Self::Cluster(connection) => connection.req_packed_command(command).await,
        };
        // What a server refuses comes as a value.
        reply?.extract_error()
    }
}

/// Sends a command, and waits until enough replicas have all that the server had done when it replied.
async fn confirmed(
    connection: &mut ConnectionManager,
    command: &Cmd,
    Confirmation { replicas, wait }: &Confirmation,
) -> RedisResult<Value> {
    let mut both = Pipeline::new();
    both.add_command(command.clone()).cmd("WAIT").arg(*replicas).arg(wait.as_millis() as u64);
    let mut replies = connection.send_packed_commands(&both, 0, 2).await?.into_iter();
    let (Some(reply), Some(confirming)) = (replies.next(), replies.next()) else {
        return Err((ErrorKind::UnexpectedReturnType, "two commands got fewer than two replies").into());
    };
    let reply = reply.extract_error()?;
    let confirming: usize = FromRedisValue::from_redis_value(confirming.extract_error()?)?;
    if confirming < *replicas {
        let detail = format!("{confirming} of {replicas}");
        return Err((ErrorKind::Io, "too few replicas confirm what the primary does", detail).into());
    }
    Ok(reply)
}

async fn managed(
    address: &RemoteAddress,
    host: &Host,
    certificates: Option<&TlsCertificates>,
) -> RedisResult<ConnectionManager> {
    let client = client(address, host, certificates)?;
    let usual = || {
        ConnectionManagerConfig::new()
            .set_response_timeout(Some(address.timeout))
            .set_connection_timeout(Some(address.connect_timeout))
            .set_min_delay(PAUSE)
            .set_max_delay(LONGEST_PAUSE)
    };
    // The first connection must stand; later ones are sought for as long as it takes.
    client.get_connection_manager_with_config(usual().set_number_of_retries(0)).await?;
    client.get_connection_manager_lazy(usual().set_number_of_retries(usize::MAX))
}

async fn cluster(address: &RemoteAddress, certificates: Option<&TlsCertificates>) -> RedisResult<ClusterConnection> {
    let infos = address.hosts.iter().map(|host| info(address, host)).collect::<RedisResult<Vec<_>>>()?;
    let mut builder = ClusterClient::builder(infos)
        .connection_timeout(address.connect_timeout)
        .response_timeout(address.timeout)
        .tcp_settings(tcp_settings())
        // What breaks is sent again by whoever sent it, who knows how long that is worth while.
        .retries(1)
        .min_retry_wait(PAUSE.as_millis() as u64)
        .max_retry_wait(2 * PAUSE.as_millis() as u64);
    if let Some(certificates) = certificates {
        builder = builder.certs(certificates.clone());
    }
    builder.build()?.get_async_connection().await
}

/// Why there is no connection to a cluster, if that is known. Its client says only that there is none, so its hosts are
/// asked one by one.
async fn why_unconnected(address: &RemoteAddress, certificates: Option<&TlsCertificates>) -> Option<RemoteError> {
    if !matches!(address.topology, Topology::Cluster) {
        return None;
    }
    for host in &address.hosts {
        let Ok(client) = client(address, host, certificates) else { continue };
        let connecting = tokio::time::timeout(address.connect_timeout, client.get_multiplexed_async_connection());
        if let Ok(Err(error)) = connecting.await
            && let said @ RemoteError::Failed(_) = RemoteError::unconnected(address, &error)
        {
            return Some(said);
        }
    }
    None
}

async fn subscribed(
    address: &RemoteAddress,
    host: &Host,
    certificates: Option<&TlsCertificates>,
    channel: &str,
) -> RedisResult<impl Stream<Item = Msg>> {
    let mut subscription = client(address, host, certificates)?.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    Ok(subscription.into_on_message())
}

fn client(address: &RemoteAddress, host: &Host, certificates: Option<&TlsCertificates>) -> RedisResult<Client> {
    let info = info(address, host)?;
    match certificates {
        Some(certificates) => Client::build_with_tls(info, certificates.clone()),
        None => Client::open(info),
    }
}

fn info(address: &RemoteAddress, (host, port): &Host) -> RedisResult<ConnectionInfo> {
    let (host, port) = (host.clone(), *port);
    let server = if address.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let settings = RedisConnectionInfo::default().set_db(address.database.into());
    let settings = with_credentials(settings, address.user.as_ref(), address.password.as_ref());
    Ok(server.into_connection_info()?.set_redis_settings(settings).set_tcp_settings(tcp_settings()))
}

fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(UNCONFIRMED);
    settings
}

fn certificates(address: &RemoteAddress) -> Result<Option<TlsCertificates>, RemoteError> {
    if !address.tls {
        return Ok(None);
    }
    // It fails where somebody chose one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let root_cert = address.ca_file.as_ref().map(fs::read).transpose().map_err(|error| {
        let path = address.ca_file.as_deref().unwrap_or("".as_ref()).display();
        RemoteError::Failed(format!("cannot read the certificate authorities in {path}: {error}"))
    })?;
    Ok(Some(TlsCertificates { client_tls: None, root_cert }))
}

/// A number from 0 to 1. Where the system gives none, nodes that try again do so in step.
fn by_chance() -> f32 {
    getrandom::u32().map_or(0.5, |number| number as f32 / u32::MAX as f32)
}
