//! Train a convolutional image classifier in a browser tab.
//!
//! # The map
//!
//! The crate builds from the same files natively, for tests, and for WebAssembly, where
//! [`web`] puts it behind two JavaScript classes: one trains, and one, in a module without
//! the feature `tensors`, reads dropped files; a third module reads and writes models as text,
//! a fourth, too without tensors, makes curves and maps of what an evaluation found, and a fifth
//! writes trained networks in the formats of others and reads theirs.
//! Read it in this order:
//!
//! 1. [`data`]: dropped files ([`data::source`]) and bundled shards ([`data::shard`]) become
//!    labelled pictures ([`data::dataset`]), which are augmented and standardised
//!    ([`data::prepare`]) and become batches of tensors ([`data::batch`]).
//! 2. [`model`]: a layer list in Keras's names ([`model::spec`]) is checked and counted
//!    ([`model::shape`], [`model::cost`]), computed over Burn and measured by its loss
//!    ([`model::network`], [`model::loss`]), perhaps on a pretrained network ([`model::base`]).
//!    [`model::keras`] reads Keras's Python and JSON, and writes Keras, PyTorch and Burn.
//! 3. [`train`]: the optimizers and schedules, and the session that is pulled
//!    forward step by step ([`train::session`]), each batch in pieces that several workers
//!    compute ([`train::team`]), on the CPU without tensors where all layers are covered
//!    ([`train::compiled`](train)), or a copy of its weights beside it ([`train::finder`]). What
//!    frozen layers make of a picture is computed once (`train/features.rs`); on a graphics processor
//!    batches are made of the pictures there (`train/uploaded.rs`).
//! 4. [`evaluate`]: how good a network is, on a split or on every fold in turn
//!    ([`evaluate::cross_validation`]), with curves ([`evaluate::curves`]) and a map of points
//!    ([`evaluate::embedding`]); what follows from scores alone needs no tensors.
//!    [`explain`]: what it sees, why it decides, how it learns.
//! 5. [`store`]: all of it as bytes, and back; a trained network as a Keras, ONNX, TensorFlow.js or
//!    PyTorch file.
//! 6. [`device`]: where tensors live. [`fast`]: our own kernels, the package in `src/kernels` on
//!    the CPU and shaders on WebGPU, as operations of Burn. [`error`] and [`random`] are leaves.
//!
//! Imports run from `web` to `train` to the rooms below it; `evaluate` and `store` know the
//! session only where they check or keep it, and where cross-validation trains one a fold.
//!
//! # Invariants
//!
//! - Only `web` names wasm-bindgen, js-sys or web-sys.
//! - The core has no clock, no files and no global generator: callers pass what it needs,
//!   and every draw comes from a [`random::Stream`] that names its purpose. The same seed,
//!   device and calls give the same losses, to the last bit on the CPU, for any number of workers.
//! - No tensor below [`data::batch`]; no backend's name outside [`device`] and [`fast`].
//! - What a kernel of ours computes, Burn's operations compute too, and a test compares them.
//! - Training is pulled: [`train::session::Session::advance`] returns after a few steps, and
//!   whoever called decides when to go on. A step is: gradient of each piece of the batch,
//!   sum in a fixed order, update.
//! - Nothing is read from a device synchronously; a figure stays there until it is asked for.
//! - Bad input is a value: an [`Error`] or a warning. No input panics.

pub mod data;
#[cfg(feature = "tensors")]
pub mod device;
pub mod error;
pub mod evaluate;
#[cfg(feature = "tensors")]
pub mod explain;
#[cfg(feature = "kernels")]
pub mod fast;
pub mod model;
pub mod random;
#[cfg(any(feature = "tensors", feature = "formats"))]
pub mod store;
#[cfg(feature = "tensors")]
pub mod train;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Result};
