//! Gradients: against finite differences, against Keras, and share by share.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

use burn::tensor::{Device, Tensor};
use cnn_lab::data::prepare::Target;
use cnn_lab::model::network::{Mode, Network};
use cnn_lab::model::spec::ModelSpec;
use serde_json::json;

/// Every layer and activation, strides and odd `same` padding.
fn everything() -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [9, 8, 3],
        "layers": [
            {"layer": "Conv2D", "filters": 4, "kernel_size": [3, 2], "padding": "same", "strides": [2, 1], "activation": "silu"},
            {"layer": "AveragePooling2D", "pool_size": 3, "strides": 2, "padding": "same"},
            {"layer": "Conv2D", "filters": 3, "kernel_size": 2, "use_bias": false, "activation": "softmax"},
            {"layer": "Activation", "activation": "tanh"},
            {"layer": "Dropout", "rate": 0.25},
            {"layer": "MaxPooling2D", "pool_size": [1, 2], "strides": 1, "padding": "same"},
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 6, "activation": "gelu", "use_bias": false},
            {"layer": "Dense", "units": 5, "activation": "elu"},
            {"layer": "Dense", "units": 5, "activation": "sigmoid"},
            {"layer": "Dense", "units": 5, "activation": "selu"},
            {"layer": "Dense", "units": 5, "activation": "leaky_relu"},
            {"layer": "Dense", "units": 3, "activation": "softmax"}]
    }))
    .unwrap()
}

/// The layers that `everything` lacks, in a graph whose ways part and meet, with label
/// smoothing and regularisers.
fn graph() -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [9, 8, 3],
        "layers": [
            {"layer": "Rescaling", "scale": 2, "offset": -0.5},
            {"layer": "Normalization", "mean": [0.5, 0.4, 0.6], "variance": [1, 0.5, 2]},
            {"layer": "Conv2D", "filters": 6, "kernel_size": 3, "padding": "same", "groups": 3, "dilation_rate": 2, "use_bias": false, "kernel_regularizer": 0.02},
            {"layer": "BatchNormalization", "name": "norm", "momentum": 0.7},
            {"layer": "DepthwiseConv2D", "kernel_size": 3, "padding": "same", "activation": "softplus", "depthwise_regularizer": {"l2": 0.03}},
            {"layer": "ELU", "alpha": 0.7, "name": "elu"},
            {"layer": "Add", "inputs": ["elu", "norm"]},
            {"layer": "SpatialDropout2D", "rate": 0.25},
            {"layer": "UpSampling2D", "interpolation": "bilinear"},
            {"layer": "ZeroPadding2D", "padding": [[1, 0], [0, 2]]},
            {"layer": "SeparableConv2D", "filters": 4, "kernel_size": 3, "strides": 2, "depth_multiplier": 2, "pointwise_regularizer": "l2", "bias_regularizer": "l2"},
            {"layer": "LeakyReLU", "name": "leaky"},
            {"layer": "UpSampling2D", "size": [1, 2]},
            {"layer": "GlobalAveragePooling2D", "name": "mean"},
            {"layer": "GlobalMaxPooling2D", "inputs": ["leaky"], "name": "top"},
            {"layer": "Concatenate", "inputs": ["top", "mean"]},
            {"layer": "BatchNormalization", "center": false},
            {"layer": "Dense", "units": 3, "activation": "softmax", "bias_initializer": "ones"}],
        "compile": {"loss": {"name": "categorical_crossentropy", "label_smoothing": 0.15}}
    }))
    .unwrap()
}

/// Backward against finite differences of forward, for every parameter tensor: plain, and with
/// classes weighted and an example blended of two; batches normalised by their own statistics
/// and by the moving ones; one unit for two classes.
#[test]
fn gradients_are_those_of_finite_differences() {
    let labels = [2, 0, 1, 1].map(Target::from);
    differentiate(everything(), &labels, &[], Mode::Inference);
    let mut blended = labels;
    blended[0] = Target { label: 1, other: 2, share: 0.3 };
    let weights = [0.7, 2.0, 1.3];
    differentiate(everything(), &blended, &weights, Mode::Inference);
    differentiate(graph(), &blended, &weights, Mode::Inference);
    differentiate(graph(), &labels, &[], Mode::Training { seed: 1, step: 2, first: 0 });
    let mut binary = everything().to_value();
    binary["layers"][12]["units"] = json!(1);
    binary["layers"][12]["activation"] = json!("sigmoid");
    binary["compile"] = json!({"loss": {"name": "binary_crossentropy", "label_smoothing": 0.1}});
    let binary = ModelSpec::from_value(binary).unwrap();
    differentiate(binary, &[1, 0, 0, 1].map(Target::from), &[2.0, 0.5], Mode::Inference);
}

