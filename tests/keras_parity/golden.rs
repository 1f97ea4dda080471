//! Compares this lab with Keras on any device: golden numbers that stand in this folder beside
//! the scripts that made them. No files are read, so that it runs in a browser too.

use burn::tensor::{Device, Tensor, TensorData};
use cnn_lab::data::prepare::Target;
use cnn_lab::device;
use cnn_lab::explain;
use cnn_lab::model::network::{Mode, Network, ParamInfo, Value};
use cnn_lab::model::shape::Summary;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::train::optimizer::{Optimizer, OptimizerSpec};
use safetensors::SafeTensors;
use serde_json::{Value as Json, json};

/// A safetensors file with the cases it holds.
pub struct Golden {
    tensors: SafeTensors<'static>,
    pub cases: Vec<Json>,
}

impl Golden {
    pub fn read(bytes: &'static [u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let cases = &header.metadata().as_ref().unwrap()["cases"];
        let tensors = SafeTensors::deserialize(bytes).unwrap();
        Self { tensors, cases: serde_json::from_str(cases).unwrap() }
    }

    fn floats(&self, name: &str) -> (Vec<f32>, Vec<usize>) {
        let view = self.tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (values, _) = view.data().as_chunks::<4>();
        let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (values, view.shape().to_vec())
    }

    fn flat(&self, name: &str, device: &Device) -> Tensor<1> {
        let values = self.floats(name).0;
        Tensor::from_data(TensorData::new(values.clone(), [values.len()]), device)
    }

