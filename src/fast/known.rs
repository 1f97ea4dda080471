//! The loss in one pass, with its gradient.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

#[cfg(feature = "cpu")]
use super::flex;
#[cfg(feature = "webgpu")]
use super::gpu;
use super::{Place, place};

/// The cross-entropy of the softmax of `logits` `[examples, classes]` with these rows of `weights`,
/// summed over all, and how many of the examples have their largest logit at their label; each of
/// shape `[1]`. Nothing on a device that is not covered.
pub fn cross_entropy(
    logits: &Tensor<2>,
    weights: &[f32],
    labels: &[u16],
) -> Option<(Tensor<1>, Tensor<1>)> {
    let plain = logits.clone().inner();
    let (loss, correct, slopes) = match place(&logits.device())? {
        #[cfg(feature = "cpu")]
        Place::Flex => flex::cross_entropy(plain, weights, labels),
        #[cfg(feature = "webgpu")]
        Place::Gpu => gpu::cross_entropy(plain, weights, labels),
    };
    let slopes = slopes.reshape(logits.dims());
    let logits = logits.clone().into_dispatch();
    let loss = Dispatch::known(logits, loss.into_dispatch(), slopes.into_dispatch());
    Some((Tensor::from_dispatch(loss), correct))
}

/// A number that was computed with its gradient, as Burn routes it.
#[backend_extension(Flex: cfg(feature = "cpu"), Cube: cfg(feature = "webgpu"), Autodiff)]
pub trait Known: Backend {
    /// The `value`, of shape `[1]`, whose gradient by `input` is `slopes`.
    fn known(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        slopes: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

#[cfg(feature = "cpu")]
impl Known for burn::backend::Flex {
    fn known(
        _: FloatTensor<Self>,
        value: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        value
    }
}

#[cfg(feature = "webgpu")]
impl Known for burn::backend::wgpu::CubeBackend {
    fn known(
        _: FloatTensor<Self>,
        value: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        value
    }
}

impl<B: Known, C: CheckpointStrategy> Known for Autodiff<B, C> {
    fn known(
        input: FloatTensor<Self>,
        value: FloatTensor<Self>,
        slopes: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let (value, slopes) = (value.into_primitive(), slopes.into_primitive());
        match KnownSlopes.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(slopes, value),
            OpsKind::UnTracked(prep) => prep.finish(value),
        }
    }
}

#[derive(Debug)]
struct KnownSlopes;

impl<B: Backend> Backward<B, 1> for KnownSlopes {
    type State = FloatTensor<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut grads::Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let by_value = grads.consume::<B>(&ops.node);
        let [node] = ops.parents;
        if let Some(node) = node {
            let by_value = B::float_reshape(by_value, [1, 1].into());
            grads.register::<B>(node.id, B::float_mul(ops.state, by_value));
        }
    }
}
