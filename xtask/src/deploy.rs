//! `cargo xtask deploy`: whether the texts in `deploy/` are what they should be, by programs that know.

use std::process::Command;

use crate::{
    command::{root, run},
    packages::{Needed, install_missing},
};

const NEEDED: [&Needed; 2] = [
    &Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" },
    &Needed { file: "promtool", package: "prometheus" },
];

/// Installs what checks, and checks.
pub(crate) fn check() -> anyhow::Result<()> {
    install()?;
    check_installed()
}

/// Installs the programs that check into an environment of their own, unless they are there.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install them, or leave this check out")?;
    let folder = root().join("target/deploy");
    if folder.join("bin/kubernetes-validate").is_file() {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let requirements = root().join("deploy/requirements.txt");
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))
}

/// Checks with what was installed.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(root().join("target/deploy/bin").join(name));
        command.args(arguments).current_dir(root().join("deploy"));
        command
    };
    run(&mut program("hadolint", &["Dockerfile"]))?;
    run(&mut program("check-jsonschema", &["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]))?;
    run(&mut program("kubernetes-validate", &["--strict", "kubernetes.yaml"]))?;
    let deploy = root().join("deploy");
    run(Command::new("promtool").args(["check", "rules", "alerts.yml"]).current_dir(&deploy))?;
    run(Command::new("promtool").args(["test", "rules", "alerts.test.yml"]).current_dir(&deploy))
}
