//! Texts of lessons, texts that were damaged, and texts that mean no good.

mod bounds;
mod json;
mod lessons;
mod python;
mod transfer;
mod write;
mod wrong;

use serde_json::Value;

use super::{Experiment, classes};

/// Every layer's class, output sizes and parameters, counted from the JSON alone.
fn count(spec: &Value) -> Vec<(String, Vec<u64>, u64)> {
    let net = super::write::Net::read(spec).unwrap_or_else(|error| panic!("{error}"));
    let row = |layer: &super::write::Layer| {
        (layer.class.name.to_owned(), layer.shape.sizes(), layer.params.iter().sum())
    };
    net.layers.iter().map(row).collect()
}

/// All parameters of a net.
fn params(experiment: &Experiment) -> u64 {
    count(&experiment.spec).iter().map(|(_, _, params)| params).sum()
}

/// The spec with every default written out, so that two ways to say the same are equal.
fn normal(spec: &Value) -> Value {
    let mut spec = spec.clone();
    let layers = spec["layers"].as_array_mut().unwrap();
    for layer in layers {
        let map = layer.as_object().unwrap();
        let class = classes::find(map["layer"].as_str().unwrap()).unwrap();
        let mut all = class.normalise(map);
        for field in ["layer", "name", "inputs"] {
            if let Some(value) = map.get(field) {
                all.insert(field.into(), value.clone());
            }
        }
        *layer = Value::Object(all);
    }
    spec
}

fn read(text: &str) -> Experiment {
    super::read(text)
        .unwrap_or_else(|error| panic!("{error}\n{}", text.chars().take(1500).collect::<String>()))
}
