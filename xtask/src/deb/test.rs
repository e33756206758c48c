//! A package's whole life on this machine: installed, started, upgraded, removed, purged.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::daemon::{Calls, Daemon, Unit, run_quietly};
use crate::packages::{Needed, NoDaemons, install_missing};

const NEEDED: [&Needed; 5] = [
    &Needed { file: "curl", package: "curl" },
    &Needed { file: "strace", package: "strace" },
    &Needed { file: "systemd-analyze", package: "systemd" },
    &Needed { file: "/usr/sbin/adduser", package: "adduser" },
    &Needed { file: "setpriv", package: "util-linux" },
];

const SETTINGS: &str = "/etc/haechi/haechi.toml";
const DATA: &str = "/var/lib/haechi";
const UNIT: &str = "/usr/lib/systemd/system/haechi.service";
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/haechi.service";
/// systemd's measure of what a service is exposed to, from 0 (nothing) to 10. Above it the check fails.
const MAX_EXPOSURE: &str = "2.0";

/// Tests the package, and leaves nothing of it.
pub(super) fn test(package: &Path) -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install them, or leave this test out")?;
    ensure!(run_quietly(Command::new("id").arg("-u"))?.trim() == "0", "only root can install a package");
    for path in [SETTINGS, DATA, UNIT, "/usr/bin/haechi"] {
        ensure!(!Path::new(path).exists(), "{path} is there already: this test would take it away");
    }
    check_contents(package)?;
    let folder = tempfile::tempdir()?;
    let newer = newer_than(package, folder.path())?;

    let _no_daemons = NoDaemons::begin()?; // where systemd runs, it would start the server beside ours
    let _purged = Purged;
    install(package)?;
    check_installed()?;
    check_unit()?;
    let site = Site::configure()?;
    let unit = Unit::read(UNIT)?;
    let daemon = Daemon::start(&unit, &site.address)?;
    let appkey = site.create_app(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    daemon.stop(&unit)?;
    said("installed and started; a challenge passed");

    let (secret, settings) = (fs::read(format!("{DATA}/secret"))?, fs::read_to_string(SETTINGS)?);
    install(&newer)?;
    ensure!(version()? != version_of(package)?, "the upgrade changed nothing");
    ensure!(fs::read_to_string(SETTINGS)? == settings, "the upgrade changed the administrator's settings");
    ensure!(Path::new(&format!("{SETTINGS}.dpkg-dist")).exists(), "the new settings are not offered");
    ensure!(fs::read(format!("{DATA}/secret"))? == secret, "the upgrade changed the secret");
    let daemon = Daemon::start_traced(&unit, &site.address)?;
    site.pass_a_challenge(&unit, &appkey)?;
    check_calls(&daemon.stop(&unit)?.context("the calls were traced")?)?;
    said("upgraded; settings and data were kept; a challenge of the old app passed");

    run_quietly(Command::new("dpkg").args(["--remove", "haechi"]))?;
    ensure!(!Path::new("/usr/bin/haechi").exists(), "the program is left after removal");
    ensure!(fs::read_to_string(SETTINGS)? == settings, "the settings are not left after removal");
    ensure!(fs::read(format!("{DATA}/secret"))? == secret, "the data are not left after removal");
    said("removed; settings and data were kept");

    run_quietly(Command::new("dpkg").args(["--purge", "haechi"]))?;
    for path in ["/etc/haechi", DATA, UNIT, ENABLED] {
        ensure!(fs::symlink_metadata(path).is_err(), "{path} is left after the purge");
    }
    ensure!(!has_user()?, "the user is left after the purge");
    said("purged; nothing is left");
    println!(
        "\nAll passed. systemd did not start the server: this test ran the unit's command as its user, in its \
         environment, with its capabilities, and compared the system calls that it made with the unit's filter, and \
         files written to, kinds of sockets and memory with its other settings. None of these settings was in force."
    );
    Ok(())
}

/// Takes the package away, however the test ends.
struct Purged;

impl Drop for Purged {
    fn drop(&mut self) {
        // After a test that went to its end there is nothing to take away, and dpkg only says so.
        let _ = Command::new("dpkg").args(["--purge", "haechi"]).output();
    }
}

fn said(what: &str) {
    println!("ok: {what}");
}

