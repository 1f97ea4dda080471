//! What explains a network, on one that has learned: against slow twins and against what must
//! hold of it. The numbers of Keras are compared in `keras_parity.rs`.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

mod common;

use burn::tensor::{Device, Tensor, TensorData};
use cnn_lab::data::dataset::Split;
use cnn_lab::explain::{
    Attribution, Attributor, DreamOptions, Dreamer, Exciter, Hider, Method, feature_maps,
    slow_motion, vitals,
};
use cnn_lab::model::network::{Goal, Network, Value};
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::random::{Purpose, Stream};
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use common::{bars, convnet};
use pollster::block_on;
use serde_json::{Value as Json, json};

/// A session that tells lying from standing and aslant bars.
fn trained() -> Session {
    let mut session = Session::new(Device::flex(), 1);
    session.set_dataset(bars(500, 12)).unwrap();
    session.set_model(convnet(12)).unwrap();
    let options: TrainOptions =
        serde_json::from_value(json!({"epochs": 4, "batchSize": 32})).unwrap();
    session.start_training(&options).unwrap();
    while session.is_training() {
        block_on(session.advance(64)).unwrap();
    }
    session
}

fn picture(session: &Session, index: usize) -> (Vec<u8>, u16) {
    let (pixels, label) = session.dataset().unwrap().picture(Split::Test, index).unwrap();
    (pixels.into_owned(), label)
}

fn attribute(network: &Network, pixels: &[u8], options: Json) -> Attribution {
    let options = serde_json::from_value(options).unwrap();
    let mut attributor = block_on(Attributor::new(network, pixels, &options)).unwrap();
    loop {
        if let Some(found) = block_on(attributor.advance()).unwrap() {
            let [done, total] = attributor.progress();
            assert!(done <= total);
            return found;
        }
    }
}

#[test]
fn taps_are_what_each_layer_gives_alone() {
    let session = trained();
    let network = session.network().unwrap();
    let (pixels, _) = picture(&session, 3);
    let names = ["conv2d", "max_pooling2d", "conv2d_1"].map(String::from);
    let together = block_on(feature_maps(network, &names, &pixels)).unwrap();
    for (name, one) in names.into_iter().zip(&together) {
        assert_eq!(block_on(feature_maps(network, &[name], &pixels)).unwrap()[0], *one);
    }
    let error = block_on(feature_maps(network, &["flatten".into()], &pixels)).unwrap_err();
    assert_eq!((error.code(), error.layer_name()), ("option", Some("flatten")));
}

/// The gradient by the output of a layer in the middle of a graph, by differences of the score.
#[test]
fn probing_a_layer_is_as_finite_differences() {
    let spec = ModelSpec::from_value(json!({
        "input_shape": [6, 5, 1],
        "layers": [
            {"layer": "Conv2D", "filters": 3, "kernel_size": 3, "activation": "tanh", "name": "a"},
            {"layer": "Conv2D", "filters": 3, "kernel_size": 1, "activation": "tanh", "name": "b"},
            {"layer": "Add", "inputs": ["a", "b"], "name": "sum"},
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 2, "activation": "softmax"}]
    }));
    let network = Network::new(spec.unwrap(), 4, &Device::flex()).unwrap();
    let values: Vec<f32> = (0..30).map(|at| (at as f32 * 0.7).sin()).collect();
    let picture = |values: &[f32]| {
        Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 1, 6, 5]), network.device())
    };
    let second = |value: Value| match value {
        Value::Vector(logits) => logits.narrow(1, 1, 1).sum(),
        Value::Image(_) => panic!("logits are vectors"),
    };
    let floats = |value: Value| -> Vec<f32> { value.flatten().into_data().try_to_vec().unwrap() };
    let mut probed = network.probe(picture(&values), Goal::Logits, &[0, 1, 5], second);
    let by_last = floats(probed.gradients.pop().unwrap());
    assert_eq!(by_last, [0.0, 1.0]);
    let by_picture = floats(probed.gradients.swap_remove(0));
    let score = |values: &[f32]| -> f64 {
        let logits: Vec<f32> = network.logits(picture(values)).into_data().try_to_vec().unwrap();
        f64::from(logits[1])
    };
    for at in 0..30 {
        let moved = |by: f32| {
            let mut moved = values.clone();
            moved[at] += by;
            score(&moved)
        };
        let slope = (moved(0.01) - moved(-0.01)) / 0.02;
        assert!((slope - f64::from(by_picture[at])).abs() < 2e-3, "{at}: {slope}");
    }
}

