//! Which weights a layer has: names, shapes, how they begin and what their size costs.

use crate::model::initializer::{Initializer, Regularizer};
use crate::model::shape::Shape;
use crate::model::spec::{
    BatchNorm, Conv, Dense, DepthwiseConv, LayerKind, LayerSpec, SeparableConv, WeightSpec,
};

/// A weight: its name, such as `conv2d/kernel`, and its shape.
///
/// A convolution's kernel is `[filters, channels / groups, height, width]`, a depthwise one
/// `[channels * depth_multiplier, 1, height, width]`, a dense one `[inputs, units]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// Layer and role, such as `dense/bias`.
    pub name: String,
    /// Its sizes; their product is the length of the flat tensor.
    pub shape: Vec<usize>,
}

/// A weight with all that is known of it before it is trained.
#[derive(Clone, Debug)]
pub(crate) struct Weight {
    pub(crate) info: ParamInfo,
    /// Values that go in and out through one of its outputs, as Keras counts them.
    pub(crate) fans: [f64; 2],
    pub(crate) spec: WeightSpec,
}

impl Weight {
    /// Its number of values; huge rather than wrong where it cannot be counted.
    pub(crate) fn count(&self) -> u64 {
        self.info.shape.iter().fold(1, |product, &side| product.saturating_mul(side as u64))
    }
}

/// The weights that training changes, in Keras's order; none of a frozen layer.
pub(crate) fn trainable(layer: &LayerSpec, input: Shape) -> Vec<Weight> {
    if layer.trainable { own(layer, input) } else { Vec::new() }
}

/// The weights that training leaves as they are: those of a frozen layer, then a batch
/// normalisation's moving statistics, which follow the data where it is not frozen.
pub(crate) fn untrainable(layer: &LayerSpec, input: Shape) -> Vec<Weight> {
    let frozen = if layer.trainable { Vec::new() } else { own(layer, input) };
    frozen.into_iter().chain(following(layer, input)).collect()
}

/// The weights that a layer computes with and training can change, in Keras's order.
fn own(layer: &LayerSpec, input: Shape) -> Vec<Weight> {
    let mut weights = Vec::new();
    let mut add = |role: &str, shape: Vec<usize>, fans: [usize; 2], spec: WeightSpec| {
        // The window of a kernel that has one; its product may pass 32 bits.
        let window: f64 = shape.iter().skip(2).map(|&side| side as f64).product();
        let [fan_in, fan_out] = fans.map(|fan| fan as f64);
        let info = ParamInfo { name: format!("{}/{role}", layer.name), shape };
        weights.push(Weight { info, fans: [window * fan_in, window * fan_out], spec });
    };
    let channels = input.channels();
    match &layer.kind {
        LayerKind::Conv2D(Conv { filters, window, groups, kernel, bias, .. }) => {
            let ([height, width], inputs) = (window.kernel_size, channels / groups);
            add("kernel", vec![*filters, inputs, height, width], [inputs, *filters], *kernel);
            if let Some(bias) = bias {
                add("bias", vec![*filters], [*filters, *filters], *bias);
            }
        }
        LayerKind::DepthwiseConv2D(DepthwiseConv {
            window,
            depth_multiplier,
            depthwise,
            bias,
            ..
        }) => {
            let [height, width] = window.kernel_size;
            let outputs = channels.saturating_mul(*depth_multiplier);
            let fans = [channels, *depth_multiplier];
            add("kernel", vec![outputs, 1, height, width], fans, *depthwise);
            if let Some(bias) = bias {
                add("bias", vec![outputs], [outputs, outputs], *bias);
            }
        }
        LayerKind::SeparableConv2D(SeparableConv {
            filters,
            window,
            depth_multiplier,
            depthwise,
            pointwise,
            bias,
            ..
        }) => {
            let [height, width] = window.kernel_size;
            let between = channels.saturating_mul(*depth_multiplier);
            let fans = [channels, *depth_multiplier];
            add("depthwise_kernel", vec![between, 1, height, width], fans, *depthwise);
            let fans = [between, *filters];
            add("pointwise_kernel", vec![*filters, between, 1, 1], fans, *pointwise);
            if let Some(bias) = bias {
                add("bias", vec![*filters], [*filters, *filters], *bias);
            }
        }
        LayerKind::Dense(Dense { units, kernel, bias, .. }) => {
            add("kernel", vec![channels, *units], [channels, *units], *kernel);
            if let Some(bias) = bias {
                add("bias", vec![*units], [*units, *units], *bias);
            }
        }
        LayerKind::BatchNormalization(BatchNorm { center, scale, .. }) => {
            if *scale {
                add("gamma", vec![channels], [channels, channels], plain(Initializer::Ones));
            }
            if *center {
                add("beta", vec![channels], [channels, channels], plain(Initializer::Zeros));
            }
        }
        _ => {}
    }
    weights
}

/// The weights that follow the data: a batch normalisation's moving statistics.
fn following(layer: &LayerSpec, input: Shape) -> Vec<Weight> {
    let LayerKind::BatchNormalization(_) = layer.kind else { return Vec::new() };
    [("moving_mean", Initializer::Zeros), ("moving_variance", Initializer::Ones)]
        .map(|(role, initializer)| Weight {
            info: ParamInfo {
                name: format!("{}/{role}", layer.name),
                shape: vec![input.channels()],
            },
            fans: [1.0, 1.0],
            spec: plain(initializer),
        })
        .into()
}

fn plain(initializer: Initializer) -> WeightSpec {
    WeightSpec { initializer, regularizer: Regularizer::default() }
}
