//! A package's whole life on this machine: installed, started, upgraded, removed, purged.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{
    daemon::{Calls, Daemon, Place, Unit},
    systemd::Machine,
};
use crate::{
    command::run_quietly,
    packages::{Needed, NoDaemons, install_missing},
};

const NEEDED: [&Needed; 7] = [
    &Needed { file: "curl", package: "curl" },
    &Needed { file: "ip", package: "iproute2" },
    &Needed { file: "ps", package: "procps" },
    &Needed { file: "strace", package: "strace" },
    &Needed { file: "systemd-analyze", package: "systemd" },
    &Needed { file: "/usr/sbin/adduser", package: "adduser" },
    &Needed { file: "setpriv", package: "util-linux" },
];

const SETTINGS: &str = "/etc/haechi/haechi.toml";
const DATA: &str = "/var/lib/haechi";
const UNIT: &str = "/usr/lib/systemd/system/haechi.service";
const ENABLED: &str = "/etc/systemd/system/multi-user.target.wants/haechi.service";
/// What the program may be linked to: the C library's parts, and what the kernel and the loader are.
const LIBRARIES: [&str; 5] = ["libc", "libm", "libgcc_s", "linux-vdso", "/lib64/ld-linux-x86-64"];
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

    let _purged = Purged;
    without_systemd(package, &newer)?;
    match Machine::boot() {
        Ok(machine) => {
            under_systemd(machine, package, &newer)?;
            println!("\nAll passed.");
        }
        Err(error) => println!(
            "\nAll passed, but systemd did not start the server: {error:#}. The test ran the unit's command as its \
             user, in its environment, with its capabilities, and compared the system calls that it made with the \
             unit's filter, and files written to, kinds of sockets and memory with its other settings. None of these \
             settings was in force."
        ),
    }
    Ok(())
}

