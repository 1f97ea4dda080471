//! Keras 3's own files: `.keras`, a zip of the model's configuration and of its weights in HDF5,
//! and those weights alone.
//!
//! Source: Keras 3, `saving/saving_lib.py`: within `model.weights.h5` a layer's weights are
//! `layers/CLASS/vars/NUMBER`, where `CLASS` is its class in snake case, with a number from the
//! second of that class on; its name stands in an attribute.

use std::collections::HashMap;
use std::io::{Cursor, Write};

use hdf5_pure::{AttrValue, FileBuilder};
use serde_json::{Map, Value as Json, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::saved::Saved;
use crate::error::{Error, Result};
use crate::model::keras::shapes::Shape;
use crate::model::keras::write::Layer;

/// The version that the configuration is written for.
const KERAS: &str = "3.8.0";

/// Writes a `.keras` file, which `keras.models.load_model` opens. It is not compiled: an
/// optimizer's memory is no part of it.
///
/// # Errors
/// `option` where the file cannot be put together.
pub fn write(saved: &Saved) -> Result<Vec<u8>> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::option(format!("The Keras file cannot be written: {error}.")).field("format")
    };
    // Keras stores all three as they are, and reads nothing else without a copy.
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let metadata = json!({"keras_version": KERAS, "cnn_lab": saved.about()});
    let members = [
        ("metadata.json", metadata.to_string().into_bytes()),
        ("config.json", model(saved).to_string().into_bytes()),
        ("model.weights.h5", weights(saved)?),
    ];
    for (name, bytes) in members {
        zip.start_file(name, stored).map_err(|error| failed(&error))?;
        zip.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    Ok(zip.finish().map_err(|error| failed(&error))?.into_inner())
}

/// Writes the weights alone, which `model.load_weights` reads into a model of the same layers.
///
/// # Errors
/// `option` where the file cannot be put together.
pub fn weights(saved: &Saved) -> Result<Vec<u8>> {
    let mut builder = FileBuilder::new();
    let mut all = builder.create_group("layers");
    let mut counts: HashMap<String, usize> = HashMap::new();
    let names = saved.names();
    for (layer, name) in saved.net.layers.iter().zip(names) {
        let class = crate::model::keras::snake(layer.class.name);
        let count = counts.entry(class.clone()).or_default();
        let place = if *count == 0 { class } else { format!("{class}_{count}") };
        *count += 1;
        let mut group = all.create_group(&place);
        let mut vars = group.create_group("vars");
        vars.set_attr("name", AttrValue::String(name));
        for (number, weight) in saved.weights(layer).into_iter().enumerate() {
            let weight = weight.in_keras_order(layer);
            let shape: Vec<u64> = weight.shape.iter().map(|&side| side as u64).collect();
            vars.create_dataset(&number.to_string())
                .with_f32_data(&weight.values)
                .with_shape(&shape);
        }
        group.add_group(vars.finish());
        all.add_group(group.finish());
    }
    builder.add_group(all.finish());
    let mut own = builder.create_group("vars");
    own.set_attr("name", AttrValue::String("cnn_lab".into()));
    builder.add_group(own.finish());
    builder.finish().map_err(|error| {
        Error::option(format!("The weights cannot be written as HDF5: {error}.")).field("format")
    })
}

/// The configuration of the whole model: Sequential where every layer takes the one before it.
fn model(saved: &Saved) -> Json {
    let net = &saved.net;
    let names = saved.names();
    let straight = net.is_straight();
    let input = "input_layer";
    let entry = object(
        "keras.layers",
        "InputLayer",
        json!({"batch_shape": batch(Shape::Image(net.input)), "dtype": "float32", "name": input}),
    );
    let tensor = |from: Option<usize>| {
        let name = from.map_or(input, |at| names[at].as_str());
        json!({"class_name": "__keras_tensor__", "config": {
            "shape": batch(net.shape_of(from)), "dtype": "float32", "keras_history": [name, 0, 0],
        }})
    };
    let layers = net.layers.iter().zip(&names).map(|(layer, name)| {
        let mut object = object("keras.layers", layer.class.name, config(layer, name));
        let inputs: Vec<_> = layer.inputs.iter().map(|from| tensor(*from)).collect();
        let shape = batch(net.shape_of(layer.inputs[0]));
        if !straight {
            object["name"] = name.as_str().into();
            let arguments =
                if let [one] = inputs.as_slice() { json!([one]) } else { json!([inputs]) };
            object["inbound_nodes"] = json!([{"args": arguments, "kwargs": {}}]);
        }
        if layer.inputs.len() == 1 {
            object["build_config"] = json!({"input_shape": shape});
        }
        object
    });
    let mut all = vec![entry];
    if !straight {
        all[0]["name"] = input.into();
        all[0]["inbound_nodes"] = json!([]);
    }
    all.extend(layers);
    let last = names.last().map_or(input, String::as_str);
    let config = if straight {
        json!({"name": "cnn_lab", "trainable": true, "dtype": policy(), "layers": all})
    } else {
        json!({"name": "cnn_lab", "trainable": true, "layers": all,
            "input_layers": [input, 0, 0], "output_layers": [last, 0, 0]})
    };
    let class = if straight { "Sequential" } else { "Functional" };
    let mut model =
        object(if straight { "keras" } else { "keras.src.models.functional" }, class, config);
    model["build_config"] = json!({"input_shape": batch(Shape::Image(net.input))});
    model
}

fn object(module: &str, class: &str, config: Json) -> Json {
    json!({"module": module, "class_name": class, "config": config, "registered_name": null})
}

fn policy() -> Json {
    object("keras", "DTypePolicy", json!({"name": "float32"}))
}

/// A shape with any number of pictures.
pub(super) fn batch(shape: Shape) -> Json {
    let sizes = shape.sizes().into_iter().map(|size| json!(size));
    std::iter::once(Json::Null).chain(sizes).collect()
}

/// A layer's arguments, as Keras writes them.
fn config(layer: &Layer, name: &str) -> Json {
    let mut config =
        Map::from_iter([("name".to_owned(), name.into()), ("dtype".to_owned(), policy())]);
    config.insert("trainable".into(), layer.trainable.into());
    for (option, value) in &layer.options {
        let value = if layer.class.is_initializer(option) {
            initializer(value)
        } else if layer.class.is_regularizer(option) && !value.is_null() {
            object("keras.regularizers", "L1L2", value.clone())
        } else {
            value.clone()
        };
        config.insert(option.clone(), value);
    }
    Json::Object(config)
}

/// By its name, or as an object where it has options.
fn initializer(value: &Json) -> Json {
    let Json::Object(map) = value else { return value.clone() };
    let name = map.get("name").and_then(Json::as_str).unwrap_or_default();
    let class: String = name
        .split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters)
        })
        .collect();
    let options: Map<_, _> = map
        .iter()
        .filter(|(option, _)| *option != "name")
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    object("keras.initializers", &class, Json::Object(options))
}
