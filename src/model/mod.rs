//! The network: its spec in Keras's names, its shapes, and the computation over Burn.
//!
//! [`keras`] reads and writes models as text and needs no tensors; all else does.

#[cfg(feature = "tensors")]
mod fields;
pub mod keras;
#[cfg(feature = "tensors")]
pub mod network;
#[cfg(feature = "tensors")]
pub mod preset;
#[cfg(feature = "tensors")]
pub mod shape;
#[cfg(feature = "tensors")]
pub mod spec;

#[cfg(feature = "tensors")]
pub(crate) use fields::{Fields, name_of};
