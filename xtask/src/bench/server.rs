//! A release server of the benchmark's own, on a free port and an empty data directory.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, bail};
use tempfile::TempDir;

pub(crate) struct Server {
    process: Child,
    data: TempDir,
    address: SocketAddr,
    appkey: String,
    site_key: String,
}

impl Server {
    pub(crate) fn start(program: &Path, ledger: &str) -> anyhow::Result<Self> {
        let (mut process, data) = serve(program, ledger, &[])?;
        let address = address(&mut process)?;
        let (appkey, site_key) = app(&mut process)?;
        Ok(Self { process, data, address, appkey, site_key })
    }

    /// Another node with the same secret, ledger and apps.
    pub(crate) fn join(&self, program: &Path, ledger: &str) -> anyhow::Result<Self> {
        let secret = self.data.path().join("secret");
        let (mut process, data) = serve(program, ledger, &["--secret-file".as_ref(), secret.as_os_str()])?;
        let address = address(&mut process)?;
        Ok(Self { process, data, address, appkey: self.appkey.clone(), site_key: self.site_key.clone() })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn appkey(&self) -> &str {
        &self.appkey
    }

    pub(crate) fn site_key(&self) -> &str {
        &self.site_key
    }

    pub(crate) fn secret(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.data.path().join("secret"))?)
    }

    /// Resident memory, in KiB.
    pub(crate) fn resident_kib(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

fn serve(program: &Path, ledger: &str, args: &[&OsStr]) -> anyhow::Result<(Child, TempDir)> {
    let data = TempDir::new()?;
    let process = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--ledger", ledger, "--data"])
        .arg(data.path())
        .args(args)
        // A variable and no flag: versions before 0.3 have no such flag.
        .env("HAECHI_PRINT_SECRETS", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    Ok((process, data))
}

impl Drop for Server {
    fn drop(&mut self) {
        // The benchmark is over either way; what is left to do is not to leave the process behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the address from the line `listening on http://ADDRESS`, and lets the rest of the log go.
fn address(process: &mut Child) -> anyhow::Result<SocketAddr> {
    let log = process.stderr.take().context("the log is piped")?;
    let mut lines = BufReader::new(log).lines();
    while let Some(line) = lines.next().transpose()? {
        if let Some(address) = line.strip_prefix("listening on http://") {
            thread::spawn(move || lines.for_each(drop));
            return Ok(address.parse()?);
        }
        eprintln!("{line}");
    }
    bail!("the server ended before it listened");
}

/// The appkey and the site key of the app that it made.
fn app(process: &mut Child) -> anyhow::Result<(String, String)> {
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("the output is piped")?).read_line(&mut line)?;
    let announced: serde_json::Value = serde_json::from_str(&line)?;
    let appkey = announced["appkey"].as_str().with_context(|| format!("no appkey in {line:?}"))?;
    // Versions before 0.2 print none, and have no call that needs it.
    let site_key = announced["site_key"].as_str().unwrap_or_default();
    Ok((appkey.to_owned(), site_key.to_owned()))
}