#[test]
fn integrated_gradients_are_complete() {
    let session = trained();
    let network = session.network().unwrap();
    for index in 0..8 {
        let (pixels, _) = picture(&session, index);
        for label in 0..3 {
            let options = json!({"method": "integrated-gradients", "label": label});
            let found = attribute(network, &pixels, options);
            let [sum, difference] = found.completeness.unwrap();
            assert!((sum - difference).abs() <= 0.01 * difference.abs(), "{sum} {difference}");
            let shown: f64 = found.data.iter().map(|&value| f64::from(value)).sum();
            assert!((shown - sum).abs() < 1e-4 * sum.abs().max(1.0));
        }
    }
}

/// SmoothGrad beside the mean of the plain gradients of the same noisy copies.
#[test]
fn smooth_grad_is_the_mean_of_noisy_gradients() {
    let session = trained();
    let network = session.network().unwrap();
    let (pixels, _) = picture(&session, 1);
    let options =
        json!({"method": "smooth-grad", "label": 2, "samples": 37, "noise": 0.2, "seed": 5});
    let found = attribute(network, &pixels, options.clone());
    assert_eq!(attribute(network, &pixels, options), found);
    let plain: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let low = plain.iter().copied().fold(f32::INFINITY, f32::min);
    let high = plain.iter().copied().fold(0.0, f32::max);
    let mut sums = vec![0f64; plain.len()];
    for sample in 0..37 {
        let mut stream = Stream::new(5, Purpose::Explain, 0, sample);
        let noisy: Vec<f32> =
            plain.iter().map(|value| value + 0.2 * (high - low) * stream.normal() as f32).collect();
        let picture =
            Tensor::<4>::from_data(TensorData::new(noisy, [1, 1, 12, 12]), network.device());
        let mut probed = network.probe(picture, Goal::Logits, &[0], |value| match value {
            Value::Vector(logits) => logits.narrow(1, 2, 1).sum(),
            Value::Image(_) => panic!("logits are vectors"),
        });
        let slopes: Vec<f32> =
            probed.gradients.remove(0).flatten().into_data().try_to_vec().unwrap();
        sums.iter_mut().zip(slopes).for_each(|(sum, slope)| *sum += f64::from(slope));
    }
    for (sum, found) in sums.iter().zip(&found.data) {
        assert!((sum.abs() / 37.0 - f64::from(*found)).abs() < 1e-5);
    }
}

/// A network that has learned looks at the bar. Grad-CAM is too coarse for bars of one pixel.
#[test]
fn what_explains_a_decision_lies_on_the_bar() {
    let session = trained();
    let network = session.network().unwrap();
    for method in ["saliency", "smooth-grad", "integrated-gradients", "occlusion"] {
        let (mut on, mut off) = (0.0, 0.0);
        for index in 0..20 {
            let (pixels, label) = picture(&session, index);
            let found = attribute(network, &pixels, json!({"method": method, "label": label}));
            let largest = found.data.iter().copied().fold(1e-9, f32::max);
            let bright = pixels.iter().filter(|pixel| **pixel > 120).count() as f32;
            for (value, &pixel) in found.data.iter().zip(&pixels) {
                let share = value.max(0.0) / largest;
                match pixel > 120 {
                    true => on += share / bright,
                    false => off += share / (144.0 - bright),
                }
            }
        }
        assert!(on > 1.2 * off, "{method}: {on} on the bar, {off} beside it");
    }
}

#[test]
fn wrong_wishes_are_named() {
    let session = trained();
    let network = session.network().unwrap();
    let (pixels, _) = picture(&session, 0);
    for (options, field) in [
        (json!({"label": 3}), "label"),
        (json!({"layer": "dense"}), "layer"),
        (json!({"layer": "nothing"}), "layer"),
        (json!({"method": "smooth-grad", "samples": 0}), "samples"),
        (json!({"method": "smooth-grad", "noise": 2}), "noise"),
        (json!({"method": "integrated-gradients", "steps": 5000}), "steps"),
        (json!({"method": "occlusion", "size": 13}), "size"),
        (json!({"method": "occlusion", "size": 2, "stride": 3}), "stride"),
    ] {
        let parsed = serde_json::from_value(options.clone()).unwrap();
        let Err(error) = block_on(Attributor::new(network, &pixels, &parsed)) else {
            panic!("{options} is no error")
        };
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{options}");
    }
    let found = attribute(network, &pixels, json!({}));
    assert_eq!((found.method, found.layer.as_deref()), (Method::GradCam, Some("conv2d_1")));
}

