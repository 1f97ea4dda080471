//! Our kernels in Burn: backend extensions for burn-flex and for WebGPU, with their own backward.
//!
//! What the package `cnn-lab-kernels` computes over slices ([`flex`]) and shaders on WebGPU ([`gpu`])
//! becomes an operation on tensors here. Pictures stay `[batch, channels, height, width]` for
//! everyone else, but lie in memory with the channels last, as the kernels want them: a view that
//! Burn's own operations read too, and that the next kernel takes without a copy.
//!
//! Where a device or a shape is not covered, callers take Burn's own operations, which are what
//! `tests/fast.rs` and `tests/browser.rs` hold these against.

use burn::backend::Autodiff;
use burn::backend::Backend;
use burn::backend::Dispatch;
use burn::backend::DispatchDevice;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::backend_extension;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, Tensor};
use cnn_lab_kernels::conv::Block;
#[cfg(feature = "webgpu")]
use cnn_lab_kernels::conv::Rectify;
use cnn_lab_kernels::update;

#[cfg(feature = "cpu")]
mod depthwise;
#[cfg(feature = "cpu")]
mod flex;
#[cfg(feature = "webgpu")]
mod gpu;
#[cfg(feature = "cpu")]
mod held;
mod known;
#[cfg(feature = "cpu")]
mod normalised;
#[cfg(feature = "cpu")]
mod shelf;

#[cfg(feature = "cpu")]
pub use depthwise::depthwise;
#[cfg(feature = "webgpu")]
pub use gpu::{Bytes, Gather};
#[cfg(feature = "cpu")]
pub use held::{Held, numbers};
pub use known::cross_entropy;
#[cfg(feature = "cpu")]
pub use normalised::batch_norm;
#[cfg(feature = "cpu")]
pub use shelf::KeepPanels;

/// What computes on a device, where something of ours does.
enum Place {
    #[cfg(feature = "cpu")]
    Flex,
    #[cfg(feature = "webgpu")]
    Gpu,
}

fn place(device: &Device) -> Option<Place> {
    fn of(device: &DispatchDevice) -> Option<Place> {
        match device {
            #[cfg(feature = "cpu")]
            DispatchDevice::Flex(_) => Some(Place::Flex),
            #[cfg(feature = "webgpu")]
            DispatchDevice::Cube(_) => Some(Place::Gpu),
            DispatchDevice::Autodiff(inner) => of(inner),
            #[allow(unreachable_patterns)] // which there are is for Burn's features to say
            _ => None,
        }
    }
    of(device.as_dispatch())
}

/// Whether it is the CPU that computes, by our kernels.
#[cfg(feature = "cpu")]
pub fn on_cpu(device: &Device) -> bool {
    matches!(place(device), Some(Place::Flex))
}

/// A convolution with its bias, its rectifier and its pooling: pictures `[batch, channels,
/// height, width]`, a kernel and a bias as [`Block`] says, flat. Nothing on a device that is not
/// covered.
pub fn conv_block(
    pictures: Tensor<4>,
    kernel: Tensor<1>,
    bias: Option<Tensor<1>>,
    block: Block,
) -> Option<Tensor<4>> {
    let device = pictures.device();
    place(&device)?;
    // The shaders know no upper bound.
    #[cfg(feature = "webgpu")]
    if block.rectify == Rectify::Relu6 && matches!(place(&device), Some(Place::Gpu)) {
        return None;
    }
    let bias = bias.unwrap_or_else(|| Tensor::zeros([block.filters], &device.inner()));
    let [pictures, kernel, bias] =
        [pictures.into_dispatch(), kernel.into_dispatch(), bias.into_dispatch()];
    Some(Tensor::from_dispatch(Dispatch::conv_block(pictures, kernel, bias, block)))
}

/// Takes an optimizer's step in one pass, in place: see [`update::update`]. False, and nothing is
/// done, on a device that is not covered.
pub fn update(
    rule: update::Rule,
    [rate, decay]: [f64; 2],
    weight: &mut Tensor<1>,
    gradient: &Tensor<1>,
    slots: Vec<&mut Tensor<1>>,
) -> bool {
    let Some(place) = place(&weight.device()) else { return false };
    let mut tensors: Vec<&mut Tensor<1>> = [weight].into_iter().chain(slots).collect();
    // What they held before is let go, so that it can be written to.
    let taken = tensors.iter_mut().map(|tensor| {
        let empty = Tensor::empty([0], &tensor.device());
        std::mem::replace(*tensor, empty)
    });
    let taken = taken.collect();
    let (gradient, rates) = (gradient.clone(), [rate as f32, decay as f32]);
    let moved = match place {
        #[cfg(feature = "cpu")]
        Place::Flex => flex::update(rule, rates, gradient, taken),
        #[cfg(feature = "webgpu")]
        Place::Gpu => gpu::update(rule, rates, gradient, taken),
    };
    for (tensor, moved) in tensors.into_iter().zip(moved) {
        *tensor = moved;
    }
    true
}

