//! The server as its unit would start it, on a machine that systemd may not run.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use crate::command::run_quietly;

/// Longest wait for a start or an end.
const DEADLINE: Duration = Duration::from_secs(30);

/// Where programs run: here, or in a machine's namespaces.
#[derive(Clone, Default)]
pub(super) struct Place {
    /// The program that takes another one there, with its arguments; empty for here.
    entrance: Vec<String>,
}

impl Place {
    /// The place to which these words take the command that follows them.
    pub(super) fn behind<'a>(entrance: impl Iterator<Item = &'a str>) -> Self {
        Self { entrance: entrance.map(ToOwned::to_owned).collect() }
    }

    pub(super) fn command(&self, program: &str) -> Command {
        let mut words = self.entrance.iter().map(String::as_str).chain([program]);
        let mut command = Command::new(words.next().unwrap_or(program));
        command.args(words);
        command
    }
}

/// A systemd unit, as far as it says how a service is started.
pub(super) struct Unit {
    text: String,
    pub(super) place: Place,
}

impl Unit {
    pub(super) fn read(path: &str, place: &Place) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
        Ok(Self { text, place: place.clone() })
    }

    /// All values of a setting.
    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix('='))
    }

    fn one<'a>(&'a self, name: &'a str) -> anyhow::Result<&'a str> {
        self.all(name).next().with_context(|| format!("the unit does not say {name}"))
    }

    /// A command as the unit's user, in its environment and directory, without rights and without a way to get any.
    pub(super) fn command(&self, words: &[&str]) -> anyhow::Result<Command> {
        let user = self.one("User")?;
        let mut command = self.place.command("setpriv");
        command.args([&format!("--reuid={user}"), &format!("--regid={}", self.one("Group")?), "--init-groups"]);
        command.args(["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "sh", "-c"]);
        let (directory, umask) = (self.one("WorkingDirectory")?, self.one("UMask")?);
        // The shell changes the directory, for another place begins in its own.
        command.args([&format!("cd {directory} && umask {umask} && exec \"$@\""), "sh"]).args(words);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        for (name, value) in self.all("Environment").filter_map(|setting| setting.split_once('=')) {
            command.env(name, value);
        }
        Ok(command)
    }

    /// The command that starts the service, after these words.
    fn start(&self, tracer: &[&str]) -> anyhow::Result<Child> {
        let words: Vec<_> = tracer.iter().copied().chain(self.one("ExecStart")?.split(' ')).collect();
        Ok(self.command(&words)?.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
    }

    /// Waits until the server at an address is well, as long as a check in between has nothing against it.
    pub(super) fn wait(&self, address: &str, mut check: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let start = Instant::now();
        loop {
            check()?;
            let mut asking = self.command(&["/usr/bin/haechi", "healthcheck", address])?;
            if asking.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
                return Ok(());
            }
            ensure!(start.elapsed() < DEADLINE, "the server is not well after {DEADLINE:?}");
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// The system calls that the unit allows, as systemd counts them.
    fn allowed_calls(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut allowed = BTreeSet::new();
        for filter in self.all("SystemCallFilter") {
            match filter.strip_prefix('~') {
                None => allowed.extend(calls_of(filter)?),
                Some(refused) => {
                    let refused = calls_of(refused)?;
                    allowed.retain(|call| !refused.contains(call));
                }
            }
        }
        Ok(allowed)
    }
}

/// The system calls that a filter names, one by one or by systemd's sets.
fn calls_of(filter: &str) -> anyhow::Result<BTreeSet<String>> {
    let (sets, calls): (Vec<_>, Vec<_>) = filter.split(' ').partition(|name| name.starts_with('@'));
    let mut calls: BTreeSet<String> = calls.into_iter().map(ToOwned::to_owned).collect();
    for set in sets {
        let output = Command::new("systemd-analyze").args(["syscall-filter", set]).output()?;
        ensure!(output.status.success(), "systemd-analyze does not know {set}");
        let text = String::from_utf8(output.stdout)?;
        for member in text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if member.starts_with('@') {
                calls.extend(calls_of(member)?);
            } else {
                calls.insert(member.to_owned());
            }
        }
    }
    Ok(calls)
}

/// The server, running. It is killed when dropped.
pub(super) struct Daemon {
    child: Child,
    /// Where strace writes, if it watches.
    trace: Option<tempfile::TempDir>,
}

impl Daemon {
    /// Starts the service and waits until it is well.
    pub(super) fn start(unit: &Unit, address: &str) -> anyhow::Result<Self> {
        Self { child: unit.start(&[])?, trace: None }.ready(unit, address)
    }

    /// The same, with all its system calls being written down.
    pub(super) fn start_traced(unit: &Unit, address: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("calls");
        fs::write(&file, "")?;
        run_quietly(Command::new("chown").arg("-R").arg(unit.one("User")?).arg(folder.path()))?;
        let file = file.to_str().context("a path in the temporary directory is text")?;
        // -D makes the server our child, and not strace, so that signals reach it.
        let child = unit.start(&["strace", "-D", "-f", "-qq", "-o", file])?;
        Self { child, trace: Some(folder) }.ready(unit, address)
    }

    fn ready(mut self, unit: &Unit, address: &str) -> anyhow::Result<Self> {
        unit.wait(address, || match self.child.try_wait()? {
            Some(status) => bail!("the server ended: {status}"),
            None => Ok(()),
        })?;
        Ok(self)
    }

    /// Ends the server as systemd would, and says which system calls it made that its unit does not allow.
    pub(super) fn stop(mut self, unit: &Unit) -> anyhow::Result<Option<Calls>> {
        run_quietly(Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]))?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(start.elapsed() < DEADLINE, "the server does not end within {DEADLINE:?}");
            thread::sleep(Duration::from_millis(50));
        };
        ensure!(status.success(), "the server ended badly: {status}");
        let Some(folder) = self.trace.take() else { return Ok(None) };
        let text = String::from_utf8_lossy(&fs::read(folder.path().join("calls"))?).into_owned();
        let lines: Vec<Traced<'_>> = text.lines().filter_map(Traced::read).collect();
        Ok(Some(Calls {
            made: lines.iter().map(|line| line.call.to_owned()).collect(),
            allowed: unit.allowed_calls()?,
            forbidden: lines.iter().filter(|line| line.is_forbidden(unit)).map(|line| line.text.to_owned()).collect(),
        }))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// System calls that a process made, and those that its unit allows.
pub(super) struct Calls {
    pub(super) made: BTreeSet<String>,
    pub(super) allowed: BTreeSet<String>,
    /// Calls whose kind is allowed, but not with these arguments.
    pub(super) forbidden: Vec<String>,
}

/// A line that strace wrote, such as `4711  read(3, …) = 5`.
struct Traced<'a> {
    text: &'a str,
    call: &'a str,
    arguments: &'a str,
}

