//! A primary with replicas, and sentinels that watch them.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::redis::{Redis, RedisOptions};

/// The primary's name among the sentinels.
pub const MASTER: &str = "watched";
/// How many sentinels there are. More than half of them must agree.
const SENTINELS: usize = 3;
const QUORUM: usize = 2;
/// The user as whom sentinels look at the servers, so that they can be locked out while others are not.
const WATCHER: &str = "watcher";
/// Longest wait for sentinels and servers to find each other.
const DEADLINE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(20);

/// How the servers and the sentinels are started.
#[derive(Debug, Clone)]
pub struct WatchedOptions {
    /// Replicas of the primary.
    pub replicas: usize,
    /// The password that clients of the servers must give. There is one always: whom the sentinels are locked out of
    /// must not answer them as anybody's.
    pub password: String,
    /// A password that clients of the sentinels must give.
    pub sentinel_password: Option<String>,
    /// Where `make_certificates` made some: all speak TLS then.
    pub certificates: Option<PathBuf>,
    /// How long the primary may be silent before a sentinel takes it for dead.
    pub down_after: Duration,
}

impl Default for WatchedOptions {
    fn default() -> Self {
        let (password, down_after) = ("servers".to_owned(), Duration::from_secs(3));
        Self { replicas: 2, password, sentinel_password: None, certificates: None, down_after }
    }
}

/// A primary with replicas, and three sentinels. All are killed when it is dropped.
#[derive(Debug)]
pub struct Watched {
    /// The primary, and then the replicas, as they were when it began.
    pub servers: Vec<Redis>,
    /// The sentinels.
    pub sentinels: Vec<Redis>,
    options: WatchedOptions,
}

impl Watched {
    /// All started, and knowing each other.
    ///
    /// # Panics
    /// If they do not come together.
    #[must_use]
    pub fn start(options: WatchedOptions) -> Self {
        let mut servers = vec![server(&options, None)];
        for _ in 0..options.replicas {
            let replica = server(&options, Some(&servers[0]));
            servers.push(replica);
        }
        let sentinels = (0..SENTINELS).map(|_| sentinel(&options, &servers[0])).collect();
        let watched = Self { servers, sentinels, options };
        watched.wait_until_whole();
        watched
    }

