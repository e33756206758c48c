//! The proxies' configurations in `deploy/`, with real nginx, Caddy, HAProxy, Traefik and Envoy in front of the server.

mod checks;
mod envoy;
mod limits;
mod sites;
mod traefik;

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use self::checks::{
    check_challenge, check_clients, check_console, check_sign_in, check_unchanged, create_user, sign_in,
};
use crate::{
    public_path::{Crawled, PATH, check_all_pages},
    server::{TestServer, not_tested, within_deadline},
};

const HOST: &str = "captcha.example.org";
/// From where a proxy connects that says by the PROXY protocol whose a connection is.
const INTRODUCING: &str = "127.0.0.5";
/// Whom the configurations let in to the console, in the tests: one address of this machine, and not all.
const INSIDE: &str = "127.0.0.1";

/// A proxy in front of a server, each in a process of its own, and both ended when dropped.
struct Proxied {
    proxy: Child,
    server: TestServer,
    port: u16,
    plain_port: u16,
    folder: TempDir,
}

/// What curl came back with.
struct Fetched {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Drop for Proxied {
    fn drop(&mut self) {
        let _ = self.proxy.kill();
        let _ = self.proxy.wait();
    }
}

fn configuration(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    fs::read_to_string(root.join("deploy").join(name)).unwrap()
}

/// Where `cargo xtask test` puts the proxies of which Debian has no packages.
fn installed(program: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    root.join("target/proxies/bin").join(program).to_str().unwrap().to_owned()
}

fn is_here(program: &str, flag: &str) -> bool {
    let asking = Command::new(program).arg(flag).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asking.is_err() {
        not_tested(&format!("{program} is not installed"));
    }
    asking.is_ok()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Puts a text in another's place, which must be there: a configuration that has changed is not tested by accident.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the configuration");
    text.replace(from, to)
}

fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", &format!("/CN={HOST}"), "-addext", &format!("subjectAltName=DNS:{HOST}")]);
    let output = openssl.arg("-out").arg(&certificate).arg("-keyout").arg(&key).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    (certificate, key)
}

/// What changes in a configuration for a test: where things are.
struct Places<'a> {
    server: &'a TestServer,
    folder: &'a Path,
    port: u16,
    plain_port: u16,
}