impl<'a> Traced<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (_, rest) = text.split_once(' ')?;
        let (call, arguments) = rest.trim_start().split_once('(')?;
        let is_call = call.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_call.then_some(Self { text, call, arguments })
    }

    /// Whether one of the unit's other settings would have refused it.
    fn is_forbidden(&self, unit: &Unit) -> bool {
        let has = |flag: &str| self.arguments.contains(flag);
        match self.call {
            // RestrictAddressFamilies
            "socket" => {
                let family = self.arguments.split(',').next().unwrap_or_default();
                !unit.all("RestrictAddressFamilies").any(|families| families.split(' ').any(|known| known == family))
            }
            // MemoryDenyWriteExecute
            "mmap" | "mprotect" => has("PROT_WRITE") && has("PROT_EXEC"),
            // ProtectSystem=strict, but for StateDirectory, and PrivateTmp
            "open" | "openat" | "creat" => {
                ["O_WRONLY", "O_RDWR", "O_CREAT"].into_iter().any(has) && !self.is_within(unit)
            }
            "mkdir" | "mkdirat" | "rename" | "renameat" | "renameat2" | "unlink" | "unlinkat" | "rmdir" | "link"
            | "linkat" | "symlink" | "symlinkat" | "chmod" | "fchmodat" => !self.is_within(unit),
            _ => false,
        }
    }

    /// Whether the path that the call names is in a directory that the unit lets the server write to.
    fn is_within(&self, unit: &Unit) -> bool {
        let path = self.arguments.split('"').nth(1).unwrap_or_default();
        // A relative path begins in the working directory.
        !path.starts_with('/')
            || path == "/dev/null"
            || path.starts_with("/tmp/")
            || unit.all("StateDirectory").any(|directory| Path::new(path).starts_with(format!("/var/lib/{directory}")))
    }
}
