//! Browser tests of haechi live in `tests/`.
