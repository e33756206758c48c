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
/// Calls a second, all together and of each client.
const VERIFICATIONS: f64 = 100.0;
const OF_EACH: f64 = 10.0;
const SOUNDS: f64 = 2.0;
/// Clients that verify, check health and ask for pictures. So many that none is behind its plan, unless what it asks
/// for takes longer than a tenth of a second.
const VERIFIERS: usize = (VERIFICATIONS / OF_EACH) as usize;
const HEALTH_CHECKERS: usize = 2;
const VISITORS: usize = 1;
/// Keys whose pictures and sounds are asked for in turn.
const KEYS: usize = 64;
/// Calls of each kind before anything is measured.
const WARM_UP: usize = 200;
/// Pause between two looks at the server's memory.
const LOOK: Duration = Duration::from_millis(100);

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
            verify: verifications(server, (VERIFICATIONS * time.as_secs_f64()) as usize + VERIFIERS)?,
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
    /// How long each took, whatever became of it, in order of length.
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
    let start = Instant::now();
    let plan = |requests, clients, source| Plan {
        server,
        requests,
        source,
        clients,
        rate: OF_EACH,
        keeps_connection: false,
        start,
        time,
    };
    thread::scope(|scope| {
        let verify = Plan { keeps_connection: server.tls().is_some(), ..plan(&calls.verify, VERIFIERS, SITE) };
        let health = plan(&calls.health, HEALTH_CHECKERS, SITE);
        let pictures = plan(&calls.pictures, VISITORS, VISITOR);
        let sounds = Plan { rate: SOUNDS, ..plan(&calls.sounds, VISITORS, VISITOR) };
        let plans = [verify, health, pictures, sounds].map(|plan| scope.spawn(move || plan.follow()));
        let mut most_kib = 0;
        while !plans.iter().all(thread::ScopedJoinHandle::is_finished) {
            most_kib = most_kib.max(server.resident_kib()?);
            thread::sleep(LOOK);
        }
        let [verify, health, pictures, sounds] = plans.map(|plan| plan.join().expect("a client does not panic"));
        Ok(Calm { verify, health, pictures, sounds, most_kib })
    })
}

/// How calls of one kind are made.
#[derive(Clone, Copy)]
struct Plan<'calls> {
    server: &'calls Server,
    /// Each is sent once, or they are sent in turn.
    requests: &'calls [Request],
    source: Ipv4Addr,
    clients: usize,
    /// Calls a second of each client.
    rate: f64,
    /// Whether all calls of a client come on one connection, unless that is ended, or each on its own.
    keeps_connection: bool,
    start: Instant,
    time: Duration,
}

impl Plan<'_> {
    fn follow(self) -> Asked {
        let mut all = Asked::default();
        thread::scope(|scope| {
            let clients: Vec<_> = (0..self.clients).map(|client| scope.spawn(move || self.ask(client))).collect();
            for client in clients {
                let Asked { times, served, failure } = client.join().expect("a client does not panic");
                all.times.extend(times);
                all.served += served;
                all.failure = failure.or(all.failure.take());
            }
        });
        all.times.sort();
        all
    }

    /// Sends each request at its appointed time, or late if the one before took longer; then the delay counts, too.
    fn ask(self, client: usize) -> Asked {
        let mut asked = Asked::default();
        let mut connection = None;
        let pause = Duration::from_secs_f64(1.0 / self.rate);
        // Clients do not all begin at once.
        let mut due = self.start + pause.mul_f64(client as f64 / self.clients as f64);
        let requests = self.requests.iter().cycle().skip(client).step_by(self.clients);
        for request in requests {
            if due >= self.start + self.time {
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
            due += pause;
        }
        asked
    }

    fn send(self, kept: &mut Option<Connection>, request: &Request) -> anyhow::Result<()> {
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
