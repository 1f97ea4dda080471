//! Our kernels against Burn's own operations.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

#[path = "fast/networks.rs"]
mod networks;

#[test]
fn networks_compute_alike_with_our_kernels_and_without() {
    let lessons = [[28, 28, 1], [32, 32, 3]];
    let covered = pollster::block_on(networks::networks(&burn::tensor::Device::flex(), &lessons));
    println!("with a step without tensors: {covered:#?}");
    for name in ["mnist-convnet", "residual-net", "batch-norm-convnet", "lenet", "a value that"] {
        assert!(covered.iter().any(|covered| covered.starts_with(name)), "{name}: {covered:?}");
    }
}
