//! A pretrained base: its layers, what it makes of pictures, and training on top of it.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

mod common;

use std::fs;

use burn::tensor::{Device, Tensor, TensorData};
use cnn_lab::data::dataset::{Dataset, Split, SplitOptions};
use cnn_lab::explain::{self, AttributionOptions, Attributor};
use cnn_lab::model::base::Base;
use cnn_lab::model::network::{Network, Value};
use cnn_lab::model::shape::Summary;
use cnn_lab::model::spec::{LayerKind, ModelSpec};
use cnn_lab::store::{base, checkpoint};
use cnn_lab::train::history::Event;
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use common::bars;
use pollster::block_on;
use serde_json::json;

/// MobileNetV2 and a head of two classes, for square pictures.
fn mobilenet(side: usize, weights: Option<&str>) -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [side, side, 3],
        "layers": [
            {"layer": "Rescaling", "scale": 2, "offset": -1},
            {"layer": "MobileNetV2", "weights": weights, "pooling": "avg", "trainable": false},
            {"layer": "Dense", "units": 2, "activation": "softmax"}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
    }))
    .unwrap()
}

#[test]
fn it_has_the_layers_of_keras() {
    let spec = mobilenet(96, Some("imagenet"));
    let summary = Summary::of(&spec).unwrap();
    // tensorflow.keras.applications.MobileNetV2(include_top=False).count_params(), and the head.
    assert_eq!(summary.total_params, 2_257_984 + 2 * 1281);
    assert_eq!(summary.trainable_params, 2 * 1281);
    let shape_of = |name: &str| {
        let row = summary.layers.iter().find(|layer| layer.name == name).unwrap();
        assert_eq!((row.base, row.trainable), (Some("mobilenet-v2"), false), "{name}");
        row.output_shape[1..].iter().map(|side| side.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(shape_of("block_3_project_BN"), [12, 12, 32]);
    assert_eq!(shape_of("block_13_expand_relu"), [6, 6, 576]);
    assert_eq!(shape_of("out_relu"), [3, 3, 1280]);
    // Written out, every layer stands by itself, and is read back as it was.
    assert_eq!(ModelSpec::from_value(spec.to_value()).unwrap(), spec);
}

#[test]
fn wrong_arguments_are_named() {
    for (argument, value) in [
        ("include_top", json!(true)),
        ("weights", json!("noisy")),
        ("pooling", json!("median")),
        ("alpha", json!(0.5)),
    ] {
        let mut layer = json!({"layer": "MobileNetV2"});
        layer[argument] = value;
        let spec =
            json!({"input_shape": [96, 96, 3], "layers": [layer, {"layer": "Dense", "units": 2}]});
        let error = ModelSpec::from_value(spec).unwrap_err();
        assert_eq!(error.field_name(), Some(argument), "{error}");
    }
    let all_frozen = json!({"input_shape": [32, 32, 3], "layers": [
        {"layer": "MobileNetV2", "pooling": "avg", "trainable": false}]});
    let error =
        Network::new(ModelSpec::from_value(all_frozen).unwrap(), 0, &Device::flex()).unwrap_err();
    assert!(error.to_string().contains("frozen"), "{error}");
}

/// The pictures of `tests/fixtures/mobilenet_v2.py`.
fn picture(side: usize, n: usize) -> Tensor<4> {
    let value = |at: usize| {
        let (channel, y, x) = (at / (side * side), at / side % side, at % side);
        ((7 * y * y + 13 * x + 29 * channel * (x + y) + 31 * n) % 256) as f32 / 255.0
    };
    let values: Vec<f32> = (0..3 * side * side).map(value).collect();
    Tensor::from_data(TensorData::new(values, [1, 3, side, side]), &Device::flex())
}

fn numbers(value: Value) -> Vec<f32> {
    value.flatten().to_data().try_to_vec().unwrap()
}

fn largest_difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

/// The file of a base's weights. `cargo xtask test rust` has it made; where that could not be done,
/// this says so, and there is nothing to compare.
fn file_of(base: Base) -> Option<Vec<u8>> {
    let file = format!("target/data/bases/{}.safetensors", base.name());
    let bytes = fs::read(&file).ok();
    if bytes.is_none() {
        let there = std::env::var("CNN_LAB_BASES").unwrap_or_default();
        assert!(!there.split(',').any(|name| name == base.name()), "{file} is missing");
        eprintln!("{file} is missing: cargo xtask data makes it");
    }
    bytes
}

/// How many numbers were compared with those of a file in `tests/fixtures`: features, and logits
/// where the base has its own head.
fn compare(base: Base, golden: &str, spec: impl Fn(usize) -> ModelSpec) -> usize {
    let Some(bytes) = file_of(base) else { return 0 };
    let device = Device::flex();
    let weights = base::read(&bytes, &device).unwrap();
    let golden = fs::read_to_string(golden).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&golden).unwrap();
    let mut compared = 0;
    for wanted in golden["pictures"].as_array().unwrap() {
        let number = |field: &str| wanted[field].as_u64().unwrap() as usize;
        let (side, n) = (number("size"), number("n"));
        let mut network = Network::new(spec(side), 0, &device).unwrap();
        network.take(base, &weights).unwrap();
        let mut layers = network.spec().layers.iter();
        let pooled =
            layers.position(|layer| matches!(layer.kind, LayerKind::GlobalAveragePooling2D { .. }));
        let pooled = pooled.unwrap() + 1;
        for fast in [true, false] {
            network.fast = fast;
            let mut same = |what: &str, found: Vec<f32>| {
                let expected: Vec<f32> = serde_json::from_value(wanted[what].clone()).unwrap();
                let difference = largest_difference(&found, &expected);
                println!("{what} of {side} x {side}, fast {fast}: {difference:.1e}");
                assert!(difference < 1e-3, "{what} of {side} x {side}, fast {fast}: {difference}");
                compared += found.len();
            };
            same("features", numbers(network.value_at(pooled, picture(side, n))));
            if wanted["logits"].is_array() {
                let logits = network.logits(picture(side, n));
                same("logits", logits.into_data().try_to_vec().unwrap());
            }
        }
    }
    compared
}

#[test]
fn its_features_are_those_of_pytorch() {
    let spec = |side| mobilenet(side, Some("imagenet"));
    let compared = compare(Base::MobileNetV2, "tests/fixtures/mobilenet_v2.json", spec);
    assert!([0, 2 * 3 * 1280].contains(&compared), "{compared}");
}

/// EfficientNet-Lite0 with its own head, for square pictures.
fn lite(side: usize) -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [side, side, 3],
        "layers": [
            {"layer": "Rescaling", "scale": 2, "offset": -1},
            {"layer": "EfficientNetLite0", "include_top": true}],
    }))
    .unwrap()
}

