//! Traces of requests, as a collector receives them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind, status::StatusCode as SpanStatus},
};
use prost::Message;
use tokio::{net::TcpListener, runtime::Runtime};

use crate::server::{TestServer, ledger_is_shared, not_tested, send_request, within_deadline};

/// A collector that keeps what it is sent.
struct Collector {
    url: String,
    received: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
    /// What serves, as long as it lives.
    _runtime: Runtime,
}

impl Collector {
    /// A collector that takes so long for each message.
    fn start(delay: Duration) -> Self {
        let runtime = Runtime::new().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&received);
        let take = async move |body: Bytes| {
            tokio::time::sleep(delay).await;
            kept.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
            StatusCode::OK
        };
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/traces", post(take));
        runtime.spawn(async { axum::serve(listener, router).await });
        Self { url, received, _runtime: runtime }
    }

    fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let resources = received.iter().flat_map(|message| &message.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The spans so far, as soon as they are so many.
    fn spans_once_there_are(&self, count: usize) -> Vec<Span> {
        within_deadline("the spans arrive", || Some(self.spans()).filter(|spans| spans.len() >= count))
    }
}

fn attributes(span: &Span) -> HashMap<&str, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    for pair in &span.attributes {
        let is_number = matches!(pair.value.as_ref().unwrap().value, Some(Value::IntValue(_)));
        assert_eq!(is_number, pair.key.ends_with("_code"), "{pair:?}");
    }
    let pair = |pair: &'_ opentelemetry_proto::tonic::common::v1::KeyValue| {
        text(pair.value.as_ref().unwrap().value.as_ref().unwrap())
    };
    span.attributes.iter().map(|attribute| (attribute.key.as_str(), pair(attribute))).collect()
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let names: Vec<_> = spans.iter().map(|span| &span.name).collect();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} among {names:?}"))
}

#[test]
fn a_collector_gets_the_spans_of_every_request_and_nothing_secret() {
    let collector = Collector::start(Duration::ZERO);
    let server = TestServer::with_args(&["--otlp-endpoint", &collector.url]);
    let appkey = server.appkey();
    let key = server.issue(appkey);
    let image = server.get(&format!("/captcha/v1.0/keys/{key}/img"));
    server.get(&format!("/captcha/v1.0/keys/{key}/sound"));
    let answer = server.answer_of(&key);
    assert_eq!(server.verify(appkey, &key, &answer), 0);
    server.get("/no/such/page");

    // Five requests, and in three of them draw, speak and ledger, of which two wait for a thread.
    let spans = collector.spans_once_there_are(10);
    let issue = named(&spans, "POST /captcha/v1.0/appkeys/{appkey}/keys");
    assert_eq!((issue.kind(), issue.parent_span_id.len()), (SpanKind::Server, 0));
    let asked = named(&spans, "GET /captcha/v1.0/keys/{key}/img");
    let said = attributes(asked);
    assert_eq!(said["http.request.method"], "GET");
    assert_eq!(said["http.route"], "/captcha/v1.0/keys/{key}/img");
    assert_eq!((said["http.response.status_code"].as_str(), said["haechi.result_code"].as_str()), ("200", "0"));
    assert_eq!(said["haechi.request_id"], image.header("x-request-id"), "by it the log and the trace are joined");
    let draw = named(&spans, "draw");
    assert_eq!((&draw.parent_span_id, &draw.trace_id), (&asked.span_id, &asked.trace_id));
    assert_eq!(named(&spans, "wait").trace_id, asked.trace_id);
    named(&spans, "speak");
    let verify = named(&spans, "GET /captcha/v1.0/appkeys/{appkey}/keys/{key}/verification");
    assert_eq!(named(&spans, "ledger").parent_span_id, verify.span_id);
    assert_eq!(attributes(named(&spans, "GET"))["http.response.status_code"], "404");

    let all = format!("{:?}", collector.received.lock().unwrap());
    assert!(all.contains("\"haechi\""), "no service.name: {all}");
    for secret in [appkey, key.as_str(), answer.as_str(), "127.0.0.1", "/no/such/page"] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
    assert!(!server.stderr().contains("traces"), "{}", server.stderr());
}

