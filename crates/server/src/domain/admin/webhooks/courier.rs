//! Makes deliveries, on threads of their own.
//!
//! A receiver may be slow, gone or hostile. So each webhook has one delivery under way at a time, on a thread of its own,
//! which ends after some seconds whatever the receiver does; nothing else waits for it. Redirections are not followed, and
//! of a reply its status alone is looked at. Addresses at which clouds tell machines their own secrets, and others that no
//! receiver has, are not called.

use std::{
    collections::HashSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use ureq::{
    Agent,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};

use super::{
    StoredWebhook,
    deliveries::{Attempt, StoredDelivery},
};
use crate::{
    clock::unix_now,
    domain::admin::{AdminError, Administration},
    logging::Seldom,
};

/// The longest that a delivery may take.
const MAX_TIME: Duration = Duration::from_secs(10);
/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Notices marks and makes deliveries, on a thread of its own, for as long as there is the administration.
///
/// # Errors
/// If the system gives no thread.
pub fn keep_delivering(administration: &Arc<Administration>) -> std::io::Result<()> {
    let administration = Arc::downgrade(administration);
    let courier = Courier { agent: agent(), busy: Arc::default() };
    thread::Builder::new().name("webhooks".to_owned()).spawn(move || {
        while courier.look(&administration) {
            thread::sleep(LOOK_EVERY);
        }
    })?;
    Ok(())
}

/// Who delivers.
#[derive(Clone)]
struct Courier {
    agent: Agent,
    /// The webhooks that a delivery is under way to.
    busy: Arc<Mutex<HashSet<String>>>,
}

impl Courier {
    /// Begins what is due; false once the administration is gone.
    fn look(&self, administration: &Weak<Administration>) -> bool {
        let Some(admin) = administration.upgrade() else { return false };
        let now = unix_now();
        report(admin.notice_marks(now));
        let due = admin.take_due(|webhook| self.busy().contains(webhook), now);
        // It is not kept while a receiver is waited for, so that the database can be closed.
        drop(admin);
        for (webhook, delivery) in report(due).unwrap_or_default() {
            self.busy().insert(delivery.view.webhook.clone());
            let (courier, administration) = (self.clone(), Weak::clone(administration));
            let spawned = thread::Builder::new()
                .name("webhook".to_owned())
                .spawn(move || courier.deliver(&administration, &webhook, delivery));
            if let Err(error) = spawned {
                tracing::error!(%error, "a webhook waits, because the system gives no thread");
                self.busy().clear();
            }
        }
        true
    }

    fn deliver(&self, administration: &Weak<Administration>, webhook: &StoredWebhook, delivery: StoredDelivery) {
        let attempt = post(&self.agent, webhook, &delivery, unix_now());
        self.busy().remove(&delivery.view.webhook);
        if let Some(admin) = administration.upgrade() {
            report(admin.settle(delivery, &attempt, unix_now()));
        }
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report<T>(outcome: Result<T, AdminError>) -> Option<T> {
    static FAILURES: Seldom = Seldom::new();
    match outcome {
        Ok(done) => Some(done),
        Err(error) => {
            if FAILURES.is_due() {
                tracing::error!(%error, "webhooks are held up; further failures may not be logged");
            }
            None
        }
    }
}

/// Sends a delivery, signed.
pub(super) fn post(agent: &Agent, webhook: &StoredWebhook, delivery: &StoredDelivery, now: u64) -> Attempt {
    let Some(key) = webhook.key() else { return Attempt::Failed("failed") };
    let id = &delivery.view.id;
    let sent = agent
        .post(&webhook.view.url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", signature(&key, id, now, &delivery.body))
        .send(delivery.body.as_bytes());
    match sent {
        Ok(response) => Attempt::Replied(response.status().as_u16()),
        Err(error) => Attempt::Failed(problem(&error)),
    }
}

/// As Standard Webhooks has it: a MAC over name, time and body.
pub(super) fn signature(key: &[u8], id: &str, at: u64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn problem(error: &ureq::Error) -> &'static str {
    match error {
        ureq::Error::Timeout(_) => "timeout",
        ureq::Error::HostNotFound => "host_not_found",
        ureq::Error::Other(error) if error.is::<AddressRefused>() => "address_refused",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "unreachable",
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "tls",
        _ => "failed",
    }
}

/// Each delivery has a connection of its own, so that none is kept open to a receiver that is seldom called.
pub(super) fn agent() -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(MAX_TIME))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_connections(0)
        .user_agent(concat!("haechi/", env!("CARGO_PKG_VERSION")))
        .build();
    Agent::with_parts(config, DefaultConnector::default(), Lookup::default())
}

/// No receiver has such an address.
#[derive(Debug, thiserror::Error)]
#[error("a webhook may not lead to this address")]
struct AddressRefused;

/// Finds addresses of receivers. It is asked for the ones that are connected to, so a name cannot lead past it.
#[derive(Debug, Default)]
struct Lookup(DefaultResolver);

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.0.resolve(uri, config, timeout)?;
        let mut called = self.empty();
        for address in found.iter().filter(|address| may_be_called(address.ip())) {
            called.push(*address);
        }
        if called.is_empty() { Err(ureq::Error::Other(Box::new(AddressRefused))) } else { Ok(called) }
    }
}

/// Not link-local ones, among which are 169.254.169.254 and its like, nor those of nobody and of many. Others in one's own
/// network may be called: the administrator chooses them, and receivers stand there.
fn may_be_called(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        // fd00:ec2::254 is where one cloud has the same over IPv6.
        IpAddr::V6(address) => address.is_unicast_link_local() || address.segments()[..2] == [0xfd00, 0xec2],
    };
    !(is_link_local || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_standards_example() {
        // From the specification's reference implementations.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn addresses_that_no_receiver_has_are_not_called() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("10.0.0.1", true),
            ("192.0.2.1", true),
            ("2001:db8::1", true),
            ("169.254.169.254", false),
            ("::ffff:169.254.169.254", false),
            ("fe80::1", false),
            ("fd00:ec2::254", false),
            ("0.0.0.0", false),
            ("::", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
        ] {
            assert_eq!(may_be_called(address.parse().unwrap()), expected, "{address}");
        }
    }
}
