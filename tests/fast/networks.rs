//! Our kernels against Burn's own operations: whole networks, their losses, gradients and values.
//! Natively and in the browser, for the kernels are not compiled alike.

#[cfg(feature = "cpu")]
use std::pin::Pin;

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

/// Both ways from the same weights and pictures, in training and in inference; and the step without
/// tensors, where there is one for the network and the device. Whether there was.
async fn compare(device: &Device, spec: ModelSpec, name: &str) -> bool {
    // Where pictures are normalised by their own spread, rounding grows from layer to layer, and
    // takes a rectifier here and there to the other side of its corner.
    let norms = spec.layers.iter().any(|l| matches!(l.kind, LayerKind::BatchNormalization(_)));
    let within = if norms { 2e-3 } else { 1e-4 };
    let [height, width, channels] = spec.input_shape;
    let mut fast = Network::new(spec, 3, device).unwrap();
    // A gamma of 1 and a beta of 0 would hide where one is left out.
    let infos = fast.param_infos().to_vec();
    let learned = |name: &str| name.ends_with("/gamma") || name.ends_with("/beta");
    for (info, param) in infos.iter().zip(&mut fast.params).filter(|(info, _)| learned(&info.name))
    {
        let numbers = (0..info.shape[0]).map(|at| 0.1 + 0.05 * (at % 7) as f32);
        let more = Tensor::<1>::from_floats(&numbers.collect::<Vec<f32>>()[..], device);
        *param = param.clone() + more;
    }
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
    close(found.metrics, right.metrics.clone(), within, &format!("{name}: loss")).await;
    let compiled = compiled(&fast, &values, &targets, mode).await;
    let covered = compiled.is_some();
    if let Some(compiled) = compiled {
        let names = ["loss".to_owned()].into_iter();
        let names = names.chain(fast.param_infos().iter().map(|info| info.name.clone()));
        let statistics = (0..right.statistics.len()).map(|number| format!("statistics {number}"));
        let parts = [right.metrics.clone()].into_iter();
        let parts = parts.chain(right.gradients.clone()).chain(right.statistics.clone());
        let mut rest = &compiled[..];
        for (name_of_part, part) in names.chain(statistics).zip(parts) {
            let (own, after) = rest.split_at(part.dims()[0]);
            let own = Tensor::<1>::from_floats(own, device);
            close(own, part, within, &format!("{name}, compiled: {name_of_part}")).await;
            rest = after;
        }
        assert!(rest.is_empty(), "{name}: {} numbers more", rest.len());
    }
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
    covered
}

/// Loss, gradients and statistics by the step without tensors, which has computed something else
/// before.
#[cfg(feature = "cpu")]
async fn compiled(
    network: &Network,
    values: &[f32],
    targets: &[Target],
    mode: Mode,
) -> Option<Vec<f32>> {
    use cnn_lab::data::prepare::Prepared;
    use cnn_lab::train::compiled::{Compiled, Step};
    use cnn_lab::train::team::Leader;

    /// A share that is the whole batch has nobody to agree with.
    struct Nobody;
    impl Leader for Nobody {
        fn agree(&mut self, _: &[f32]) -> Pin<Box<dyn Future<Output = Option<Vec<f32>>>>> {
            panic!("the whole batch is here")
        }
    }

    let Mode::Training { seed, step: number, .. } = mode else { return None };
    let mut compiled = Compiled::new(network, targets.len() + 2)?;
    let mut weights = Vec::new();
    for param in &network.params {
        weights.extend(param.clone().into_data_async().await.unwrap().try_to_vec::<f32>().unwrap());
    }
    let step = Step { seed, number, examples: targets.len(), class_weights: &[] };
    let mut share = async |weights: &[f32], values: &[f32]| {
        let mut prepare = |_: &_, into: &mut Prepared| {
            *into = Prepared { values: values.to_vec(), targets: targets.to_vec() };
            Ok(())
        };
        let whole = 0..targets.len();
        let share = compiled.share(weights, step, &[whole], &mut prepare, &mut Nobody).await;
        share.unwrap().expect("nobody goes on without it").to_vec()
    };
    let others: Vec<f32> = weights.iter().map(|weight| 0.5 - weight).collect();
    share(&others, &values.iter().map(|value| 1.0 - value).collect::<Vec<_>>()).await;
    Some(share(&weights, values).await)
}

#[cfg(not(feature = "cpu"))]
async fn compiled(_: &Network, _: &[f32], _: &[Target], _: Mode) -> Option<Vec<f32>> {
    None
}

/// Some of the lessons' networks, and what they have not. The names of those that have a step without
/// tensors.
pub async fn networks(device: &Device, lessons: &[[usize; 3]]) -> Vec<String> {
    let mut covered = Vec::new();
    for &shape in lessons {
        for preset in presets(shape, 10) {
            let spec = ModelSpec::from_json(&preset.spec).unwrap();
            if compare(device, spec, preset.title).await {
                covered.push(format!("{} {shape:?}", preset.name));
            }
        }
    }
    let layers: [(&str, Json); 6] = [
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
            "poolings with borders, and pixels that are kept and dropped",
            json!([
                {"layer": "Rescaling", "scale": 2, "offset": -1},
                {"layer": "MaxPooling2D", "pool_size": 3, "strides": 2, "padding": "same"},
                {"layer": "Conv2D", "filters": 6, "kernel_size": 3, "activation": "elu"},
                {"layer": "AveragePooling2D", "pool_size": 3, "strides": 2, "padding": "same"},
                {"layer": "SpatialDropout2D", "rate": 0.4},
                {"layer": "GlobalMaxPooling2D", "keepdims": true},
                {"layer": "Flatten"},
                {"layer": "BatchNormalization", "scale": false},
                {"layer": "Dense", "units": 5, "activation": "selu",
                 "kernel_regularizer": {"l1": 0.02, "l2": 0.03}},
                {"layer": "Dropout", "rate": 0.2},
                {"layer": "Dense", "units": 4, "activation": "softmax"}]),
        ),
        (
            "a value that many take",
            json!([
                {"layer": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "same", "activation": "leaky_relu", "name": "one"},
                {"layer": "Conv2D", "filters": 4, "kernel_size": 1, "activation": "relu6", "name": "two"},
                {"layer": "Add", "name": "sum", "inputs": ["one", "two", "one"]},
                {"layer": "ReLU", "name": "bounded"},
                {"layer": "Concatenate", "name": "all", "inputs": ["two", "one", "bounded"]},
                {"layer": "BatchNormalization", "center": false},
                {"layer": "ReLU", "max_value": 6},
                {"layer": "GlobalAveragePooling2D"},
                {"layer": "Dense", "units": 3, "activation": "softmax"}]),
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
        if compare(device, ModelSpec::from_value(value).unwrap(), name).await {
            covered.push(name.to_owned());
        }
    }
    covered
}
