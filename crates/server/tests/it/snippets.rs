//! The examples on the console's integration page, run by the interpreters that are here.

mod spring;

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::server::{TestServer, not_tested};

/// An example, filled in as the console does, and how to call its two functions.
struct Example {
    program: &'static str,
    file: &'static str,
    text: &'static str,
    /// A file beside it that calls it, for a language whose interpreter takes no program as an argument.
    caller: Option<(&'static str, &'static str)>,
    /// How it says that it waits for ten seconds, and how it would say half a second.
    patience: (&'static str, &'static str),
    /// What to run first, if it must be compiled.
    compile: &'static [&'static str],
    /// What to run in the example's directory to print a new key.
    issue: &'static [&'static str],
    /// The same to print whether the answer, the last argument, to the key before it is right.
    judge: &'static [&'static str],
}

const PYTHON: Example = Example {
    program: "python3",
    file: "captcha.py",
    text: include_str!("../../src/pages/console/snippets/captcha.py"),
    caller: None,
    patience: ("timeout=10", "timeout=0.5"),
    compile: &[],
    issue: &["-c", "import captcha; print(captcha.issue())"],
    judge: &["-c", "import captcha, sys; print(captcha.is_right(*sys.argv[1:]))"],
};
const NODE: Example = Example {
    program: "node",
    file: "captcha.mjs",
    text: include_str!("../../src/pages/console/snippets/captcha.mjs"),
    caller: None,
    patience: ("timeout(10_000)", "timeout(500)"),
    compile: &[],
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
    text: include_str!("../../src/pages/console/snippets/captcha.php"),
    caller: None,
    patience: ("CURLOPT_TIMEOUT => 10", "CURLOPT_TIMEOUT_MS => 500"),
    compile: &[],
    issue: &["-r", "require 'captcha.php'; echo captcha_issue();"],
    judge: &["-r", "require 'captcha.php'; echo captcha_is_right($argv[1], $argv[2]) ? 'true' : 'false';", "--"],
};
const JAVA: Example = Example {
    program: "java",
    file: "Captcha.java",
    text: include_str!("../../src/pages/console/snippets/Captcha.java"),
    caller: Some((
        "Caller.java",
        "class Caller {
            public static void main(String[] words) throws Exception {
                Captcha captcha = new Captcha();
                System.out.println(words.length == 0 ? captcha.issue() : captcha.isRight(words[0], words[1]));
            }
        }",
    )),
    patience: ("ofSeconds(10)", "ofMillis(500)"),
    compile: &[
        "javac",
        "-Xlint:all",
        "-Werror",
        "--release",
        "11",
        "-encoding",
        "UTF-8",
        "Captcha.java",
        "Caller.java",
    ],
    issue: &["-classpath", ".", "Caller"],
    judge: &["-classpath", ".", "Caller"],
};

impl Example {
    /// Writes and compiles it, with this server's address in the place of the one that it calls.
    fn write(&self, directory: &Path, host: &str) {
        self.write_text(directory, &self.text.replace("{host}", host));
    }

    /// As [`Self::write`], but with less than its ten seconds of patience.
    fn write_hurried(&self, directory: &Path, host: &str) {
        let (usual, hurried) = self.patience;
        assert!(self.text.contains(usual), "{} waits for ever", self.file);
        self.write_text(directory, &self.text.replace("{host}", host).replace(usual, hurried));
    }

    fn write_text(&self, directory: &Path, text: &str) {
        fs::write(directory.join(self.file), text.replace("{lang}", "ja")).unwrap();
        if let Some((file, text)) = self.caller {
            fs::write(directory.join(file), text).unwrap();
        }
        if let [compiler, arguments @ ..] = self.compile {
            let output = Command::new(compiler).args(arguments).current_dir(directory).output().unwrap();
            assert!(output.status.success(), "{}: {output:?}", self.file);
        }
    }

    /// Whether its language's programs are on this machine.
    fn can_run(&self) -> bool {
        let is_here = |program: &&str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
        [self.program].iter().chain(self.compile.first()).all(is_here)
    }

    fn output(&self, directory: &Path, appkey: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.program);
        command.args(arguments).current_dir(directory).env("HAECHI_APPKEY", appkey).output().unwrap()
    }

    fn run(&self, directory: &Path, appkey: &str, arguments: &[&str]) -> String {
        let output = self.output(directory, appkey, arguments);
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_lowercase();
        assert!(output.status.success(), "{}: {printed} {}", self.file, String::from_utf8_lossy(&output.stderr));
        printed
    }
}

fn check(example: &Example) {
    if !example.can_run() {
        not_tested(&format!("{} is not installed, so {} was not run", example.program, example.file));
        return;
    }
    let server = TestServer::start();
    let directory = tempfile::tempdir().unwrap();
    example.write(directory.path(), server.url());
    let run = |arguments: &[&str]| example.run(directory.path(), server.appkey(), arguments);
    let judged = |key: &str, answer: &str| run(&[example.judge, &[key, answer]].concat());
    let key = run(example.issue);
    let answer = server.answer_of(&key);
    let inspected = server.haechi(&["inspect", &key]).json();
    assert_eq!(inspected["language"], "ja", "{}", example.file);
    assert_eq!(judged(&key, &answer.to_lowercase()), "true", "{}", example.file);
    assert_eq!(judged(&key, &answer), "false", "{}: a key passes once", example.file);
    let key = run(example.issue);
    for wrong in ["", "a&b=c %", "..", "가나다라마"] {
        assert_eq!(judged(&key, wrong), "false", "{}: {wrong:?}", example.file);
    }
    assert_eq!(judged("../../no/key?", "ABCDE"), "false", "{}", example.file);
    check_faults(example, &server, directory.path());
}