#[test]
fn a_fault_is_marked() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let collector = Collector::start(Duration::ZERO);
    let server = TestServer::with_args(&["--otlp-endpoint", &collector.url, "--max-spent-keys", "1"]);
    let answer = |_| {
        let key = server.issue(server.appkey());
        server.verify(server.appkey(), &key, &server.answer_of(&key))
    };
    assert_eq!([0, 1].map(answer), [0, -1], "the ledger is full");
    let spans = collector.spans_once_there_are(6);
    let failed = spans.iter().find(|span| attributes(span).get("haechi.result_code").is_some_and(|code| code == "-1"));
    let failed = failed.unwrap();
    assert_eq!(failed.status.as_ref().unwrap().code(), SpanStatus::Error);
    assert_eq!(attributes(failed)["error.type"], "503");
}

/// Asks with the trace that a proxy has begun.
fn ask_within(server: &TestServer, traceparent: &str) {
    let request = ureq::http::Request::get(format!("{}/healthz", server.url())).header("traceparent", traceparent);
    assert_eq!(send_request(request.body(()).unwrap()).status, 200);
}

const TRACE: [u8; 16] = [0x0a; 16];
const TRACED: &str = "00-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-0b0b0b0b0b0b0b0b-01";
const NOT_TRACED: &str = "00-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-0b0b0b0b0b0b0b0b-00";

#[test]
fn a_trusted_proxys_trace_goes_on() {
    let collector = Collector::start(Duration::ZERO);
    // Of its own accord it traces nothing.
    let args = ["--otlp-endpoint", &collector.url, "--trace-ratio", "0", "--trusted-proxies", "127.0.0.0/8"];
    let server = TestServer::with_args(&args);
    ask_within(&server, NOT_TRACED);
    ask_within(&server, "nonsense");
    server.issue(server.appkey());
    ask_within(&server, TRACED);
    let spans = collector.spans_once_there_are(1);
    assert_eq!(spans.len(), 1, "{spans:?}");
    assert_eq!((spans[0].trace_id.as_slice(), spans[0].parent_span_id.as_slice()), (&TRACE[..], &[0x0b; 8][..]));
}

#[test]
fn nobody_elses_does() {
    let collector = Collector::start(Duration::ZERO);
    let server = TestServer::with_args(&["--otlp-endpoint", &collector.url]);
    ask_within(&server, NOT_TRACED);
    ask_within(&server, TRACED);
    for span in collector.spans_once_there_are(2) {
        assert!(span.trace_id != TRACE && span.parent_span_id.is_empty(), "{span:?}");
    }
}

#[test]
fn what_is_left_is_sent_at_the_end() {
    let collector = Collector::start(Duration::ZERO);
    let server = TestServer::with_args(&["--otlp-endpoint", &collector.url]);
    server.issue(server.appkey());
    assert!(server.stop().success());
    assert_eq!(collector.spans().len(), 1);
}

#[test]
fn a_collector_that_is_not_there_or_slow_harms_nothing() {
    let slow = Collector::start(Duration::from_secs(3600));
    // Port 9 is for discarding, and nobody serves it.
    for endpoint in [slow.url.as_str(), "http://127.0.0.1:9"] {
        let server = TestServer::with_args(&["--otlp-endpoint", endpoint]);
        let key = server.issue(server.appkey());
        for _ in 0..3000 {
            // More than the queue of spans holds.
            assert_eq!(server.get("/healthz").status, 200);
        }
        assert_eq!(server.verify(server.appkey(), &key, &server.answer_of(&key)), 0);
        let stopping = Instant::now();
        assert!(server.stop().success());
        assert!(stopping.elapsed() < Duration::from_secs(15), "{:?}", stopping.elapsed());
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    let serve = |args: &[&str]| crate::server::run(&[&["serve", "--listen", "127.0.0.1:0"][..], args].concat());
    serve(&["--otlp-endpoint", "localhost:4318"]).fails(2, "a collector's address is http:// or https:// with a host");
    serve(&["--trace-ratio", "2"]).fails(2, "a ratio is a number from 0 to 1");
}
