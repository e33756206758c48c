//! URLs that name Redis or Valkey.

mod topology;

use std::{collections::HashSet, fmt, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;

pub(super) use self::topology::{Sentinels, Topology};

/// A host and its port.
pub(super) type Host = (String, u16);

/// How many decisions may wait at once, unless the URL says otherwise.
const DEFAULT_MAX_IN_FLIGHT: usize = 4096;
/// The longest time that a setting of one may have: above it, requests would be cut off before the ledger is.
const LONGEST: Duration = Duration::from_secs(4);

/// Where Redis or Valkey is, and how it is used.
///
/// Schemes are `redis`, `redis-cluster` and `redis-sentinel`, and with TLS `rediss`, `rediss-cluster` and
/// `rediss-sentinel`. The URL of a cluster or of sentinels may name several hosts, separated by commas. A user, a
/// password and, except in a cluster, the number of a database are as in any such URL, percent-encoded where they hold
/// reserved characters; with sentinels they are those of the servers that the sentinels watch. The query sets, each if
/// it is to differ from what stands here:
///
/// | name | default | |
/// |---|---|---|
/// | `prefix` | `haechi:` | begins every name that haechi uses |
/// | `ca` | the system's | file of certificate authorities, PEM |
/// | `timeout_ms` | 250 | the longest to wait for a decision, retries included |
/// | `connect_timeout_ms` | 1000 | the longest to wait for a connection |
/// | `max_in_flight` | 4096 | decisions that wait at once; more are refused |
/// | `connections` | 1 | connections to each server |
/// | `after_restart` | `refuse` | or `trust`: see [`AfterRestart`]. With sentinels it is always `refuse` |
///
/// and with sentinels:
///
/// | name | default | |
/// |---|---|---|
/// | `master` | | the primary's name among the sentinels; `#NAME` at the end of the URL says it too |
/// | `replicas` | 2 | replicas that the primary has when all is well; half of them confirm each decision |
/// | `sentinel_user`, `sentinel_password` | | who haechi is to the sentinels |
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteAddress {
    /// Of one server, of some of a cluster, or of sentinels.
    pub(super) hosts: Vec<Host>,
    pub(super) topology: Topology,
    pub(super) tls: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: u32,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Duration,
    pub(super) max_in_flight: usize,
    pub(super) connections: usize,
    /// Begins the name of everything that is kept.
    pub prefix: String,
    /// What a server's restart means.
    pub after_restart: AfterRestart,
}

/// What becomes of the keys that were issued before a server restarted or a replica took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterRestart {
    /// They count as spent, because nobody knows whether all spends are remembered. So no key passes twice, whatever
    /// the server kept, and people who were answering then must take another challenge.
    #[default]
    Refuse,
    /// They live on, because the server is trusted to have kept everything (`appendfsync always`, and no replica that
    /// may take over). Only a server whose memory is empty is noticed.
    Trust,
}

/// What is wrong with a URL. It does not show the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is none of the six.
    #[error("the scheme is none of redis://, redis-cluster:// and redis-sentinel://, or these with rediss for TLS")]
    Scheme,
    /// No host, or a host that cannot be read.
    #[error("it names no host, or a port that is none: redis://HOST:PORT")]
    Host,
    /// Several hosts without a cluster or sentinels.
    #[error("several hosts are a cluster's, or sentinels: redis-cluster://HOST:PORT,HOST:PORT")]
    SeveralHosts,
    /// A path that is no database.
    #[error(
        "behind the host stands the number of a database, as in redis://HOST:PORT/0, and nothing in a cluster's URL"
    )]
    Database,
    /// Sentinels, and no name of what they watch.
    #[error(
        "it does not say which primary the sentinels are to name: redis-sentinel://HOST:PORT,HOST:PORT?master=NAME"
    )]
    Master,
    /// A user or password that is no text.
    #[error("the user or the password is not UTF-8, percent-encoded")]
    Credentials,
    /// A setting that there is not, or that stands there twice.
    #[error("there is no setting {0:?}, or it stands there twice")]
    Setting(String),
    /// A setting with a value that it cannot have.
    #[error("{name} must be {expected}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What it can be.
        expected: &'static str,
    },
}

