//! Who is connected, what each has not taken yet, and who goes when there is no room.
//!
//! A client may hold a tenth of all connections, and an eighth of the room for replies that nobody has taken. A trusted
//! proxy, whose clients are many, may hold all of both, and so may programs of this machine: the proxy may be one of
//! them that nobody has named. Where room is short, whoever was of no use for longest goes: the connection that has
//! idled longest, or that has taken nothing of its replies for longest. So a newcomer is served, and whoever holds things
//! up pays for it. All of them are looked through for that, and only then.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::domain::{
    client::{Client, Peer, Proxies},
    refusal::Refusal,
};

/// The most that replies may take in memory, all together, until their clients have taken them.
const MAX_UNSENT_BYTES: usize = 256 << 20;
/// The part of the connections that one client may hold.
const SHARE_OF_CONNECTIONS: usize = 10;
/// The part of the room for unsent replies that one client may take.
const SHARE_OF_ROOM: usize = 8;
/// Whoever took something so short a time ago does not stand in the way.
const PATIENCE: Duration = Duration::from_secs(1);

/// All connections of this server.
pub struct Connections {
    proxies: Proxies,
    max_unsent_bytes: usize,
    unsent_bytes: AtomicUsize,
    start: Instant,
    open: Mutex<Open>,
    cut: AtomicU64,
    /// For tests: how far the clock was put ahead.
    #[cfg(test)]
    ahead_millis: AtomicU64,
}

#[derive(Default)]
struct Open {
    connections: HashMap<u64, Arc<Connection>>,
    holdings: HashMap<Client, Arc<Holding>>,
    next: u64,
}

/// What one client holds.
#[derive(Debug, Default)]
struct Holding {
    connections: AtomicUsize,
    unsent_bytes: AtomicUsize,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Whose share it is of, and what that client holds. Who may hold all has none.
    holding: Option<(Client, Arc<Holding>)>,
    /// Requests whose replies are being made.
    requests: AtomicUsize,
    unsent_bytes: AtomicUsize,
    /// When it last began or ended a request, or took something of a reply, in milliseconds since the start.
    moved_at: AtomicU64,
    unsent: Mutex<Replies>,
    cut: Notify,
}

/// Replies of one connection that are not taken yet. Each counts by itself: one that moves, or another request, must not
/// hide those that stand still beside it.
#[derive(Debug, Default)]
struct Replies {
    /// When something of each was last taken, in milliseconds since the start.
    taken_at: HashMap<u64, Arc<AtomicU64>>,
    next: u64,
}

impl Default for Connections {
    fn default() -> Self {
        Self::trusting(Proxies::default())
    }
}

impl Connections {
    /// None yet. These proxies have no share that limits them.
    pub(crate) fn trusting(proxies: Proxies) -> Self {
        Self::of(proxies, MAX_UNSENT_BYTES)
    }

    fn of(proxies: Proxies, max_unsent_bytes: usize) -> Self {
        Self {
            proxies,
            max_unsent_bytes,
            unsent_bytes: AtomicUsize::new(0),
            start: Instant::now(),
            open: Mutex::default(),
            cut: AtomicU64::new(0),
            #[cfg(test)]
            ahead_millis: AtomicU64::new(0),
        }
    }

    /// Lets a newcomer in where `room` connections are served at once, and ends another one if that is one too many.
    /// There is nothing for a client that has its share, and uses all of it.
    pub(crate) fn admit(self: &Arc<Self>, Peer(peer): Peer, room: usize) -> Option<Admitted> {
        let has_share = !self.proxies.is_proxy(peer.ip()) && !peer.ip().to_canonical().is_loopback();
        let client = has_share.then(|| Client::new(peer.ip()));
        let mut open = self.open();
        let holding = client.map(|client| (client, Arc::clone(open.holdings.entry(client).or_default())));
        if let Some((client, holding)) = &holding
            && holding.connections.load(Ordering::Relaxed) >= (room / SHARE_OF_CONNECTIONS).max(1)
            && !self.cut_idlest(&open, |connection| connection.is_of(*client))
        {
            return None;
        }
        if open.connections.len() >= room {
            self.cut_idlest(&open, |_| true);
        }
        if let Some((_, holding)) = &holding {
            holding.connections.fetch_add(1, Ordering::Relaxed);
        }
        let connection = Arc::new(Connection {
            holding,
            requests: AtomicUsize::new(0),
            unsent_bytes: AtomicUsize::new(0),
            moved_at: AtomicU64::new(self.millis()),
            unsent: Mutex::default(),
            cut: Notify::new(),
        });
        open.next += 1;
        let number = open.next;
        open.connections.insert(number, Arc::clone(&connection));
        Some(Admitted { number, connection, all: Arc::clone(self) })
    }

