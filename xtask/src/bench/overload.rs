//! Ten times more sounds than the server can speak, for a minute: what becomes of the requests that it takes on, of
//! health checks, of its memory, and of the first second after.
//!
//! Sounds are what costs it most. The load generator keeps to a plan: each connection sends at its appointed times, or
//! at once if it is behind. It and the server have half of the processors each, since what is measured is how long the
//! server takes and not how long its clients wait for a processor.

use std::{
    path::Path,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::ensure;

use super::{
    Options,
    load::{Connection, Request, measure},
    processors, quantile, requests,
    server::Server,
};

/// Connections by which load comes. Each waits for its reply before it sends again.
const CONNECTIONS: usize = 500;
/// Connections that keep the server busy without a queue that it would cut.
const FEW: usize = 8;
/// How many times the rate is offered that the server reaches.
const TIMES: f64 = 10.0;
/// Pause between two health checks.
const HEALTH_PAUSE: Duration = Duration::from_millis(50);
/// How long the server is watched at half load, before and after.
const CALM: Duration = Duration::from_secs(5);

/// What became of requests that were sent by a plan.
#[derive(Default)]
struct Offered {
    sent: usize,
    /// Times of those that were taken on.
    admitted: Vec<Duration>,
    /// Of those that were told to come back.
    refused: Vec<Duration>,
}

impl Offered {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.admitted.extend(other.admitted);
        self.refused.extend(other.refused);
    }

    fn p99(times: &mut [Duration]) -> f64 {
        times.sort();
        if times.is_empty() { f64::NAN } else { quantile(times, 0.99) }
    }
}

pub(super) fn table(program: &Path, options: &Options) -> anyhow::Result<()> {
    let processors = processors::available()?;
    let (servers, ours) = processors.split_at(processors.len() / 2);
    // It is started where it shall stay, so that it knows how many processors it has.
    processors::keep_to(servers)?;
    let server = &Server::start(program, &options.ledger)?;
    processors::keep_to(ours)?;
    println!("the server has processors {servers:?}, its clients {ours:?}");
    let sounds = requests(server, "sound", options)?;
    // The first sound of each thread is the slowest.
    measure(&[server.address()], FEW, &sounds, Duration::from_secs(2))?;
    let capacity = measure(&[server.address()], FEW, &sounds, CALM)?.rate();
    let time = Duration::from_secs_f64(options.overload.unwrap_or_default());
    println!("\n{capacity:.0} sounds a second by {FEW} connections; {CONNECTIONS} connections offer");
    println!(
        "| offered a second | sent | taken on | told to come back | p50 | p99 | p99 of refusals | health p99 | MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (rate, time) in [(capacity / 2.0, CALM), (capacity * TIMES, time), (capacity / 2.0, Duration::from_secs(1))] {
        row(server, &sounds, rate, time)?;
    }
    Ok(())
}

fn row(server: &Server, sounds: &[Request], rate: f64, time: Duration) -> anyhow::Result<()> {
    let start = Instant::now();
    let all = Mutex::new(Offered::default());
    let (health, most_kib) = thread::scope(|scope| -> anyhow::Result<(Vec<Duration>, u64)> {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|client| {
                let all = &all;
                scope.spawn(move || -> anyhow::Result<()> {
                    let offered = offer(server, sounds, client, rate / CONNECTIONS as f64, start, time)?;
                    all.lock().expect("no client panics").add(offered);
                    Ok(())
                })
            })
            .collect();
        let watched = watch(server, start, time)?;
        for client in clients {
            client.join().expect("a client does not panic")?;
        }
        Ok(watched)
    })?;
    let mut all = all.into_inner()?;
    let mut health = health;
    println!(
        "| {rate:.0} for {} s | {} | {} | {} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms | {} |",
        time.as_secs(),
        all.sent,
        all.admitted.len(),
        all.refused.len(),
        {
            all.admitted.sort();
            if all.admitted.is_empty() { f64::NAN } else { quantile(&all.admitted, 0.5) }
        },
        Offered::p99(&mut all.admitted),
        Offered::p99(&mut all.refused),
        Offered::p99(&mut health),
        most_kib / 1024,
    );
    Ok(())
}

/// Sends at the appointed times, on one connection.
fn offer(
    server: &Server,
    sounds: &[Request],
    client: usize,
    rate: f64,
    start: Instant,
    time: Duration,
) -> anyhow::Result<Offered> {
    let mut connection = Connection::open(server.address())?;
    let mut offered = Offered::default();
    let pause = Duration::from_secs_f64(1.0 / rate);
    // Clients do not all begin at once.
    let mut due = start + pause.mul_f64(client as f64 / CONNECTIONS as f64);
    while start.elapsed() < time {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        due += pause;
        let sent = Instant::now();
        let is_admitted = connection.try_send(&sounds[offered.sent % sounds.len()])?;
        offered.sent += 1;
        if is_admitted { &mut offered.admitted } else { &mut offered.refused }.push(sent.elapsed());
    }
    Ok(offered)
}

/// Asks for the server's health all the time, and returns how long that took, and the most memory that it had.
fn watch(server: &Server, start: Instant, time: Duration) -> anyhow::Result<(Vec<Duration>, u64)> {
    let health = Request::get("/healthz", b"ok");
    let mut connection = Connection::open(server.address())?;
    let (mut times, mut most_kib) = (Vec::new(), 0);
    while start.elapsed() < time {
        let sent = Instant::now();
        ensure!(connection.try_send(&health)?, "the server says that it is not well");
        times.push(sent.elapsed());
        most_kib = most_kib.max(server.resident_kib()?);
        thread::sleep(HEALTH_PAUSE);
    }
    Ok((times, most_kib))
}
