//! A depthwise convolution as an operation of Burn, on the CPU, with its backward.

use std::cell::RefCell;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use cnn_lab_kernels::conv::Gradients;
use cnn_lab_kernels::depthwise::{self, Depthwise, Scratch};

use super::flex::{flat, sides, tensor, values};
use super::{Parts, Place, channels_first, channels_last, place};

/// The operation, as Burn routes it.
#[backend_extension(Flex, Autodiff)]
pub trait EachChannel: Backend {
    /// See [`depthwise`](depthwise()).
    fn depthwise(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Depthwise,
    ) -> FloatTensor<Self>;
}

/// A depthwise convolution with its bias and its rectifier: pictures `[batch, channels, height,
/// width]`, a kernel `[channels, height, width]` and a bias, flat. Nothing on a device that is not
/// covered.
pub fn depthwise(
    pictures: Tensor<4>,
    kernel: Tensor<1>,
    bias: Option<Tensor<1>>,
    block: Depthwise,
) -> Option<Tensor<4>> {
    let device = pictures.device();
    #[allow(irrefutable_let_patterns)] // where there is no other place
    let Place::Flex = place(&device)? else { return None };
    let bias = bias.unwrap_or_else(|| Tensor::zeros([block.input[2]], &device.inner()));
    let [pictures, kernel, bias] =
        [pictures.into_dispatch(), kernel.into_dispatch(), bias.into_dispatch()];
    Some(Tensor::from_dispatch(Dispatch::depthwise(pictures, kernel, bias, block)))
}

impl EachChannel for Flex {
    fn depthwise(
        pictures: FlexTensor,
        kernel: FlexTensor,
        bias: FlexTensor,
        block: Depthwise,
    ) -> FlexTensor {
        let pictures = channels_last::<Flex>(pictures);
        let [kernel, bias] = [kernel, bias].map(Flex::contiguous);
        channels_first::<Flex>(forward(&pictures, &kernel, &bias, &block))
    }
}

fn forward(
    pictures: &FlexTensor,
    kernel: &FlexTensor,
    bias: &FlexTensor,
    block: &Depthwise,
) -> FlexTensor {
    let numbers = values(pictures);
    let batch = numbers.len() / block.input.iter().product::<usize>();
    let [height, width, channels] = block.output();
    let mut output = vec![0.0; batch * height * width * channels];
    SCRATCH.with_borrow_mut(|scratch| {
        depthwise::forward(
            block,
            numbers,
            values(kernel),
            Some(values(bias)),
            &mut output,
            scratch,
        );
    });
    tensor(output, [batch, height, width, channels])
}

impl<C: CheckpointStrategy> EachChannel for Autodiff<Flex, C> {
    fn depthwise(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Depthwise,
    ) -> FloatTensor<Self> {
        let nodes = [pictures.node(), kernel.node(), bias.node()];
        let pictures = channels_last::<Flex>(pictures.into_primitive());
        let [kernel, bias] = [kernel.into_primitive(), bias.into_primitive()].map(Flex::contiguous);
        let output = forward(&pictures, &kernel, &bias, &block);
        match ByChannel.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let saved = SavedChannels { block, pictures, kernel, output: output.clone() };
                prep.finish(saved, channels_first::<Flex>(output))
            }
            OpsKind::UnTracked(prep) => prep.finish(channels_first::<Flex>(output)),
        }
    }
}

#[derive(Debug)]
struct ByChannel;

/// What the backward computes with; pictures and output with their channels last.
#[derive(Clone, Debug)]
struct SavedChannels {
    block: Depthwise,
    pictures: FlexTensor,
    kernel: FlexTensor,
    output: FlexTensor,
}

impl Backward<Flex, 3> for ByChannel {
    type State = SavedChannels;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut grads::Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let by_output = channels_last::<Flex>(grads.consume::<Flex>(&ops.node));
        let SavedChannels { block, pictures, kernel, output } = &ops.state;
        let [picture_node, kernel_node, bias_node] = ops.parents;
        let mut by_pictures = picture_node.is_some().then(|| vec![0.0; values(pictures).len()]);
        let mut by_kernel = vec![0.0; values(kernel).len()];
        let mut by_bias = bias_node.is_some().then(|| vec![0.0; block.input[2]]);
        let gradients = Gradients {
            input: by_pictures.as_deref_mut(),
            kernel: &mut by_kernel,
            bias: by_bias.as_deref_mut(),
        };
        let [pixels, numbers] = [values(pictures), values(kernel)];
        let [output, by_output] = [values(output), values(&by_output)];
        SCRATCH.with_borrow_mut(|scratch| {
            depthwise::backward(block, pixels, numbers, output, by_output, gradients, scratch);
        });
        if let (Some(node), Some(by_pictures)) = (picture_node, by_pictures) {
            let by_pictures = tensor(by_pictures, sides(pictures));
            grads.register::<Flex>(node.id, channels_first::<Flex>(by_pictures));
        }
        if let Some(node) = kernel_node {
            grads.register::<Flex>(node.id, flat(by_kernel));
        }
        if let (Some(node), Some(by_bias)) = (bias_node, by_bias) {
            grads.register::<Flex>(node.id, flat(by_bias));
        }
    }
}

thread_local! {
    /// A thread computes one thing at a time.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}
