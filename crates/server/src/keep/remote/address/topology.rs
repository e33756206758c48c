//! How the servers of a URL belong together.

use super::{AddressError, count, credential_value, require};

/// The port of a sentinel if none is named.
const SENTINELS_PORT: u16 = 26379;
/// The port of a server if none is named.
const SERVERS_PORT: u16 = 6379;
/// Replicas that a primary has if the URL does not say how many. Three servers are the fewest that go on when one fails.
const USUAL_REPLICAS: usize = 2;
/// The most that a URL may say.
const MOST_REPLICAS: usize = 100;

/// How the servers belong together.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) enum Topology {
    /// There is one, which the URL names.
    Single,
    /// A cluster, of which the URL names some.
    Cluster,
    /// A primary with replicas. The URL names the sentinels, which name the primary.
    Sentinel(Box<Sentinels>),
}

/// What a URL says of sentinels, and of the servers that they watch.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) struct Sentinels {
    /// The primary's name among sentinels.
    pub(in super::super) master: String,
    /// Who haechi is to the sentinels.
    pub(in super::super) user: Option<String>,
    pub(in super::super) password: Option<String>,
    /// Replicas that the primary has when all is well.
    pub(in super::super) replicas: usize,
}

impl Sentinels {
    fn unnamed() -> Self {
        Self { master: String::new(), user: None, password: None, replicas: USUAL_REPLICAS }
    }

    /// How many replicas must confirm what a primary did: with the primary itself, more than half of all servers. Of
    /// any two such groups at least one server is in both, so two primaries cannot both be confirmed.
    pub(in super::super) fn confirming(&self) -> usize {
        self.replicas.div_ceil(2)
    }

    /// Reads one of their settings, which only their URLs have.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), AddressError> {
        match name {
            "master" => {
                let fits = (1..=256).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic());
                require(fits, "master", "the primary's name among the sentinels, in visible ASCII characters")?;
                require(self.master.is_empty(), "master", "said once, as ?master=NAME or as #NAME")?;
                value.clone_into(&mut self.master);
            }
            "sentinel_user" => self.user = credential_value(value),
            "sentinel_password" => self.password = credential_value(value),
            "replicas" => self.replicas = count("replicas", value, MOST_REPLICAS)?,
            other => return Err(AddressError::Setting(other.to_owned())),
        }
        Ok(())
    }
}

impl Topology {
    /// What a scheme says: how servers belong together, and whether they speak TLS.
    pub(super) fn of_scheme(scheme: &str) -> Option<(Self, bool)> {
        Some(match scheme {
            "redis" => (Self::Single, false),
            "rediss" => (Self::Single, true),
            "redis-cluster" => (Self::Cluster, false),
            "rediss-cluster" => (Self::Cluster, true),
            "redis-sentinel" => (Self::Sentinel(Box::new(Sentinels::unnamed())), false),
            "rediss-sentinel" => (Self::Sentinel(Box::new(Sentinels::unnamed())), true),
            _ => return None,
        })
    }

    pub(super) fn scheme(&self, tls: bool) -> &'static str {
        match (self, tls) {
            (Self::Single, false) => "redis",
            (Self::Single, true) => "rediss",
            (Self::Cluster, false) => "redis-cluster",
            (Self::Cluster, true) => "rediss-cluster",
            (Self::Sentinel(_), false) => "redis-sentinel",
            (Self::Sentinel(_), true) => "rediss-sentinel",
        }
    }

    /// The port of a host that is named without one.
    pub(super) fn usual_port(&self) -> u16 {
        match self {
            Self::Single | Self::Cluster => SERVERS_PORT,
            Self::Sentinel(_) => SENTINELS_PORT,
        }
    }

    /// What the sentinels' URL says besides, if it is one.
    pub(in super::super) fn sentinels(&self) -> Option<&Sentinels> {
        match self {
            Self::Sentinel(sentinels) => Some(sentinels),
            Self::Single | Self::Cluster => None,
        }
    }
}
