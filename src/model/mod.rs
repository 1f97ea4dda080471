//! The network: its spec in Keras's names, its shapes, and the computation over Burn.

pub mod cost;
mod fields;
pub mod initializer;
mod layer;
pub mod network;
pub mod preset;
pub mod shape;
pub mod spec;
mod weights;

pub(crate) use fields::{Fields, name_of};
pub(crate) use layer::activate_all;