    /// Such as `redis-sentinel://127.0.0.1:26379,127.0.0.1:26380?master=watched&replicas=2`, with the passwords and the
    /// authority of the certificates as far as there are any.
    #[must_use]
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.sentinels.iter().map(|sentinel| format!("127.0.0.1:{}", sentinel.any_port())).collect();
        let password = &self.options.password;
        let scheme = if self.options.certificates.is_some() { "rediss-sentinel" } else { "redis-sentinel" };
        let replicas = self.options.replicas;
        let mut url = format!("{scheme}://:{password}@{}?master={MASTER}&replicas={replicas}", hosts.join(","));
        if let Some(password) = &self.options.sentinel_password {
            url += &format!("&sentinel_password={password}");
        }
        if let Some(certificates) = &self.options.certificates {
            url += &format!("&ca={}", certificates.join("ca.crt").display());
        }
        url
    }

    /// Waits until there is one primary, all others follow it, and all sentinels know that and each other.
    ///
    /// # Panics
    /// If that takes too long.
    pub fn wait_until_whole(&self) {
        let deadline = Instant::now() + DEADLINE;
        while !self.is_whole() {
            assert!(Instant::now() < deadline, "the servers and their sentinels do not come together");
            thread::sleep(PAUSE);
        }
    }

    fn is_whole(&self) -> bool {
        let [primary] = self.primaries()[..] else { return false };
        let replication = self.servers[primary].try_command(&["INFO", "replication"]).unwrap_or_default();
        let knows = |sentinel: &Redis| {
            let ask = |words: &[&str]| sentinel.try_command(words).unwrap_or_default();
            ask(&["SENTINEL", "CKQUORUM", MASTER]).starts_with(&format!("OK {SENTINELS} usable"))
                && ask(&["SENTINEL", "REPLICAS", MASTER]) == self.options.replicas.to_string()
                && self.named_by(sentinel) == Some(primary)
        };
        replication.matches("state=online").count() == self.options.replicas && self.sentinels.iter().all(knows)
    }

    /// Which server this sentinel names as the primary.
    fn named_by(&self, sentinel: &Redis) -> Option<usize> {
        let named = sentinel.try_texts(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER]).ok()?;
        let port = named.get(1)?;
        self.servers.iter().position(|server| server.any_port().to_string() == *port)
    }

    /// Which of the servers take themselves for primaries now.
    #[must_use]
    pub fn primaries(&self) -> Vec<usize> {
        (0..self.servers.len()).filter(|index| self.is_primary(*index)).collect()
    }

    /// Whether this server says that it is one. A server that becomes one closes its connections, and says it next time.
    #[must_use]
    pub fn is_primary(&self, server: usize) -> bool {
        let replication = self.servers[server].try_command(&["INFO", "replication"]);
        replication.is_ok_and(|text| text.contains("role:master"))
    }

    /// Locks the sentinels out of a server, which goes on as it was: to them it is dead.
    pub fn estrange(&self, server: usize) {
        let server = &self.servers[server];
        server.command_line(&["ACL", "SETUSER", WATCHER, "off"]);
        server.command_line(&["CLIENT", "KILL", "USER", WATCHER]);
    }

    /// Lets them in again. They say who they are only where they connect anew, so all connections are closed.
    pub fn reconcile(&self, server: usize) {
        let server = &self.servers[server];
        server.command_line(&["ACL", "SETUSER", WATCHER, "on"]);
        for kind in ["normal", "pubsub"] {
            server.command_line(&["CLIENT", "KILL", "TYPE", kind]);
        }
    }
}

/// A server, which follows this one if there is one.
fn server(options: &WatchedOptions, primary: Option<&Redis>) -> Redis {
    let mut args = ["--repl-diskless-sync-delay", "0", "--user", WATCHER, "on", ">watcher", "~*", "&*", "+@all"]
        .map(str::to_owned)
        .to_vec();
    if let Some(primary) = primary {
        args.extend(["--replicaof".to_owned(), "127.0.0.1".to_owned(), primary.any_port().to_string()]);
    }
    let (password, certificates) = (Some(options.password.clone()), options.certificates.clone());
    Redis::with(RedisOptions { password, args, certificates, ..RedisOptions::default() })
}

fn sentinel(options: &WatchedOptions, primary: &Redis) -> Redis {
    let (port, down_after) = (primary.any_port(), options.down_after.as_millis());
    let config = format!(
        "sentinel monitor {MASTER} 127.0.0.1 {port} {QUORUM}\n\
         sentinel down-after-milliseconds {MASTER} {down_after}\n\
         sentinel failover-timeout {MASTER} 10000\n\
         sentinel auth-user {MASTER} {WATCHER}\n\
         sentinel auth-pass {MASTER} watcher\n"
    );
    let sentinel_config = Some(config);
    let (password, certificates) = (options.sentinel_password.clone(), options.certificates.clone());
    Redis::with(RedisOptions { password, certificates, sentinel_config, ..RedisOptions::default() })
}

/// A sentinel that knows no other, and watches this server under the same name.
#[must_use]
pub fn lone_sentinel(primary: &Redis) -> Redis {
    sentinel(&WatchedOptions::default(), primary)
}

/// Writes a sentinel's configuration, which it changes itself later on.
pub(crate) fn write_config(path: &Path, config: &str, password: Option<&String>) {
    if path.exists() {
        return;
    }
    // Sentinels with a password must tell each other.
    let password = password.map(|password| format!("sentinel sentinel-pass {password}\n")).unwrap_or_default();
    fs::write(path, format!("{config}{password}")).expect("a file");
}
