//! A network in every format that others open: `cargo xtask test interop` has them open the files
//! that this writes into the folder `CNN_LAB_INTEROP`, and compares what they predict. Without
//! that folder only the writing is tested.

#![cfg(all(feature = "cpu", feature = "formats", not(target_arch = "wasm32")))]

use std::path::Path;

use burn::tensor::{Device, activation};
use cnn_lab::data::augment::Augmentation;
use cnn_lab::data::batch;
use cnn_lab::data::dataset::{Dataset, Split};
use cnn_lab::model::base::Base;
use cnn_lab::model::keras::{Experiment, write};
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::store::saved::{ExportOptions, Saved};
use cnn_lab::store::{base, checkpoint, keras, onnx, tensorflow_js, torch};
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use pollster::block_on;
use serde_json::{Value, json};

/// Pictures that are compared.
const COMPARED: usize = 100;

fn pictures(shape: [usize; 3], classes: usize) -> Dataset {
    let names = (0..classes).map(|class| format!("class {class} é")).collect();
    let mut dataset = Dataset::new("noise".into(), names, shape).unwrap();
    let mut state = 1u32;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for (split, count) in [(Split::Train, 64), (Split::Test, COMPARED)] {
        for number in 0..count {
            // Darker or brighter as a whole, so that there is something to tell apart.
            let label = number % classes;
            let level = label as f32 / classes as f32;
            let pixels: Vec<u8> = (0..shape.iter().product())
                .map(|_| (f32::from(draw()) * (0.2 + 0.8 * level)) as u8)
                .collect();
            dataset.push(split, &[label as u16], &pixels).unwrap();
        }
    }
    dataset
}

fn preset(name: &str, shape: [usize; 3], classes: usize) -> Value {
    let all = presets(shape, classes);
    let found = all.into_iter().find(|preset| preset.name == name).unwrap();
    serde_json::from_str(&found.spec).unwrap()
}

/// Batch norms, strides, `same` padding of an odd side, and what else has a form of its own in
/// some format.
fn strided() -> Value {
    json!({
        "input_shape": [17, 13, 3],
        "layers": [
            {"layer": "Conv2D", "name": "first", "filters": 8, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": false},
            {"layer": "BatchNormalization"},
            {"layer": "Activation", "activation": "relu"},
            {"layer": "DepthwiseConv2D", "kernel_size": [3, 2], "depth_multiplier": 2, "padding": "same"},
            {"layer": "BatchNormalization", "center": false, "momentum": 0.8},
            {"layer": "ReLU", "max_value": 6.0},
            {"layer": "SeparableConv2D", "filters": 12, "kernel_size": 3, "padding": "same", "activation": "tanh"},
            {"layer": "AveragePooling2D", "pool_size": 3, "strides": 2, "padding": "same"},
            {"layer": "Conv2D", "filters": 6, "kernel_size": 2, "dilation_rate": 2, "padding": "same", "activation": "elu",
             "kernel_initializer": {"name": "random_normal", "stddev": 0.1}, "kernel_regularizer": {"l2": 0.001}},
            {"layer": "ZeroPadding2D", "padding": [[1, 0], [0, 2]]},
            {"layer": "LeakyReLU", "negative_slope": 0.1},
            {"layer": "MaxPooling2D", "pool_size": 2, "padding": "same"},
            {"layer": "UpSampling2D", "size": 2},
            {"layer": "Dropout", "rate": 0.2},
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 16, "activation": "selu"},
            {"layer": "BatchNormalization", "scale": false},
            {"layer": "Dense", "units": 4, "use_bias": false},
            {"layer": "Softmax"}],
        "compile": {"optimizer": {"name": "adam", "learning_rate": 0.003}}
    })
}

/// A session whose weights and moving statistics are those of a few steps.
fn trained(spec: Value, shape: [usize; 3], classes: usize, augmentation: Option<Value>) -> Session {
    let mut session = Session::new(Device::flex(), 3);
    session.set_dataset(pictures(shape, classes)).unwrap();
    session.set_model(ModelSpec::from_value(spec).unwrap()).unwrap();
    let mut options = json!({"epochs": 3, "batchSize": 16, "validate": false});
    if let Some(augmentation) = augmentation {
        let read: Augmentation = serde_json::from_value(augmentation.clone()).unwrap();
        assert_ne!(read, Augmentation::default());
        options["augmentation"] = augmentation;
    }
    train(&mut session, options);
    session
}

fn train(session: &mut Session, options: Value) {
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    while session.is_training() {
        block_on(session.advance(1)).unwrap();
    }
}

