//! A TCP proxy in front of one server, through which the network fails on demand.
//!
//! It knows nothing of what it carries: it reads what comes, and what becomes of it is the mode's to say.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What becomes of what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It arrives.
    Forward,
    /// All connections are closed, and new ones as soon as they come.
    Cut,
    /// Connections stay open, new ones are taken, and nothing arrives in either direction. As what was swallowed cannot
    /// arrive later, the connections are closed when another mode follows.
    Blackhole,
    /// Everything arrives later, in each direction. What is sent meanwhile on the same connection waits its turn.
    Delay(Duration),
    /// Requests arrive, and instead of the reply the client gets the end of the connection: what it asked for is done,
    /// and it cannot know.
    LoseReplies,
}

/// A proxy on a port of its own. It closes everything when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    is_over: AtomicBool,
    state: Mutex<State>,
}

/// The mode and the connections, under one lock: no connection can slip in between a cut and its mode.
#[derive(Debug)]
struct State {
    mode: Mode,
    connections: HashMap<u64, Connection>,
    connections_ever: u64,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Reply,
}

impl FaultProxy {
    /// A proxy in front of this port of this machine, which forwards.
    ///
    /// # Panics
    /// If no port is free.
    #[must_use]
    pub fn start(upstream_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its own address").port();
        let state = State { mode: Mode::Forward, connections: HashMap::new(), connections_ever: 0 };
        let shared = Arc::new(Shared {
            upstream: (Ipv4Addr::LOCALHOST, upstream_port).into(),
            is_over: AtomicBool::new(false),
            state: Mutex::new(state),
        });
        let accepting = Arc::clone(&shared);
        let acceptor = Some(thread::spawn(move || accept(&listener, &accepting)));
        Self { port, shared, acceptor }
    }

    /// The port that clients connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes what becomes of what is sent from now on.
    pub fn set_mode(&self, mode: Mode) {
        let mut state = self.shared.state();
        if mode == Mode::Cut || (state.mode == Mode::Blackhole && mode != Mode::Blackhole) {
            state.close_all();
        }
        state.mode = mode;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.set_mode(Mode::Cut);
        self.shared.is_over.store(true, Ordering::Release);
        // The acceptor sees that it is over when it is woken by a connection.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let _ = self.acceptor.take().map(thread::JoinHandle::join);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding the lock")
    }
}

impl State {
    fn close_all(&mut self) {
        self.connections.drain().for_each(|(_, connection)| connection.close());
    }
}

impl Connection {
    fn try_clone(&self) -> std::io::Result<Self> {
        Ok(Self { client: self.client.try_clone()?, server: self.server.try_clone()? })
    }

    /// Both ends see it, whoever else holds the sockets. One that is closed already cannot be closed again.
    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.is_over.load(Ordering::Acquire) {
            return;
        }
        let shared = Arc::clone(shared);
        // To connect may take long where the server is stopped, and must not keep the next client waiting.
        thread::spawn(move || client.and_then(|client| carry(client, &shared)));
    }
}

/// Connects a client with the server, and carries in both directions until either end closes.
fn carry(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    if shared.state().mode == Mode::Cut {
        return Ok(());
    }
    let server = TcpStream::connect(shared.upstream)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let connection = Connection { client, server };
    let number = {
        let mut state = shared.state();
        if state.mode == Mode::Cut {
            return Ok(());
        }
        state.connections_ever += 1;
        let number = state.connections_ever;
        state.connections.insert(number, connection.try_clone()?);
        number
    };
    thread::scope(|scope| {
        for (direction, from, to) in [
            (Direction::Request, &connection.client, &connection.server),
            (Direction::Reply, &connection.server, &connection.client),
        ] {
            let connection = &connection;
            scope.spawn(move || {
                // However it ends, the other direction ends too.
                let _ = pump(direction, from, to, shared);
                connection.close();
            });
        }
    });
    shared.state().connections.remove(&number);
    Ok(())
}

