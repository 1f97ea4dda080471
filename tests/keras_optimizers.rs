//! Optimizers and schedules against Keras: tests/keras_parity/optimizers.py made the numbers.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

use burn::tensor::{Device, Tensor};
use cnn_lab::train::optimizer::{Optimizer, OptimizerSpec};
use cnn_lab::train::schedule::Schedule;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("keras_parity/optimizers.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

fn tensors(value: &Value, device: &Device) -> Vec<Tensor<1>> {
    let tensor = |value| Tensor::from_floats(floats(value).as_slice(), device);
    value.as_array().unwrap().iter().map(tensor).collect()
}

/// Ten steps of each: what the weights have moved is Keras's to 1e-4 of the farthest move,
/// after every step. Beside that only the rounding of the weights themselves is allowed.
fn ten_steps_are_those_of_keras(device: &Device) {
    let golden = golden();
    let cases = golden["optimizers"].as_array().unwrap();
    assert!(cases.len() >= 40);
    let start: Vec<_> = golden["weights"].as_array().unwrap().iter().map(floats).collect();
    for case in cases {
        let spec = OptimizerSpec::from_value(case["spec"].clone()).unwrap();
        let mut params = tensors(&golden["weights"], device);
        let mut optimizer = Optimizer::new(spec, &params);
        for (step, gradients) in golden["gradients"].as_array().unwrap().iter().enumerate() {
            optimizer.update(&mut params, tensors(gradients, device));
            let keras: Vec<_> =
                case["after"][step].as_array().unwrap().iter().map(floats).collect();
            let moves = keras.iter().flatten().zip(start.iter().flatten());
            let farthest = moves.map(|(after, before)| (after - before).abs()).fold(0.0, f32::max);
            for (index, keras) in keras.iter().enumerate() {
                let ours = params[index].to_data().try_to_vec::<f32>().unwrap();
                for (place, (ours, keras)) in ours.iter().zip(keras).enumerate() {
                    let rounding = (step + 1) as f32 * f32::EPSILON * keras.abs().max(0.02);
                    assert!(
                        (ours - keras).abs() <= 1e-4 * farthest + rounding,
                        "{} after step {}, [{index}][{place}]: {ours}, Keras has {keras}; the \
                         farthest move is {farthest}",
                        case["spec"],
                        step + 1,
                    );
                }
            }
        }
    }
}

#[test]
fn ten_steps_on_flex() {
    ten_steps_are_those_of_keras(&Device::flex());
}

#[cfg(feature = "ndarray")]
#[test]
#[allow(deprecated)]
fn ten_steps_on_ndarray() {
    ten_steps_are_those_of_keras(&Device::ndarray());
}

/// Keras computes them in 32 bits, which is worse near a cosine's end and where a period ends.
#[test]
fn schedules_are_those_of_keras() {
    let golden = golden();
    let steps: Vec<u64> = serde_json::from_value(golden["steps"].clone()).unwrap();
    let cases = golden["schedules"].as_array().unwrap();
    assert!(cases.len() >= 18);
    for case in cases {
        let schedule = Schedule::from_value(case["spec"].clone(), "schedule", None).unwrap();
        let rates: Vec<f64> = serde_json::from_value(case["rates"].clone()).unwrap();
        let largest = rates.iter().fold(0.0, |top: f64, rate| top.max(*rate));
        for (step, rate) in steps.iter().zip(&rates) {
            let ours = schedule.at(*step);
            let error = (ours - rate).abs();
            assert!(
                error <= 1e-4 * rate.abs() + 1e-6 * largest.min(1.0),
                "{} at {step}: {ours}, Keras has {rate}",
                case["spec"]
            );
        }
    }
}
