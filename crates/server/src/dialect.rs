//! The wire forms. Each reads requests, asks the service, and says verdicts and refusals in its own words.

pub(crate) mod admin;
pub(crate) mod altcha;
pub(crate) mod cap;
pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod naver;
pub(crate) mod nhn;
pub(crate) mod puzzle;
pub(crate) mod siteverify;
#[cfg(test)]
mod tests;
pub(crate) mod widget;

pub use docs::openapi;
