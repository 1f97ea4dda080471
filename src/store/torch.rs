//! Safetensors with PyTorch's names and order: what the module that
//! [`write::pytorch`](crate::model::keras::write::pytorch) writes loads with
//! `load_state_dict(load_file(...))`. Spec and class names stand in the metadata.

use std::collections::HashMap;

use serde_json::json;

use super::saved::Saved;
use super::{KEY, VERSION};
use crate::error::{Error, Result};
use crate::model::keras::write::pytorch_names;

/// What a module's weight of this role is called.
pub(super) fn tensor_name(module: &str, role: &str) -> String {
    match role {
        "depthwise_kernel" => format!("{module}_depthwise.weight"),
        "kernel" | "pointwise_kernel" | "gamma" => format!("{module}.weight"),
        "moving_mean" => format!("{module}.running_mean"),
        "moving_variance" => format!("{module}.running_var"),
        _ => format!("{module}.bias"),
    }
}

/// Writes the weights.
///
/// # Errors
/// `option` where the file cannot be put together.
pub fn write(saved: &Saved) -> Result<Vec<u8>> {
    let names = pytorch_names(&saved.net);
    let mut tensors = Vec::new();
    for (layer, name) in saved.net.layers.iter().zip(&names) {
        for weight in saved.weights(layer) {
            let tensor = tensor_name(name, weight.role);
            // PyTorch has a dense kernel's outputs first.
            let weight = if layer.class.name == "Dense" && weight.role == "kernel" {
                weight.transposed()
            } else {
                weight
            };
            tensors.push((tensor, weight));
        }
    }
    let about = json!({
        "version": VERSION,
        "spec": saved.spec,
        "classes": saved.classes,
        "preprocessing": saved.preprocessing,
    });
    let metadata = HashMap::from([
        (KEY.to_owned(), about.to_string()),
        // What transformers and others look for.
        ("format".to_owned(), "pt".to_owned()),
    ]);
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| {
        Error::option(format!("The weights cannot be written as safetensors: {error}."))
            .field("format")
    })
}
