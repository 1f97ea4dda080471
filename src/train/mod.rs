//! Training: optimizers, the session's state machine and its history.

#[cfg(feature = "cpu")]
pub mod compiled;
pub(crate) mod features;
pub mod finder;
pub mod history;
pub mod monitor;
pub mod optimizer;
pub mod options;
pub mod schedule;
pub mod session;
pub mod team;
pub(crate) mod trial;
#[cfg(feature = "webgpu")]
pub mod uploaded;