fn differentiate(spec: ModelSpec, targets: &[Target; 4], weights: &[f32], mode: Mode) {
    let device = Device::flex();
    let mut network = Network::new(spec, 2, &device).unwrap();
    // Fresh weights would leave the signal at the end too small for 32-bit differences.
    for param in &mut network.params {
        *param = param.clone() * 2.5;
    }
    let values: Vec<f32> = (0..4 * 3 * 9 * 8).map(|i| ((i * 37 % 101) as f32) / 101.0).collect();
    let pictures = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([4, 3, 9, 8]);
    let share = network.gradients(pictures.clone(), targets, weights, 4, mode);
    let gradients: Vec<Vec<f32>> = share
        .gradients
        .into_iter()
        .map(|gradient| gradient.into_data().try_to_vec().unwrap())
        .collect();
    let loss = |network: &Network| -> f64 {
        let share = network.gradients(pictures.clone(), targets, weights, 4, mode);
        f64::from(share.metrics.into_data().try_to_vec::<f32>().unwrap()[0])
    };
    let mut checked = 0;
    for (index, info) in network.param_infos().to_vec().iter().enumerate() {
        let original = network.params[index].clone();
        let values: Vec<f32> = original.to_data().try_to_vec().unwrap();
        let scale = gradients[index].iter().fold(0f32, |top, g| top.max(g.abs()));
        assert!(scale > 1e-4, "{} gets no gradient", info.name);
        for place in (0..values.len()).step_by(values.len().div_ceil(12)) {
            let mut moved = |by: f32| {
                let mut values = values.clone();
                values[place] += by;
                network.params[index] = Tensor::from_floats(values.as_slice(), &device);
                loss(&network)
            };
            let numeric = (moved(2e-3) - moved(-2e-3)) / 4e-3;
            let exact = f64::from(gradients[index][place]);
            let error = (numeric - exact).abs();
            assert!(
                error < 0.03 * f64::from(scale) + 3e-4,
                "{}[{place}]: backward {exact}, differences {numeric}",
                info.name
            );
            checked += 1;
        }
        network.params[index] = original;
    }
    assert!(checked > 60);
}

/// Dropout with a mask that is drawn per example: two shares make the whole batch.
#[test]
fn shares_of_a_batch_sum_to_the_whole() {
    let mut channels = everything().to_value();
    channels["layers"][4] = json!({"layer": "SpatialDropout2D", "rate": 0.25});
    for spec in [everything(), ModelSpec::from_value(channels).unwrap()] {
        let device = Device::flex();
        let network = Network::new(spec, 2, &device).unwrap();
        let values: Vec<f32> = (0..4 * 216).map(|i| ((i * 37 % 101) as f32) / 101.0).collect();
        let pictures = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([4, 3, 9, 8]);
        let labels: [Target; 4] = [2, 0, 1, 1].map(Target::from);
        let mode = |step, first| Mode::Training { seed: 1, step, first };
        let loss = |step| {
            let share = network.gradients(pictures.clone(), &labels, &[], 4, mode(step, 0));
            share.metrics.into_data().try_to_vec::<f32>().unwrap()[0]
        };
        assert_ne!(loss(9), loss(10), "nothing is dropped");
        let whole = network.gradients(pictures.clone(), &labels, &[], 4, mode(9, 0));
        let [first, second] = [0, 2].map(|first| {
            let half = pictures.clone().narrow(0, first, 2);
            network.gradients(half, &labels[first..first + 2], &[], 4, mode(9, first))
        });
        for (index, gradient) in whole.gradients.iter().enumerate() {
            let sum = first.gradients[index].clone() + second.gradients[index].clone();
            let apart = (sum - gradient.clone()).abs().max();
            let apart = apart.into_data().try_to_vec::<f32>().unwrap()[0];
            assert!(apart < 1e-5, "{}: {apart}", network.param_infos()[index].name);
        }
    }
}

/// One step of Keras with class weights: tests/fixtures/augment.py.
#[test]
fn class_weights_are_those_of_keras() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("fixtures/augment.json")).unwrap();
    let golden = &golden["class_weight"];
    let floats = |key: &str| -> Vec<f32> { serde_json::from_value(golden[key].clone()).unwrap() };
    let labels: Vec<u16> = serde_json::from_value(golden["labels"].clone()).unwrap();
    let device = Device::flex();
    let spec = ModelSpec::from_value(json!({
        "input_shape": [2, 3, 1],
        "layers": [{"layer": "Flatten"}, {"layer": "Dense", "units": 3, "activation": "softmax"}]
    }))
    .unwrap();
    let mut network = Network::new(spec, 1, &device).unwrap();
    network.params[0] = Tensor::from_floats(floats("kernel").as_slice(), &device);
    let values: Vec<f32> = floats("pixels").iter().map(|value| value / 255.0).collect();
    let pictures = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([5, 1, 2, 3]);
    let targets: Vec<Target> = labels.into_iter().map(Target::from).collect();
    let share = network.gradients(pictures, &targets, &floats("weights"), 5, Mode::Inference);
    let loss = share.metrics.into_data().try_to_vec::<f32>().unwrap()[0];
    assert!((f64::from(loss) - golden["loss"].as_f64().unwrap()).abs() < 1e-5, "{loss}");
    let rate = golden["rate"].as_f64().unwrap();
    for (index, key) in ["kernel_after", "bias_after"].into_iter().enumerate() {
        let after = network.params[index].clone() - share.gradients[index].clone() * rate;
        let after = after.into_data().try_to_vec::<f32>().unwrap();
        for (ours, keras) in after.iter().zip(floats(key)) {
            assert!((ours - keras).abs() < 1e-5, "{key}: {ours}, Keras has {keras}");
        }
    }
}