/// The operation, as Burn routes it.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "webgpu"), Autodiff)]
pub trait Kernels: Backend {
    /// See [`conv_block`].
    fn conv_block(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Block,
    ) -> FloatTensor<Self>;
}

/// What a backend computes of it. Pictures have their channels last here, side by side in memory.
pub(crate) trait Parts: Backend {
    /// The output, and which number of its window each pooled value was.
    fn forward(
        pictures: &FloatTensor<Self>,
        kernel: &FloatTensor<Self>,
        bias: &FloatTensor<Self>,
        block: &Block,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);

    /// The gradients by pictures, kernel and bias, of which those by pictures and bias are
    /// computed where they are `wanted`.
    fn backward(
        saved: &Saved<Self>,
        by_output: FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> (Option<FloatTensor<Self>>, FloatTensor<Self>, Option<FloatTensor<Self>>);

    /// Side by side in memory: where it lies so already, without a copy.
    fn contiguous(tensor: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// Pictures `[batch, channels, height, width]` with their channels last.
fn channels_last<B: Parts>(pictures: FloatTensor<B>) -> FloatTensor<B> {
    B::contiguous(B::float_permute(pictures, &[0, 2, 3, 1]))
}

/// The way back, which never copies.
fn channels_first<B: Backend>(pictures: FloatTensor<B>) -> FloatTensor<B> {
    B::float_permute(pictures, &[0, 3, 1, 2])
}

/// The operation without gradients.
fn plain<B: Parts>(
    pictures: FloatTensor<B>,
    kernel: FloatTensor<B>,
    bias: FloatTensor<B>,
    block: &Block,
) -> FloatTensor<B> {
    let kernel = B::contiguous(kernel);
    let bias = B::contiguous(bias);
    channels_first::<B>(B::forward(&channels_last::<B>(pictures), &kernel, &bias, block).0)
}

impl<B: Parts, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn conv_block(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Block,
    ) -> FloatTensor<Self> {
        let nodes = [pictures.node(), kernel.node(), bias.node()];
        let bias = B::contiguous(bias.into_primitive());
        let kernel = B::contiguous(kernel.into_primitive());
        let pictures = channels_last::<B>(pictures.into_primitive());
        match ConvBlock.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, chosen) = B::forward(&pictures, &kernel, &bias, &block);
                let saved = Saved { block, pictures, kernel, output: output.clone(), chosen };
                prep.finish(saved, channels_first::<B>(output))
            }
            OpsKind::UnTracked(prep) => {
                let (output, _) = B::forward(&pictures, &kernel, &bias, &block);
                prep.finish(channels_first::<B>(output))
            }
        }
    }
}

#[derive(Debug)]
struct ConvBlock;

/// What the backward computes with; pictures and output with their channels last.
#[derive(Clone, Debug)]
pub(crate) struct Saved<B: Backend> {
    block: Block,
    pictures: FloatTensor<B>,
    kernel: FloatTensor<B>,
    output: FloatTensor<B>,
    chosen: Option<FloatTensor<B>>,
}

impl<B: Parts> Backward<B, 3> for ConvBlock {
    type State = Saved<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut grads::Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let by_output = channels_last::<B>(grads.consume::<B>(&ops.node));
        let [picture_node, kernel_node, bias_node] = ops.parents;
        let wanted = [picture_node.is_some(), bias_node.is_some()];
        let (by_pictures, by_kernel, by_bias) = B::backward(&ops.state, by_output, wanted);
        if let (Some(node), Some(by_pictures)) = (picture_node, by_pictures) {
            grads.register::<B>(node.id, channels_first::<B>(by_pictures));
        }
        if let Some(node) = kernel_node {
            grads.register::<B>(node.id, by_kernel);
        }
        if let (Some(node), Some(by_bias)) = (bias_node, by_bias) {
            grads.register::<B>(node.id, by_bias);
        }
    }
}
