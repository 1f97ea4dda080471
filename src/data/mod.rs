//! From bytes to labelled pictures, and from there to batches of tensors.
//!
//! Only [`batch`] knows tensors (invariant 3); nothing here opens a file or a connection.

pub mod augment;
#[cfg(feature = "tensors")]
pub mod batch;
#[cfg(feature = "reading")]
mod bytes;
#[cfg(feature = "reading")]
mod cifar;
#[cfg(feature = "reading")]
mod csv;
pub mod dataset;
pub mod decode;
#[cfg(feature = "reading")]
mod folder;
#[cfg(feature = "reading")]
mod idx;
pub mod pixels;
pub mod prepare;
pub mod preprocess;
mod resize;
pub mod shard;
#[cfg(feature = "reading")]
pub mod source;
#[cfg(feature = "reading")]
mod tar;
#[cfg(feature = "reading")]
mod zip;
