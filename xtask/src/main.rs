//! The project's own commands, run as `cargo xtask COMMAND`.

mod attack;
mod audit;
mod bench;
mod book;
mod chaos;
mod clients;
mod command;
mod deb;
mod deploy;
mod dist;
mod ear;
mod eye;
mod faces;
mod fuzz;
mod gallery;
mod keyboards;
mod layers;
mod packages;
mod price;
mod proxies;
mod sbom;
mod schemathesis;
mod screens;
mod soak;
mod test;
mod tools;
mod valkey;
mod voices;
mod walk;
mod widget;

use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Xtask {
    /// Install what the tests need if it is missing, then run everything that CI runs.
    Test(test::Options),
    /// Time the functions and the server, and print ratios within this run.
    Bench(bench::Options),
    /// Keep the server half busy for half an hour, and see that nothing grows.
    Soak(soak::Options),
    /// Kill servers and cut networks under load, and check that no answer passes twice.
    Chaos(chaos::Options),
    /// Ask the server whether it does what its OpenAPI document says.
    Schemathesis,
    /// Check the texts in deploy/, which say how to run haechi in containers.
    Deploy,
    /// Make a package for Debian, and with --test install, start, upgrade and remove it here.
    Deb(deb::Options),
    /// Make all that a release page needs, in target/dist-release, and say what cannot be made here.
    Dist(dist::Options),
    /// Check the licences and sources of all crates, and whether anything is known against them.
    Audit,
    /// Write what the program is made of, in CycloneDX, to target/sbom.
    Sbom,
    /// Take a picture of every page in both languages and themes, on a phone, a tablet and a desktop, to target/screens.
    Screens,
    /// Build the documents as a book, in target/book, and check its links.
    Book,
    /// Draw and speak what the gallery shows, and see that docs/gallery is that.
    Gallery(gallery::Options),
    /// Check that the server's modules are layers, and print them from the lowest up.
    Layers,
    /// Have the vendors' client packages sign people in through the server, unpatched.
    Clients(clients::Options),
    /// Build the widget's script, and see that the one in the repository is that one.
    Widget(widget::Options),
    /// Walk from an empty folder to a protected form and its figures, by keyboard alone, in browsers.
    Walk(walk::Options),
    /// Let libFuzzer think of hostile input, and keep what fails in fuzz/found.
    Fuzz(fuzz::Options),
    /// Let solvers read our pictures and others', and write docs/strength.md.
    Attack(attack::Options),
    /// Measure what each policy costs people and attackers, and write it into docs/strength.md.
    Price(price::Options),
    /// Measure which names sound alike, and search the alphabet whose names are furthest apart.
    AlphabetByEar(ear::Options),
    /// Measure which characters look alike in the faces that we draw in.
    AlphabetByEye(eye::Options),
    /// Take the outlines of the faces that we draw in out of installed font packages.
    Faces,
    /// Take what keys type in other layouts out of Debian's xkb-data, and see that the library's table is that.
    Keyboards(keyboards::Options),
    /// Render the voice banks with the speech engines, and check their clips.
    Voices(voices::Options),
}

fn main() -> anyhow::Result<()> {
    // Paths are the repository's, wherever in it the command is run.
    std::env::set_current_dir(command::root())?;
    match Xtask::parse() {
        Xtask::Test(options) => test::test(&options),
        Xtask::Bench(options) => bench::run_benchmarks(&options),
        Xtask::Soak(options) => soak::soak(&options),
        Xtask::Chaos(options) => chaos::run_scenarios(&options),
        Xtask::Schemathesis => schemathesis::check(),
        Xtask::Deploy => deploy::check(),
        Xtask::Deb(options) => deb::make_package(&options),
        Xtask::Dist(options) => dist::make(&options),
        Xtask::Audit => audit::check(),
        Xtask::Sbom => sbom::write().map(drop),
        Xtask::Screens => screens::take(),
        Xtask::Book => book::build(),
        Xtask::Gallery(options) => gallery::gallery(&options),
        Xtask::Layers => layers::check(),
        Xtask::Clients(options) => clients::clients(&options),
        Xtask::Widget(options) => widget::widget(&options),
        Xtask::Walk(options) => walk::walk(&options),
        Xtask::Fuzz(options) => fuzz::run_targets(&options),
        Xtask::Attack(options) => attack::run_attack(&options),
        Xtask::Price(options) => price::price(&options),
        Xtask::AlphabetByEar(options) => ear::measure(&options),
        Xtask::AlphabetByEye(options) => {
            eye::measure(&options);
            Ok(())
        }
        Xtask::Faces => faces::run(),
        Xtask::Keyboards(options) => keyboards::keyboards(&options),
        Xtask::Voices(options) => voices::build(&options),
    }
}
