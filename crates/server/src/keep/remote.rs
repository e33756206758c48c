//! Redis or Valkey, on other machines: what nodes that share a secret share besides.
//!
//! [`RemoteAddress`] is what a ledger URL says; `Remote` are the connections. What is kept there, and which promises
//! hold, is for those to say who keep it: the ledger and the apps.
//!
//! Sentinels make another server the primary while the one before may still serve whoever can reach it. So with them
//! what a primary did counts only once so many replicas have confirmed it that no two primaries can both have enough.

mod address;
mod blocking;
mod connections;
mod credentials;
mod error;
mod limited;
mod requirements;
mod sentinel;

pub use self::{
    address::{AddressError, AfterRestart, RemoteAddress},
    error::RemoteError,
};
pub(crate) use self::{
    blocking::BlockingRemote,
    connections::{Decided, Remote, Script},
};
