//! What a person may say, with the names under which the command line, the environment and the file know it.

use std::{fmt, path::PathBuf, str::FromStr};

use haechi_captcha::Claims;
use serde::{Deserialize, Deserializer, de};

use super::LedgerKind;
use crate::{
    domain::{
        client::{ForwardedHeader, StandingHeader, TrustedProxies},
        statistics::Statistics,
    },
    http::{listener::Address, public_path::PublicPath, public_url::PublicUrl},
    logging::{LogFormat, LogLevel},
    traces::{OtlpEndpoint, TraceRatio},
};

/// Everything that can be configured; what was not said is `None`.
///
/// A field's name is its name in the file and, with hyphens, its flag; its comment is the help text.
#[derive(Debug, Clone, Default, clap::Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Configuration file, in TOML
    #[arg(long, env = "HAECHI_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Directory of the database, the secret and the control socket [default: haechi-data]
    #[arg(long, env = "HAECHI_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port to serve on; port 0 picks a free one. Or unix:/PATH, a socket for a proxy on this machine
    /// [default: 127.0.0.1:8080]
    #[arg(long, env = "HAECHI_LISTEN", value_name = "ADDR")]
    #[serde(deserialize_with = "address_text")]
    pub listen: Option<Address>,
    /// Address and port, or unix:/PATH, for operators: /metrics, /docs, /admin and /console are then served there only
    #[arg(long, env = "HAECHI_ADMIN_LISTEN", value_name = "ADDR")]
    #[serde(deserialize_with = "address_text")]
    pub admin_listen: Option<Address>,
    /// File of the certificate, in PEM, with those that vouch for it: HTTPS is then served on both addresses
    #[arg(long, env = "HAECHI_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,
    /// File of its private key, in PEM. Both are read anew when they change
    #[arg(long, env = "HAECHI_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// Where spent keys are remembered: embedded: (in the data directory), memory:, or for many nodes
    /// redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss:// (TLS), redis-cluster://HOST:PORT,HOST:PORT or
    /// redis-sentinel://HOST:PORT,HOST:PORT?master=NAME [default: embedded:]
    #[arg(long, env = "HAECHI_LEDGER", hide_env_values = true, value_name = "URL")]
    #[serde(deserialize_with = "ledger_url")]
    pub ledger: Option<String>,
    /// Most spent keys remembered at once; answers to further keys fail. Redis has its own limit, maxmemory
    /// [default: 10000000, or 2000000 in memory]
    #[arg(long, env = "HAECHI_MAX_SPENT_KEYS", value_name = "COUNT", value_parser = key_count)]
    #[serde(deserialize_with = "key_count_number")]
    pub max_spent_keys: Option<u64>,
    /// File of the secret, 64 hexadecimal digits [default: secret in the data directory, made on the first start]
    #[arg(long, env = "HAECHI_SECRET_FILE", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// File of the secret before it, whose keys are still good
    #[arg(long, env = "HAECHI_PREVIOUS_SECRET_FILE", value_name = "FILE")]
    pub previous_secret_file: Option<PathBuf>,
    /// Number of this process among those that share a secret, below 16384. Unless they share a ledger in Redis too,
    /// a key can pass once on every one of them [default: random]
    #[arg(long, env = "HAECHI_NODE", value_name = "NUMBER")]
    pub node: Option<Node>,
    /// Proxies whose word on who calls counts, as networks separated by commas, such as 10.0.0.0/8 [default: none]
    #[arg(long, env = "HAECHI_TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<TrustedProxies>,
    /// Header in which they say who calls [default: x-forwarded-for]
    #[arg(long, env = "HAECHI_FORWARDED_HEADER", value_name = "HEADER")]
    pub forwarded_header: Option<ForwardedHeader>,
    /// Have each connection of a trusted proxy to the public address begin with a header of the PROXY protocol, of form
    /// 1 or 2, which says whose it is. It is closed without one [default: false]
    #[arg(long, env = "HAECHI_PROXY_PROTOCOL", value_name = "BOOL")]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub proxy_protocol: Option<bool>,
    /// Header in which trusted proxies say what they think of a client: allow, suspect or deny; such as
    /// x-client-standing [default: none]
    #[arg(long, env = "HAECHI_STANDING_HEADER", value_name = "HEADER")]
    pub standing_header: Option<StandingHeader>,
    /// Challenges a minute for each client's address at the most; a site that issues for all its users has one address
    /// [default: no limit]
    #[arg(long, env = "HAECHI_ISSUE_PER_MINUTE", value_name = "COUNT")]
    pub issue_per_minute: Option<u32>,
    /// Pictures and sounds a minute for each client's address at the most [default: no limit]
    #[arg(long, env = "HAECHI_MEDIA_PER_MINUTE", value_name = "COUNT")]
    pub media_per_minute: Option<u32>,
    /// Answers a minute for each client's address at the most [default: no limit]
    #[arg(long, env = "HAECHI_VERIFY_PER_MINUTE", value_name = "COUNT")]
    pub verify_per_minute: Option<u32>,
    /// Challenges of the widget an hour that each client's address may leave unanswered at the most [default: no limit]
    #[arg(long, env = "HAECHI_UNANSWERED_PER_HOUR", value_name = "COUNT")]
    pub unanswered_per_hour: Option<u32>,
    /// Count calls for these limits, and for those of apps, together with the other nodes that share a ledger in Redis
    #[arg(long, env = "HAECHI_SHARED_LIMITS", value_name = "BOOL")]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub shared_limits: Option<bool>,
    /// Days for which statistics are kept, 1 to 366, beside as many before them to compare [default: 90]
    #[arg(long, env = "HAECHI_STATISTICS_DAYS", value_name = "DAYS", value_parser = days)]
    #[serde(deserialize_with = "days_number")]
    pub statistics_days: Option<u16>,
    /// Path below which a proxy shows this server, such as /captcha-svc: it stands before all addresses that are given
    /// out [default: none]
    #[arg(long, env = "HAECHI_PUBLIC_PATH", value_name = "PATH")]
    pub public_path: Option<PublicPath>,
    /// Address at which browsers reach this server, for the console's examples [default: the one at which the console is
    /// seen]
    #[arg(long, env = "HAECHI_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,
    /// Serve the demo page [default: on a loopback address only, and with no trusted proxies]
    #[arg(long, env = "HAECHI_DEMO", value_name = "BOOL")]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub demo: Option<bool>,
    /// Do not serve the demo page, whatever else is said
    #[arg(long)]
    #[serde(skip)]
    pub no_demo: bool,
    /// Know the site keys and secrets that reCAPTCHA, hCaptcha and Turnstile publish for tests; they protect nothing
    #[arg(long, env = "HAECHI_VENDOR_TEST_KEYS", value_name = "BOOL")]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub vendor_test_keys: Option<bool>,
    /// Least serious level that is logged [default: info]
    #[arg(long, env = "HAECHI_LOG", value_name = "LEVEL")]
    pub log: Option<LogLevel>,
    /// Form of the log [default: human]
    #[arg(long, env = "HAECHI_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Print the first app's appkey and secret, and the link that makes the first user of the console, wherever standard
    /// output goes [default: only to a terminal, and only while the log is for people]
    #[arg(long, env = "HAECHI_PRINT_SECRETS", value_name = "BOOL")]
    #[arg(num_args = 0..=1, default_missing_value = "true")]
    pub print_secrets: Option<bool>,
    /// Address of an OpenTelemetry collector, which takes OTLP over HTTP: requests are traced and sent there, such as
    /// http://127.0.0.1:4318 [default: none]
    #[arg(long, env = "HAECHI_OTLP_ENDPOINT", value_name = "URL")]
    pub otlp_endpoint: Option<OtlpEndpoint>,
    /// Part of requests that is traced, 0 to 1, unless a trusted proxy says of one whether it is [default: 1]
    #[arg(long, env = "HAECHI_TRACE_RATIO", value_name = "RATIO")]
    pub trace_ratio: Option<TraceRatio>,
}

