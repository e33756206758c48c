//! A real file system that is full, and one that turns read-only, under a server that works.
//!
//! To mount one takes root. Where that is not to be had, nothing is tested here, and the output says so; the faults that
//! no file system makes on demand are tested beside the store, on a disk that fails as it is told.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::{
    api::Insider,
    server::{TestServer, ledger_is_shared, not_tested, within_deadline},
};

/// A file system of its own, in memory, with room for three megabytes.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=3m", "haechi-test"]).arg(folder.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(Self { folder });
        }
        not_tested("no file system can be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let filler = self.path().join("filler");
        let dd = Command::new("dd").args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", filler.display())).output();
        assert!(String::from_utf8_lossy(&dd.unwrap().stderr).contains("No space left"));
        filler
    }

    fn remount(&self, option: &str) {
        let mut mount = Command::new("mount");
        let output = mount.args(["-o", &format!("remount,{option}")]).arg(self.path()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process that was just killed may still hold it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

/// Issued keys with their answers.
fn keys(server: &TestServer, count: usize) -> Vec<(String, String)> {
    let insider = Insider::of(server);
    let issue = |_| server.issue(server.appkey());
    (0..count).map(issue).map(|key| (key.clone(), insider.answer(&key))).collect()
}

fn verify(server: &TestServer, (key, answer): &(String, String)) -> i64 {
    server.verify(server.appkey(), key, answer)
}

/// What must hold whatever the disk does: health, issuing and drawing.
fn check_that_the_rest_goes_on(server: &TestServer) {
    assert_eq!(server.get("/healthz").status, 200);
    let key = server.issue(server.appkey());
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
}

#[test]
fn a_full_disk_loses_no_verdict_and_passes_nothing_twice() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let data = disk.path().join("data");
    let server = TestServer::in_dir(&data, &["--ledger", "embedded:"]);
    let spent = keys(&server, 20);
    assert!(spent.iter().all(|key| verify(&server, key) == 0));

    let filler = disk.fill();
    // What is written fits into pages that there are, until there are none left.
    let mut verdicts = Vec::new();
    within_deadline("a refusal", || {
        let some = keys(&server, 200);
        verdicts.extend(some.into_iter().map(|key| (verify(&server, &key), key)));
        verdicts.iter().any(|(code, _)| *code == -1).then_some(())
    });
    assert!(verdicts.iter().all(|(code, _)| [0, -1].contains(code)), "{verdicts:?}");
    assert_eq!(server.get("/readyz").status, 503);
    check_that_the_rest_goes_on(&server);

    fs::remove_file(filler).unwrap();
    within_deadline("readiness", || (server.get("/readyz").status == 200).then_some(()));
    for key in &spent {
        assert_eq!(verify(&server, key), -5, "a spent key passes again");
    }
    for (code, key) in &verdicts {
        let again = verify(&server, key);
        // What could not be decided may have been decided after all, by the disk.
        assert!(again == -5 || (*code == -1 && again == 0), "{code} and then {again}");
        assert_eq!(verify(&server, key), -5);
    }
    drop(server);
    let server = TestServer::in_dir(&data, &["--ledger", "embedded:"]);
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn a_disk_that_turns_read_only_fails_closed() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let Some(disk) = SmallDisk::mount() else { return };
    let data = disk.path().join("data");
    let server = TestServer::in_dir(&data, &["--ledger", "embedded:"]);
    let appkey = server.appkey().to_owned();
    let answered = keys(&server, 5);
    assert!(answered.iter().all(|key| verify(&server, key) == 0));
    assert!(server.stop().success());

    disk.remount("ro");
    let mut serve = crate::server::serve_command(&data, &["--ledger", "embedded:"]);
    let refused = serve.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("Read-only file system"), "{said}");

    disk.remount("rw");
    let server = TestServer::in_dir(&data, &["--ledger", "embedded:"]);
    for (key, answer) in &answered {
        assert_eq!(server.verify(&appkey, key, answer), -5);
    }
}
