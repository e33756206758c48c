//! One client floods the server, in one way after the other: what becomes of everybody else.
//!
//! For each flood a server is started, and calm clients call it at a fixed, small rate, first alone and then beside the
//! flood. A site verifies answers, something asks for the server's health, and a visitor at another address asks for
//! pictures and, less often, for sounds. Everything but the site's calls over TLS comes on a connection of its own, so
//! that it counts too how long newcomers wait for a place.
//!
//! The server has half of the processors; of the others the flood has one to itself, if there are two, or else gives way
//! to the calm clients by its niceness. All of them are at addresses of this machine, for which the server knows no
//! share that a client may have, since they may be proxies. A flood from elsewhere has the harder time.

mod calm;
mod flood;

use std::{path::Path, time::Duration};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

pub(crate) use self::flood::Flood;
use self::{
    calm::{Calls, Calm},
    flood::Flooding,
};
use super::{Options, processors, server::Server};

/// How many times the calm p99 of verify may be under a flood.
const MOST_TIMES: f64 = 5.0;
/// The calm p99 of verify in milliseconds above which the machine is too busy for that to say anything.
const MOST_CALM_MILLIS: f64 = 25.0;

/// The processors of each side.
struct Processors {
    server: Vec<usize>,
    calm: Vec<usize>,
    flood: Vec<usize>,
}

impl Processors {
    fn divide() -> anyhow::Result<Self> {
        let all = processors::available()?;
        let (server, ours) = all.split_at(all.len() / 2);
        let (calm, flood) = if ours.len() > 1 { ours.split_at(ours.len() - 1) } else { (ours, ours) };
        Ok(Self { server: server.to_vec(), calm: calm.to_vec(), flood: flood.to_vec() })
    }
}

pub(super) fn table(program: &Path, seconds: f64, options: &Options) -> anyhow::Result<()> {
    raise_descriptors()?;
    let processors = Processors::divide()?;
    let Processors { server, calm, flood } = &processors;
    println!(
        "\nthe server has processors {server:?}, its calm clients {calm:?}, the flood {flood:?}; {seconds} s each\n"
    );
    println!(
        "| flood | its connections | its replies a second | verify p50 | p99 | most | of the calm p99 | health p99 \
         | pictures served | p99 | sounds served | MiB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    let floods = if options.floods.is_empty() { Flood::ALL.to_vec() } else { options.floods.clone() };
    let mut harmed = Vec::new();
    for flood in floods {
        let row = row(program, flood, Duration::from_secs_f64(seconds), &processors, options);
        harmed.extend(row.with_context(|| format!("{flood:?}"))?);
    }
    ensure!(harmed.is_empty(), "floods harm others:\n{}", harmed.join("\n"));
    Ok(())
}

/// Prints what one flood does, and returns what is too bad of that.
fn row(
    program: &Path,
    flood: Flood,
    time: Duration,
    processors: &Processors,
    options: &Options,
) -> anyhow::Result<Vec<String>> {
    let name = flood.to_possible_value().expect("none is left out").get_name().to_owned();
    // The server is started where it shall stay, so that it knows how many processors it has.
    processors::keep_to(&processors.server)?;
    let server = &Server::start_as(program, &options.ledger, &flood.setup())?;
    processors::keep_to(&processors.calm)?;
    calm::warm_up(server)?;
    let [before, during] = [Calls::prepare(server, time)?, Calls::prepare(server, time)?];
    let before = calm::watch(server, &before, time)?;
    print(&format!("none, before {name}"), 0, 0.0, 1.0, &before);
    let unserved = before.complaints();
    ensure!(unserved.is_empty(), "something is wrong without any flood:\n{}", unserved.join("\n"));
    let calm = before.verify.quantile(0.99);
    ensure!(calm <= MOST_CALM_MILLIS, "the machine is too busy: verify takes {calm:.0} ms without any flood");
    let flooding = Flooding::start(flood, server, &processors.flood)?;
    let answered = flooding.answered();
    let during = calm::watch(server, &during, time)?;
    let (all, connections) = (flooding.answered(), flooding.connections());
    flooding.stop()?;
    ensure!(all > 0, "the flood came to nothing");
    let times = during.verify.quantile(0.99) / calm;
    print(&name, connections, (all - answered) as f64 / time.as_secs_f64(), times, &during);
    let slow = (times > MOST_TIMES).then(|| format!("verify takes {times:.1} times as long as without"));
    Ok(during.complaints().into_iter().chain(slow).map(|complaint| format!("{name}: {complaint}")).collect())
}

fn print(flood: &str, connections: usize, rate: f64, times: f64, calm: &Calm) {
    let Calm { verify, health, pictures, sounds, most_kib } = calm;
    println!(
        "| {flood} | {connections} | {rate:.0} | {:.2} ms | {:.2} ms | {:.2} ms | {times:.2} | {:.2} ms | {} of {} \
         | {:.2} ms | {} of {} | {} |",
        verify.quantile(0.5),
        verify.quantile(0.99),
        verify.quantile(1.0),
        health.quantile(0.99),
        pictures.served,
        pictures.times.len(),
        pictures.quantile(0.99),
        sounds.served,
        sounds.times.len(),
        most_kib / 1024,
    );
}

/// This process holds the other ends of all the flood's connections.
fn raise_descriptors() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
