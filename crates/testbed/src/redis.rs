//! `redis-server`, or another program that does the same, started and stopped.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::sentinel::write_config;

/// Longest wait for a server to start, or for a cluster to agree.
const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
/// How long a cluster's node may be silent before the others take it for dead.
const CLUSTER_NODE_TIMEOUT_MILLIS: u32 = 1500;

/// The variable that names the program, such as Valkey's `valkey-server`, if it is not `redis-server`.
pub const PROGRAM: &str = "TEST_REDIS_SERVER";

/// What is on disk of what a server has acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Persistence {
    /// Nothing.
    #[default]
    Nothing,
    /// All but perhaps the last second (`appendfsync everysec`).
    EverySecond,
    /// All (`appendfsync always`).
    Always,
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    /// The program, if it is neither the one that [`PROGRAM`] names nor `redis-server`.
    pub program: Option<PathBuf>,
    /// What it keeps.
    pub persistence: Persistence,
    /// A password that clients must give.
    pub password: Option<String>,
    /// Where [`make_certificates`] made some: it speaks TLS then, to clients on a second port, and to other servers.
    pub certificates: Option<PathBuf>,
    /// What a sentinel is told to begin with. It is a sentinel then.
    pub sentinel_config: Option<String>,
    /// Further arguments, such as `["--maxmemory", "2mb"]`.
    pub args: Vec<String>,
}

/// A server in a process of its own. It is killed when dropped.
#[derive(Debug)]
pub struct Redis {
    process: Option<Child>,
    port: u16,
    /// Where it speaks TLS, if it does.
    tls_port: Option<u16>,
    options: RedisOptions,
    directory: TempDir,
}

impl Redis {
    /// A server that keeps nothing on disk.
    #[must_use]
    pub fn start() -> Self {
        Self::with(RedisOptions::default())
    }

