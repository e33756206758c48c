//! `cargo xtask bench`: how fast functions and server are, as ratios within one run.
//!
//! The machine's other work and its clock make absolute figures worthless from one run to the next, so the server's
//! calls take turns with `/healthz`, round after round, and the table gives the median of the rounds' ratios.

mod beside;
mod cluster;
mod hostile;
mod load;
mod overload;
mod processors;
mod server;
mod work;

use std::{path::PathBuf, process::Command, time::Duration};

use anyhow::Context;
use haechi_captcha::{Key, Keyring, Means, Pass, Secret};

use self::{load::measure, work::Works};
pub(crate) use self::{
    load::{Connection, Request},
    server::Server,
};
use crate::command::{build_dist, cargo, run};

/// What to measure, and for how long.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the functions out and measure the server alone.
    #[arg(long)]
    server_only: bool,
    /// Seconds for each call in each round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds, of which the median counts.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// The ledger that judges.
    #[arg(long, default_value = "embedded:")]
    ledger: String,
    /// Measure nodes that share Redis instead: one to three, on one server and on a cluster of three.
    #[arg(long, conflicts_with = "ledger")]
    cluster: bool,
    /// Measure this program beside another, such as an earlier version of it: each call of one takes turns with the
    /// other's.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["cluster", "overload"])]
    against: Option<PathBuf>,
    /// Measure this program instead of the one that the profile `dist` builds.
    #[arg(long, value_name = "PROGRAM", conflicts_with = "cluster")]
    program: Option<PathBuf>,
    /// Measure these calls only, beside /healthz, such as issue,verify.
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    calls: Vec<String>,
    /// What the app asks of people, such as word, instead of what it does unless set.
    #[arg(long, value_name = "POLICY", conflicts_with_all = ["cluster", "against", "hostile", "overload"])]
    policy: Option<String>,
    /// Offer ten times more sounds than the server can speak, for so many seconds, and see what becomes of it.
    #[arg(long, value_name = "SECONDS", conflicts_with = "cluster")]
    overload: Option<f64>,
    /// Let one client flood the server, in one way after the other and for so many seconds in each, and see what becomes
    /// of everybody else. It fails if they fare too badly.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "10")]
    #[arg(conflicts_with_all = ["cluster", "overload", "against"])]
    hostile: Option<f64>,
    /// These floods only, such as notices,queries.
    #[arg(long, value_name = "FLOODS", value_delimiter = ',', requires = "hostile")]
    floods: Vec<hostile::Flood>,
}

pub(crate) fn run_benchmarks(options: &Options) -> anyhow::Result<()> {
    if options.cluster {
        build_dist()?;
        return cluster::table(options);
    }
    if let Some(other) = &options.against {
        return beside::table(&options.program()?, other, options);
    }
    if let Some(seconds) = options.hostile {
        return hostile::table(&options.program()?, seconds, options);
    }
    if !options.server_only && options.overload.is_none() {
        run(&mut cargo(&["bench", "--profile", "dist", "--package", "haechi-captcha", "--package", "haechi"]))?;
    }
    let program = options.program()?;
    if options.overload.is_some() {
        return overload::table(&program, options);
    }
    let server = Server::start(&program, &options.ledger)?;
    if let Some(policy) = &options.policy {
        let mut set = Command::new(&program);
        run(set.args(["app", "set", "default", "--policy", policy, "--data"]).arg(server.data()))?;
    }
    memory_of_issues(&server)?;
    table(&server, options)
}

/// A call of the table.
struct Row {
    name: &'static str,
    rates: Vec<f64>,
    latencies: Vec<Duration>,
}

/// What the paths of most calls begin with.
const CALLS: &str = "/captcha/v1.0";
const NAMES: [&str; 8] = ["healthz", "issue", "begin", "image", "sound", "verify", "work", "siteverify"];

impl Options {
    /// The program that is told, or else the one that is passed on.
    fn program(&self) -> anyhow::Result<PathBuf> {
        self.program.clone().map_or_else(build_dist, Ok)
    }

    /// The calls to measure, of which the first is what the others are compared with.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        let is_chosen = |name: &&str| self.calls.is_empty() || self.calls.iter().any(|call| call == name);
        NAMES.into_iter().filter(move |name| *name == NAMES[0] || is_chosen(name))
    }
}

