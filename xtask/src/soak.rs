//! `cargo xtask soak`: half of what the server can do, for as long as it takes to see whether anything grows.
//!
//! Visits come by a plan: a challenge is issued, drawn, for one in ten spoken, and answered rightly. It fails at the
//! first reply that is not as it should be, and if memory or the store still grow once keys end as fast as they begin.
//!
//! A visit that is late, because the machine did something else for a moment, is left out. To make up for a second of
//! that, all connections would ask as fast as they can: the load would be all that the server can do, and no more half.
//! As a server that stands still makes visits late as well, few may be.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use haechi_captcha::{Key, Keyring, Secret};

use crate::{
    bench::{Connection, Request, Server},
    command::build_dist,
};

/// How long, and on what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// For how long.
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// The ledger that judges.
    #[arg(long, default_value = "embedded:")]
    ledger: String,
}

/// Connections by which visits come.
const CONNECTIONS: usize = 16;
/// One visit in so many asks for the sound.
const LISTENERS: usize = 10;
/// How long the server warms up: keys live for three minutes, and the ledger then forgets as many as it learns.
const WARM_UP: Duration = Duration::from_mins(5);
/// How long its rate is measured before.
const TRIAL: Duration = Duration::from_secs(5);
/// Pause between two looks at its memory.
const LOOK: Duration = Duration::from_secs(1);
/// Of so many visits one may be told to come back.
const REFUSED_OF: usize = 10_000;
/// How late a visit may begin, or it is left out.
const MAX_LATE: Duration = Duration::from_millis(100);
/// Of so many visits one may be left out. To make up for that many would have one in [`REFUSED_OF`] refused: whether it
/// is the machine that stands still or the server, clients cannot tell.
const LEFT_OUT_OF: usize = 2_500;
/// What its memory may grow by in an hour.
const MAX_MIB_AN_HOUR: f64 = 1.0;

/// What one look at the server sees.
struct Look {
    at: Duration,
    resident_kib: f64,
    records: f64,
    /// Visits that were told to come back by then.
    refused: usize,
    /// Visits that were left out by then.
    left_out: usize,
}

/// What became of visits.
struct Outcome {
    visits: usize,
    refused: usize,
    left_out: usize,
    looks: Vec<Look>,
}

/// How many visits there have been.
#[derive(Default)]
struct Counts {
    planned: AtomicUsize,
    refused: AtomicUsize,
    left_out: AtomicUsize,
}

pub(crate) fn soak(options: &Options) -> anyhow::Result<()> {
    let server = Server::start(&build_dist()?, &options.ledger)?;
    let keyring = Keyring::new(&Secret::from_hex(&server.secret()?)?);
    let trial = visit(&server, &keyring, None, TRIAL)?;
    let rate = trial.visits as f64 / TRIAL.as_secs_f64() / 2.0;
    let time = Duration::from_secs_f64(options.minutes * 60.0);
    println!("{rate:.0} visits a second, half of what it can do, for {:.0} minutes", options.minutes);
    let outcome = visit(&server, &keyring, Some(rate), time)?;
    report(&outcome);
    judge(&outcome)
}

/// Visits the server so often in a second, or as often as can be, and looks at it meanwhile.
fn visit(server: &Server, keyring: &Keyring, rate: Option<f64>, time: Duration) -> anyhow::Result<Outcome> {
    let (start, counts) = (Instant::now(), Counts::default());
    let count = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::Relaxed);
    let client = || -> anyhow::Result<()> {
        let mut connection = Connection::open(server.address())?;
        while start.elapsed() < time {
            let visit = count(&counts.planned);
            let now = start.elapsed();
            let planned = rate.map_or(now, |rate| Duration::from_secs_f64(visit as f64 / rate));
            if now > planned + MAX_LATE {
                count(&counts.left_out);
                continue;
            }
            thread::sleep(planned.saturating_sub(now));
            if !one_visit(&mut connection, server, keyring, visit % LISTENERS == 0)? {
                count(&counts.refused);
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(client)).collect();
        let mut looks = Vec::new();
        while start.elapsed() < time && clients.iter().all(|client| !client.is_finished()) {
            looks.push(look(server, start.elapsed(), &counts)?);
            thread::sleep(LOOK);
        }
        for client in clients {
            client.join().expect("a client does not panic")?;
        }
        let Counts { planned, refused, left_out } = &counts;
        let [planned, refused, left_out] = [planned, refused, left_out].map(|count| count.load(Ordering::Relaxed));
        Ok(Outcome { visits: planned - left_out, refused, left_out, looks })
    })
}

