//! Keeping a session: weights and everything beside them, as bytes; and a trained network in
//! the formats that others open.
//!
//! A checkpoint is the one thing that the session writes. All other formats are made of its
//! bytes, by plain functions without tensors: [`saved`] reads them into layers with their
//! numbers, and each format is written from those.

#[cfg(feature = "tensors")]
pub mod base;
#[cfg(feature = "tensors")]
pub mod checkpoint;
#[cfg(feature = "formats")]
pub mod foreign;
#[cfg(feature = "formats")]
pub mod keras;
#[cfg(feature = "formats")]
pub mod onnx;
#[cfg(feature = "formats")]
mod pickle;
#[cfg(feature = "formats")]
pub mod saved;
#[cfg(feature = "formats")]
pub mod tensorflow_js;
#[cfg(feature = "formats")]
pub mod torch;

/// The key of a safetensors file's metadata under which our JSON stands.
const KEY: &str = "cnn-lab";
/// The tensor that holds the whitening matrix, where there is one.
const ZCA: &str = "preprocessing/zca";
/// The version of a checkpoint that is written; another is refused.
const VERSION: u32 = 1;
