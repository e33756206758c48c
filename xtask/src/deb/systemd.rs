//! systemd itself, beside whatever runs this machine, to start the service as it will be started for others.

use std::{
    fs,
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};

use super::daemon::Place;
use crate::command::{root, run_quietly};

/// Longest wait for a boot, or for a service to become what it should be.
const DEADLINE: Duration = Duration::from_secs(30);

/// Units in `boot.sh`, for `systemctl` and for what Debian's scripts do with it.
const UNIT_PATH: &str = "SYSTEMD_UNIT_PATH=/run/units";

/// A machine that systemd has booted: it shares its files with this one, but has processes, a network, control groups
/// and mounts of its own. It is switched off when dropped.
pub(super) struct Machine {
    /// `unshare`, whose only child is the machine's first process.
    launcher: Child,
    control_group: String,
    place: Place,
}

impl Machine {
    /// Boots, and waits for it.
    pub(super) fn boot() -> anyhow::Result<Self> {
        let control_group = format!("haechi-deb-test-{}", std::process::id());
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--propagation=private", "--ipc", "--uts", "--net", "sh"]);
        unshare.arg(root().join("xtask/src/deb/boot.sh")).arg(&control_group);
        let launcher = unshare.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let mut machine = Self { launcher, control_group, place: Place::default() };
        let start = Instant::now();
        while !machine.is_running() {
            if let Some(status) = machine.launcher.try_wait()? {
                let mut said = String::new();
                if let Some(mut output) = machine.launcher.stderr.take() {
                    output.read_to_string(&mut said)?;
                }
                bail!("{status}: {}", said.trim());
            }
            ensure!(start.elapsed() < DEADLINE, "systemd has not booted after {DEADLINE:?}");
            thread::sleep(Duration::from_millis(100));
        }
        Ok(machine)
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether all that is started at boot has been started; finds the first process before.
    fn is_running(&mut self) -> bool {
        let id = self.launcher.id();
        let Ok(children) = fs::read_to_string(format!("/proc/{id}/task/{id}/children")) else { return false };
        let target = format!("--target={}", children.trim());
        let namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup"];
        self.place = Place::behind(["nsenter", &target].into_iter().chain(namespaces).chain(["env", UNIT_PATH]));
        let state = self.place.command("systemctl").arg("is-system-running").output();
        state.is_ok_and(|state| state.stdout.trim_ascii() == b"running")
    }

    /// Runs `systemctl`.
    pub(super) fn control(&self, words: &[&str]) -> anyhow::Result<String> {
        run_quietly(self.place.command("systemctl").args(words)).with_context(|| self.log())
    }

    /// A property of the service, such as `MainPID`.
    pub(super) fn property(&self, name: &str) -> anyhow::Result<String> {
        Ok(self.control(&["show", "--value", "--property", name, "haechi"])?.trim().to_owned())
    }

    /// Waits until a property of the service is as a test wants it, and says what it is then.
    pub(super) fn wait_for(&self, name: &str, is_right: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let start = Instant::now();
        loop {
            let value = self.property(name)?;
            if is_right(&value) {
                return Ok(value);
            }
            ensure!(start.elapsed() < DEADLINE, "{name} is still {value} after {DEADLINE:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the service is active with a process that a test wants, and says which it is.
    pub(super) fn wait_for_service(&self, is_right: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        self.wait_for("ActiveState", |state| state == "active")?;
        self.wait_for("MainPID", |id| id != "0" && is_right(id))
    }

    /// What the service and systemd have logged.
    fn log(&self) -> String {
        let output = self.place.command("tail").args(["-n", "30", "/run/haechi.log", "/run/console"]).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // With the first process go all others, and with them their namespaces.
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
        let groups = Path::new("/sys/fs/cgroup").join(&self.control_group);
        // The kernel keeps a control group until the last of its processes is gone, which takes a moment.
        let remove = "umount --recursive /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && \
                      timeout 10 sh -c 'while [ -e \"$1\" ]; do \
                      find \"$1\" -depth -type d -exec rmdir {} + || sleep 0.1; done' sh \"$1\"";
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--propagation=private", "sh", "-c", remove, "sh"]).arg(groups);
        let _ = unshare.output();
    }
}
