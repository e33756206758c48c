//! Traefik, with the two files that it reads.

use std::{fs, path::Path, process::Command};

use super::{
    INSIDE, Places, Proxied, certificate, check, check_challenge, check_clients, check_sign_in, configuration,
    create_user, installed, is_here, replaced,
};

impl Places<'_> {
    pub(super) fn traefik_text(&self) -> String {
        let (certificate, key) = certificate(self.folder);
        let text = self.with_upstreams("traefik-haechi.yml", |address| format!("url: http://{address}"));
        let text = replaced(&text, "/etc/ssl/captcha.example.org/fullchain.pem", certificate.to_str().unwrap());
        let text = replaced(&text, "/etc/ssl/captcha.example.org/privkey.pem", key.to_str().unwrap());
        replaced(&text, "127.0.0.0/8", INSIDE)
    }

    fn traefik_introducing(&self) -> Command {
        self.run_traefik(&self.with_public_upstream("traefik-proxy-protocol.yml"))
    }

    /// Traefik, which sends requests where this text says.
    pub(super) fn run_traefik(&self, text: &str) -> Command {
        let routes = self.folder.join("traefik-haechi.yml");
        fs::write(&routes, text).unwrap();
        let text = replaced(&configuration("traefik.yml"), "/etc/traefik/traefik-haechi.yml", routes.to_str().unwrap());
        let text = replaced(&text, "\":80\"", &format!("127.0.0.1:{}", self.plain_port));
        let text = replaced(&text, "\":443\"", &format!("127.0.0.1:{}", self.port));
        let file = self.folder.join("traefik.yml");
        fs::write(&file, text).unwrap();
        let mut traefik = Command::new(installed("traefik"));
        traefik.arg("--configFile").arg(file);
        traefik
    }
}

#[test]
fn traefik_as_it_is_configured_in_deploy() {
    if is_here(&installed("traefik"), "version") {
        check(|places| places.run_traefik(&places.traefik_text()));
    }
}

#[test]
fn traefik_says_by_the_proxy_protocol_whose_a_connection_is() {
    if !is_here(&installed("traefik"), "version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let tls = |path: &Path| path.to_str().unwrap().to_owned();
    let (certificate, key) = (tls(&certificate), tls(&key));
    let arguments =
        ["--proxy-protocol", "--media-per-minute", "4", "--tls-certificate", &certificate, "--tls-key", &key];
    let proxied = Proxied::start_in(folder, "127.0.0.1", &arguments, |places| places.traefik_introducing());
    // It listens before it has read where to send anybody.
    proxied.wait_until_served();
    check_challenge(&proxied);
    check_clients(&proxied);
    // TLS is the server's own, and so is HTTP/2.
    let healthy = proxied.fetch("/healthz", &["--http2"]);
    assert!(healthy.head.starts_with("HTTP/2 200"), "{}", healthy.head);
    create_user(&proxied.server);
    check_sign_in(&proxied);
}
