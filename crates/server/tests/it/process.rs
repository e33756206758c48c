//! What the system lets others see of the server's process.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    process::{Command, Stdio},
};

use crate::server::{TestServer, not_tested, serve_command};

/// A user without rights.
const NOBODY: u32 = 65534;

#[test]
fn a_crash_leaves_no_core_dump() {
    let server = TestServer::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().skip(1).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
}

/// Who owns what the system shows of a process's memory: its user or, of one that nobody may look into, root.
fn owner_of_memory(id: u32) -> u32 {
    fs::metadata(format!("/proc/{id}/mem")).unwrap().uid()
}

/// Attack W21: a limit of no bytes keeps no core from a program that the system pipes it to.
#[test]
fn other_processes_of_its_user_cannot_look_into_it() {
    let dir = tempfile::tempdir().unwrap();
    let is_root = dir.path().metadata().unwrap().uid() == 0;
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    // Of root's processes all is root's anyway.
    let as_user = |command: &mut Command| {
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
    };
    if is_root {
        chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut usual = Command::new("sleep");
    as_user(usual.arg("600"));
    let mut usual = usual.spawn().unwrap();
    let owner = owner_of_memory(usual.id());
    usual.kill().unwrap();
    usual.wait().unwrap();
    assert_eq!(owner, data.metadata().unwrap().uid(), "of a usual process it is the user");

    let mut command = serve_command(&data, &[]);
    as_user(&mut command);
    let mut trial = haechi_version();
    as_user(&mut trial);
    if trial.status().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        return not_tested("no other user can read the program where it was built");
    }
    let server = TestServer::spawn(command, &data);
    assert_eq!(owner_of_memory(server.id()), 0);
    assert_eq!(server.get("/healthz").status, 200);
}

fn haechi_version() -> Command {
    let mut command = crate::server::haechi(["--version"]);
    command.stdout(Stdio::null());
    command
}
