//! From bytes to labelled pictures, and from there to batches of tensors.
//!
//! Only [`batch`] knows tensors (invariant 3); nothing here opens a file or a connection.

pub mod augment;
#[cfg(feature = "tensors")]
pub mod batch;
pub mod dataset;
pub mod decode;
pub mod pixels;
pub mod prepare;
pub mod preprocess;
pub mod shard;
