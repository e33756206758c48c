//! What the server counts and times, in Prometheus' text format.
//!
//! Every label has a small fixed set of values, whatever a client sends.

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::domain::{
    connections::Connections,
    counters::{Demanded, Kind},
    demand::Demand,
    outcome::Outcome,
    readiness::Unready,
};

/// All metrics of one server.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    results: Family<ResultLabels, Counter>,
    render: Histogram,
    speak: Histogram,
    ledger: Histogram,
    ledger_records: Gauge,
    ledger_losses: Counter,
    ledger_unsafe: Family<ReasonLabels, Gauge>,
    clock_offset: Gauge<f64, AtomicU64>,
    apps: Gauge,
    connections: Gauge,
    connections_ended: Counter,
    unsent: Gauge,
    limited: Family<CallLabels, Counter>,
    shed: Family<CallLabels, Counter>,
    asked: Family<KindLabels, Counter>,
    demanded: Family<DemandLabels, Counter>,
    works: Family<WorkLabels, Counter>,
    panics: Counter,
}

/// What a request was and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

/// What the API answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: Call,
}

/// Why the ledger is not to be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// What a browser was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// What the rule demanded of a browser.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DemandLabels {
    word: &'static str,
    level: u8,
}

/// What was sent for work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabels {
    result: &'static str,
}

impl From<&Demand> for DemandLabels {
    fn from(demand: &Demand) -> Self {
        Self { word: if demand.word { "yes" } else { "no" }, level: demand.level }
    }
}

impl WorkLabels {
    const fn of(is_done: bool) -> Self {
        Self { result: if is_done { "done" } else { "wrong" } }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    call: Call,
    code: Outcome,
}

/// What kind of call a route is: how it is limited, counted and shown follows from that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// A challenge is issued.
    Issue,
    /// A picture is shown.
    Image,
    /// A sound is played.
    Sound,
    /// An answer is judged.
    Verify,
    /// A key is expired.
    Expire,
    /// The widget asks for a challenge.
    Begin,
    /// The widget sends an answer.
    Answer,
    /// A site redeems a token.
    Redeem,
    /// The widget's script is fetched.
    Script,
    /// Whether the process answers.
    Liveness,
    /// Whether the ledger can decide.
    Readiness,
    /// What is counted.
    Metrics,
    /// Any other call, of administrators and of people who look at pages.
    Other,
}

impl Call {
    /// Its name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Image => "image",
            Self::Sound => "sound",
            Self::Verify => "verify",
            Self::Expire => "expire",
            Self::Begin => "begin",
            Self::Answer => "answer",
            Self::Redeem => "redeem",
            Self::Script => "script",
            Self::Liveness => "healthz",
            Self::Readiness => "readyz",
            Self::Metrics => "metrics",
            Self::Other => "other",
        }
    }
}

impl EncodeLabelValue for Call {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.name(), encoder)
    }
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.name(), encoder)
    }
}

/// Upper bounds of the buckets of a time, in seconds: 50 µs to 1.6 s by doubling, and 5 s.
const BUCKETS_SECS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_2, 0.000_4, 0.000_8, 0.001_6, 0.003_2, 0.006_4, 0.012_8, 0.025_6, 0.051_2, 0.102_4,
    0.204_8, 0.409_6, 0.819_2, 1.638_4, 5.0,
];

/// What others count, and is asked when metrics are.
pub struct Elsewhere<'a> {
    /// Spent keys that are remembered, if that is known here.
    pub ledger_records: Option<u64>,
    /// Parts of the ledger that were lost.
    pub ledger_losses: u64,
    /// Apps, disabled ones included.
    pub apps: usize,
    /// Who is connected.
    pub connections: &'a Connections,
}

