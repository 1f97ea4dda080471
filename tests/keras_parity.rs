//! Layer by layer, loss by loss, optimizer by optimizer, the numbers of Keras:
//! `tests/keras_parity/`. `tests/browser.rs` compares those of the other devices.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

#[path = "keras_parity/golden.rs"]
mod golden;

use burn::tensor::Device;
use pollster::block_on;

fn nothing(apart: Vec<String>) {
    assert!(apart.is_empty(), "{} apart:\n{}", apart.len(), apart.join("\n"));
}

#[test]
fn layers_on_flex() {
    nothing(block_on(golden::layers(&Device::flex(), 1e-4)));
}

#[test]
fn losses_on_flex() {
    nothing(block_on(golden::losses(&Device::flex(), 1e-4)));
}

#[test]
fn explanations_on_flex() {
    nothing(block_on(golden::explanations(&Device::flex(), 1e-3)));
}

#[test]
fn optimizers_on_flex() {
    nothing(block_on(golden::optimizers(&Device::flex(), 1e-4)));
}

#[test]
fn initializers() {
    nothing(golden::initializers());
}