fn table(server: &Server, options: &Options) -> anyhow::Result<()> {
    let mut rows: Vec<Row> =
        options.names().map(|name| Row { name, rates: Vec::new(), latencies: Vec::new() }).collect();
    let time = Duration::from_secs_f64(options.seconds);
    for round in 0..options.rounds {
        for row in &mut rows {
            let requests = requests(server, row.name, options)?;
            let measured = measure(&[server.address()], options.connections, &requests, time)
                .with_context(|| format!("{} in round {round}", row.name))?;
            row.rates.push(measured.rate());
            row.latencies.extend(measured.latencies);
        }
    }
    println!(
        "\nledger {}, {} connections, {} rounds of {} s",
        options.ledger, options.connections, options.rounds, options.seconds
    );
    println!("| call | requests a second (median) | of /healthz | p50 | p99 |\n|---|---|---|---|---|");
    let healthz = rows[0].rates.clone();
    for row in &mut rows {
        let ratios = row.rates.iter().zip(&healthz).map(|(rate, healthz)| rate / healthz).collect();
        row.latencies.sort();
        let (rate, ratio) = (median(row.rates.clone()), median(ratios));
        println!(
            "| {} | {rate:.0} | {ratio:.3} | {:.2} ms | {:.2} ms |",
            row.name,
            quantile(&row.latencies, 0.5),
            quantile(&row.latencies, 0.99)
        );
    }
    Ok(())
}

/// Of sorted times, in milliseconds.
fn quantile(times: &[Duration], of: f64) -> f64 {
    times[((times.len() - 1) as f64 * of) as usize].as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The requests of one call. A right answer passes once, so there must be more keys than can be judged in the time.
fn requests(server: &Server, name: &str, options: &Options) -> anyhow::Result<Vec<Request>> {
    let appkey = server.appkey();
    Ok(match name {
        "healthz" => vec![Request::get("/healthz", b"ok")],
        "begin" => vec![Request::post(&format!("/widget/v1/begin?sitekey={}", server.site_key()), b"expires_in_secs")],
        "siteverify" => {
            let keyring = Keyring::new(&Secret::from_hex(&server.secret()?)?);
            let passed = keys(server, (options.seconds * 40_000.0) as usize)?;
            let path = |key: &Key| {
                let challenge = keyring.open(key).context("the server's secret opens its keys")?;
                let [hostname, action, data] = ["shop.example", "", ""].map(str::to_owned);
                let passed_at = challenge.claims().issued_at;
                let pass = Pass { passed_at, means: Means::Picture, audience: 0, hostname, action, data };
                Ok(format!("/siteverify?secret={appkey}&response={}", challenge.token(&pass)?))
            };
            let paths: anyhow::Result<Vec<String>> = passed.iter().map(path).collect();
            paths?.iter().map(|path| Request::post(path, b"\"success\":true")).collect()
        }
        "issue" => vec![Request::post(&format!("{CALLS}/appkeys/{appkey}/keys"), b"SUCCESS")],
        "image" => keys(server, 256)?.iter().map(picture).collect(),
        "sound" => keys(server, 256)?.iter().map(sound).collect(),
        "verify" => verifications(server, (options.seconds * 40_000.0) as usize)?,
        "work" => {
            let works = Works::of(server)?;
            let right = |number| Ok(Request::post(&works.right(number)?, b"\"verdict\":\"passed\""));
            // To judge one takes a derivation, of which no server does as many.
            (0..(options.seconds * 20_000.0) as u32).map(right).collect::<anyhow::Result<_>>()?
        }
        _ => unreachable!("the table names no other call"),
    })
}

fn picture(key: &Key) -> Request {
    Request::get(&format!("{CALLS}/keys/{key}/img"), b"GIF89a")
}

fn sound(key: &Key) -> Request {
    Request::get(&format!("{CALLS}/keys/{key}/sound"), b"RIFF")
}

/// So many right answers, each to a key of its own.
fn verifications(server: &Server, count: usize) -> anyhow::Result<Vec<Request>> {
    let keyring = Keyring::new(&Secret::from_hex(&server.secret()?)?);
    let appkey = server.appkey();
    let request = |key: &Key| {
        let answer = keyring.open_word(key).context("the server's secret opens its keys")?.answer();
        let path = format!("{CALLS}/appkeys/{appkey}/keys/{key}/verification?answer={}", answer.as_str());
        Ok(Request::get(&path, b"SUCCESS"))
    };
    keys(server, count)?.iter().map(request).collect()
}

fn keys(server: &Server, count: usize) -> anyhow::Result<Vec<Key>> {
    let path = format!("{CALLS}/appkeys/{}/keys", server.appkey());
    let replies = load::collect(server, &Request::post(&path, b"SUCCESS"), count)?;
    replies.iter().map(|reply| key_of(reply).with_context(|| format!("no key in {reply}"))).collect()
}

fn key_of(reply: &str) -> Option<Key> {
    let (_, after) = reply.split_once("\"key\":\"")?;
    after.get(..36)?.parse().ok()
}

/// What 100,000 challenges cost in memory, after as many as warm the server up.
fn memory_of_issues(server: &Server) -> anyhow::Result<()> {
    const ISSUES: usize = 100_000;
    keys(server, 10_000)?;
    let before = server.resident_kib()?;
    keys(server, ISSUES)?;
    let after = server.resident_kib()?;
    println!(
        "\n{ISSUES} issues added {} KiB to the server's {before} KiB of resident memory",
        after as i64 - before as i64
    );
    Ok(())
}
