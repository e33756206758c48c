//! A load generator: a thread for each connection, one request at a time on each, raw bytes in and out.
//!
//! It shares the processors with the server, so it does as little as it can: requests are made beforehand, and of a
//! reply only the status, the length and the first expected bytes are looked at.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::server::Server;

/// The longest that a reply may keep its client waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request, and what its reply must contain.
pub(crate) struct Request {
    bytes: Vec<u8>,
    expected: &'static [u8],
}

impl Request {
    pub(crate) fn get(path: &str, expected: &'static [u8]) -> Self {
        Self { bytes: format!("GET {path} HTTP/1.1\r\nhost: bench\r\n\r\n").into_bytes(), expected }
    }

    pub(crate) fn post(path: &str, expected: &'static [u8]) -> Self {
        Self {
            bytes: format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n").into_bytes(),
            expected,
        }
    }
}

/// What a run of requests came to.
pub(crate) struct Measured {
    /// The time of each request.
    pub(crate) latencies: Vec<Duration>,
    elapsed: Duration,
}

impl Measured {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Sends the requests in turn, over and over unless there are many, for a time, to all addresses alike.
pub(crate) fn measure(
    addresses: &[SocketAddr],
    connections: usize,
    requests: &[Request],
    time: Duration,
) -> anyhow::Result<Measured> {
    let next = AtomicUsize::new(0);
    let once = requests.len() > 1_000;
    let start = Instant::now();
    let work = |address: SocketAddr| -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::open(address)?;
        let mut latencies = Vec::with_capacity(100_000);
        while start.elapsed() < time {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if once && index >= requests.len() {
                break;
            }
            let sent = Instant::now();
            // A server that is told to do more than it can says so, which is no request done.
            if connection.try_send(&requests[index % requests.len()])? {
                latencies.push(sent.elapsed());
            }
        }
        Ok(latencies)
    };
    let latencies = thread::scope(|scope| -> anyhow::Result<Vec<Duration>> {
        let workers: Vec<_> =
            addresses.iter().cycle().take(connections).map(|address| scope.spawn(|| work(*address))).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().expect("a worker does not panic")?);
        }
        Ok(all)
    })?;
    ensure!(!latencies.is_empty(), "no request was answered");
    Ok(Measured { latencies, elapsed: start.elapsed() })
}

/// Sends a request many times and returns the replies' bodies.
pub(crate) fn collect(server: &Server, request: &Request, count: usize) -> anyhow::Result<Vec<String>> {
    const CONNECTIONS: usize = 4;
    let work = || -> anyhow::Result<Vec<String>> {
        let mut connection = server.connect()?;
        (0..count.div_ceil(CONNECTIONS))
            .map(|_| Ok(String::from_utf8_lossy(connection.send(request)?).into_owned()))
            .collect()
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(work)).collect();
        let replies: anyhow::Result<Vec<Vec<String>>> =
            workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect();
        Ok(replies?.into_iter().flatten().collect())
    })
}

/// What bytes go in and out of, with TLS or without.
trait Stream: Read + Write + Send {}

impl<Any: Read + Write + Send> Stream for Any {}

pub(crate) struct Connection {
    reader: BufReader<Box<dyn Stream>>,
    line: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Self::over(TcpStream::connect(address).context("the server does not accept")?, None)
    }

    /// Over this stream, with TLS if it is told how.
    pub(crate) fn over(stream: TcpStream, tls: Option<&Arc<ClientConfig>>) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let stream: Box<dyn Stream> = match tls {
            Some(tls) => {
                let name = stream.peer_addr()?.ip().into();
                Box::new(StreamOwned::new(ClientConnection::new(Arc::clone(tls), name)?, stream))
            }
            None => Box::new(stream),
        };
        Ok(Self { reader: BufReader::with_capacity(64 * 1024, stream), line: Vec::new(), body: Vec::new() })
    }

    /// Sends a request and reads its reply's body.
    pub(crate) fn send(&mut self, request: &Request) -> anyhow::Result<&[u8]> {
        let is_done = self.try_send(request)?;
        ensure!(is_done, "the server is busy");
        Ok(&self.body)
    }

    /// Sends a request, and says whether it was done, or refused because the server is busy.
    pub(crate) fn try_send(&mut self, request: &Request) -> anyhow::Result<bool> {
        self.reader.get_mut().write_all(&request.bytes)?;
        let status = self.read_line()?.to_vec();
        let is_busy = status.starts_with(b"HTTP/1.1 503");
        if !is_busy && !status.starts_with(b"HTTP/1.1 200") {
            bail!("{} to {}", String::from_utf8_lossy(&status), String::from_utf8_lossy(&request.bytes));
        }
        let mut length = 0;
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix(b"content-length: ") {
                length = std::str::from_utf8(value)?.parse()?;
            }
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body)?;
        let is_expected = self.body.windows(request.expected.len()).take(256).any(|window| window == request.expected);
        ensure!(
            is_busy || is_expected,
            "not the expected reply: {}",
            String::from_utf8_lossy(&self.body[..length.min(200)])
        );
        Ok(!is_busy)
    }

    fn read_line(&mut self) -> anyhow::Result<&[u8]> {
        self.line.clear();
        self.reader.read_until(b'\n', &mut self.line)?;
        Ok(self.line.trim_ascii())
    }
}
