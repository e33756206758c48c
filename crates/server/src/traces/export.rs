//! Sends traces to a collector, by OTLP over HTTP.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use axum::{
    body::Bytes,
    http::{HeaderMap, Request, Response},
};
use opentelemetry::{KeyValue, propagation::TextMapPropagator, trace::TracerProvider};
use opentelemetry_http::{HeaderExtractor, HttpClient, HttpError};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::{Span, Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

use super::{TARGET, TracesConfig};

/// Where a collector takes traces, below its address.
const TRACES_PATH: &str = "v1/traces";
/// The longest that a collector may take.
const MAX_SENDING_TIME: Duration = Duration::from_secs(5);
/// A collector's reply says little; no more of it is read.
const MAX_REPLY_BYTES: u64 = 64 << 10;

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

/// Makes a span a part of the trace that its request's headers name.
pub(super) fn continue_trace(span: &Span, headers: &HeaderMap) {
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // It fails only for a span that is closed.
    let _ = span.set_parent(parent);
}
