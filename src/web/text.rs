//! Models as text, for JavaScript: two functions, in a module of their own.

use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::error::Error;
use crate::model::keras::{Experiment, Options, read_with, write};

/// Reads a model and how it is to be trained from Keras's Python or JSON; `options` is what
/// the data tells where the text does not.
#[wasm_bindgen(js_name = readModel)]
pub fn read_model(text: &str, options: JsValue) -> JsResult<JsValue> {
    let options: Options = from_js(options, "readModel")?;
    to_js(&read_with(text, &options)?)
}

/// Writes an experiment as `keras`, `pytorch` or `burn` source.
#[wasm_bindgen(js_name = writeModel)]
pub fn write_model(format: &str, experiment: JsValue) -> JsResult<String> {
    let experiment: Experiment = from_js(experiment, "writeModel")?;
    let write = match format {
        "keras" => write::keras,
        "pytorch" => write::pytorch,
        "burn" => write::burn,
        _ => {
            let message = format!("A model is written as keras, pytorch or burn, not {format}.");
            return Err(Error::option(message).field("format").into());
        }
    };
    Ok(write(&experiment)?)
}
