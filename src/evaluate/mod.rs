//! How good a network is, and what its scores and features look like.
//!
//! [`metrics`] counts logits as they come in, [`calibration`] with it; [`curves`] and
//! [`embedding`] are for what it kept. None of them needs tensors; an `Evaluator` and
//! `cross_validation`, which compute the logits, do.

pub mod calibration;
#[cfg(feature = "tensors")]
pub mod cross_validation;
pub mod curves;
pub mod embedding;
#[cfg(feature = "tensors")]
mod evaluator;
pub mod metrics;

#[cfg(feature = "tensors")]
pub use evaluator::Evaluator;
