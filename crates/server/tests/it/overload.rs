//! More to be drawn and spoken than there are processors for.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::server::{Reply, TestServer, send, within_deadline};

/// Clients at once: more than the queue has room for on four processors.
const CLIENTS: usize = 400;
const SOUNDS: usize = 5;

fn is_shed(reply: &Reply) -> bool {
    if reply.status == 200 {
        return false;
    }
    assert_eq!((reply.status, reply.code()), (503, -1));
    assert_eq!(reply.header("retry-after"), "1");
    true
}

#[test]
fn a_flood_is_shed_and_harms_nothing_else() {
    let server = TestServer::start();
    let appkey = server.appkey();
    let key = server.issue(appkey);
    let sound = format!("{}/captcha/v1.0/keys/{key}/sound", server.url());
    let (shed, served) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let flood = |_| {
            scope.spawn(|| {
                for _ in 0..SOUNDS {
                    let counter = if is_shed(&send("GET", &sound)) { &shed } else { &served };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(flood).collect();
        while !clients.iter().all(|client| client.is_finished()) {
            assert_eq!(server.get("/healthz").status, 200);
            let key = server.issue(appkey);
            assert_eq!(server.verify(appkey, &key, &server.answer_of(&key)), 0);
        }
    });
    let (shed, served) = (shed.into_inner(), served.into_inner());
    assert_eq!(shed + served, CLIENTS * SOUNDS);
    assert!(served > 0, "none of {shed} was served");
    assert!(shed > 0, "{served} were served and none was shed");
    let counted = server.get("/metrics");
    assert!(counted.text().contains(&format!("haechi_shed_total{{call=\"sound\"}} {shed}")), "{}", counted.text());
    within_deadline("the flood is over", || (!is_shed(&send("GET", &sound))).then_some(()));
}

/// As `wrk -c64` does: each client asks again as soon as it was served.
#[test]
fn sixty_four_clients_that_ask_again_at_once_are_all_served() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let sound = format!("{}/captcha/v1.0/keys/{key}/sound", server.url());
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| (0..2 * SOUNDS).for_each(|_| assert_eq!(send("GET", &sound).status, 200)));
        }
    });
}
