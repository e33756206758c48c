//! What the server asks of the system for its process.

use haechi::http::server::Limits;
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

/// A core dump would hold the secret, and lie where nobody looks after it.
///
/// The limit is for files. A program to which the system pipes dumps gets them all the same, unless the process is not
/// dumpable at all; then no other process of the same user can read its memory either.
pub(super) fn forbid_core_dumps() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "a crash may hand a core dump, which holds the secret, to another program");
    }
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }) {
        tracing::warn!(%error, "a crash may leave a core dump, which holds the secret");
    }
}

/// How many connections there can be at once, after asking the system for as many file descriptors as it gives.
pub(super) fn room_for_connections() -> usize {
    /// Descriptors for everything that is not a client: the database, operators, the control socket, the log.
    const OTHERS: u64 = 100;
    let wanted = Limits::default().connections;
    let descriptors = raise_descriptors(wanted as u64 + OTHERS);
    let room = usize::try_from(descriptors.saturating_sub(OTHERS)).unwrap_or(wanted).clamp(16, wanted);
    if room < wanted {
        tracing::warn!(room, wanted, "there is room for fewer connections: raise the limit on open files (ulimit -n)");
    }
    room
}

/// Raises the limit on open files to this, or as far as the system lets it, and returns what it is then.
fn raise_descriptors(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None is no limit.
    let current = current.unwrap_or(u64::MAX);
    let possible = wanted.min(maximum.unwrap_or(u64::MAX));
    if current >= possible {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(possible), maximum }) {
        Ok(()) => possible,
        Err(error) => {
            tracing::warn!(%error, "the limit on open files cannot be raised");
            current
        }
    }
}
