//! The examples on the console's integration page, run by the interpreters that are here.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::server::TestServer;

/// An example, filled in as the console does, and how to call its two functions.
struct Example {
    program: &'static str,
    file: &'static str,
    text: &'static str,
    /// What to run in the example's directory to print a new key.
    issue: &'static [&'static str],
    /// The same to print whether the answer, the last argument, to the key before it is right.
    judge: &'static [&'static str],
}

const PYTHON: Example = Example {
    program: "python3",
    file: "captcha.py",
    text: include_str!("../../src/console/snippets/captcha.py"),
    issue: &["-c", "import captcha; print(captcha.issue())"],
    judge: &["-c", "import captcha, sys; print(captcha.is_right(*sys.argv[1:]))"],
};
const NODE: Example = Example {
    program: "node",
    file: "captcha.mjs",
    text: include_str!("../../src/console/snippets/captcha.mjs"),
    issue: &["--input-type=module", "-e", "import { issue } from './captcha.mjs'; console.log(await issue())"],
    judge: &[
        "--input-type=module",
        "-e",
        "import { isRight } from './captcha.mjs'; console.log(await isRight(...process.argv.slice(1)))",
        "--",
    ],
};
const PHP: Example = Example {
    program: "php",
    file: "captcha.php",
    text: include_str!("../../src/console/snippets/captcha.php"),
    issue: &["-r", "require 'captcha.php'; echo captcha_issue();"],
    judge: &["-r", "require 'captcha.php'; echo captcha_is_right($argv[1], $argv[2]) ? 'true' : 'false';", "--"],
};

impl Example {
    fn run(&self, directory: &Path, appkey: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.program);
        let output = command.args(arguments).current_dir(directory).env("HAECHI_APPKEY", appkey).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_lowercase();
        assert!(output.status.success(), "{}: {printed} {}", self.file, String::from_utf8_lossy(&output.stderr));
        printed
    }
}

fn check(example: &Example) {
    let is_here = Command::new(example.program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !is_here {
        println!("NOT TESTED: {} is not installed, so {} was not run", example.program, example.file);
        return;
    }
    let server = TestServer::start();
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(example.file), example.text.replace("{host}", server.url())).unwrap();
    let run = |arguments: &[&str]| example.run(directory.path(), server.appkey(), arguments);
    let judged = |key: &str, answer: &str| run(&[example.judge, &[key, answer]].concat());
    let key = run(example.issue);
    let answer = server.answer_of(&key);
    assert_eq!(judged(&key, &answer.to_lowercase()), "true", "{}", example.file);
    assert_eq!(judged(&key, &answer), "false", "{}: a key passes once", example.file);
    let key = run(example.issue);
    for wrong in ["", "a&b=c %", "..", "가나다라마"] {
        assert_eq!(judged(&key, wrong), "false", "{}: {wrong:?}", example.file);
    }
    assert_eq!(judged("../../no/key?", "ABCDE"), "false", "{}", example.file);
}

#[test]
fn the_python_example_works() {
    check(&PYTHON);
}

#[test]
fn the_node_example_works() {
    check(&NODE);
}

#[test]
fn the_php_example_works() {
    check(&PHP);
}

#[test]
fn the_curl_example_works() {
    let server = TestServer::start();
    let directory = tempfile::tempdir().unwrap();
    let script = include_str!("../../src/console/snippets/curl.sh");
    let script = script.replace("{host}", server.url()).replace("the-appkey", server.appkey());
    let output = Command::new("bash").args(["-euc", &script]).current_dir(directory.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"resultCode\":-6"), "{output:?}");
    for (file, magic) in [("challenge.gif", &b"GIF89a"[..]), ("challenge.wav", b"RIFF")] {
        assert!(fs::read(directory.path().join(file)).unwrap().starts_with(magic), "{file}");
    }
}

#[test]
fn the_form_shows_a_challenge_of_the_apps_size() {
    let form = include_str!("../../src/console/snippets/form.html");
    let form =
        form.replace("{host}", "https://captcha.example.org").replace("{width}", "300").replace("{height}", "100");
    assert!(
        form.contains("src=\"https://captcha.example.org/captcha/v1.0/keys/KEY/img\" width=\"300\" height=\"100\"")
    );
    assert!(!form.contains('{'), "{form}");
}
