//! Values across the boundary.

#[cfg(feature = "tensors")]
use js_sys::{Float32Array, Uint16Array};
use js_sys::{Object, Reflect};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

use crate::error::Error;
#[cfg(feature = "tensors")]
use crate::evaluate::metrics::Predictions;
#[cfg(feature = "tensors")]
use crate::explain::FeatureMaps;

/// A JavaScript value as a typed one; `what` names it in the error. `undefined` reads as an
/// empty object.
pub(super) fn from_js<T: DeserializeOwned>(value: JsValue, what: &str) -> Result<T, Error> {
    let value = if value.is_undefined() { Object::new().into() } else { value };
    serde_wasm_bindgen::from_value(value).map_err(|error| {
        // serde-wasm-bindgen's message begins with "Error: ".
        let reason = error.to_string();
        let reason = reason.strip_prefix("Error: ").unwrap_or(&reason);
        Error::option(format!("The options of {what} cannot be read: {reason}.")).field(what)
    })
}

/// A typed value as plain JavaScript: objects rather than maps, numbers rather than bigints.
#[cfg_attr(feature = "formats", allow(dead_code))] // it gives bytes alone
pub(super) fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(JsValue::from)
}

/// Sets a property of a new object.
pub(super) fn set(object: &Object, key: &str, value: impl Into<JsValue>) -> Result<(), JsValue> {
    Reflect::set(object, &key.into(), &value.into()).map(|_| ())
}

/// Maps with their values as a `Float32Array`.
#[cfg(feature = "tensors")]
pub(super) fn maps_to_js(maps: FeatureMaps) -> Result<Object, JsValue> {
    let object = Object::new();
    set(&object, "layer", maps.layer)?;
    set(&object, "count", maps.count as f64)?;
    set(&object, "height", maps.height as f64)?;
    set(&object, "width", maps.width as f64)?;
    set(&object, "data", Float32Array::from(maps.data.as_slice()))?;
    if !maps.bias.is_empty() {
        set(&object, "bias", Float32Array::from(maps.bias.as_slice()))?;
    }
    Ok(object)
}

/// What was predicted for every picture, as typed arrays; `probabilities` is empty where they
/// were too many.
#[cfg(feature = "tensors")]
pub(super) fn predictions_to_js(predictions: &Predictions) -> Result<Object, JsValue> {
    let object = Object::new();
    set(&object, "labels", Uint16Array::from(predictions.labels.as_slice()))?;
    set(&object, "predicted", Uint16Array::from(predictions.predicted.as_slice()))?;
    set(&object, "losses", Float32Array::from(predictions.losses.as_slice()))?;
    set(&object, "probabilities", Float32Array::from(predictions.probabilities.as_slice()))?;
    Ok(object)
}

/// An error as a JavaScript `Error` with `code` and, where they are known, `layer`,
/// `field`, `file` and `line`.
impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let object = js_sys::Error::new(&error.to_string());
        let texts = [
            ("code", Some(error.code())),
            ("layer", error.layer_name()),
            ("field", error.field_name()),
            ("file", error.file_name()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                // Setting a property of a fresh object cannot fail.
                let _ = set(&object, key, text);
            }
        }
        if let Some(line) = error.line_number() {
            let _ = set(&object, "line", line);
        }
        object.into()
    }
}
