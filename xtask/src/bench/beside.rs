//! Two programs beside each other: each call of one takes turns with the same call of the other.

use std::{path::Path, time::Duration};

use anyhow::Context;

use super::{Options, load::measure, median, requests, server::Server};

/// Prints how many requests a second this program answers for each that the other does, call by call.
pub(super) fn table(program: &Path, other: &Path, options: &Options) -> anyhow::Result<()> {
    let servers = [program, other].map(|program| Server::start(program, &options.ledger));
    let [this, that] = servers;
    let servers = [this?, that?];
    let time = Duration::from_secs_f64(options.seconds);
    let mut ratios: Vec<_> = options.names().map(|name| (name, Vec::new())).collect();
    for round in 0..options.rounds {
        for (name, ratios) in &mut ratios {
            let mut rates = [0.0; 2];
            // Who goes first has a cooler machine, so they take turns in that too.
            for turn in [round % 2, 1 - round % 2] {
                let server = &servers[turn];
                let requests = requests(server, name, options)?;
                rates[turn] = measure(&[server.address()], options.connections, &requests, time)
                    .with_context(|| format!("{name} in round {round}"))?
                    .rate();
            }
            ratios.push(rates[0] / rates[1]);
        }
    }
    println!("\n{} beside {}: {} rounds of {} s", program.display(), other.display(), options.rounds, options.seconds);
    println!("| call | of the other's rate (median) | least | most |\n|---|---|---|---|");
    for (name, mut ratios) in ratios {
        ratios.sort_by(f64::total_cmp);
        let (least, most) = (ratios[0], ratios[ratios.len() - 1]);
        println!("| {name} | {:.2} | {least:.2} | {most:.2} |", median(ratios));
    }
    Ok(())
}
