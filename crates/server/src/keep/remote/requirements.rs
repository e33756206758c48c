//! What haechi needs of a server, found out when it connects, so that what is missing is said then and not by a refused
//! answer; and again while it runs, since servers and their settings change.

use super::{RemoteError, address::Topology};

/// The first version that has all that the scripts use.
const MIN_VERSION: (u32, u32) = (6, 2);

/// Checks what a server says of itself when it is asked for `INFO`.
pub(super) fn check(info: &str, topology: &Topology) -> Result<(), RemoteError> {
    let field =
        |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map_or("", str::trim);
    let version = field("redis_version");
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < MIN_VERSION {
        let (major, minor) = MIN_VERSION;
        return unfit(format!("its version is {version:?}, and haechi needs Redis {major}.{minor} or Valkey 7.2"));
    }
    if !matches!(topology, Topology::Cluster) && field("cluster_enabled") == "1" {
        return unfit("it belongs to a cluster: use redis-cluster://".to_owned());
    }
    let is_replica = field("role") == "slave";
    match topology {
        Topology::Single if is_replica => return unfit("it is a replica: name its primary".to_owned()),
        Topology::Sentinel(_) if is_replica => {
            return Err(RemoteError::Away("what the sentinels named is a replica now".to_owned()));
        }
        Topology::Sentinel(sentinels) => {
            let followers: usize = field("connected_slaves").parse().unwrap_or(0);
            if followers > sentinels.replicas {
                return unfit(format!(
                    "{followers} replicas follow it, and its URL says {}: say replicas={followers}, on every server, \
                     so that more than half of them confirm each decision",
                    sentinels.replicas
                ));
            }
        }
        Topology::Single | Topology::Cluster => {}
    }
    let policy = field("maxmemory_policy");
    if !matches!(policy, "" | "noeviction") && field("maxmemory") != "0" {
        return Err(RemoteError::Forgetful(format!(
            "when its memory is full it forgets what it was given (maxmemory-policy {policy}), and whose key is \
             forgotten is refused: set maxmemory-policy noeviction"
        )));
    }
    Ok(())
}

fn unfit(cause: String) -> Result<(), RemoteError> {
    Err(RemoteError::Unfit(cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keep::remote::RemoteAddress;

    fn sentinels() -> Topology {
        RemoteAddress::parse("redis-sentinel://a?master=m").unwrap().topology
    }

    #[track_caller]
    fn check_unfit(info: &str, expected: &str) {
        let error = check(info, &Topology::Single).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(
            check("redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n", &Topology::Single),
            Ok(())
        );
        assert_eq!(
            check("redis_version:6.2.0\nmaxmemory:0\nmaxmemory_policy:allkeys-lru\n", &Topology::Single),
            Ok(())
        );
        check_unfit("redis_version:6.0.16\n", "6.2");
        check_unfit("nonsense", "its version is \"\"");
        check_unfit("redis_version:7.2.4\ncluster_enabled:1\n", "redis-cluster://");
        check_unfit("redis_version:7.2.4\nrole:slave\n", "replica");
        check_unfit("redis_version:7.2.4\nmaxmemory:1000\nmaxmemory_policy:volatile-ttl\n", "noeviction");
    }

    #[test]
    fn a_primary_of_a_cluster_is_fit_for_one() {
        assert_eq!(check("redis_version:7.2.4\ncluster_enabled:1\nrole:master\n", &Topology::Cluster), Ok(()));
    }
    #[test]
    fn a_primary_that_sentinels_watch_has_no_more_replicas_than_were_said() {
        let primary = |replicas| format!("redis_version:7.2.4\nrole:master\nconnected_slaves:{replicas}\n");
        for replicas in 0..=2 {
            assert_eq!(check(&primary(replicas), &sentinels()), Ok(()));
        }
        let error = check(&primary(3), &sentinels()).unwrap_err();
        assert!(!error.may_pass() && error.to_string().contains("replicas=3"), "{error}");
        // It was the primary a moment ago, or will be one in a moment.
        assert!(check("redis_version:7.2.4\nrole:slave\n", &sentinels()).unwrap_err().may_pass());
    }
}
