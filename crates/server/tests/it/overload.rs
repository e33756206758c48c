//! More to be drawn and spoken than there are processors for.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use haechi_captcha::Solution;
use serde_json::Value;

use crate::{
    server::{DEADLINE, Reply, TestServer, send, send_request, within_deadline},
    widget::Page,
    work::{fields, puzzle, solved},
};

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
    let (asked, shed, served) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let flood = |_| {
            scope.spawn(|| {
                // On a busy machine it may take a while until so many wait at the same moment.
                for number in 0..20 * SOUNDS {
                    asked.fetch_add(1, Ordering::Relaxed);
                    let counter = if is_shed(&send("GET", &sound)) { &shed } else { &served };
                    counter.fetch_add(1, Ordering::Relaxed);
                    if number >= SOUNDS && shed.load(Ordering::Relaxed) > 0 {
                        break;
                    }
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
    assert_eq!(shed + served, asked.into_inner());
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

/// Addresses from which false solutions come.
const ADDRESSES: usize = 4;
const ROUNDS: usize = 5;
/// The client that is alone.
const LONE: &str = "198.51.100.1";

fn form(fields: &[(&str, String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Calls the widget's API as the client that is alone.
fn call(page: &Page, name: &str, fields: &[(&str, String)]) -> Reply {
    let request = ureq::http::Request::post(format!("{}/widget/v1/{name}", page.server.url()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send_request(request.header("x-forwarded-for", LONE).body(form(fields)).unwrap())
}

/// Sends an answer as a client at this address, and leaves the reply for later.
fn send_answer(page: &Page, address: &str, fields: &[(&str, String)]) -> TcpStream {
    let mut stream = TcpStream::connect(page.server.url().strip_prefix("http://").unwrap()).unwrap();
    let (body, media_type) = (form(fields), "application/x-www-form-urlencoded");
    let head = format!(
        "POST /widget/v1/answer HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-forwarded-for: {address}\r\n\
         content-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    stream
}

/// Whether an answer was not judged, because too much was to be done.
fn was_shed(mut stream: TcpStream) -> bool {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let is_shed = reply.starts_with("HTTP/1.1 503");
    let (status, said) = if is_shed { ("503", r#""error":"busy""#) } else { ("200", r#""verdict":"expired""#) };
    assert!(reply.starts_with(&format!("HTTP/1.1 {status}")) && reply.contains(said), "{reply}");
    is_shed
}

fn answer_of(begun: &Value, solution: [(&'static str, String); 3]) -> Vec<(&'static str, String)> {
    let key = begun["key"].as_str().unwrap().to_owned();
    [("key", key)].into_iter().chain(solution).collect()
}

/// One whose counter is right costs a derivation; the other one costs none, but brings another challenge, which does.
#[test]
fn a_flood_of_false_solutions_is_shed_and_costs_nobody_else_anything() {
    let page = Page::of_policy("work", &["--trusted-proxies", "127.0.0.0/8"]);
    // It takes longest to derive.
    page.server.haechi(&["app", "set", "default", "--work-algorithm", "scrypt"]).json();
    let begin = || call(&page, "begin", &[("sitekey", page.site_key())]);
    let begun = begin().json();
    let asked = puzzle(&begun["work"]);
    let right = asked.solve(0..asked.counters).unwrap();
    let other = Solution { counter: (right.counter + 1) % asked.counters, ..right };
    // The prefix is told to everybody; the rest has to be computed.
    let mut guessed = right;
    guessed.derived[16..].fill(0);
    let false_ones = [other, guessed].map(|solution| answer_of(&begun, fields(&begun["work"], solution)));
    let mut shed = 0;
    for _ in 0..ROUNDS {
        let flood = (0..CLIENTS).map(|client| {
            let address = format!("203.0.113.{}", client % ADDRESSES);
            // One in eight has the wrong counter, which is seen without a derivation.
            send_answer(&page, &address, &false_ones[usize::from(client % 8 > 0)])
        });
        let flood: Vec<_> = flood.collect();
        let begun = begin();
        assert_eq!(begun.status, 200, "{}", begun.text());
        let begun = begun.json();
        let answered = call(&page, "answer", &answer_of(&begun, solved(&begun["work"])));
        assert_eq!(answered.json()["verdict"], "passed", "{}", answered.text());
        assert_eq!(page.server.get("/healthz").status, 200);
        shed += flood.into_iter().map(was_shed).filter(|is_shed| *is_shed).count();
    }
    assert!(shed > 0, "none was shed");
    assert!(shed < ROUNDS * CLIENTS, "none was judged");
    let counted = page.server.get("/metrics");
    assert!(counted.text().contains(&format!("haechi_shed_total{{call=\"answer\"}} {shed}")), "{}", counted.text());
    // What was sent falsely so often can still be solved.
    let answered = call(&page, "answer", &answer_of(&begun, fields(&begun["work"], right)));
    assert_eq!(answered.json()["verdict"], "passed", "{}", answered.text());
}
