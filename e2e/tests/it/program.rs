//! Processes that a test starts, waits for and kills.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest wait for a program to be ready.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// A running program. It is killed when dropped.
pub(crate) struct Program(Child);

/// Where a program says that it is ready.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    OnStdout,
    OnStderr,
}

impl Program {
    /// Starts a program and waits until it prints a line with this text; gives what follows the text in it.
    pub(crate) fn start(mut command: Command, says: Says, text: &'static str, if_missing: &str) -> (Self, String) {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}. {if_missing}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let program = Self(child);
        let found = match says {
            Says::OnStdout => (find(stdout, Some(text)), find(stderr, None)).0,
            Says::OnStderr => (find(stdout, None), find(stderr, Some(text))).1,
        };
        match found.recv_timeout(START_DEADLINE) {
            Ok(rest) => (program, rest),
            Err(_) => panic!("{command:?} did not print {text:?} within {START_DEADLINE:?}"),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended by itself
        let _ = self.0.wait();
    }
}

/// Reads a pipe to its end, so that the program never waits for a reader, and sends what follows the text in a line.
fn find(pipe: impl Read + Send + 'static, text: Option<&'static str>) -> mpsc::Receiver<String> {
    let (send, found) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some((_, rest)) = text.and_then(|text| line.split_once(text)) {
                let _ = send.send(rest.trim().to_owned()); // only the first one is waited for
            }
        }
    });
    found
}
