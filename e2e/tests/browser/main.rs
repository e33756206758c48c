//! The demo page, the console and the documentation page, used by a person in Chromium. The widget itself has tests of its own in
//! three browsers, in widget/test.
//!
//! Each test starts a server and a browser of its own and stops both. They need Debian's `chromium` and
//! `chromium-driver`, without which they fail and say so. Screenshots go to `e2e/screenshots/`, to be looked at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accessibility;
mod answering;
mod browser;
mod charts;
mod console;
mod demo_page;
mod docs;
mod first_user;
mod loading;
mod looks;
mod no_script;
mod pages;
mod program;
mod renewal;
mod roles;
mod site;
mod tabs;
