//! What one client does to be in everybody's way.

use std::{
    future::pending,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use haechi_captcha::Key;
use http_body_util::Empty;
use hyper::{Request, StatusCode, body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::setpriority_process;
use rustls::ClientConfig;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    runtime,
    sync::{Mutex, oneshot},
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, sleep},
};
use tokio_rustls::TlsConnector;

use crate::bench::{
    CALLS, keys, processors,
    server::{Server, Setup},
    work::Works,
};

/// Where it is.
const SOURCE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Connections that it opens a second at the most, and requests that it begins on them, unless it waits for their replies.
const BEGUN_A_SECOND: u32 = 200;
/// How long it may take to have all that it wants.
const BUILD_UP: Duration = Duration::from_secs(15);
/// Requests that it has under way on each connection of those where it takes the replies.
const UNDER_WAY: usize = 2;
/// How long a query is, which is about the longest that the server reads.
const QUERY_BYTES: usize = 7800;
/// Streams of an HTTP/2 connection.
const STREAMS: usize = 32;
/// The niceness of its thread, by which it gives way where it shares a processor.
const NICENESS: i32 = 10;
/// What the system may hold of a reply that a slow reader does not take.
const RECEIVE_BUFFER_BYTES: u32 = 4096;
/// What a slow reader takes in a second.
const TRICKLE_BYTES: usize = 1024;

/// A way to be in everybody's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Flood {
    /// Pictures of keys that nobody issued, each of which gets a notice that says so.
    Notices,
    /// Queries of very many empty parameters.
    Queries,
    /// Pictures and sounds over HTTP/2 that are asked for and never taken.
    ShutWindows,
    /// Sounds over HTTP/1.1 that are taken by the drop.
    SlowReaders,
    /// Half requests, and connections that idle, in all places that the server has.
    Places,
    /// Sounds over HTTP/1.1 that are taken at once, more than can be spoken.
    Sounds,
    /// Solutions of work whose counter is right, so that each has to be derived to be seen as false.
    Solutions,
}

impl Flood {
    pub(super) const ALL: [Self; 7] = [
        Self::Notices,
        Self::Queries,
        Self::ShutWindows,
        Self::SlowReaders,
        Self::Places,
        Self::Sounds,
        Self::Solutions,
    ];

    /// What the server has that it is to meet.
    pub(super) fn setup(self) -> Setup {
        match self {
            Self::ShutWindows => Setup { has_tls: true, ..Setup::default() },
            Self::Places => Setup { descriptors: Some(700), ..Setup::default() },
            Self::Notices | Self::Queries | Self::SlowReaders | Self::Sounds | Self::Solutions => Setup::default(),
        }
    }

    fn connections(self) -> usize {
        match self {
            Self::Notices | Self::Queries | Self::Sounds | Self::Solutions => 60,
            Self::ShutWindows => 36,
            Self::SlowReaders => 900,
            // There are 600 places.
            Self::Places => 640,
        }
    }

    /// Replies after which it stands. Not all streams of HTTP/2 need have theirs, since there may not be room for all.
    fn replies(self) -> u64 {
        match self {
            Self::ShutWindows => (self.connections() * STREAMS / 2) as u64,
            Self::SlowReaders => self.connections() as u64 / 2,
            Self::Notices | Self::Queries | Self::Places | Self::Sounds | Self::Solutions => 1,
        }
    }
}

/// A flood that is under way.
pub(super) struct Flooding {
    source: Arc<Source>,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<anyhow::Result<()>>,
}

