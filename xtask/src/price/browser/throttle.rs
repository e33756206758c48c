//! Gives processes a sixth of one processor: a control group whose quota is 4 ms in each 24.
//!
//! To stop and continue them over and over, which was tried first, is no substitute: on a busy machine it left a browser
//! more than half of its time instead of a sixth.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use anyhow::Context;

const PERIOD_MICROS: u32 = 24_000;
const QUOTA_MICROS: u32 = 4_000;
const FOLDER: &str = "/sys/fs/cgroup";

/// A control group. It needs root, as it is Linux' second version or its first.
pub(super) struct Throttle {
    folder: PathBuf,
    is_second: bool,
}

impl Throttle {
    /// A group that runs before everything else on this machine, so that others' work does not count.
    pub(super) fn new() -> anyhow::Result<Self> {
        let is_second = Path::new(FOLDER).join("cgroup.controllers").exists();
        let parent = if is_second { PathBuf::from(FOLDER) } else { Path::new(FOLDER).join("cpu") };
        if is_second {
            fs::write(parent.join("cgroup.subtree_control"), "+cpu").context("no quota can be set")?;
        }
        let folder = parent.join(format!("haechi-price-{}", process::id()));
        fs::create_dir_all(&folder).context("no control group can be made")?;
        let throttle = Self { folder, is_second };
        throttle
            .set(if is_second { "cpu.weight" } else { "cpu.shares" }, if is_second { "10000" } else { "262144" })?;
        // One may be there that could not be removed.
        throttle.set(if is_second { "cpu.max" } else { "cpu.cfs_quota_us" }, if is_second { "max" } else { "-1" })?;
        Ok(throttle)
    }

    /// The file into which a process writes its number to be one of the group.
    pub(super) fn processes(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    pub(super) fn slow_down(&self) -> anyhow::Result<()> {
        if self.is_second {
            return self.set("cpu.max", &format!("{QUOTA_MICROS} {PERIOD_MICROS}"));
        }
        self.set("cpu.cfs_period_us", &PERIOD_MICROS.to_string())?;
        self.set("cpu.cfs_quota_us", &QUOTA_MICROS.to_string())
    }

    fn set(&self, file: &str, value: &str) -> anyhow::Result<()> {
        fs::write(self.folder.join(file), value).with_context(|| format!("{file} of {}", self.folder.display()))
    }
}

impl Drop for Throttle {
    fn drop(&mut self) {
        // A group that holds a process still cannot be removed. An empty one is in nobody's way.
        let _ = fs::remove_dir(&self.folder);
    }
}
