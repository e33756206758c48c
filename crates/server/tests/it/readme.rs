//! README does what it says.

mod files;
mod limits;
mod translation;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::server::{TestServer, run};

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    std::fs::read_to_string(root.join(file)).unwrap()
}

/// The fenced blocks of a document, with their language.
fn blocks(document: &str) -> Vec<(String, String)> {
    let mut fences = document.split("\n```");
    let mut blocks = Vec::new();
    fences.next();
    while let (Some(block), Some(_)) = (fences.next(), fences.next()) {
        let (language, code) = block.split_once('\n').unwrap();
        blocks.push((language.to_owned(), code.to_owned()));
    }
    blocks
}

#[test]
fn the_curl_walk_through_works_word_for_word() {
    let server = TestServer::start();
    let readme = read("README.md");
    let (_, script) = blocks(&readme).into_iter().find(|(_, code)| code.starts_with("HOST=")).unwrap();
    let program = format!("{} inspect --data {}", env!("CARGO_BIN_EXE_haechi"), server.data_dir().display());
    let script = script
        .replace("http://127.0.0.1:8080", server.url())
        .replace("<appkey>", server.appkey())
        .replace("cargo run --release --quiet -- inspect", &program);
    let dir = tempfile::tempdir().unwrap();
    let twice = format!(
        "set -eu\n{script}\necho\ncurl -s \"$HOST/captcha/v1.0/appkeys/$APPKEY/keys/$KEY/verification?answer=$ANSWER\""
    );
    let output = Command::new("bash").args(["-c", &twice]).current_dir(dir.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));

    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0].len(), 36, "the key: {printed}");
    let (_, expected) = blocks(&readme).into_iter().find(|(language, _)| language == "json").unwrap();
    assert_eq!(lines[1], expected.trim());
    assert!(lines[2].contains("EXPIRED_KEY_ERROR"), "{printed}");
    for (file, magic) in [("challenge.gif", &b"GIF89a"[..]), ("challenge.wav", b"RIFF")] {
        assert!(std::fs::read(dir.path().join(file)).unwrap().starts_with(magic), "{file}");
    }
}

#[test]
fn the_configuration_that_it_shows_is_right() {
    let (_, toml) = blocks(&read("README.md")).into_iter().find(|(language, _)| language == "toml").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("haechi.toml");
    std::fs::write(&file, toml).unwrap();
    let checked = run(&["check-config", file.to_str().unwrap()]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let documents =
        [root.to_owned(), root.join("docs"), root.join("docs/ko")].map(|dir| std::fs::read_dir(dir).unwrap());
    let documents = documents.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut links = 0;
    for document in documents.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(&document).unwrap();
        for target in text.split("](").skip(1).filter_map(|after| after.split(')').next()) {
            if !target.contains("://") && !target.starts_with('#') {
                let path = document.parent().unwrap().join(target.split('#').next().unwrap());
                assert!(path.exists(), "{} links to {target}", document.display());
                links += 1;
            }
        }
    }
    assert!(links > 10, "only {links} links were found");
}

/// The names in `help` that begin with this and go on with letters, digits and what else is passed.
fn words<'a>(help: &'a str, start: &str, more: &str) -> Vec<&'a str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || more.contains(letter);
    let words = help.match_indices(start).map(|(place, _)| &help[place + start.len()..]);
    let mut words: Vec<&str> = words.map(|rest| rest.split(|letter| !is_part(letter)).next().unwrap()).collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[test]
fn every_setting_is_in_the_document_on_configuration() {
    let document = read("docs/configuration.md");
    let check = |setting: &str| {
        let name = setting.to_lowercase().replace('-', "_");
        assert!(document.contains(&format!("`{name}`")), "docs/configuration.md does not say {name}");
    };
    let serve = run(&["serve", "--help"]);
    let settings = words(serve.text(), "[env: HAECHI_", "_");
    assert!(settings.len() > 15, "{settings:?}");
    settings.into_iter().filter(|name| *name != "CONFIG").for_each(check);
    let create = run(&["app", "create", "--help"]);
    let settings = words(create.text(), " --", "-");
    assert!(settings.contains(&"ttl-secs"), "{settings:?}");
    settings.into_iter().filter(|name| !["config", "data", "json", "help"].contains(name)).for_each(check);
}

/// The chart takes every setting but those that it sets itself, and no misspelt one.
#[test]
fn every_setting_is_in_the_schema_of_the_charts_values() {
    let schema: serde_json::Value = serde_json::from_str(&read("deploy/helm/haechi/values.schema.json")).unwrap();
    let taken = &schema["properties"]["settings"]["propertyNames"]["enum"];
    let serve = run(&["serve", "--help"]);
    let own = "CONFIG DATA LISTEN ADMIN_LISTEN LEDGER SECRET_FILE PREVIOUS_SECRET_FILE NODE TLS_CERTIFICATE TLS_KEY";
    let is_own = |name: &str| own.split(' ').any(|own| own == name);
    let settings = words(serve.text(), "[env: HAECHI_", "_").into_iter().filter(|name| !is_own(name));
    let settings: Vec<String> = settings.map(str::to_lowercase).collect();
    assert_eq!(*taken, serde_json::json!(settings));
}

