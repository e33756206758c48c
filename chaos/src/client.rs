//! An HTTP client that knows whether a request was sent.
//!
//! A client that retries by itself, as most do, would hide which requests may have had an effect. This one never does.

use std::{
    net::SocketAddr,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use haechi_captcha::{Puzzle, Solution};
use http_body_util::{BodyExt, Empty};
use hyper::{
    Method, Request,
    body::Bytes,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    history::{Kind, Outcome},
    nodes::{APPKEY, Addresses, RIGHT_ANSWER, WRONG_ANSWER},
};

/// The longest that a client waits for a reply.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client of all nodes.
pub(crate) struct Client {
    addresses: Addresses,
    /// Open connections that nobody uses, for each node.
    idle: Vec<Mutex<Vec<Connection>>>,
}

/// A challenge, and the fields of a right answer to it.
pub(crate) struct Issued {
    pub(crate) key: String,
    pub(crate) answer: String,
}

/// A connection that is open, as far as is known.
pub(crate) struct Connection {
    node: usize,
    address: SocketAddr,
    sender: SendRequest<Empty<Bytes>>,
}

impl Client {
    pub(crate) fn of(addresses: Addresses) -> Self {
        let idle = (0..addresses.count()).map(|_| Mutex::default()).collect();
        Self { addresses, idle }
    }

    pub(crate) fn nodes(&self) -> usize {
        self.idle.len()
    }

    /// A connection to this node, or to the next one that can be reached, as a load balancer would choose.
    pub(crate) async fn connect(&self, node: usize) -> Option<Connection> {
        for node in (node..node + self.nodes()).map(|node| node % self.nodes()) {
            if let Some(connection) = self.connect_to(node).await {
                return Some(connection);
            }
        }
        None
    }

    /// A connection to this very node.
    pub(crate) async fn connect_to(&self, node: usize) -> Option<Connection> {
        let address = self.addresses.of(node);
        while let Some(connection) = { self.idle(node).pop() } {
            if connection.address == address && connection.sender.is_ready() {
                return Some(connection);
            }
        }
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.ok()?.ok()?;
        stream.set_nodelay(true).ok()?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(driver);
        Some(Connection { node, address, sender })
    }

    /// Issues a word. None if the node cannot be reached or issues none.
    pub(crate) async fn issue(&self, connection: Connection) -> Option<Issued> {
        let path = format!("/captcha/v1.0/appkeys/{APPKEY}/keys");
        let reply = self.exchange(connection, Method::POST, &path).await?;
        Some(Issued { key: reply["key"].as_str()?.to_owned(), answer: format!("answer={RIGHT_ANSWER}") })
    }

    /// Asks for work instead of a word, and does it. None as for [`Client::issue`].
    pub(crate) async fn ask_for_work(&self, connection: Connection, word: &Issued) -> Option<Issued> {
        let path = format!("/widget/v1/renew?key={}&how=work", word.key);
        let reply = self.exchange(connection, Method::POST, &path).await?;
        let key = reply["key"].as_str()?.to_owned();
        let puzzle = puzzle(&reply["work"])?;
        let solving = tokio::task::spawn_blocking(move || puzzle.solve(0..puzzle.counters));
        let Solution { counter, derived } = solving.await.ok()?.expect("one of the counters solves it");
        let derived: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
        let answer = format!("work={key}&counter={counter}&derived_key={derived}");
        Some(Issued { key, answer })
    }

    /// Asks about a key.
    pub(crate) async fn ask(&self, connection: Connection, key: &str, kind: Kind) -> Outcome {
        let app = format!("/captcha/v1.0/appkeys/{APPKEY}");
        let verification = |answer| (Method::GET, format!("{app}/keys/{key}/verification?answer={answer}"));
        let (method, path) = match kind {
            Kind::Right => verification(RIGHT_ANSWER),
            Kind::Wrong => verification(WRONG_ANSWER),
            Kind::Expire => (Method::DELETE, format!("{app}?key={key}")),
            Kind::Redeem => unreachable!("a token is redeemed by `redeem`"),
        };
        let Some(reply) = self.exchange(connection, method, &path).await else { return Outcome::NoReply };
        match (reply["header"]["resultCode"].as_i64(), kind) {
            (Some(0), Kind::Right) => Outcome::Passed,
            (Some(0), Kind::Expire) => Outcome::Expired,
            (Some(-1), _) => Outcome::Refused,
            (Some(-5), _) => Outcome::Spent,
            (Some(-6), Kind::Wrong) => Outcome::Wrong,
            _ => panic!("{kind:?} of a key that was issued here came back with {reply}"),
        }
    }

    /// Gives the right answer as a widget does, in a request of this name. Beside what came of it is the token.
    pub(crate) async fn answer_for_token(
        &self,
        connection: Connection,
        key: &str,
        answer: &str,
        request: &str,
    ) -> (Outcome, Option<String>) {
        let path = format!("/widget/v1/answer?key={key}&{answer}&request={request}");
        let Some(reply) = self.exchange(connection, Method::POST, &path).await else { return (Outcome::NoReply, None) };
        match (reply["verdict"].as_str(), reply["error"].as_str()) {
            (Some("passed"), _) => (Outcome::Passed, reply["token"].as_str().map(str::to_owned)),
            (Some("expired"), _) => (Outcome::Spent, None),
            (_, Some("busy")) => (Outcome::Refused, None),
            _ => panic!("a widget's answer to a key that was issued here came back with {reply}"),
        }
    }

    /// Redeems a token in a request of this name.
    pub(crate) async fn redeem(&self, connection: Connection, token: &str, request: &str) -> Outcome {
        let path = format!("/siteverify?secret={APPKEY}&response={token}&idempotency_key={request}");
        let Some(reply) = self.exchange(connection, Method::POST, &path).await else { return Outcome::NoReply };
        let codes = reply["error-codes"].to_string();
        match reply["success"].as_bool() {
            Some(true) => Outcome::Passed,
            Some(false) if codes.contains("already-seen-response") => Outcome::Spent,
            Some(false) if codes.contains("internal-error") => Outcome::Refused,
            _ => panic!("the redemption of a token that was made here came back with {reply}"),
        }
    }

    /// Whether a load balancer would send people to the node that this is connected with.
    pub(crate) async fn is_ready(&self, connection: Connection) -> bool {
        let reply = self.exchange(connection, Method::GET, "/readyz").await;
        reply.is_some_and(|reply| reply["status"] == "ready")
    }

    /// Sends a request and waits for its reply. None if no whole reply came in time.
    async fn exchange(&self, mut connection: Connection, method: Method, path: &str) -> Option<serde_json::Value> {
        let request = Request::builder().method(method).uri(path).header("host", "chaos");
        let request = request.body(Empty::new()).expect("paths of letters and digits are valid");
        let replying = async {
            let body = connection.sender.send_request(request).await.ok()?.into_body().collect().await.ok()?;
            serde_json::from_slice(&body.to_bytes()).ok()
        };
        // What was not answered in time must not be read as the reply to what is sent next: the connection is dropped.
        let reply = timeout(PATIENCE, replying).await.ok()??;
        self.idle(connection.node).push(connection);
        Some(reply)
    }

    fn idle(&self, node: usize) -> MutexGuard<'_, Vec<Connection>> {
        self.idle[node].lock().expect("nobody panics while holding the lock")
    }
}

/// A puzzle as the widget gets it.
fn puzzle(work: &serde_json::Value) -> Option<Puzzle> {
    let parameters = &work["parameters"];
    let bytes = |name: &str| {
        let number = u128::from_str_radix(parameters[name].as_str()?, 16).ok()?;
        Some(number.to_be_bytes())
    };
    Some(Puzzle {
        algorithm: parameters["algorithm"].as_str()?.parse().ok()?,
        nonce: bytes("nonce")?,
        salt: bytes("salt")?,
        prefix: bytes("keyPrefix")?,
        counters: work["counters"].as_u64()?.try_into().ok()?,
    })
}
