//! Configuration: one TOML file, over it the environment, over that the command line.
//!
//! [`Options`] are what was said, by any of the three; a [`Config`] is what that comes down to, checked once.

mod file;
mod ledger;
mod options;

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use self::{
    file::{ConfigFile, Problem},
    ledger::{LedgerKind, LedgerUrlError},
    options::{Node, NodeError, Options, from_environment, unknown_environment, without_empty_environment},
};
use crate::{
    domain::{
        apps::DeclaredApp,
        client::{Proxies, StandingHeader, TrustedProxies},
        limits::PerMinute,
        statistics::Statistics,
    },
    http::{listener::Address, public_path::PublicPath, public_url::PublicUrl, tls::CertificateFiles},
    logging::Logging,
    traces::TracesConfig,
};

/// Where the program serves if nobody says otherwise.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Where it keeps its data if nobody says otherwise.
const DEFAULT_DATA: &str = "haechi-data";

/// What the program is to do, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// What it serves, and where.
    pub listening: Listening,
    /// The certificate for HTTPS, if that is served.
    pub certificate: Option<CertificateFiles>,
    /// The directory of the database, the secret and the control socket.
    pub data: PathBuf,
    /// Where spent keys are remembered.
    pub ledger: LedgerConfig,
    /// Where the secrets are.
    pub secrets: SecretFiles,
    /// This process among those that issue keys under one secret; random if not given.
    pub node: Option<Node>,
    /// How often each client may call.
    pub limits: LimitsConfig,
    /// For how many days statistics are kept.
    pub statistics_days: u16,
    /// Whether the keys that other vendors publish for tests are known.
    pub vendor_test_keys: bool,
    /// What is logged, and how.
    pub logging: Logging,
    /// Whether a start prints what is secret; if not said, that depends on who reads it.
    pub print_secrets: Option<bool>,
    /// Where traces go, if anywhere.
    pub traces: Option<TracesConfig>,
    /// The apps that the configuration file declares.
    pub apps: Vec<DeclaredApp>,
}

/// What is served, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// For everybody.
    pub public: Address,
    /// For operators only, if apart.
    pub operators: Option<Address>,
    /// The path below which a proxy shows it.
    pub public_path: Option<PublicPath>,
    /// The address at which browsers reach it, if the console is not seen there.
    pub public_url: Option<PublicUrl>,
    /// Whether trusted proxies say by the PROXY protocol whose a connection of the public is.
    pub proxy_protocol: bool,
    /// Whether the demo page is served.
    pub demo: bool,
}

/// Where spent keys are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerConfig {
    /// In what.
    pub kind: LedgerKind,
    /// How many at the most, if not as many as is usual.
    pub max_spent_keys: Option<u64>,
}

/// How often each client may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitsConfig {
    /// The limits.
    pub per_minute: PerMinute,
    /// How many challenges of the widget a client may leave unanswered within an hour; 0 is as many as it likes.
    pub unanswered_per_hour: u32,
    /// How clients are told apart.
    pub proxies: Proxies,
    /// Whether nodes that share a ledger in Redis count together.
    pub shared: bool,
}

/// Where the secrets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFiles {
    /// The current one's file, if it is not the one that is made in the data directory.
    pub current: Option<PathBuf>,
    /// The one before it, while keys of it may live.
    pub previous: Option<PathBuf>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file says what cannot be.
    #[error("{}", describe(path, problems))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; at least one thing.
        problems: Vec<Problem>,
    },
    /// The ledger is not one.
    #[error("--ledger (HAECHI_LEDGER): {0}")]
    Ledger(#[from] LedgerUrlError),
    /// Of a certificate and its key only one is named.
    #[error("--tls-certificate and --tls-key are needed together")]
    HalfACertificate,
    /// The PROXY protocol, and nobody who may speak it.
    #[error(
        "--proxy-protocol needs --trusted-proxies, which says who speaks it, or a socket to listen on: nobody else is \
         believed"
    )]
    ProxyProtocolOfNobody,
}

impl Config {
    /// Reads the file that the command line or the environment names, if any, and checks all that was said.
    ///
    /// # Errors
    /// Any [`ConfigError`].
    pub fn load(options: Options) -> Result<Self, ConfigError> {
        let file = match &options.config {
            Some(path) => read_file(path)?,
            None => ConfigFile::default(),
        };
        Self::new(options.or(file.options), file.apps)
    }