    /// A server on a free port, with these options.
    ///
    /// # Panics
    /// If the program is not installed or does not start.
    #[must_use]
    pub fn with(options: RedisOptions) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let tls_port = options.certificates.as_ref().map(|_| free_port());
        let mut redis = Self { process: None, port: free_port(), tls_port, options, directory };
        redis.restart();
        redis
    }

    /// The port that it serves on, the same after every restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port for those who speak as its options say: TLS, or else not.
    #[must_use]
    pub fn any_port(&self) -> u16 {
        self.tls_port.unwrap_or(self.port)
    }

    /// Such as `redis://127.0.0.1:6379`, with the password if there is one.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.options.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{}", self.port),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// Its process, if it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Where it keeps its files.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What its disk holds now, for a power failure that is to come.
    #[must_use]
    pub fn disk(&self) -> Disk {
        let copy = tempfile::tempdir().expect("a temporary directory");
        copy_directory(self.directory.path(), copy.path());
        Disk(copy)
    }

    /// Kills it and puts its disk back to what it held: to a program whose writes the system had not yet brought to the
    /// disk, this is a power failure, whereas a kill alone loses none of them.
    pub fn fail_power(&mut self, disk: &Disk) {
        self.kill();
        fs::remove_dir_all(self.directory.path()).expect("its directory can be emptied");
        copy_directory(disk.0.path(), self.directory.path());
    }

    /// Kills it at once. What is in its directory stays.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Starts it again on its port, with what its directory holds.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.kill();
        let mut process =
            self.command().spawn().unwrap_or_else(|error| panic!("{}: {error}; install it", self.program().display()));
        let deadline = Instant::now() + DEADLINE;
        while !self.answers() {
            if let Ok(Some(status)) = process.try_wait() {
                let mut said = String::new();
                let _ = process.stdout.take().map(|mut stdout| stdout.read_to_string(&mut said));
                panic!("{} ended ({status}): {said}", self.program().display());
            }
            let (program, port) = (self.program(), self.port);
            assert!(Instant::now() < deadline, "{} does not answer on port {port}", program.display());
            thread::sleep(PAUSE);
        }
        self.process = Some(process);
    }

    /// Stops the process without ending it (SIGSTOP): its connections stay open, and nothing answers.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Sends one command and returns the first line of the reply, without its type. For what a test must do or know
    /// beside what it tests, such as `["FLUSHALL"]`.
    ///
    /// # Panics
    /// If the server cannot be reached.
    pub fn command_line(&self, words: &[&str]) -> String {
        self.try_command(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    /// A number that it says of itself in this section of `INFO`, if it says it.
    ///
    /// # Panics
    /// If the server cannot be reached.
    #[must_use]
    pub fn figure(&self, section: &str, name: &str) -> Option<u64> {
        let info = self.command_line(&["INFO", section]);
        info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok())
    }

    /// The reply's whole text if it is one, such as that of `["INFO"]`.
    pub(crate) fn try_command(&self, words: &[&str]) -> std::io::Result<String> {
        exchange(&mut self.connect()?, words)
    }

    /// The texts that it replies with, if there are several.
    pub(crate) fn try_texts(&self, words: &[&str]) -> std::io::Result<Vec<String>> {
        let mut stream = self.connect()?;
        let count = exchange(&mut stream, words)?.parse().unwrap_or(0);
        (0..count).map(|_| read_reply(&mut stream)).collect()
    }

    fn connect(&self) -> std::io::Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let mut stream = BufReader::new(stream);
        if let Some(password) = &self.options.password {
            exchange(&mut stream, &["AUTH", password])?;
        }
        Ok(stream)
    }

    fn program(&self) -> PathBuf {
        let named = || env::var_os(PROGRAM).map(PathBuf::from);
        self.options.program.clone().or_else(named).unwrap_or_else(|| "redis-server".into())
    }

    fn answers(&self) -> bool {
        self.try_command(&["PING"]).is_ok_and(|reply| reply == "PONG")
    }

    fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("a running server").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("kill");
        assert!(sent.success(), "kill -s {name}: {sent}");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        if let Some(config) = &self.options.sentinel_config {
            let path = self.directory.path().join("sentinel.conf");
            write_config(&path, config, self.options.password.as_ref());
            command.arg(path).arg("--sentinel");
        }
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--dir"]);
        command.arg(self.directory.path());
        match self.options.persistence {
            Persistence::Nothing => {}
            Persistence::EverySecond => drop(command.args(["--appendonly", "yes", "--appendfsync", "everysec"])),
            Persistence::Always => drop(command.args(["--appendonly", "yes", "--appendfsync", "always"])),
        }
        if let Some(password) = &self.options.password {
            command.args(["--requirepass", password, "--masterauth", password]);
        }
        if let (Some(certificates), Some(port)) = (&self.options.certificates, self.tls_port) {
            command.args(["--tls-port", &port.to_string(), "--tls-auth-clients", "no", "--tls-replication", "yes"]);
            command.args([
                "--tls-cluster",
                if self.options.args.iter().any(|arg| arg == "--cluster-enabled") { "yes" } else { "no" },
            ]);
            for (option, name) in
                [("--tls-cert-file", "server.crt"), ("--tls-key-file", "server.key"), ("--tls-ca-cert-file", "ca.crt")]
            {
                command.arg(option).arg(certificates.join(name));
            }
        }
        command.args(&self.options.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a server's disk held at a moment.
#[derive(Debug)]
pub struct Disk(TempDir);

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory that can be read") {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        if path.is_dir() {
            copy_directory(&path, &to.join(name));
        } else {
            // It may have been renamed meanwhile, as what is written to begin with is.
            let _ = fs::copy(&path, to.join(name));
        }
    }
}

/// Redis Cluster: primaries, and a replica of each.
#[derive(Debug)]
pub struct Cluster {
    /// The primaries, and then the replicas, as they were when it began.
    pub nodes: Vec<Redis>,
}

