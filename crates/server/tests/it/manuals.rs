//! What shells complete, and the manual pages.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::server::{not_tested, run};

/// The script for a shell, in a file.
fn script(shell: &str, directory: &Path) -> String {
    let printed = run(&["completions", shell]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let file = directory.join(format!("haechi.{shell}"));
    fs::write(&file, printed.stdout).unwrap();
    file.to_str().unwrap().to_owned()
}

fn is_here(program: &str) -> bool {
    let is_here = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !is_here {
        not_tested(&format!("{program} is not installed"));
    }
    is_here
}

fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    assert!(output.stderr.is_empty(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What bash offers for the last of these words.
#[track_caller]
fn check_bash(line: &str, expected: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    // What bash does when the tab key is pressed: it calls the function that was named for the program.
    let pressed = "source \"$1\"; shift
        COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=\"$*\"; COMP_POINT=${#COMP_LINE}
        named=$(complete -p haechi); named=${named#*-F }; named=${named%% *}
        \"$named\" haechi \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let script = script("bash", directory.path());
    let words: Vec<&str> = ["--norc", "-c", pressed, "bash", &script].into_iter().chain(line.split(' ')).collect();
    let offered = printed("bash", &words);
    let offered: BTreeSet<&str> = offered.lines().collect();
    assert_eq!(offered, expected.iter().copied().collect(), "{line}");
}

#[test]
fn bash_completes_commands_flags_and_values() {
    check_bash("haechi ser", &["serve"]);
    check_bash("haechi app cre", &["create"]);
    check_bash("haechi serve --trusted", &["--trusted-proxies"]);
    check_bash("haechi serve --log-format ", &["human", "json"]);
    check_bash("haechi completions b", &["bash"]);
}

#[test]
fn fish_completes_commands() {
    if is_here("fish") {
        let directory = tempfile::tempdir().unwrap();
        let command = format!("source {}; complete --do-complete 'haechi ser'", script("fish", directory.path()));
        let offered = printed("fish", &["--no-config", "--command", &command]);
        assert_eq!(offered.lines().map(|line| line.split('\t').next().unwrap()).collect::<Vec<_>>(), ["serve"]);
    }
}

#[test]
fn zsh_reads_its_script() {
    if is_here("zsh") {
        let directory = tempfile::tempdir().unwrap();
        printed("zsh", &["--no-rcs", "--no-exec", &script("zsh", directory.path())]);
        let text = fs::read_to_string(directory.path().join("haechi.zsh")).unwrap();
        assert!(text.starts_with("#compdef haechi\n"), "zsh finds a script by its first line");
    }
}

#[test]
fn every_command_has_a_page_that_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("made/man1");
    let finished = run(&["man", "--out", out.to_str().unwrap()]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let pages: BTreeSet<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    for page in ["haechi.1", "haechi-serve.1", "haechi-app.1", "haechi-app-create.1", "haechi-token-create.1"] {
        assert!(pages.contains(page), "{page} is not in {pages:?}");
    }
    assert!(!pages.iter().any(|page| page.contains("help")), "{pages:?}");
    assert_eq!(finished.text().lines().count(), pages.len());
    if !is_here("mandoc") {
        return;
    }
    for page in &pages {
        let file = out.join(page);
        let lint = Command::new("mandoc").args(["-T", "lint", "-W", "error"]).arg(&file).output().unwrap();
        assert!(lint.status.success(), "{page}: {}", String::from_utf8_lossy(&lint.stdout));
        let shown = without_overstrikes(&printed("mandoc", &["-T", "ascii", file.to_str().unwrap()]));
        assert!(shown.contains("SYNOPSIS"), "{page}: {shown}");
    }
    let shown = printed("mandoc", &["-T", "utf8", out.join("haechi-serve.1").to_str().unwrap()]);
    let shown = without_overstrikes(&shown);
    assert!(shown.contains("--trusted-proxies") && shown.contains("HAECHI_TRUSTED_PROXIES"), "{shown}");
}

/// Text for a terminal without the letters that bold type is made of: `s\u{8}s` is a bold s.
fn without_overstrikes(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        if letter == '\u{8}' {
            plain.pop();
        } else {
            plain.push(letter);
        }
    }
    plain
}

#[test]
fn pages_that_cannot_be_written_are_named() {
    run(&["man", "--out", "/dev/null/man"]).fails(1, "error: cannot make /dev/null/man: ");
    run(&["completions", "tcsh"]).fails(2, "invalid value 'tcsh'");
}
