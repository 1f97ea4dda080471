//! What a layer costs and sees: multiply-adds, values to keep, receptive field, memory.
//! Nothing here is needed to train; a page shows it beside the summary.

use serde::Serialize;

use crate::error::Result;
use crate::model::network::Network;
use crate::model::shape::{Shape, infer, input_of};
use crate::model::spec::{
    Conv, Dense, DepthwiseConv, Interpolation, LayerKind, ModelSpec, Pool, SeparableConv, Window,
};

/// What one layer costs for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerCost {
    /// Height and width of the part of the picture that one of its values depends on, what
    /// lies beyond the border counted too.
    pub receptive_field: [usize; 2],
    /// Multiplications with an addition each, biases left out.
    pub multiply_adds: u64,
    /// Values that it gives.
    pub activations: usize,
}

/// How far a value sees and how far apart neighbours look, in pixels of the picture (Araujo,
/// Norris and Sim 2019).
#[derive(Clone, Copy)]
struct View {
    field: [f64; 2],
    jump: [f64; 2],
}

/// The costs of every layer, in their order.
///
/// # Errors
/// `spec` as [`infer`] gives it.
pub fn costs(spec: &ModelSpec) -> Result<Vec<LayerCost>> {
    let shapes = infer(spec)?;
    let [height, width, _] = spec.input_shape;
    let whole = [height as f64, width as f64];
    let mut views = vec![View { field: [1.0, 1.0], jump: [1.0, 1.0] }];
    let mut costs = Vec::with_capacity(shapes.len());
    for (layer, &output) in spec.layers.iter().zip(&shapes) {
        // Joined values see as far as the one that sees furthest.
        let view = layer.inputs.iter().map(|&input| views[input]).reduce(|a, b| View {
            field: [0, 1].map(|axis| a.field[axis].max(b.field[axis])),
            jump: a.jump,
        });
        let view = seen(&layer.kind, view.unwrap_or(views[0]), whole);
        views.push(view);
        costs.push(LayerCost {
            receptive_field: view.field.map(|side| side.ceil() as usize),
            multiply_adds: multiply_adds(&layer.kind, input_of(spec, &shapes, layer), output),
            activations: output.len(),
        });
    }
    Ok(costs)
}

fn seen(kind: &LayerKind, View { mut field, mut jump }: View, whole: [f64; 2]) -> View {
    let mut slide = |span: [usize; 2], strides: [usize; 2]| {
        for axis in 0..2 {
            field[axis] += (span[axis] - 1) as f64 * jump[axis];
            jump[axis] *= strides[axis] as f64;
        }
    };
    match kind {
        LayerKind::Conv2D(Conv { window, .. })
        | LayerKind::DepthwiseConv2D(DepthwiseConv { window, .. })
        | LayerKind::SeparableConv2D(SeparableConv { window, .. }) => {
            slide(window.span(), window.strides);
        }
        LayerKind::MaxPooling2D(pool) | LayerKind::AveragePooling2D(pool) => {
            let Pool { pool_size, strides, .. } = *pool;
            slide(pool_size, strides);
        }
        LayerKind::UpSampling2D { size, interpolation } => {
            for axis in 0..2 {
                if *interpolation == Interpolation::Bilinear && size[axis] > 1 {
                    field[axis] += jump[axis];
                }
                jump[axis] /= size[axis] as f64;
            }
        }
        LayerKind::Dense(_)
        | LayerKind::GlobalMaxPooling2D { .. }
        | LayerKind::GlobalAveragePooling2D { .. } => {
            field = [0, 1].map(|axis| field[axis].max(whole[axis]));
        }
        _ => {}
    }
    View { field, jump }
}

fn multiply_adds(kind: &LayerKind, input: Shape, output: Shape) -> u64 {
    let channels = input.channels() as u64;
    let area = |window: &Window| window.kernel_size[0] as u64 * window.kernel_size[1] as u64;
    let values = output.len() as u64;
    match kind {
        LayerKind::Conv2D(Conv { window, groups, .. }) => {
            values * area(window) * (channels / *groups as u64)
        }
        LayerKind::DepthwiseConv2D(DepthwiseConv { window, .. }) => values * area(window),
        LayerKind::SeparableConv2D(SeparableConv { window, filters, depth_multiplier, .. }) => {
            let between = values / *filters as u64 * channels * *depth_multiplier as u64;
            between * area(window) + between * *filters as u64
        }
        LayerKind::Dense(Dense { units, .. }) => channels * *units as u64,
        _ => 0,
    }
}

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
    let values: u64 = network.shapes().iter().map(|shape| shape.len() as u64).sum();
    [weights * FLOAT, values.saturating_mul(2 * FLOAT)]
}

/// Pictures a batch where nothing is learned: 128, or fewer where their values between layers
/// would take more than a browser tab has to spare. Figures do not depend on it.
pub fn evaluation_batch(network: &Network) -> usize {
    const MOST_BYTES: u64 = 2 << 30;
    let [_, picture] = step_bytes(network);
    (MOST_BYTES / picture.max(1)).clamp(1, 128) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn by_hand() {
        let spec = ModelSpec::from_value(json!({
            "input_shape": [32, 32, 3],
            "layers": [
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
                {"layer": "MaxPooling2D"},
                {"layer": "Conv2D", "filters": 16, "kernel_size": [3, 5], "groups": 2},
                {"layer": "SeparableConv2D", "filters": 4, "kernel_size": 2, "depth_multiplier": 2, "dilation_rate": 3},
                {"layer": "UpSampling2D"},
                {"layer": "Flatten"},
                {"layer": "Dense", "units": 10}]
        }))
        .unwrap();
        let costs = costs(&spec).unwrap();
        let fields: Vec<_> = costs.iter().map(|cost| cost.receptive_field).collect();
        assert_eq!(fields, [[3, 3], [4, 4], [8, 12], [14, 18], [14, 18], [14, 18], [32, 32]]);
        assert_eq!(costs[0].multiply_adds, 32 * 32 * 8 * 27);
        assert_eq!(costs[2].multiply_adds, 14 * 12 * 16 * 15 * 4);
        assert_eq!(costs[3].multiply_adds, 11 * 9 * (32 * 4 + 32 * 4));
        assert_eq!(costs[6].multiply_adds, 22 * 18 * 4 * 10);
        assert_eq!(costs[0].activations, 32 * 32 * 8);
    }

    #[cfg(feature = "cpu")]
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
        assert_eq!(batch(512), 15);
    }
}