impl Places<'_> {
    /// One server block around the lines that put haechi below a path of a site, as sites include them.
    fn nginx_below(&self) -> Command {
        let (certificate, key) = certificate(self.folder);
        let text = self.with_public_upstream("nginx-below-a-path.conf");
        let text = replaced(&text, "allow 127.0.0.0/8;", &format!("allow {INSIDE};"));
        let text = replaced(&text, "/var/log/nginx/", &format!("{}/", self.folder.display()));
        let site = format!(
            "server {{\nlisten 127.0.0.1:{} ssl;\nserver_name {HOST};\naccess_log off;\nssl_certificate {};\n\
             ssl_certificate_key {};\n{text}\n}}\n",
            self.port,
            certificate.display(),
            key.display()
        );
        self.run_nginx(&site)
    }

    fn caddy_below(&self) -> Command {
        let (certificate, key) = certificate(self.folder);
        let text = self.with_public_upstream("Caddyfile-below-a-path");
        let text = replaced(&text, "127.0.0.0/8 ::1 private_ranges", INSIDE);
        let site = format!(
            "{{\n\tadmin off\n\thttp_port {}\n\thttps_port {}\n\tdefault_bind 127.0.0.1\n}}\n{HOST} {{\n\ttls {} {}\n{text}\n}}\n",
            self.plain_port,
            self.port,
            certificate.display(),
            key.display()
        );
        self.run_caddy(&site)
    }

    /// A configuration that names the server's real address in the place of the usual one.
    fn with_public_upstream(&self, file: &str) -> String {
        replaced(&configuration(file), "127.0.0.1:8080", &self.announced("listening"))
    }

    /// The server's address of this name.
    fn announced(&self, name: &str) -> String {
        let (_, address) = self.server.announcement()[name].as_str().unwrap().split_once("://").unwrap();
        address.to_owned()
    }

    /// A configuration of which these two lines, with the server's usual addresses, name the server's real ones.
    fn with_upstreams(&self, file: &str, line: impl Fn(&str) -> String) -> String {
        let text = replaced(&configuration(file), &line("127.0.0.1:8080"), &line(&self.announced("listening")));
        replaced(&text, &line("127.0.0.1:9090"), &line(&self.announced("operators")))
    }

    fn nginx_text(&self) -> String {
        let (certificate, key) = certificate(self.folder);
        let text = self.with_upstreams("nginx.conf", |address| format!("server {address};"));
        let text = replaced(&text, "allow 127.0.0.0/8;", &format!("allow {INSIDE};"));
        let text = replaced(&text, "listen 80;", &format!("listen 127.0.0.1:{};", self.plain_port));
        let text = replaced(&text, "listen 443 ssl", &format!("listen 127.0.0.1:{} ssl", self.port));
        let text = replaced(&text, "/etc/ssl/captcha.example.org/fullchain.pem", certificate.to_str().unwrap());
        let text = replaced(&text, "/etc/ssl/captcha.example.org/privkey.pem", key.to_str().unwrap());
        replaced(&text, "/var/log/nginx/", &format!("{}/", self.folder.display()))
    }

    fn run_nginx(&self, text: &str) -> Command {
        let folder = self.folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {folder}/{name};")).join("\n");
        // One process, which runs as whoever runs the tests and ends when it is killed.
        let whole = format!(
            "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n\
             http {{\n{temporary}\n{text}\n}}\n"
        );
        let file = self.folder.join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(self.folder).arg("-c").arg(file).arg("-e").arg(self.folder.join("start.log"));
        nginx
    }

    fn haproxy_text(&self) -> String {
        let text = self.with_upstreams("haproxy.cfg", |address| format!("server haechi {address}"));
        let text = replaced(&text, "src 127.0.0.0/8", &format!("src {INSIDE}"));
        replaced(&text, "bind :80", &format!("bind 127.0.0.1:{}", self.plain_port))
    }

    /// As it is there, but that it comes from another address than whoever asks the server itself.
    fn haproxy_introducing(&self) -> Command {
        let text = self.with_public_upstream("haproxy-proxy-protocol.cfg");
        self.run_haproxy(&replaced(&text, "send-proxy-v2-ssl", &format!("source {INTRODUCING} send-proxy-v2-ssl")))
    }

    fn run_haproxy(&self, text: &str) -> Command {
        let (certificate, key) = certificate(self.folder);
        let both = [certificate, key].map(|path| fs::read_to_string(path).unwrap()).concat();
        let pem = self.folder.join("both.pem");
        fs::write(&pem, both).unwrap();
        let text = replaced(text, "bind :443", &format!("bind 127.0.0.1:{}", self.port));
        let text = replaced(&text, "/etc/haproxy/captcha.example.org.pem", pem.to_str().unwrap());
        let file = self.folder.join("haproxy.cfg");
        fs::write(&file, text).unwrap();
        let mut haproxy = Command::new("haproxy");
        haproxy.arg("-db").arg("-f").arg(file);
        haproxy
    }

    fn caddy_text(&self) -> String {
        let (certificate, key) = certificate(self.folder);
        let text = self.with_upstreams("Caddyfile", |address| format!("to_haechi {address}"));
        let text = replaced(&text, "127.0.0.0/8 ::1 private_ranges", INSIDE);
        let ports = format!(
            "{{\n\tadmin off\n\thttp_port {}\n\thttps_port {}\n\tdefault_bind 127.0.0.1\n",
            self.plain_port, self.port
        );
        let text = replaced(&text, "{\n\tservers {", &format!("{ports}\tservers {{"));
        let tls = format!("{HOST} {{\n\ttls {} {}\n", certificate.display(), key.display());
        replaced(&text, &format!("{HOST} {{\n"), &tls)
    }

    fn run_caddy(&self, text: &str) -> Command {
        let file = self.folder.join("Caddyfile");
        fs::write(&file, text).unwrap();
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        caddy.env("XDG_DATA_HOME", self.folder).env("XDG_CONFIG_HOME", self.folder);
        caddy
    }
}