/// A process's number among those that issue keys under one secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u16")]
pub struct Node(u16);

/// A number that is no node's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a node is a number from 0 to 16383")]
pub struct NodeError;

impl Node {
    /// The number, below [`Claims::NODES`].
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Node {
    type Error = NodeError;

    fn try_from(number: u16) -> Result<Self, NodeError> {
        if number < Claims::NODES { Ok(Self(number)) } else { Err(NodeError) }
    }
}

impl FromStr for Node {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        text.parse::<u16>().map_err(|_| NodeError)?.try_into()
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Options {
    /// These options, and where they say nothing, what the others say.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            config: self.config.or(others.config),
            data: self.data.or(others.data),
            listen: self.listen.or(others.listen),
            admin_listen: self.admin_listen.or(others.admin_listen),
            tls_certificate: self.tls_certificate.or(others.tls_certificate),
            tls_key: self.tls_key.or(others.tls_key),
            ledger: self.ledger.or(others.ledger),
            max_spent_keys: self.max_spent_keys.or(others.max_spent_keys),
            secret_file: self.secret_file.or(others.secret_file),
            previous_secret_file: self.previous_secret_file.or(others.previous_secret_file),
            node: self.node.or(others.node),
            trusted_proxies: self.trusted_proxies.or(others.trusted_proxies),
            forwarded_header: self.forwarded_header.or(others.forwarded_header),
            proxy_protocol: self.proxy_protocol.or(others.proxy_protocol),
            standing_header: self.standing_header.or(others.standing_header),
            issue_per_minute: self.issue_per_minute.or(others.issue_per_minute),
            media_per_minute: self.media_per_minute.or(others.media_per_minute),
            verify_per_minute: self.verify_per_minute.or(others.verify_per_minute),
            unanswered_per_hour: self.unanswered_per_hour.or(others.unanswered_per_hour),
            shared_limits: self.shared_limits.or(others.shared_limits),
            statistics_days: self.statistics_days.or(others.statistics_days),
            public_path: self.public_path.or(others.public_path),
            public_url: self.public_url.or(others.public_url),
            demo: self.demo.or(others.demo),
            no_demo: self.no_demo || others.no_demo,
            vendor_test_keys: self.vendor_test_keys.or(others.vendor_test_keys),
            log: self.log.or(others.log),
            log_format: self.log_format.or(others.log_format),
            print_secrets: self.print_secrets.or(others.print_secrets),
            otlp_endpoint: self.otlp_endpoint.or(others.otlp_endpoint),
            trace_ratio: self.trace_ratio.or(others.trace_ratio),
        }
    }