    /// Ends the connection that has idled longest, if there are more than so many.
    pub(crate) fn make_place(&self, room: usize) {
        let open = self.open();
        if open.connections.len() > room {
            self.cut_idlest(&open, |_| true);
        }
    }

    /// Whether there is any room for replies, or can be, so that nothing is made in vain.
    ///
    /// # Errors
    /// [`Refusal::Busy`] if there is none.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let is_full = self.unsent_bytes.load(Ordering::Relaxed) >= self.max_unsent_bytes;
        if is_full && !self.cut_laggard(PATIENCE, |_| true) { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Ends every connection that has taken nothing of its replies for so long.
    pub(crate) fn cut_stalled(&self, stall_time: Duration) {
        if self.unsent_bytes.load(Ordering::Relaxed) == 0 {
            return;
        }
        let now = self.millis();
        for connection in self.open().connections.values() {
            if connection.still_for(now).is_some_and(|still| still >= stall_time) {
                self.cut(connection);
            }
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.open().connections.len()
    }

    /// What clients have not taken yet of replies that were made.
    pub(crate) fn unsent_bytes(&self) -> usize {
        self.unsent_bytes.load(Ordering::Relaxed)
    }

    /// How many were ended, since the start, because they were in others' way.
    pub(crate) fn ended(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// Ends the connection that has idled longest of those, if one idles.
    fn cut_idlest(&self, open: &Open, is_meant: impl Fn(&Connection) -> bool) -> bool {
        let idle = open.connections.iter().filter(|(_, connection)| connection.is_idle() && is_meant(connection));
        // Of those that came within the same millisecond, the first goes.
        let idlest = idle.min_by_key(|(number, connection)| (connection.moved_at.load(Ordering::Relaxed), **number));
        idlest.inspect(|(_, connection)| self.cut(connection)).is_some()
    }

    /// Ends the connection that has taken nothing of its replies for longest, and for this time at least.
    fn cut_laggard(&self, least: Duration, is_meant: impl Fn(&Connection) -> bool) -> bool {
        let (open, now) = (self.open(), self.millis());
        let meant = open.connections.values().filter(|connection| is_meant(connection));
        let waiting = meant.filter_map(|connection| Some((connection, connection.still_for(now)?)));
        let laggard = waiting.max_by_key(|(_, still)| *still).filter(|(_, still)| *still >= least);
        laggard.inspect(|(connection, _)| self.cut(connection)).is_some()
    }

    fn cut(&self, connection: &Connection) {
        // It is nobody's candidate any more, whenever its task gets to end it.
        connection.moved_at.store(u64::MAX, Ordering::Relaxed);
        connection.cut.notify_one();
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// Since the start.
    fn millis(&self) -> u64 {
        let millis = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        #[cfg(test)]
        let millis = millis + self.ahead_millis.load(Ordering::Relaxed);
        millis
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    fn is_of(&self, client: Client) -> bool {
        self.holding.as_ref().is_some_and(|(of, _)| *of == client)
    }

    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && self.unsent_bytes.load(Ordering::Relaxed) == 0 && !self.is_cut()
    }

    fn is_cut(&self) -> bool {
        self.moved_at.load(Ordering::Relaxed) == u64::MAX
    }

    /// How long nothing was taken of the reply of which nothing was taken for longest, if there is one, and the
    /// connection is not to end already.
    fn still_for(&self, now: u64) -> Option<Duration> {
        let unsent = self.unsent();
        let longest = unsent.taken_at.values().map(|taken_at| taken_at.load(Ordering::Relaxed)).min();
        longest.filter(|_| !self.is_cut()).map(|taken_at| Duration::from_millis(now.saturating_sub(taken_at)))
    }

    fn unsent(&self) -> MutexGuard<'_, Replies> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_at(&self, now: u64) {
        // One that is cut stays so.
        let _ = self.moved_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |at| (at != u64::MAX).then_some(now));
    }
}

/// A connection that was let in, until it is dropped.
pub(crate) struct Admitted {
    number: u64,
    connection: Arc<Connection>,
    all: Arc<Connections>,
}

impl Admitted {
    /// How its requests and replies are counted.
    pub(crate) fn counter(&self) -> Counter {
        Counter { connection: Arc::clone(&self.connection), all: Arc::clone(&self.all) }
    }

    /// Waits until it is in others' way.
    pub(crate) async fn cut(&self) {
        self.connection.cut.notified().await;
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.all.open();
        open.connections.remove(&self.number);
        if let Some((client, holding)) = &self.connection.holding {
            holding.connections.fetch_sub(1, Ordering::Relaxed);
            if let Entry::Occupied(entry) = open.holdings.entry(*client)
                && entry.get().connections.load(Ordering::Relaxed) == 0
            {
                entry.remove();
            }
        }
    }
}

/// Counts what a connection does.
#[derive(Clone)]
pub(crate) struct Counter {
    connection: Arc<Connection>,
    all: Arc<Connections>,
}

impl Counter {
    /// A request that is under way until this is dropped.
    pub(crate) fn request(&self) -> UnderWay {
        self.connection.requests.fetch_add(1, Ordering::Relaxed);
        self.moved();
        UnderWay(self.clone())
    }

    fn moved(&self) {
        self.connection.move_at(self.all.millis());
    }

    /// Counts bytes as unsent until this is dropped. If the client has more than its share of them, the connection of it
    /// that takes nothing for longest is ended.
    pub(crate) fn hold(&self, bytes: usize) -> Unsent {
        self.connection.unsent_bytes.fetch_add(bytes, Ordering::Relaxed);
        let taken_at = Arc::new(AtomicU64::new(self.all.millis()));
        let number = {
            let mut unsent = self.connection.unsent();
            unsent.next += 1;
            let number = unsent.next;
            unsent.taken_at.insert(number, Arc::clone(&taken_at));
            number
        };
        self.all.unsent_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some((client, holding)) = &self.connection.holding {
            let held = holding.unsent_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
            if held > self.all.max_unsent_bytes / SHARE_OF_ROOM {
                self.all.cut_laggard(PATIENCE, |connection| connection.is_of(*client));
            }
        }
        Unsent { bytes, number, taken_at, of: self.clone() }
    }
}

/// A request whose reply is being made.
pub(crate) struct UnderWay(Counter);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.connection.requests.fetch_sub(1, Ordering::Relaxed);
        self.0.moved();
    }
}