impl Metrics {
    #[must_use]
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new(BUCKETS_SECS);
        let mut metrics = Self {
            registry: Registry::with_prefix("haechi"),
            requests: Family::default(),
            results: Family::default(),
            render: histogram(),
            speak: histogram(),
            ledger: histogram(),
            ledger_records: Gauge::default(),
            ledger_losses: Counter::default(),
            ledger_unsafe: Family::default(),
            clock_offset: Gauge::default(),
            apps: Gauge::default(),
            connections: Gauge::default(),
            connections_ended: Counter::default(),
            unsent: Gauge::default(),
            limited: Family::default(),
            shed: Family::default(),
            asked: Family::default(),
            demanded: Family::default(),
            works: Family::default(),
            panics: Counter::default(),
        };
        metrics.register();
        metrics.set_unready(None);
        metrics.begin_at_nought();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "HTTP requests answered", self.requests.clone());
        registry.register("results", "API calls by result code", self.results.clone());
        registry.register_with_unit("render", "Time to draw a picture", Unit::Seconds, self.render.clone());
        registry.register_with_unit("speak", "Time to speak a sound", Unit::Seconds, self.speak.clone());
        let ledger_help = "Time from a spend's arrival to its durable verdict";
        registry.register_with_unit("ledger", ledger_help, Unit::Seconds, self.ledger.clone());
        registry.register("ledger_records", "Spent keys that are remembered", self.ledger_records.clone());
        let losses_help = "Parts of the ledger that Redis lost, and that were begun anew";
        registry.register("ledger_losses", losses_help, self.ledger_losses.clone());
        let unsafe_help = "Whether the ledger is not to be relied on, by reason";
        registry.register("ledger_unsafe", unsafe_help, self.ledger_unsafe.clone());
        let clock_help = "By how much this machine's clock is ahead of Redis'";
        registry.register_with_unit("clock_offset", clock_help, Unit::Seconds, self.clock_offset.clone());
        registry.register("apps", "Apps, disabled ones included", self.apps.clone());
        registry.register("connections", "Connections of clients", self.connections.clone());
        let ended_help = "Connections ended because they idled or took nothing while they were in others' way";
        registry.register("connections_ended", ended_help, self.connections_ended.clone());
        let unsent_help = "What clients have not taken yet of replies that were made";
        registry.register_with_unit("unsent", unsent_help, Unit::Bytes, self.unsent.clone());
        registry.register("limited", "Calls of clients that called too often", self.limited.clone());
        registry.register("shed", "Calls refused because too much was to be done", self.shed.clone());
        registry.register("asked", "What browsers were asked for", self.asked.clone());
        let demanded_help = "What the rule demanded of browsers, whatever they were asked for";
        registry.register("demanded", demanded_help, self.demanded.clone());
        registry.register("works", "What was sent for work", self.works.clone());
        registry.register("panics", "Faults in the program that a request ran into", self.panics.clone());
    }

    pub(crate) fn count_request(&self, route: &'static str, status: u16) {
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
    }

    pub(crate) fn count_result(&self, call: Call, code: Outcome) {
        self.results.get_or_create(&ResultLabels { call, code }).inc();
    }

    pub(crate) fn count_limited(&self, call: Call) {
        self.limited.get_or_create(&CallLabels { call }).inc();
    }

    pub(crate) fn count_shed(&self, call: Call) {
        self.shed.get_or_create(&CallLabels { call }).inc();
    }

    pub(crate) fn count_asked(&self, kind: Kind) {
        self.asked.get_or_create(&KindLabels { kind: kind.name() }).inc();
    }

    pub(crate) fn count_demand(&self, demand: &Demand) {
        self.demanded.get_or_create(&demand.into()).inc();
    }

    pub(crate) fn count_work(&self, is_done: bool) {
        self.works.get_or_create(&WorkLabels::of(is_done)).inc();
    }

    /// Shows what was not counted yet as 0, so that a rate of it is known, and shares of it can be computed.
    fn begin_at_nought(&self) {
        for kind in Kind::ALL {
            self.asked.get_or_create(&KindLabels { kind: kind.name() }).inc_by(0);
        }
        for level in (0..).take(Demanded::LEVELS) {
            for word in ["no", "yes"] {
                self.demanded.get_or_create(&DemandLabels { word, level }).inc_by(0);
            }
        }
        for is_done in [true, false] {
            self.works.get_or_create(&WorkLabels::of(is_done)).inc_by(0);
        }
    }

    pub(crate) fn count_panic(&self) {
        self.panics.inc();
    }

    pub(crate) fn time_render<T>(&self, draw: impl FnOnce() -> T) -> T {
        timed(draw, &self.render)
    }

    pub(crate) fn time_speak<T>(&self, speak: impl FnOnce() -> T) -> T {
        timed(speak, &self.speak)
    }

    pub(crate) async fn time_ledger<T>(&self, deciding: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let verdict = deciding.await;
        self.ledger.observe(start.elapsed().as_secs_f64());
        verdict
    }

    /// Shows for which reason, if for any, the ledger is not to be relied on.
    pub(crate) fn set_unready(&self, unready: Option<Unready>) {
        for reason in Unready::UNSAFE {
            let gauge = self.ledger_unsafe.get_or_create(&ReasonLabels { reason: reason.name() });
            gauge.set(i64::from(unready == Some(reason)));
        }
    }

    pub(crate) fn set_clock_offset(&self, secs: f64) {
        self.clock_offset.set(secs);
    }

    /// The metrics as text, with what others count set to what is passed.
    ///
    /// # Errors
    /// None in practice: a `String` takes all that is written to it.
    pub fn encode(&self, elsewhere: &Elsewhere<'_>) -> Result<String, std::fmt::Error> {
        let Elsewhere { ledger_records, ledger_losses, apps, connections } = *elsewhere;
        if let Some(records) = ledger_records {
            self.ledger_records.set(i64::try_from(records).unwrap_or(i64::MAX));
        }
        self.ledger_losses.inner().store(ledger_losses, Ordering::Relaxed);
        self.apps.set(i64::try_from(apps).unwrap_or(i64::MAX));
        self.connections.set(i64::try_from(connections.count()).unwrap_or(i64::MAX));
        self.connections_ended.inner().store(connections.ended(), Ordering::Relaxed);
        self.unsent.set(i64::try_from(connections.unsent_bytes()).unwrap_or(i64::MAX));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn timed<T>(work: impl FnOnce() -> T, histogram: &Histogram) -> T {
    let start = Instant::now();
    let done = work();
    histogram.observe(start.elapsed().as_secs_f64());
    done
}