fn check_contents(package: &Path) -> anyhow::Result<()> {
    let list = run_quietly(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    let files: Vec<_> = list.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    for file in [
        "./usr/bin/haechi",
        "./etc/haechi/haechi.toml",
        "./usr/lib/systemd/system/haechi.service",
        "./usr/share/man/man1/haechi.1.gz",
        "./usr/share/man/man1/haechi-serve.1.gz",
        "./usr/share/bash-completion/completions/haechi",
        "./usr/share/fish/vendor_completions.d/haechi.fish",
        "./usr/share/zsh/vendor-completions/_haechi",
        "./usr/share/doc/haechi/copyright",
        "./usr/share/doc/haechi/reverse-proxy.md",
        "./usr/share/doc/haechi/examples/nginx.conf",
    ] {
        ensure!(files.contains(&file), "{file} is not in the package:\n{list}");
    }
    let folder = tempfile::tempdir()?;
    run_quietly(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder.path()))?;
    let copyright = fs::read_to_string(folder.path().join("usr/share/doc/haechi/copyright"))?;
    for part in ["SIL OPEN FONT LICENSE", "Carnegie Mellon University", "Apache License", "redb ", "\ntokio "] {
        ensure!(copyright.contains(part), "the copyright file does not say {part:?}");
    }
    said("the package has all its files, and the licences of all that is in it");
    Ok(())
}

/// The same package, of a higher version and with other settings.
fn newer_than(package: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let content = folder.join("content");
    run_quietly(Command::new("dpkg-deb").arg("--raw-extract").arg(package).arg(&content))?;
    let control = content.join("DEBIAN/control");
    let version = version_of(package)?;
    let text = fs::read_to_string(&control)?;
    let newer = text.replace(&format!("Version: {version}\n"), &format!("Version: {version}+test1\n"));
    ensure!(newer != text, "the version is not where it was expected");
    fs::write(&control, newer)?;
    let settings = content.join("etc/haechi/haechi.toml");
    fs::write(&settings, fs::read_to_string(&settings)? + "\n# A newer version has more to say here.\n")?;
    let made = folder.join("newer.deb");
    run_quietly(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&content).arg(&made))?;
    Ok(made)
}

fn version_of(package: &Path) -> anyhow::Result<String> {
    let printed = run_quietly(Command::new("dpkg-deb").arg("--field").arg(package).arg("Version"))?;
    Ok(printed.trim().to_owned())
}

fn version() -> anyhow::Result<String> {
    run_quietly(Command::new("dpkg-query").args(["--show", "--showformat=${Version}", "haechi"]))
}

/// Installs as an upgrade by night would: nobody is asked, and changed settings are kept.
fn install(package: &Path) -> anyhow::Result<()> {
    let mut dpkg = Command::new("dpkg");
    dpkg.args(["--force-confold", "--install"]).arg(package).env("DEBIAN_FRONTEND", "noninteractive");
    run_quietly(&mut dpkg).map(drop)
}

fn check_installed() -> anyhow::Result<()> {
    ensure!(has_user()?, "there is no user");
    let check = |path: &str, expected: &str| {
        let found = run_quietly(Command::new("stat").args(["--format=%U:%G %a", path]))?;
        ensure!(found.trim() == expected, "{path} is {} and not {expected}", found.trim());
        Ok(())
    };
    check(DATA, "haechi:haechi 700")?;
    check(SETTINGS, "root:haechi 640")?;
    check("/usr/bin/haechi", "root:root 755")?;
    run_quietly(Command::new("haechi").args(["check-config", SETTINGS]))?;
    ensure!(fs::symlink_metadata(ENABLED).is_ok(), "the service is not enabled");
    said("user, permissions and settings are right, and the service is enabled");
    Ok(())
}

fn has_user() -> anyhow::Result<bool> {
    Ok(Command::new("getent").args(["passwd", "haechi"]).output()?.status.success())
}