    fn pictures(&self, name: &str, device: &Device) -> Tensor<4> {
        let (values, shape) = self.floats(name);
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Whether values are those under `name`, up to `tolerance` times the largest of them. What
    /// is all but 0, as the gradient of a bias before a normalisation, is compared with 0.01.
    fn compare(&self, name: &str, ours: &[f32], tolerance: f32) -> Option<String> {
        let (keras, _) = self.floats(name);
        if ours.len() != keras.len() {
            return Some(format!("{name}: {} values, Keras has {}", ours.len(), keras.len()));
        }
        let scale = keras.iter().fold(1e-2f32, |top, value| top.max(value.abs()));
        let apart = |(ours, keras): (&f32, &f32)| {
            let error = (ours - keras).abs() / scale;
            if error.is_nan() { f32::INFINITY } else { error }
        };
        let worst = ours.iter().zip(&keras).map(apart).fold(0f32, f32::max);
        (worst > tolerance).then(|| format!("{name}: {worst:.2e} apart"))
    }
}

/// A network of the case with Keras's weights. The lab's JSON knows pictures of 1 or 3
/// channels; a case may have others.
fn network(golden: &Golden, number: usize, device: &Device) -> Network {
    let case = &golden.cases[number];
    let mut spec = ModelSpec::from_value(case["spec"].clone())
        .unwrap_or_else(|error| panic!("{}: {error}", case["spec"]));
    if let Some(channels) = case["channels"].as_u64() {
        spec.input_shape[2] = channels as usize;
    }
    if let Some(params) = case["params"].as_u64() {
        let summary = Summary::of(&spec).unwrap_or_else(|e| panic!("{}: {e}", case["spec"]));
        assert_eq!(summary.total_params as u64, params, "{}", case["spec"]);
    }
    let mut network = Network::new(spec, 0, device).unwrap();
    let load = |kind: &str, infos: &[ParamInfo]| -> Vec<Tensor<1>> {
        let name = |info: &ParamInfo| format!("{number}/{kind}/{}", info.name);
        infos
            .iter()
            .map(|info| {
                assert_eq!(golden.floats(&name(info)).1, info.shape, "{}", name(info));
                golden.flat(&name(info), device)
            })
            .collect()
    };
    network.params = load("weight", network.param_infos());
    network.state = load("state", network.state_infos());
    network
}

/// Every layer: its output, and the gradients of its input and of every weight. What is
/// further apart than `tolerance`, each relative to the largest value of its tensor.
pub async fn layers(device: &Device, tolerance: f32) -> Vec<String> {
    let golden = Golden::read(include_bytes!("layers.safetensors"));
    assert!(golden.cases.len() >= 150);
    let mut apart = Vec::new();
    for (number, case) in golden.cases.iter().enumerate() {
        let mut network = network(&golden, number, device);
        let input = golden.pictures(&format!("{number}/input"), device);
        let mode = match case["training"].as_bool() {
            Some(true) => Mode::Training { seed: 0, step: 0, first: 0 },
            _ => Mode::Inference,
        };
        let cotangent = golden.flat(&format!("{number}/cotangent"), device);
        let mut output = None;
        let result = network.differentiate(input, mode, |value| {
            let Value::Vector(value) = value else { panic!("{number} ends with pictures") };
            let value: Tensor<1> = value.flatten(0, 1);
            output = Some(value.clone().inner());
            (value * cotangent).sum()
        });
        let mut names = vec![format!("{number}/output"), format!("{number}/gradient")];
        let mut tensors = vec![output.unwrap(), result.pictures.flatten(0, 3)];
        for (info, gradient) in network.param_infos().iter().zip(result.params) {
            names.push(format!("{number}/gradient/{}", info.name));
            tensors.push(gradient);
        }
        if matches!(mode, Mode::Training { .. }) {
            network.follow(result.statistics);
            for (info, moved) in network.state_infos().iter().zip(&network.state) {
                names.push(format!("{number}/after/{}", info.name));
                tensors.push(moved.clone());
            }
        }
        let values = device::read(tensors).await.unwrap();
        let found: Vec<_> = names
            .iter()
            .zip(values)
            .filter_map(|(name, values)| golden.compare(name, &values, tolerance))
            .collect();
        if !found.is_empty() {
            apart.push(format!("{}: {}", found.join(", "), case["spec"]["layers"]));
        }
    }
    apart
}

/// Every loss and regulariser: the value, the accuracy and the gradients of every weight.
pub async fn losses(device: &Device, tolerance: f32) -> Vec<String> {
    let golden = Golden::read(include_bytes!("losses.safetensors"));
    let mut apart = Vec::new();
    for (number, case) in golden.cases.iter().enumerate() {
        let network = network(&golden, number, device);
        let input = golden.pictures(&format!("{number}/input"), device);
        let labels: Vec<u16> = serde_json::from_value(case["labels"].clone()).unwrap();
        let weights: Vec<f32> = serde_json::from_value(case["class_weight"].clone()).unwrap();
        let targets: Vec<Target> = labels.iter().copied().map(Target::from).collect();
        // In three shares, which must come to the same.
        let mut sum: Option<(Tensor<1>, Vec<Tensor<1>>)> = None;
        let first_share = targets.len() / 2;
        for range in [0..first_share, first_share..first_share + 1, first_share + 1..targets.len()]
        {
            let part = input.clone().narrow(0, range.start, range.len());
            let mode = Mode::Training { seed: 0, step: 0, first: range.start };
            let share = network.gradients(part, &targets[range], &weights, targets.len(), mode);
            sum = Some(match sum {
                None => (share.metrics, share.gradients),
                Some((metrics, gradients)) => (
                    metrics + share.metrics,
                    gradients.into_iter().zip(share.gradients).map(|(a, b)| a + b).collect(),
                ),
            });
        }
        let (metrics, gradients) = sum.unwrap();
        let mut names = vec![format!("{number}/metrics")];
        names.extend(
            network.param_infos().iter().map(|info| format!("{number}/gradient/{}", info.name)),
        );
        let tensors = std::iter::once(metrics).chain(gradients).collect();
        let values = device::read(tensors).await.unwrap();
        let found: Vec<_> = names
            .iter()
            .zip(values)
            .filter_map(|(name, values)| golden.compare(name, &values, tolerance))
            .collect();
        if !found.is_empty() {
            apart.push(format!("{}: {}", found.join(", "), case["spec"]));
        }
    }
    apart
}

/// What explains a network: the maps of every layer, the kernels, and for two classes every
/// method that draws nothing, Grad-CAM for every layer.
pub async fn explanations(device: &Device, tolerance: f32) -> Vec<String> {
    let golden = Golden::read(include_bytes!("explain.safetensors"));
    let mut apart = Vec::new();
    for (number, case) in golden.cases.iter().enumerate() {
        let network = network(&golden, number, device);
        let mut compare = |name: &str, ours: &[f32]| {
            apart.extend(golden.compare(&format!("{number}/{name}"), ours, tolerance));
        };
        let (pixels, _) = golden.floats(&format!("{number}/pixels"));
        let pixels: Vec<u8> = pixels.into_iter().map(|value| value as u8).collect();
        let names: Vec<String> = serde_json::from_value(case["maps"].clone()).unwrap();
        for maps in explain::feature_maps(&network, &names, &pixels).await.unwrap() {
            assert_eq!(maps.data.len(), maps.count * maps.height * maps.width);
            compare(&format!("maps/{}", maps.layer), &maps.data);
            if let Ok(filters) = explain::filters(&network, &maps.layer).await {
                let role = ["kernel", "depthwise_kernel"]
                    .into_iter()
                    .find(|role| {
                        let name = format!("{}/{role}", maps.layer);
                        network.param_infos().iter().any(|info| info.name == name)
                    })
                    .unwrap();
                compare(&format!("weight/{}/{role}", maps.layer), &filters.data);
                if !filters.bias.is_empty() {
                    compare(&format!("weight/{}/bias", maps.layer), &filters.bias);
                }
            }
        }
        let classes: Vec<String> = (0..network.classes()).map(|class| class.to_string()).collect();
        let mut said = explain::predict(&network, &classes, &pixels).await.unwrap();
        said.sort_by(|one, other| one.label.cmp(&other.label));
        let said: Vec<f32> = said.iter().map(|class| class.probability as f32).collect();
        compare("probabilities", &said);
        for label in case["labels"].as_array().unwrap() {
            let plain = ["saliency", "integrated-gradients", "occlusion"];
            let mut wanted: Vec<(String, Json)> =
                plain.map(|method| (method.to_owned(), json!({"method": method}))).into();
            for (layer, method) in
                names.iter().flat_map(|layer| ["grad-cam", "grad-cam++"].map(|one| (layer, one)))
            {
                let options = json!({"method": method, "layer": layer});
                wanted.push((format!("{method}/{layer}"), options));
            }
            for (name, mut options) in wanted {
                options["label"] = label.clone();
                for option in ["steps", "size", "stride"] {
                    options[option] = case[option].clone();
                }
                let options = serde_json::from_value(options).unwrap();
                let mut attributor =
                    explain::Attributor::new(&network, &pixels, &options).await.unwrap();
                let found = loop {
                    if let Some(found) = attributor.advance().await.unwrap() {
                        break found;
                    }
                };
                compare(&format!("{label}/{name}"), &found.data);
                if let Some([sum, difference]) = found.completeness {
                    compare(&format!("{label}/difference"), &[difference as f32]);
                    assert!(
                        (sum - difference).abs() <= 0.01 * difference.abs(),
                        "{sum}, {difference}"
                    );
                }
            }
        }
    }
    apart
}

/// Ten steps of every optimizer, by our own kernels and by Burn's operations: what the weights have moved is Keras's, up to `tolerance` times
/// the farthest move, after every step. Beside that only the rounding of the weights themselves
/// is allowed.
pub async fn optimizers(device: &Device, tolerance: f32) -> Vec<String> {
    let floats = |value: &Json| -> Vec<f32> { serde_json::from_value(value.clone()).unwrap() };
    let list =
        |value: &Json| -> Vec<Vec<f32>> { value.as_array().unwrap().iter().map(floats).collect() };
    let tensors = |values: &[Vec<f32>]| -> Vec<Tensor<1>> {
        values.iter().map(|one| Tensor::from_floats(one.as_slice(), device)).collect()
    };
    let golden: Json = serde_json::from_str(include_str!("optimizers.json")).unwrap();
    let cases = golden["optimizers"].as_array().unwrap();
    assert!(cases.len() >= 40);
    let start = list(&golden["weights"]);
    let gradients: Vec<_> = golden["gradients"].as_array().unwrap().iter().map(list).collect();
    let mut apart = Vec::new();
    for (case, fast) in cases.iter().flat_map(|case| [(case, true), (case, false)]) {
        let spec = OptimizerSpec::from_value(case["spec"].clone()).unwrap();
        let mut params = tensors(&start);
        let mut optimizer = Optimizer::new(spec, &params);
        let mut after = Vec::new();
        for gradients in &gradients {
            optimizer.update(&mut params, tensors(gradients), fast);
            after.extend(params.iter().cloned());
        }
        let ours = device::read(after).await.unwrap();
        for (step, ours) in ours.chunks(params.len()).enumerate() {
            let keras = list(&case["after"][step]);
            let moves = keras.iter().flatten().zip(start.iter().flatten());
            let farthest = moves.map(|(after, before)| (after - before).abs()).fold(0.0, f32::max);
            let wrong = ours.iter().flatten().zip(keras.iter().flatten()).find(|(ours, keras)| {
                let rounding = (step + 1) as f32 * f32::EPSILON * keras.abs().max(0.02);
                let error = (*ours - *keras).abs();
                error.is_nan() || error > tolerance * farthest + rounding
            });
            if let Some((ours, keras)) = wrong {
                let step = step + 1;
                apart
                    .push(format!("{ours} after step {step}, Keras has {keras}: {}", case["spec"]));
                break;
            }
        }
    }
    apart
}

/// Every initialiser by its distribution: mean, deviation and bounds of what is drawn for a
/// layer's kernel, beside those of Keras's draws.
pub fn initializers() -> Vec<String> {
    let cases: Vec<Json> = serde_json::from_str(include_str!("initializers.json")).unwrap();
    let device = device_for_drawing();
    let mut apart = Vec::new();
    for case in cases {
        let spec = ModelSpec::from_value(case["spec"].clone()).unwrap();
        let network = Network::new(spec, 3, &device).unwrap();
        let name = case["weight"].as_str().unwrap();
        let place = network.param_infos().iter().position(|info| info.name == name).unwrap();
        let values: Vec<f32> = network.params[place].clone().into_data().try_to_vec().unwrap();
        let count = values.len() as f64;
        assert_eq!(case["count"].as_f64(), Some(count), "{case}");
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = |&value: &f32| (f64::from(value) - mean).powi(2);
        let deviation = (values.iter().map(square).sum::<f64>() / count).sqrt();
        let low = values.iter().copied().fold(f32::INFINITY, f32::min);
        let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let keras = |key: &str| case[key].as_f64().unwrap();
        // Both are samples: six standard errors of a difference of means or of deviations.
        let spread = keras("deviation");
        let slack = 6.0 * spread * (2.0 / count).sqrt() + 1e-7;
        let edge = if case["bounded"] == true { 0.01 * spread } else { 1.5 * spread } + 1e-7;
        for (what, ours, keras, slack) in [
            ("mean", mean, keras("mean"), slack),
            ("deviation", deviation, spread, slack),
            ("lowest", f64::from(low), keras("low"), edge),
            ("highest", f64::from(high), keras("high"), edge),
        ] {
            if (ours - keras).abs() > slack {
                apart.push(format!("{what} {ours}, Keras has {keras}: {}", case["spec"]));
            }
        }
    }
    apart
}

#[allow(deprecated)]
fn device_for_drawing() -> Device {
    #[cfg(feature = "cpu")]
    return Device::flex();
    #[cfg(all(feature = "ndarray", not(feature = "cpu")))]
    return Device::ndarray();
    #[cfg(not(any(feature = "cpu", feature = "ndarray")))]
    return Device::default();
}