/// Report R13: what an example does when its site has the wrong appkey, or haechi is away or stuck.
fn check_faults(example: &Example, server: &TestServer, directory: &Path) {
    let refused = example.output(directory, &"0".repeat(64), example.issue);
    let said = String::from_utf8_lossy(&refused.stdout) + String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("no challenge was issued"), "{}: {said}", example.file);
    assert!(said.contains("APPKEY_ERROR"), "{}: {said}", example.file);

    let judged = || example.run(directory, server.appkey(), &[example.judge, &["a-key", "ABCDE"]].concat());
    example.write(directory, "http://127.0.0.1:1");
    assert_eq!(judged(), "false", "{}: nobody listens", example.file);
    // The kernel accepts, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    example.write_hurried(directory, &format!("http://{}", silent.local_addr().unwrap()));
    assert_eq!(judged(), "false", "{}: it listens and says nothing", example.file);
    example.write(directory, &format!("{}/healthz?", server.url()));
    assert_eq!(judged(), "false", "{}: a reply that is no verdict", example.file);
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
fn the_java_example_works() {
    check(&JAVA);
}

/// The examples of the one request, filled in and called with a token.
#[test]
fn the_requests_of_the_widget_redeem_a_token_once() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages/console/snippets/widget");
    let java = "class Caller { public static void main(String[] words) throws Exception {
        System.out.println(new Verify().isPerson(words[0])); } }";
    let ways: [(&str, &str, &[&str]); 5] = [
        ("verify.sh", "bash", &["-euc", "TOKEN=$1; . ./verify.sh", "-"]),
        ("verify.py", "python3", &["-c", "import sys, verify; print(verify.is_person(sys.argv[1]))"]),
        (
            "verify.mjs",
            "node",
            &[
                "--input-type=module",
                "-e",
                "import { isPerson } from './verify.mjs'; console.log(await isPerson(process.argv[1]))",
                "--",
            ],
        ),
        ("verify.php", "php", &["-r", "require 'verify.php'; echo is_person($argv[1]) ? 'true' : 'false';", "--"]),
        ("Verify.java", "java", &["-classpath", ".", "Caller"]),
    ];
    let server = TestServer::start();
    let secret = server.announcement()["secret"].as_str().unwrap();
    for (file, program, arguments) in ways {
        if Command::new(program).arg("--version").stdout(Stdio::null()).status().is_err() {
            not_tested(&format!("{program} is not installed, so {file} was not run"));
            continue;
        }
        let directory = tempfile::tempdir().unwrap();
        let write = |host: &str| {
            let text = fs::read_to_string(format!("{folder}/{file}")).unwrap().replace("{host}", host);
            fs::write(directory.path().join(file), text).unwrap();
        };
        write(server.url());
        let compile = || {
            let compiler = Command::new("javac").args([file, "Caller.java"]).current_dir(directory.path()).status();
            assert!(compiler.unwrap().success(), "{file}");
        };
        if program == "java" {
            fs::write(directory.path().join("Caller.java"), java).unwrap();
            compile();
        }
        let is_person = |token: &str| {
            let mut command = Command::new(program);
            command.args(arguments).arg(token).current_dir(directory.path()).env("HAECHI_SECRET", secret);
            let output = command.output().unwrap();
            assert!(output.status.success(), "{file}: {output:?}");
            String::from_utf8_lossy(&output.stdout).to_lowercase().contains("true")
        };
        let token = passed(&server);
        assert_eq!([is_person(&token), is_person(&token), is_person("a&b=c %")], [true, false, false], "{file}");
        if program != "bash" {
            write("http://127.0.0.1:1");
            if program == "java" {
                compile();
            }
            assert!(!is_person(&token), "{file}: nobody listens");
        }
    }
}

/// The token of a challenge that was passed as by a widget.
fn passed(server: &TestServer) -> String {
    server.haechi(&["app", "set", "default", "--policy", "word"]).json();
    let key = server.issue(server.appkey());
    let answer = server.answer_of(&key);
    let reply = server.post(&format!("/widget/v1/answer?key={key}&answer={answer}"));
    reply.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn the_curl_example_works() {
    let server = TestServer::start();
    let directory = tempfile::tempdir().unwrap();
    let script = include_str!("../../src/pages/console/snippets/curl.sh");
    let script = script.replace("{host}", server.url()).replace("{lang}", "zh").replace("the-appkey", server.appkey());
    let output = Command::new("bash").args(["-euc", &script]).current_dir(directory.path()).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"resultCode\":-6"), "{output:?}");
    for (file, magic) in [("challenge.gif", &b"GIF89a"[..]), ("challenge.wav", b"RIFF")] {
        assert!(fs::read(directory.path().join(file)).unwrap().starts_with(magic), "{file}");
    }
}

#[test]
fn the_form_shows_a_challenge_of_the_apps_size() {
    let form = include_str!("../../src/pages/console/snippets/form.html");
    let form =
        form.replace("{host}", "https://captcha.example.org").replace("{width}", "300").replace("{height}", "100");
    assert!(
        form.contains("src=\"https://captcha.example.org/captcha/v1.0/keys/KEY/img\" width=\"300\" height=\"100\"")
    );
    assert!(!form.contains('{'), "{form}");
    // Report R12: a phone mends what it takes for a word, and nobody said in which order two rows are read.
    assert!(
        form.contains("autocorrect=\"off\"") && form.contains("If there are two rows, type the upper one"),
        "{form}"
    );
}
