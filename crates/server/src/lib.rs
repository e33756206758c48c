//! haechi, a self-hosted CAPTCHA server with the wire API of NHN Cloud CAPTCHA v1.0.
//!
//! Its rooms are layers, each of which needs only those before it (`cargo xtask layers` checks that):
//!
//! 1. [`keep`]: what outlives the process, and how it is written and read.
//! 2. [`domain`]: what haechi does, apart from any wire form. [`domain::service::Service`] is its main path.
//! 3. [`http`]: what every request passes, whoever asks.
//! 4. [`dialect`]: the wire forms. Each reads requests, asks the service, and says verdicts and refusals in its own words.
//! 5. `pages`: what people see of this server, the console and the demo.
//! 6. [`installation`]: what an operator has, from the configuration to backups.

pub mod calendar;
pub mod clock;
mod codes;
pub mod dialect;
pub mod domain;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod hex;
pub mod http;
pub mod installation;
pub mod keep;
pub mod logging;
mod pages;
pub mod router;
pub mod traces;
