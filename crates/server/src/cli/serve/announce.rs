//! What a start says on standard output: to people as text, to scripts as JSON.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use haechi::domain::apps::MadeApp;
use serde::Serialize;

use super::{
    super::{output, say},
    FIRST_APP, Listeners,
};

/// What a script learns from a start.
#[derive(Serialize)]
struct Announcement<'a> {
    listening: String,
    operators: Option<String>,
    appkey: Option<&'a str>,
    site_key: Option<String>,
    secret: Option<&'a str>,
    demo: Option<String>,
    /// Where the first user of the console is made, while there is none.
    first_user: Option<String>,
}

/// Says that clients may come. A start does not fail because nobody reads that.
pub(super) fn announce(
    listeners: &Listeners,
    has_demo: bool,
    first_app: Option<&MadeApp>,
    code: Option<&str>,
    json: bool,
) {
    let operators = listeners.operators.as_ref().and_then(|listener| listener.local_addr().ok());
    let console = operators.unwrap_or(listeners.address);
    let scheme = listeners.scheme();
    let operators = operators.map(|address| format!("{scheme}://{address}"));
    // Scripts take the first address that they see.
    say(&format!("listening on {scheme}://{}", listeners.address));
    if let Some(operators) = &operators {
        say(&format!("operators on {operators}"));
    }
    let announcement = Announcement {
        listening: format!("{scheme}://{}", listeners.address),
        operators,
        appkey: first_app.map(|made| made.appkey.as_str()),
        site_key: first_app.map(|made| made.app.site_key().to_string()),
        secret: first_app.map(|made| made.secret.as_str()),
        demo: has_demo.then(|| format!("{scheme}://{}/", reachable(listeners.address))),
        first_user: code.map(|code| format!("{scheme}://{}/console/first?code={code}", reachable(console))),
    };
    let printed = if json { output::print_json(&announcement) } else { output::print(&text_for_people(&announcement)) };
    if let Err(error) = printed {
        match first_app {
            Some(_) => tracing::error!(
                %error,
                "the app called {FIRST_APP} was made, but its appkey could not be printed: run haechi app rotate \
                 {FIRST_APP}"
            ),
            None => tracing::warn!(%error, "nothing could be printed"),
        }
    }
}

fn text_for_people(announcement: &Announcement<'_>) -> String {
    let mut text = String::new();
    if let Some(appkey) = announcement.appkey {
        text += &format!("made an app called {FIRST_APP}; its appkey, which is shown only this once, is\n{appkey}\n");
    }
    match &announcement.demo {
        Some(demo) => text += &format!("open {demo} to try it\n"),
        None => text += &format!("serving {}, without the demo page\n", announcement.listening),
    }
    if let Some(first_user) = &announcement.first_user {
        text += &format!("make the first user of the console, once and within an hour, at\n{first_user}\n");
    }
    if let (Some(site_key), Some(secret)) = (&announcement.site_key, announcement.secret) {
        text += &format!(
            "the site key of {FIRST_APP} is\n{site_key}\nand its secret, which is shown only this once too, is\n{secret}\n"
        );
    }
    text
}

/// An address that a browser on this machine can open.
pub(in crate::cli) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}
