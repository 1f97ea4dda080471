//! Networks that others trained: Keras's files, PyTorch's state dicts and our own exports for it, as a
//! checkpoint that a session loads.
//!
//! Sizes are looked at before anything is allocated, nothing in a file is run, and what does not
//! fit is an error that names the layer. Whether the numbers are as many as the layers have is
//! checked once more where the checkpoint is loaded.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use hdf5_pure::{AttrValue, File};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value as Json;
use zip::ZipArchive;

use super::KEY;
use super::pickle;
use super::saved::{Metadata, Saved, Weight, roles};
use super::torch::tensor_name;
use crate::data::preprocess::Preprocessing;
use crate::error::{Error, Result};
use crate::model::keras::shapes::Shape;
use crate::model::keras::write::{Layer, Net, pytorch_names};
use crate::model::keras::{read, snake};

/// The longest configuration of a model that is read, and the longest file of weights.
const MOST_TEXT: u64 = 16 << 20;
const MOST_WEIGHTS: u64 = 1 << 30;

/// Reads a file of any kind that is known: `.keras`, Keras's `.h5` with the model or with weights
/// alone, PyTorch's state dict, or safetensors of PyTorch's names. Weights without a model are those of `present`, a
/// checkpoint.
///
/// # Errors
/// `checkpoint` where the file is none of these, is cut off, or is of another network; `model-text`
/// where its layers are not known here.
pub fn to_checkpoint(bytes: Vec<u8>, present: Option<&[u8]>) -> Result<Vec<u8>> {
    let present = present.map(Saved::from_checkpoint).transpose()?;
    if bytes.starts_with(b"PK") {
        return match pickle::is_one(&bytes) {
            true => state_dict(&bytes, needs_model(present)?)?.to_checkpoint(),
            false => keras_zip(bytes)?.to_checkpoint(),
        };
    }
    if bytes.starts_with(b"\x89HDF") {
        return hdf5(bytes, present)?.to_checkpoint();
    }
    torch(&bytes, present)?.to_checkpoint()
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::checkpoint(format!("This file cannot be read as a network: {what}."))
}

/// What takes weights that come without their model.
fn needs_model(present: Option<Saved>) -> Result<Saved> {
    present.ok_or_else(|| {
        wrong("it holds weights alone; choose the network that they belong to first")
    })
}

fn keras_zip(bytes: Vec<u8>) -> Result<Saved> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    let mut member = |name: &str, most: u64| -> Result<Vec<u8>> {
        let member = zip.by_name(name).map_err(|_| wrong(format!("there is no {name} in it")))?;
        let mut bytes = Vec::new();
        member.take(most + 1).read_to_end(&mut bytes).map_err(wrong)?;
        if bytes.len() as u64 > most {
            return Err(wrong(format!("its {name} is larger than {} MB", most >> 20)));
        }
        Ok(bytes)
    };
    let config = String::from_utf8(member("config.json", MOST_TEXT)?).map_err(wrong)?;
    // Ours says what the classes are; any other's has none of it.
    let about = member("metadata.json", MOST_TEXT).ok();
    let about = about.and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok());
    let about = about.and_then(|json| serde_json::from_str(json.get("cnn_lab")?.as_str()?).ok());
    let weights = member("model.weights.h5", MOST_WEIGHTS)?;
    let file = File::from_bytes(weights).map_err(wrong)?;
    let saved = of_config(&config, about)?;
    let places = places(&serde_json::from_str(&config).map_err(wrong)?)?;
    with_variables(saved, &file, &places)
}

/// The model of a configuration, without its weights.
fn of_config(config: &str, about: Option<Json>) -> Result<Saved> {
    let experiment = read(config)?;
    let net = Net::read(&experiment.spec)?;
    let prepares = net
        .layers
        .first()
        .is_some_and(|first| ["Rescaling", "Normalization"].contains(&first.class.name));
    let about = about.unwrap_or_default();
    // A network that rescales by itself takes values from 0 to 255; most others take 0 to 1.
    let rescale = if prepares { 1.0 } else { Preprocessing::default().rescale };
    let preprocessing = serde_json::from_value(about["preprocessing"].clone())
        .unwrap_or(Preprocessing { rescale, ..Preprocessing::default() });
    let classes = serde_json::from_value(about["classes"].clone()).unwrap_or_default();
    Ok(Saved::of(experiment.spec, net, Metadata { spec: Json::Null, classes, preprocessing }))
}

