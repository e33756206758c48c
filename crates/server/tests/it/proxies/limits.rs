//! The limits for nginx in `docs/limits.md`.

use std::{fs, path::Path, process::Command};

use super::{HOST, Places, Proxied, is_here, replaced};

/// The lines to paste: at the top of the file, and in its `location /`.
fn pasted() -> [String; 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let document = fs::read_to_string(root.join("docs/limits.md")).unwrap();
    let blocks: Vec<String> =
        document.split("\n```nginx\n").skip(1).map(|after| after.split_once("\n```").unwrap().0.to_owned()).collect();
    blocks.try_into().expect("there are two")
}

/// nginx with these limits, to which this machine is the site's server or not.
fn nginx(is_site: bool) -> impl FnOnce(&Places<'_>) -> Command {
    move |places| {
        let [top, location] = pasted();
        let top = if is_site { replaced(&top, "192.0.2.10", "127.0.0.1") } else { top };
        let text = places.nginx_text();
        let line = "location / {\n        proxy_pass http://haechi;";
        places
            .run_nginx(&format!("{top}\n{}", replaced(&text, line, &line.replace("{\n", &format!("{{\n{location}\n")))))
    }
}

/// How many of so many requests, one after the other, are let through.
fn count_passed(proxied: &Proxied, count: usize) -> usize {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60", "--output", "/dev/null", "--cacert"]);
    curl.arg(proxied.folder.path().join("certificate.pem"));
    curl.args(["--resolve", &format!("{HOST}:{}:127.0.0.1", proxied.port), "--write-out", "%{http_code}\n"]);
    let output = curl.arg(proxied.url(&format!("/healthz?[1-{count}]"))).output().unwrap();
    let statuses = String::from_utf8(output.stdout).unwrap();
    let statuses: Vec<&str> = statuses.lines().collect();
    assert!(statuses.iter().all(|status| ["200", "429"].contains(status)), "{statuses:?}");
    assert_eq!(statuses.len(), count, "{}", String::from_utf8_lossy(&output.stderr));
    statuses.iter().filter(|&&status| status == "200").count()
}

#[test]
fn nginx_holds_off_a_flood_by_the_limits_to_paste_and_leaves_the_site_alone() {
    if !is_here("nginx", "-v") {
        return;
    }
    let proxied = Proxied::start(&["--admin-listen", "127.0.0.1:0"], nginx(false));
    let passed = count_passed(&proxied, 300);
    // A hundred at once, and ten more each second that they take.
    assert!((101..250).contains(&passed), "{passed} of 300");
    let proxied = Proxied::start(&["--admin-listen", "127.0.0.1:0"], nginx(true));
    assert_eq!(count_passed(&proxied, 300), 300);
}