    fn new(options: Options, apps: Vec<DeclaredApp>) -> Result<Self, ConfigError> {
        let public = options.listen.clone().unwrap_or(Address::Network(DEFAULT_LISTEN));
        let kind = options.ledger.as_deref().map_or(Ok(LedgerKind::Embedded), str::parse)?;
        let is_socket = |address: &Address| matches!(address, Address::Socket(_));
        let has_socket = is_socket(&public) || options.admin_listen.as_ref().is_some_and(is_socket);
        let trusted = options.trusted_proxies.clone().unwrap_or_default();
        let proxies = Proxies {
            trusted: if has_socket { trusted.and_those_at_sockets() } else { trusted },
            header: options.forwarded_header.unwrap_or_default(),
            standing: options.standing_header.clone().map(StandingHeader::into_name),
        };
        let proxy_protocol = options.proxy_protocol.unwrap_or(false);
        if proxy_protocol && proxies.trusted.is_empty() {
            return Err(ConfigError::ProxyProtocolOfNobody);
        }
        // Behind a proxy, everybody comes from this machine.
        let is_for_this_machine = public.is_local() && proxies.trusted == TrustedProxies::default();
        let certificate = match (options.tls_certificate.clone(), options.tls_key.clone()) {
            (Some(certificate), Some(key)) => Some(CertificateFiles { certificate, key }),
            (None, None) => None,
            _ => return Err(ConfigError::HalfACertificate),
        };
        Ok(Self {
            certificate,
            listening: Listening {
                public,
                operators: options.admin_listen.clone(),
                public_path: options.public_path.clone(),
                public_url: options.public_url.clone(),
                proxy_protocol,
                demo: options.is_demo_wanted().unwrap_or(is_for_this_machine),
            },
            data: options.data.unwrap_or_else(|| DEFAULT_DATA.into()),
            ledger: LedgerConfig { kind, max_spent_keys: options.max_spent_keys },
            secrets: SecretFiles { current: options.secret_file, previous: options.previous_secret_file },
            node: options.node,
            vendor_test_keys: options.vendor_test_keys.unwrap_or(false),
            limits: LimitsConfig {
                per_minute: PerMinute {
                    issue: options.issue_per_minute.unwrap_or(0),
                    media: options.media_per_minute.unwrap_or(0),
                    verify: options.verify_per_minute.unwrap_or(0),
                },
                unanswered_per_hour: options.unanswered_per_hour.unwrap_or(0),
                proxies,
                shared: options.shared_limits.unwrap_or(false),
            },
            statistics_days: options.statistics_days.unwrap_or(Statistics::USUAL_DAYS),
            logging: Logging { level: options.log.unwrap_or_default(), format: options.log_format.unwrap_or_default() },
            print_secrets: options.print_secrets,
            traces: options
                .otlp_endpoint
                .map(|endpoint| TracesConfig { endpoint, ratio: options.trace_ratio.unwrap_or_default() }),
            apps,
        })
    }
}

/// Reads a configuration file by itself.
///
/// # Errors
/// [`ConfigError::Read`] or [`ConfigError::File`].
pub fn read_file(path: &Path) -> Result<ConfigFile, ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    ConfigFile::parse(&text).map_err(|problems| ConfigError::File { path: path.to_owned(), problems })
}

fn describe(path: &Path, problems: &[Problem]) -> String {
    let path = path.display();
    match problems {
        [] => format!("{path}: not a configuration file"),
        [problem] => format!("{path}:{problem}"),
        [first, others @ ..] => {
            format!("{path}:{first} (and {} more: see haechi check-config {path})", others.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::{LogFormat, LogLevel};

    fn config(options: Options) -> Config {
        Config::load(options).unwrap()
    }

    #[test]
    fn nothing_said_gives_the_documented_defaults() {
        let config = config(Options::default());
        assert_eq!(config.listening.public.to_string(), "127.0.0.1:8080");
        assert_eq!(config.data, Path::new("haechi-data"));
        assert_eq!(config.ledger, LedgerConfig { kind: LedgerKind::Embedded, max_spent_keys: None });
        assert_eq!(config.statistics_days, 90);
        assert_eq!(config.logging, Logging { level: LogLevel::Info, format: LogFormat::Human });
    }

    #[test]
    fn the_demo_page_is_on_by_default_on_a_loopback_address_only() {
        let demo = |listen: &str, demo, no_demo| {
            let listen = Some(listen.parse().unwrap());
            config(Options { listen, demo, no_demo, ..Options::default() }).listening.demo
        };
        assert!(demo("127.0.0.1:0", None, false) && demo("[::1]:0", None, false));
        assert!(!demo("0.0.0.0:0", None, false) && !demo("[::]:0", None, false));
        assert!(demo("0.0.0.0:0", Some(true), false));
        assert!(!demo("127.0.0.1:0", Some(false), false) && !demo("127.0.0.1:0", Some(true), true));
    }

    #[test]
    fn a_certificate_comes_with_its_key() {
        let named = |key: Option<&str>| {
            let tls_certificate = Some("a.crt".into());
            Config::load(Options { tls_certificate, tls_key: key.map(Into::into), ..Options::default() })
        };
        assert!(matches!(named(None), Err(ConfigError::HalfACertificate)));
        assert!(named(Some("a.key")).unwrap().certificate.is_some());
    }

    #[test]
    fn a_ledger_that_is_not_one_is_refused_without_its_password() {
        let options = Options { ledger: Some("redis://user:pa55@host/x".to_owned()), ..Options::default() };
        let error = Config::load(options).unwrap_err().to_string();
        assert!(error.contains("the number of a database") && !error.contains("pa55"), "{error}");
    }
}
