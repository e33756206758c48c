//! `cargo xtask test`: everything that CI runs, after installing what it needs.

use std::{fs, process::Command};

use testbed::{Cluster, Redis, RedisOptions};

use crate::{
    attack, audit, book,
    command::{built, cargo, root, run},
    deploy,
    packages::{Needed, install_missing},
    schemathesis, valkey,
};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the browser tests out.
    #[arg(long)]
    no_browser: bool,
}

const NEEDED: [Needed; 16] = [
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
    // It fetches axe-core, which looks for barriers in pages.
    Needed { file: "npm", package: "npm" },
];
/// Modules of the black-box suite on which the ledger has no bearing: to run them once is enough.
const WITHOUT_LEDGER: [&str; 7] =
    ["connections::", "hostile::", "manuals::", "proxies::", "readme::", "snippets::", "tls::"];

pub(crate) fn run_everything(options: &Options) -> anyhow::Result<()> {
    install_needed(options)?;
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // The two by name are not among all targets, because they are left out of a plain `cargo test`.
    let targets = ["--all-targets", "--test", "scenarios", "--test", "browser"];
    run(&mut cargo(&[&["clippy", "--workspace"], &targets[..], &["--", "--deny", "warnings"]].concat()))?;
    run(&mut cargo_test(&[]))?;
    test_other_ledgers()?;
    // These start the program that is built by now. One at a time: each needs all processors.
    run(&mut cargo_test(&["--test", "scenarios", "--", "--test-threads", "1"]))?;
    if !options.no_browser {
        install_axe()?;
        // So do the browser tests, each with a browser of its own.
        run(
            cargo_test(&["--test", "browser", "--", "--test-threads", "1"]).env("E2E_HAECHI", built("debug", "haechi"))
        )?;
    }
    check_if_installed("Valkey", valkey::install, valkey::check_installed)?;
    check_if_installed("the OpenAPI document", schemathesis::install, schemathesis::check_installed)?;
    check_if_installed("deploy/", deploy::install, deploy::check_installed)?;
    check_if_installed("the bench's reading", attack::install_tests, attack::test_installed)?;
    check_if_installed("the book", book::install, book::build_installed)?;
    check_if_installed("the crates' licences and sources", audit::install, audit::check_installed)?;
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
    println!("\nAll passed.");
    Ok(())
}

/// Runs tests of the workspace, of which the arguments choose some.
///
/// It is always the whole workspace that Cargo is asked for: for some of its packages it would resolve other features,
/// and build everything that has them once more.
pub(crate) fn cargo_test(arguments: &[&str]) -> Command {
    cargo(&[&["test", "--workspace"], arguments].concat())
}

/// The black-box suite, as far as a ledger has a bearing on it, on this one.
pub(crate) fn test_ledger(url: &str) -> Command {
    let mut suite = cargo_test(&["--test", "it", "--"]);
    suite.args(WITHOUT_LEDGER.iter().flat_map(|module| ["--skip", module])).env("TEST_LEDGER", url);
    suite
}

/// Checks something, if the programs that check it can be had.
fn check_if_installed(
    what: &str,
    install: impl FnOnce() -> anyhow::Result<()>,
    check: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    match install() {
        Ok(()) => check(),
        Err(error) => {
            println!("\nNOT CHECKED: {what}, because what checks it could not be installed: {error}");
            Ok(())
        }
    }
}

/// Puts axe-core where the browser tests look for it.
fn install_axe() -> anyhow::Result<()> {
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
