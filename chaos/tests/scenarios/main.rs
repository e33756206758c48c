//! The scenarios, as short as CI can bear. `cargo xtask chaos` runs them for longer.
//!
//! They start the program that was built beside them, and Debian's `redis-server`.

mod faults;
mod once;
