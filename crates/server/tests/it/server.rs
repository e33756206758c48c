//! Starts the program on a free port with data of its own, and stops it.

use std::{
    ffi::OsStr,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, BufRead, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// Longest wait for anything that must happen soon. The server's own limits are 10 seconds and more, and a machine that
/// has much else to do may stand still for as long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A server in a process of its own. It is killed when dropped.
pub(crate) struct TestServer {
    child: Child,
    announcement: Value,
    stderr: Collected,
    data_dir: PathBuf,
    owned_dir: Option<TempDir>,
}

/// What an HTTP request came back with, whatever its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestServer {
    /// A server with default settings and an empty data directory.
    pub(crate) fn start() -> Self {
        Self::with_args(&[])
    }

    /// A server with these further arguments to `serve` and an empty data directory.
    pub(crate) fn with_args(args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        Self::in_dir(&data, args).owning(dir)
    }

    /// A server with this configuration file and an empty data directory.
    pub(crate) fn with_config(toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("haechi.toml");
        std::fs::write(&config, toml).unwrap();
        let data = dir.path().join("data");
        Self::in_dir(&data, &["--config", config.to_str().unwrap()]).owning(dir)
    }

    /// A server on this data directory, which outlives it.
    pub(crate) fn in_dir(data_dir: &Path, args: &[&str]) -> Self {
        Self::spawn(serve_command(data_dir, args), data_dir)
    }

    /// A server started by this command, which must print its announcement (`--json`).
    pub(crate) fn spawn(mut command: Command, data_dir: &Path) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = Collected::from(child.stderr.take().unwrap());
        let stdout = Collected::from(child.stdout.take().unwrap());
        let Some(line) = stdout.first_line() else {
            let _ = child.kill();
            let status = child.wait().unwrap();
            panic!("the server did not start ({status}): {}", stderr.all());
        };
        let announcement = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        Self { child, announcement, stderr, data_dir: data_dir.to_owned(), owned_dir: None }
    }

    fn owning(mut self, dir: TempDir) -> Self {
        self.owned_dir = Some(dir);
        self
    }

    /// The address under which it serves, such as `http://127.0.0.1:40123`.
    pub(crate) fn url(&self) -> &str {
        self.announcement["listening"].as_str().unwrap()
    }

    /// The appkey of the app that it made on its first start.
    pub(crate) fn appkey(&self) -> &str {
        self.announcement["appkey"].as_str().expect("an appkey is printed on the first start only")
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The line that it printed when it was ready.
    pub(crate) fn announcement(&self) -> &Value {
        &self.announcement
    }

    /// Where it keeps its data.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// What it has printed on stderr so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.all()
    }

    /// The line on stderr that holds this text, which may come a moment later than the announcement on stdout.
    #[track_caller]
    pub(crate) fn logged(&self, text: &str) -> String {
        let find = || self.stderr().lines().find(|line| line.contains(text)).map(str::to_owned);
        within_deadline(&format!("stderr says {text:?}"), find)
    }

    /// `GET path`.
    pub(crate) fn get(&self, path: &str) -> Reply {
        send("GET", &format!("{}{path}", self.url()))
    }

    /// `POST path` without a body.
    pub(crate) fn post(&self, path: &str) -> Reply {
        send("POST", &format!("{}{path}", self.url()))
    }

    /// `DELETE path`.
    pub(crate) fn delete(&self, path: &str) -> Reply {
        send("DELETE", &format!("{}{path}", self.url()))
    }

    /// Issues a key to this appkey.
    pub(crate) fn issue(&self, appkey: &str) -> String {
        let reply = self.post(&format!("/captcha/v1.0/appkeys/{appkey}/keys")).json();
        reply["key"].as_str().unwrap_or_else(|| panic!("no key in {reply}")).to_owned()
    }

    /// The `resultCode` that answering a key comes back with.
    pub(crate) fn verify(&self, appkey: &str, key: &str, answer: &str) -> i64 {
        self.get(&format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification?answer={answer}")).code()
    }

    /// The answer of a key, from `haechi inspect`.
    pub(crate) fn answer_of(&self, key: &str) -> String {
        let inspected = self.haechi(&["inspect", key, "--answer"]).json();
        inspected["answer"].as_str().unwrap_or_else(|| panic!("no answer in {inspected}")).to_owned()
    }

    /// Runs a command of the program, with `--json`, on this server's data.
    pub(crate) fn haechi(&self, args: &[&str]) -> Finished {
        haechi_in(&self.data_dir, args)
    }

    /// Kills the process at once, as a power failure would, and leaves its data.
    pub(crate) fn kill(mut self) -> Option<TempDir> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.owned_dir.take()
    }

    /// Asks the process to stop (SIGTERM) and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -s {name}: {sent}");
    }

    /// Waits until the process has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        within_deadline("the server ends", || self.child.try_wait().unwrap())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    /// The `resultCode` of the envelope.
    pub(crate) fn code(&self) -> i64 {
        self.json()["header"]["resultCode"].as_i64().unwrap()
    }

    /// The value of a header, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends a request without a body.
