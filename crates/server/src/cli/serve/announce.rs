//! What a start says: on standard output to people as text, to scripts as JSON; on standard error what is no secret.
//!
//! Standard output of a service is kept and passed on like its log. So what is secret is printed only where a person
//! reads it, or where somebody asks for it; elsewhere stands which command gives it.

use std::{
    io::{self, IsTerminal},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use anyhow::Result;
use haechi::{
    domain::apps::MadeApp,
    http::{listener::Address, public_path::PublicPath},
    installation::config::{Config, Options},
    logging::{self, LogFormat},
};
use serde::Serialize;
use tracing::Level;

use super::{super::output, FIRST_APP, Listeners};

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

/// What is known of the console's users.
pub(super) enum FirstUser {
    IsThere,
    /// Nobody can sign in, and no code was made.
    IsMissing,
    /// Nobody can sign in; with this code somebody becomes the first.
    MadeWith(String),
}

/// What a start says, and how.
pub(super) struct Announcer {
    /// Whether it was asked for as JSON.
    json: bool,
    /// What a command takes to reach this server, with a space before it.
    place: String,
}

impl Announcer {
    pub(super) fn new(json: bool, options: &Options) -> Self {
        let flag = |name: &str, path: &Path| format!(" --{name} {}", for_a_shell(&path.to_string_lossy()));
        let config = options.config.as_deref().map(|path| flag("config", path)).unwrap_or_default();
        let data = options.data.as_deref().map(|path| flag("data", path)).unwrap_or_default();
        Self { json, place: config + &data }
    }

    /// Whether what is secret is printed.
    pub(super) fn shows_secrets(&self, config: &Config) -> bool {
        let is_for_people = || config.logging.format == LogFormat::Human && io::stdout().is_terminal();
        config.print_secrets.unwrap_or_else(is_for_people)
    }

    /// Says that clients may come. A start does not fail because nobody reads that.
    pub(super) fn announce(
        &self,
        listeners: &Listeners,
        config: &Config,
        first_app: Option<&MadeApp>,
        first_user: &FirstUser,
    ) -> Result<()> {
        let shows_secrets = self.shows_secrets(config);
        let announcement = announcement(listeners, config, first_app.filter(|_| shows_secrets), first_user)?;
        // Scripts take the first address that they see.
        say(&format!("listening on {}", announcement.listening));
        if let Some(operators) = &announcement.operators {
            say(&format!("operators on {operators}"));
        }
        if !shows_secrets {
            self.say_how_to_get_them(first_app.is_some(), first_user);
        }
        let printed = if self.json || (config.logging.format == LogFormat::Json && shows_secrets) {
            output::print_json(&announcement)
        } else if config.logging.format == LogFormat::Json {
            // It would be a line that is no object among those that are.
            Ok(())
        } else {
            output::print(&text_for_people(&announcement))
        };
        if let Err(error) = printed {
            self.say_what_is_lost(&error, announcement.appkey.is_some());
        }
        Ok(())
    }

    /// Says, without what is secret, which commands print it.
    fn say_how_to_get_them(&self, has_made_app: bool, first_user: &FirstUser) {
        let place = &self.place;
        if has_made_app {
            say(&format!(
                "made an app called {FIRST_APP}. Its appkey and its secret are kept out of the log; to get others, run: \
                 haechi app rotate {FIRST_APP}{place}; haechi app secret rotate {FIRST_APP}{place} (in a container: \
                 docker exec CONTAINER haechi app rotate {FIRST_APP}{place})"
            ));
        }
        if matches!(first_user, FirstUser::IsMissing) {
            say(&format!(
                "the console has no user yet. To make one, run: haechi admin create NAME{place} (in a container: docker \
                 exec -it CONTAINER haechi admin create NAME{place})"
            ));
        }
    }

    fn say_what_is_lost(&self, error: &anyhow::Error, had_appkey: bool) {
        let place = &self.place;
        if had_appkey {
            tracing::error!(
                %error,
                "the app called {FIRST_APP} was made, but its appkey could not be printed: run haechi app rotate \
                 {FIRST_APP}{place}"
            );
        } else {
            tracing::warn!(%error, "nothing could be printed");
        }
    }
}

fn say(line: &str) {
    logging::say(Level::INFO, line);
}

fn announcement<'a>(
    listeners: &Listeners,
    config: &Config,
    shown_app: Option<&'a MadeApp>,
    first_user: &FirstUser,
) -> Result<Announcement<'a>> {
    let (public, operators) = (listeners.public_address()?, listeners.operators_address()?);
    let scheme = listeners.scheme();
    let listening = |address: &Address| match address {
        Address::Network(address) => format!("{scheme}://{address}"),
        Address::Socket(_) => address.to_string(),
    };
    let public_path = config.listening.public_path.as_ref();
    let left_on = public_path.filter(|path| path.may_be_left_on()).map_or("", PublicPath::as_str);
    let opened = |address: &Address| match address {
        Address::Network(address) => format!("{scheme}://{}{left_on}", reachable(*address)),
        // Only a proxy reaches a socket, and nobody told us its name.
        Address::Socket(_) => {
            format!("https://captcha.example.org{}", public_path.map_or("", PublicPath::as_str))
        }
    };
    let console = opened(operators.as_ref().unwrap_or(&public));
    Ok(Announcement {
        listening: listening(&public),
        operators: operators.as_ref().map(listening),
        appkey: shown_app.map(|made| made.appkey.as_str()),
        site_key: shown_app.map(|made| made.app.site_key().to_string()),
        secret: shown_app.map(|made| made.secret.as_str()),
        demo: config.listening.demo.then(|| format!("{}/", opened(&public))),
        first_user: match first_user {
            FirstUser::MadeWith(code) => Some(format!("{console}/console/first?code={code}")),
            FirstUser::IsThere | FirstUser::IsMissing => None,
        },
    })
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

/// A word as a shell takes it for one.
fn for_a_shell(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+:@,".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
