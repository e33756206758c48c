//! haechi, a self-hosted CAPTCHA server with the wire API of NHN Cloud CAPTCHA v1.0.
//!
//! [`service::Service`] is what the server does, [`router::router`] is how it is called, and the binary puts the
//! parts together from its configuration.

pub mod admin;
pub mod api;
pub mod apps;
pub mod backup;
pub mod calendar;
pub mod client;
pub mod config;
mod console;
pub mod control;
mod demo;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod inspect;
pub mod installation;
pub mod ledger;
pub mod limits;
pub mod logging;
pub mod metrics;
mod readiness;
pub mod remote;
mod render_pool;
pub mod router;
pub mod secret_file;
pub mod secrets;
pub mod server;
pub mod service;
pub mod statistics;
pub mod store;
pub mod tls;
pub mod traces;