/// A package's life where nothing starts its service but the test, which can so look at each system call.
fn without_systemd(package: &Path, newer: &Path) -> anyhow::Result<()> {
    let here = Place::default();
    let _no_daemons = NoDaemons::begin()?; // where systemd runs, it would start the server beside ours
    install(&here, package)?;
    check_installed()?;
    check_unit()?;
    let site = Site::configure()?;
    let unit = Unit::read(UNIT, &here)?;
    let daemon = Daemon::start(&unit, &site.address)?;
    let appkey = site.create_app(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    daemon.stop(&unit)?;
    said("installed and started; a challenge passed");

    let (secret, settings) = (fs::read(format!("{DATA}/secret"))?, fs::read_to_string(SETTINGS)?);
    install(&here, newer)?;
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

    purge(&here)?;
    said("purged; nothing is left");
    Ok(())
}

/// A package's life where systemd starts the service, with all that the unit says in force.
fn under_systemd(machine: Machine, package: &Path, newer: &Path) -> anyhow::Result<()> {
    let site = Site { address: "http://127.0.0.1:8080".to_owned() }; // as in the settings that the package brings
    install(machine.place(), package)?;
    let unit = Unit::read(UNIT, machine.place())?;
    let first = machine.wait_for_service(|_| true)?;
    site.wait(&unit)?;
    let appkey = site.create_app(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    check_sandbox(machine.place(), &first)?;
    said("under systemd: installed and started; a challenge passed, and the unit's sandbox is in force");

    machine.control(&["kill", "--signal=KILL", "haechi"])?;
    let second = machine.wait_for_service(|id| id != first)?;
    site.wait(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    said("under systemd: killed and started again; a challenge of the old app passed");

    install(machine.place(), newer)?;
    machine.wait_for_service(|id| id != second)?;
    site.wait(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    said("under systemd: upgraded; the new version was started, and a challenge of the old app passed");

    drop(machine);
    let machine = Machine::boot()?;
    let unit = Unit::read(UNIT, machine.place())?;
    machine.wait_for_service(|_| true)?;
    site.wait(&unit)?;
    site.pass_a_challenge(&unit, &appkey)?;
    said("under systemd: the power was cut; the next boot started it, and a challenge of the old app passed");

    machine.control(&["stop", "haechi"])?;
    let result = machine.property("Result")?;
    ensure!(result == "success", "the server did not end as it should: {result}");
    machine.control(&["start", "haechi"])?;
    run_quietly(machine.place().command("dpkg").args(["--remove", "haechi"]))?;
    machine.wait_for("ActiveState", |state| state == "inactive")?;
    purge(machine.place())?;
    said("under systemd: stopped; started; removed, which stopped it again; purged");
    Ok(())
}

/// What only the kernel can say: what the unit takes from the server is gone.
fn check_sandbox(place: &Place, id: &str) -> anyhow::Result<()> {
    let status = run_quietly(place.command("cat").arg(format!("/proc/{id}/status")))?;
    for line in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        ensure!(status.contains(line), "the server's status lacks {line:?}:\n{status}");
    }
    let inside = ["--mount", "--target", id, "--", "touch"];
    for (file, can_be_written) in [("/usr/bin/haechi", false), ("/etc/haechi/x", false), ("/var/lib/haechi/x", true)] {
        let touched = place.command("nsenter").args(inside).arg(file).output()?;
        ensure!(touched.status.success() == can_be_written, "{file}: {}", String::from_utf8_lossy(&touched.stderr));
    }
    run_quietly(Command::new("rm").arg(format!("{DATA}/x")))?;
    // The filter of system calls lets threads that render be nicer than those that answer.
    let niceness = run_quietly(place.command("ps").args(["-L", "-o", "ni=", "-p", id]))?;
    let values: BTreeSet<_> = niceness.split_whitespace().collect();
    ensure!(values.contains("0") && values.len() == 2, "the threads' niceness is {values:?}");
    Ok(())
}

fn purge(place: &Place) -> anyhow::Result<()> {
    run_quietly(place.command("dpkg").args(["--purge", "haechi"]))?;
    for path in ["/etc/haechi", DATA, UNIT, ENABLED] {
        ensure!(fs::symlink_metadata(path).is_err(), "{path} is left after the purge");
    }
    ensure!(!has_user()?, "the user is left after the purge");
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
    // A name may be parted by the end of a line.
    let words = copyright.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["SIL OPEN FONT LICENSE", "Carnegie Mellon University", "Apache License", "redb ", "\ntokio "] {
        ensure!(copyright.contains(part) || words.contains(part), "the copyright file does not say {part:?}");
    }
    check_libraries(&folder.path().join("usr/bin/haechi"))?;
    said("the package has all its files, and the licences of all that is in it; the program needs the C library alone");
    Ok(())
}

/// The program is linked to what every glibc system has, and to nothing else.
fn check_libraries(program: &Path) -> anyhow::Result<()> {
    let printed = run_quietly(Command::new("ldd").arg(program))?;
    let names: Vec<_> = printed.lines().filter_map(|line| line.trim().split(['.', ' ']).next()).collect();
    let foreign = names.iter().filter(|name| !LIBRARIES.contains(name));
    ensure!(foreign.count() == 0 && names.contains(&"libc"), "the program needs other libraries:\n{printed}");
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
fn install(place: &Place, package: &Path) -> anyhow::Result<()> {
    let mut dpkg = place.command("dpkg");
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

    fn wait(&self, unit: &Unit) -> anyhow::Result<()> {
        unit.wait(&self.address, || Ok(()))
    }

    fn pass_a_challenge(&self, unit: &Unit, appkey: &str) -> anyhow::Result<()> {
        let calls = format!("{}/captcha/v1.0/appkeys/{appkey}/keys", self.address);
        let issued = fetched(&unit.place, &["--request", "POST", &calls])?;
        let key = issued["key"].as_str().with_context(|| format!("no key in {issued}"))?;
        for medium in ["img", "sound"] {
            let address = format!("{}/captcha/v1.0/keys/{key}/{medium}", self.address);
            curl(&unit.place, &["--fail", "--output", "/dev/null", &address])?;
        }
        let inspected = haechi(unit, &["inspect", key, "--answer"])?;
        let answer = inspected["answer"].as_str().with_context(|| format!("no answer in {inspected}"))?;
        let judged = fetched(&unit.place, &[&format!("{calls}/{key}/verification?answer={answer}")])?;
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

fn fetched(place: &Place, arguments: &[&str]) -> anyhow::Result<Value> {
    let text = curl(place, arguments)?;
    serde_json::from_str(&text).with_context(|| text)
}

fn curl(place: &Place, arguments: &[&str]) -> anyhow::Result<String> {
    run_quietly(place.command("curl").args(["--silent", "--show-error"]).args(arguments))
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
