//! Batch normalisation as an operation of Burn, with its backward.

use burn::backend::Flex;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops};
use burn::backend::flex::FlexTensor;
use cnn_lab_kernels::norm;

use super::{channels_first, channels_last, flat, sides, values};

#[derive(Debug)]
pub(super) struct Normalised;

/// What its backward computes with.
#[derive(Clone, Debug)]
pub(super) struct SavedNorm {
    /// Channels last.
    pub(super) pictures: FlexTensor,
    pub(super) gamma: FlexTensor,
    pub(super) moments: [FlexTensor; 2],
    pub(super) epsilon: f32,
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
        let by_output = channels_last(&grads.consume::<Flex>(&ops.node));
        let [mean, variance] = &moments;
        let moments = [values(mean), values(variance)];
        let [by_input, by_gamma, by_beta] =
            norm::backward(values(&pictures), values(&gamma), moments, epsilon, values(&by_output));
        let [picture_node, gamma_node, beta_node] = ops.parents;
        if let Some(node) = picture_node {
            grads.register::<Flex>(node.id, channels_first(by_input, sides(&pictures)));
        }
        for (node, by) in [(gamma_node, by_gamma), (beta_node, by_beta)] {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, flat(by));
            }
        }
    }
}

/// Pictures with their channels last, normalised, with their channels first again.
pub(super) fn normalised(
    pictures: &FlexTensor,
    [gamma, beta]: [&FlexTensor; 2],
    [mean, variance]: [&FlexTensor; 2],
    epsilon: f32,
) -> FlexTensor {
    let learned = [values(gamma), values(beta)];
    let moments = [values(mean), values(variance)];
    let output = norm::normalise(values(pictures), learned, moments, epsilon);
    channels_first(output, sides(pictures))
}
