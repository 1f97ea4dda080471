//! Networks from elsewhere: Keras's own files, and what the lab exported, read back.

#![cfg(all(feature = "cpu", feature = "formats", not(target_arch = "wasm32")))]

mod common;

use burn::tensor::{Device, activation};
use cnn_lab::data::batch;
use cnn_lab::error::Error;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::store::saved::{ExportOptions, Saved};
use cnn_lab::store::{checkpoint, foreign, keras, torch};
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use common::{bars, convnet};
use pollster::block_on;
use serde_json::json;

const PICTURES: &[u8] = include_bytes!("fixtures/saved/pictures.bin");
const PREDICTED: &[u8] = include_bytes!("fixtures/saved/predicted.bin");
const KERAS: &[u8] = include_bytes!("fixtures/saved/model.keras");
const H5: &[u8] = include_bytes!("fixtures/saved/model.h5");
const WEIGHTS: &[u8] = include_bytes!("fixtures/saved/model.weights.h5");

fn load(bytes: &[u8], present: Option<&[u8]>) -> Result<Session, Error> {
    let bytes = foreign::to_checkpoint(bytes.to_vec(), present)?;
    let mut session = Session::new(Device::flex(), 0);
    checkpoint::load(&mut session, &bytes)?;
    Ok(session)
}

fn refusal(bytes: &[u8], present: Option<&[u8]>) -> Error {
    load(bytes, present).err().expect("it is refused")
}

fn predict(session: &Session, pixels: &[u8], shape: [usize; 3]) -> Vec<f32> {
    let network = session.network().unwrap();
    let mut values = Vec::new();
    for picture in pixels.chunks(shape.iter().product()) {
        network.preprocessing.append(picture, shape[2], &mut values);
    }
    let logits = network.logits(batch::upload_values(values, shape, network.device()));
    activation::softmax(logits, 1).into_data().try_to_vec().unwrap()
}

fn save(session: &Session) -> Vec<u8> {
    block_on(checkpoint::save(session)).unwrap()
}

fn assert_close(found: &[f32], expected: &[f32], most: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (one, other) in found.iter().zip(expected) {
        assert!((one - other).abs() <= most, "{what}: {one} is not {other}");
    }
}

fn keras_predicts() -> Vec<f32> {
    floats(PREDICTED)
}

#[test]
fn keras_files_predict_as_in_keras() {
    let expected = keras_predicts();
    assert!(expected.iter().any(|&value| value > 0.5) && expected.iter().any(|&value| value < 0.1));
    for (what, file) in [("keras", KERAS), ("h5", H5)] {
        let session = load(file, None).unwrap();
        assert_close(&predict(&session, PICTURES, [9, 7, 3]), &expected, 1e-5, what);
    }
}

