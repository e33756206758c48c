use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
};

use super::{
    courier::{agent, post},
    deliveries::Attempt,
    *,
};
use crate::domain::admin::{Role, tests::check};

fn made(admin: &Administration, url: &str) -> IssuedWebhook {
    admin.create_webhook(&Actor::Command, url, 1_000).unwrap()
}

/// What is taken when nothing is under way.
fn due(admin: &Administration, now: u64) -> Vec<(StoredWebhook, StoredDelivery)> {
    admin.take_due(|_| false, now).unwrap()
}

fn states(admin: &Administration) -> Vec<(DeliveryState, u32, Option<u64>)> {
    let deliveries = admin.deliveries(&Actor::Command).unwrap();
    deliveries.into_iter().map(|view| (view.state, view.attempts, view.next_at)).collect()
}

/// A receiver that replies to one request with this, and tells what it was sent.
fn receiver(reply: &'static str) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read_request(&mut stream);
        stream.write_all(reply.as_bytes()).unwrap();
        tell.send(request).unwrap();
    });
    (url, told)
}

fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut bytes) = (String::new(), [0; 4_096]);
    loop {
        let read = stream.read(&mut bytes).unwrap();
        request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let length =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() >= length.unwrap().parse().unwrap() {
            return request;
        }
    }
}

#[test]
fn an_address_is_checked_and_its_secret_shown_once() {
    check(|admin| {
        for wrong in [
            "",
            "ops.example.org",
            "ftp://ops.example.org",
            "https://a:b@ops.example.org",
            "https://ops.example.org/#x",
        ] {
            let refused = admin.create_webhook(&Actor::Command, wrong, 1_000).map(drop);
            assert!(matches!(refused, Err(AdminError::Invalid { name: "url", .. })), "{wrong}");
        }
        let viewer = Actor::User { name: "vic".to_owned(), role: Role::Viewer };
        let refused = admin.create_webhook(&viewer, "https://ops.example.org", 1_000).map(drop);
        assert!(matches!(refused, Err(AdminError::Forbidden(_))));
        assert!(matches!(admin.deliveries(&viewer), Err(AdminError::Forbidden(_))));
        let issued = made(admin, "https://ops.example.org/haechi?token=squid");
        assert!(issued.secret.starts_with("whsec_") && issued.secret.len() == 50, "{}", issued.secret);
        assert_eq!(admin.webhooks(&Actor::Command).unwrap(), [issued.view]);
        (1..MAX_WEBHOOKS).for_each(|_| drop(made(admin, "http://127.0.0.1:9")));
        let full = admin.create_webhook(&Actor::Command, "http://127.0.0.1:9", 1_000).map(drop);
        assert!(matches!(full, Err(AdminError::Full { .. })));
        let log = serde_json::to_string(&admin.audit_log(&Actor::Command, "", None, 50).unwrap()).unwrap();
        assert!(log.contains("ops.example.org") && !log.contains("squid") && !log.contains("whsec_"), "{log}");
    });
}

#[test]
fn a_delivery_is_one_servers_until_it_is_settled_and_anothers_when_that_is_gone() {
    check(|admin| {
        let webhook = made(admin, "http://127.0.0.1:9").view.id;
        for now in [1_000, 1_001] {
            admin.test_webhook(&Actor::Command, &webhook, now).unwrap();
        }
        let first = due(admin, 1_001);
        assert_eq!(first.iter().map(|(_, delivery)| delivery.view.created_at).collect::<Vec<_>>(), [1_000]);
        assert_eq!(admin.take_due(|busy| busy == webhook, 1_001).unwrap().len(), 0);
        // Another server has the next; a third has nothing to do.
        let second = due(admin, 1_001);
        assert_eq!(second.len(), 1);
        assert_eq!((second[0].1.view.created_at, due(admin, 1_001).len()), (1_001, 0));
        assert_eq!(due(admin, 1_061).len(), 1, "whoever had it is gone");
    });
}

