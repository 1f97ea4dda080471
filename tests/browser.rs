//! The core in a real browser, in a worker, on every device that the build has:
//! `wasm-pack test --headless --chrome`.

#![cfg(target_arch = "wasm32")]

mod common;
#[path = "fast/networks.rs"]
mod fast;
#[path = "keras_parity/golden.rs"]
mod golden;
#[cfg(feature = "webgpu")]
#[path = "fast/uploaded.rs"]
mod uploaded;

use burn::tensor::Device;
use cnn_lab::device::{self, AVAILABLE};
use cnn_lab::store::checkpoint;
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use cnn_lab::web::Core;
use common::{bars, convnet};
use js_sys::{Array, JSON, Reflect, Uint8Array};
use serde_json::json;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

async fn session(kind: &str) -> Session {
    let chosen = device::open(kind).await.unwrap();
    let mut session = Session::new(chosen.device, 3);
    session.fast = chosen.fast;
    session.set_dataset(bars(300, 12)).unwrap();
    session.set_model(convnet(12)).unwrap();
    session
}

async fn train(session: &mut Session, options: serde_json::Value) -> Vec<f32> {
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    while session.is_training() {
        session.advance(4).await.unwrap();
    }
    session.history().steps.iter().map(|step| step.loss).collect()
}

/// Every case of `tests/keras_parity` on a device; the graphics processor's arithmetic is
/// looser.
async fn is_as_keras(kind: &str, device: &Device) {
    let tolerance = if kind == "webgpu" { 1e-3 } else { 1e-4 };
    let mut apart = golden::layers(device, tolerance).await;
    apart.extend(golden::losses(device, tolerance).await);
    apart.extend(golden::explanations(device, 1e-3).await);
    apart.extend(golden::optimizers(device, tolerance).await);
    assert!(apart.is_empty(), "{kind}, {} apart:\n{}", apart.len(), apart.join("\n"));
}

#[cfg(feature = "cpu")]
#[wasm_bindgen_test]
async fn networks_compute_alike_with_our_kernels_and_without() {
    let covered = fast::networks(&Device::flex(), &[[28, 28, 1], [32, 32, 3]]).await;
    assert!(covered.len() > 15, "with a step without tensors: {covered:?}");
}

/// The same draws on every device, for they are made by the core.
#[wasm_bindgen_test]
fn initializers_are_as_keras() {
    let apart = golden::initializers();
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}

/// One WebGPU device a worker: Burn refuses to open a second, so everything that needs it
/// stands in this one test.
#[wasm_bindgen_test]
async fn every_device_learns_computes_as_keras_and_all_agree() {
    let mut runs = Vec::new();
    for kind in AVAILABLE {
        let mut session = session(kind).await;
        #[cfg(feature = "webgpu")]
        if *kind == "webgpu" {
            uploaded::batches(session.network().unwrap().device()).await;
        }
        let losses = train(&mut session, json!({"epochs": 2, "batchSize": 20})).await;
        assert_eq!(losses.len(), 30, "{kind}");
        let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
        assert!(mean(&losses[25..]) < mean(&losses[..5]), "{kind}: {losses:?}");

        // Saved and loaded on this device, it has the same weights.
        let bytes = checkpoint::save(&session).await.unwrap();
        let mut again = Session::new(session.network().unwrap().device().clone(), 0);
        checkpoint::load(&mut again, &bytes).unwrap();
        assert!(bytes == checkpoint::save(&again).await.unwrap(), "{kind}");
        if *kind != "flex" {
            is_as_keras(kind, session.network().unwrap().device()).await;
        }
        if *kind == "webgpu" {
            fast::networks(session.network().unwrap().device(), &[]).await;
        }
        runs.push((kind, losses));
    }
    for (kind, losses) in &runs[1..] {
        for (step, (a, b)) in losses.iter().zip(&runs[0].1).take(20).enumerate() {
            assert!((a - b).abs() < 1e-3, "step {step}: {kind} {a}, {} {b}", runs[0].0);
        }
    }
}

#[wasm_bindgen_test]
async fn devices_that_this_build_lacks_are_refused_by_name() {
    for (kind, code) in [("cpu", "unsupported"), ("ndarray", "unsupported"), ("tpu", "option")] {
        if !AVAILABLE.contains(&kind) {
            assert_eq!(device::open(kind).await.unwrap_err().code(), code);
        }
    }
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap()
}

