//! Whatever a spec says, it is an error that names layer and field, or a network that trains a
//! step: no panic, and no complaint about shapes from inside Burn.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::tensor::{Device, Tensor};
use cnn_lab::Result;
use cnn_lab::data::prepare::Target;
use cnn_lab::model::keras::{Experiment, read, write};
use cnn_lab::model::network::{Mode, Network};
use cnn_lab::model::shape::Summary;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::random::{Purpose, Stream};
use serde_json::{Map, Value, json};

/// What no field of a layer takes, and what only some do.
fn odd_values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(7),
        json!(64),
        json!(-1),
        json!(0.5),
        json!(1.5),
        json!(2.0),
        json!(1_048_576),
        json!(1_048_577),
        json!(1e18),
        json!(-1e300),
        json!(u64::MAX),
        json!(""),
        json!("same"),
        json!("relu"),
        json!("softmax"),
        json!("zeros"),
        json!("l1"),
        json!("input"),
        json!("nonsense"),
        json!([]),
        json!([1]),
        json!([1, 2]),
        json!([0, 1]),
        json!([3, 1, 2]),
        json!([[1, 0], [0, 2]]),
        json!([[1, 0], 3]),
        json!([1_048_576, 1]),
        json!([null, 1]),
        json!(["input"]),
        json!(["input", "input"]),
        json!(["nobody"]),
        json!({}),
        json!({"l1": 0.1}),
        json!({"l2": -1}),
        json!({"name": "random_normal", "stddev": 0.1}),
        json!({"name": "random_uniform", "minval": 3}),
        json!({"name": "he_normal", "scale": 2}),
    ]
}

const WINDOW: &[&str] =
    &["kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias"];
const BIAS: &[&str] = &["bias_initializer", "bias_regularizer"];
const KERNEL: &[&str] = &["kernel_initializer", "kernel_regularizer"];
const DEPTHWISE: &[&str] = &["depthwise_initializer", "depthwise_regularizer", "depth_multiplier"];
const POINTWISE: &[&str] = &["filters", "pointwise_initializer", "pointwise_regularizer"];
const POOL: &[&str] = &["pool_size", "strides", "padding"];

