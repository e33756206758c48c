//! The configuration file. It is read setting by setting, so that everything that is wrong with it is found at once,
//! each with its line.

use std::{fmt, ops::Range};

use serde::{Deserialize, de::DeserializeOwned};
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

use super::Options;
use crate::domain::apps::{
    AppKey, AppKeyHash, AppName, AppSecret, AppSecretHash, AppSettings, DeclaredApp, Setting, SettingChanges, SiteKey,
    check_declared,
};

/// What a configuration file says.
#[derive(Debug, Clone, Default)]
pub struct ConfigFile {
    /// The options.
    pub options: Options,
    /// The apps that it declares.
    pub apps: Vec<DeclaredApp>,
}

/// Something that is wrong with a configuration file.
///
/// It shows no line of the file, since one may hold an appkey.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl ConfigFile {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader { text, problems: Vec::new() };
        let file = reader.file();
        reader.problems.sort();
        if reader.problems.is_empty() { Ok(file) } else { Err(reader.problems) }
    }
}

type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// What tells an app from the others; all else is its settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Identity {
    name: Option<AppName>,
    appkey: Option<DeclaredAppKey>,
    appkey_sha256: Option<AppKeyHash>,
    site_key: Option<SiteKey>,
    secret: Option<DeclaredSecret>,
    secret_sha256: Option<AppSecretHash>,
    enabled: Option<bool>,
}

const IDENTITY: [&str; 7] = ["name", "appkey", "appkey_sha256", "site_key", "secret", "secret_sha256", "enabled"];

/// An appkey, of which an error does not say what was wrong with it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct DeclaredAppKey(AppKey);

impl TryFrom<String> for DeclaredAppKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        AppKey::parse(&text).map(Self).ok_or("an appkey is 64 hexadecimal digits")
    }
}

/// A secret, of which an error does not say what was wrong with it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct DeclaredSecret(AppSecret);

impl TryFrom<String> for DeclaredSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        AppSecret::parse(&text).map(Self).ok_or("a secret is 0x and 40 hexadecimal digits")
    }
}

struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn file(&mut self) -> ConfigFile {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            self.report(error.span(), error.message());
        }
        let mut file = ConfigFile::default();
        if !errors.is_empty() {
            return file; // what was made of a broken text is not worth a complaint of its own
        }
        for (key, value) in table.into_inner() {
            if key.get_ref() == "apps" {
                file.apps = self.apps(value);
            } else if let Some(options) = self.setting::<Options>(key, value) {
                file.options = file.options.or(options);
            }
        }
        file
    }

    fn apps(&mut self, value: Value<'a>) -> Vec<DeclaredApp> {
        let span = value.span();
        let DeValue::Array(items) = value.into_inner() else {
            self.report(Some(span), "apps are tables: begin each with [[apps]]");
            return Vec::new();
        };
        let mut spans = Vec::new();
        let mut apps = Vec::new();
        for item in items {
            let span = item.span();
            if let Some(app) = self.app(item) {
                spans.push(span);
                apps.push(app);
            }
        }
        for (index, error) in check_declared(&apps) {
            self.report(Some(spans[index].clone()), &error.to_string());
        }
        apps
    }

    fn app(&mut self, item: Value<'a>) -> Option<DeclaredApp> {
        let span = item.span();
        let DeValue::Table(table) = item.into_inner() else {
            self.report(Some(span), "an app is a table: begin it with [[apps]]");
            return None;
        };
        let problems_before = self.problems.len();
        let mut identity = Identity::default();
        let mut settings = AppSettings::default();
        for (key, value) in table {
            if IDENTITY.contains(&key.get_ref().as_ref()) {
                let read: Identity = self.setting(key, value).unwrap_or_default();
                identity = identity.or(read);
            } else {
                self.change(&mut settings, key, value);
            }
        }
        if self.problems.len() > problems_before {
            return None; // what follows would repeat what was said
        }
        match identity.declare(settings) {
            Ok(app) => Some(app),
            Err(message) => {
                self.report(Some(span), message);
                None
            }
        }
    }

    fn change(&mut self, settings: &mut AppSettings, key: Key<'a>, value: Value<'a>) {
        let span = key.span();
        let Some(change) = self.setting::<SettingChanges>(key, value) else { return };
        match change.applied_to(settings) {
            Ok(changed) => *settings = changed,
            Err(error) => self.report(Some(span), &error.to_string()),
        }
    }

    /// Reads one setting of what may have many.
    fn setting<Settings: DeserializeOwned>(&mut self, key: Key<'a>, value: Value<'a>) -> Option<Settings> {
        let (name, span) = (key.get_ref().to_string(), key.span());
        let table = Spanned::new(span.clone(), DeTable::from_iter([(key, value)]));
        let read = Settings::deserialize(Deserializer::from(table));
        read.map_err(|error| {
            let message = error.message();
            let message = if message.starts_with("unknown field") {
                format!("there is no setting called {name:?} here")
            } else if let Some(range) =
                Setting::named(&name).and_then(Setting::range).filter(|_| message.starts_with("invalid value: integer"))
            {
                format!("{name} is {range}, not {}", message.split('`').nth(1).unwrap_or("that"))
            } else {
                format!("{name}: {message}")
            };
            self.report(error.span().or(Some(span)), &message);
        })
        .ok()
    }

    fn report(&mut self, span: Option<Range<usize>>, message: &str) {
        let start = span.map_or(0, |span| span.start.min(self.text.len()));
        let line = 1 + self.text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count();
        let message = message.lines().collect::<Vec<_>>().join(" ");
        self.problems.push(Problem { line, message });
    }
}