#[test]
fn efficientnet_lite_computes_what_pytorch_does() {
    let compared = compare(Base::EfficientNetLite0, "tests/fixtures/efficientnet_lite0.json", lite);
    assert!([0, 2 * (3 * 1280 + 1000)].contains(&compared), "{compared}");
}

#[test]
fn efficientnet_lite_comes_with_its_head_or_without() {
    let summary = Summary::of(&lite(224)).unwrap();
    assert_eq!(summary.total_params, 3_413_024 + 1_281_000);
    // Moving means and variances follow the data.
    assert_eq!(summary.trainable_params, 4_652_008);
    let last = summary.layers.last().unwrap();
    assert_eq!((last.name.as_str(), last.base), ("predictions", Some("efficientnet-lite0")));
    let shape_of = |summary: &Summary, name: &str| {
        let row = summary.layers.iter().find(|layer| layer.name == name).unwrap();
        row.output_shape[1..].iter().map(|side| side.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(shape_of(&summary, "block3b_add"), [28, 28, 40]);
    assert_eq!(shape_of(&summary, "block6a_expand_activation"), [14, 14, 672]);
    assert_eq!(shape_of(&summary, "top_activation"), [7, 7, 1280]);
    assert_eq!(ModelSpec::from_value(lite(96).to_value()).unwrap(), lite(96));
    let base = json!({"input_shape": [96, 96, 3], "layers": [
        {"layer": "EfficientNetLite0", "pooling": "avg", "trainable": false},
        {"layer": "Dense", "units": 2}]});
    let summary = Summary::of(&ModelSpec::from_value(base).unwrap()).unwrap();
    assert_eq!(summary.total_params, 3_413_024 + 2 * 1281);
    assert_eq!(summary.trainable_params, 2 * 1281);
}

/// Pictures of cats and of dogs, 12 of each, as a network takes them; nothing where they are not here.
#[cfg(feature = "reading")]
fn photos(side: usize) -> Option<[Vec<Vec<u8>>; 2]> {
    use cnn_lab::data::source::{Dropped, ReadOptions, Source};

    let path = String::from("../shared/datasets/cats_dogs_downsampled.zip");
    let bytes = fs::read(&path).ok()?;
    let mut source = Source::new(vec![Dropped { path, bytes: Box::new(bytes) }]);
    let options = ReadOptions { size: Some([side, side]), ..ReadOptions::default() };
    let plan = source.plan(&options).unwrap();
    assert_eq!(plan.classes, ["CAT", "DOG"]);
    let mut found = [Vec::new(), Vec::new()];
    for chunk in 0..plan.chunks.len() {
        let read = source.read(&plan, chunk).unwrap();
        for (label, pixels) in read.labels.iter().zip(read.pixels.chunks(side * side * 3)) {
            let of = &mut found[usize::from(*label)];
            if of.len() < 12 {
                of.push(pixels.to_vec());
            }
        }
        if found.iter().all(|of| of.len() == 12) {
            return Some(found);
        }
    }
    panic!("too few photos");
}

/// Without any training, and with the names of its own classes.
#[cfg(feature = "reading")]
#[test]
fn efficientnet_lite_knows_cats_and_dogs() {
    let base = Base::EfficientNetLite0;
    let (Some(bytes), Some(photos)) = (file_of(base), photos(224)) else {
        eprintln!("the photos or the weights are not here");
        return;
    };
    let mut session = Session::new(Device::flex(), 1);
    session.set_model(lite(224)).unwrap();
    assert!(session.class_names().is_empty());
    session.take_base(base, base::read(&bytes, &Device::flex()).unwrap()).unwrap();
    let names = session.class_names().to_vec();
    let place = |name: &str| names.iter().position(|other| other == name).unwrap();
    // ImageNet's cats stand together, and so do its dogs.
    let ranges = [("tabby", "Egyptian cat"), ("Chihuahua", "Mexican hairless")]
        .map(|(first, last)| place(first)..=place(last));
    assert_eq!(ranges.clone().map(|range| range.count()), [5, 118]);
    for (photos, range) in photos.iter().zip(ranges) {
        let right = photos.iter().filter(|pixels| {
            let found =
                block_on(explain::predict(session.network().unwrap(), &names, pixels)).unwrap();
            assert_eq!(found.len(), 1000);
            range.contains(&place(&found[0].label))
        });
        let right = right.count();
        println!("{right} of {} are {}", photos.len(), names[*range.start()]);
        assert!(right >= 9, "{right}");
    }

    // Kept with the network; a fresh one has them anew, and one with another head has not.
    let saved = block_on(checkpoint::save(&session)).unwrap();
    let mut loaded = Session::new(Device::flex(), 2);
    checkpoint::load(&mut loaded, &saved).unwrap();
    assert_eq!(loaded.class_names(), names);
    session.set_model(lite(96)).unwrap();
    assert_eq!(session.class_names(), names);
    session.set_model(mobilenet(96, None)).unwrap();
    assert!(session.class_names().is_empty());
}

/// What is folded into few operations is what is computed layer by layer, at every layer.
#[test]
fn folded_layers_compute_the_same() {
    let mut network = Network::new(mobilenet(33, None), 3, &Device::flex()).unwrap();
    // Moving statistics that are not those of the beginning.
    for (index, info) in network.state_infos().to_vec().iter().enumerate() {
        let length = info.shape.iter().product::<usize>();
        let value = |place: usize| match info.name.rsplit('/').next() {
            Some("moving_mean") => 0.01 * ((place * 7 + index) % 11) as f32 - 0.05,
            Some("moving_variance") => 0.5 + 0.1 * ((place + index) % 7) as f32,
            Some("gamma") => 0.8 + 0.05 * ((place + index) % 9) as f32,
            Some("beta") => 0.1 * ((place + index) % 5) as f32 - 0.1,
            _ => f32::NAN,
        };
        let values: Vec<f32> = (0..length).map(value).collect();
        if values.iter().all(|value| value.is_finite()) {
            network.state[index] =
                Tensor::from_data(TensorData::new(values, [length]), &Device::flex());
        }
    }
    let layers = network.spec().layers.len();
    let (mut largest, mut moved) = (0f32, 0);
    for place in 1..layers {
        let mut of = |fast: bool| {
            network.fast = fast;
            numbers(network.value_at(place, picture(33, 1)))
        };
        let (fast, slow) = (of(true), of(false));
        let size = slow.iter().map(|value| value.abs()).fold(0.0, f32::max);
        moved += usize::from(size > 0.0);
        largest = largest.max(largest_difference(&fast, &slow) / size.max(1.0));
    }
    assert_eq!(moved, layers - 1);
    assert!(largest < 1e-4, "{largest}");
}

/// Coloured bars: 60 to train with, 20 to validate.
fn data() -> Dataset {
    let grey = bars(80, 32);
    let mut dataset =
        Dataset::new("bars".into(), grey.classes()[..2].to_vec(), [32, 32, 3]).unwrap();
    let (mut labels, mut pixels) = (Vec::new(), Vec::new());
    for index in 0..grey.len(Split::Train) {
        let (grey, label) = grey.picture(Split::Train, index).unwrap();
        labels.push(label % 2);
        pixels.extend(grey.iter().flat_map(|&value| [value, value / 2, 255 - value]));
    }
    dataset.push(Split::Train, &labels, &pixels).unwrap();
    dataset.split(SplitOptions { validation: 0.25, test: 0.0, seed: 0 }).unwrap();
    dataset
}

/// Frozen convolutions, one that draws nothing and one batch normalisation among them, and a head.
fn small(trainable: bool) -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [32, 32, 3],
        "layers": [
            {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "strides": 2, "name": "stem", "trainable": trainable},
            {"layer": "BatchNormalization", "name": "norm", "trainable": trainable},
            {"layer": "ReLU", "max_value": 6},
            {"layer": "DepthwiseConv2D", "kernel_size": 3, "padding": "same", "name": "each", "trainable": trainable},
            {"layer": "GlobalAveragePooling2D"},
            {"layer": "Dropout", "rate": 0.2},
            {"layer": "Dense", "units": 2, "activation": "softmax"}],
        "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"},
    }))
    .unwrap()
}

