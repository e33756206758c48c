//! Clocks that are wrong, by libfaketime: the program reads a real clock that somebody sets.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use testbed::Redis;

use crate::{
    api::Insider,
    server::{TestServer, ledger_is_shared, ledger_outlives_program, not_tested, serve_command, within_deadline},
};

/// Where Debian's package `faketime` has its library.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|folder| folder.path());
    let found = folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.is_file());
    if found.is_none() {
        not_tested("libfaketime is not installed");
    }
    found
}

/// A clock that is as far off as a file says.
struct Clock {
    library: PathBuf,
    folder: TempDir,
}

impl Clock {
    fn new(offset: &str) -> Option<Self> {
        let clock = Self { library: library()?, folder: TempDir::new().unwrap() };
        clock.set(offset);
        Some(clock)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }

    /// Such as `+1h` or `-30s`.
    fn set(&self, offset: &str) {
        let draft = self.folder.path().join("draft");
        fs::write(&draft, offset).unwrap();
        fs::rename(draft, self.file()).unwrap();
    }

    /// A server that goes by this clock.
    fn serve(&self, data: &Path, args: &[&str]) -> TestServer {
        let mut command = serve_command(data, args);
        command.env("LD_PRELOAD", &self.library).env("FAKETIME_TIMESTAMP_FILE", self.file());
        // The file is read at every look at the clock, and what waits by a steady clock is left alone.
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        TestServer::spawn(command, data)
    }
}

fn key(server: &TestServer, insider: &Insider) -> (String, String) {
    let key = server.issue(server.appkey());
    let answer = insider.answer(&key);
    (key, answer)
}

#[test]
fn a_clock_that_jumps_back_and_forth_passes_nothing_twice_and_recovers() {
    let Some(clock) = Clock::new("+0s") else { return };
    let folder = TempDir::new().unwrap();
    let server = clock.serve(folder.path(), &[]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let verify = |(key, answer): &(String, String)| server.verify(appkey, key, answer);
    let spent = key(&server, &insider);
    assert_eq!(verify(&spent), 0);
    let unspent = key(&server, &insider);

    // An hour back: keys that are out are from the future.
    clock.set("-1h");
    assert_eq!((verify(&spent), verify(&unspent)), (-5, -5));
    // A ledger in memory has begun in what is the future now, and Redis goes by a clock of its own.
    let follows_the_clock = ledger_outlives_program() && !ledger_is_shared();
    let back = follows_the_clock.then(|| key(&server, &insider));
    assert!(back.as_ref().is_none_or(|back| (verify(back), verify(back)) == (0, -5)));

    // Right again, and then a little ahead.
    clock.set("+0s");
    assert!(back.is_none_or(|back| verify(&back) == -5));
    assert_eq!((verify(&spent), verify(&unspent)), (-5, 0));
    clock.set("+30s");
    assert_eq!((verify(&spent), verify(&unspent)), (-5, -5));
    let ahead = key(&server, &insider);
    clock.set("+0s");
    assert_eq!((verify(&ahead), verify(&ahead)), (0, -5), "a clock may be set back by less than a minute");
}

#[test]
fn a_clock_far_ahead_is_no_lasting_harm() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let Some(clock) = Clock::new("+0s") else { return };
    let folder = TempDir::new().unwrap();
    let server = clock.serve(folder.path(), &[]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let verify = |(key, answer): &(String, String)| server.verify(appkey, key, answer);
    let before = key(&server, &insider);
    assert_eq!(verify(&before), 0);
    clock.set("+1y");
    let ahead = key(&server, &insider);
    assert_eq!(verify(&ahead), 0);
    // Time for the ledger to forget what is a year old, by that clock.
    within_deadline("the ledger forgets", || {
        server.get("/metrics").text().contains("haechi_ledger_records 1\n").then_some(())
    });
    clock.set("+0s");
    assert_eq!((verify(&before), verify(&ahead)), (-5, -5), "a key passes twice");
    let after = key(&server, &insider);
    assert_eq!((verify(&after), verify(&after)), (0, -5));
}

#[test]
fn a_start_years_off_serves_and_is_put_right_by_the_clock() {
    let Some(clock) = Clock::new("-20y") else { return };
    let folder = TempDir::new().unwrap();
    let server = clock.serve(folder.path(), &[]);
    let insider = Insider::of(&server);
    assert_eq!(server.get("/healthz").status, 200);
    let (early, answer) = key(&server, &insider);
    assert_eq!(server.verify(server.appkey(), &early, &answer), -5, "a key from before there was haechi passes");
    clock.set("+0s");
    let (key, answer) = key(&server, &insider);
    assert_eq!(server.verify(server.appkey(), &key, &answer), 0);
}

#[test]
fn two_servers_may_differ_by_half_a_minute_and_not_by_two() {
    let (Some(right), Some(ahead)) = (Clock::new("+0s"), Clock::new("+30s")) else { return };
    let redis = Redis::start();
    let ledger = format!("{}?timeout_ms=3000", redis.url());
    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let first = right.serve(folders[0].path(), &["--ledger", &ledger]);
    let secret = first.data_dir().join("secret");
    let second = ahead.serve(folders[1].path(), &["--ledger", &ledger, "--secret-file", secret.to_str().unwrap()]);
    let (appkey, insider) = (first.appkey(), Insider::of(&first));
    let issue = |server: &TestServer| {
        let key = server.issue(appkey);
        let answer = insider.answer(&key);
        (key, answer)
    };
    for (issuer, judge) in [(&first, &second), (&second, &first)] {
        let (key, answer) = issue(issuer);
        assert_eq!(judge.verify(appkey, &key, &answer), 0);
        assert_eq!(issuer.verify(appkey, &key, &answer), -5);
    }
    ahead.set("+120s");
    let (key, answer) = issue(&second);
    assert_eq!(first.verify(appkey, &key, &answer), -5, "a key from the future passes");
}

#[test]
fn a_clock_that_is_not_that_of_redis_is_said_in_both_directions() {
    let Some(clock) = Clock::new("+0s") else { return };
    let (redis, folder) = (Redis::start(), TempDir::new().unwrap());
    let server = clock.serve(folder.path(), &["--ledger", &format!("{}?timeout_ms=3000", redis.url())]);
    let offset_secs = || -> f64 {
        let metrics = server.get("/metrics").text().to_owned();
        let shown = metrics.lines().find_map(|line| line.strip_prefix("haechi_clock_offset_seconds "));
        shown.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
    };
    let becomes = |status: u16, offset: &str, expected_secs: f64| {
        clock.set(offset);
        within_deadline(offset, || {
            let is_seen = server.get("/readyz").status == status && (offset_secs() - expected_secs).abs() < 3.0;
            is_seen.then_some(())
        });
    };
    becomes(200, "+0s", 0.0);
    assert!(!server.stderr().contains("the clock is"), "{}", server.stderr());
    becomes(200, "+10s", 10.0);
    server.logged("ahead of Redis': from 60 s on keys are refused");
    becomes(503, "+90s", 90.0);
    assert_eq!(server.get("/readyz").text(), r#"{"status":"the clock is off"}"#);
    server.logged("not ready: the clock is 90 s ahead of Redis'");
    assert!(server.get("/metrics").text().contains("haechi_ledger_unsafe{reason=\"clock_off\"} 1\n"));
    becomes(503, "-90s", -90.0);
    server.logged("not ready: the clock is 90 s behind Redis'");
    becomes(200, "-30s", -30.0);
    becomes(200, "+0s", 0.0);
    assert!(server.get("/metrics").text().contains("haechi_ledger_unsafe{reason=\"clock_off\"} 0\n"));
}
