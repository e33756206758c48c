//! `cargo xtask test`: everything that CI runs, after installing what it needs.

use std::{
    env, fs,
    process::{Child, Command, Stdio},
    thread,
    time::Instant,
};

use anyhow::ensure;
use tempfile::NamedTempFile;
use testbed::{Cluster, Redis, RedisOptions};

use crate::{
    attack, audit, book, clients,
    command::{built, cargo, root, run},
    deploy, keyboards,
    packages::{Needed, install_missing},
    proxies, schemathesis, valkey, walk, widget,
};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the browser tests out.
    #[arg(long)]
    no_browser: bool,
    /// Run what a browser is needed for, and nothing else.
    #[arg(long, conflicts_with_all = ["no_browser", "quick"])]
    browsers: bool,
    /// Install nothing, and run what answers first: format, clippy, unit tests, and the black-box suite on one ledger.
    #[arg(long)]
    quick: bool,
}

const NEEDED: [Needed; 17] = [
    Needed { file: "curl", package: "curl" },
    Needed { file: "openssl", package: "openssl" },
    // It comes with redis-cli.
    Needed { file: "redis-server", package: "redis-server" },
    // They run the console's examples for sites.
    Needed { file: "python3", package: "python3" },
    Needed { file: "node", package: "nodejs" },
    Needed { file: "php", package: "php-cli" },
    Needed { file: "/usr/share/doc/php-curl", package: "php-curl" },
    Needed { file: "javac", package: "default-jdk-headless" },
    Needed { file: "/usr/share/java/spring3-web.servlet.jar", package: "libspring-web-servlet-java" },
    Needed { file: "/usr/share/java/jetty9-servlet.jar", package: "libjetty9-java" },
    // The proxies of deploy/.
    Needed { file: "/usr/sbin/nginx", package: "nginx-light" },
    Needed { file: "caddy", package: "caddy" },
    Needed { file: "/usr/sbin/haproxy", package: "haproxy" },
    // It sets the clock of a program under test.
    Needed { file: "faketime", package: "faketime" },
    // They read what completes command lines, and the manual.
    Needed { file: "fish", package: "fish" },
    Needed { file: "zsh", package: "zsh" },
    Needed { file: "mandoc", package: "mandoc" },
];
const NEEDED_WITH_BROWSER: [Needed; 3] = [
    Needed { file: "chromium", package: "chromium" },
    Needed { file: "chromedriver", package: "chromium-driver" },
    // It fetches axe-core, which looks for barriers in pages, and what the widget is built with.
    Needed { file: "npm", package: "npm" },
];
/// Modules of the black-box suite on which the ledger has a bearing, or Redis, in which apps and users are too: they
/// are run on each ledger, and all others on the embedded one only.
const WITH_LEDGER: [&str; 21] = [
    "admin::",
    "again::",
    "altcha::",
    "api::",
    "apps::",
    "backup::",
    "cap::",
    "cli::",
    "clock::",
    "disk::",
    "first_start::",
    "limits::",
    "once::",
    "public_path::",
    "secrets::",
    "serve::",
    "shared::",
    "siteverify::",
    "webhooks::",
    "widget::",
    "work::",
];
/// Modules that start other programs, or that take their time.
const NOT_QUICK: [&str; 8] =
    ["clock::", "disk::", "manuals::", "once::", "overload::", "proxies::", "shared::", "snippets::"];
/// All that is linted: the two by name are not among all targets, because they are left out of a plain `cargo test`.
const ALL_TARGETS: [&str; 5] = ["--all-targets", "--test", "scenarios", "--test", "browser"];

pub(crate) fn test(options: &Options) -> anyhow::Result<()> {
    match options {
        Options { quick: true, .. } => run_quickly(),
        Options { browsers: true, .. } => install_needed(options).and_then(|()| test_in_browsers()),
        Options { .. } => run_everything(options),
    }
}

fn run_quickly() -> anyhow::Result<()> {
    check_style()?;
    let skipped = NOT_QUICK.iter().flat_map(|module| ["--skip", module]);
    let arguments: Vec<_> = ["--lib", "--bins", "--test", "it", "--"].into_iter().chain(skipped).collect();
    run(&mut cargo_test(&arguments))?;
    println!("\nAll passed, of what is quick.");
    Ok(())
}

fn run_everything(options: &Options) -> anyhow::Result<()> {
    timed("installing", || install_needed(options))?;
    // The suite itself tries them, if they are there.
    check_if_installed("haechi behind Traefik and Envoy", proxies::install, || Ok(()))?;
    timed("style", check_style)?;
    timed("unit and black-box tests", || run(&mut cargo_test(&[])))?;
    // These start the program that is built by now. One at a time: each needs all processors.
    timed("scenarios", || run(&mut cargo_test(&["--test", "scenarios", "--", "--test-threads", "1"])))?;
    if options.no_browser {
        return test_the_rest().inspect(|()| println!("\nAll passed."));
    }
    // Browsers wait for sounds and clocks most of the time. Both go to their end, whatever becomes of the other.
    let browsers = Beside::start()?;
    let rest = test_the_rest();
    browsers.finish().and(rest)?;
    println!("\nAll passed.");
    Ok(())
}