impl Flooding {
    /// Begins, and returns when it has all that it wants, or could not have that for long enough.
    pub(super) fn start(flood: Flood, server: &Server, processors: &[usize]) -> anyhow::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let mut turns = {
            let _timer = runtime.enter();
            interval(Duration::from_secs(1) / BEGUN_A_SECOND)
        };
        // What was not begun for a while is not made up for.
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let source = Arc::new(Source::of(flood, server, turns)?);
        let (stop, stopped) = oneshot::channel();
        let (at_work, processors) = (Arc::clone(&source), processors.to_vec());
        let thread = thread::spawn(move || {
            processors::keep_to(&processors)?;
            setpriority_process(None, NICENESS)?;
            runtime.block_on(async {
                tokio::select! {
                    ended = at_work.flood() => ended,
                    _ = stopped => Ok(()),
                }
            })
        });
        let start = Instant::now();
        while !source.stands() && start.elapsed() < BUILD_UP && !thread.is_finished() {
            thread::sleep(Duration::from_millis(50));
        }
        // Those that came last have asked, too.
        thread::sleep(Duration::from_secs(1));
        Ok(Self { source, stop, thread })
    }

    /// Replies that it was given so far, or that it has begun to leave untaken.
    pub(super) fn answered(&self) -> u64 {
        self.source.answered.load(Ordering::Relaxed)
    }

    /// Connections that it has now.
    pub(super) fn connections(&self) -> usize {
        self.source.open.load(Ordering::Relaxed)
    }

    pub(super) fn stop(self) -> anyhow::Result<()> {
        // If nobody listens any more, the thread has ended, and says why.
        let _ = self.stop.send(());
        self.thread.join().expect("a flood does not panic")
    }
}

/// The client that floods.
struct Source {
    flood: Flood,
    address: SocketAddr,
    tls: Option<TlsConnector>,
    keys: Vec<Key>,
    /// The path of a false solution for each connection, if it sends them.
    solutions: Vec<String>,
    /// When the next connection or request may begin.
    turns: Mutex<Interval>,
    opened: AtomicUsize,
    open: AtomicUsize,
    answered: AtomicU64,
}

impl Source {
    fn of(flood: Flood, server: &Server, turns: Interval) -> anyhow::Result<Self> {
        let solutions = match flood {
            Flood::Solutions => {
                let works = Works::of(server)?;
                (0..flood.connections() as u32).map(|number| works.guessed(number)).collect::<anyhow::Result<_>>()?
            }
            _ => Vec::new(),
        };
        Ok(Self {
            flood,
            address: server.address(),
            tls: server.tls().map(over_http2),
            keys: keys(server, 256)?,
            solutions,
            turns: Mutex::new(turns),
            opened: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            answered: AtomicU64::new(0),
        })
    }

    /// Goes on for ever, or until it cannot.
    async fn flood(self: Arc<Self>) -> anyhow::Result<()> {
        let mut clients = JoinSet::new();
        for number in 0..self.flood.connections() {
            clients.spawn(Arc::clone(&self).go_on(number));
        }
        clients.join_next().await.context("it has no connections")??
    }

    /// Has one connection, and another whenever that is ended.
    async fn go_on(self: Arc<Self>, number: usize) -> anyhow::Result<()> {
        loop {
            self.turn().await;
            let stream = self.connect().await.context("the flood cannot connect")?;
            self.opened.fetch_add(1, Ordering::Relaxed);
            self.open.fetch_add(1, Ordering::Relaxed);
            // That the server ends it is what floods are to meet, and no reason to give up.
            let _ended = self.misuse(stream, number).await;
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((SOURCE, 0).into())?;
        if self.flood == Flood::SlowReaders {
            socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
        }
        socket.connect(self.address).await
    }

    /// Uses a connection badly for as long as the server lets it.
    async fn misuse(self: &Arc<Self>, stream: TcpStream, number: usize) -> anyhow::Result<()> {
        let unknown = format!("{CALLS}/keys/x/img");
        match self.flood {
            Flood::Notices => {
                let head = format!("GET {unknown}?scale=3&lang=ko HTTP/1.1\r\nhost: bench\r\naccept: image/*\r\n\r\n");
                self.press(stream, head.as_bytes()).await
            }
            Flood::Queries => self.press(stream, &get(&format!("{unknown}?{}", "&".repeat(QUERY_BYTES)))).await,
            Flood::Sounds => self.press(stream, &get(&self.sound(number))).await,
            Flood::Solutions => self.press(stream, &post(&self.solutions[number])).await,
            Flood::ShutWindows => self.shut(stream, number).await,
            Flood::SlowReaders => self.trickle(stream, number).await,
            Flood::Places if number.is_multiple_of(2) => {
                idle(stream, b"GET /healthz HTTP/1.1\r\nhost: bench\r\n").await
            }
            Flood::Places => {
                self.count();
                idle(stream, &get("/healthz")).await
            }
        }
    }

    /// Asks the same over and over.
    async fn press(&self, stream: TcpStream, request: &[u8]) -> anyhow::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(&request.repeat(UNDER_WAY)).await?;
        let mut body = Vec::new();
        loop {
            let head = read_head(&mut stream).await?;
            body.resize(head.length, 0);
            stream.read_exact(&mut body).await?;
            self.count();
            stream.write_all(request).await?;
        }
    }

