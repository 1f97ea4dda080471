//! The network: its spec in Keras's names, its shapes, and the computation over Burn.

mod fields;
pub mod network;
pub mod preset;
pub mod shape;
pub mod spec;

pub(crate) use fields::{Fields, name_of};
