//! Batch normalisation in training as an operation of Burn, on the CPU, with its backward.

use std::cell::RefCell;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use cnn_lab_kernels::conv::Rectify;
use cnn_lab_kernels::norm::{self, Scratch};

use super::flex::{flat, sides, tensor, values};
use super::{Place, channels_first, channels_last, place};

/// The operation, as Burn routes it.
#[backend_extension(Flex, Autodiff)]
pub trait Norms: Backend {
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

/// A batch normalisation in training, of pictures `[batch, channels, height, width]` by their own
/// mean and biased variance, which come with it. Nothing on a device that is not covered.
pub fn batch_norm(
    pictures: Tensor<4>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f64,
) -> Option<(Tensor<4>, [Tensor<1>; 2])> {
    #[allow(irrefutable_let_patterns)] // where there is no other place
    let Place::Flex = place(&pictures.device())? else { return None };
    let channels = pictures.dims()[1];
    let plain = pictures.clone().inner().try_into_primitive::<Flex>().ok()?;
    let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
    let plain = channels_last::<Flex>(plain);
    SCRATCH.with_borrow_mut(|scratch| {
        norm::moments(values(&plain), &mut mean, &mut variance, scratch);
    });
    let moments =
        [mean, variance].map(|moments| Tensor::<1>::from_primitive::<Flex>(flat(moments)));
    let [mean, variance] = moments.clone().map(Tensor::into_dispatch);
    let [pictures, gamma, beta] =
        [pictures.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch()];
    let output = Dispatch::normalise(pictures, gamma, beta, mean, variance, epsilon as f32);
    Some((Tensor::from_dispatch(output), moments))
}

impl Norms for Flex {
    fn normalise(
        pictures: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        mean: FlexTensor,
        variance: FlexTensor,
        epsilon: f32,
    ) -> FlexTensor {
        normalised(&channels_last::<Flex>(pictures), [&gamma, &beta], [&mean, &variance], epsilon)
    }
}

impl<C: CheckpointStrategy> Norms for Autodiff<Flex, C> {
    fn normalise(
        pictures: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self> {
        let nodes = [pictures.node(), gamma.node(), beta.node()];
        let pictures = channels_last::<Flex>(pictures.into_primitive());
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

#[derive(Debug)]
struct Normalised;

/// What its backward computes with.
#[derive(Clone, Debug)]
struct SavedNorm {
    /// Channels last.
    pictures: FlexTensor,
    gamma: FlexTensor,
    moments: [FlexTensor; 2],
    epsilon: f32,
}

impl Backward<Flex, 3> for Normalised {
    type State = SavedNorm;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut grads::Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let SavedNorm { pictures, gamma, moments, epsilon } = ops.state;
        let by_output = channels_last::<Flex>(grads.consume::<Flex>(&ops.node));
        let [mean, variance] = &moments;
        let moments = [values(mean), values(variance)];
        let (pixels, gamma, slopes) = (values(&pictures), values(&gamma), values(&by_output));
        let lengths = [pixels.len(), gamma.len(), gamma.len()];
        let [mut by_input, mut by_gamma, mut by_beta] = lengths.map(|length| vec![0.0; length]);
        let rows = pixels.len() / gamma.len().max(1);
        SCRATCH.with_borrow_mut(|scratch| {
            let into = [&mut by_gamma[..], &mut by_beta];
            norm::slopes(pixels, moments, epsilon, slopes, into, scratch);
            let sums = ([&by_gamma[..], &by_beta], rows);
            let given = [pixels, slopes];
            norm::backward(given, gamma, moments, epsilon, sums, &mut by_input, scratch);
        });
        let [picture_node, gamma_node, beta_node] = ops.parents;
        if let Some(node) = picture_node {
            let by_input = channels_first::<Flex>(tensor(by_input, sides(&pictures)));
            grads.register::<Flex>(node.id, by_input);
        }
        for (node, by) in [(gamma_node, by_gamma), (beta_node, by_beta)] {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, flat(by));
            }
        }
    }
}

/// Pictures with their channels last, normalised, with their channels first again.
fn normalised(
    pictures: &FlexTensor,
    [gamma, beta]: [&FlexTensor; 2],
    [mean, variance]: [&FlexTensor; 2],
    epsilon: f32,
) -> FlexTensor {
    let learned = [values(gamma), values(beta)];
    let moments = [values(mean), values(variance)];
    let pixels = values(pictures);
    let mut output = vec![0.0; pixels.len()];
    SCRATCH.with_borrow_mut(|scratch| {
        norm::normalise(pixels, learned, moments, epsilon, Rectify::No, &mut output, scratch);
    });
    channels_first::<Flex>(tensor(output, sides(pictures)))
}

thread_local! {
    /// A thread computes one thing at a time.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}