fn pump(direction: Direction, mut from: &TcpStream, mut to: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let length = from.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        // The lock is let go before anything that takes time.
        let mode = shared.state().mode;
        match mode {
            Mode::Cut => return Ok(()),
            Mode::LoseReplies if direction == Direction::Reply => return Ok(()),
            Mode::Blackhole => continue,
            Mode::Delay(delay) => thread::sleep(delay),
            Mode::Forward | Mode::LoseReplies => {}
        }
        to.write_all(&buffer[..length])?;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader, ErrorKind},
        time::Instant,
    };

    use super::*;
    use crate::Redis;

    const PATIENCE: Duration = Duration::from_millis(300);

    struct Client(BufReader<TcpStream>);

    impl Client {
        fn of(proxy: &FaultProxy) -> Self {
            let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Self(BufReader::new(stream))
        }

        /// The line that comes back. An empty one is the end of the connection.
        fn ask(&mut self, request: &str) -> std::io::Result<String> {
            self.0.get_mut().write_all(format!("{request}\r\n").as_bytes())?;
            let mut line = String::new();
            match self.0.read_line(&mut line) {
                Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(String::new()),
                read => read.map(|_| line.trim_end().to_owned()),
            }
        }
    }

    #[test]
    fn what_is_forwarded_arrives() {
        let redis = Redis::start();
        let proxy = FaultProxy::start(redis.port());
        assert_eq!(Client::of(&proxy).ask("INCR n").unwrap(), ":1");
        assert_eq!(redis.command_line(&["INCR", "n"]), "2");
    }

    #[test]
    fn a_cut_closes_open_connections_and_new_ones_until_it_is_mended() {
        let redis = Redis::start();
        let proxy = FaultProxy::start(redis.port());
        let mut client = Client::of(&proxy);
        assert_eq!(client.ask("PING").unwrap(), "+PONG");
        proxy.set_mode(Mode::Cut);
        // Whether the end shows when writing or when reading is the kernel's choice.
        assert_eq!(client.ask("PING").unwrap_or_default(), "");
        assert_eq!(Client::of(&proxy).ask("PING").unwrap_or_default(), "");
        proxy.set_mode(Mode::Forward);
        assert_eq!(Client::of(&proxy).ask("PING").unwrap(), "+PONG");
    }

    #[test]
    fn what_is_swallowed_never_arrives() {
        let redis = Redis::start();
        let proxy = FaultProxy::start(redis.port());
        let mut client = Client::of(&proxy);
        assert_eq!(client.ask("PING").unwrap(), "+PONG");
        proxy.set_mode(Mode::Blackhole);
        assert_eq!(client.ask("INCR n").unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(Client::of(&proxy).ask("INCR n").unwrap_err().kind(), ErrorKind::WouldBlock);
        proxy.set_mode(Mode::Forward);
        assert_eq!(Client::of(&proxy).ask("INCR n").unwrap(), ":1");
    }

    #[test]
    fn what_is_delayed_is_so_in_both_directions() {
        let redis = Redis::start();
        let proxy = FaultProxy::start(redis.port());
        proxy.set_mode(Mode::Delay(Duration::from_millis(50)));
        let start = Instant::now();
        assert_eq!(Client::of(&proxy).ask("PING").unwrap(), "+PONG");
        assert!(start.elapsed() >= Duration::from_millis(100));
    }

    #[test]
    fn where_replies_are_lost_the_command_has_happened() {
        let redis = Redis::start();
        let proxy = FaultProxy::start(redis.port());
        let mut client = Client::of(&proxy);
        assert_eq!(client.ask("INCR n").unwrap(), ":1");
        proxy.set_mode(Mode::LoseReplies);
        assert_eq!(client.ask("INCR n").unwrap(), "");
        assert_eq!(redis.command_line(&["INCR", "n"]), "3");
    }
}
