//! Processes that a test starts, waits for and kills.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longest wait for a program to be ready.
const START_DEADLINE: Duration = Duration::from_secs(120);

/// A running program. It is killed when dropped.
pub(crate) struct Program(Child);

impl Program {
    /// Starts a program and waits until it prints a line with this text on standard output; gives what follows the text
    /// in it.
    pub(crate) fn start(command: Command, text: &'static str, if_missing: &str) -> (Self, String) {
        let (program, [stdout, _]) = Self::start_saying(command, (Some(text), None), if_missing);
        (program, stdout.unwrap_or_default())
    }

    /// As [`Program::start`], with a text on standard output, one on standard error, or both.
    pub(crate) fn start_saying(
        mut command: Command,
        texts: (Option<&'static str>, Option<&'static str>),
        if_missing: &str,
    ) -> (Self, [Option<String>; 2]) {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}. {if_missing}"));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let program = Self(child);
        let streams = [(find(stdout, texts.0), texts.0), (find(stderr, texts.1), texts.1)];
        let said = streams.map(|(found, text)| {
            let text = text?;
            let said = found.recv_timeout(START_DEADLINE);
            Some(said.unwrap_or_else(|_| panic!("{command:?} did not print {text:?} within {START_DEADLINE:?}")))
        });
        (program, said)
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
