//! What haechi does, apart from any wire form: apps, challenges, verdicts, and what is counted of them.

pub mod admin;
pub mod apps;
pub mod client;
pub mod connections;
pub mod counters;
pub mod demand;
pub mod ledger;
pub mod lifetime;
pub mod limits;
pub mod metrics;
pub mod outcome;
pub(crate) mod readiness;
pub mod refusal;
pub mod service;
pub mod statistics;
pub mod token;
mod work_pool;