/// The class that the worker uses, as the worker uses it.
#[wasm_bindgen_test]
async fn the_javascript_class() {
    let kind = if AVAILABLE.contains(&"cpu") { "cpu" } else { "ndarray" };
    let error = Core::create(kind.into(), -1.0).await.err().unwrap();
    assert_eq!(get(&error, "code"), JsValue::from("option"));
    let mut core = Core::create(kind.into(), 1.0).await.unwrap();

    // Without data and model, calls say what is missing.
    for error in [
        core.start_training(JsValue::UNDEFINED).unwrap_err(),
        core.image("train".into(), 0.0).unwrap_err(),
        core.spec().unwrap_err(),
    ] {
        assert!(error.is_instance_of::<js_sys::Error>());
        assert_eq!(get(&error, "code"), JsValue::from("state"));
    }

    let dataset = bars(60, 12);
    let mut payload = Vec::new();
    let mut pixels = Vec::new();
    for index in 0..60 {
        let (picture, label) =
            dataset.picture(cnn_lab::data::dataset::Split::Train, index).unwrap();
        payload.push(label as u8);
        pixels.extend_from_slice(&picture);
    }
    payload.extend(pixels);
    core.begin_dataset(
        parse(r#"{"name": "bars", "classes": ["a", "b", "c"], "shape": [12, 12, 1]}"#),
        None,
    )
    .unwrap();
    let header = |crc32: u32| {
        parse(&format!(
            r#"{{"file": "bars.bin", "split": "train", "count": 60, "encoding": "pixels",
                 "rawBytes": {}, "crc32": {crc32}}}"#,
            60 * 145
        ))
    };
    let error = core.push_shard(header(1), &payload, 60).unwrap_err();
    assert_eq!(get(&error, "code"), JsValue::from("shard-corrupt"));
    assert_eq!(get(&error, "file"), JsValue::from("bars.bin"));
    core.push_shard(header(crc32fast::hash(&payload)), &payload, 60).unwrap();
    let info = core.finish_dataset().unwrap();
    assert_eq!(get(&get(&info, "splits"), "train"), JsValue::from(60));
    let picture = core.image("train".into(), 3.0).unwrap();
    let rgba: Uint8Array = get(&picture, "pixels").unchecked_into();
    assert_eq!(rgba.length(), 12 * 12 * 4);

    let error = core
        .set_model(r#"{"input_shape": [12, 12, 1], "layers": [{"layer": "Dense", "units": 3}]}"#);
    assert_eq!(get(&error.unwrap_err(), "layer"), JsValue::from("dense"));
    let spec = convnet(12).to_value().to_string();
    // Looking at a model takes none.
    let info = core.inspect_model(&spec).unwrap();
    assert_eq!(get(&info, "spec"), JsValue::from(&spec));
    assert_eq!(Array::from(&get(&get(&info, "summary"), "layers")).length(), 6);
    assert_eq!(get(&info, "untrainable"), JsValue::NULL);
    assert_eq!(get(&core.spec().unwrap_err(), "code"), JsValue::from("state"));
    let summary = core.set_model(&spec).unwrap();
    assert!(Array::from(&get(&summary, "layers")).length() == 6);

    core.start_training(parse(r#"{"steps": 3, "batchSize": 20}"#)).unwrap();
    let events = Array::from(&core.advance(10).await.unwrap());
    let kinds: Vec<_> =
        events.iter().map(|event| get(&event, "type").as_string().unwrap()).collect();
    assert_eq!(kinds, ["step", "step", "step", "epoch", "done"]);
    assert_eq!(get(&events.get(2), "globalStep"), JsValue::from(3));

    let rgba = rgba.to_vec();
    let classes = Array::from(&core.predict(rgba.clone(), 12, 12).await.unwrap());
    assert_eq!(classes.length(), 3);
    let layers = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let maps = core.feature_maps(rgba.clone(), 12, 12, layers(&["conv2d", "2"])).await.unwrap();
    assert_eq!(maps.length(), 2);
    assert_eq!(get(&maps.get(0), "count"), JsValue::from(8));
    assert_eq!(get(&maps.get(0), "height"), JsValue::from(10));
    let error = core.feature_maps(rgba.clone(), 12, 12, layers(&["nowhere"])).await.unwrap_err();
    assert_eq!(get(&error, "code"), JsValue::from("option"));
    let options = parse(r#"{"method": "occlusion", "label": 1}"#);
    core.start_look("attribution".into(), options, rgba.clone(), 12, 12).await.unwrap();
    let found = loop {
        let found = core.advance_look(1).await.unwrap();
        if !found.is_undefined() {
            break found;
        }
    };
    assert_eq!(get(&found, "method"), JsValue::from("occlusion"));
    assert_eq!(get(&get(&found, "data"), "length"), JsValue::from(144));
    assert_eq!(get(&core.advance_look(1).await.unwrap_err(), "code"), JsValue::from("state"));
    let slow = core.slow_motion(rgba.clone(), 12, 12, 2).await.unwrap();
    assert_eq!(get(&get(&slow, "stages"), "length"), JsValue::from(6));
    let vitals = core.vitals().await.unwrap();
    assert_eq!(get(&vitals, "pictures"), JsValue::from(16));
    let error = core.predict(rgba, 12, 11).await.unwrap_err();
    assert_eq!(get(&error, "code"), JsValue::from("image"));
    assert_eq!(get(&core.filters("0").await.unwrap(), "count"), JsValue::from(8));

    let error = core.start_evaluation("test".into()).unwrap_err();
    assert_eq!(get(&error, "code"), JsValue::from("data-missing"));
    assert_eq!(core.start_evaluation("train".into()).unwrap(), 1);
    let evaluation = core.advance_evaluation(1).await.unwrap();
    assert_eq!(get(&evaluation, "count"), JsValue::from(60));
    let probabilities = get(&get(&evaluation, "predictions"), "probabilities");
    assert_eq!(get(&probabilities, "length"), JsValue::from(180));

    let bytes = core.save().await.unwrap().to_vec();
    let loaded = core.load(&bytes).unwrap();
    assert_eq!(get(&get(&loaded, "run"), "finished"), JsValue::TRUE);
    assert_eq!(get(&core.load(&bytes[..100]).unwrap_err(), "code"), JsValue::from("checkpoint"));
}
