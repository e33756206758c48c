//! Envoy.

use std::{fs, process::Command};

use super::{
    HOST, INSIDE, INTRODUCING, Places, Proxied, certificate, check, check_challenge, check_clients, check_sign_in,
    create_user, installed, is_here, replaced,
};

/// A client over HTTP/2 that takes 16 KiB and then waits, again and again. It prints how much it got, and how it ended.
const SLOW_CLIENT: &str = r#"
const [, address, authority, path] = process.argv;
const settings = { initialWindowSize: 16384 };
const client = require("http2").connect(address, { servername: authority, rejectUnauthorized: false, settings });
const stream = client.request({ ":path": path, ":authority": authority });
let count = 0;
let ending = "ended";
stream.on("data", (bytes) => {
  count += bytes.length;
  stream.pause();
  setTimeout(() => stream.resume(), bytes.length / 40);
});
stream.on("error", (error) => (ending = error.message));
stream.on("close", () => {
  console.log(`${count} ${ending}`);
  client.destroy();
});
"#;

/// An address as Envoy writes it.
fn written(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap();
    format!("{{address: {host}, port_value: {port}}}")
}

impl Places<'_> {
    pub(super) fn envoy_text(&self) -> String {
        let text = self.with_upstreams("envoy.yaml", written);
        let text = self.envoy_here(&text);
        let plain = written(&format!("127.0.0.1:{}", self.plain_port));
        let text = replaced(&text, r#"{address: "::", port_value: 80, ipv4_compat: true}"#, &plain);
        let inside = format!("{{address_prefix: {INSIDE}, prefix_len: 32}}");
        replaced(&text, "{address_prefix: 127.0.0.0, prefix_len: 8}", &inside)
    }

    /// As it is there, but that it comes from another address than whoever asks the server itself.
    fn envoy_introducing(&self) -> Command {
        let upstream = written(&self.announced("listening"));
        let text = replaced(&super::configuration("envoy-proxy-protocol.yaml"), &written("127.0.0.1:8080"), &upstream);
        let from =
            format!("      upstream_bind_config: {{source_address: {}}}\n", written(&format!("{INTRODUCING}:0")));
        let text = replaced(&text, "      load_assignment:\n", &format!("{from}      load_assignment:\n"));
        self.run_envoy(&self.envoy_here(&text))
    }

    /// With the test's certificate, on its port.
    fn envoy_here(&self, text: &str) -> String {
        let (certificate, key) = certificate(self.folder);
        let text = replaced(text, "/etc/ssl/captcha.example.org/fullchain.pem", certificate.to_str().unwrap());
        let text = replaced(&text, "/etc/ssl/captcha.example.org/privkey.pem", key.to_str().unwrap());
        let encrypted = written(&format!("127.0.0.1:{}", self.port));
        replaced(&text, r#"{address: "::", port_value: 443, ipv4_compat: true}"#, &encrypted)
    }

    pub(super) fn run_envoy(&self, text: &str) -> Command {
        let file = self.folder.join("envoy.yaml");
        fs::write(&file, text).unwrap();
        let mut envoy = Command::new(installed("envoy"));
        // Several of them run at once, on few processors.
        envoy.args(["--disable-hot-restart", "--concurrency", "1", "--config-path"]).arg(file);
        envoy
    }
}

#[test]
fn envoy_as_it_is_configured_in_deploy() {
    if is_here(&installed("envoy"), "--version") {
        check(|places| places.run_envoy(&places.envoy_text()));
    }
}

#[test]
fn envoy_says_by_the_proxy_protocol_whose_a_connection_is() {
    if !is_here(&installed("envoy"), "--version") {
        return;
    }
    let arguments = ["--proxy-protocol", "--media-per-minute", "4"];
    let proxied = Proxied::start_trusting(INTRODUCING, &arguments, |places| places.envoy_introducing());
    check_challenge(&proxied);
    check_clients(&proxied);
    // The console lets people sign in, since the proxy says that they come over TLS.
    create_user(&proxied.server);
    check_sign_in(&proxied);
}

/// Envoy counts the time of the whole reply, unless it has room for it, and then the time in which a client fetches it
/// there, even if that takes something all the time.
#[test]
fn a_slow_client_of_envoy_gets_the_whole_sound() {
    if !is_here(&installed("envoy"), "--version") {
        return;
    }
    let proxied = Proxied::start(&["--admin-listen", "127.0.0.1:0"], |places| {
        let text = replaced(&places.envoy_text(), "timeout: 15s}", "timeout: 3s}");
        places.run_envoy(&replaced(&text, "stream_idle_timeout: 30s", "stream_idle_timeout: 3s"))
    });
    let key = proxied.server.issue(proxied.server.appkey());
    let path = format!("/captcha/v1.0/keys/{key}/sound");
    let sound = proxied.server.get(&path);
    let address = format!("https://127.0.0.1:{}", proxied.port);
    let output = Command::new("node").args(["-e", SLOW_CLIENT, &address, HOST, &path]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} ended", sound.body.len()));
}
