//! A release server of the benchmark's own, on a free port and an empty data directory.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
};

use anyhow::{Context, bail};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;
use testbed::make_certificates;

use super::load::Connection;

/// What a server has other than by itself.
#[derive(Default)]
pub(crate) struct Setup {
    /// HTTPS instead of HTTP.
    pub(crate) has_tls: bool,
    /// File descriptors at the most. It keeps a hundred of them from its connections.
    pub(crate) descriptors: Option<u32>,
}

pub(crate) struct Server {
    process: Child,
    data: TempDir,
    address: SocketAddr,
    appkey: String,
    site_key: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Server {
    pub(crate) fn start(program: &Path, ledger: &str) -> anyhow::Result<Self> {
        Self::start_as(program, ledger, &Setup::default())
    }

    pub(crate) fn start_as(program: &Path, ledger: &str, setup: &Setup) -> anyhow::Result<Self> {
        let data = TempDir::new()?;
        let mut command = match setup.descriptors {
            Some(count) => {
                let mut command = Command::new("prlimit");
                command.arg(format!("--nofile={count}:{count}")).arg(program);
                command
            }
            None => Command::new(program),
        };
        let mut tls = None;
        if setup.has_tls {
            make_certificates(data.path());
            let [certificate, key] = ["server.crt", "server.key"].map(|name| data.path().join(name));
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
            command.env("HAECHI_TLS_CERTIFICATE", certificate).env("HAECHI_TLS_KEY", key);
            tls = Some(Arc::new(trusting(&data.path().join("ca.crt"))?));
        }
        let mut process = serve(&mut command, ledger, data.path(), &[])?;
        let address = address(&mut process)?;
        let (appkey, site_key) = app(&mut process)?;
        Ok(Self { process, data, address, appkey, site_key, tls })
    }

    /// Another node with the same secret, ledger and apps.
    pub(crate) fn join(&self, program: &Path, ledger: &str) -> anyhow::Result<Self> {
        let secret = self.data.path().join("secret");
        let data = TempDir::new()?;
        let args = ["--secret-file".as_ref(), secret.as_os_str()];
        let mut process = serve(&mut Command::new(program), ledger, data.path(), &args)?;
        let address = address(&mut process)?;
        Ok(Self { process, data, address, appkey: self.appkey.clone(), site_key: self.site_key.clone(), tls: None })
    }

    /// A connection to it, with TLS if it serves that.
    pub(crate) fn connect(&self) -> anyhow::Result<Connection> {
        self.connect_from(Ipv4Addr::LOCALHOST)
    }

    /// The same from another address of this machine.
    pub(crate) fn connect_from(&self, source: Ipv4Addr) -> anyhow::Result<Connection> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddrV4::new(source, 0))?;
        connect(&socket, &self.address).context("the server does not accept")?;
        Connection::over(socket.into(), self.tls.as_ref())
    }

    /// How its clients speak TLS, if it does.
    pub(crate) fn tls(&self) -> Option<&Arc<ClientConfig>> {
        self.tls.as_ref()
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

fn serve(command: &mut Command, ledger: &str, data: &Path, args: &[&OsStr]) -> anyhow::Result<Child> {
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--json", "--ledger", ledger, "--data"])
        .arg(data)
        .args(args)
        // A variable and no flag: versions before 0.3 have no such flag.
        .env("HAECHI_PRINT_SECRETS", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().display()))
}

/// A client that trusts this authority.
fn trusting(authority: &Path) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

impl Drop for Server {
    fn drop(&mut self) {
        // The benchmark is over either way; what is left to do is not to leave the process behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads the address from the line `listening on http://ADDRESS`, or `https`, and lets the rest of the log go.
fn address(process: &mut Child) -> anyhow::Result<SocketAddr> {
    let log = process.stderr.take().context("the log is piped")?;
    let mut lines = BufReader::new(log).lines();
    while let Some(line) = lines.next().transpose()? {
        let listening = line.strip_prefix("listening on http");
        if let Some((_, address)) = listening.and_then(|listening| listening.split_once("://")) {
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
