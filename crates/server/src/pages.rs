//! What people see of this server.

pub(crate) mod console;
pub(crate) mod demo;