/// What needs neither a browser nor all processors.
fn test_the_rest() -> anyhow::Result<()> {
    timed("the other ledgers", test_other_ledgers)?;
    check_if_installed("Valkey", valkey::install, valkey::check_installed)?;
    check_if_installed("the OpenAPI document", schemathesis::install, schemathesis::check_installed)?;
    check_if_installed("deploy/", deploy::install, deploy::check_installed)?;
    check_if_installed("the table of keyboards", keyboards::install, keyboards::check_installed)?;
    check_if_installed("the bench's reading", attack::install_tests, attack::test_installed)?;
    timed("the book", book::build)?;
    timed("licences and sources", audit::check)?;
    timed("rustdoc", check_rustdoc)
}

fn test_in_browsers() -> anyhow::Result<()> {
    timed("pages in a browser", test_pages)?;
    check_if_installed("the widget in browsers", widget::install, widget::check_installed)?;
    check_if_installed("the way to a protected form", widget::install, walk::check_installed)?;
    check_if_installed("the vendors' clients", clients::install, clients::check_installed)
}

/// This program once more, at what needs browsers, while other tests go on. What it says is shown once it has ended.
struct Beside {
    child: Child,
    log: NamedTempFile,
}

impl Beside {
    fn start() -> anyhow::Result<Self> {
        let log = NamedTempFile::new()?;
        let mut command = Command::new(env::current_exe()?);
        let written = log.reopen()?;
        command.args(["test", "--browsers"]).stdin(Stdio::null()).stdout(written.try_clone()?).stderr(written);
        println!("\nBeside what follows: cargo xtask test --browsers");
        Ok(Self { child: command.spawn()?, log })
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let status = self.child.wait()?;
        print!("\n{}", fs::read_to_string(&self.log)?);
        ensure!(status.success(), "cargo xtask test --browsers failed: {status}");
        Ok(())
    }
}

/// Says how long something took, so that whoever waits sees for what.
fn timed(what: &str, act: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let start = Instant::now();
    act()?;
    println!("\n{what}: {} s", start.elapsed().as_secs());
    Ok(())
}

fn test_pages() -> anyhow::Result<()> {
    install_axe()?;
    widget::check()?;
    // Each has a server and a browser of its own, of which two find room on two processors.
    let mut browser = cargo_test(&["--test", "browser", "--", "--test-threads", "2"]);
    run(browser.env("E2E_HAECHI", built("debug", "haechi")))
}

fn check_style() -> anyhow::Result<()> {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&[&["clippy", "--workspace"], &ALL_TARGETS[..], &["--", "--deny", "warnings"]].concat()))
}

/// Our crates' documentation. With the examples among the targets, Cargo resolves the features that it resolves for
/// clippy and the tests, and need not look at all dependencies once more.
fn check_rustdoc() -> anyhow::Result<()> {
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--lib", "--bin", "xtask", "--examples"]);
    run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Runs tests of the workspace, of which the arguments choose some.
///
/// It is always the whole workspace that Cargo is asked for: for some of its packages it would resolve other features,
/// and build everything that has them once more.
///
/// Most tests wait for servers rather than compute, so that there is room for more of them than there are processors.
pub(crate) fn cargo_test(arguments: &[&str]) -> Command {
    let mut tests = cargo(&[&["test", "--workspace"], arguments].concat());
    let threads = 2 * thread::available_parallelism().map_or(1, usize::from);
    tests.env("RUST_TEST_THREADS", threads.to_string());
    tests
}

/// The black-box suite, as far as a ledger has a bearing on it, on this one.
pub(crate) fn test_ledger(url: &str) -> Command {
    let mut suite = cargo_test(&["--test", "it", "--"]);
    suite.args(WITH_LEDGER).env("TEST_LEDGER", url);
    suite
}

/// Checks something, if the programs that check it can be had.
fn check_if_installed(
    what: &str,
    install: impl FnOnce() -> anyhow::Result<()>,
    check: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match install() {
        Ok(()) => timed(what, check),
        Err(error) => {
            println!("\nNOT CHECKED: {what}, because what checks it could not be installed: {error}");
            Ok(())
        }
    }
}

/// Puts axe-core where the browser tests look for it.
pub(crate) fn install_axe() -> anyhow::Result<()> {
    let folder = root().join("target/axe");
    if folder.join("node_modules/axe-core/axe.min.js").is_file() {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(root().join("e2e/axe").join(file), folder.join(file))?;
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder))
}

/// The black-box suite, on the ledgers that it did not run on yet.
fn test_other_ledgers() -> anyhow::Result<()> {
    let redis = Redis::start();
    let cluster = Cluster::start(3, &RedisOptions::default());
    for ledger in ["memory:".to_owned(), redis.url(), cluster.url()] {
        run(&mut test_ledger(&ledger))?;
    }
    Ok(())
}

/// Installs the programs that the tests start.
fn install_needed(options: &Options) -> anyhow::Result<()> {
    let with_browser = if options.no_browser { &[][..] } else { &NEEDED_WITH_BROWSER };
    let wanted: Vec<_> = NEEDED.iter().chain(with_browser).collect();
    install_missing(&wanted, "Install them, or leave browsers out with --no-browser")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that chooses nothing would go unnoticed.
    #[test]
    fn modules_that_are_chosen_are_there() {
        for module in WITH_LEDGER.iter().chain(&NOT_QUICK) {
            let file = format!("crates/server/tests/it/{}.rs", module.trim_end_matches("::"));
            assert!(root().join(&file).is_file(), "{file}");
        }
    }
}
