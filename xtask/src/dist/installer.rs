//! The installer, `deploy/install.sh`: these tests run it as people would, from folders and from a web server.

/// Where the installer is in the repository.
pub(super) const INSTALLER: &str = "deploy/install.sh";

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{BufRead, BufReader, Write},
        net::TcpListener,
        os::unix::fs::PermissionsExt,
        path::{Path, PathBuf},
        process::{Command, Output},
        thread,
    };

    use super::*;
    use crate::{
        command::root,
        dist::{
            archive::{Tree, gzip},
            release::sums,
        },
    };

    const NAME: &str = "haechi-9.8.7-x86_64-unknown-linux-gnu";

    /// A release and a place to install it in. Its program is a script that says its version.
    struct Trial {
        folder: tempfile::TempDir,
    }

    impl Trial {
        fn new(program: &str) -> Self {
            let trial = Self { folder: tempfile::tempdir().unwrap() };
            fs::create_dir(trial.release()).unwrap();
            let mut tree = Tree::default();
            tree.file(&format!("{NAME}/bin/haechi"), 0o755, program);
            tree.file(&format!("{NAME}/share/man/man1/haechi.1.gz"), 0o644, "manual");
            tree.file(&format!("{NAME}/share/doc/haechi/a file's name"), 0o644, "text");
            fs::write(trial.archive(), gzip(&tree.to_tar(1).unwrap()).unwrap()).unwrap();
            fs::write(trial.release().join("SHA256SUMS"), sums(&trial.release()).unwrap()).unwrap();
            trial
        }

        fn release(&self) -> PathBuf {
            self.folder.path().join("release")
        }

        fn archive(&self) -> PathBuf {
            self.release().join(format!("{NAME}.tar.gz"))
        }

        fn prefix(&self) -> PathBuf {
            self.folder.path().join("a prefix")
        }

        fn install(&self, from: impl AsRef<Path>) -> Output {
            self.run(&["--prefix".as_ref(), self.prefix().as_path(), from.as_ref()])
        }

        fn run(&self, arguments: &[&Path]) -> Output {
            let temporary = self.folder.path().join("temporary");
            fs::create_dir_all(&temporary).unwrap();
            let mut installer = Command::new("sh");
            installer.arg(root().join(INSTALLER)).args(arguments);
            let output = installer.env("TMPDIR", &temporary).env("HOME", self.folder.path()).output().unwrap();
            assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "it left something behind");
            output
        }

        fn assert_installed(&self, output: &Output) {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            let program = self.prefix().join("bin/haechi");
            assert!(said.contains(&format!("installed haechi 9.8.7: {}", program.display())), "{said}");
            let mode = |path: &str| fs::metadata(self.prefix().join(path)).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode("bin/haechi"), 0o755);
            assert_eq!(mode("share/man/man1/haechi.1.gz"), 0o644);
            assert_eq!(mode("share/doc/haechi/a file's name"), 0o644);
            assert_eq!(fs::read_dir(self.prefix().join("bin")).unwrap().count(), 1);
        }

        fn assert_refused(&self, output: &Output, expected: &str) {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(expected), "{said}");
            let left = fs::read_dir(self.prefix().join("bin")).map_or(0, Iterator::count);
            assert_eq!(left, 0, "something was installed");
        }
    }

    const GOOD: &str = "#!/bin/sh\necho haechi 9.8.7\n";

    /// Serves a folder until the test's process ends, and sends who asks for `/moved/…` to another address.
    fn serve(folder: PathBuf) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
                let path = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or("/").to_owned();
                let _rest: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
                let head = match fs::read(folder.join(&path[1..])) {
                    _ if path.starts_with("/moved/") => {
                        ("302 Found\r\nLocation: ftp://127.0.0.1:1/".to_owned(), Vec::new())
                    }
                    Ok(bytes) => ("200 OK".to_owned(), bytes),
                    Err(_) => ("404 Not Found".to_owned(), Vec::new()),
                };
                let (status, bytes) = head;
                let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
                let _ = connection.write_all(&[text.into_bytes(), bytes].concat());
            }
        });
        address
    }

    #[test]
    fn a_release_in_a_folder_is_installed() {
        let trial = Trial::new(GOOD);
        trial.assert_installed(&trial.install(trial.archive()));
        // Again, over what is there.
        trial.assert_installed(&trial.install(trial.archive()));
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
    fn of_a_folder_the_one_for_this_machine_is_taken() {
        let trial = Trial::new(GOOD);
        trial.assert_installed(&trial.install(trial.release()));
        fs::copy(trial.archive(), trial.release().join("haechi-9.8.8-x86_64-unknown-linux-gnu.tar.gz")).unwrap();
        let output = trial.install(trial.release());
        assert!(String::from_utf8_lossy(&output.stderr).contains("several versions"));
    }

    #[test]
    fn a_release_on_a_web_server_is_installed() {
        let trial = Trial::new(GOOD);
        let address = serve(trial.release());
        trial.assert_installed(&trial.install(format!("{address}/{NAME}.tar.gz")));
    }

    #[test]
    fn a_changed_file_is_refused_wherever_it_comes_from() {
        let trial = Trial::new(GOOD);
        let mut bytes = fs::read(trial.archive()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(trial.archive(), bytes).unwrap();
        trial.assert_refused(&trial.install(trial.archive()), "is not what SHA256SUMS says");
        let address = serve(trial.release());
        trial.assert_refused(&trial.install(format!("{address}/{NAME}.tar.gz")), "is not what SHA256SUMS says");
    }

    #[test]
    fn sums_that_are_missing_or_ambiguous_are_refused() {
        let trial = Trial::new(GOOD);
        let sums = trial.release().join("SHA256SUMS");
        let text = fs::read_to_string(&sums).unwrap();
        fs::write(&sums, text.replace(NAME, "haechi-9.8.6-other")).unwrap();
        trial.assert_refused(&trial.install(trial.archive()), "does not name");
        fs::write(&sums, format!("{}  {NAME}.tar.gz\n{text}", "0".repeat(64))).unwrap();
        trial.assert_refused(&trial.install(trial.archive()), "no single sum");
        fs::remove_file(&sums).unwrap();
        trial.assert_refused(&trial.install(trial.archive()), "no SHA256SUMS");
    }

    #[test]
    fn a_program_that_does_not_run_here_replaces_nothing() {
        let trial = Trial::new("#!/bin/sh\nexit 1\n");
        trial.assert_refused(&trial.install(trial.archive()), "does not run on this machine");
    }

    #[test]
    fn an_address_that_others_could_change_is_refused() {
        let trial = Trial::new(GOOD);
        for address in ["http://example.org", "ftp://example.org", "http://127.0.0.1.example.org"] {
            let output = trial.install(format!("{address}/{NAME}.tar.gz"));
            trial.assert_refused(&output, "an address begins with https://");
        }
        let output = trial.install(format!("http://127.0.0.1:1@example.org/{NAME}.tar.gz"));
        trial.assert_refused(&output, "an address has no @");
        let address = serve(trial.release());
        trial.assert_refused(&trial.install(format!("{address}/moved/{NAME}.tar.gz")), "could not be fetched");
    }

    #[test]
    fn what_is_said_wrongly_is_refused() {
        let trial = Trial::new(GOOD);
        let refused = |words: &[&str], expected: &str| {
            let words: Vec<_> = words.iter().map(Path::new).collect();
            trial.assert_refused(&trial.run(&words), expected);
        };
        refused(&[], "usage");
        refused(&["--force", "x"], "there is no --force");
        refused(&["--prefix"], "needs a folder");
        refused(&["one", "two"], "only one thing");
        refused(&["haechi-0-none.tar.gz"], "there is no haechi-0-none.tar.gz");
        refused(&["/etc/passwd"], "is no release");
    }
}
