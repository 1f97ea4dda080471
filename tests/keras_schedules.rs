//! Schedules against Keras: tests/keras_parity/optimizers.py made the numbers. The optimizers of
//! the same file are compared on every device, by `keras_parity.rs` and `browser.rs`.

#![cfg(all(feature = "tensors", not(target_arch = "wasm32")))]

use cnn_lab::train::schedule::Schedule;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("keras_parity/optimizers.json")).unwrap()
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
