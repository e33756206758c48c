//! Which server is the primary, as sentinels say.
//!
//! It is the one that more than half of the sentinels in the URL name. So a sentinel that is cut off from the others, or
//! that lies, sends nobody to a server of its own, and a password is not given to that one either. Sentinels make
//! another server the primary only with more than half of them, too.
//!
//! The client library's own `SentinelClient` is not used: it believes the first sentinel that answers.
//!
//! What they say may be late: for a moment two servers may both take themselves for the primary. Which of them decides
//! is no matter of the sentinels: see [`super::Remote::run`].

use ::redis::{FromRedisValue, TlsCertificates, Value};
use futures_util::{StreamExt, stream::FuturesUnordered};

use super::{
    RemoteAddress, RemoteError,
    address::{Host, Sentinels, is_host, shown},
    limited,
};

/// What a sentinel says.
type Said = Result<Host, RemoteError>;

/// The primary that more than half of the sentinels name.
///
/// # Errors
/// [`RemoteError::Failed`] if more than half of them refuse to say, or know none of this name; [`RemoteError::Away`] if
/// there is no majority for one just now.
pub(super) async fn primary(
    address: &RemoteAddress,
    sentinels: &Sentinels,
    certificates: Option<&TlsCertificates>,
) -> Said {
    let mut asked: FuturesUnordered<_> =
        address.hosts.iter().map(|host| ask(address, sentinels, host, certificates)).collect();
    let mut said = Vec::with_capacity(address.hosts.len());
    while let Some(next) = asked.next().await {
        said.push(next);
        // The others may be slow, or away.
        if let Some(primary) = named_by_most(&said, address.hosts.len()) {
            return Ok(primary);
        }
    }
    Err(disagreement(address, &said))
}

fn named_by_most(said: &[Said], sentinels: usize) -> Option<Host> {
    let named = said.iter().filter_map(|said| said.as_ref().ok());
    let votes = |host: &Host| said.iter().filter(|said| said.as_ref() == Ok(host)).count();
    named.clone().find(|host| 2 * votes(host) > sentinels).cloned()
}

fn disagreement(address: &RemoteAddress, said: &[Said]) -> RemoteError {
    let each = said.iter().map(|said| match said {
        Ok(host) => format!("one names {}", shown(host)),
        Err(error) => error.to_string(),
    });
    let text = format!(
        "{address}: fewer than half of the sentinels name one primary ({})",
        each.collect::<Vec<_>>().join("; ")
    );
    let refusing = said.iter().filter(|said| matches!(said, Err(error) if !error.may_pass())).count();
    // What some of them refuse somebody has to change; if few do, the others will come back.
    if 2 * refusing > said.len() { RemoteError::Failed(text) } else { RemoteError::Away(text) }
}

async fn ask(
    address: &RemoteAddress,
    sentinels: &Sentinels,
    host: &Host,
    certificates: Option<&TlsCertificates>,
) -> Said {
    let place = shown(host);
    let asking = async {
        let mut connection = limited::connect(sentinels, host, certificates).await?;
        let mut command = ::redis::cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(&sentinels.master);
        connection.send_packed_command(&command).await?.extract_error()
    };
    match tokio::time::timeout(address.connect_timeout, asking).await {
        Ok(Ok(reply)) => named(&place, &sentinels.master, reply),
        Ok(Err(error)) => Err(RemoteError::unconnected(&place, &error)),
        Err(_) => Err(RemoteError::Away(format!("{place} does not answer"))),
    }
}

/// The host and the port in a sentinel's reply.
fn named(place: &str, master: &str, reply: Value) -> Said {
    if reply == Value::Nil {
        return Err(RemoteError::Failed(format!("{place} knows no primary named {master:?}")));
    }
    let nonsense = || RemoteError::Failed(format!("{place} names no host and port"));
    let (host, port) = <(String, String)>::from_redis_value(reply).map_err(|_| nonsense())?;
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(nonsense)?;
    if is_host(&host) { Ok((host, port)) } else { Err(nonsense()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> Said {
        Ok((name.to_owned(), 6379))
    }

    fn away() -> Said {
        Err(RemoteError::Away("gone".to_owned()))
    }

    fn refused() -> Said {
        Err(RemoteError::Failed("NOAUTH".to_owned()))
    }

    #[track_caller]
    fn check(said: &[Said], sentinels: usize, expected: Option<&str>) {
        let named = named_by_most(said, sentinels);
        assert_eq!(named.as_ref().map(|(host, _)| host.as_str()), expected, "{said:?}");
    }

    #[test]
    fn more_than_half_of_all_decide() {
        check(&[host("a")], 1, Some("a"));
        check(&[host("a")], 2, None);
        check(&[host("a"), host("a")], 3, Some("a"));
        // Two that have no say do not make the third one right.
        check(&[away(), host("a"), away()], 3, None);
        check(&[host("b"), host("a"), host("a")], 3, Some("a"));
        check(&[host("b"), host("a"), host("a"), host("b")], 4, None);
        check(&[], 1, None);
    }

    #[test]
    fn nobody_waits_for_a_name_that_most_do_not_know() {
        let address = RemoteAddress::parse("redis-sentinel://a,b,c?master=m").unwrap();
        assert!(disagreement(&address, &[refused(), host("a"), away()]).may_pass());
        let error = disagreement(&address, &[refused(), host("a"), refused()]);
        assert!(!error.may_pass());
        assert!(error.to_string().contains("one names a:6379"), "{error}");
    }

    #[test]
    fn what_names_no_host_is_nonsense() {
        let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let pair = |host: &str, port: &str| Value::Array(vec![text(host), text(port)]);
        let read = |reply| named("s:1", "m", reply);
        assert_eq!(read(pair("10.0.0.1", "7000")), Ok(("10.0.0.1".to_owned(), 7000)));
        assert_eq!(read(pair("::1", "7000")), Ok(("::1".to_owned(), 7000)));
        for reply in [
            pair("", "1"),
            pair("a b", "1"),
            pair("a", "0"),
            pair("a", "70000"),
            pair("a", "x"),
            text("a"),
            Value::Int(1),
            Value::Array(vec![text("a")]),
            Value::Array(vec![Value::BulkString(vec![0xff]), text("1")]),
        ] {
            assert!(matches!(read(reply.clone()), Err(RemoteError::Failed(_))), "{reply:?}");
        }
        assert!(matches!(read(Value::Nil), Err(RemoteError::Failed(said)) if said.contains("\"m\"")));
    }
}
