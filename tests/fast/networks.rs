//! Our kernels against Burn's own operations: whole networks, their losses, gradients and values.
//! Natively and in the browser, for the kernels are not compiled alike.

use burn::tensor::{Device, Tensor};
use cnn_lab::data::prepare::Target;
use cnn_lab::model::network::{Mode, Network, Value};
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::{LayerKind, ModelSpec};
use serde_json::{Value as Json, json};

/// The length of the difference is at most so much of the length.
async fn close(found: Tensor<1>, right: Tensor<1>, within: f32, what: &str) {
    let numbers = async |tensor: Tensor<1>| -> Vec<f32> {
        tensor.into_data_async().await.unwrap().try_to_vec().unwrap()
    };
    let (found, right) = (numbers(found).await, numbers(right).await);
    assert_eq!(found.len(), right.len(), "{what}");
    let length =
        |numbers: &mut dyn Iterator<Item = f32>| numbers.map(|n| n * n).sum::<f32>().sqrt();
    let off = length(&mut found.iter().zip(&right).map(|(found, right)| found - right));
    let whole = length(&mut right.iter().copied());
    assert!(off <= within * whole.max(1e-3), "{what}: off by {off} of {whole}");
}

/// Both ways from the same weights and pictures, in training and in inference.
async fn compare(device: &Device, spec: ModelSpec, name: &str) {
    // Where pictures are normalised by their own spread, rounding grows from layer to layer, and
    // takes a rectifier here and there to the other side of its corner.
    let norms = spec.layers.iter().any(|l| matches!(l.kind, LayerKind::BatchNormalization(_)));
    let within = if norms { 2e-3 } else { 1e-4 };
    let [height, width, channels] = spec.input_shape;
    let fast = Network::new(spec, 3, device).unwrap();
    let mut plain = fast.clone();
    plain.fast = false;
    let batch = 5;
    let values: Vec<f32> = (0..batch * channels * height * width)
        .map(|i| ((i * 7919 % 1009) as f32) / 1009.0)
        .collect();
    let shape = [batch, channels, height, width];
    let pictures = Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape);
    let classes = fast.classes();
    let targets: Vec<Target> = (0..batch).map(|i| Target::from((i * 3 % classes) as u16)).collect();
    let mode = Mode::Training { seed: 1, step: 2, first: 0 };
    let [found, right] =
        [&fast, &plain].map(|net| net.gradients(pictures.clone(), &targets, &[], batch, mode));
    close(found.metrics, right.metrics, within, &format!("{name}: loss")).await;
    let gradients = found.gradients.into_iter().zip(right.gradients);
    for ((found, right), info) in gradients.zip(fast.param_infos()) {
        close(found, right, within, &format!("{name}: {}", info.name)).await;
    }
    let [found, right] = [&fast, &plain].map(|net| net.logits(pictures.clone()).flatten(0, 1));
    close(found, right, within, &format!("{name}: logits")).await;
    let layers: Vec<usize> = (0..fast.spec().layers.len()).collect();
    let [found, right] = [&fast, &plain].map(|net| net.taps(pictures.clone(), &layers));
    for (layer, (found, right)) in found.into_iter().zip(right).enumerate() {
        close(
            found.flatten(),
            right.flatten(),
            within,
            &format!("{name}: the values of layer {layer}"),
        )
        .await;
    }
    // By the pictures too, which is what explanations ask for.
    let of = |net: &Network| {
        let sum = |value: Value| value.flatten().powf_scalar(2.0).sum();
        net.differentiate(pictures.clone(), Mode::Inference, sum).pictures.flatten(0, 3)
    };
    close(of(&fast), of(&plain), within, &format!("{name}: by the pictures")).await;
}

/// Some of the lessons' networks, and what they have not.
pub async fn networks(device: &Device, lessons: &[[usize; 3]]) {
    for &shape in lessons {
        for preset in presets(shape, 10) {
            compare(device, ModelSpec::from_json(&preset.spec).unwrap(), preset.title).await;
        }
    }
    let layers: [(&str, Json); 4] = [
        (
            "strides, borders, gaps and odd numbers of filters",
            json!([
                {"layer": "Conv2D", "filters": 5, "kernel_size": [3, 2], "padding": "same", "strides": [2, 1], "activation": "relu"},
                {"layer": "MaxPooling2D", "pool_size": [3, 2], "strides": [2, 1]},
                {"layer": "Conv2D", "filters": 12, "kernel_size": 3, "padding": "same", "dilation_rate": 2, "use_bias": false},
                {"layer": "MaxPooling2D", "pool_size": 2},
                {"layer": "Conv2D", "filters": 9, "kernel_size": 1, "activation": "tanh"},
                {"layer": "MaxPooling2D", "pool_size": 2, "padding": "same"},
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 7, "activation": "relu", "use_bias": false},
                {"layer": "Dense", "units": 3, "activation": "softmax"}]),
        ),
        (
            "ways that part and meet",
            json!([
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu", "name": "one"},
                {"layer": "MaxPooling2D", "pool_size": 2, "name": "small"},
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "inputs": ["one"]},
                {"layer": "BatchNormalization"},
                {"layer": "ReLU"},
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "strides": 2, "padding": "same", "name": "half"},
                {"layer": "Add", "name": "sum", "inputs": ["small", "half"]},
                {"layer": "Conv2D", "filters": 6, "groups": 2, "kernel_size": 3, "activation": "relu"},
                {"layer": "Dropout", "rate": 0.3},
                {"layer": "GlobalAveragePooling2D"},
                {"layer": "Dense", "units": 4, "activation": "softmax"}]),
        ),
        (
            "normalised before the rectifier and the pooling",
            json!([
                {"layer": "Conv2D", "filters": 10, "kernel_size": 3, "use_bias": false},
                {"layer": "BatchNormalization"},
                {"layer": "ReLU"},
                {"layer": "MaxPooling2D"},
                {"layer": "Conv2D", "filters": 6, "kernel_size": 3, "padding": "same"},
                {"layer": "BatchNormalization", "scale": false, "center": false},
                {"layer": "LeakyReLU", "negative_slope": 0.1},
                {"layer": "MaxPooling2D", "padding": "same"},
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 4, "activation": "softmax"}]),
        ),
        (
            "one unit at the end",
            json!([
                {"layer": "Conv2D", "filters": 4, "kernel_size": 5, "activation": "sigmoid"},
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 1, "activation": "sigmoid"}]),
        ),
    ];
    for (name, layers) in layers {
        let mut value = json!({"input_shape": [14, 14, 3], "layers": layers});
        if name.starts_with("one") {
            value["compile"] = json!({"loss": "binary_crossentropy"});
        }
        compare(device, ModelSpec::from_value(value).unwrap(), name).await;
    }
}
