//! The program, tested from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin;
mod again;
mod altcha;
mod api;
mod apps;
mod backup;
mod bodies;
mod cap;
mod cli;
mod clock;
mod config;
mod connections;
mod dialects;
mod disk;
mod faults;
mod first_start;
mod hostile;
mod introductions;
mod limits;
mod manuals;
mod media;
mod monitoring;
mod naver;
mod once;
mod overload;
mod process;
mod proxies;
mod public_path;
mod readme;
mod secrets;
mod serve;
mod server;
mod shared;
mod siteverify;
mod snippets;
mod socket;
mod tls;
mod traces;
mod webhooks;
mod widget;
mod work;
