//! haechi in several processes that share a secret, an app and a ledger, as behind a load balancer.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, RwLock, mpsc},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// The appkey of the app that all nodes serve, and whose keys are all answered by [`RIGHT_ANSWER`].
pub const APPKEY: &str = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";
/// The answer of every key of a test app.
pub const RIGHT_ANSWER: &str = "TEST5";
/// Another one.
pub const WRONG_ANSWER: &str = "WRONG";

/// Longest wait for a node to serve.
const START_DEADLINE: Duration = Duration::from_secs(30);
/// Longer than any scenario, so that a key that is refused as spent is so because it was spent.
const TTL_SECS: u32 = 3600;

/// How the nodes are started.
#[derive(Debug, Clone)]
pub struct NodesOptions {
    /// How many.
    pub count: usize,
    /// The URL of the ledger that they share.
    pub ledger: String,
    /// Wrong answers that spend a key.
    pub attempts: usize,
    /// Further environment variables, such as one that makes the ledger a worse one, to see that this is noticed.
    pub environment: Vec<(String, String)>,
}

/// Where the nodes serve now. A node that was started again serves on another port.
#[derive(Debug, Clone, Default)]
pub struct Addresses(Arc<RwLock<Vec<SocketAddr>>>);

/// The nodes. All are killed when dropped.
#[derive(Debug)]
pub struct Nodes {
    options: NodesOptions,
    program: PathBuf,
    directory: TempDir,
    processes: Vec<Child>,
    addresses: Addresses,
}

impl Addresses {
    /// How many nodes there are, whether they run or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.read().expect("nobody panics while holding the lock").len()
    }

    /// Where this node serves, or did before it was killed.
    #[must_use]
    pub fn of(&self, node: usize) -> SocketAddr {
        self.0.read().expect("nobody panics while holding the lock")[node]
    }

    fn set(&self, node: usize, address: SocketAddr) {
        let mut addresses = self.0.write().expect("nobody panics while holding the lock");
        if node == addresses.len() { addresses.push(address) } else { addresses[node] = address }
    }
}

impl Nodes {
    /// Starts them all.
    ///
    /// # Panics
    /// If the program is not built or does not serve.
    #[must_use]
    pub fn start(options: NodesOptions) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = format!(
            "[[apps]]\nname = 'chaos'\nappkey = '{APPKEY}'\ntest = true\npolicy = 'word'\nttl_secs = {TTL_SECS}\nattempts = {}\n",
            options.attempts
        );
        fs::write(directory.path().join("haechi.toml"), config).expect("a file");
        write_secret(&directory.path().join("secret"));
        let (processes, addresses) = (Vec::new(), Addresses::default());
        let mut nodes = Self { options, program: program(), directory, processes, addresses };
        for node in 0..nodes.options.count {
            let process = nodes.launch(node);
            nodes.processes.push(process);
        }
        nodes
    }

    /// Where they serve, now and after every restart.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }

    /// Kills a node at once (SIGKILL).
    pub fn kill(&mut self, node: usize) {
        // Neither fails for a process that has ended and was not waited for.
        let _ = self.processes[node].kill();
        let _ = self.processes[node].wait();
    }

    /// Starts a node again, on the data that it had.
    ///
    /// # Panics
    /// If it does not serve.
    pub fn restart(&mut self, node: usize) {
        self.kill(node);
        self.processes[node] = self.launch(node);
    }

    fn launch(&self, node: usize) -> Child {
        let log_path = self.directory.path().join(format!("node-{node}.log"));
        let log = OpenOptions::new().create(true).append(true).open(&log_path).expect("a file");
        let mut process = self.command(node, log).spawn().unwrap_or_else(|error| {
            panic!("{}: {error}. Build it first: cargo build --package haechi", self.program.display())
        });
        let stdout = process.stdout.take().expect("the output is piped");
        if let Some(address) = announced_address(stdout) {
            self.addresses.set(node, address);
            return process;
        }
        let _ = process.kill();
        let status = process.wait();
        panic!("node {node} does not serve ({status:?}): {}", fs::read_to_string(log_path).unwrap_or_default());
    }

    fn command(&self, node: usize, log: File) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HAECHI_")) {
            command.env_remove(name);
        }
        let path = |name: &str| self.directory.path().join(name);
        command.args(["serve", "--json", "--no-demo", "--listen", "127.0.0.1:0", "--ledger", &self.options.ledger]);
        command.arg("--node").arg(node.to_string()).arg("--data").arg(path(&format!("data-{node}")));
        command.arg("--config").arg(path("haechi.toml")).arg("--secret-file").arg(path("secret"));
        command.envs(self.options.environment.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        (0..self.processes.len()).for_each(|node| self.kill(node));
    }
}

/// The program: `HAECHI_BIN`, or the one that was built into the same folder as this test or program.
fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("HAECHI_BIN") {
        return path.into();
    }
    let this = std::env::current_exe().expect("the path of this program");
    let folder = this.parent().expect("a program is in a folder");
    // Tests are one folder further down.
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    folder.join("haechi")
}

fn write_secret(path: &Path) {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).expect("a file");
    file.write_all("07".repeat(32).as_bytes()).expect("space for a file");
}

/// The address in the first line, which comes once the node serves; none if the node ends instead.
fn announced_address(stdout: impl Read + Send + 'static) -> Option<SocketAddr> {
    let (send, first_line) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = send.send(line); // only the first one is waited for
        }
    });
    let line = first_line.recv_timeout(START_DEADLINE).ok()?;
    let announcement: serde_json::Value = serde_json::from_str(&line).ok()?;
    announcement["listening"].as_str()?.strip_prefix("http://")?.parse().ok()
}
