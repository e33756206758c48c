//! `cargo xtask clients`: the vendors' client packages, as they come from their registries, sign people in through haechi.

use std::process::Command;

use crate::{
    command::{built, cargo, root, run},
    packages::{Needed, install_missing},
};

const NEEDED: [Needed; 16] = [
    Needed { file: "node", package: "nodejs" },
    Needed { file: "npm", package: "npm" },
    Needed { file: "openssl", package: "openssl" },
    Needed { file: "chromium", package: "chromium" },
    Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" },
    Needed { file: "php", package: "php-cli" },
    Needed { file: "/usr/share/doc/php-curl", package: "php-curl" },
    Needed { file: "/usr/share/doc/php-mysql", package: "php-mysql" },
    Needed { file: "/usr/share/doc/php-sqlite3", package: "php-sqlite3" },
    Needed { file: "/usr/share/doc/php-mbstring", package: "php-mbstring" },
    Needed { file: "/usr/share/doc/php-intl", package: "php-intl" },
    Needed { file: "/usr/share/doc/php-google-recaptcha", package: "php-google-recaptcha" },
    Needed { file: "/usr/share/phpmyadmin", package: "phpmyadmin" },
    Needed { file: "/usr/sbin/mariadbd", package: "mariadb-server" },
    Needed { file: "/usr/share/mediawiki", package: "mediawiki" },
    Needed { file: "/usr/share/doc/ruby-recaptcha", package: "ruby-recaptcha" },
];

/// Which clients to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Names, as in clients/list.mjs; all if none is given.
    names: Vec<String>,
}

/// Installs what they need, builds the server, and runs them.
pub(crate) fn clients(options: &Options) -> anyhow::Result<()> {
    install()?;
    run(&mut cargo(&["build", "--package", "haechi"]))?;
    sign_in(&options.names)
}

/// Installs what comes from Debian. The packages of registries are installed by the run itself.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED.iter().collect::<Vec<_>>(), "Install them, or leave the clients out with --no-browser")
}

/// Runs all of them with the server that was built.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    sign_in(&[])
}

fn sign_in(names: &[String]) -> anyhow::Result<()> {
    let mut node = Command::new("node");
    node.arg("clients/run.mjs").args(names).env("HAECHI", built("debug", "haechi")).current_dir(root());
    run(&mut node)
}