#[test]
fn what_fails_is_tried_seven_times_and_what_is_taken_once() {
    check(|admin| {
        let webhook = made(admin, "http://127.0.0.1:9").view.id;
        let (mut now, mut waits) = (1_000, Vec::new());
        admin.test_webhook(&Actor::Command, &webhook, now).unwrap();
        while let Some((_, delivery)) = due(admin, now).pop() {
            admin.settle(delivery, &Attempt::Failed("timeout"), now).unwrap();
            let (_, _, next) = states(admin)[0];
            let Some(next) = next else { break };
            assert!(due(admin, next - 1).is_empty());
            waits.push(next - now);
            now = next;
        }
        assert_eq!(waits, [10, 60, 300, 1_800, 3_600, 14_400]);
        assert_eq!(states(admin), [(DeliveryState::Failed, 7, None)]);
        admin.test_webhook(&Actor::Command, &webhook, now + 1).unwrap();
        let (_, delivery) = due(admin, now + 1).pop().unwrap();
        admin.settle(delivery, &Attempt::Replied(204), now + 1).unwrap();
        assert_eq!(states(admin)[0], (DeliveryState::Delivered, 1, None));
        admin.test_webhook(&Actor::Command, &webhook, now + 2).unwrap();
        let (_, delivery) = due(admin, now + 2).pop().unwrap();
        admin.settle(delivery, &Attempt::Replied(410), now + 2).unwrap();
        assert_eq!(states(admin)[0], (DeliveryState::Failed, 1, None), "the receiver says that it is gone");
    });
}

#[test]
fn what_waits_for_a_webhook_goes_with_it_and_there_is_a_bound_to_it() {
    check(|admin| {
        let webhook = made(admin, "http://127.0.0.1:9").view.id;
        let queued = (0..300).take_while(|_| admin.test_webhook(&Actor::Command, &webhook, 1_000).is_ok()).count();
        assert_eq!(queued, 200);
        admin.remove_webhook(&Actor::Command, &webhook, 1_000).unwrap();
        assert!(states(admin).is_empty() && due(admin, 1_000).is_empty());
    });
}

#[test]
fn what_is_sent_can_be_checked_by_its_signature() {
    check(|admin| {
        let (url, told) = receiver("HTTP/1.1 204 No Content\r\n\r\n");
        let issued = made(admin, &url);
        admin.test_webhook(&Actor::Command, &issued.view.id, 1_000).unwrap();
        let (webhook, delivery) = due(admin, 1_000).pop().unwrap();
        assert_eq!(post(&agent(), &webhook, &delivery, 1_234), Attempt::Replied(204));
        let request = told.recv().unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
        let header = |name: &str| {
            let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: "))).unwrap();
            line.split_once(": ").unwrap().1.to_owned()
        };
        assert_eq!(
            (header("webhook-timestamp"), header("content-type")),
            ("1234".to_owned(), "application/json".to_owned())
        );
        let key = STANDARD.decode(issued.secret.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(header("webhook-signature"), courier::signature(&key, &header("webhook-id"), 1_234, body));
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body, serde_json::json!({ "type": "test", "timestamp": "1970-01-01T00:16:40Z", "data": {} }));
    });
}

#[test]
fn a_redirection_is_not_followed_and_what_is_no_receiver_is_not_called() {
    check(|admin| {
        let sent = |url: &str| {
            let issued = made(admin, url);
            admin.test_webhook(&Actor::Command, &issued.view.id, 1_000).unwrap();
            let (webhook, delivery) = due(admin, 1_000).pop().unwrap();
            let attempt = post(&agent(), &webhook, &delivery, 1_000);
            admin.remove_webhook(&Actor::Command, &issued.view.id, 1_000).unwrap();
            attempt
        };
        let (url, told) = receiver("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(sent(&url), Attempt::Replied(302));
        told.recv().unwrap();
        assert_eq!(sent("http://169.254.169.254/latest/meta-data"), Attempt::Failed("address_refused"));
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(sent(&format!("http://{unused}/")), Attempt::Failed("unreachable"));
    });
}