/// Bytes that were made and not yet taken.
pub(crate) struct Unsent {
    bytes: usize,
    number: u64,
    taken_at: Arc<AtomicU64>,
    of: Counter,
}

impl Unsent {
    /// Something of them was taken.
    pub(crate) fn moved(&self) {
        self.taken_at.store(self.of.all.millis(), Ordering::Relaxed);
        self.of.moved();
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        let Counter { connection, all } = &self.of;
        connection.unsent().taken_at.remove(&self.number);
        connection.unsent_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        all.unsent_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        if let Some((_, holding)) = &connection.holding {
            holding.unsent_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        }
        self.of.moved();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const ROOM: usize = 20;
    const MAX_BYTES: usize = 800;
    const STALL_TIME: Duration = Duration::from_secs(30);

    fn connections() -> Arc<Connections> {
        let proxies = Proxies { trusted: "192.0.2.1".parse().unwrap(), ..Proxies::default() };
        Arc::new(Connections::of(proxies, MAX_BYTES))
    }

    fn peer(address: &str) -> Peer {
        Peer(format!("{address}:4000").parse().unwrap())
    }

    fn admit(all: &Arc<Connections>, address: &str) -> Admitted {
        all.admit(peer(address), ROOM).expect("there is room, or somebody makes it")
    }

    fn is_cut(admitted: &Admitted) -> bool {
        admitted.cut().now_or_never().is_some()
    }

    fn pass(all: &Connections, time: Duration) {
        all.ahead_millis.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    #[test]
    fn a_client_holds_a_tenth_and_its_idlest_connection_makes_place_for_the_next() {
        let all = connections();
        let first = admit(&all, "198.51.100.7");
        pass(&all, PATIENCE);
        let second = admit(&all, "198.51.100.7");
        let third = admit(&all, "198.51.100.7");
        assert_eq!([&first, &second, &third].map(is_cut), [true, false, false]);
        drop(first);
        let busy = [second.counter().request(), third.counter().request()];
        assert!(all.admit(peer("198.51.100.7"), ROOM).is_none(), "it uses all of its share");
        admit(&all, "198.51.100.8");
        drop(busy);
        admit(&all, "198.51.100.7");
        assert_eq!(all.ended(), 2);
    }

    #[test]
    fn a_proxy_and_this_machine_may_hold_them_all() {
        for address in ["192.0.2.1", "127.0.0.1"] {
            let all = connections();
            let held: Vec<_> = (0..ROOM).map(|_| admit(&all, address)).collect();
            assert!(!held.iter().any(is_cut), "{address}");
            assert_eq!(all.count(), ROOM);
            drop(held);
            assert_eq!(all.count(), 0);
        }
    }

    #[test]
    fn when_all_places_are_taken_the_one_that_idled_longest_goes() {
        let all = connections();
        let held: Vec<_> = (0..ROOM)
            .map(|number| {
                pass(&all, PATIENCE);
                admit(&all, &format!("198.51.100.{number}"))
            })
            .collect();
        let _busy = held[0].counter().request();
        held[1].counter().moved();
        let newcomer = admit(&all, "203.0.113.9");
        let gone: Vec<_> = (0..ROOM).filter(|number| is_cut(&held[*number])).collect();
        assert_eq!(gone, [2]);
        assert!(!is_cut(&newcomer));
    }

    #[test]
    fn who_takes_nothing_for_longest_makes_room() {
        let all = connections();
        let (slow, stuck) = (admit(&all, "192.0.2.1"), admit(&all, "192.0.2.1"));
        let held = [slow.counter().hold(MAX_BYTES / 2), stuck.counter().hold(MAX_BYTES / 2)];
        assert!(matches!(all.check(), Err(Refusal::Busy)), "both have only begun");
        pass(&all, PATIENCE);
        held[0].moved();
        assert!(all.check().is_ok());
        assert_eq!([&slow, &stuck].map(is_cut), [false, true]);
        assert!(matches!(all.check(), Err(Refusal::Busy)), "what is left is being taken");
        drop(held);
        assert_eq!(all.unsent_bytes(), 0);
    }

    #[test]
    fn a_client_has_its_share_of_what_nobody_takes() {
        let all = connections();
        let (greedy, other) = (admit(&all, "198.51.100.7"), admit(&all, "198.51.100.8"));
        let share = MAX_BYTES / SHARE_OF_ROOM;
        let _held = [greedy.counter().hold(share), other.counter().hold(share)];
        pass(&all, 2 * PATIENCE);
        let second = admit(&all, "198.51.100.7");
        let _more = second.counter().hold(1);
        assert_eq!([&greedy, &other, &second].map(is_cut), [true, false, false]);
    }

    #[test]
    fn who_takes_nothing_is_ended_in_time_and_who_takes_a_little_is_not() {
        let all = connections();
        let (stuck, slow, idle) = (admit(&all, "192.0.2.1"), admit(&all, "192.0.2.1"), admit(&all, "192.0.2.1"));
        let held = [stuck.counter().hold(1), slow.counter().hold(1)];
        pass(&all, STALL_TIME - PATIENCE);
        held[1].moved();
        all.cut_stalled(STALL_TIME);
        assert_eq!([&stuck, &slow, &idle].map(is_cut), [false, false, false]);
        pass(&all, PATIENCE);
        all.cut_stalled(STALL_TIME);
        assert_eq!([&stuck, &slow, &idle].map(is_cut), [true, false, false]);
    }

    #[test]
    fn neither_another_request_nor_another_reply_hides_one_that_stands_still() {
        let all = connections();
        let (busy, other) = (admit(&all, "192.0.2.1"), admit(&all, "192.0.2.1"));
        let held = [busy.counter().hold(MAX_BYTES / 2), busy.counter().hold(MAX_BYTES / 2)];
        pass(&all, PATIENCE);
        drop(busy.counter().request());
        held[0].moved();
        assert!(all.check().is_ok());
        assert_eq!([&busy, &other].map(is_cut), [true, false]);
    }
}