fn session(keep_features: bool) -> Session {
    let mut session = Session::new(Device::flex(), 5);
    session.keep_features = keep_features;
    session.set_dataset(data()).unwrap();
    session.set_model(small(false)).unwrap();
    session
}

fn train(session: &mut Session, epochs: usize) -> Vec<Event> {
    let options = json!({"epochs": epochs, "batchSize": 16});
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    let mut events = Vec::new();
    while session.is_training() {
        events.extend(block_on(session.advance(3)).unwrap());
    }
    events
}

fn fitted(events: &[Event]) -> Vec<f64> {
    let shares = events.iter().filter_map(|event| match event {
        Event::Fitting { share, pictures, .. } => {
            assert_eq!(*pictures, 80);
            Some(*share)
        }
        _ => None,
    });
    shares.collect()
}

/// How many times four pictures are computed, split by split.
fn pieces() -> usize {
    let data = data();
    [Split::Train, Split::Validation].map(|split| data.len(split).div_ceil(4)).iter().sum()
}

#[test]
fn kept_features_train_the_same_head() {
    let (mut kept, mut plain) = (session(true), session(false));
    let before = kept.network().unwrap().weight("stem/kernel").unwrap().1.to_data();
    let shares = fitted(&train(&mut kept, 3));
    assert_eq!((shares.len(), shares.last()), (pieces(), Some(&1.0)));
    assert!(fitted(&train(&mut plain, 3)).is_empty());
    let (one, other) = (kept.history(), plain.history());
    assert_eq!(one.steps.len(), 12);
    for (one, other) in one.steps.iter().zip(&other.steps) {
        assert!((one.loss - other.loss).abs() < 1e-5, "{} and {}", one.loss, other.loss);
    }
    for (one, other) in one.epochs.iter().zip(&other.epochs) {
        let (one, other) = (one.val_loss.unwrap(), other.val_loss.unwrap());
        assert!((one - other).abs() < 1e-5, "{one} and {other}");
    }
    assert!(one.steps.first().unwrap().loss != one.steps.last().unwrap().loss);
    assert_eq!(kept.network().unwrap().weight("stem/kernel").unwrap().1.to_data(), before);

    // A run that goes on, another division and a fresh head find them there.
    assert!(fitted(&train(&mut kept, 1)).is_empty());
    kept.split(SplitOptions { validation: 0.5, test: 0.0, seed: 1 }).unwrap();
    kept.set_model(small(false)).unwrap();
    assert!(fitted(&train(&mut kept, 1)).is_empty());
    // Other pictures do not.
    kept.set_dataset(data()).unwrap();
    assert_eq!(fitted(&train(&mut kept, 1)).len(), pieces());
}

