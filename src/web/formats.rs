//! Trained networks in the formats of others, for JavaScript: in a module of their own.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::from_js;
use crate::error::Error;
use crate::store::saved::{ExportOptions, Saved};
use crate::store::{foreign, keras, onnx, tensorflow_js, torch};

/// Reads a network that others trained, Keras's or one of PyTorch's names, as a checkpoint; weights
/// without a model are those of `present`, a checkpoint.
#[wasm_bindgen(js_name = readFormat)]
pub fn read_format(bytes: Vec<u8>, present: Option<Vec<u8>>) -> JsResult<Uint8Array> {
    Ok(foreign::to_checkpoint(bytes, present.as_deref())?.as_slice().into())
}

/// Writes a checkpoint's network as `safetensors`, `keras`, `keras-weights`, `onnx`,
/// `tensorflow-js`, or as a checkpoint of the `network` alone.
#[wasm_bindgen(js_name = writeFormat)]
pub fn write_format(format: &str, checkpoint: &[u8], options: JsValue) -> JsResult<Uint8Array> {
    let options: ExportOptions = from_js(options, "writeFormat")?;
    let saved = Saved::from_checkpoint(checkpoint)?;
    let bytes = match format {
        "network" => saved.to_checkpoint(),
        // PyTorch's code and ours prepare pictures themselves.
        "safetensors" => torch::write(&saved),
        "keras-weights" => keras::weights(&saved),
        "keras" => keras::write(&saved.prepared(&options)?),
        "onnx" => onnx::write(&saved.prepared(&options)?),
        "tensorflow-js" => tensorflow_js::write(&saved.prepared(&options)?),
        _ => Err(Error::option(format!("There is no format {format}.")).field("format")),
    };
    Ok(bytes?.as_slice().into())
}
