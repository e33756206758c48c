//! What a first start prints, and to whom: secrets to a person at a terminal, and to nobody else who did not ask.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::server::{Finished, haechi, haechi_in, ledger_is_shared, not_tested, run, within_deadline};

/// A server whose output is kept in files, as a container's is. It is killed when dropped.
struct Kept {
    child: Child,
    folder: tempfile::TempDir,
}

impl Kept {
    fn start(environment: &[(&str, &str)], args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        let mut command = serving(&folder.path().join("data"));
        command.args(args).envs(environment.iter().copied());
        let child = command.stdout(file("stdout")).stderr(file("stderr")).spawn().unwrap();
        let kept = Self { child, folder };
        within_deadline("it says that nobody can sign in yet, or has said all", || kept.has_said_all().then_some(()));
        kept
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Whether a whole line says how the first user is made: stderr is written piece by piece.
    fn has_said_all(&self) -> bool {
        let whole_line_with = |text: String, part: &str| {
            text.split_inclusive('\n').any(|line| line.contains(part) && line.ends_with('\n'))
        };
        whole_line_with(self.read("stderr"), "haechi admin create NAME")
            || whole_line_with(self.read("stdout"), "first?code=")
    }

    /// All that it printed, which holds no appkey, no secret and no link by which a user is made.
    fn said_without_secrets(&self) -> String {
        let said = self.read("stdout") + &self.read("stderr");
        let is_long = |word: &&str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let words = said.split(|letter: char| !letter.is_ascii_alphanumeric());
        assert_eq!(words.filter(is_long).collect::<Vec<_>>(), Vec::<&str>::new(), "{said}");
        let without_folder = said.replace(&*self.folder.path().to_string_lossy(), ""); // whose name may hold any letters
        assert!(!without_folder.contains("0x") && !without_folder.contains("code="), "{said}");
        said
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serving(data: &Path) -> Command {
    let mut command = haechi(["serve", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(data);
    command
}

#[track_caller]
fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"))).collect()
}

/// The lines that this prints to a person, up to one that holds this text.
fn shown_to_a_person(mut command: Command, last: &str) -> Vec<String> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let side = || OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(side()).stderr(Stdio::null()).spawn().unwrap();
    drop(command); // which has the terminal open, too
    let mut lines = Vec::new();
    for line in BufReader::new(File::from(terminal)).lines().map_while(Result::ok) {
        lines.push(line);
        if lines.last().is_some_and(|line| line.contains(last)) {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    lines
}

#[test]
fn without_a_command_it_serves_and_talks_to_people() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = haechi(["--listen", "127.0.0.1:0", "--data"]);
    command.arg(dir.path().join("data"));
    let lines = shown_to_a_person(command, "shown only this once too");
    assert_eq!(lines[0], "made an app called default; its appkey, which is shown only this once, is");
    assert!(lines[1].len() == 64 && lines[2].starts_with("open http://127.0.0.1:"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("/console/first?code=")), "{lines:?}");
}

/// Report R7: the log of a container had the appkey, and a link that makes an administrator.
#[test]
fn what_is_kept_has_no_secret_and_says_which_commands_give_one() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    for arguments in [&[][..], &["--json"]] {
        let server = Kept::start(&[], arguments);
        let said = server.said_without_secrets();
        let data = server.data();
        let rotate = format!("haechi app rotate default --data {}", data.display());
        assert!(said.contains(&format!("run: {rotate};")), "{said}");
        assert!(said.contains(&format!("docker exec CONTAINER {rotate}")), "{said}");
        let secret = format!("haechi app secret rotate default --data {}", data.display());
        assert!(said.contains(&secret), "{said}");
        assert!(said.contains(&format!("haechi admin create NAME --data {}", data.display())), "{said}");
        for command in [&rotate, &secret] {
            let words: Vec<&str> = command.split(' ').skip(1).collect();
            assert_eq!(run(&words).code, 0, "{command}");
        }
    }
}

#[test]
fn with_a_log_of_objects_every_line_is_one() {
    let environment = [("HAECHI_LOG_FORMAT", "json"), ("HAECHI_LISEN", "x")];
    let server = Kept::start(&environment, &["--admin-listen", "127.0.0.1:0"]);
    server.said_without_secrets();
    assert_eq!(server.read("stdout"), "", "who collects both gets objects only");
    let objects = objects(&server.read("stderr"));
    for (level, text) in [
        ("WARN", "HAECHI_LISEN is in the environment"),
        ("INFO", "listening on http://127.0.0.1:"),
        ("INFO", "operators on http://127.0.0.1:"),
        ("INFO", "made an app called default"),
    ] {
        let is_it = |object: &Value| {
            object["level"] == level && object["message"].as_str().is_some_and(|message| message.starts_with(text))
        };
        assert!(objects.iter().any(is_it), "{level} {text}: {objects:?}");
    }
}

#[test]
fn the_file_says_the_form_of_the_log_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "log_format = 'json'\n").unwrap();
    let config = file.path().to_str().unwrap();
    let server = Kept::start(&[("HAECHI_LISEN", "x")], &["--config", config]);
    let said = objects(&server.read("stderr"));
    assert!(said.iter().any(|line| line.to_string().contains(&format!("--config {config} --data "))), "{said:?}");
}

#[test]
fn what_ends_a_start_is_an_object_too() {
    let failed = |args: &[&str]| -> (i32, Value) {
        let output = haechi(["serve"]).args(args).env("HAECHI_LOG_FORMAT", "json").output().unwrap();
        let finished = Finished::from(output);
        assert_eq!(finished.text(), "");
        (finished.code, objects(&finished.stderr).pop().unwrap())
    };
    let (code, line) = failed(&["--config", "/nowhere/haechi.toml"]);
    assert_eq!((code, &line["level"]), (1, &"ERROR".into()));
    assert!(line["message"].as_str().unwrap().starts_with("cannot read the configuration file"), "{line}");
    let (code, line) = failed(&["--listen", "here"]);
    assert_eq!((code, &line["level"]), (2, &"ERROR".into()));
    assert!(line["message"].as_str().unwrap().contains("an IP address and a port"), "{line}");
}

#[test]
fn who_asks_gets_the_secrets_wherever_they_go() {
    let server = Kept::start(&[("HAECHI_LOG_FORMAT", "json"), ("HAECHI_PRINT_SECRETS", "true")], &[]);
    let printed = objects(&server.read("stdout"));
    assert_eq!(printed.len(), 1);
    assert_eq!(printed[0]["appkey"].as_str().unwrap().len(), 64);
    assert!(printed[0]["first_user"].as_str().unwrap().contains("/console/first?code="));
    let server = Kept::start(&[], &["--print-secrets"]);
    assert!(server.read("stdout").starts_with("made an app called default; its appkey"), "{}", server.read("stdout"));
}

#[test]
fn who_wants_no_secrets_gets_none_on_a_terminal_either() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serving(&dir.path().join("data"));
    command.arg("--print-secrets=false");
    let lines = shown_to_a_person(command, "open http://");
    assert_eq!(lines.len(), 1, "{lines:?}");
    if !ledger_is_shared() {
        assert_eq!(haechi_in(&dir.path().join("data"), &["app", "show", "default"]).json()["name"], "default");
    }
}