fn check_unit() -> anyhow::Result<()> {
    let verified = Command::new("systemd-analyze").args(["verify", "--man=no", UNIT]).output()?;
    let said_of_it = String::from_utf8_lossy(&verified.stderr).into_owned();
    ensure!(verified.status.success() && !said_of_it.contains("haechi.service"), "the unit is wrong: {said_of_it}");
    let most: f64 = MAX_EXPOSURE.parse()?;
    let threshold = format!("--threshold={}", (most * 10.0).round());
    let measured = run_quietly(Command::new("systemd-analyze").args(["security", "--offline=true", &threshold, UNIT]))?;
    let overall = measured.lines().find(|line| line.contains("Overall exposure")).context("no score")?;
    said(&format!("systemd-analyze verify is content, and security says: {}", overall.trim_start_matches(['→', ' '])));
    Ok(())
}

/// What an administrator would set up for a site.
struct Site {
    address: String,
}

impl Site {
    /// Changes the settings, as an administrator would, so that nothing else is on the ports.
    fn configure() -> anyhow::Result<Self> {
        let (public, operators) = (free_port()?, free_port()?);
        let settings = fs::read_to_string(SETTINGS)?;
        let changed =
            settings.replace(":8080\"", &format!(":{public}\"")).replace(":9090\"", &format!(":{operators}\""));
        ensure!(changed.contains(&public.to_string()) && changed.contains(&operators.to_string()), "{settings}");
        fs::write(SETTINGS, changed)?;
        ensure!(fs::metadata(SETTINGS)?.mode() & 0o777 == 0o640, "a change of the settings opened them");
        Ok(Self { address: format!("http://127.0.0.1:{public}") })
    }

    fn create_app(&self, unit: &Unit) -> anyhow::Result<String> {
        let made = haechi(unit, &["app", "create", "shop"])?;
        Ok(made["appkey"].as_str().with_context(|| format!("no appkey in {made}"))?.to_owned())
    }

    fn pass_a_challenge(&self, unit: &Unit, appkey: &str) -> anyhow::Result<()> {
        let calls = format!("{}/captcha/v1.0/appkeys/{appkey}/keys", self.address);
        let issued = fetched(&["--request", "POST", &calls])?;
        let key = issued["key"].as_str().with_context(|| format!("no key in {issued}"))?;
        let sound = format!("{}/captcha/v1.0/keys/{key}/sound", self.address);
        run_quietly(Command::new("curl").args([
            "--fail",
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            &sound,
        ]))?;
        let picture = sound.replace("/sound", "/img");
        run_quietly(Command::new("curl").args([
            "--fail",
            "--silent",
            "--show-error",
            "--output",
            "/dev/null",
            &picture,
        ]))?;
        let inspected = haechi(unit, &["inspect", key, "--answer"])?;
        let answer = inspected["answer"].as_str().with_context(|| format!("no answer in {inspected}"))?;
        let judged = fetched(&[&format!("{calls}/{key}/verification?answer={answer}")])?;
        if judged["header"]["resultCode"] != 0 {
            bail!("the right answer did not pass: {judged}");
        }
        Ok(())
    }
}

/// Runs a command of the program as an administrator does.
fn haechi(unit: &Unit, words: &[&str]) -> anyhow::Result<Value> {
    let words = [&["/usr/bin/haechi"], words, &["--json"]].concat();
    Ok(serde_json::from_str(&run_quietly(&mut unit.command(&words)?)?)?)
}

fn fetched(arguments: &[&str]) -> anyhow::Result<Value> {
    let text = run_quietly(Command::new("curl").args(["--silent", "--show-error"]).args(arguments))?;
    serde_json::from_str(&text).with_context(|| text)
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Whether the unit's filter lets the server do what it did.
fn check_calls(calls: &Calls) -> anyhow::Result<()> {
    ensure!(calls.made.contains("epoll_wait") || calls.made.contains("epoll_pwait"), "nothing was traced");
    ensure!(calls.made.contains("execve") && calls.made.contains("accept4"), "too little was traced: {:?}", calls.made);
    let refused: Vec<_> = calls.made.difference(&calls.allowed).collect();
    ensure!(refused.is_empty(), "the unit's filter would refuse {refused:?}");
    ensure!(calls.forbidden.is_empty(), "the unit's other settings would refuse {:#?}", calls.forbidden);
    ensure!(calls.made.contains("socket") && calls.made.contains("openat"), "neither sockets nor files were traced");
    said(&format!("the unit's filter allows all {} system calls that the server made", calls.made.len()));
    Ok(())
}