#[test]
fn layers_are_frozen_and_set_free() {
    let mut session = session(true);
    train(&mut session, 1);
    let weight = |session: &Session, name: &str| {
        session.network().unwrap().weight(name).unwrap().1.to_data().try_to_vec::<f32>().unwrap()
    };
    let names = ["stem/kernel", "norm/gamma", "norm/moving_mean", "each/kernel", "dense/kernel"];
    let all = |session: &Session| names.map(|name| weight(session, name));
    let before = all(&session);
    let summary = session.set_trainable(&["each".into(), "norm".into()], true).unwrap();
    // Gamma and beta, a depthwise kernel and its bias, and the head.
    assert_eq!(summary.trainable_params, 16 + 80 + 18);
    assert_eq!(all(&session), before);
    // The stem alone is frozen now; the normalisation follows the data again.
    train(&mut session, 1);
    let after = all(&session);
    let moved: Vec<bool> = before.iter().zip(&after).map(|(one, other)| one != other).collect();
    assert_eq!(moved, [false, true, true, true, true]);

    // Frozen again with other weights, what was kept of the old ones is not used.
    session.set_trainable(&["each".into(), "norm".into()], false).unwrap();
    assert_eq!(fitted(&train(&mut session, 1)).len(), pieces());
    assert_eq!(all(&session)[..4], after[..4]);

    let bytes = block_on(checkpoint::save(&session)).unwrap();
    let mut loaded = Session::new(Device::flex(), 9);
    loaded.set_dataset(data()).unwrap();
    checkpoint::load(&mut loaded, &bytes).unwrap();
    assert_eq!(all(&loaded), all(&session));
    assert_eq!(loaded.network().unwrap().frozen(), session.network().unwrap().frozen());

    assert_eq!(
        session.set_trainable(&["steam".into()], true).unwrap_err().field_name(),
        Some("layer")
    );
    let error = session.set_trainable(&["dense".into()], false).unwrap_err();
    assert!(error.to_string().contains("frozen"), "{error}");
    assert_eq!(all(&loaded), all(&session));
}

