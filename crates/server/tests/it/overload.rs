//! More to be drawn and spoken than there are processors for.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use crate::server::{Reply, TestServer, within_deadline};

/// Clients at once. In a build without optimisation a sound takes some milliseconds, so they wait far too long.
const CLIENTS: usize = 200;
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
    let sound = format!("/captcha/v1.0/keys/{key}/sound");
    let (is_over, shed, served) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..SOUNDS {
                        let counter = if is_shed(&server.get(&sound)) { &shed } else { &served };
                        counter.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let others = scope.spawn(|| {
            let mut rounds = 0;
            while !is_over.load(Ordering::Relaxed) || rounds == 0 {
                assert_eq!(server.get("/healthz").status, 200);
                let key = server.issue(appkey);
                assert_eq!(server.verify(appkey, &key, &server.answer_of(&key)), 0);
                rounds += 1;
            }
        });
        for client in clients {
            client.join().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        others.join().unwrap();
    });
    let (shed, served) = (shed.into_inner(), served.into_inner());
    assert_eq!(shed + served, CLIENTS * SOUNDS);
    assert!(served > 0, "none of {shed} was served");
    assert!(shed > 0, "{served} were served and none was shed");
    let counted = server.get("/metrics");
    assert!(counted.text().contains(&format!("haechi_shed_total{{call=\"sound\"}} {shed}")), "{}", counted.text());
    within_deadline("the flood is over", || (!is_shed(&server.get(&sound))).then_some(()));
}