    /// Whether anybody wants the demo page, or wants it not.
    #[must_use]
    pub fn is_demo_wanted(&self) -> Option<bool> {
        if self.no_demo { Some(false) } else { self.demo }
    }
}

/// The options in the environment, which a command of few flags goes by too.
///
/// # Errors
/// A usage error if one cannot be read.
pub fn from_environment() -> Result<Options, clap::Error> {
    let command = without_empty_environment(<Options as clap::Args>::augment_args(clap::Command::new("haechi")));
    <Options as clap::FromArgMatches>::from_arg_matches(&command.try_get_matches_from(["haechi"])?)
}

/// A command to which an empty variable is none, as compose files write one that is not set.
#[must_use]
pub fn without_empty_environment(command: clap::Command) -> clap::Command {
    let is_empty = |name: &std::ffi::OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command.mut_args(|argument| {
        if argument.get_env().is_some_and(is_empty) { argument.env(None::<&'static str>) } else { argument }
    })
}

/// The names of the environment that look like ours and are not, and so are probably misspelt.
#[must_use]
pub fn unknown_environment() -> Vec<String> {
    let command = <Options as clap::Args>::augment_args(clap::Command::new("haechi"));
    let known: Vec<_> = command.get_arguments().filter_map(|argument| argument.get_env()).collect();
    let mut unknown: Vec<String> = std::env::vars_os()
        .filter(|(name, _)| !known.contains(&name.as_os_str()))
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, value)| name.starts_with("HAECHI_") && !is_service_link(name, value))
        .map(|(name, _)| name)
        .collect();
    unknown.sort();
    unknown
}

/// Whether Kubernetes, and Docker once, wrote this of a service or a container whose name begins as ours does.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_port = |part: &str| {
        let (number, protocol) = part.split_once('_').unwrap_or((part, ""));
        let protocol = protocol.split('_').next().unwrap_or_default();
        number.parse::<u16>().is_ok() && matches!(protocol, "TCP" | "UDP" | "SCTP")
    };
    let is_of_service = name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT");
    let is_address =
        name.ends_with("_PORT") && ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    is_of_service
        || name.contains("_SERVICE_PORT_")
        || is_address
        || name.match_indices("_PORT_").any(|(place, sign)| is_port(&name[place + sign.len()..]))
}

fn key_count(text: &str) -> Result<u64, &'static str> {
    text.parse().ok().filter(|count| *count > 0).ok_or("a number of keys is at least 1")
}

fn key_count_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    key_count(&number.to_string()).map(Some).map_err(de::Error::custom)
}

fn days(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|days| Statistics::DAYS.contains(days)).ok_or("statistics are kept for 1 to 366 days")
}

fn days_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let number = i64::deserialize(deserializer)?;
    days(&number.to_string()).map(Some).map_err(de::Error::custom)
}

fn address_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Address>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// Checks the URL where its line is known.
fn ledger_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(deserializer)?;
    url.parse::<LedgerKind>().map_err(de::Error::custom)?;
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Report R11: what a Service called haechi writes into its own pods' environment.
    #[test]
    fn what_kubernetes_writes_is_no_misspelt_setting() {
        for (name, value) in [
            ("HAECHI_SERVICE_HOST", "10.96.0.7"),
            ("HAECHI_SERVICE_PORT", "80"),
            ("HAECHI_SERVICE_PORT_HTTP", "80"),
            ("HAECHI_PORT", "tcp://10.96.0.7:80"),
            ("HAECHI_PORT_80_TCP", "tcp://10.96.0.7:80"),
            ("HAECHI_PORT_80_TCP_PROTO", "tcp"),
            ("HAECHI_PORT_80_TCP_PORT", "80"),
            ("HAECHI_PORT_80_TCP_ADDR", "10.96.0.7"),
            ("HAECHI_OPERATORS_PORT_9090_TCP_ADDR", "10.96.0.8"),
        ] {
            assert!(is_service_link(name, value), "{name}");
        }
        for (name, value) in
            [("HAECHI_PORT", "8080"), ("HAECHI_LISEN", "x"), ("HAECHI_PORT_NUMBER", "80"), ("HAECHI_HOST", "x")]
        {
            assert!(!is_service_link(name, value), "{name}");
        }
    }

    #[test]
    fn every_option_has_an_environment_name() {
        let command = <Options as clap::Args>::augment_args(clap::Command::new("haechi"));
        for option in command.get_arguments().filter(|option| *option.get_id() != "no_demo") {
            let expected = format!("HAECHI_{}", option.get_id().as_str().to_uppercase());
            assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(expected.as_str()));
        }
    }
}