    /// Asks for as much as HTTP/2 lets it and takes nothing.
    async fn shut(self: &Arc<Self>, stream: TcpStream, number: usize) -> anyhow::Result<()> {
        let tls = self.tls.as_ref().context("HTTP/2 is spoken over TLS")?;
        let stream = tls.connect(self.address.ip().into(), stream).await?;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        let connected = builder.initial_stream_window_size(0).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = connected?;
        let mut streams = JoinSet::new();
        // One connection of four fills with pictures what room sounds leave.
        let asks_for_pictures = number.is_multiple_of(4);
        for stream in number * STREAMS..(number + 1) * STREAMS {
            let path = if asks_for_pictures { self.picture(stream) } else { self.sound(stream) };
            streams.spawn(Arc::clone(self).leave(sender.clone(), path));
        }
        Ok(connection.await?)
    }

    /// Asks until it is given a reply, and leaves that where it is.
    async fn leave(self: Arc<Self>, mut sender: http2::SendRequest<Empty<Bytes>>, path: String) -> hyper::Result<()> {
        loop {
            self.turn().await;
            let mut request = Request::new(Empty::new());
            *request.uri_mut() = format!("https://{}{path}", self.address).parse().expect("an address of ours");
            let reply = sender.send_request(request).await?;
            if reply.status() == StatusCode::OK {
                self.count();
                // It is not dropped, which would end the stream.
                pending::<()>().await;
            }
        }
    }

    /// Asks for a sound and takes it by the drop.
    async fn trickle(&self, stream: TcpStream, number: usize) -> anyhow::Result<()> {
        let mut stream = BufReader::with_capacity(TRICKLE_BYTES, stream);
        stream.write_all(&get(&self.sound(number))).await?;
        let head = read_head(&mut stream).await?;
        ensure!(head.is_success, "refused");
        self.count();
        let mut drop = [0; TRICKLE_BYTES];
        while stream.read(&mut drop).await? > 0 {
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }

    async fn turn(&self) {
        self.turns.lock().await.tick().await;
    }

    fn stands(&self) -> bool {
        let (opened, answered) = (self.opened.load(Ordering::Relaxed), self.answered.load(Ordering::Relaxed));
        opened >= self.flood.connections() && answered >= self.flood.replies()
    }

    fn count(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    fn picture(&self, number: usize) -> String {
        format!("{CALLS}/keys/{}/img?scale=3", self.keys[number % self.keys.len()])
    }

    fn sound(&self, number: usize) -> String {
        format!("{CALLS}/keys/{}/sound?pace=slow", self.keys[number % self.keys.len()])
    }
}

fn over_http2(tls: &Arc<ClientConfig>) -> TlsConnector {
    let mut tls = ClientConfig::clone(tls);
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(tls).into()
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes()
}

fn post(path: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n").into_bytes()
}

/// Sends this and nothing more.
async fn idle(mut stream: TcpStream, sent: &[u8]) -> anyhow::Result<()> {
    stream.write_all(sent).await?;
    let mut taken = [0; 1024];
    while stream.read(&mut taken).await? > 0 {}
    Ok(())
}

/// What is looked at of a reply's head.
struct Head {
    is_success: bool,
    length: usize,
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Head> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut head = Head { is_success: line.starts_with("HTTP/1.1 200"), length: 0 };
    loop {
        line.clear();
        ensure!(stream.read_line(&mut line).await? > 0, "the connection was ended");
        if line.trim_end().is_empty() {
            return Ok(head);
        }
        if let Some(length) = line.strip_prefix("content-length: ") {
            head.length = length.trim_end().parse()?;
        }
    }
}
