//! Layer by layer, loss by loss, optimizer by optimizer, the numbers of Keras:
//! `tests/keras_parity/`.

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

#[cfg(feature = "ndarray")]
#[test]
#[allow(deprecated)]
fn layers_on_ndarray() {
    nothing(block_on(golden::layers(&Device::ndarray(), 1e-4)));
}

#[cfg(feature = "ndarray")]
#[test]
#[allow(deprecated)]
fn losses_on_ndarray() {
    nothing(block_on(golden::losses(&Device::ndarray(), 1e-4)));
}

#[test]
fn explanations_on_flex() {
    nothing(block_on(golden::explanations(&Device::flex(), 1e-3)));
}

#[cfg(feature = "ndarray")]
#[test]
#[allow(deprecated)]
fn explanations_on_ndarray() {
    nothing(block_on(golden::explanations(&Device::ndarray(), 1e-3)));
}

#[test]
fn optimizers_on_flex() {
    nothing(block_on(golden::optimizers(&Device::flex(), 1e-4)));
}

#[cfg(feature = "ndarray")]
#[test]
#[allow(deprecated)]
fn optimizers_on_ndarray() {
    nothing(block_on(golden::optimizers(&Device::ndarray(), 1e-4)));
}

#[test]
fn initializers() {
    nothing(golden::initializers());
}