#[test]
fn dreams_excite_what_they_are_of() {
    let session = trained();
    let network = session.network().unwrap();
    let dream = |options: Json| {
        let options: DreamOptions = serde_json::from_value(options).unwrap();
        let mut dreamer = Dreamer::new(network, &options).unwrap();
        loop {
            if let Some(dream) = block_on(dreamer.advance(7)).unwrap() {
                assert_eq!(dreamer.progress(), [40, 40]);
                return dream;
            }
        }
    };
    for wish in [
        json!({"label": 1}),
        json!({"layer": "conv2d_1", "filter": 3}),
        json!({"layer": 0, "filter": 2}),
    ] {
        let mut wish = wish;
        wish["steps"] = json!(40);
        if wish["layer"] == json!(0) {
            wish["layer"] = json!("0");
        }
        let found = dream(wish.clone());
        assert_eq!(found.pixels.len(), 144);
        assert!(found.scores[1] > found.scores[0] + 0.1, "{wish}: {:?}", found.scores);
        assert_eq!(dream(wish), found);
    }
    let wrong = |options: Json| {
        Dreamer::new(network, &serde_json::from_value(options).unwrap()).err().unwrap()
    };
    assert_eq!(wrong(json!({})).field_name(), Some("layer"));
    assert_eq!(wrong(json!({"layer": "conv2d", "filter": 8})).field_name(), Some("filter"));
}

