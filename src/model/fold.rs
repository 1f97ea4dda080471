//! Several layers as one operation of our kernels, where a batch normalisation goes by fixed
//! numbers: border, convolution, normalisation and rectifier.
//!
//! Normalising is then one multiplication and one addition a channel, which a convolution before it
//! takes into its kernel and its bias (Jacob and others 2018, section 3.2): the pictures are gone
//! through once in place of four times. Layer by layer, `layer.rs` computes the same; see
//! `tests/base.rs`.

use burn::tensor::Tensor;
use cnn_lab_kernels::conv::Rectify;

use crate::fast;
use crate::model::layer::{Mode, Value, conv_block_of, depthwise_of, learned};
use crate::model::network::{Network, Pass};
use crate::model::spec::{Activation, BatchNorm, LayerKind, Padding};

impl Network {
    /// The output of the layers that begin at `index`, and the number of the last of them; nothing
    /// where they are others, or the device is not covered.
    pub(super) fn folded(
        &self,
        index: usize,
        inputs: &[Value],
        pass: &Pass,
    ) -> Option<(usize, Value)> {
        let [Value::Image(pictures)] = inputs else { return None };
        let layers = &self.spec().layers;
        let (mut border, mut at) = ([[0, 0], [0, 0]], index);
        if let LayerKind::ZeroPadding2D { padding } = layers[at].kind {
            border = padding;
            self.only_user(at)?;
            at += 1;
        }
        let window = match &layers[at].kind {
            LayerKind::Conv2D(conv)
                if conv.groups == 1 && conv.activation == Activation::Linear =>
            {
                conv.window
            }
            LayerKind::DepthwiseConv2D(conv)
                if conv.depth_multiplier == 1 && conv.activation == Activation::Linear =>
            {
                conv.window
            }
            _ => return None,
        };
        if border != [[0, 0], [0, 0]] && window.padding == Padding::Same {
            return None;
        }
        let conv = at;
        let LayerKind::BatchNormalization(norm) = self.only_user(at)?.kind else { return None };
        at += 1;
        let is_fixed = matches!(pass.mode, Mode::Inference) || !layers[at].trainable;
        if !is_fixed || at > pass.until || !fast::on_cpu(&pictures.device()) {
            return None;
        }
        let norm_at = at;
        let mut rectify = Rectify::No;
        if let Some(found) = self.only_user(at).and_then(|next| rectifier(&next.kind))
            && at < pass.until
            && (at + 1 < pass.until || pass.activated)
        {
            (rectify, at) = (found, at + 1);
        }
        let (own, _) = self.weights_of(pass, conv);
        let norms = self.weights_of(pass, norm_at);
        let (kernel, bias) = fold(&norm, own, norms);
        let pictures = pictures.clone();
        let output = match &layers[conv].kind {
            LayerKind::Conv2D(conv) => {
                let block = conv_block_of(conv, pictures.dims(), border, rectify, None);
                fast::conv_block(pictures, kernel, Some(bias), block)
            }
            LayerKind::DepthwiseConv2D(conv) => {
                let block = depthwise_of(conv, pictures.dims(), border, rectify);
                fast::depthwise(pictures, kernel, Some(bias), block)
            }
            _ => None,
        };
        Some((at, Value::Image(output?)))
    }
}

/// What a layer does, where it is a rectifier that our kernels have.
fn rectifier(kind: &LayerKind) -> Option<Rectify> {
    match *kind {
        LayerKind::ReLU { max_value: None, negative_slope: 0.0, threshold: 0.0 }
        | LayerKind::Activation(Activation::Relu) => Some(Rectify::Relu),
        LayerKind::ReLU { max_value: Some(6.0), negative_slope: 0.0, threshold: 0.0 }
        | LayerKind::Activation(Activation::Relu6) => Some(Rectify::Relu6),
        _ => None,
    }
}

/// Kernel and bias of a convolution with these weights and the normalisation after it.
fn fold(
    norm: &BatchNorm,
    own: &[Tensor<1>],
    (learnt, moving): (&[Tensor<1>], &[Tensor<1>]),
) -> (Tensor<1>, Tensor<1>) {
    let [mean, variance] = [moving[0].clone(), moving[1].clone()];
    let filters = mean.dims()[0];
    let (gamma, beta) = learned(norm, filters, &mean.device(), learnt);
    let scale = gamma / (variance + norm.epsilon).sqrt();
    let length = own[0].dims()[0];
    let kernel = own[0].clone().reshape([filters, length / filters]);
    let kernel = (kernel * scale.clone().reshape([filters, 1])).reshape([length]);
    let shift = match own.get(1) {
        Some(bias) => bias.clone() - mean,
        None => -mean,
    };
    (kernel, beta + shift * scale)
}
