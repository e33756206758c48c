//! Those who do no harm: a site that verifies, health checks, and a visitor.

use std::{
    net::Ipv4Addr,
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;

use crate::bench::{
    keys,
    load::{Connection, Request},
    picture, quantile,
    server::Server,
    sound, verifications,
};

/// Where the site is, and what asks for the server's health.
const SITE: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Where the visitor is.
const VISITOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
/// Calls a second.
const VERIFICATIONS: f64 = 100.0;
const HEALTH_CHECKS: f64 = 20.0;
const PICTURES: f64 = 10.0;
const SOUNDS: f64 = 2.0;
/// Keys whose pictures and sounds are asked for in turn.
const KEYS: usize = 64;
/// Calls of each kind before anything is measured.
const WARM_UP: usize = 200;

/// What they are going to ask.
pub(super) struct Calls {
    verify: Vec<Request>,
    health: Vec<Request>,
    pictures: Vec<Request>,
    sounds: Vec<Request>,
}

impl Calls {
    /// Enough of them for this time, before which their keys must not end.
    pub(super) fn prepare(server: &Server, time: Duration) -> anyhow::Result<Self> {
        let keys = keys(server, KEYS)?;
        Ok(Self {
            verify: verifications(server, (VERIFICATIONS * time.as_secs_f64()) as usize + 1)?,
            health: vec![Request::get("/healthz", b"ok")],
            pictures: keys.iter().map(picture).collect(),
            sounds: keys.iter().map(sound).collect(),
        })
    }
}

/// What became of them.
pub(super) struct Calm {
    pub(super) verify: Asked,
    pub(super) health: Asked,
    pub(super) pictures: Asked,
    pub(super) sounds: Asked,
    /// The most memory that the server had.
    pub(super) most_kib: u64,
}

impl Calm {
    /// What was not served that must be. Sounds may be refused: what they cost is bounded too.
    pub(super) fn complaints(&self) -> Vec<String> {
        let asked = [("verifications", &self.verify), ("health checks", &self.health), ("pictures", &self.pictures)];
        asked.into_iter().filter_map(|(name, asked)| asked.complaint(name)).collect()
    }
}

/// What became of calls of one kind.
#[derive(Default)]
pub(super) struct Asked {
    /// How long each took, whatever became of it, in order.
    pub(super) times: Vec<Duration>,
    pub(super) served: usize,
    /// Why the last one was not served that was not.
    pub(super) failure: Option<String>,
}

impl Asked {
    /// In milliseconds.
    pub(super) fn quantile(&self, of: f64) -> f64 {
        if self.times.is_empty() { f64::NAN } else { quantile(&self.times, of) }
    }

    /// Says so if one was not served.
    fn complaint(&self, name: &str) -> Option<String> {
        let failure = self.failure.as_ref()?;
        let (asked, served) = (self.times.len(), self.served);
        Some(format!("{served} of {asked} {name} were served; of one that was not: {failure}"))
    }
}

/// Has the server do for the first time what takes longer then.
pub(super) fn warm_up(server: &Server) -> anyhow::Result<()> {
    let mut connection = server.connect()?;
    let keys = keys(server, WARM_UP)?;
    let media = keys.iter().flat_map(|key| [picture(key), sound(key)]);
    for request in verifications(server, WARM_UP)?.into_iter().chain(media) {
        connection.send(&request)?;
    }
    Ok(())
}

/// Has them all ask for this time.
pub(super) fn watch(server: &Server, calls: &Calls, time: Duration) -> anyhow::Result<Calm> {
    thread::scope(|scope| {
        let ask = |requests, rate, source| {
            let plan = Plan { server, source, rate, keeps_connection: false };
            scope.spawn(move || plan.ask(requests, time))
        };
        let keeps_connection = server.tls().is_some();
        let verify = Plan { server, source: SITE, rate: VERIFICATIONS, keeps_connection };
        let verify = scope.spawn(move || verify.ask(&calls.verify, time));
        let health = ask(&calls.health, HEALTH_CHECKS, SITE);
        let pictures = ask(&calls.pictures, PICTURES, VISITOR);
        let sounds = ask(&calls.sounds, SOUNDS, VISITOR);
        let mut most_kib = 0;
        while !verify.is_finished() {
            most_kib = most_kib.max(server.resident_kib()?);
            thread::sleep(Duration::from_millis(100));
        }
        let [verify, health, pictures, sounds] =
            [verify, health, pictures, sounds].map(|client| client.join().expect("a client does not panic"));
        Ok(Calm { verify, health, pictures, sounds, most_kib })
    })
}

/// How one of them asks.
struct Plan<'server> {
    server: &'server Server,
    source: Ipv4Addr,
    /// Calls a second.
    rate: f64,
    /// Whether all calls come on one connection, unless that is ended, or each on its own.
    keeps_connection: bool,
}

impl Plan<'_> {
    /// Sends each request at its appointed time, or late if the one before took longer; then the delay counts, too.
    fn ask(&self, requests: &[Request], time: Duration) -> Asked {
        let mut asked = Asked::default();
        let mut connection = None;
        let start = Instant::now();
        let pause = Duration::from_secs_f64(1.0 / self.rate);
        for (due, request) in (0..).map(|number| start + pause * number).zip(requests.iter().cycle()) {
            if due >= start + time {
                break;
            }
            let wait = due.saturating_duration_since(Instant::now());
            thread::sleep(wait);
            let begun = if wait.is_zero() { due } else { Instant::now() };
            match self.send(&mut connection, request) {
                Ok(()) => asked.served += 1,
                Err(error) => asked.failure = Some(format!("{error:#}")),
            }
            asked.times.push(begun.elapsed());
        }
        asked.times.sort();
        asked
    }

    fn send(&self, kept: &mut Option<Connection>, request: &Request) -> anyhow::Result<()> {
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => self.server.connect_from(self.source)?,
        };
        if !connection.try_send(request)? {
            bail!("503");
        }
        *kept = self.keeps_connection.then_some(connection);
        Ok(())
    }
}
