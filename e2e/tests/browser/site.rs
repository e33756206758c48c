//! A haechi server with a demo page, and what its operator knows.

use std::{env, fs, path::PathBuf, process::Command, sync::LazyLock, time::Duration};

use haechi_captcha::{Keyring, Secret, Word};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::Program;

/// The server's program: the one that this variable names, else the one that cargo builds now.
const PROGRAM_VARIABLE: &str = "E2E_HAECHI";

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| env::var_os(PROGRAM_VARIABLE).map_or_else(build, PathBuf::from));

/// Builds the server into the directory that this test was built into.
fn build() -> PathBuf {
    let test = env::current_exe().unwrap();
    let profile_dir = test.ancestors().nth(2).expect("a test lies in target/<profile>/deps").to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "haechi", "--bin", "haechi"]);
    if profile_dir.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    let program = profile_dir.join("haechi");
    assert!(built.success() && program.exists(), "{} could not be built: {built}", program.display());
    program
}

/// A running server. It is killed when dropped.
pub(crate) struct Site {
    /// Such as `http://127.0.0.1:40123`.
    pub(crate) url: String,
    /// The code in the link by which the first user of the console is made.
    pub(crate) first_code: String,
    keyring: Keyring,
    _program: Program,
    data: TempDir,
}

impl Site {
    /// A server with an empty data directory, on which it makes its first app.
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(&*PROGRAM);
        command.args(["serve", "--print-secrets", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HAECHI_")) {
            command.env_remove(name);
        }
        let texts = (Some("/console/first?code="), Some("listening on "));
        let (program, said) = Program::start_saying(command, texts, "Build it with `cargo build -p haechi`.");
        let [first_code, url] = said.map(Option::unwrap_or_default);
        let secret = fs::read_to_string(data.path().join("secret")).unwrap();
        let keyring = Keyring::new(&Secret::from_hex(&secret).unwrap());
        let site = Self { url, first_code, keyring, _program: program, data };
        site.command(&["app", "set", "default", "--policy", "word"]);
        site
    }

    /// The answer of a key that this server issued.
    pub(crate) fn answer(&self, key: &str) -> String {
        let challenge: Word = self.keyring.open_word(&key.parse().unwrap()).expect("the server issued this key");
        challenge.answer().as_str().to_owned()
    }

    /// Answers a key rightly, as a widget does.
    pub(crate) fn spend(&self, key: &str) {
        assert_eq!(self.answer_with(key, &self.answer(key)), "passed");
    }

    /// Answers a key wrongly.
    pub(crate) fn answer_wrongly(&self, key: &str) {
        assert_eq!(self.answer_with(key, "WRONG"), "wrong");
    }

    fn answer_with(&self, key: &str, answer: &str) -> Value {
        let url = format!("{}/widget/v1/answer", self.url);
        let mut response = agent().post(url).send_json(json!({ "key": key, "answer": answer })).unwrap();
        let reply: Value = response.body_mut().read_json().unwrap();
        reply["verdict"].clone()
    }

    /// Begins a challenge, as a widget does. Returns its key.
    pub(crate) fn begin(&self) -> String {
        let app: Value = serde_json::from_str(&self.command(&["app", "show", "default", "--json"])).unwrap();
        let url = format!("{}/widget/v1/begin", self.url);
        let mut response = agent().post(url).send_json(json!({ "sitekey": app["site_key"] })).unwrap();
        let reply: Value = response.body_mut().read_json().unwrap();
        reply["key"].as_str().expect("a challenge is begun").to_owned()
    }

    /// Has its app used so quickly and so much that it looks unlike people.
    pub(crate) fn use_much(&self) {
        for number in 0..26 {
            let key = &self.begin();
            self.call_raw(&format!("/captcha/v1.0/keys/{key}/img"));
            if number % 9 == 0 {
                self.answer_wrongly(key);
            } else {
                self.spend(key);
            }
        }
    }

    /// Fetches something, and what it is does not matter.
    pub(crate) fn call_raw(&self, path: &str) {
        agent().get(format!("{}{path}", self.url)).call().unwrap();
    }

    /// What a command on the same data prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let output = Command::new(&*PROGRAM).args(arguments).arg("--data").arg(self.data.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The `resultCode` of a call of the API, and all that came back.
    pub(crate) fn call(&self, method: &str, path: &str) -> (i64, Value) {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let mut response = agent().run(request.body(()).unwrap()).unwrap();
        let reply: Value = response.body_mut().read_json().unwrap();
        (reply["header"]["resultCode"].as_i64().unwrap(), reply)
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::new_with_config(ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build())
}