impl RemoteAddress {
    /// Whether it holds a password.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.password.is_some() || self.topology.sentinels().is_some_and(|sentinels| sentinels.password.is_some())
    }

    /// Whether the servers are a cluster.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        matches!(self.topology, Topology::Cluster)
    }

    /// How many replicas must confirm what a primary did before it counts, and how many it may have.
    pub(crate) fn confirming_replicas(&self) -> (usize, usize) {
        self.topology.sentinels().map_or((0, 0), |sentinels| (sentinels.confirming(), sentinels.replicas))
    }

    /// The longest to wait for a decision.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many decisions may wait at once.
    pub(crate) fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    /// What must hold for every address, however it was written.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn check(&self) {
        for time in [self.timeout, self.connect_timeout] {
            assert!(!time.is_zero() && time <= LONGEST);
        }
        assert!((1..=1_000_000).contains(&self.max_in_flight) && (1..=1000).contains(&self.connections));
        assert!((1..=64).contains(&self.prefix.len()) && !self.prefix.contains(['{', '}']));
        assert!(!self.hosts.is_empty() && self.hosts.iter().all(|(host, port)| !host.is_empty() && *port > 0));
        assert!(!matches!(self.topology, Topology::Single) || self.hosts.len() == 1);
        let (confirming, replicas) = self.confirming_replicas();
        if let Some(sentinels) = self.topology.sentinels() {
            assert!(!sentinels.master.is_empty() && self.after_restart == AfterRestart::Refuse);
            assert!(2 * confirming >= replicas && (1..=replicas).contains(&confirming));
        }
        assert!(self.tls || self.ca_file.is_none());
        let shown = Self::parse(&self.to_string()).expect("what is shown is an address");
        assert_eq!((&shown.hosts, shown.tls), (&self.hosts, self.tls));
        assert_eq!(shown.to_string(), self.to_string());
        assert!(shown.topology.sentinels().is_none_or(|shown| shown.password.is_none() && shown.user.is_none()));
        assert_eq!((shown.user, shown.password), (None, None));
    }

    /// How many connections there are to each server.
    pub(crate) fn connections(&self) -> usize {
        self.connections
    }

    /// The same, for what is asked seldom: what the ledger's decisions are limited to does not hold for it.
    pub(crate) fn with_one_connection(self) -> Self {
        Self { connections: 1, max_in_flight: DEFAULT_MAX_IN_FLIGHT, ..self }
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// Any [`AddressError`].
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once("://").ok_or(AddressError::Scheme)?;
        let (topology, tls) = Topology::of_scheme(scheme).ok_or(AddressError::Scheme)?;
        // As clients of other languages write the primary's name. Elsewhere a `#` is a letter as any.
        let (rest, master) = match topology {
            Topology::Sentinel(_) => rest.rsplit_once('#').map_or((rest, None), |(rest, name)| (rest, Some(name))),
            Topology::Single | Topology::Cluster => (rest, None),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let host = |text| host_and_port(text, topology.usual_port());
        let hosts = hosts.split(',').map(host).collect::<Option<Vec<_>>>().ok_or(AddressError::Host)?;
        if hosts.len() > 1 && matches!(topology, Topology::Single) {
            return Err(AddressError::SeveralHosts);
        }
        let database = match path {
            "" => 0,
            _ if matches!(topology, Topology::Cluster) => return Err(AddressError::Database),
            number => number.parse().map_err(|_| AddressError::Database)?,
        };
        // A password with a `?` in it ends here, and its rest must not be shown as a setting that there is not.
        if query.contains('@') {
            return Err(AddressError::Credentials);
        }
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let mut address = Self {
            hosts,
            topology,
            tls,
            ca_file: None,
            user: credential(user)?,
            password: credential(password)?,
            database,
            timeout: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(1),
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            connections: 1,
            prefix: "haechi:".to_owned(),
            after_restart: AfterRestart::default(),
        };
        let mut seen = HashSet::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !seen.insert(name.clone()) {
                return Err(AddressError::Setting(name.into_owned()));
            }
            address.set(&name, &value)?;
        }
        if let Topology::Sentinel(sentinels) = &mut address.topology {
            if let Some(name) = master {
                sentinels.set("master", &percent_decode_str(name).decode_utf8_lossy())?;
            }
            if sentinels.master.is_empty() {
                return Err(AddressError::Master);
            }
            let expected = "refuse with sentinels: a replica that takes over may lack the last spends";
            require(address.after_restart == AfterRestart::Refuse, "after_restart", expected)?;
        }
        Ok(address)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), AddressError> {
        match name {
            "prefix" => {
                let fits = (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
                // Braces would decide which server of a cluster a name is on.
                let expected = "1 to 64 visible ASCII characters without braces";
                require(fits && !value.contains(['{', '}']), "prefix", expected)?;
                value.clone_into(&mut self.prefix);
            }
            "ca" => {
                require(self.tls && !value.is_empty(), "ca", "a file, and the scheme one with TLS")?;
                self.ca_file = Some(value.into());
            }
            "timeout_ms" => self.timeout = millis("timeout_ms", value)?,
            "connect_timeout_ms" => self.connect_timeout = millis("connect_timeout_ms", value)?,
            "max_in_flight" => self.max_in_flight = count("max_in_flight", value, 1_000_000)?,
            "connections" => self.connections = count("connections", value, 1000)?,
            "after_restart" => {
                self.after_restart = match value {
                    "refuse" => AfterRestart::Refuse,
                    "trust" => AfterRestart::Trust,
                    _ => return Err(AddressError::Value { name: "after_restart", expected: "refuse or trust" }),
                }
            }
            other => match &mut self.topology {
                Topology::Sentinel(sentinels) => sentinels.set(other, value)?,
                Topology::Single | Topology::Cluster => return Err(AddressError::Setting(other.to_owned())),
            },
        }
        Ok(())
    }
}

