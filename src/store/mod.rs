//! Keeping a session: weights and everything beside them, as bytes.

pub mod checkpoint;
