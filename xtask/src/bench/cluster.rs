//! Nodes that share Redis: what a request costs each process, from which `docs/scaling.md` reckons.
//!
//! Everything runs on this one machine, the load generator too, so that more nodes bring no higher rate here. What
//! carries over to more machines is the processor time that each request takes of a node and of Redis.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use anyhow::Context;
use testbed::{Cluster, Redis, RedisOptions};

use super::{Options, load::measure, quantile, requests, server::Server};
use crate::command::built;

const CALLS: [&str; 4] = ["issue", "image", "sound", "verify"];

/// Redis, alone or as a cluster.
enum Servers {
    One(Redis),
    Cluster(Cluster),
}

impl Servers {
    fn url(&self) -> String {
        match self {
            Self::One(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }

    /// Those that decide.
    fn primaries(&self) -> Vec<&Redis> {
        match self {
            Self::One(redis) => vec![redis],
            Self::Cluster(cluster) => cluster.primaries().into_iter().map(|index| &cluster.nodes[index]).collect(),
        }
    }

    fn processes(&self) -> Vec<u32> {
        self.primaries().iter().filter_map(|redis| redis.id()).collect()
    }

    /// Bytes that they hold, and keys.
    fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let mut sum = (0, 0);
        for redis in self.primaries() {
            let info = redis.command_line(&["INFO", "memory"]);
            let used = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:")).context("no memory")?;
            sum.0 += used.trim().parse::<u64>()?;
            sum.1 += redis.command_line(&["DBSIZE"]).parse::<u64>()?;
        }
        Ok(sum)
    }
}

pub(super) fn table(options: &Options) -> anyhow::Result<()> {
    println!(
        "\n{} connections, {} s a call; processor time in microseconds a request",
        options.connections, options.seconds
    );
    println!("| Redis | nodes | call | requests a second | p50 | p99 | of a node | of Redis |");
    println!("|---|---|---|---|---|---|---|---|");
    for shards in [1, 3] {
        for nodes in 1..=3 {
            let servers = match shards {
                1 => Servers::One(Redis::start()),
                _ => Servers::Cluster(Cluster::start(shards, &RedisOptions::default())),
            };
            rows(&servers, shards, nodes, options)?;
        }
    }
    Ok(())
}

fn rows(servers: &Servers, shards: usize, count: usize, options: &Options) -> anyhow::Result<()> {
    let (program, ledger) = (built("dist", "haechi"), servers.url());
    let nodes = start_nodes(&program, &ledger, count)?;
    let addresses: Vec<SocketAddr> = nodes.iter().map(Server::address).collect();
    let node_processes: Vec<u32> = nodes.iter().map(Server::id).collect();
    for call in CALLS {
        let requests = requests(&nodes[0], call, options)?;
        let (held, redis) = (servers.memory()?, servers.processes());
        let before = (cpu_micros(&node_processes)?, cpu_micros(&redis)?);
        let mut measured =
            measure(&addresses, options.connections, &requests, Duration::from_secs_f64(options.seconds))?;
        let after = (cpu_micros(&node_processes)?, cpu_micros(&redis)?);
        let sent = measured.latencies.len() as f64;
        measured.latencies.sort();
        println!(
            "| {shards} | {count} | {call} | {:.0} | {:.2} ms | {:.2} ms | {:.1} | {:.1} |",
            measured.rate(),
            quantile(&measured.latencies, 0.5),
            quantile(&measured.latencies, 0.99),
            (after.0 - before.0) / sent,
            (after.1 - before.1) / sent,
        );
        if call == "verify" && count == 1 {
            let (bytes, keys) = servers.memory()?;
            let each = bytes.saturating_sub(held.0) as f64 / keys.saturating_sub(held.1).max(1) as f64;
            println!("| {shards} | {count} | a spent key holds {each:.0} bytes of Redis | | | | | |");
        }
    }
    Ok(())
}

fn start_nodes(program: &Path, ledger: &str, count: usize) -> anyhow::Result<Vec<Server>> {
    let mut nodes = vec![Server::start(program, ledger)?];
    while nodes.len() < count {
        let node = nodes[0].join(program, ledger)?;
        nodes.push(node);
    }
    Ok(nodes)
}

/// Processor time that the processes have used, in microseconds.
fn cpu_micros(processes: &[u32]) -> anyhow::Result<f64> {
    let ticks_a_second: f64 =
        String::from_utf8(Command::new("getconf").arg("CLK_TCK").output()?.stdout)?.trim().parse()?;
    let mut ticks = 0;
    for id in processes {
        let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The second field, the name in parentheses, may hold spaces; the 14th and 15th are user and system time.
        let (_, fields) = stat.rsplit_once(')').context("no name in /proc")?;
        let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        ticks += times.sum::<Result<u64, _>>()?;
    }
    Ok(ticks as f64 * 1e6 / ticks_a_second)
}
