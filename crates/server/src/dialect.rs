//! The HTTP API: what comes in, what goes out.

pub(crate) mod admin;
pub(crate) mod docs;
pub(crate) mod guard;
pub(crate) mod health;
pub(crate) mod language;
pub(crate) mod media;
pub(crate) mod nhn;
pub(crate) mod parameters;
pub(crate) mod problem;
pub(crate) mod reply;
pub(crate) mod request;
mod request_id;
#[cfg(test)]
mod tests;

pub use docs::openapi;
