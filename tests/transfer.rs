//! A network of one's own as the base of another.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

#[allow(dead_code)] // of which this needs a part
mod common;

use burn::tensor::Device;
use cnn_lab::data::dataset::{Dataset, Split};
use cnn_lab::evaluate::cross_validation::{CrossValidation, FoldEvent, FoldOptions};
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::model::transfer::as_base;
use cnn_lab::store::checkpoint;
use cnn_lab::train::history::Event;
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use common::bars;
use pollster::block_on;
use serde_json::json;

/// A convolution with batch normalisation, a residual sum, and a classifier with dropout.
fn first(side: usize) -> ModelSpec {
    ModelSpec::from_value(json!({
        "input_shape": [side, side, 1],
        "layers": [
            {"layer": "Conv2D", "name": "stem", "filters": 8, "kernel_size": 3, "padding": "same", "use_bias": false},
            {"layer": "BatchNormalization", "name": "norm"},
            {"layer": "ReLU", "name": "active"},
            {"layer": "Conv2D", "name": "again", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"},
            {"layer": "Add", "name": "sum", "inputs": ["active", "again"]},
            {"layer": "MaxPooling2D", "name": "pool"},
            {"layer": "Flatten", "name": "flat"},
            {"layer": "Dense", "name": "features", "units": 16, "activation": "relu"},
            {"layer": "Dropout", "name": "drop", "rate": 0.2},
            {"layer": "Dense", "name": "head", "units": 3, "activation": "softmax"}],
        "compile": {"optimizer": "adam"},
    }))
    .unwrap()
}

/// The same bars, lying ones against all others.
fn two_classes(side: usize) -> Dataset {
    let three = bars(120, side);
    let classes = ["lying", "other"].map(String::from).to_vec();
    let mut two = Dataset::new("two".into(), classes, three.shape()).unwrap();
    for split in [Split::Train, Split::Test] {
        for index in 0..three.len(split) {
            let (pixels, label) = three.picture(split, index).unwrap();
            two.push(split, &[u16::from(label > 0)], &pixels).unwrap();
        }
    }
    two
}

fn train(session: &mut Session, epochs: u32) -> Vec<Event> {
    let options = json!({"epochs": epochs, "batchSize": 20, "learningRate": 0.01});
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    let mut events = Vec::new();
    while session.is_training() {
        events.extend(block_on(session.advance(4)).unwrap());
    }
    events
}

fn losses(events: &[Event]) -> Vec<f32> {
    let loss = |event: &Event| match event {
        Event::Step { loss, .. } => Some(*loss),
        _ => None,
    };
    events.iter().filter_map(loss).collect()
}

fn trained() -> Session {
    let mut session = Session::new(Device::flex(), 4);
    session.set_dataset(bars(120, 12)).unwrap();
    session.set_model(first(12)).unwrap();
    train(&mut session, 3);
    session
}

fn weight(session: &Session, name: &str) -> Vec<f32> {
    session.network().unwrap().weight(name).unwrap().1.to_data().try_to_vec::<f32>().unwrap()
}

fn names(spec: &ModelSpec) -> Vec<&str> {
    spec.layers.iter().map(|layer| layer.name.as_str()).collect()
}

const KEPT: [&str; 8] = [
    "stem/kernel",
    "norm/gamma",
    "norm/beta",
    "norm/moving_mean",
    "norm/moving_variance",
    "again/kernel",
    "again/bias",
    "features/kernel",
];

#[test]
fn what_was_learned_stays_and_only_the_new_head_learns() {
    let mut session = trained();
    let before = KEPT.map(|name| weight(&session, name));
    let optimizer = session.network().unwrap().spec().compile.optimizer.clone();
    session.set_dataset(two_classes(12)).unwrap();
    let summary = session.use_as_base(None, None).unwrap();
    let spec = session.network().unwrap().spec().clone();
    // All but the classifier and the dropout before it.
    assert_eq!(names(&spec)[..8], names(&first(12))[..8]);
    assert_eq!(names(&spec)[8..], ["head_1"]);
    assert_eq!(summary.trainable_params, 16 * 2 + 2);
    assert_eq!(spec.compile.optimizer, optimizer);
    assert_eq!(KEPT.map(|name| weight(&session, name)), before);
    assert!(session.history().steps.is_empty());

    let head = weight(&session, "head_1/kernel");
    let events = train(&mut session, 20);
    let found = losses(&events);
    let mean = |some: &[f32]| some.iter().sum::<f32>() / some.len() as f32;
    assert!(mean(&found[found.len() - 6..]) < 0.7 * mean(&found[..6]), "{found:?}");
    assert_eq!(KEPT.map(|name| weight(&session, name)), before);
    assert_ne!(weight(&session, "head_1/kernel"), head);
    // What the frozen layers make of a picture is computed once.
    assert!(events.iter().any(|event| matches!(event, Event::Fitting { .. })));

    // So it is without keeping that, and with the same seed.
    let mut again = trained();
    again.keep_features = false;
    again.set_dataset(two_classes(12)).unwrap();
    again.use_as_base(None, Some(2)).unwrap();
    assert_eq!(weight(&again, "head_1/kernel"), head);
    let slowly = losses(&train(&mut again, 20));
    for (kept, computed) in found.iter().zip(&slowly) {
        assert!((kept - computed).abs() < 1e-4, "{kept} {computed}");
    }

    // It can be saved, loaded, and be a base itself.
    let bytes = block_on(checkpoint::save(&session)).unwrap();
    let mut loaded = Session::new(Device::flex(), 9);
    checkpoint::load(&mut loaded, &bytes).unwrap();
    loaded.use_as_base(None, Some(5)).unwrap();
    let spec = loaded.network().unwrap().spec();
    assert_eq!(names(spec)[8..], ["head"]);
    assert_eq!(KEPT.map(|name| weight(&loaded, name)), before);
}

#[test]
fn folds_begin_with_a_fresh_head_on_what_is_frozen() {
    // Nothing is learned in them: their losses tell what they begin with.
    let folds: FoldOptions = serde_json::from_value(json!({"folds": 2})).unwrap();
    let options = json!({"epochs": 1, "batchSize": 20, "learningRate": 0});
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    let measured = |session: &mut Session| {
        let mut begun = CrossValidation::new(session, &folds, &options).unwrap();
        loop {
            for event in block_on(begun.advance(session, 10)).unwrap() {
                if let FoldEvent::Done(found) = event {
                    return found.folds.iter().map(|fold| fold.loss).collect::<Vec<_>>();
                }
            }
        }
    };
    let base = |epochs: u32| {
        let mut session = Session::new(Device::flex(), 4);
        session.set_dataset(bars(120, 12)).unwrap();
        session.set_model(first(12)).unwrap();
        train(&mut session, epochs);
        session.set_dataset(two_classes(12)).unwrap();
        session.use_as_base(None, None).unwrap();
        session
    };
    let mut session = base(3);
    let found = measured(&mut session);
    // Fresh weights for all would be the same ones, whatever the base has learned.
    assert_ne!(found, measured(&mut base(1)));
    assert_eq!(found, measured(&mut session));
}

#[test]
fn it_is_cut_where_one_says() {
    let spec = first(12);
    let cut = |last: &str| as_base(&spec, Some(last), 4);
    // Maps are averaged; layers that lead elsewhere are left out.
    let at_norm = cut("norm").unwrap();
    assert_eq!(names(&at_norm), ["stem", "norm", "global_average_pooling2d", "head_1"]);
    assert!(at_norm.layers[..2].iter().all(|layer| !layer.trainable));
    assert!(at_norm.layers[3].trainable);
    // A sum keeps both of its branches, in order.
    let at_sum = cut("sum").unwrap();
    let kept = ["stem", "norm", "active", "again", "sum", "global_average_pooling2d", "head_1"];
    assert_eq!(names(&at_sum), kept);
    assert_eq!(at_sum.layers[4].inputs, [3, 4]);
    // A branch within leaves out what goes past it.
    let mut branched = spec.to_value();
    let layers = branched["layers"].as_array_mut().unwrap();
    layers.insert(4, json!({"layer": "Conv2D", "name": "beside", "filters": 8, "kernel_size": 1, "inputs": ["active"]}));
    layers[5]["inputs"] = json!(["beside", "again"]);
    let branched = ModelSpec::from_value(branched).unwrap();
    let at_beside = as_base(&branched, Some("beside"), 4).unwrap();
    assert_eq!(names(&at_beside)[..4], ["stem", "norm", "active", "beside"]);
    assert_eq!(at_beside.layers[3].inputs, [3]);
}

#[test]
fn what_cannot_be_a_base_is_refused_and_nothing_changes() {
    let mut session = trained();
    let before = session.network().unwrap().spec().clone();
    let error = session.use_as_base(Some("stemm"), None).unwrap_err();
    assert_eq!((error.code(), error.field_name()), ("option", Some("layer")));
    assert!(error.to_string().contains("features"), "{error}");
    let pooled = json!({
        "input_shape": [12, 12, 1],
        "layers": [{"layer": "MaxPooling2D"}, {"layer": "Flatten"}, {"layer": "Dense", "units": 3, "activation": "softmax"}],
    });
    let error = as_base(&ModelSpec::from_value(pooled).unwrap(), None, 2).unwrap_err();
    assert_eq!(error.code(), "spec");
    assert!(error.to_string().contains("later layer"), "{error}");
    assert_eq!(*session.network().unwrap().spec(), before);

    let mut empty = Session::new(Device::flex(), 4);
    assert_eq!(empty.use_as_base(None, Some(2)).unwrap_err().code(), "state");
    assert_eq!(empty.use_as_base(None, None).unwrap_err().code(), "state");
}