/// Whether all of a visit was done; else its media were refused, because too much is asked for.
fn one_visit(connection: &mut Connection, server: &Server, keyring: &Keyring, listens: bool) -> anyhow::Result<bool> {
    let app = format!("/captcha/v1.0/appkeys/{}", server.appkey());
    let reply =
        String::from_utf8_lossy(connection.send(&Request::post(&format!("{app}/keys"), b"SUCCESS"))?).into_owned();
    let (_, after) = reply.split_once("\"key\":\"").with_context(|| format!("no key in {reply}"))?;
    let key = after.get(..36).context("a key has 36 characters")?;
    let mut is_done = connection.try_send(&Request::get(&format!("/captcha/v1.0/keys/{key}/img"), b"GIF89a"))?;
    if listens {
        is_done &= connection.try_send(&Request::get(&format!("/captcha/v1.0/keys/{key}/sound"), b"RIFF"))?;
    }
    let opened = keyring.open_word(&key.parse::<Key>()?).context("the server's secret opens its keys")?;
    let path = format!("{app}/keys/{key}/verification?answer={}", opened.answer().as_str());
    connection.send(&Request::get(&path, b"SUCCESS"))?;
    Ok(is_done)
}

fn look(server: &Server, at: Duration, counts: &Counts) -> anyhow::Result<Look> {
    let mut connection = Connection::open(server.address())?;
    let metrics = String::from_utf8_lossy(connection.send(&Request::get("/metrics", b"haechi_"))?).into_owned();
    let records = metrics.lines().find_map(|line| line.strip_prefix("haechi_ledger_records "));
    let records = records.context("the metrics tell the ledger's records")?.parse()?;
    let [refused, left_out] = [&counts.refused, &counts.left_out].map(|count| count.load(Ordering::Relaxed));
    Ok(Look { at, resident_kib: server.resident_kib()? as f64, records, refused, left_out })
}

fn report(outcome: &Outcome) {
    println!("| minute | resident MiB | keys that the ledger remembers | told to come back until then | left out |");
    println!("|---|---|---|---|---|");
    for minute in outcome.looks.chunk_by(|a, b| a.at.as_secs() / 60 == b.at.as_secs() / 60) {
        let mean = |of: fn(&Look) -> f64| minute.iter().map(of).sum::<f64>() / minute.len() as f64;
        let (mib, records) = (mean(|look| look.resident_kib) / 1024.0, mean(|look| look.records));
        let last = &minute[minute.len() - 1];
        let (number, refused, left_out) = (last.at.as_secs() / 60 + 1, last.refused, last.left_out);
        println!("| {number} | {mib:.2} | {records:.0} | {refused} | {left_out} |");
    }
    let Outcome { visits, refused, left_out, .. } = outcome;
    println!("{visits} visits, of which {refused} were told to come back, and no other went wrong");
    println!("{left_out} more were left out, because the machine, or the server, was more than {MAX_LATE:?} late");
}

/// Fails if too many were refused, or if memory or the store grow.
fn judge(outcome: &Outcome) -> anyhow::Result<()> {
    let warm: Vec<&Look> = outcome.looks.iter().filter(|look| look.at >= WARM_UP).collect();
    ensure!(warm.len() > 60, "too short to see whether anything grows: that takes more than six minutes");
    let mib_an_hour = slope(&warm, |look| look.resident_kib) / 1024.0;
    let records = slope(&warm, |look| look.records) / warm.iter().map(|look| look.records).fold(1.0, f64::max);
    println!(
        "after {} minutes: {mib_an_hour:+.2} MiB an hour, keys remembered {:+.1} % an hour",
        WARM_UP.as_secs() / 60,
        records * 100.0
    );
    ensure!(mib_an_hour < MAX_MIB_AN_HOUR, "memory grows");
    ensure!(records < 0.5, "the store grows");
    ensure!(outcome.refused * REFUSED_OF <= outcome.visits, "too many are refused");
    ensure!(outcome.left_out * LEFT_OUT_OF <= outcome.visits, "the machine, or the server, stands still too often");
    Ok(())
}

/// What is added to a figure in an hour, by least squares.
fn slope(looks: &[&Look], of: fn(&Look) -> f64) -> f64 {
    let mean = |values: &dyn Fn(&Look) -> f64| looks.iter().map(|look| values(look)).sum::<f64>() / looks.len() as f64;
    let hours = |look: &Look| look.at.as_secs_f64() / 3600.0;
    let (middle, level) = (mean(&hours), mean(&of));
    let covariance = mean(&|look| (hours(look) - middle) * (of(look) - level));
    covariance / mean(&|look| (hours(look) - middle).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_what_an_hour_adds() {
        let look = |minute: u64| Look {
            at: Duration::from_mins(minute),
            resident_kib: minute as f64 + 7.0,
            records: 3.0,
            refused: 0,
            left_out: 0,
        };
        let looks: Vec<Look> = (0..30).map(look).collect();
        let looks: Vec<&Look> = looks.iter().collect();
        assert!((slope(&looks, |look| look.resident_kib) - 60.0).abs() < 1e-6);
        assert!(slope(&looks, |look| look.records).abs() < 1e-6);
    }
}
