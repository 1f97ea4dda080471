//! What a network takes of memory. What a layer computes and sees, which only a page shows, is
//! worked out there (`www/src/api/costs.ts`).

use crate::model::network::Network;
use crate::model::shape::Shape;

/// About how many bytes a training step takes: for the weights, and for each picture.
///
/// A weight has its value, its gradient and what the optimizer remembers; the largest tensor
/// is there four times more while it is updated. A picture's every value between two layers
/// is kept for the backward pass, and has a gradient while that runs.
pub fn step_bytes(network: &Network) -> [u64; 2] {
    const FLOAT: u64 = 4;
    let sizes = network.param_infos().iter().map(|info| info.shape.iter().product::<usize>());
    let sizes: Vec<u64> = sizes.map(|size| size as u64).collect();
    let slots = network.spec().compile.optimizer.rule.slots().len() as u64;
    let largest = sizes.iter().max().copied().unwrap_or(0);
    let weights = sizes.iter().sum::<u64>() * (2 + slots) + 4 * largest;
    // Of frozen layers, which come first, nothing is kept: only what is read and written is there.
    let (frozen, trained) = network.shapes().split_at(network.frozen().unwrap_or(0));
    let sum = |shapes: &[Shape]| shapes.iter().map(|shape| shape.len() as u64).sum::<u64>();
    let values = sum(trained) + frozen.windows(2).map(sum).max().unwrap_or(0);
    [weights * FLOAT, values.saturating_mul(2 * FLOAT)]
}

/// Pictures a batch where nothing is learned: 128, or fewer where their values between layers
/// would take more than training does. Figures do not depend on it.
pub fn evaluation_batch(network: &Network) -> usize {
    const MOST_BYTES: u64 = 512 << 20;
    let [_, picture] = step_bytes(network);
    (MOST_BYTES / picture.max(1)).clamp(1, 128) as usize
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;
    use crate::model::spec::ModelSpec;
    use serde_json::json;

    #[test]
    fn large_pictures_are_evaluated_in_small_batches() {
        let batch = |side: usize| {
            let spec = ModelSpec::from_value(json!({
                "input_shape": [side, side, 3],
                "layers": [
                    {"layer": "Conv2D", "filters": 64, "kernel_size": 3, "padding": "same"},
                    {"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 2}]
            }))
            .unwrap();
            evaluation_batch(&Network::new(spec, 0, &burn::tensor::Device::flex()).unwrap())
        };
        assert_eq!(batch(64), 128);
        // 512 * 512 * 64 values of 8 bytes: 134 MB a picture.
        assert_eq!(batch(512), 3);
    }
}