/// Where Keras 3 puts each layer's variables, by the layer's name.
fn places(config: &Json) -> Result<HashMap<String, String>> {
    let layers = config["config"]["layers"].as_array();
    let layers = layers.ok_or_else(|| wrong("its configuration has no layers"))?;
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut places = HashMap::new();
    for layer in layers {
        let (class, name) = (layer["class_name"].as_str(), layer["config"]["name"].as_str());
        let (Some(class), Some(name)) = (class, name) else { continue };
        let class = snake(class);
        let count = counts.entry(class.clone()).or_default();
        let place = if *count == 0 { class } else { format!("{class}_{count}") };
        *count += 1;
        places.insert(name.to_owned(), format!("layers/{place}/vars"));
    }
    Ok(places)
}

/// The places in a model that has no names of its own: by the order of its layers.
fn places_of(net: &Net) -> HashMap<String, String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let place = |layer: &Layer| {
        let count = counts.entry(layer.class.name).or_default();
        let class = snake(layer.class.name);
        let place = if *count == 0 { class } else { format!("{class}_{count}") };
        *count += 1;
        (layer.name.clone(), format!("layers/{place}/vars"))
    };
    net.layers.iter().map(place).collect()
}

/// Keras 3's `layers/CLASS/vars/NUMBER`.
fn with_variables(
    mut saved: Saved,
    file: &File,
    places: &HashMap<String, String>,
) -> Result<Saved> {
    saved.fill(|layer, number, role| {
        let place = places.get(&layer.name).ok_or_else(|| wrong("its weights are not there"))?;
        variable(file, &format!("{place}/{number}"), layer, role)
    })?;
    Ok(saved)
}

fn hdf5(bytes: Vec<u8>, present: Option<Saved>) -> Result<Saved> {
    let file = File::from_bytes(bytes).map_err(wrong)?;
    let root = file.root();
    if root.groups().map_err(wrong)?.iter().any(|name| name == "layers") {
        let saved = needs_model(present)?;
        let places = places_of(&saved.net);
        return with_variables(saved, &file, &places);
    }
    // Keras 2's, and Keras 3's `.h5`: layers by their names, each with a list of its weights.
    let attributes = root.attrs().map_err(wrong)?;
    let config = attributes.get("model_config").map(texts).and_then(|mut all| all.pop());
    let (mut saved, top) = match config {
        Some(config) => (of_config(&config, None)?, "model_weights/"),
        None => (needs_model(present)?, ""),
    };
    let mut lists: HashMap<String, Vec<String>> = HashMap::new();
    saved.fill(|layer, number, role| {
        let group = format!("{top}{}", layer.name);
        if !lists.contains_key(&group) {
            let attributes = file.group(&group).and_then(|found| found.attrs()).map_err(wrong)?;
            let names = attributes.get("weight_names").map(texts).unwrap_or_default();
            lists.insert(group.clone(), names);
        }
        let name = lists.get(&group).and_then(|names| names.get(number));
        let name = name.ok_or_else(|| wrong("it has fewer weights than this layer"))?;
        variable(&file, &format!("{group}/{name}"), layer, role)
    })?;
    Ok(saved)
}

/// A variable in Keras's order of axes, in ours.
fn variable(file: &File, path: &str, layer: &Layer, role: &'static str) -> Result<Weight> {
    let set = file.dataset(path).map_err(|error| wrong(format!("{path}: {error}")))?;
    let shape = set.shape().map_err(wrong)?;
    let count = shape.iter().try_fold(1u64, |product, &side| product.checked_mul(side));
    let expected = layer.params[0] + layer.params[1];
    if count.is_none_or(|count| count > expected) {
        return Err(wrong(format!(
            "{path} is of shape {shape:?}, more than the layer's {expected}"
        )));
    }
    let values = set.read_f32().map_err(|error| wrong(format!("{path}: {error}")))?;
    let shape: Vec<usize> = shape.iter().map(|&side| side as usize).collect();
    if shape.iter().product::<usize>() != values.len() {
        return Err(wrong(format!("{path} has {} numbers for {shape:?}", values.len())));
    }
    Weight::of_keras(layer, role, shape, values)
}

fn texts(value: &AttrValue) -> Vec<String> {
    match value {
        AttrValue::String(text)
        | AttrValue::AsciiString(text)
        | AttrValue::VarLenString(text)
        | AttrValue::VarLenAsciiString(text)
        | AttrValue::StringSized { value: text, .. }
        | AttrValue::AsciiStringSized { value: text, .. } => vec![text.clone()],
        AttrValue::StringArray(all)
        | AttrValue::AsciiStringArray(all)
        | AttrValue::StringArraySized { values: all, .. }
        | AttrValue::AsciiStringArraySized { values: all, .. }
        | AttrValue::VarLenAsciiCharArray(all)
        | AttrValue::VarLenStringArray(all)
        | AttrValue::VarLenAsciiStringArray(all) => all.clone(),
        _ => Vec::new(),
    }
}

