//! Chromium on one processor, with a page that does what it is told.

use std::{
    convert::Infallible,
    net::Ipv4Addr,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc as blocking},
    thread,
    time::Duration,
};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    runtime,
    sync::{Mutex, mpsc},
};

use super::{Place, throttle::Throttle};

const PROGRAM: &str = "/usr/bin/chromium";
/// The longest that anything may take it.
const PATIENCE: Duration = Duration::from_secs(600);
/// A host that is not this machine's own name, so that its pages are no secure place.
const PLAIN_HOST: &str = "plain.example";

const PAGE: &str = include_str!("../page.html");

pub(super) struct Chromium {
    process: Child,
    version: String,
    tasks: mpsc::UnboundedSender<String>,
    done: blocking::Receiver<String>,
    _profile: TempDir,
}

impl Chromium {
    /// What is missing of what it needs.
    pub(super) fn missing() -> Option<String> {
        let is_here = Path::new(PROGRAM).exists();
        (!is_here).then(|| format!("there is no {PROGRAM}; Debian's package chromium has it"))
    }

    pub(super) fn start(place: Place, solver: &str, throttle: &Throttle) -> anyhow::Result<Self> {
        let (tasks, next) = mpsc::unbounded_channel();
        let (told, done) = blocking::channel();
        let site = Site { solver: solver.to_owned(), next: Mutex::new(next), told: std::sync::Mutex::new(told) };
        let port = site.serve()?;
        let host = match place {
            Place::Secure => "localhost",
            Place::Plain => PLAIN_HOST,
        };
        let profile = TempDir::new()?;
        let version = Command::new(PROGRAM).arg("--version").output()?;
        let process = Command::new("sh")
            .args(["-c", r#"echo $$ > "$0" && exec taskset -c "$@""#])
            .arg(throttle.processes())
            .args([&last_processor()?.to_string(), PROGRAM])
            .args(["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Chromium's sandbox refuses to be root's, and its zygote would leave the group.
            .args(["--no-sandbox", "--no-zygote"])
            .arg(format!("--host-resolver-rules=MAP {PLAIN_HOST} 127.0.0.1"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("http://{host}:{port}/"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("Chromium could not be started")?;
        let version = String::from_utf8(version.stdout)?.trim().to_owned();
        Ok(Self { process, version, tasks, done, _profile: profile })
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// All its processes.
    fn group(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Has the page do something, and returns what it said.
    pub(super) fn ask(&self, task: &Value) -> anyhow::Result<Value> {
        self.tasks.send(task.to_string()).context("the site is gone")?;
        let said = self.done.recv_timeout(PATIENCE).context("Chromium says nothing")?;
        Ok(serde_json::from_str(&said)?)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The measurement is over either way; what is left to do is not to leave it behind.
        let _ = kill_process_group(self.group(), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// The one that is least likely to be somebody else's.
fn last_processor() -> anyhow::Result<usize> {
    Ok(thread::available_parallelism()?.get() - 1)
}

/// What the page is served, and who tells it what to do.
struct Site {
    solver: String,
    next: Mutex<mpsc::UnboundedReceiver<String>>,
    told: std::sync::Mutex<blocking::Sender<String>>,
}

impl Site {
    /// Serves on a thread of its own, and returns its port.
    fn serve(self) -> anyhow::Result<u16> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || runtime.block_on(Arc::new(self).accept(&listener)));
        Ok(port)
    }

    async fn accept(self: Arc<Self>, listener: &TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let site = Arc::clone(&self);
            tokio::spawn(async move {
                let answer = service_fn(|request| {
                    let site = Arc::clone(&site);
                    async move { Ok::<_, Infallible>(site.answer(request).await.unwrap_or_else(|error| failed(&error))) }
                });
                // Whoever waits for the page hears of it if it gives up.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> anyhow::Result<Response<Full<Bytes>>> {
        let (media_type, text) = match request.uri().path() {
            "/" => ("text/html", PAGE.to_owned()),
            "/work.js" => ("text/javascript", self.solver.clone()),
            "/next" => {
                let said = request.into_body().collect().await?.to_bytes();
                if !said.is_empty() {
                    let told = self.told.lock().expect("nobody panics with it");
                    told.send(String::from_utf8(said.into())?)?;
                }
                ("application/json", self.next.lock().await.recv().await.context("there is no more to do")?)
            }
            _ => bail!("there is no such page"),
        };
        Ok(Response::builder().header(CONTENT_TYPE, media_type).body(text.into())?)
    }
}

fn failed(error: &anyhow::Error) -> Response<Full<Bytes>> {
    let mut response = Response::new(error.to_string().into());
    *response.status_mut() = hyper::StatusCode::NOT_FOUND;
    response
}
