//! Real servers for tests, each on a port of its own and gone when it is dropped, and a network between that fails on
//! demand.
//!
//! Nothing here pretends to be Redis: what the tests show is what `redis-server`, as it is installed, does, or the
//! program that `TEST_REDIS_SERVER` names. Where it is not installed, a test that needs it fails and says what to install.

mod proxy;
mod redis;
mod sentinel;

pub use self::{
    proxy::{FaultProxy, Mode},
    redis::{Cluster, Disk, PROGRAM, Persistence, Redis, RedisOptions, free_port, make_certificates},
    sentinel::{MASTER, Watched, WatchedOptions, lone_sentinel},
};
