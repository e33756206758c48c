//! Traces of requests, sent to an OpenTelemetry collector by OTLP over HTTP, if there is one.
//!
//! They have a target of their own, so that without a collector nobody is interested in them and they cost nothing, and
//! so that the log never shows them. As little as the log do they hold a path, a key, an appkey, an answer or an
//! address.

use std::{fmt, str::FromStr, time::Duration};

use async_trait::async_trait;
use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri},
};
use opentelemetry::{KeyValue, propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use serde::{Deserialize, Deserializer, de};
use tracing::{Span, Subscriber, field::Empty, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

/// The target of all spans that are made here.
pub(crate) const TARGET: &str = "traces";
/// Where a collector takes traces, below its address.
const TRACES_PATH: &str = "v1/traces";
/// The longest that a collector may take.
const MAX_SENDING_TIME: Duration = Duration::from_secs(5);
/// A collector's reply says little; no more of it is read.
const MAX_REPLY_BYTES: u64 = 64 << 10;

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

/// An address that cannot be a collector's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a collector's address is http:// or https:// with a host, and neither a query nor a password")]
pub struct OtlpEndpointError;

impl FromStr for OtlpEndpoint {
    type Err = OtlpEndpointError;

    fn from_str(text: &str) -> Result<Self, OtlpEndpointError> {
        let uri: Uri = text.parse().map_err(|_| OtlpEndpointError)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let has_host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if !is_http || !has_host || uri.query().is_some() {
            return Err(OtlpEndpointError);
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

/// What sends traces, on a thread of its own.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Prepares to send traces. Nothing is sent yet, and a collector that is not there is no error.
    ///
    /// # Errors
    /// If one of the variables `OTEL_…` in the environment, which say more of it, cannot be read.
    pub fn new(config: &TracesConfig) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Collector::new())
            .with_endpoint(format!("{}/{TRACES_PATH}", config.endpoint.0))
            .with_timeout(MAX_SENDING_TIME)
            .build()?;
        // As everywhere, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES may say something else.
        let name = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| env!("CARGO_PKG_NAME").to_owned());
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder().with_service_name(name).with_attribute(version).build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.ratio.0))))
            .with_batch_exporter(exporter)
            .build();
        Ok(Self(provider))
    }

    /// What takes spans of [`TARGET`] out of the program.
    pub(crate) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(env!("CARGO_PKG_NAME")))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_level(false)
            .with_filter(Targets::new().with_target(TARGET, LevelFilter::INFO))
    }

    /// Sends what is left, or gives it up after some seconds.
    pub fn close(self) {
        if let Err(error) = self.0.shutdown_with_timeout(MAX_SENDING_TIME) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// A client for the collector. It waits where it is called, which is on the thread that sends.
struct Collector(ureq::Agent);

impl Collector {
    fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(MAX_SENDING_TIME))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false);
        Self(config.build().into())
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = self.0.run(request.map(Vec::from))?.into_parts();
        let body = body.into_with_config().limit(MAX_REPLY_BYTES).read_to_vec()?;
        Ok(Response::from_parts(parts, body.into()))
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
            let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
            // It fails only for a span that is closed.
            let _ = span.set_parent(parent);
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
    fn an_address_is_a_collectors_or_is_refused() {
        for good in ["http://127.0.0.1:4318", "http://[::1]:4318/", "https://otlp.example.org/base"] {
            assert!(good.parse::<OtlpEndpoint>().is_ok(), "{good}");
        }
        for bad in ["", "127.0.0.1:4318", "/v1/traces", "grpc://h:4317", "http://u:p@h", "http://h/?key=1", "http://"] {
            assert_eq!(bad.parse::<OtlpEndpoint>(), Err(OtlpEndpointError), "{bad}");
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