impl Proxied {
    fn start(arguments: &[&str], command: impl FnOnce(&Places<'_>) -> Command) -> Self {
        Self::start_trusting("127.0.0.1", arguments, command)
    }

    fn start_trusting(proxies: &str, arguments: &[&str], command: impl FnOnce(&Places<'_>) -> Command) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), proxies, arguments, command)
    }

    /// In this folder, in which there may be a certificate.
    fn start_in(
        folder: TempDir,
        proxies: &str,
        arguments: &[&str],
        command: impl FnOnce(&Places<'_>) -> Command,
    ) -> Self {
        let server = TestServer::with_args(&[&["--trusted-proxies", proxies], arguments].concat());
        let (port, plain_port) = (free_port(), free_port());
        let places = Places { server: &server, folder: folder.path(), port, plain_port };
        let log = fs::File::create(folder.path().join("printed")).unwrap();
        let mut command = command(&places);
        let mut proxy = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let is_up = || {
            if let Some(status) = proxy.try_wait().unwrap() {
                let logs = ["printed", "start.log", "error.log"].map(|log| fs::read_to_string(folder.path().join(log)));
                panic!("the proxy ended: {status}: {logs:?}");
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        };
        within_deadline("the proxy listens", is_up);
        Self { proxy, server, port, plain_port, folder }
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    /// Asks by way of the proxy, with further arguments for curl.
    fn fetch(&self, path: &str, arguments: &[&str]) -> Fetched {
        self.fetch_url(&self.url(path), arguments)
    }

    fn fetch_url(&self, url: &str, arguments: &[&str]) -> Fetched {
        self.try_fetch(url, arguments).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// Waits until the proxy passes on what it gets. It may listen before.
    fn wait_until_served(&self) {
        let is_served = || self.try_fetch(&self.url("/readyz"), &[]).ok().filter(|fetched| fetched.status == 200);
        within_deadline("the proxy sends clients to the server", is_served);
    }

    /// What comes back, or what curl says that it did not.
    fn try_fetch(&self, url: &str, arguments: &[&str]) -> Result<Fetched, String> {
        let (head, body) = (self.folder.path().join("head"), self.folder.path().join("body"));
        let _ = fs::remove_file(&body); // curl makes none for an empty body
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"]);
        curl.arg(self.folder.path().join("certificate.pem"));
        for port in [self.port, self.plain_port] {
            curl.args(["--resolve", &format!("{HOST}:{port}:127.0.0.1")]);
        }
        curl.args(["--write-out", "%{http_code}"]).arg("--dump-header").arg(&head).arg("--output").arg(&body);
        let output = curl.args(arguments).arg(url).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(Fetched {
            status: String::from_utf8(output.stdout).unwrap().parse().unwrap(),
            head: fs::read_to_string(head).unwrap(),
            body: fs::read(body).unwrap_or_default(),
        })
    }
}

impl Fetched {
    /// A header's value; HTTP/2 and HTTP/1.1 write names differently.
    fn header(&self, wanted: &str) -> &str {
        let headers = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim());
        values.next().unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }
}

fn check(command: impl FnOnce(&Places<'_>) -> Command) {
    let proxied = Proxied::start(&["--admin-listen", "127.0.0.1:0", "--media-per-minute", "4"], command);
    proxied.wait_until_served();
    check_challenge(&proxied);
    check_unchanged(&proxied);
    check_clients(&proxied);
    check_console(&proxied);
}

#[test]
fn nginx_as_it_is_configured_in_deploy() {
    if is_here("nginx", "-v") {
        check(|places| places.run_nginx(&places.nginx_text()));
    }
}

#[test]
fn caddy_as_it_is_configured_in_deploy() {
    if is_here("caddy", "version") {
        check(|places| places.run_caddy(&places.caddy_text()));
    }
}

#[test]
fn haproxy_as_it_is_configured_in_deploy() {
    if is_here("haproxy", "-v") {
        check(|places| places.run_haproxy(&places.haproxy_text()));
    }
}

#[test]
fn haproxy_says_by_the_proxy_protocol_whose_a_connection_is() {
    if !is_here("haproxy", "-v") {
        return;
    }
    let arguments = ["--proxy-protocol", "--media-per-minute", "4"];
    let proxied = Proxied::start_trusting(INTRODUCING, &arguments, |places| places.haproxy_introducing());
    // It may take a health check or two until it sends anybody there.
    proxied.wait_until_served();
    check_challenge(&proxied);
    check_clients(&proxied);
    // The console lets people sign in, since the proxy says that they come over TLS.
    create_user(&proxied.server);
    check_sign_in(&proxied);
}

/// Report R8: all but the API led out of the path that the proxy shows haechi below.
fn check_below(command: impl FnOnce(&Places<'_>) -> Command) {
    let proxied = Proxied::start(&["--public-path", PATH, "--demo"], command);
    create_user(&proxied.server);
    let below = |path: &str| format!("{PATH}{path}");
    let calls = below(&format!("/captcha/v1.0/appkeys/{}/keys", proxied.server.appkey()));
    let key = proxied.fetch(&calls, &["--request", "POST"]).json()["key"].as_str().unwrap().to_owned();
    assert_eq!(
        proxied.fetch(&below(&format!("/captcha/v1.0/keys/{key}/img")), &[]).header("content-type"),
        "image/gif"
    );
    let answer = proxied.server.answer_of(&key);
    let judged = proxied.fetch(&format!("{calls}/{key}/verification?answer={answer}"), &[]).json();
    assert_eq!(judged["header"]["resultCode"], 0);

    let signed_in = sign_in(&proxied, &below("/console/sign-in"));
    assert_eq!((signed_in.status, signed_in.header("location")), (303, &*below("/console")), "{}", signed_in.head);
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.starts_with("__Secure-haechi=") && cookie.contains(&format!("; Path={PATH};")), "{cookie}");
    assert!(cookie.contains("; Secure"), "{cookie}");
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    let fetch = |path: &str| {
        let fetched = proxied.fetch(path, &["--header", &cookie]);
        Crawled {
            status: fetched.status,
            location: fetched.header("location").to_owned(),
            content_type: fetched.header("content-type").to_owned(),
            body: fetched.body,
        }
    };
    check_all_pages(&proxied.server, &proxied.url(""), fetch);
    for path in ["/console", "/console/sign-in", "/admin/v1/apps", "/docs"] {
        let outside = proxied.fetch(&below(path), &["--interface", "127.0.0.2", "--header", &cookie]);
        assert_eq!(outside.status, 403, "{path}");
    }
    assert_eq!(proxied.fetch(&below("/metrics"), &[]).status, 404);
}

#[test]
fn nginx_below_a_path() {
    if is_here("nginx", "-v") {
        check_below(|places| places.nginx_below());
    }
}

#[test]
fn caddy_below_a_path() {
    if is_here("caddy", "version") {
        check_below(|places| places.caddy_below());
    }
}
