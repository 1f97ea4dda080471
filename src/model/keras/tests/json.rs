//! What Keras 3 and Keras 2 write, and the lab's own spec.

use serde_json::{Value, json};

use super::super::read;
use super::{normal, params, read as reading};

macro_rules! golden {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            "../../../../tests/fixtures/keras/json/",
            $name,
            ".json"
        )))
        .unwrap()
    };
}

/// Reads a golden file and checks its number of parameters.
fn experiment(golden: &Value) -> super::super::Experiment {
    let experiment = reading(golden["json"].as_str().unwrap());
    assert_eq!(params(&experiment), golden["params"].as_u64().unwrap());
    experiment
}

#[test]
fn sequential() {
    let three = experiment(&golden!("keras3_sequential"));
    let two = experiment(&golden!("keras2_sequential"));
    let expected = reading(
        "model = Sequential([Input((28, 28, 1)), Conv2D(32, 3, activation='relu', kernel_regularizer=l2(0.001), name='conv2d'),\n\
         MaxPooling2D(name='max_pooling2d'), Flatten(name='flatten'), Dropout(0.5, name='dropout'),\n\
         Dense(10, activation='softmax', kernel_initializer=RandomNormal(mean=0.0, stddev=0.02), name='dense')])"
            .replace("RandomNormal", "initializers.RandomNormal")
            .as_str(),
    );
    let layers = |spec: &Value| normal(spec)["layers"].clone();
    assert_eq!(layers(&three.spec), layers(&expected.spec));
    assert_eq!(layers(&two.spec), layers(&expected.spec));
    // Keras 3 also writes how the model was compiled.
    assert_eq!(three.spec["compile"]["loss"], "sparse_categorical_crossentropy");
    assert_eq!(three.spec["compile"]["optimizer"]["name"], "rmsprop");
    assert_eq!(three.spec["compile"]["optimizer"]["learning_rate"], 0.001);
    assert!(two.spec.get("compile").is_none());
}

#[test]
fn functional() {
    let three = experiment(&golden!("keras3_functional"));
    let two = experiment(&golden!("keras2_functional"));
    for (experiment, adds) in [(&three, 2), (&two, 1)] {
        let layers = experiment.spec["layers"].as_array().unwrap();
        let of =
            |class: &str| layers.iter().filter(|layer| layer["layer"] == class).collect::<Vec<_>>();
        assert_eq!(of("Add").len(), adds);
        assert_eq!(of("Add")[0]["inputs"], json!(["re_lu", "depthwise_conv2d"]));
        let last = if adds == 2 { "add_1" } else { "add" };
        assert_eq!(of("Concatenate")[0]["inputs"], json!([last, "depthwise_conv2d"]));
        assert_eq!(of("LeakyReLU")[0]["negative_slope"], 0.1);
        assert_eq!(of("ZeroPadding2D")[0]["padding"], json!([[1, 0], [0, 1]]));
        assert_eq!(of("AveragePooling2D")[0]["pool_size"], json!([2, 3]));
        assert!(of("Conv2D")[0].get("inputs").is_none());
    }
    assert_eq!(
        three.spec["compile"]["loss"],
        json!({"name": "binary_crossentropy", "label_smoothing": 0.1})
    );
    let optimizer = &three.spec["compile"]["optimizer"];
    assert_eq!(optimizer["learning_rate"]["name"], "ExponentialDecay");
    assert_eq!(optimizer["learning_rate"]["staircase"], true);
    assert_eq!((&optimizer["momentum"], &optimizer["clipnorm"]), (&json!(0.9), &json!(1.0)));
}

#[test]
fn nested() {
    for golden in [golden!("keras3_nested"), golden!("keras2_nested")] {
        let experiment = experiment(&golden);
        let classes: Vec<_> = experiment.spec["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["layer"].clone())
            .collect();
        assert_eq!(classes, ["Rescaling", "Conv2D", "MaxPooling2D", "Flatten", "Dense"]);
        assert_eq!(
            experiment.augmentation,
            Some(
                json!({"horizontal_flip": true, "rotation_range": 36.0, "fill_mode": "reflect", "rescale": 1.0})
            )
        );
    }
}

#[test]
fn the_spec_itself() {
    let spec = json!({"input_shape": [8, 8, 1], "layers": [
        {"layer": "RandomFlip", "mode": "horizontal"}, {"layer": "Rescaling", "scale": 2},
        {"layer": "RandomRotation", "factor": 0.1, "fill_mode": "nearest", "name": "turn"},
        {"layer": "Flatten"}, {"layer": "Dense", "units": 3, "made-up": 1}]});
    let experiment = reading(&spec.to_string());
    assert_eq!(
        experiment.spec,
        json!({"input_shape": [8, 8, 1], "layers": [{"layer": "Rescaling", "scale": 2}, {"layer": "Flatten"},
            {"layer": "Dense", "units": 3, "made-up": 1}]})
    );
    assert_eq!(
        experiment.augmentation,
        Some(json!({"horizontal_flip": true, "rotation_range": 36.0, "fill_mode": "nearest"}))
    );
    let late = json!({"input_shape": [8, 8, 1], "layers": [{"layer": "Flatten"}, {"layer": "RandomFlip"}]});
    assert_eq!(read(&late.to_string()).unwrap_err().layer_name(), Some("RandomFlip"));
}

#[test]
fn a_notebook() {
    let notebook = json!({"nbformat": 4, "cells": [
        {"cell_type": "markdown", "source": ["# Sequential( is not code here"]},
        {"cell_type": "code", "source": ["model = Sequential()\n", "model.add(Flatten(input_shape=(4, 4, 1)))"]},
        {"cell_type": "code", "source": "model.add(Dense(3))", "outputs": []}]});
    assert_eq!(params(&reading(&notebook.to_string())), 51);
}

/// Every value of every golden file exchanged for another: an error or a spec, and no panic.
#[test]
fn damaged_json_is_no_panic() {
    fn places(value: &Value, at: &mut Vec<String>, into: &mut Vec<String>) {
        into.push(at.iter().map(|key| format!("/{key}")).collect());
        let mut down = |key: String, value: &Value| {
            at.push(key);
            places(value, at, into);
            at.pop();
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| down(key.clone(), value)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(at, value)| down(at.to_string(), value))
            }
            _ => {}
        }
    }
    for golden in [
        golden!("keras3_functional"),
        golden!("keras2_functional"),
        golden!("keras3_nested"),
        golden!("keras2_sequential"),
    ] {
        let whole: Value = serde_json::from_str(golden["json"].as_str().unwrap()).unwrap();
        let mut all = Vec::new();
        places(&whole, &mut Vec::new(), &mut all);
        for (number, place) in all.iter().enumerate() {
            // In time for an unoptimised build: each place with two of them.
            let others = [
                json!(null),
                json!(-1),
                json!("pictures"),
                json!([]),
                json!({}),
                json!(1e300),
                json!([[["pictures", 0, 0]]]),
            ];
            for other in [&others[number % 7], &others[(number / 7) % 7]] {
                let mut damaged = whole.clone();
                *damaged.pointer_mut(place).unwrap() = other.clone();
                if let Err(error) = read(&damaged.to_string()) {
                    assert!(error.line_number().is_some(), "{error}: {place}");
                }
            }
        }
    }
}
