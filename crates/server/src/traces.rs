//! Traces of requests, sent to an OpenTelemetry collector by OTLP over HTTP, if there is one.
//!
//! What sends is in `export.rs`, and only in a program that is built with the feature `otlp`.
//!
//! They have a target of their own, so that without a collector nobody is interested in them and they cost nothing, and
//! so that the log never shows them. As little as the log do they hold a path, a key, an appkey, an answer or an
//! address.

#[cfg(not(feature = "otlp"))]
mod absent;
#[cfg(feature = "otlp")]
mod export;

use std::str::FromStr;

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde::{Deserialize, Deserializer, de};
use tracing::{Span, field::Empty};

#[cfg(not(feature = "otlp"))]
use self::absent as export;

pub use self::export::Traces;

/// The target of all spans that are made here.
pub(crate) const TARGET: &str = "traces";

/// Where traces go, and how many.
#[derive(Debug, Clone, PartialEq)]
pub struct TracesConfig {
    /// The collector.
    pub endpoint: OtlpEndpoint,
    /// Of how many requests.
    pub ratio: TraceRatio,
}

/// The address of a collector, such as `http://127.0.0.1:4318`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct OtlpEndpoint(String);

/// Why an address is no collector's that could be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtlpEndpointError {
    /// It cannot be one.
    #[error("a collector's address is http:// or https:// with a host, and neither a query nor a password")]
    Address,
    /// This program was built without what sends.
    #[error(
        "this haechi was built without traces: the Debian package and the container image have them, and so has what \
         cargo build --release --features otlp builds"
    )]
    NotBuilt,
}

impl FromStr for OtlpEndpoint {
    type Err = OtlpEndpointError;

    fn from_str(text: &str) -> Result<Self, OtlpEndpointError> {
        let uri: Uri = text.parse().map_err(|_| OtlpEndpointError::Address)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !is_http || !has_host || uri.query().is_some() {
            return Err(OtlpEndpointError::Address);
        }
        if cfg!(not(feature = "otlp")) {
            return Err(OtlpEndpointError::NotBuilt);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl TryFrom<String> for OtlpEndpoint {
    type Error = OtlpEndpointError;

    fn try_from(text: String) -> Result<Self, OtlpEndpointError> {
        text.parse()
    }
}

/// The part of requests, 0 to 1, that is traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceRatio(f64);

/// A number that is no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a ratio is a number from 0 to 1")]
pub struct TraceRatioError;

impl Default for TraceRatio {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for TraceRatio {
    type Error = TraceRatioError;

    fn try_from(ratio: f64) -> Result<Self, TraceRatioError> {
        if (0.0..=1.0).contains(&ratio) { Ok(Self(ratio)) } else { Err(TraceRatioError) }
    }
}

impl FromStr for TraceRatio {
    type Err = TraceRatioError;

    fn from_str(text: &str) -> Result<Self, TraceRatioError> {
        text.parse::<f64>().map_err(|_| TraceRatioError)?.try_into()
    }
}

impl<'de> Deserialize<'de> for TraceRatio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

/// The span of a whole request. A parent that a proxy names is believed if the proxy is.
///
/// Its names are those of the semantic conventions for HTTP servers. Of what they ask for, it leaves out `url.path`
/// and `client.address`.
pub(crate) fn request(method: &Method, route: Option<&str>, headers: &HeaderMap, is_from_proxy: bool) -> Span {
    let method = if is_known(method) { method.as_str() } else { "_OTHER" };
    let span = tracing::info_span!(
        target: TARGET,
        "request",
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.r#type = Empty,
        haechi.request_id = Empty,
        haechi.result_code = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", route.map_or(method.to_owned(), |route| format!("{method} {route}")));
        if is_from_proxy {
            export::continue_trace(&span, headers);
        }
    }
    span
}

/// Says how a request ended.
pub(crate) fn record_reply(span: &Span, status: StatusCode, result_code: Option<i32>, request_id: &HeaderValue) {
    if span.is_disabled() {
        return;
    }
    // A number by the conventions; one without a sign would be sent as text.
    span.record("http.response.status_code", i64::from(status.as_u16()));
    span.record("haechi.request_id", request_id.to_str().unwrap_or_default());
    if let Some(code) = result_code {
        span.record("haechi.result_code", code);
    }
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        span.record("error.type", status.as_str());
    }
}

/// The span of a part of a request, such as the ledger's decision.
pub(crate) fn step(name: &'static str) -> Span {
    tracing::info_span!(target: TARGET, "step", otel.name = name)
}

/// The methods of RFC 9110 and PATCH; others could be anything that a client thinks of.
fn is_known(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ]
    .contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(feature = "otlp")]
    fn an_address_is_a_collectors() {
        for good in ["http://127.0.0.1:4318", "http://[::1]:4318/", "https://otlp.example.org/base"] {
            assert!(good.parse::<OtlpEndpoint>().is_ok(), "{good}");
        }
    }

    #[test]
    #[cfg(not(feature = "otlp"))]
    fn a_program_that_sends_nothing_says_so() {
        assert_eq!("http://127.0.0.1:4318".parse::<OtlpEndpoint>(), Err(OtlpEndpointError::NotBuilt));
    }

    #[test]
    fn what_is_no_collectors_address_is_refused() {
        for bad in ["", "127.0.0.1:4318", "/v1/traces", "grpc://h:4317", "http://u:p@h", "http://h/?key=1", "http://"] {
            assert_eq!(bad.parse::<OtlpEndpoint>(), Err(OtlpEndpointError::Address), "{bad}");
        }
    }

    #[test]
    fn a_ratio_is_from_0_to_1() {
        for good in ["0", "1", "0.25", "1e-3"] {
            assert!(good.parse::<TraceRatio>().is_ok(), "{good}");
        }
        for bad in ["-0.1", "1.01", "NaN", "inf", "half", ""] {
            assert_eq!(bad.parse::<TraceRatio>(), Err(TraceRatioError), "{bad}");
        }
    }

    #[test]
    fn without_a_collector_nobody_is_interested() {
        assert!(request(&Method::GET, None, &HeaderMap::new(), false).is_disabled());
        assert!(step("ledger").is_disabled());
    }
}
