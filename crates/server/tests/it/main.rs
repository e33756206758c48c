//! The program, tested from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod api;
mod apps;
mod cli;
mod config;
mod connections;
mod faults;
mod hostile;
mod limits;
mod media;
mod once;
mod overload;
mod readme;
mod serve;
mod server;
mod shared;
mod snippets;
mod tls;