#[test]
fn every_call_is_in_the_document_on_the_api() {
    let document = read("docs/api.md");
    let described = run(&["openapi", "--json"]).json();
    let paths = described["paths"].as_object().unwrap();
    assert!(paths.len() > 15, "{}", paths.len());
    for (path, calls) in paths {
        for method in calls.as_object().unwrap().keys() {
            let call = format!("`{} {path}`", method.to_uppercase());
            assert!(document.contains(&call), "docs/api.md does not say {call}");
        }
    }
}

#[test]
fn every_metric_is_in_the_document_on_operating() {
    let server = TestServer::start();
    server.issue(server.appkey());
    let shown = server.get("/metrics").text().to_owned();
    let document = read("docs/operating.md");
    let types = shown.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let metrics: Vec<(&str, &str)> = types.filter_map(|line| line.split_once(' ')).collect();
    assert!(metrics.len() > 5, "{shown}");
    for (name, kind) in metrics {
        let name = if kind == "counter" { format!("`{name}_total`") } else { format!("`{name}`") };
        assert!(document.contains(&name), "docs/operating.md does not say {name}");
    }
}

/// What holds that a fault stays mended can be looked up, and cannot go away or get another name without a word.
#[test]
fn every_test_that_the_document_on_faults_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let mut sources = Vec::new();
    for folder in ["crates", "chaos/tests", "e2e/tests", "widget/test/checks"] {
        collect_sources(&root.join(folder), &mut sources);
    }
    let document = read("docs/faults.md");
    let named: Vec<&str> = document.split('`').skip(1).step_by(2).filter(|code| code.contains("::")).collect();
    assert!(named.len() > 60, "only {} tests are named", named.len());
    let is_missing = |test: &&str| {
        let (module, name) = test.split_once("::").unwrap();
        let forms = [format!("fn {name}("), format!("\"{name}\"")];
        !sources.iter().any(|(path, text)| {
            let is_of_module = path.with_extension("").iter().any(|part| part == module);
            is_of_module && forms.iter().any(|form| text.contains(form))
        })
    };
    let missing: Vec<&str> = named.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "docs/faults.md names what there is not: {missing:#?}");
}

/// All that is Rust or a check of the widget in a folder and below it.
fn collect_sources(folder: &Path, sources: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "mjs") {
            let text = std::fs::read_to_string(&path).unwrap();
            sources.push((path, text));
        }
    }
}

/// Whoever reads the document in the source sees the code that the console shows and the tests run.
#[test]
fn the_document_on_the_widget_has_the_examples() {
    let document = read("docs/widget.md");
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages/console/snippets/widget");
    let mut count = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let path = example.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(document.contains(text.trim_end()), "docs/widget.md lacks {}", path.display());
        count += 1;
    }
    assert_eq!(count, 7);
}

/// The same for the other files that documents show, none of which is seen by who reads a line that includes it.
#[test]
fn documents_have_the_examples_that_are_files() {
    let snippets = |document, files: &[&str]| -> Vec<(&str, String)> {
        files.iter().map(|file| (document, format!("crates/server/src/pages/console/snippets/{file}"))).collect()
    };
    let code = ["curl.sh", "captcha.py", "captcha.mjs", "Captcha.java", "JoinController.java", "captcha.php"];
    let deployed = [
        "nginx.conf",
        "Caddyfile",
        "nginx-below-a-path.conf",
        "Caddyfile-below-a-path",
        "haproxy.cfg",
        "haproxy-proxy-protocol.cfg",
        "traefik.yml",
        "traefik-haechi.yml",
        "traefik-proxy-protocol.yml",
        "envoy.yaml",
        "envoy-proxy-protocol.yaml",
    ];
    let shown = [
        snippets("docs/quick-start.md", &["curl.sh"]),
        snippets("docs/ko/quick-start.md", &["curl.sh"]),
        snippets("docs/integration.md", &[&code[..], &["form.html", "renewing.html", "renew.js"]].concat()),
        snippets("docs/ko/integration.md", &[&code[..], &["ko/form.html", "ko/renewing.html", "renew.js"]].concat()),
        deployed.map(|file| ("docs/reverse-proxy.md", format!("deploy/{file}"))).to_vec(),
    ]
    .concat();
    for (document, file) in shown {
        assert!(read(document).contains(&format!("\n{}\n```\n", read(&file).trim_end())), "{document} lacks {file}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    for folder in ["docs", "docs/ko"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let is_document = path.extension().is_some_and(|extension| extension == "md");
            let includes = is_document && std::fs::read_to_string(&path).unwrap().contains("{{#include");
            assert!(!includes, "{} includes a file", path.display());
        }
    }
}