/// What the lab itself predicts for the test pictures.
fn predictions(session: &Session) -> Vec<f32> {
    let (network, dataset) = (session.network().unwrap(), session.dataset().unwrap());
    let shape = dataset.shape();
    let mut values = Vec::new();
    for index in 0..COMPARED {
        let (pixels, _) = dataset.picture(Split::Test, index).unwrap();
        network.preprocessing.append(&pixels, shape[2], &mut values);
    }
    let logits = network.logits(batch::upload_values(values, shape, network.device()));
    activation::softmax(logits, 1).into_data().try_to_vec().unwrap()
}

fn export(name: &str, session: &Session) {
    let bytes = block_on(checkpoint::save(session)).unwrap();
    let saved = || Saved::from_checkpoint(&bytes).unwrap();
    let whole = || saved().prepared(&ExportOptions::default()).unwrap();
    let bare = ExportOptions { preprocessing: false, softmax: Some(false) };
    let bare = saved().prepared(&bare).unwrap();
    let spec = session.network().unwrap().spec().to_value();
    let experiment = Experiment::of(spec);
    let files = [
        ("model.keras", keras::write(&whole()).unwrap()),
        // The text that is written for Keras knows nothing of preparation.
        ("model.weights.h5", keras::weights(&saved()).unwrap()),
        ("keras.py", write::keras(&experiment).unwrap().into_bytes()),
        ("model.onnx", onnx::write(&whole()).unwrap()),
        ("logits.onnx", onnx::write(&bare).unwrap()),
        ("model.tfjs.zip", tensorflow_js::write(&whole()).unwrap()),
        ("model.safetensors", torch::write(&saved()).unwrap()),
        ("torch.py", write::pytorch(&experiment).unwrap().into_bytes()),
    ];
    let expected = predictions(session);
    let Some(folder) = std::env::var_os("CNN_LAB_INTEROP") else { return };
    let folder = Path::new(&folder).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let dataset = session.dataset().unwrap();
    let pictures = (0..COMPARED).map(|index| dataset.picture(Split::Test, index).unwrap().0);
    let pixels: Vec<u8> = pictures.flat_map(|picture| picture.to_vec()).collect();
    let expected: Vec<u8> = expected.iter().flat_map(|value| value.to_le_bytes()).collect();
    let preprocessing = &session.network().unwrap().preprocessing;
    let about = json!({
        "shape": dataset.shape(), "classes": dataset.classes(), "preprocessing": preprocessing,
    });
    let more = [
        ("pictures.bin", pixels),
        ("expected.bin", expected),
        ("about.json", about.to_string().into_bytes()),
    ];
    for (file, bytes) in files.into_iter().chain(more) {
        std::fs::write(folder.join(file), bytes).unwrap();
    }
}

#[test]
fn the_mnist_convnet() {
    let spec = preset("mnist-convnet", [28, 28, 1], 10);
    export("mnist", &trained(spec, [28, 28, 1], 10, None));
}

#[test]
fn batch_norms_strides_and_same_padding() {
    // Featurewise means and deviations: what prepares pictures is one number a channel.
    let augmentation = json!({"featurewise_center": true, "featurewise_std_normalization": true});
    export("strided", &trained(strided(), [17, 13, 3], 4, Some(augmentation)));
}

#[test]
fn a_residual_net() {
    let spec = preset("residual-net", [32, 32, 3], 10);
    export("residual", &trained(spec, [32, 32, 3], 10, None));
}

/// A pretrained base, a head trained on it, then its last block with the head: with the weights of
/// the base where they are there, and with drawn ones otherwise.
#[test]
fn a_fine_tuned_mobilenet() {
    let (shape, classes) = ([64, 64, 3], 3);
    let bytes = std::fs::read("target/data/bases/mobilenet-v2.safetensors").ok();
    let mut spec = preset("mobilenet-v2", shape, classes);
    if bytes.is_none() {
        spec["layers"][1]["weights"] = Value::Null;
    }
    let mut session = Session::new(Device::flex(), 3);
    session.set_dataset(pictures(shape, classes)).unwrap();
    session.set_model(ModelSpec::from_value(spec).unwrap()).unwrap();
    if let Some(bytes) = bytes {
        let weights = base::read(&bytes, &Device::flex()).unwrap();
        session.take_base(Base::MobileNetV2, weights).unwrap();
    }
    train(&mut session, json!({"epochs": 3, "batchSize": 16, "validate": false}));
    let last = ["block_16_expand", "block_16_depthwise", "block_16_project", "Conv_1", "Conv_1_bn"];
    session.set_trainable(&last.map(String::from), true).unwrap();
    train(
        &mut session,
        json!({"epochs": 1, "batchSize": 16, "validate": false, "learningRate": 1e-4}),
    );
    export("mobilenet", &session);
}