impl Cluster {
    /// A cluster of this many primaries with one replica each, and all slots served.
    ///
    /// # Panics
    /// If it does not come together.
    #[must_use]
    pub fn start(primaries: usize, options: &RedisOptions) -> Self {
        let with_cluster = |_| {
            let timeout = CLUSTER_NODE_TIMEOUT_MILLIS.to_string();
            let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", &timeout].map(str::to_owned);
            Redis::with(RedisOptions { args: options.args.iter().cloned().chain(cluster).collect(), ..options.clone() })
        };
        let cluster = Self { nodes: (0..2 * primaries).map(with_cluster).collect() };
        let mut create = Command::new("redis-cli");
        if let Some(certificates) = &options.certificates {
            create.arg("--tls").arg("--cacert").arg(certificates.join("ca.crt"));
        }
        if let Some(password) = &options.password {
            create.args(["--no-auth-warning", "-a", password]);
        }
        create.args(["--cluster", "create"]);
        create.args(cluster.nodes.iter().map(|node| format!("127.0.0.1:{}", node.any_port())));
        let output = create.args(["--cluster-replicas", "1", "--cluster-yes"]).output().expect("redis-cli");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        cluster.wait_until_whole();
        cluster
    }

    /// Such as `redis-cluster://127.0.0.1:7000,127.0.0.1:7001`, with the password if there is one.
    #[must_use]
    pub fn url(&self) -> String {
        let seeds: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.any_port())).collect();
        let options = &self.nodes[0].options;
        let password = options.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        match &options.certificates {
            Some(certificates) => {
                let authority = certificates.join("ca.crt");
                format!("rediss-cluster://{password}{}?ca={}", seeds.join(","), authority.display())
            }
            None => format!("redis-cluster://{password}{}", seeds.join(",")),
        }
    }

    /// Waits until every node that runs says that all slots are served and each primary has a replica in step.
    ///
    /// # Panics
    /// If that takes too long.
    pub fn wait_until_whole(&self) {
        let deadline = Instant::now() + DEADLINE;
        let is_ok = |node: &Redis| {
            let cluster = node.try_command(&["CLUSTER", "INFO"]).unwrap_or_default();
            let replication = node.try_command(&["INFO", "replication"]).unwrap_or_default();
            let in_step = replication.contains("state=online") || replication.contains("master_link_status:up");
            cluster.contains("cluster_state:ok") && in_step
        };
        while !self.nodes.iter().filter(|node| node.process.is_some()).all(is_ok) {
            assert!(Instant::now() < deadline, "the cluster does not come together");
            thread::sleep(PAUSE);
        }
    }

    /// Which of the nodes are primaries now.
    #[must_use]
    pub fn primaries(&self) -> Vec<usize> {
        let is_primary = |index: &usize| {
            let replication = self.nodes[*index].try_command(&["INFO", "replication"]);
            replication.is_ok_and(|text| text.contains("role:master"))
        };
        (0..self.nodes.len()).filter(is_primary).collect()
    }
}

/// A port that was free just now, and whose port for a cluster's own talk (10,000 above it) was too.
///
/// # Panics
/// If the system gives none.
#[must_use]
pub fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its own address").port();
        let talk = port.checked_add(10_000);
        if talk.is_some_and(|talk| TcpListener::bind(("127.0.0.1", talk)).is_ok()) {
            return port;
        }
    }
}

/// Sends a command and reads a reply of one line or one text.
fn exchange(stream: &mut BufReader<TcpStream>, words: &[&str]) -> std::io::Result<String> {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        request += &format!("${}\r\n{word}\r\n", word.len());
    }
    stream.get_mut().write_all(request.as_bytes())?;
    read_reply(stream)
}

fn read_reply(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let reply = line.get(1..).unwrap_or_default().trim_end();
    match line.as_bytes().first() {
        Some(b'$') => {
            let mut text = vec![0; reply.parse().unwrap_or(0)];
            stream.read_exact(&mut text)?;
            stream.read_line(&mut String::new())?;
            Ok(String::from_utf8_lossy(&text).into_owned())
        }
        Some(b'-') => Err(std::io::Error::other(reply.to_owned())),
        _ => Ok(reply.to_owned()),
    }
}

/// Makes a certificate authority, and a certificate of it for 127.0.0.1 with its key: `ca.crt`, `server.crt` and
/// `server.key` in this directory.
///
/// # Panics
/// If `openssl` is not installed or fails.
pub fn make_certificates(directory: &Path) {
    let openssl = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(directory).output().expect("openssl");
        assert!(output.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.crt -days 30 -subj /CN=haechi-tests"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=127.0.0.1"));
    fs::write(directory.join("san"), "subjectAltName=IP:127.0.0.1").expect("a file");
    openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile san -out server.crt");
}