/// Where it is, for people, without the passwords.
impl fmt::Display for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(shown).collect();
        write!(f, "{}://{}", self.topology.scheme(self.tls), hosts.join(","))?;
        match &self.topology {
            Topology::Sentinel(sentinels) => {
                let name: String = url::form_urlencoded::byte_serialize(sentinels.master.as_bytes()).collect();
                write!(f, "?master={name}")
            }
            Topology::Single | Topology::Cluster => Ok(()),
        }
    }
}

/// A host as it is written in a URL.
pub(super) fn shown((host, port): &Host) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

impl fmt::Debug for RemoteAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteAddress({self})")
    }
}

fn host_and_port(text: &str, usual_port: u16) -> Option<Host> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(usual_port), |port| port.parse().ok().filter(|port| *port > 0))?;
    is_host(host).then(|| (host.to_owned(), port))
}

/// Whether this can be the name or the address of a host.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && !text.contains(|sign: char| sign.is_whitespace() || sign.is_control() || "[]".contains(sign))
}

fn credential(text: &str) -> Result<Option<String>, AddressError> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| AddressError::Credentials)?;
    Ok(credential_value(&text))
}

fn credential_value(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn require(is_so: bool, name: &'static str, expected: &'static str) -> Result<(), AddressError> {
    if is_so { Ok(()) } else { Err(AddressError::Value { name, expected }) }
}

fn millis(name: &'static str, value: &str) -> Result<Duration, AddressError> {
    let time = value.parse().ok().map(Duration::from_millis).filter(|time| !time.is_zero() && *time <= LONGEST);
    time.ok_or(AddressError::Value { name, expected: "a number of milliseconds from 1 to 4000" })
}

fn count(name: &'static str, value: &str, most: usize) -> Result<usize, AddressError> {
    let count = value.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or(AddressError::Value { name, expected: "a number, at least 1 and not absurd" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> RemoteAddress {
        RemoteAddress::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    fn check_error(url: &str, expected: &AddressError) {
        assert_eq!(RemoteAddress::parse(url).as_ref(), Err(expected), "{url}");
    }

    #[test]
    fn a_host_is_enough() {
        let plain = address("redis://cache");
        assert_eq!((plain.hosts.as_slice(), plain.database), ([("cache".to_owned(), 6379)].as_slice(), 0));
        assert_eq!((plain.topology.scheme(plain.tls), &*plain.prefix), ("redis", "haechi:"));
        assert_eq!((plain.user, plain.password), (None, None));
        assert_eq!(plain.timeout, Duration::from_millis(250));
        assert_eq!(plain.after_restart, AfterRestart::Refuse);
    }

    #[test]
    fn everything_can_be_said() {
        let full = address(
            "rediss://al%3Ace:p%40ss:w@cache.example:7000/3?prefix=site-a%3A&ca=/etc/ca.pem&timeout_ms=100\
             &connect_timeout_ms=500&max_in_flight=10&connections=2&after_restart=trust",
        );
        assert_eq!((full.user.as_deref(), full.password.as_deref()), (Some("al:ce"), Some("p@ss:w")));
        assert_eq!((full.database, &*full.prefix, full.tls), (3, "site-a:", true));
        assert_eq!(full.ca_file, Some("/etc/ca.pem".into()));
        assert_eq!((full.timeout.as_millis(), full.connect_timeout.as_millis()), (100, 500));
        assert_eq!((full.max_in_flight, full.connections), (10, 2));
        assert_eq!(full.after_restart, AfterRestart::Trust);
    }

    #[test]
    fn a_cluster_has_several_hosts() {
        let cluster = address("redis-cluster://a:7000,[::1]:7001,b");
        let hosts = [("a", 7000), ("::1", 7001), ("b", 6379)].map(|(host, port)| (host.to_owned(), port));
        assert_eq!((cluster.hosts.as_slice(), cluster.is_cluster()), (hosts.as_slice(), true));
        assert_eq!(cluster.confirming_replicas(), (0, 0));
        assert_eq!(address("redis://:only@h").password.as_deref(), Some("only"));
    }

    #[test]
    fn sentinels_name_a_primary() {
        let usual = address("redis-sentinel://me:pw@a,[::1]:7001/3?master=mymaster");
        let hosts = [("a", 26379), ("::1", 7001)].map(|(host, port)| (host.to_owned(), port));
        assert_eq!((usual.hosts.as_slice(), usual.database, usual.tls), (hosts.as_slice(), 3, false));
        assert_eq!((usual.user.as_deref(), usual.password.as_deref()), (Some("me"), Some("pw")));
        assert_eq!((usual.is_cluster(), usual.confirming_replicas()), (false, (1, 2)));
        let sentinels = usual.topology.sentinels().unwrap();
        assert_eq!((&*sentinels.master, &sentinels.user, &sentinels.password), ("mymaster", &None, &None));
        assert_eq!(usual.to_string(), "redis-sentinel://a:26379,[::1]:7001?master=mymaster");

        let full = address(
            "rediss-sentinel://a?master=m&replicas=4&sentinel_user=watch&sentinel_password=p%40ss&ca=/etc/ca.pem",
        );
        assert_eq!((full.tls, full.confirming_replicas(), full.has_password()), (true, (2, 4), true));
        let sentinels = full.topology.sentinels().unwrap();
        assert_eq!((sentinels.user.as_deref(), sentinels.password.as_deref()), (Some("watch"), Some("p@ss")));
        assert_eq!(full.to_string(), "rediss-sentinel://a:26379?master=m");
        // As Lettuce has it.
        assert_eq!(address("redis-sentinel://a,b/0#my-master").topology.sentinels().unwrap().master, "my-master");
    }

    /// With the primary they are more than half of all servers, whatever their number.
    #[test]
    fn of_two_primaries_one_is_confirmed_at_most() {
        for replicas in 1..=10_usize {
            let address = address(&format!("redis-sentinel://a?master=m&replicas={replicas}"));
            let (confirming, _) = address.confirming_replicas();
            assert!(2 * (confirming + 1) > replicas + 1, "{confirming} of {replicas}");
            assert!(2 * confirming <= replicas + 1, "more than are needed of {replicas}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        check_error("redis-sentinel://a,b", &AddressError::Master);
        check_error(
            "redis-sentinel://a?master=",
            &AddressError::Value {
                name: "master",
                expected: "the primary's name among the sentinels, in visible ASCII characters",
            },
        );
        check_error("redis://a?master=m", &AddressError::Setting("master".to_owned()));
        for url in [
            "redis-sentinel://a?master=m&replicas=0",
            "redis-sentinel://a?master=m&after_restart=trust",
            "redis-sentinel://a?master=m#n",
            "redis-sentinel://a?master=m%20n",
        ] {
            assert!(matches!(RemoteAddress::parse(url), Err(AddressError::Value { .. })), "{url}");
        }
        check_error("http://h", &AddressError::Scheme);
        check_error("redis:h", &AddressError::Scheme);
        for url in ["redis://", "redis://:pw@", "redis://h:0", "redis://h:x", "redis://h:70000", "redis-cluster://a,,b"]
        {
            check_error(url, &AddressError::Host);
        }
        check_error("redis://a,b", &AddressError::SeveralHosts);
        check_error("redis://a/x", &AddressError::Database);
        check_error("redis-cluster://a/1", &AddressError::Database);
        check_error("redis://%ff@a", &AddressError::Credentials);
        check_error("redis://me:1?secret@a", &AddressError::Credentials);
        for url in ["redis://[[a]", "redis://a]", "redis://a\u{1b}b"] {
            check_error(url, &AddressError::Host);
        }
        check_error("redis://a?colour=red", &AddressError::Setting("colour".to_owned()));
        check_error("redis://a?timeout_ms=1&timeout_ms=2", &AddressError::Setting("timeout_ms".to_owned()));
        for url in ["redis://a?timeout_ms=0", "redis://a?timeout_ms=5000", "redis://a?timeout_ms=x"] {
            assert!(matches!(RemoteAddress::parse(url), Err(AddressError::Value { name: "timeout_ms", .. })), "{url}");
        }
        for url in ["redis://a?prefix=", "redis://a?prefix={x}", "redis://a?ca=f", "redis://a?after_restart=maybe"] {
            assert!(matches!(RemoteAddress::parse(url), Err(AddressError::Value { .. })), "{url}");
        }
    }

    #[test]
    fn nobody_sees_the_password() {
        let address = address("redis-cluster://me:pa55@a:1,b:2/?prefix=x");
        assert_eq!(format!("{address} {address:?}"), "redis-cluster://a:1,b:2 RemoteAddress(redis-cluster://a:1,b:2)");
    }

    #[test]
    fn an_ipv6_address_is_shown_as_it_is_written() {
        assert_eq!(address("redis://[::1]").to_string(), "redis://[::1]:6379");
    }
}
