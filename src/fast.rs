//! Our kernels in Burn: backend extensions for burn-flex, each with its own backward.
//!
//! What the package `cnn-lab-kernels` computes over slices becomes an operation on tensors here.
//! Pictures stay `[batch, channels, height, width]` for everyone else, but lie in memory with the
//! channels last, as the kernels want them: a view that Burn's own operations read too, and that
//! the next kernel takes without a copy.
//!
//! Where a device or a shape is not covered, callers take Burn's own operations, which are what
//! `tests/fast.rs` holds these against.

use std::cell::RefCell;

use burn::backend::Autodiff;
use burn::backend::Backend;
use burn::backend::Dispatch;
use burn::backend::DispatchDevice;
use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::backend_extension;
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, Tensor, TensorData};
use cnn_lab_kernels::conv::{self, Block, Gradients, Scratch};
use cnn_lab_kernels::{norm, update};

mod normalised;
mod shelf;

use normalised::{Normalised, SavedNorm, normalised};
use shelf::Borrowed;
pub use shelf::KeepPanels;

/// Whether tensors of this device are computed with here.
fn covers(device: &Device) -> bool {
    fn is_flex(device: &DispatchDevice) -> bool {
        match device {
            DispatchDevice::Flex(_) => true,
            DispatchDevice::Autodiff(inner) => is_flex(inner),
            #[allow(unreachable_patterns)] // which there are is for Burn's features to say
            _ => false,
        }
    }
    is_flex(device.as_dispatch())
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
    if !covers(&device) {
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
    if !covers(&weight.device()) {
        return false;
    }
    let flex = |tensor: Tensor<1>| {
        tensor.try_into_primitive::<Flex>().expect("a plain tensor of a device that is covered")
    };
    let gradient = flex(gradient.clone()).to_contiguous();
    let mut tensors: Vec<&mut Tensor<1>> = [weight].into_iter().chain(slots).collect();
    // What they held before is let go, so that it can be written to.
    let taken = tensors.iter_mut().map(|tensor| {
        let empty = Tensor::empty([0], &tensor.device());
        flex(std::mem::replace(*tensor, empty))
    });
    let mut taken: Vec<FlexTensor> = taken.collect();
    for tensor in &mut taken {
        *tensor = tensor.to_contiguous();
    }
    let mut numbers = taken.iter_mut().map(|tensor| tensor.storage_mut::<f32>());
    if let Some(weights) = numbers.next() {
        let mut slots: Vec<_> = numbers.collect();
        let [rate, decay] = [rate as f32, decay as f32];
        update::update(rule, rate, decay, weights, values(&gradient), &mut slots);
    }
    for (tensor, numbers) in tensors.into_iter().zip(taken) {
        *tensor = Tensor::from_primitive::<Flex>(numbers);
    }
    true
}

/// The operations, as Burn routes them.
#[backend_extension(Flex, Autodiff)]
pub trait Kernels: Backend {
    /// See [`conv_block`].
    fn conv_block(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Block,
    ) -> FloatTensor<Self>;

    /// See [`batch_norm`]; the moments are the pictures' own.
    fn normalise(
        pictures: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
}

impl Kernels for Flex {
    fn conv_block(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Block,
    ) -> FloatTensor<Self> {
        forward(&channels_last(&pictures), &kernel, &bias, &block).0
    }

    fn normalise(
        pictures: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        normalised(&channels_last(&pictures), [&gamma, &beta], [&mean, &variance], epsilon)
    }
}

/// A batch normalisation in training, of pictures `[batch, channels, height, width]` by their own
/// mean and biased variance, which come with it. Nothing on a device that is not covered.
pub fn batch_norm(
    pictures: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Option<(Tensor<4>, [Tensor<1>; 2])> {
    if !covers(&pictures.device()) {
        return None;
    }
    let channels = pictures.dims()[1];
    let plain = pictures.clone().inner().try_into_primitive::<Flex>().ok()?;
    let moments = norm::moments(values(&channels_last(&plain)), channels);
    let moments = moments.map(|moments| Tensor::<1>::from_primitive::<Flex>(flat(moments)));
    let [mean, variance] = moments.clone().map(Tensor::into_dispatch);
    let [pictures, gamma, beta] =
        [pictures.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    let output = Dispatch::normalise(pictures, gamma, beta, mean, variance, epsilon as f32);
    Some((Tensor::from_dispatch(output), moments))
}

impl<C: CheckpointStrategy> Kernels for Autodiff<Flex, C> {
    fn conv_block(
        pictures: FloatTensor<Self>,
        kernel: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        block: Block,
    ) -> FloatTensor<Self> {
        let nodes = [pictures.node(), kernel.node(), bias.node()];
        let bias = bias.into_primitive();
        let kernel = kernel.into_primitive();
        let pictures = channels_last(&pictures.into_primitive());
        match ConvBlock.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (output, chosen) = forward(&pictures, &kernel, &bias, &block);
                let saved = Saved { block, pictures, kernel, output: output.clone(), chosen };
                prep.finish(saved, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(forward(&pictures, &kernel, &bias, &block).0),
        }
    }

    fn normalise(
        pictures: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let nodes = [pictures.node(), gamma.node(), beta.node()];
        let pictures = channels_last(&pictures.into_primitive());
        let (gamma, beta) = (gamma.into_primitive(), beta.into_primitive());
        let moments = [mean.into_primitive(), variance.into_primitive()];
        let [mean, variance] = &moments;
        let output = normalised(&pictures, [&gamma, &beta], [mean, variance], epsilon);
        match Normalised.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                prep.finish(SavedNorm { pictures, gamma, moments, epsilon }, output)
            }
            OpsKind::UnTracked(prep) => prep.finish(output),
        }
    }
}

/// Batch, height, width and channels of pictures with their channels last.
fn sides(pictures: &FlexTensor) -> [usize; 4] {
    let shape = pictures.layout().shape();
    std::array::from_fn(|axis| shape[axis])
}

#[derive(Debug)]
struct ConvBlock;

/// What the backward computes with.
#[derive(Clone, Debug)]
struct Saved {
    block: Block,
    /// Channels last.
    pictures: FlexTensor,
    kernel: FlexTensor,
    output: FlexTensor,
    chosen: Option<FlexTensor>,
}

impl Backward<Flex, 3> for ConvBlock {
    type State = Saved;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut grads::Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let Saved { block, pictures, kernel, output, chosen } = ops.state;
        let by_output = channels_last(&grads.consume::<Flex>(&ops.node));
        let output = channels_last(&output);
        let [picture_node, kernel_node, bias_node] = ops.parents;
        let numbers = values(&pictures);
        let mut by_pictures = picture_node.as_ref().map(|_| vec![0.0; numbers.len()]);
        let mut by_kernel = vec![0.0; values(&kernel).len()];
        let mut by_bias = bias_node.as_ref().map(|_| vec![0.0; block.filters]);
        let panels = picture_node.is_some().then(|| Borrowed::new(&kernel, &block, true));
        SCRATCH.with_borrow_mut(|scratch| {
            conv::backward(
                &block,
                numbers,
                panels.as_deref(),
                values(&output),
                chosen.as_ref().map_or(&[], values),
                values(&by_output),
                Gradients {
                    input: by_pictures.as_deref_mut(),
                    kernel: &mut by_kernel,
                    bias: by_bias.as_deref_mut(),
                },
                scratch,
            );
        });
        if let (Some(node), Some(by_pictures)) = (picture_node, by_pictures) {
            let [height, width, channels] = block.input;
            let shape = [numbers.len() / (height * width * channels), height, width, channels];
            grads.register::<Flex>(node.id, channels_first(by_pictures, shape));
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

/// The output of pictures with their channels last, and which pixel each pooled one was.
fn forward(
    pictures: &FlexTensor,
    kernel: &FlexTensor,
    bias: &FlexTensor,
    block: &Block,
) -> (FlexTensor, Option<FlexTensor>) {
    let numbers = values(pictures);
    let batch = numbers.len() / block.input.iter().product::<usize>();
    let [height, width, channels] = block.output();
    let mut output = vec![0.0; batch * height * width * channels];
    let mut chosen = vec![0.0; if block.pool.is_some() { output.len() } else { 0 }];
    let panels = Borrowed::new(kernel, block, false);
    SCRATCH.with_borrow_mut(|scratch| {
        let bias = Some(values(bias));
        conv::forward(block, numbers, &panels, bias, &mut output, &mut chosen, scratch);
    });
    let output = channels_first(output, [batch, height, width, channels]);
    (output, block.pool.map(|_| flat(chosen)))
}

/// Pictures `[batch, channels, height, width]` as `[batch, height, width, channels]`, side by
/// side in memory: where they lie so already, without a copy.
fn channels_last(pictures: &FlexTensor) -> FlexTensor {
    let pictures = pictures.permute(&[0, 2, 3, 1]);
    if pictures.is_contiguous() { pictures } else { pictures.to_contiguous() }
}

/// The way back, which never copies.
fn channels_first(numbers: Vec<f32>, shape: [usize; 4]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(numbers, shape)).permute(&[0, 3, 1, 2])
}

fn flat(numbers: Vec<f32>) -> FlexTensor {
    let length = numbers.len();
    FlexTensor::from_data(TensorData::new(numbers, [length]))
}

/// The numbers of a tensor that lies side by side in memory.
fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a tensor of f32, side by side in memory")
}