/// Against the maps of every picture, one by one.
#[test]
fn exciting_pictures_have_the_largest_values() {
    let session = trained();
    let (network, dataset) = (session.network().unwrap(), session.dataset().unwrap());
    let mut exciter = Exciter::new(network, dataset, Split::Test, "conv2d_1").unwrap();
    let found = loop {
        if let Some(found) = block_on(exciter.advance(dataset)).unwrap() {
            break found;
        }
    };
    assert_eq!((found.filters, found.kept, found.indices.len()), (8, 9, 72));
    let mut tops = vec![Vec::new(); 8];
    for index in 0..dataset.len(Split::Test) {
        let (pixels, _) = picture(&session, index);
        let maps = block_on(feature_maps(network, &["conv2d_1".into()], &pixels)).unwrap();
        let area = maps[0].height * maps[0].width;
        for (filter, map) in maps[0].data.chunks_exact(area).enumerate() {
            tops[filter].push(map.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    }
    for (filter, tops) in tops.iter_mut().enumerate() {
        let of = filter * 9..filter * 9 + 9;
        for (index, value) in found.indices[of.clone()].iter().zip(&found.values[of.clone()]) {
            assert!((tops[*index as usize] - value).abs() < 1e-5);
        }
        tops.sort_by(|one, other| other.total_cmp(one));
        for (value, top) in found.values[of].iter().zip(tops) {
            assert!((*top - value).abs() < 1e-5);
        }
    }
}

#[test]
fn hidden_vectors_are_what_the_last_layer_takes() {
    let session = trained();
    let (network, dataset) = (session.network().unwrap(), session.dataset().unwrap());
    let mut hider = Hider::new(network, dataset, Split::Test, 200).unwrap();
    let found = loop {
        if let Some(found) = block_on(hider.advance(dataset)).unwrap() {
            break found;
        }
    };
    assert_eq!(found.layer.as_deref(), Some("flatten"));
    assert_eq!((found.indices.len(), found.labels.len(), found.length), (200, 200, 200));
    // The last layer's product with them gives the classes.
    let params = &network.params;
    let floats =
        |tensor: &Tensor<1>| -> Vec<f32> { tensor.clone().into_data().try_to_vec().unwrap() };
    let (kernel, bias) = (floats(&params[params.len() - 2]), floats(&params[params.len() - 1]));
    for (at, &index) in found.indices.iter().enumerate().step_by(17) {
        let (pixels, label) = picture(&session, index as usize);
        assert_eq!(found.labels[at], label);
        let vector = &found.data[at * found.length..(at + 1) * found.length];
        let logits: Vec<f32> = (0..3)
            .map(|class| {
                let row = vector.iter().enumerate();
                bias[class]
                    + row.map(|(place, value)| value * kernel[place * 3 + class]).sum::<f32>()
            })
            .collect();
        let plain: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let picture =
            Tensor::<4>::from_data(TensorData::new(plain, [1, 1, 12, 12]), network.device());
        let direct: Vec<f32> = network.logits(picture).into_data().try_to_vec().unwrap();
        for (one, other) in logits.iter().zip(&direct) {
            assert!((one - other).abs() < 1e-3, "{logits:?} {direct:?}");
        }
    }
}

#[test]
fn vital_signs_tell_of_dead_units_and_leave_the_run_alone() {
    let session = trained();
    let before = weights(&session);
    let signs = block_on(vitals(&session)).unwrap();
    assert_eq!(weights(&session), before);
    let names: Vec<&str> = signs.layers.iter().map(|layer| layer.layer.as_str()).collect();
    assert_eq!(names, ["conv2d", "conv2d_1", "dense"]);
    assert_eq!((signs.step, signs.pictures), (64, 16));
    for layer in &signs.layers {
        let ratio = layer.update_ratio.unwrap();
        assert!(ratio > 1e-6 && ratio < 0.5, "{}: {ratio}", layer.layer);
        let weights = layer.weights.as_ref().unwrap();
        assert!(weights.low < 0.0 && weights.high > 0.0 && weights.wrong == 0);
    }
    assert!(signs.layers[0].dead.is_some());
    assert_eq!(signs.layers[2].dead, None);

    // A bias far below zero silences every filter of the first layer.
    let mut spec = convnet(12).to_value();
    spec["layers"][0]["bias_initializer"] = json!({"name": "constant", "value": -100});
    let mut dead = Session::new(Device::flex(), 1);
    dead.set_dataset(bars(50, 12)).unwrap();
    dead.set_model(ModelSpec::from_value(spec).unwrap()).unwrap();
    let signs = block_on(vitals(&dead)).unwrap();
    assert_eq!((signs.layers[0].dead, signs.layers[0].units), (Some(8), 8));
    assert_eq!(signs.layers[0].gradients.as_ref().unwrap().high, 0.0);
}

fn weights(session: &Session) -> Vec<Vec<f32>> {
    let params = &session.network().unwrap().params;
    params.iter().map(|param| param.clone().into_data().try_to_vec().unwrap()).collect()
}

/// The slow step is the step that training takes on the same picture.
#[test]
fn slow_motion_is_a_training_step() {
    let mut spec = convnet(12).to_value();
    spec["compile"]["optimizer"] = json!({"name": "sgd", "learning_rate": 0.05});
    spec["layers"].as_array_mut().unwrap().remove(3);
    let spec = ModelSpec::from_value(spec).unwrap();
    let mut session = Session::new(Device::flex(), 2);
    session.set_dataset(bars(1, 12)).unwrap();
    session.set_model(spec).unwrap();
    let (pixels, label) = session.dataset().unwrap().picture(Split::Train, 0).unwrap();
    let (pixels, label) = (pixels.into_owned(), usize::from(label));
    let slow = block_on(slow_motion(&session, &pixels, label)).unwrap();
    assert_eq!((slow.optimizer.as_str(), slow.learning_rate), ("sgd", 0.05));
    assert!(slow.loss_after < slow.loss, "{} {}", slow.loss, slow.loss_after);
    assert!((slow.loss + slow.probabilities[label].ln()).abs() < 1e-5);
    for one in &slow.moves {
        for ((before, slope), after) in one.before.iter().zip(&one.gradients).zip(&one.after) {
            assert!((before - 0.05 * slope - after).abs() < 1e-6, "{}", one.name);
        }
    }
    // The gradient by the last layer's output is what softmax and cross-entropy say.
    let last = slow.stages.last().unwrap();
    for (class, slope) in last.gradients.iter().enumerate() {
        let truth = if class == label { 1.0 } else { 0.0 };
        assert!((f64::from(*slope) - (slow.probabilities[class] - truth)).abs() < 1e-5);
    }
    let options = json!({"batchSize": 1, "steps": 1, "validate": false});
    session.start_training(&serde_json::from_value(options).unwrap()).unwrap();
    block_on(session.advance(1)).unwrap();
    for (one, trained) in slow.moves.iter().zip(weights(&session)) {
        assert_eq!(one.after, trained, "{}", one.name);
    }
}

/// Every lesson's network, of any shape, can be looked into: its layers, and every method.
#[test]
fn every_preset_can_be_explained() {
    for shape in [[28, 28, 1], [32, 32, 3]] {
        for preset in presets(shape, 10) {
            let spec = ModelSpec::from_json(&preset.spec).unwrap();
            let network = Network::new(spec, 1, &Device::flex()).unwrap();
            let pixels: Vec<u8> =
                (0..shape.iter().product::<usize>()).map(|at| (at * 37 % 251) as u8).collect();
            for method in ["grad-cam", "grad-cam++", "saliency", "integrated-gradients"] {
                let options =
                    serde_json::from_value(json!({"method": method, "label": 9})).unwrap();
                let Ok(mut attributor) = block_on(Attributor::new(&network, &pixels, &options))
                else {
                    // Dense networks have no maps.
                    assert!(method.starts_with("grad-cam"), "{} {method}", preset.name);
                    continue;
                };
                block_on(attributor.advance()).unwrap();
            }
        }
    }
}
