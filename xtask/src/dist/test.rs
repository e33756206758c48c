//! Tries what was made with programs that are not ours, and runs it.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure};
use serde_json::Value;

use super::{
    installer::INSTALLER,
    oci::{self, USER},
    release::Release,
};
use crate::{
    command::{root, run_quietly},
    packages::{Needed, install_missing},
};

const NEEDED: [&Needed; 7] = [
    &Needed { file: "chroot", package: "coreutils" },
    &Needed { file: "curl", package: "curl" },
    &Needed { file: "lintian", package: "lintian" },
    &Needed { file: "rpm", package: "rpm" },
    &Needed { file: "shellcheck", package: "shellcheck" },
    &Needed { file: "skopeo", package: "skopeo" },
    &Needed { file: "umoci", package: "umoci" },
];

/// Longest wait for a server to be well.
const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn test(release: &Release) -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install them, or leave this test out")?;
    ensure!(run_quietly(Command::new("id").arg("-u"))?.trim() == "0", "only root can change into an image");
    println!();
    try_sums(release)?;
    try_installer(release)?;
    try_deb(release)?;
    try_rpm(release)?;
    try_image(release)
}

fn try_sums(release: &Release) -> anyhow::Result<()> {
    let mut check = Command::new("sha256sum");
    run_quietly(check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(&release.folder))?;
    said("sha256sum finds every file as SHA256SUMS says");
    Ok(())
}

/// Installs below a folder of its own, and runs what is there.
fn try_installer(release: &Release) -> anyhow::Result<()> {
    run_quietly(Command::new("shellcheck").arg(root().join(INSTALLER)))?;
    for script in ["pre.sh", "post.sh", "preun.sh", "postun.sh"] {
        run_quietly(Command::new("shellcheck").args(["--shell", "sh"]).arg(root().join("deploy/rpm").join(script)))?;
    }
    let prefix = tempfile::tempdir()?;
    let mut install = Command::new("sh");
    install.arg(release.folder.join("install.sh")).arg("--prefix").arg(prefix.path()).arg(&release.folder);
    run_quietly(&mut install)?;
    let program = prefix.path().join("bin/haechi");
    let version = run_quietly(Command::new(&program).arg("--version"))?;
    ensure!(version.trim() == format!("haechi {}", release.version), "it says {version}");
    let data = tempfile::tempdir()?;
    serve(&mut Command::new(&program), &mut Command::new(&program), data.path())?;
    said("install.sh installs the archive, and what it installed serves");
    Ok(())
}

/// What Debian has against the package, but for what is so on purpose.
fn try_deb(release: &Release) -> anyhow::Result<()> {
    let Some(package) = only(release, "deb")? else { return Ok(()) };
    let listed = run_quietly(Command::new("dpkg-deb").arg("--contents").arg(&package))?;
    ensure!(listed.contains("./usr/bin/haechi\n"), "there is no program in the package:\n{listed}");
    // It is no package of Debian's own, has no address to write to, and brings the licences of all that is in it.
    let tags = "no-changelog,malformed-contact,copyright-file-contains-full-apache-2-license";
    let mut lintian = Command::new("lintian");
    lintian.args(["--allow-root", "--fail-on", "error", "--suppress-tags", tags]).arg(&package);
    run_quietly(&mut lintian)?;
    said("lintian finds no error in the .deb; cargo xtask deb --test takes it through its life");
    Ok(())
}

