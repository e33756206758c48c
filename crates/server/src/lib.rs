//! haechi.