/// Every class with its own fields, and the options that it cannot do without.
fn classes() -> Vec<(&'static str, Vec<&'static str>, Value)> {
    let all = |parts: &[&[&'static str]]| parts.concat();
    let conv = json!({"filters": 2, "kernel_size": 2});
    let number = json!({"rate": 0.5});
    vec![
        ("Conv2D", all(&[&["filters", "groups"], WINDOW, KERNEL, BIAS]), conv.clone()),
        ("DepthwiseConv2D", all(&[WINDOW, DEPTHWISE, BIAS]), json!({"kernel_size": 2})),
        ("SeparableConv2D", all(&[WINDOW, DEPTHWISE, POINTWISE, BIAS]), conv),
        ("MaxPooling2D", POOL.to_vec(), json!({})),
        ("AveragePooling2D", POOL.to_vec(), json!({})),
        ("GlobalMaxPooling2D", vec!["keepdims"], json!({})),
        ("GlobalAveragePooling2D", vec!["keepdims"], json!({})),
        ("Flatten", vec![], json!({})),
        ("Dense", all(&[&["units", "activation", "use_bias"], KERNEL, BIAS]), json!({"units": 3})),
        ("Dropout", vec!["rate"], number.clone()),
        ("SpatialDropout2D", vec!["rate"], number),
        ("BatchNormalization", vec!["momentum", "epsilon", "center", "scale"], json!({})),
        ("Activation", vec!["activation"], json!({"activation": "tanh"})),
        ("ReLU", vec!["max_value", "negative_slope", "threshold"], json!({})),
        ("LeakyReLU", vec!["negative_slope"], json!({})),
        ("ELU", vec!["alpha"], json!({})),
        ("Softmax", vec![], json!({})),
        ("ZeroPadding2D", vec!["padding"], json!({})),
        ("UpSampling2D", vec!["size", "interpolation"], json!({})),
        ("Rescaling", vec!["scale", "offset"], json!({"scale": 0.5})),
        ("Normalization", vec!["mean", "variance"], json!({"mean": 0, "variance": 1})),
        ("Add", vec![], json!({"inputs": ["input", "input"]})),
        ("Concatenate", vec![], json!({"inputs": ["input", "input"]})),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Refused,
    Trained,
    /// Fits a browser, but would keep this test for minutes.
    TooLarge,
}

fn attempt(spec: &Value) -> Result<Outcome> {
    let read = ModelSpec::from_value(spec.clone())?;
    let again = ModelSpec::from_value(read.to_value())?;
    assert_eq!(again, read, "written and read back it is another");
    let summary = Summary::of(&read)?;
    let network = Network::new(read, 1, &Device::flex());
    let values = |shape: &[Option<usize>]| shape.iter().flatten().product::<usize>();
    let largest = summary.layers.iter().map(|layer| values(&layer.output_shape)).max();
    if summary.total_params > 300_000 || largest.unwrap_or(0) > 300_000 {
        return Ok(Outcome::TooLarge);
    }
    let mut network = network?;
    let [height, width, channels] = network.spec().input_shape;
    let count = 2 * height * width * channels;
    let values: Vec<f32> = (0..count).map(|i| ((i * 37 % 101) as f32) / 101.0).collect();
    let pictures = Tensor::<1>::from_floats(values.as_slice(), &Device::flex());
    let pictures = pictures.reshape([2, channels, height, width]);
    let targets = [Target::from(0), Target::from(1)];
    let mode = Mode::Training { seed: 1, step: 0, first: 0 };
    let share = network.gradients(pictures, &targets, &[], 2, mode);
    assert_eq!(share.gradients.len(), network.params.len());
    for (param, gradient) in network.params.iter().zip(&share.gradients) {
        assert_eq!(param.dims(), gradient.dims());
    }
    assert_eq!(share.statistics.len(), network.state.len());
    network.follow(share.statistics);
    Ok(Outcome::Trained)
}

/// Tries a spec; a refusal must say where.
fn outcome(spec: &Value) -> Outcome {
    let tried = catch_unwind(AssertUnwindSafe(|| attempt(spec)));
    let result = tried.unwrap_or_else(|_| panic!("this spec panics: {spec}"));
    result.unwrap_or_else(|error| {
        assert_eq!(error.code(), "spec", "{error}: {spec}");
        let field = error.field_name().unwrap_or_else(|| panic!("{error} names no field: {spec}"));
        let of_model = ["input_shape", "layers", "loss", "label_smoothing", "compile"];
        assert!(
            error.layer_name().is_some() || of_model.contains(&field),
            "{error} names no layer: {spec}"
        );
        Outcome::Refused
    })
}

fn with(base: &Value, class: &str) -> Map<String, Value> {
    let mut layer = base.as_object().unwrap().clone();
    layer.insert("layer".into(), class.into());
    layer
}

/// Every odd value in every field of every layer, on a picture and on a vector.
#[test]
fn every_value_of_every_field() {
    let mut counts = [0; 3];
    for (class, fields, base) in classes() {
        for field in fields.into_iter().chain(["name", "inputs", "layer", "unknown"]) {
            for value in odd_values() {
                let mut layer = with(&base, class);
                layer.insert(field.to_owned(), value);
                let spec = json!({
                    "input_shape": [6, 5, 3],
                    "layers": [layer, {"layer": "Flatten"}, {"layer": "Dense", "units": 3}],
                });
                counts[outcome(&spec) as usize] += 1;
            }
        }
    }
    println!("{} refused, {} trained, {} too large", counts[0], counts[1], counts[2]);
    assert!(counts[0] > 2000 && counts[1] > 500, "{counts:?}");
}

struct Draw(Stream);

impl Draw {
    fn chance(&mut self, share: f32) -> bool {
        self.0.unit() < share
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u32) as usize].clone()
    }

    fn count(&mut self, most: u32) -> u32 {
        1 + self.0.below(most)
    }

    fn pair(&mut self, most: u32) -> Value {
        let (a, b) = (self.count(most), self.count(most));
        if self.chance(0.5) { json!(a) } else { json!([a, b]) }
    }

    /// A value that the field may well take.
    fn value(&mut self, class: &str, field: &str) -> Value {
        const ACTIVATIONS: &[&str] = &["relu", "linear", "softmax", "gelu", "hard_sigmoid", "elu"];
        match field {
            "kernel_size" | "pool_size" | "size" => self.pair(4),
            "strides" | "dilation_rate" => self.pair(3),
            "filters" | "units" => json!(self.count(6)),
            "groups" | "depth_multiplier" => json!(self.count(3)),
            "padding" if class == "ZeroPadding2D" => {
                let sides = [(); 4].map(|()| self.0.below(3));
                json!([[sides[0], sides[1]], [sides[2], sides[3]]])
            }
            "padding" => json!(self.one(&["same", "valid"])),
            "interpolation" => json!(self.one(&["nearest", "bilinear"])),
            "activation" => json!(self.one(ACTIVATIONS)),
            "use_bias" | "center" | "scale" if class != "Rescaling" => json!(self.chance(0.5)),
            "keepdims" => json!(self.chance(0.5)),
            field if field.ends_with("initializer") => json!(self.one(&["he_normal", "ones"])),
            field if field.ends_with("regularizer") => {
                self.one(&[json!("l2"), json!(null), json!({"l1": 0.1, "l2": 0.2})])
            }
            _ => json!(self.0.unit()),
        }
    }

    fn spec(&mut self) -> Value {
        let (classes, odd) = (classes(), odd_values());
        let mut layers: Vec<Value> = Vec::new();
        for index in 0..self.count(6) {
            let (class, fields, base) = self.one(&classes);
            let mut layer = with(&base, class);
            layer.insert("name".into(), format!("layer{index}").into());
            for field in fields {
                if self.chance(0.4) {
                    let value = self.value(class, field);
                    layer.insert(field.into(), value);
                }
                if self.chance(0.015) {
                    layer.insert(field.into(), self.one(&odd));
                }
            }
            let names: Vec<String> = (0..index).map(|before| format!("layer{before}")).collect();
            if layer.contains_key("inputs") || (index > 0 && self.chance(0.05)) {
                let mut taken = vec![names.last().map_or("input", String::as_str)];
                if layer.contains_key("inputs") {
                    let others: Vec<&str> =
                        names.iter().map(String::as_str).chain(["input"]).collect();
                    taken.push(self.one(&others));
                }
                layer.insert("inputs".into(), json!(taken));
            }
            layers.push(layer.into());
        }
        let mut compile = json!({});
        if self.chance(0.8) {
            layers.push(
                self.one(&[json!({"layer": "Flatten"}), json!({"layer": "GlobalMaxPooling2D"})]),
            );
            layers.push(match self.count(4) {
                1 => json!({"layer": "Dense", "units": 1, "activation": self.one(&["sigmoid", "tanh", "softmax"])}),
                _ => json!({"layer": "Dense", "units": 3, "activation": self.one(&["softmax", "sigmoid", "relu"])}),
            });
        }
        if self.chance(0.2) {
            let name = self.one(&["categorical_crossentropy", "binary_crossentropy", "mse"]);
            compile = json!({"loss": {"name": name, "label_smoothing": self.0.unit() * 1.2}});
        }
        let channels = self.one(&[1, 3, 3, 3, 3, 2]);
        let sides = [self.count(9), self.count(9)];
        json!({"input_shape": [sides[0], sides[1], channels], "layers": layers, "compile": compile})
    }
}

#[test]
fn thousands_of_random_specs() {
    let mut counts = [0; 3];
    for number in 0..4000 {
        let spec = Draw(Stream::new(11, Purpose::Augment, 0, number)).spec();
        counts[outcome(&spec) as usize] += 1;
    }
    println!("{} refused, {} trained, {} too large", counts[0], counts[1], counts[2]);
    assert!(counts[0] > 400 && counts[1] > 400, "{counts:?}");
}

/// A list as long as is allowed is only long.
#[test]
fn a_thousand_layers() {
    let relu = json!({"layer": "ReLU"});
    let mut layers = vec![relu; 998];
    layers.extend([json!({"layer": "Flatten"}), json!({"layer": "Dense", "units": 2})]);
    let spec = |layers: &[Value]| json!({"input_shape": [2, 2, 1], "layers": layers});
    assert_eq!(outcome(&spec(&layers)), Outcome::Trained);
    layers.push(json!({"layer": "Softmax"}));
    assert_eq!(outcome(&spec(&layers)), Outcome::Refused);
}

/// A network that is written as Keras's Python and read back is the same network: the room that
/// writes and reads, which needs no tensors, knows layers, defaults and shapes as the core does.
#[test]
fn what_is_written_as_keras_is_read_as_it_was() {
    let mut same = 0;
    for number in 0..4000 {
        let value = Draw(Stream::new(11, Purpose::Augment, 0, number)).spec();
        let Ok(spec) = ModelSpec::from_value(value) else { continue };
        if Summary::of(&spec).is_err() {
            continue;
        }
        let normal = spec.to_value();
        let text = write::keras(&Experiment::of(normal.clone()))
            .unwrap_or_else(|error| panic!("{error}\n{normal}"));
        let read = read(&text).unwrap_or_else(|error| panic!("{error}\n{text}\n{normal}"));
        let again = ModelSpec::from_value(read.spec)
            .unwrap_or_else(|error| panic!("{error}\n{text}\n{normal}"));
        assert_eq!(again.to_value(), normal, "{text}");
        same += 1;
    }
    println!("{same} networks");
    assert!(same > 400);
}