fn try_rpm(release: &Release) -> anyhow::Result<()> {
    let Some(package) = only(release, "rpm")? else { return Ok(()) };
    let asked = |arguments: &[&str]| run_quietly(Command::new("rpm").args(arguments).arg(&package));
    let checked = asked(&["--checksig", "--nosignature"])?;
    ensure!(checked.contains("digests OK"), "{checked}");
    let files = asked(&[
        "--query",
        "--package",
        "--queryformat",
        "[%{FILENAMES} %{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME}\n]",
    ])?;
    for line in [
        "/usr/bin/haechi -rwxr-xr-x root:root",
        "/etc/haechi/haechi.toml -rw-r----- root:haechi",
        "/usr/lib/systemd/system/haechi.service -rw-r--r-- root:root",
        "/usr/share/man/man1/haechi-serve.1.gz -rw-r--r-- root:root",
        "/usr/share/doc/haechi/copyright -rw-r--r-- root:root",
        "/usr/share/doc/haechi/LICENSE -rw-r--r-- root:root",
    ] {
        ensure!(files.lines().any(|file| file == line), "the package lacks {line:?}:\n{files}");
    }
    let configuration = asked(&["--query", "--package", "--configfiles"])?;
    ensure!(configuration.trim() == "/etc/haechi/haechi.toml", "its settings are {configuration}");
    let scripts = asked(&["--query", "--package", "--scripts"])?;
    for script in ["pre.sh", "post.sh", "preun.sh", "postun.sh"] {
        let text = fs::read_to_string(root().join("deploy/rpm").join(script))?;
        ensure!(scripts.contains(text.trim()), "the package lacks {script}:\n{scripts}");
    }
    let needs = asked(&["--query", "--package", "--requires"])?;
    for need in ["libc.so.6(", "/usr/sbin/useradd", "/bin/sh"] {
        ensure!(needs.contains(need), "the package does not say that it needs {need}:\n{needs}");
    }
    said("rpm reads the .rpm: its sums, files, modes, scripts and what it needs");
    let folder = tempfile::tempdir()?;
    let mut life = Command::new("unshare");
    life.args(["--mount", "--propagation", "private", "sh"]).arg(root().join("xtask/src/dist/rpm_life.sh"));
    run_quietly(life.arg(&package).arg(folder.path()))?;
    said("rpm installs and removes it, with its scripts, in a copy of this machine's files");
    Ok(())
}

/// The image, as others read it, and the program in it.
fn try_image(release: &Release) -> anyhow::Result<()> {
    let packed = release.folder.join(format!("haechi-{}-oci.tar", release.version));
    if !packed.exists() {
        return Ok(());
    }
    let images = oci::check(&oci::folder(release))?;
    for reference in [
        format!("oci:{}:{}", oci::folder(release).display(), release.version),
        format!("oci-archive:{}:{}", packed.display(), release.version),
    ] {
        let inspected = run_quietly(Command::new("skopeo").args(["inspect", &reference]))?;
        let inspected: Value = serde_json::from_str(&inspected)?;
        let labels = &inspected["Labels"];
        ensure!(labels["org.opencontainers.image.version"] == release.version, "skopeo reads {inspected}");
    }
    said("skopeo reads the image, from the folder and from the file");
    if images.len() > 1 {
        println!("NOT TRIED: the image with umoci, which unpacks those for one kind of machine alone");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let bundle = folder.path().join("bundle");
    let image = format!("{}:{}", oci::folder(release).display(), release.version);
    run_quietly(Command::new("umoci").args(["unpack", "--image", &image]).arg(&bundle))?;
    let inside = bundle.join("rootfs");
    let enter = || {
        let mut command = Command::new("chroot");
        command.arg(format!("--userspec={USER}:{USER}")).arg(&inside).arg("/usr/local/bin/haechi");
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/bin");
        command
    };
    let version = run_quietly(enter().arg("--version"))?;
    ensure!(version.trim() == format!("haechi {}", release.version), "it says {version}");
    serve(&mut enter(), &mut enter(), Path::new("/data"))?;
    ensure!(inside.join("data/secret").exists(), "the server did not write to the volume");
    said("umoci unpacks the image, and its program serves in it as the image's user, from the image's libraries alone");
    Ok(())
}

/// Starts a server and waits until it is well by its own health check.
fn serve(server: &mut Command, health: &mut Command, data: &Path) -> anyhow::Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let address = format!("127.0.0.1:{port}");
    server.arg("serve").env("HAECHI_LISTEN", &address).env("HAECHI_DATA", data).env("HAECHI_LOG_FORMAT", "json");
    let mut running = Running(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    health.args(["healthcheck", &format!("http://{address}")]).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    while !health.status()?.success() {
        if let Some(status) = running.0.try_wait()? {
            bail!("the server ended: {status}");
        }
        ensure!(start.elapsed() < DEADLINE, "the server is not well after {DEADLINE:?}");
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// A server that is killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The file of a kind that was made, if it was.
fn only(release: &Release, extension: &str) -> anyhow::Result<Option<PathBuf>> {
    let mut found = Vec::new();
    for file in fs::read_dir(&release.folder)? {
        found.push(file?.path());
    }
    found.retain(|file| file.extension().is_some_and(|found| found == extension));
    ensure!(found.len() < 2, "there are several files .{extension}");
    Ok(found.pop())
}

fn said(what: &str) {
    println!("ok: {what}");
}
