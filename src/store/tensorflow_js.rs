//! A TensorFlow.js layers model: `model.json` and `weights.bin`, in one zip.
//!
//! The configuration is Keras 2's, which TensorFlow.js reads; of Keras 3's it knows nothing.
//!
//! Source: TensorFlow.js 4, `tfjs-layers/src/models.ts` and its layers' arguments.

use std::io::{Cursor, Write};

use serde_json::{Map, Value as Json, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::keras::batch;
use super::saved::Saved;
use crate::error::{Error, Result};
use crate::model::keras::shapes::Shape;
use crate::model::keras::write::Layer;

/// Activations that TensorFlow.js knows by these names.
const ACTIVATIONS: &[&str] = &[
    "linear",
    "relu",
    "sigmoid",
    "tanh",
    "softmax",
    "elu",
    "selu",
    "relu6",
    "softplus",
    "hard_sigmoid",
    "gelu",
];

/// Writes the zip.
///
/// # Errors
/// `spec` naming the layer that TensorFlow.js lacks.
pub fn write(saved: &Saved) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::option(format!("The model for TensorFlow.js cannot be written: {error}."))
            .field("format")
    };
    let (mut bytes, mut manifest) = (Vec::new(), Vec::new());
    for (layer, name) in saved.net.layers.iter().zip(saved.names()) {
        for weight in saved.weights(layer) {
            let weight = weight.in_keras_order(layer);
            let role = match (layer.class.name, weight.role) {
                ("DepthwiseConv2D", "kernel") => "depthwise_kernel",
                (_, role) => role,
            };
            manifest.push(json!({
                "name": format!("{name}/{role}"), "shape": weight.shape, "dtype": "float32",
            }));
            bytes.extend(weight.values.iter().flat_map(|value| value.to_le_bytes()));
        }
    }
    let model = json!({
        "format": "layers-model",
        "generatedBy": "cnn-lab",
        "convertedBy": null,
        "modelTopology": {
            "keras_version": "2.15.0", "backend": "tensorflow", "model_config": model(saved)?,
        },
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
        "userDefinedMetadata": {"cnnLab": saved.about()},
    });
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in [("model.json", model.to_string().into_bytes()), ("weights.bin", bytes)] {
        zip.start_file(name, packed).map_err(|error| failed(&error))?;
        zip.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    Ok(zip.finish().map_err(|error| failed(&error))?.into_inner())
}

fn model(saved: &Saved) -> Result<Json> {
    let (net, names) = (&saved.net, saved.names());
    let straight = net.is_straight();
    let input = "input_layer";
    let mut all = vec![json!({
        "class_name": "InputLayer",
        "config": {
            "batch_input_shape": batch(Shape::Image(net.input)),
            "dtype": "float32", "sparse": false, "name": input,
        },
    })];
    if !straight {
        all[0]["name"] = input.into();
        all[0]["inbound_nodes"] = json!([]);
    }
    for (layer, name) in net.layers.iter().zip(&names) {
        let (class, config) = config(layer, name).map_err(|error| error.layer(&layer.name))?;
        let mut object = json!({"class_name": class, "config": config});
        if !straight {
            let from = |from: &Option<usize>| {
                json!([from.map_or(input, |at| names[at].as_str()), 0, 0, {}])
            };
            object["name"] = name.as_str().into();
            object["inbound_nodes"] = json!([layer.inputs.iter().map(from).collect::<Vec<_>>()]);
        }
        all.push(object);
    }
    let last = names.last().map_or(input, String::as_str);
    Ok(if straight {
        json!({"class_name": "Sequential", "config": {"name": "cnn_lab", "layers": all}})
    } else {
        json!({"class_name": "Functional", "config": {
            "name": "cnn_lab", "layers": all,
            "input_layers": [[input, 0, 0]], "output_layers": [[last, 0, 0]],
        }})
    })
}

/// What a normalisation multiplies by and adds, one number or one a channel.
fn rescaled(options: &Map<String, Json>) -> (Json, Json) {
    let numbers = |option: &str| -> Vec<f64> {
        match options.get(option) {
            Some(Json::Array(values)) => values.iter().filter_map(Json::as_f64).collect(),
            one => one.and_then(Json::as_f64).into_iter().collect(),
        }
    };
    let (means, variances) = (numbers("mean"), numbers("variance"));
    let scale = |at: usize| {
        let variance = variances.get(at).or(variances.first()).copied().unwrap_or(1.0);
        1.0 / variance.sqrt().max(1e-7)
    };
    let offset = |at: usize| -means.get(at).or(means.first()).copied().unwrap_or(0.0) * scale(at);
    let count = means.len().max(variances.len());
    match count {
        0 | 1 => (json!(scale(0)), json!(offset(0))),
        _ => (
            (0..count).map(scale).collect::<Vec<_>>().into(),
            (0..count).map(offset).collect::<Vec<_>>().into(),
        ),
    }
}

/// A layer's class and arguments there.
fn config(layer: &Layer, name: &str) -> Result<(&'static str, Json)> {
    let lacks = |what: &str, field: &str| {
        Error::spec(format!(
            "TensorFlow.js has no {what}. Export as ONNX or Keras, or use another layer."
        ))
        .field(field)
    };
    let mut config = Map::from_iter([
        ("name".to_owned(), name.into()),
        ("trainable".to_owned(), layer.trainable.into()),
        ("dtype".to_owned(), "float32".into()),
    ]);
    for (option, value) in &layer.options {
        // How weights began and what their size cost says nothing of what they are.
        let of_training = layer.class.is_initializer(option) || layer.class.is_regularizer(option);
        if !of_training {
            config.insert(option.clone(), value.clone());
        }
    }
    if let Some(activation) = config.get("activation").and_then(Json::as_str)
        && !ACTIVATIONS.contains(&activation)
    {
        return Err(lacks(&format!("activation {activation}"), "activation"));
    }
    let mut rename = |from: &str, to: &str| {
        if let Some(value) = config.remove(from) {
            config.insert(to.into(), value);
        }
    };
    let class = match layer.class.name {
        "LeakyReLU" => {
            rename("negative_slope", "alpha");
            "LeakyReLU"
        }
        "ReLU" => {
            let plain = ["negative_slope", "threshold"].iter().all(|field| {
                layer.options.get(*field).and_then(Json::as_f64).unwrap_or(0.0) == 0.0
            });
            if !plain {
                return Err(lacks("ReLU with a slope or a threshold", "layer"));
            }
            "ReLU"
        }
        // It acts in training alone, and there is none for whole channels.
        "SpatialDropout2D" => "Dropout",
        "Normalization" => {
            let (scale, offset) = rescaled(&layer.options);
            config.retain(|option, _| !["mean", "variance"].contains(&option.as_str()));
            config.extend([("scale".to_owned(), scale), ("offset".to_owned(), offset)]);
            "Rescaling"
        }
        "GlobalAveragePooling2D" | "GlobalMaxPooling2D"
            if layer.options.get("keepdims") == Some(&Json::Bool(true)) =>
        {
            return Err(lacks("keepdims for pooling over all", "keepdims"));
        }
        class => class,
    };
    Ok((class, Json::Object(config)))
}