#[test]
fn weights_alone_go_into_the_present_network() {
    // The network of the file, with other weights.
    let mut present = load(KERAS, None).unwrap();
    let spec = present.network().unwrap().spec().clone();
    present.set_model(spec).unwrap();
    let before = predict(&present, PICTURES, [9, 7, 3]);
    let present = save(&present);
    let session = load(WEIGHTS, Some(&present)).unwrap();
    let after = predict(&session, PICTURES, [9, 7, 3]);
    assert!(before.iter().zip(&after).any(|(one, other)| (one - other).abs() > 0.05));
    // What prepares pictures is the present network's: it divides by 255 before the first layer.
    let whole = load(KERAS, None).unwrap();
    assert_eq!(session.network().unwrap().param_infos(), whole.network().unwrap().param_infos());
    let [one, other] = [&session, &whole].map(|session| {
        let params = session.network().unwrap().params.clone();
        params
            .into_iter()
            .flat_map(|one| one.into_data().try_to_vec::<f32>().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(one, other);
    let error = refusal(WEIGHTS, None);
    assert!(error.to_string().contains("choose the network"), "{error}");
}

/// The network of `saved_torch.py`.
fn of_torch(filters: usize) -> Session {
    let spec = json!({
        "input_shape": [9, 11, 3],
        "layers": [
            {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same"},
            {"layer": "BatchNormalization"},
            {"layer": "ReLU"},
            {"layer": "MaxPooling2D"},
            {"layer": "Conv2D", "filters": 5, "kernel_size": [2, 3], "use_bias": false},
            {"layer": "Flatten"},
            {"layer": "Dropout", "rate": 0.5},
            {"layer": "Dense", "units": 6, "activation": "relu"},
            {"layer": "Dense", "units": 3, "activation": "softmax"}]
    });
    let mut session = Session::new(Device::flex(), 1);
    session.set_model(ModelSpec::from_value(spec).unwrap()).unwrap();
    session
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[test]
fn a_state_dict_of_pytorch_predicts_as_there() {
    let present = save(&of_torch(4));
    let session = load(include_bytes!("fixtures/saved/torch.pt"), Some(&present)).unwrap();
    let values = floats(include_bytes!("fixtures/saved/torch-values.bin"));
    let network = session.network().unwrap();
    let logits = network.logits(batch::upload_values(values, [9, 11, 3], network.device()));
    let found: Vec<f32> = activation::softmax(logits, 1).into_data().try_to_vec().unwrap();
    let expected = floats(include_bytes!("fixtures/saved/torch-predicted.bin"));
    assert!(expected.iter().any(|&value| value > 0.6), "{expected:?}");
    assert_close(&found, &expected, 1e-5, "torch.pt");
}

#[test]
fn nothing_of_a_pickle_is_run() {
    let present = save(&of_torch(4));
    for (file, name) in [
        (&include_bytes!("fixtures/saved/torch-hostile.pt")[..], "system"),
        (include_bytes!("fixtures/saved/torch-model.pt"), "Linear"),
    ] {
        let error = refusal(file, Some(&present));
        assert_eq!(error.code(), "checkpoint");
        assert!(error.to_string().contains(name), "{error}");
    }
    let other = save(&of_torch(6));
    let error = refusal(include_bytes!("fixtures/saved/torch.pt"), Some(&other));
    assert_eq!((error.code(), error.layer_name()), ("checkpoint", Some("conv2d")), "{error}");
}

fn trained() -> Session {
    let mut session = Session::new(Device::flex(), 2);
    session.set_dataset(bars(60, 12)).unwrap();
    session.set_model(convnet(12)).unwrap();
    let options = json!({"epochs": 1, "batchSize": 20, "validate": false});
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    while session.is_training() {
        block_on(session.advance(1)).unwrap();
    }
    session
}

#[test]
fn exports_are_read_back_and_train_on() {
    let session = trained();
    let bytes = save(&session);
    let saved = || Saved::from_checkpoint(&bytes).unwrap();
    let pixels: Vec<u8> = (0..10 * 144).map(|at: usize| (at * 37 % 251) as u8).collect();
    let expected = predict(&session, &pixels, [12, 12, 1]);
    let files = [
        ("network", saved().to_checkpoint().unwrap()),
        ("keras", keras::write(&saved().prepared(&ExportOptions::default()).unwrap()).unwrap()),
        ("safetensors", torch::write(&saved()).unwrap()),
        ("keras-weights", keras::weights(&saved()).unwrap()),
    ];
    for (what, file) in files {
        let mut again = if what == "network" {
            let mut again = Session::new(Device::flex(), 0);
            checkpoint::load(&mut again, &file).unwrap();
            again
        } else {
            load(&file, Some(&bytes)).unwrap()
        };
        assert_close(&predict(&again, &pixels, [12, 12, 1]), &expected, 1e-5, what);
        assert_eq!(again.class_names(), ["lying", "standing", "aslant"], "{what}");
        again.set_dataset(bars(60, 12)).unwrap();
        let options: TrainOptions =
            serde_json::from_value(json!({"steps": 2, "batchSize": 20})).unwrap();
        again.start_training(&options).unwrap();
        while again.is_training() {
            block_on(again.advance(1)).unwrap();
        }
        assert_eq!(again.history().steps.len(), 2, "{what}");
    }
}

#[test]
fn another_network_is_refused_by_name() {
    let present = save(&trained());
    let error = refusal(WEIGHTS, Some(&present));
    assert_eq!((error.code(), error.layer_name().is_some()), ("checkpoint", true), "{error}");
}

#[test]
fn damaged_files_are_errors() {
    let present = save(&trained());
    let exported = torch::write(&Saved::from_checkpoint(&present).unwrap()).unwrap();
    let mut state = 9u64;
    let mut draw = move |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % bound
    };
    let mut refused = 0;
    let torch = include_bytes!("fixtures/saved/torch.pt");
    for file in [KERAS, H5, WEIGHTS, &exported, torch] {
        for round in 0..150 {
            let mut bytes = file.to_vec();
            if round % 3 == 0 {
                bytes.truncate(draw(file.len()));
            } else {
                for _ in 0..=draw(6) {
                    // Headers are where it matters.
                    let most = if round % 3 == 1 { 2000.min(file.len()) } else { file.len() };
                    let place = draw(most);
                    bytes[place] = draw(256) as u8;
                }
            }
            // A number that is only another number is read.
            refused += usize::from(load(&bytes, Some(&present)).is_err());
        }
    }
    assert!(refused > 300, "{refused}");
    for nothing in [&b""[..], b"PK", b"\x89HDF\r\n\x1a\n", b"{}", b"no network at all"] {
        assert_eq!(refusal(nothing, Some(&present)).code(), "checkpoint");
    }
}
