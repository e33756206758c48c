//! What every request passes, whoever asks: connections, bounds, names, parameters, routes.

pub(crate) mod cookies;
pub(crate) mod fields;
pub(crate) mod file;
pub(crate) mod guard;
pub(crate) mod idempotency;
pub(crate) mod language;
pub mod listener;
pub(crate) mod lists;
pub(crate) mod media;
pub(crate) mod parameters;
pub(crate) mod proxy_protocol;
pub mod public_path;
pub mod public_url;
pub(crate) mod refused;
pub(crate) mod request;
mod request_id;
pub(crate) mod routes;
pub mod server;
pub mod tls;
mod unsent;
