//! What outlives the process, and how it is written and read: the database file, Redis, and files that hold a secret.

pub mod remote;
pub mod secret_file;
pub mod store;
