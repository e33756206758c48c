//! Chromium, driven by chromedriver.

use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fantoccini::{
    Client, ClientBuilder,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use crate::program::Program;

/// Longest wait for something that a page is to do.
const DEADLINE: Duration = Duration::from_secs(15);
const IF_MISSING: &str = "The browser tests need Chromium and its driver: `apt-get install chromium chromium-driver`.";

/// A browser window with no history. It is closed when dropped.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver_url: String,
    _driver: Program,
    _profile: TempDir,
}

/// How a browser differs from a fresh one.
#[derive(Default)]
pub(crate) struct Setting {
    /// Whether pages may not run scripts.
    pub(crate) without_scripts: bool,
    /// What the person prefers to read, as in `Accept-Language`.
    pub(crate) languages: &'static str,
}

impl Browser {
    /// A desktop browser of a person who reads English.
    pub(crate) async fn start() -> Self {
        Self::with(Setting::default()).await
    }

    pub(crate) async fn with(setting: Setting) -> Self {
        assert!(chromium().exists(), "{} is missing. {IF_MISSING}", chromium().display());
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let (driver, port) = Program::start(command, "started successfully on port ", IF_MISSING);
        let driver_url = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        let profile = tempfile::tempdir().unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile, &setting))
            .connect(&driver_url)
            .await
            .unwrap_or_else(|error| panic!("Chromium did not start: {error}. {IF_MISSING}"));
        Self { client, driver_url, _driver: driver, _profile: profile }
    }

    /// The value of a JavaScript expression in the page.
    pub(crate) async fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return {expression}");
        self.client.execute(&script, vec![]).await.unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// Waits until a JavaScript expression is true in the page.
    pub(crate) async fn until(&self, expression: &str) {
        let start = Instant::now();
        // While a page is being replaced there is nothing to evaluate in.
        while !self.client.execute(&format!("return {expression}"), vec![]).await.is_ok_and(|value| value == true) {
            assert!(start.elapsed() < DEADLINE, "within {DEADLINE:?} it did not become true: {expression}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A command of the Chrome DevTools Protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.issue("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// What has been logged since the last call: `browser` is the console, `performance` the events of DevTools.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let entries = self.issue("se/log", json!({ "type": kind })).await;
        entries.as_array().expect("a log is a list").clone()
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(DriverCommand { path, body }).await.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Gives pages a screen of this size, a phone's if it is narrow.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// What the page looks like from top to bottom, as PNG.
    pub(crate) async fn whole_page(&self) -> Vec<u8> {
        let size = "[document.documentElement.clientWidth, document.documentElement.scrollHeight].join()";
        let size = self.evaluate(size).await;
        let (width, height) = size.as_str().and_then(|size| size.split_once(',')).expect("two numbers");
        let (width, height): (u32, u32) = (width.parse().unwrap(), height.parse().unwrap());
        let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
        let told = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", told).await;
        BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture")).expect("in Base64")
    }

    /// Saves what the whole page looks like.
    pub(crate) async fn screenshot(&self, name: &str) {
        let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("screenshots");
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(name).with_extension("png"), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Checks that no page has complained (which a violation of its policy also is) or asked another site for anything.
    pub(crate) async fn assert_quiet(&self, site_url: &str) {
        let complaints = self.log("browser").await;
        assert!(complaints.is_empty(), "the console says {complaints:#?}");
        let requested: Vec<String> = self.log("performance").await.iter().filter_map(requested_url).collect();
        assert!(!requested.is_empty(), "the browser has asked for nothing at all");
        let elsewhere: Vec<_> = requested.iter().filter(|url| !is_local(url, site_url)).collect();
        assert!(elsewhere.is_empty(), "other sites were asked: {elsewhere:?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Killing the driver would leave the browser behind; this ends both, also when a test has panicked.
        let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build();
        let _ = ureq::Agent::new_with_config(agent).get(format!("{}/shutdown", self.driver_url)).call();
    }
}

fn chromium() -> PathBuf {
    PathBuf::from("/usr/bin/chromium")
}

fn capabilities(profile: &TempDir, setting: &Setting) -> Capabilities {
    let mut arguments: Vec<String> = [
        "--headless=new",
        "--no-sandbox", // Chromium's sandbox refuses to be root's
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--mute-audio",
        "--hide-scrollbars",
        "--window-size=1000,900",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    let languages = if setting.languages.is_empty() { "en-US,en" } else { setting.languages };
    let scripts = if setting.without_scripts { 2 } else { 1 };
    let capabilities = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        "goog:chromeOptions": {
            "binary": chromium(),
            "args": arguments,
            "prefs": {
                "intl.accept_languages": languages,
                "intl.selected_languages": languages,
                "profile.managed_default_content_settings.javascript": scripts,
            },
        },
    });
    capabilities.as_object().expect("written as an object").clone()
}

/// The address of an event that is a request.
fn requested_url(entry: &Value) -> Option<String> {
    let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
    let message = &event["message"];
    let is_request = message["method"] == "Network.requestWillBeSent";
    is_request.then(|| message["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
}

/// Whether an address is the site's, or one that no request leaves the browser for.
fn is_local(url: &str, site_url: &str) -> bool {
    let is_inner =
        ["data:", "blob:", "about:", "chrome:", "chrome-untrusted:"].iter().any(|scheme| url.starts_with(scheme));
    is_inner || url.strip_prefix(site_url).is_some_and(|path| path.starts_with('/'))
}

/// A command of chromedriver that WebDriver has not.
#[derive(Debug)]
struct DriverCommand {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for DriverCommand {
    fn endpoint(&self, driver: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        driver.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