impl Identity {
    fn or(self, others: Self) -> Self {
        Self {
            name: self.name.or(others.name),
            appkey: self.appkey.or(others.appkey),
            appkey_sha256: self.appkey_sha256.or(others.appkey_sha256),
            site_key: self.site_key.or(others.site_key),
            secret: self.secret.or(others.secret),
            secret_sha256: self.secret_sha256.or(others.secret_sha256),
            enabled: self.enabled.or(others.enabled),
        }
    }

    fn declare(self, settings: AppSettings) -> Result<DeclaredApp, &'static str> {
        let appkey_sha256 = match (self.appkey, self.appkey_sha256) {
            (Some(appkey), None) => appkey.0.hash(),
            (None, Some(hash)) => hash,
            _ => return Err("an app has either an appkey or an appkey_sha256"),
        };
        let secret_sha256 = match (self.secret, self.secret_sha256) {
            (Some(_), Some(_)) => return Err("an app has either a secret or a secret_sha256"),
            (secret, hash) => hash.or_else(|| secret.map(|secret| secret.0.hash())),
        };
        let name = self.name.ok_or("an app has a name")?;
        let enabled = self.enabled.unwrap_or(true);
        Ok(DeclaredApp { name, appkey_sha256, site_key: self.site_key, secret_sha256, enabled, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::{LogFormat, LogLevel};

    const APPKEY: &str = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";

    fn check(text: &str, expected: &[&str]) {
        let problems = ConfigFile::parse(text).err().unwrap_or_default();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{text}");
    }

    #[test]
    fn settings_have_the_names_of_the_flags() {
        let file = ConfigFile::parse(
            "listen = '0.0.0.0:80'\nadmin_listen = '[::1]:9000'\ndata = '/var/lib/haechi'\nledger = 'memory:'\n\
             max_spent_keys = 5\nsecret_file = 'a'\nprevious_secret_file = 'b'\nnode = 16383\ndemo = true\n\
             log = 'debug'\nlog_format = 'json'\nstatistics_days = 30\n",
        );
        let options = file.unwrap().options;
        assert_eq!(options.listen.unwrap().to_string(), "0.0.0.0:80");
        assert_eq!((options.node.unwrap().number(), options.demo), (16383, Some(true)));
        assert_eq!(options.statistics_days, Some(30));
        assert_eq!((options.log, options.log_format), (Some(LogLevel::Debug), Some(LogFormat::Json)));
    }

    #[test]
    fn everything_wrong_is_found_with_its_line() {
        check("", &[]);
        check(
            "lisen = 'x'\nlisten = 'x'\n\nnode = 16384\nno_demo = true\nstatistics_days = 0\n",
            &[
                "1: there is no setting called \"lisen\" here",
                "2: listen: an IP address and a port, such as 127.0.0.1:8080, or unix: and the whole path of a socket",
                "4: node: a node is a number from 0 to 16383",
                "5: there is no setting called \"no_demo\" here",
                "6: statistics_days: statistics are kept for 1 to 366 days",
            ],
        );
        check(
            "ledger = 'redis://u:pa55@h:x'",
            &[
                "1: ledger: the ledger's URL cannot be used: it names no host, or a port that is none: redis://HOST:PORT",
            ],
        );
        check("apps = 3", &["1: apps are tables: begin each with [[apps]]"]);
        check("[server]\nlisten = 'x'", &["1: there is no setting called \"server\" here"]);
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_line() {
        let problems = ConfigFile::parse("data = 'x'\nlisten = \n").unwrap_err();
        assert_eq!(problems[0].line, 2, "{problems:?}");
    }

    #[test]
    fn apps_are_declared_with_either_key_and_any_setting() {
        let file = ConfigFile::parse(&format!(
            "[[apps]]\nname = '가게'\nappkey = '{APPKEY}'\nttl_secs = 60\ntest = true\n\
             [[apps]]\nname = 'b'\nappkey_sha256 = '{}'\nenabled = false\n",
            "ab".repeat(32)
        ));
        let apps = file.unwrap().apps;
        assert_eq!((apps[0].name.as_str(), apps[0].settings.ttl_secs, apps[0].settings.test), ("가게", 60, true));
        assert_eq!(apps[0].appkey_sha256, AppKey::parse(APPKEY).unwrap().hash());
        assert!(apps[0].enabled && !apps[1].enabled);
    }

    #[test]
    fn wrong_apps_are_refused_with_their_line_and_without_their_appkey() {
        let app = format!("[[apps]]\nname = 'a'\nappkey = '{APPKEY}'\n");
        check(&app, &[]);
        check(
            &format!("{app}attempt = 3\nttl_secs = 29\n"),
            &["4: there is no setting called \"attempt\" here", "5: ttl_secs is 30 to 3600, not 29"],
        );
        check(&format!("{app}attempts = 300\n"), &["4: attempts is 1 to 10, not 300"]);
        check(&format!("{app}width = -1\n"), &["4: width is 120 to 480, not -1"]);
        check(&format!("{app}difficulty = 0\n"), &["4: difficulty is 1 to 5, not 0"]);
        check(&format!("{app}difficulty = 6\n"), &["4: difficulty is 1 to 5, not 6"]);
        check("[[apps]]\nname = 'a'\n", &["1: an app has either an appkey or an appkey_sha256"]);
        check(&app.replace("name = 'a'\n", ""), &["1: an app has a name"]);
        check(
            &app.replace("'a'", "'a/b'"),
            &[
                "2: name: an app's name is 1 to 64 letters, digits, spaces, '-', '_' or '.', with no space at either end",
            ],
        );
        check(&app.replace("2b84", "2b8x"), &["3: appkey: an appkey is 64 hexadecimal digits"]);
        check(&app.replace("2b84", "2b84\"\\"), &["3: appkey: an appkey is 64 hexadecimal digits"]);
        check(&format!("{app}{app}"), &["4: two apps are called \"a\""]);
        check(&format!("{app}{}", app.replace("'a'", "'b'")), &["4: the apps \"a\" and \"b\" have the same appkey"]);
    }

    #[test]
    fn an_app_may_have_a_site_key_and_a_secret() {
        let app = format!("[[apps]]\nname = 'a'\nappkey = '{APPKEY}'\n");
        let (site_key, secret) = ("0F8FAD5B-d9cb-469f-a165-70867728950e", format!("0x{}", "Ab".repeat(20)));
        let declared = |more: &str| ConfigFile::parse(&format!("{app}{more}")).unwrap().apps.remove(0);
        let full = declared(&format!("site_key = '{site_key}'\nsecret = '{secret}'\n"));
        assert_eq!(full.site_key().to_string(), site_key.to_lowercase());
        let hash = AppSecret::parse(&secret).unwrap().hash();
        assert_eq!(full.secret_sha256, Some(hash));
        assert_eq!(declared(&format!("secret_sha256 = '{}'\n", String::from(hash))).secret_sha256, Some(hash));
        assert_eq!(declared("").secret_sha256, None);
        assert_eq!(declared("").site_key(), SiteKey::of(&AppKey::parse(APPKEY).unwrap().hash()));

        let both = format!("{app}secret = '{secret}'\nsecret_sha256 = '{}'\n", "ab".repeat(32));
        check(&both, &["1: an app has either a secret or a secret_sha256"]);
        check(&format!("{app}secret = '{secret}0'\n"), &["4: secret: a secret is 0x and 40 hexadecimal digits"]);
        check(
            &format!("{app}site_key = 'a'\n"),
            &["4: site_key: a site key is a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e"],
        );
        let other = app.replace("'a'", "'b'").replace("2b84", "2b85");
        let named = format!("site_key = '{site_key}'\n");
        check(&format!("{app}{named}{other}{named}"), &["5: the apps \"a\" and \"b\" have the same site_key"]);
        let keyed = format!("secret = '{secret}'\n");
        check(&format!("{app}{keyed}{other}{keyed}"), &["5: the apps \"a\" and \"b\" have the same secret"]);
    }
}
