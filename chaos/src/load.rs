//! Many clients that answer the same keys at the same time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    client::{Client, Connection, Issued},
    history::{Event, History, Kind, Outcome},
    nodes::Addresses,
};

/// How often a request that has a name is sent at most.
const SENDINGS: usize = 3;
/// The pause after a request that could not even be sent.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest wait for all nodes to decide again after the last fault.
const RECOVERY_DEADLINE: Duration = Duration::from_secs(60);

/// How much is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The most keys that are answered.
    pub keys: usize,
    /// Requests about each key, all at once.
    pub answers_per_key: usize,
    /// Keys that are answered at the same time.
    pub keys_at_once: usize,
    /// After this time no further key is begun.
    pub duration: Duration,
}

/// What is asked about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// Right answers only.
    RightAnswers,
    /// Of five keys, one gets right answers only, one gets them by a widget, whose tokens are then redeemed by many, one
    /// gets every other answer wrong, one is also to expire, and one stands for work, whose tokens are redeemed likewise.
    Everything,
}

/// A challenge, and the tokens that were given for it.
pub struct Asked {
    key: Arc<str>,
    answer: Arc<str>,
    tokens: Vec<String>,
}

/// Clients of the nodes, and what came of their requests.
pub struct Load {
    client: Client,
    history: History,
    scale: Scale,
    mix: Mix,
    begun: AtomicUsize,
}

impl Mix {
    fn is_for_tokens(self, key: usize) -> bool {
        self == Self::Everything && matches!(key % 5, 1 | 4)
    }

    fn is_work(self, key: usize) -> bool {
        self == Self::Everything && key % 5 == 4
    }

    fn kind(self, key: usize, answer: usize) -> Kind {
        match (self, key % 5) {
            (Self::Everything, 2) if answer.is_multiple_of(2) => Kind::Wrong,
            (Self::Everything, 3) if answer.is_multiple_of(4) => Kind::Expire,
            _ => Kind::Right,
        }
    }
}

impl Load {
    /// A load on these nodes that has not begun.
    #[must_use]
    pub fn on(addresses: Addresses, scale: Scale, mix: Mix) -> Arc<Self> {
        let (client, history) = (Client::of(addresses), History::new());
        Arc::new(Self { client, history, scale, mix, begun: AtomicUsize::new(0) })
    }

    /// Issues keys and answers them, until all are answered or the time is over.
    pub async fn run(self: &Arc<Self>) -> Vec<Asked> {
        let lanes: JoinSet<_> = (0..self.scale.keys_at_once).map(|_| Arc::clone(self).answer_keys()).collect();
        lanes.join_all().await.into_iter().flatten().collect()
    }

    /// Waits until every node decides again, then answers each key and redeems each token once more: what was told to
    /// have passed must be known to be spent.
    ///
    /// # Panics
    /// If a node does not come to decide.
    pub async fn answer_again(self: &Arc<Self>, asked: &[Asked]) {
        for node in 0..self.client.nodes() {
            self.wait_until_decides(node).await;
        }
        const AT_ONCE: usize = 50;
        for asked in asked.chunks(AT_ONCE) {
            let answers = asked.iter().enumerate().map(|(index, Asked { key, answer, tokens })| {
                let (load, key, answer) = (Arc::clone(self), Arc::clone(key), Arc::clone(answer));
                let tokens = tokens.clone();
                async move {
                    load.pass(index, Arc::clone(&key), &answer, "again").await.expect("all nodes run again");
                    for token in tokens {
                        load.redeem(index, &key, &token, "again").await;
                    }
                }
            });
            answers.collect::<JoinSet<_>>().join_all().await;
        }
    }

    /// All that was asked, and what came back.
    ///
    /// # Panics
    /// If the load still runs.
    #[must_use]
    pub fn into_events(self: Arc<Self>) -> Vec<Event> {
        Arc::into_inner(self).expect("the load has ended").history.into_events()
    }

    async fn answer_keys(self: Arc<Self>) -> Vec<Asked> {
        let mut asked = Vec::new();
        while self.history.now() < self.scale.duration {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            if number >= self.scale.keys {
                break;
            }
            let Issued { key, answer } = self.issue(number, self.mix.is_work(number)).await;
            let (key, answer): (Arc<str>, Arc<str>) = (key.into(), answer.into());
            let tokens = if self.mix.is_for_tokens(number) {
                let tokens = self.pass_at_once(number, &key, &answer).await;
                self.redeem_at_once(number, &key, &tokens).await;
                tokens
            } else {
                self.answer_at_once(number, &key).await;
                Vec::new()
            };
            asked.push(Asked { key, answer, tokens });
        }
        asked
    }

