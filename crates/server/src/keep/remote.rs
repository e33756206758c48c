//! Redis or Valkey, on other machines: what nodes that share a secret share besides.
//!
//! [`RemoteAddress`] is what a ledger URL says; `Remote` are the connections. What is kept there, and which promises
//! hold, is for those to say who keep it: the ledger and the apps.

mod address;
mod blocking;
mod connections;
mod error;
mod requirements;

pub use self::{
    address::{AddressError, AfterRestart, RemoteAddress},
    error::RemoteError,
};
pub(crate) use self::{
    blocking::BlockingRemote,
    connections::{Decided, Remote, Script},
};
