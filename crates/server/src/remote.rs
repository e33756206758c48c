//! Redis or Valkey, on other machines: what nodes that share a secret share besides.
//!
//! [`RemoteAddress`] is what a ledger URL says; `Remote` are the connections. What is kept there, and which promises
//! hold, is for those to say who keep it: the ledger and the apps.

mod address;
mod connections;
mod error;
mod requirements;

pub(crate) use self::connections::{Decided, Remote, Script};
pub use self::{
    address::{AddressError, AfterRestart, RemoteAddress},
    error::RemoteError,
};