pub(crate) fn send(method: &str, url: &str) -> Reply {
    send_request(ureq::http::Request::builder().method(method).uri(url).body(()).unwrap())
}

/// Sends a request without a body, but with whatever headers it has.
pub(crate) fn send_request(request: ureq::http::Request<impl ureq::AsSendBody>) -> Reply {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .timeout_global(Some(DEADLINE))
        .build();
    let response = ureq::Agent::new_with_config(config).run(request).unwrap();
    let (parts, mut body) = response.into_parts();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body: body.read_to_vec().unwrap() }
}

/// A command that has ended.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Finished {
    /// Its standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Its standard output as JSON, once it has succeeded.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// Checks that it failed with this status and one line that holds this text.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32, message: &str) {
        assert_eq!(self.code, code, "{} {}", self.text(), self.stderr);
        assert!(self.stderr.contains(message), "{message:?} is not in {:?}", self.stderr);
        assert!(self.stderr.lines().last().is_some_and(|line| !line.contains("panicked")), "{}", self.stderr);
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        Self { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
    }
}

/// The program with these arguments and no `HAECHI_…` environment.
pub(crate) fn haechi<Text: AsRef<OsStr>>(args: impl IntoIterator<Item = Text>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_haechi"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HAECHI_")) {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs the program to its end.
pub(crate) fn run(args: &[&str]) -> Finished {
    haechi(args).output().unwrap().into()
}

/// Runs a command of the program to its end, with `--json`, on this data.
pub(crate) fn haechi_in(data_dir: &Path, args: &[&str]) -> Finished {
    with_ledger(haechi(args).arg("--json").arg("--data").arg(data_dir), data_dir).output().unwrap().into()
}

/// The command that serves this data on a free port and announces itself in JSON.
pub(crate) fn serve_command(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = haechi(["serve", "--json", "--print-secrets"]);
    if !args.contains(&"--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    with_ledger(command.arg("--data").arg(data_dir).args(args), data_dir);
    command
}

/// Says that a test, or a part of it, does not apply here. It is said past the harness, which shows nothing of a test
/// that passes.
pub(crate) fn not_tested(reason: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    // Where nobody reads it, nothing can be done about it.
    let _ = writeln!(io::stderr(), "NOT TESTED: {test}: {reason}");
}

/// Whether what the ledger knows outlives the program, as it does unless the suite is run with `memory:`.
pub(crate) fn ledger_outlives_program() -> bool {
    std::env::var("TEST_LEDGER").as_deref() != Ok("memory:")
}

/// Whether the suite is run with Redis. Tests of what only a ledger in the data directory does are then left out.
pub(crate) fn ledger_is_shared() -> bool {
    std::env::var("TEST_LEDGER").is_ok_and(|url| url.starts_with("redis"))
}

/// Has the program use the ledger that the whole suite is run with, unless the test says otherwise.
///
/// `TEST_LEDGER` is `memory:` or a Redis URL without a query; what is in Redis is told apart by the data
/// directory, so that a test that starts the program again finds what it left. No test of the suite is about time.
fn with_ledger<'a>(command: &'a mut Command, data_dir: &Path) -> &'a mut Command {
    match std::env::var("TEST_LEDGER") {
        Ok(url) if url.starts_with("redis") => {
            let mut hasher = DefaultHasher::new();
            data_dir.hash(&mut hasher);
            command.env("HAECHI_LEDGER", format!("{url}?timeout_ms=3000&prefix=test-{:x}:", hasher.finish()))
        }
        Ok(url) => command.env("HAECHI_LEDGER", url),
        Err(_) => command,
    }
}

/// Asks again and again until there is a value.
#[track_caller]
pub(crate) fn within_deadline<Value>(what: &str, mut ask: impl FnMut() -> Option<Value>) -> Value {
    let start = Instant::now();
    loop {
        if let Some(value) = ask() {
            return value;
        }
        assert!(start.elapsed() < DEADLINE, "in {DEADLINE:?} it did not happen that {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a process prints, read as it comes so that the process never waits for a reader.
struct Collected {
    text: Arc<Mutex<String>>,
    first_line: mpsc::Receiver<String>,
}

impl Collected {
    fn from(pipe: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(String::new()));
        let (send_first, first_line) = mpsc::sync_channel(1);
        let collected = Arc::clone(&text);
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = collected.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
                let _ = send_first.try_send(line); // only the first one is waited for
            }
        });
        Self { text, first_line }
    }

    /// The first line, unless the process ends or the deadline passes before there is one.
    fn first_line(&self) -> Option<String> {
        self.first_line.recv_timeout(DEADLINE).ok()
    }

    fn all(&self) -> String {
        self.text.lock().unwrap().clone()
    }
}
