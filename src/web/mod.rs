//! The boundary to JavaScript: the class `Core`, that the training worker owns, and the
//! class `Reader`, that each reader worker owns; `Replica` computes shares of batches and
//! `Preparer` makes batches beside training; `readModel` and `writeModel` are models as text,
//! `readFormat` and `writeFormat` trained networks in the formats of others;
//! `curves` and the class `Embedding` make of what an evaluation found what is drawn.
//!
//! The only room that names wasm-bindgen, js-sys or web-sys. It translates and nothing
//! else: JavaScript values become options, errors become `Error` objects with a stable
//! `code`, pictures become typed arrays. Calls must not overlap while one of `Core`'s
//! promises is pending; the worker queues them.

#[cfg(feature = "analysis")]
mod analysis;
mod convert;
#[cfg(feature = "tensors")]
mod core;
#[cfg(feature = "tensors")]
mod dataset;
#[cfg(feature = "formats")]
mod formats;
#[cfg(feature = "tensors")]
mod look;
#[cfg(feature = "reading")]
mod preparer;
#[cfg(feature = "reading")]
mod reader;
#[cfg(any(feature = "tensors", feature = "reading"))]
mod storage;
#[cfg(feature = "tensors")]
mod team;
#[cfg(feature = "text")]
mod text;

use wasm_bindgen::prelude::*;

#[cfg(feature = "analysis")]
pub use analysis::{Embedding, curves};
#[cfg(feature = "tensors")]
pub use core::{Core, available_devices};
#[cfg(feature = "formats")]
pub use formats::{read_format, write_format};
#[cfg(feature = "reading")]
pub use preparer::Preparer;
#[cfg(feature = "reading")]
pub use reader::{Reader, unpack_shard};
#[cfg(feature = "tensors")]
pub use team::Replica;
#[cfg(feature = "text")]
pub use text::{read_model, write_model};

type JsResult<T> = Result<T, JsValue>;

/// Runs when the module is instantiated: a panic is printed with its place before it traps.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The version of this crate.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