/// Frozen or not, a layer can be looked into.
#[test]
fn frozen_layers_are_explained_as_others_are() {
    let frozen = session(true);
    let free = {
        let mut session = session(true);
        session.set_trainable(&["stem", "norm", "each"].map(String::from), true).unwrap();
        session
    };
    let [frozen, free] = [&frozen, &free].map(|session| session.network().unwrap());
    let data = data();
    let (pixels, _) = data.picture(Split::Train, 0).unwrap();
    for layer in ["stem", "each"] {
        let filters = |network| block_on(explain::filters(network, layer)).unwrap();
        assert_eq!(filters(frozen), filters(free), "{layer}");
        assert_eq!(filters(frozen).bias.len(), 8);
        let maps =
            |network| block_on(explain::feature_maps(network, &[layer.into()], &pixels)).unwrap();
        assert_eq!(maps(frozen), maps(free), "{layer}");
        let why = |network| {
            let options = AttributionOptions { layer: Some(layer.into()), ..Default::default() };
            let mut attributor = block_on(Attributor::new(network, &pixels, &options)).unwrap();
            loop {
                if let Some(found) = block_on(attributor.advance()).unwrap() {
                    break found.data;
                }
            }
        };
        assert_eq!(why(frozen), why(free), "{layer}");
    }
}

#[test]
fn a_base_without_its_weights_does_not_train() {
    let mut session = session(true);
    session.set_model(mobilenet(32, Some("imagenet"))).unwrap();
    let error = session.start_training(&TrainOptions::default()).unwrap_err();
    assert!(error.to_string().contains("mobilenet-v2"), "{error}");
    // Neither half a file nor another's is taken.
    assert!(base::read(b"half a file", &Device::flex()).is_err());
    let other = block_on(checkpoint::save(&session)).unwrap();
    let mut other_session = Session::new(Device::flex(), 1);
    other_session.set_model(common::convnet(32)).unwrap();
    let small = block_on(checkpoint::save(&other_session)).unwrap();
    let weights = base::read(&small, &Device::flex()).unwrap();
    let error = session.take_base(Base::MobileNetV2, weights).unwrap_err();
    assert_eq!(error.field_name(), Some("Conv1/kernel"));
    // Weights that are there stay: they may be trained.
    let mut loaded = Session::new(Device::flex(), 2);
    checkpoint::load(&mut loaded, &other).unwrap();
    let kernel =
        |session: &Session| session.network().unwrap().weight("Conv1/kernel").unwrap().1.to_data();
    let before = kernel(&loaded);
    let mut drawn = Session::new(Device::flex(), 3);
    drawn.set_model(mobilenet(32, None)).unwrap();
    assert_ne!(kernel(&drawn), before);
    let drawn = block_on(checkpoint::save(&drawn)).unwrap();
    loaded.take_base(Base::MobileNetV2, base::read(&drawn, &Device::flex()).unwrap()).unwrap();
    assert_eq!(kernel(&loaded), before);
    // Its own names and shapes are.
    session.take_base(Base::MobileNetV2, base::read(&other, &Device::flex()).unwrap()).unwrap();
    session.start_training(&TrainOptions::default()).unwrap();
}