/// PyTorch's state dict: by the names of the code that is written for it, or any other's in their
/// order, of which the shapes must be the layers'.
fn state_dict(bytes: &[u8], mut saved: Saved) -> Result<Saved> {
    let tensors = pickle::tensors(bytes)?;
    let modules: HashMap<String, String> = saved
        .net
        .layers
        .iter()
        .map(|layer| layer.name.clone())
        .zip(pytorch_names(&saved.net))
        .collect();
    let of = |layer: &Layer, role| {
        tensor_name(modules.get(&layer.name).map_or("", String::as_str), role)
    };
    let by_name: HashMap<&str, &pickle::Tensor> = tensors
        .iter()
        .map(|tensor| (tensor.name.strip_prefix("module.").unwrap_or(&tensor.name), tensor))
        .collect();
    let ours = saved.net.layers.iter().all(|layer| {
        roles(layer).iter().all(|role| by_name.contains_key(of(layer, role).as_str()))
    });
    let flattened: HashMap<String, [usize; 3]> = saved
        .net
        .layers
        .iter()
        .filter_map(|layer| Some((layer.name.clone(), flattened(&saved.net, layer)?)))
        .collect();
    let mut in_order = tensors.iter();
    saved.fill(|layer, _, role| {
        let tensor = match ours {
            true => by_name.get(of(layer, role).as_str()).copied(),
            false => in_order.next(),
        };
        let tensor = tensor.ok_or_else(|| wrong("it has fewer weights than the network"))?;
        let (shape, values) = (tensor.shape.clone(), tensor.values.clone());
        let weight = Weight { role, shape, values };
        if layer.class.name != "Dense" || weight.shape.len() != 2 {
            return Ok(weight);
        }
        let weight = weight.transposed();
        // Our code flattens as Keras does; any other has channels first.
        match flattened.get(&layer.name).filter(|_| !ours) {
            Some(&sides) if sides.iter().product::<usize>() == weight.shape[0] => {
                Ok(weight.channels_last(sides))
            }
            _ => Ok(weight),
        }
    })?;
    match in_order.next().filter(|_| !ours) {
        Some(tensor) => Err(wrong(format!("the network has no place for {}", tensor.name))),
        None => Ok(saved),
    }
}

/// Height, width and channels of what a layer takes flattened.
fn flattened(net: &Net, layer: &Layer) -> Option<[usize; 3]> {
    let mut from = net.layers.get(layer.inputs[0]?)?;
    while matches!(from.class.name, "Dropout" | "Activation" | "ReLU" | "LeakyReLU" | "ELU") {
        from = net.layers.get(from.inputs[0]?)?;
    }
    match net.shape_of(from.inputs[0]) {
        Shape::Image(sides) if from.class.name == "Flatten" => {
            Some(sides.map(|side| side as usize))
        }
        _ => None,
    }
}

/// Safetensors by PyTorch's names: of our own export, which has the model beside it, or of the
/// present model.
fn torch(bytes: &[u8], present: Option<Saved>) -> Result<Saved> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(wrong)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(wrong)?;
    let own = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let mut saved = match own {
        Some(json) => {
            let metadata: Metadata = serde_json::from_str(json).map_err(wrong)?;
            let spec = metadata.spec.clone();
            let net = Net::read(&spec)?;
            Saved::of(spec, net, metadata)
        }
        None => needs_model(present)?,
    };
    let names: HashMap<String, String> = saved
        .net
        .layers
        .iter()
        .map(|layer| layer.name.clone())
        .zip(pytorch_names(&saved.net))
        .collect();
    saved.fill(|layer, _, role| {
        let module = names.get(&layer.name).map_or("", String::as_str);
        let name = tensor_name(module, role);
        let view = tensors.tensor(&name).map_err(|_| wrong(format!("it lacks {name}")))?;
        if view.dtype() != Dtype::F32 {
            return Err(wrong(format!("{name} is not of 32-bit numbers")));
        }
        let (values, _) = view.data().as_chunks::<4>();
        let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let weight = Weight { role, shape: view.shape().to_vec(), values };
        let is_dense = layer.class.name == "Dense" && weight.shape.len() == 2;
        Ok(if is_dense { weight.transposed() } else { weight })
    })?;
    Ok(saved)
}