    /// Answers a key as many widgets at the same moment. Returns the tokens, of which there should be one at most.
    async fn pass_at_once(self: &Arc<Self>, number: usize, key: &Arc<str>, answer: &Arc<str>) -> Vec<String> {
        let widgets = (0..self.scale.answers_per_key).map(|widget| {
            let (load, key, answer) = (Arc::clone(self), Arc::clone(key), Arc::clone(answer));
            async move { load.pass(number + widget, key, &answer, &format!("widget-{widget}")).await }
        });
        widgets.collect::<JoinSet<_>>().join_all().await.into_iter().flatten().flatten().collect()
    }

    /// Redeems each token of a key as many sites at the same moment.
    async fn redeem_at_once(self: &Arc<Self>, number: usize, key: &Arc<str>, tokens: &[String]) {
        let sites =
            tokens.iter().flat_map(|token| (0..self.scale.answers_per_key).map(move |site| (token.clone(), site)));
        let redemptions = sites.map(|(token, site)| {
            let (load, key) = (Arc::clone(self), Arc::clone(key));
            async move { load.redeem(number + site, &key, &token, &format!("site-{site}")).await }
        });
        redemptions.collect::<JoinSet<_>>().join_all().await;
    }

    /// Answers a key in a request of this name, which is sent again if its reply is lost or nothing was decided. Returns
    /// the token if there was one, or nothing if no node could be reached.
    async fn pass(&self, node: usize, key: Arc<str>, answer: &str, request: &str) -> Option<Option<String>> {
        let start = self.history.now();
        let (mut outcome, mut token) = (None, None);
        for node in node..node + SENDINGS {
            if let Some(connection) = self.client.connect(node % self.client.nodes()).await {
                let (found, given) = self.client.answer_for_token(connection, &key, answer, request).await;
                (outcome, token) = (Some(found), given);
                if found.is_definite() {
                    break;
                }
            }
        }
        let end = self.history.now();
        let outcome = outcome?;
        self.history.record(Event { key, kind: Kind::Right, start, end, outcome });
        Some(token)
    }

    /// Redeems a token likewise.
    async fn redeem(&self, node: usize, key: &str, token: &str, request: &str) {
        let start = self.history.now();
        let mut outcome = None;
        for node in node..node + SENDINGS {
            if let Some(connection) = self.client.connect(node % self.client.nodes()).await {
                let found = self.client.redeem(connection, token, request).await;
                outcome = Some(found);
                if found.is_definite() {
                    break;
                }
            }
        }
        let end = self.history.now();
        if let Some(outcome) = outcome {
            let key = format!("the redemption of {key}").into();
            self.history.record(Event { key, kind: Kind::Redeem, start, end, outcome });
        }
    }

    /// Issues a key, of a word or of work, by whichever node can.
    async fn issue(&self, number: usize, is_work: bool) -> Issued {
        let deadline = Instant::now() + RECOVERY_DEADLINE;
        for node in number.. {
            if let Some(issued) = self.issue_by(node % self.client.nodes(), is_work).await {
                return issued;
            }
            assert!(Instant::now() < deadline, "no node issues keys");
            tokio::time::sleep(PAUSE).await;
        }
        unreachable!("the deadline comes first")
    }

    async fn issue_by(&self, node: usize, is_work: bool) -> Option<Issued> {
        let word = self.client.issue(self.client.connect(node).await?).await?;
        if is_work { self.client.ask_for_work(self.client.connect(node).await?, &word).await } else { Some(word) }
    }

    /// Connects with the nodes in turn, and asks over all connections at the same moment.
    async fn answer_at_once(self: &Arc<Self>, number: usize, key: &Arc<str>) {
        let answers = self.scale.answers_per_key;
        let all_connected = Arc::new(Barrier::new(answers));
        let ask = |answer: usize| {
            let (load, key, all_connected) = (Arc::clone(self), Arc::clone(key), Arc::clone(&all_connected));
            async move {
                let connection = load.client.connect((number + answer) % load.client.nodes()).await;
                all_connected.wait().await;
                // A request that cannot be sent has no effect, and no place in the history.
                if let Some(connection) = connection {
                    load.ask(connection, key, load.mix.kind(number, answer)).await;
                }
            }
        };
        (0..answers).map(ask).collect::<JoinSet<_>>().join_all().await;
    }

    async fn ask(&self, connection: Connection, key: Arc<str>, kind: Kind) -> Outcome {
        let start = self.history.now();
        let outcome = self.client.ask(connection, &key, kind).await;
        self.history.record(Event { key, kind, start, end: self.history.now(), outcome });
        outcome
    }

    async fn wait_until_decides(&self, node: usize) {
        let deadline = Instant::now() + RECOVERY_DEADLINE;
        loop {
            let key: Arc<str> = self.issue(node, false).await.key.into();
            if let Some(connection) = self.client.connect_to(node).await
                && self.ask(connection, key, Kind::Right).await.is_definite()
            {
                return;
            }
            assert!(Instant::now() < deadline, "node {node} does not decide again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}
