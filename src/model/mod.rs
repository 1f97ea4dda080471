//! The network: its spec in Keras's names, its shapes, and the computation over Burn.
//!
//! [`keras`] reads and writes models as text and needs no tensors; all else does.

pub mod base;
#[cfg(feature = "tensors")]
pub mod cost;
// Without tensors only what a base is asked for is read so.
#[cfg_attr(not(feature = "tensors"), allow(dead_code))]
mod fields;
#[cfg(feature = "cpu")]
mod fold;
#[cfg(feature = "cpu")]
pub(crate) mod graph;
#[cfg(feature = "tensors")]
pub mod initializer;
pub mod keras;
#[cfg(feature = "tensors")]
mod layer;
#[cfg(feature = "tensors")]
pub mod loss;
#[cfg(feature = "tensors")]
pub mod network;
#[cfg(feature = "tensors")]
pub mod preset;
#[cfg(feature = "tensors")]
pub mod shape;
#[cfg(feature = "tensors")]
pub mod spec;
#[cfg(feature = "tensors")]
pub mod transfer;
#[cfg(feature = "tensors")]
mod weights;

#[cfg(feature = "tensors")]
pub(crate) use fields::{Fields, name_of};
#[cfg(feature = "tensors")]
pub(crate) use layer::activate_all;
#[cfg(feature = "cpu")]
pub(crate) use layer::draw_factors;
