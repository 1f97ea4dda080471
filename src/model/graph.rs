//! A network as the graph that [`cnn_lab_kernels::graph`] computes without tensors, where that covers
//! all its layers.

use cnn_lab_kernels::conv::{self, Block, Rectify};
use cnn_lab_kernels::graph::{Function, Node, Norm, Op};
use cnn_lab_kernels::window::Window as PoolWindow;

use crate::model::layer::conv_block_of;
use crate::model::network::Network;
use crate::model::shape::{Shape, same_padding, shape_at};
use crate::model::spec::{Activation, BatchNorm, Dense, LayerKind, Pool};

/// A graph in the making.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) nodes: Vec<Node>,
    /// The dropouts: their nodes, layers and rates.
    pub(crate) drops: Vec<(usize, usize, f32)>,
    /// How slowly the moving statistics of each normalisation follow.
    pub(crate) momenta: Vec<f64>,
}

impl Draft {
    /// Adds a node; the number of its value.
    fn push(&mut self, op: Op, inputs: &[usize], weights: &[usize], length: usize) -> usize {
        let (inputs, weights) = (inputs.to_vec(), weights.to_vec());
        self.nodes.push(Node { op, inputs, weights, length });
        self.nodes.len()
    }
}

/// The bounds of layers and activations that are nothing else.
fn bounds(kind: &LayerKind) -> Option<Rectify> {
    match kind {
        LayerKind::Activation(Activation::Relu) => Some(Rectify::Relu),
        LayerKind::Activation(Activation::Relu6) => Some(Rectify::Relu6),
        LayerKind::ReLU { max_value, negative_slope: 0.0, threshold: 0.0 } => match max_value {
            None => Some(Rectify::Relu),
            Some(6.0) => Some(Rectify::Relu6),
            Some(_) => None,
        },
        _ => None,
    }
}

/// An activation as a function of single numbers, where the graph has it.
fn function(activation: Activation) -> Option<Function> {
    Some(match activation {
        Activation::Relu => Function::Rectify(Rectify::Relu),
        Activation::Relu6 => Function::Rectify(Rectify::Relu6),
        Activation::Sigmoid => Function::Sigmoid,
        Activation::Tanh => Function::Tanh,
        Activation::Elu => Function::Elu { alpha: 1.0, scale: 1.0 },
        Activation::Selu => Function::Elu { alpha: 1.673_263_2, scale: 1.050_701 },
        Activation::LeakyRelu => Function::Leaky(0.2),
        _ => return None,
    })
}

impl Network {
    /// The graph of this network up to what its loss takes, in training; nothing where a layer is
    /// not covered or frozen. Its weights are [`params`](Self::params).
    pub(crate) fn draft(&self) -> Option<Draft> {
        let spec = self.spec();
        let mut draft = Draft::default();
        // The number of the graph's value after so many layers.
        let mut values = vec![0];
        while values.len() <= spec.layers.len() {
            let index = values.len() - 1;
            let layer = &spec.layers[index];
            let last = index + 1 == spec.layers.len();
            let [params, state] = self.places_of(index);
            if !(layer.trainable || params.is_empty() && state.is_empty()) {
                return None;
            }
            let params: Vec<usize> = params.collect();
            let inputs: Vec<usize> = layer.inputs.iter().map(|&input| values[input]).collect();
            let (shape, length) =
                (shape_at(spec, self.shapes(), layer.inputs[0]), self.shapes()[index].len());
            // What follows and can be computed with it.
            let next = self.only_user(index).filter(|_| index + 2 < spec.layers.len());
            let next_bounds = next.and_then(|next| bounds(&next.kind));
            let activation = layer.kind.activation().filter(|_| !last);
            let activation = activation.unwrap_or(Activation::Linear);
            let rectify = match activation {
                Activation::Relu => Rectify::Relu,
                Activation::Relu6 => Rectify::Relu6,
                _ => Rectify::No,
            };
            let bounded = rectify != Rectify::No || activation == Activation::Linear;
            // How many layers the node is.
            let mut layers = 1;
            let mut value = match (&layer.kind, shape) {
                (LayerKind::Conv2D(conv), Shape::Image([height, width, channels]))
                    if conv.groups == 1 =>
                {
                    let pool =
                        self.pool_after(index).filter(|_| bounded && index + 2 < spec.layers.len());
                    let (pool, length) = match pool {
                        None => (None, length),
                        Some(&Pool { pool_size, strides, .. }) => {
                            layers = 2;
                            let pool = conv::Pool { size: pool_size, strides };
                            (Some(pool), self.shapes()[index + 1].len())
                        }
                    };
                    let sides = [1, channels, height, width];
                    let block = conv_block_of(conv, sides, [[0, 0]; 2], rectify, pool);
                    draft.push(Op::Conv(block), &inputs, &params, length)
                }
                (LayerKind::Dense(Dense { units, .. }), Shape::Vector(inputs_length)) => {
                    let block = Block::dense(inputs_length, *units, rectify);
                    draft.push(Op::Conv(block), &inputs, &params, length)
                }
                (LayerKind::BatchNormalization(norm), shape) => {
                    let BatchNorm { momentum, epsilon, center, scale } = *norm;
                    draft.momenta.push(momentum);
                    layers += usize::from(next_bounds.is_some());
                    let norm = Norm {
                        channels: shape.channels(),
                        epsilon: epsilon as f32,
                        learned: [scale, center],
                        rectify: next_bounds.unwrap_or(Rectify::No),
                    };
                    draft.push(Op::Norm(norm), &inputs, &params, length)
                }
                (LayerKind::MaxPooling2D(pool), Shape::Image(sides)) => {
                    let window = window(pool, sides, self.shapes()[index])?;
                    draft.push(Op::Largest(window), &inputs, &[], length)
                }
                (LayerKind::AveragePooling2D(pool), Shape::Image(sides)) => {
                    let window = window(pool, sides, self.shapes()[index])?;
                    draft.push(Op::Mean(window), &inputs, &[], length)
                }
                (LayerKind::GlobalMaxPooling2D { .. }, Shape::Image(sides)) => {
                    draft.push(Op::Largest(whole(sides)), &inputs, &[], length)
                }
                (LayerKind::GlobalAveragePooling2D { .. }, Shape::Image(sides)) => {
                    draft.push(Op::Mean(whole(sides)), &inputs, &[], length)
                }
                (
                    LayerKind::Dropout { rate: 0.0 } | LayerKind::SpatialDropout2D { rate: 0.0 },
                    _,
                ) => inputs[0],
                (LayerKind::Dropout { rate }, _) => {
                    draft.drops.push((draft.nodes.len(), index, *rate));
                    draft.push(Op::Drop { factors: length }, &inputs, &[], length)
                }
                (LayerKind::SpatialDropout2D { rate }, Shape::Image([_, _, channels])) => {
                    draft.drops.push((draft.nodes.len(), index, *rate));
                    draft.push(Op::Drop { factors: channels }, &inputs, &[], length)
                }
                (LayerKind::Add, _) => {
                    layers += usize::from(next_bounds.is_some());
                    let rectify = next_bounds.unwrap_or(Rectify::No);
                    draft.push(Op::Add(rectify), &inputs, &[], length)
                }
                (LayerKind::Concatenate, _) => {
                    let shapes =
                        layer.inputs.iter().map(|&input| shape_at(spec, self.shapes(), input));
                    let channels = shapes.map(Shape::channels).collect();
                    draft.push(Op::Concatenate(channels), &inputs, &[], length)
                }
                (LayerKind::Rescaling { scale, offset }, _) => {
                    let [factor, offset] = [*scale, *offset].map(|number| number as f32);
                    let line = Function::Line { factor, offset };
                    draft.push(Op::Each(line), &inputs, &[], length)
                }
                (LayerKind::LeakyReLU { negative_slope }, _) if *negative_slope > 0.0 => {
                    let leaky = Function::Leaky(*negative_slope as f32);
                    draft.push(Op::Each(leaky), &inputs, &[], length)
                }
                (LayerKind::ELU { alpha }, _) if *alpha > 0.0 => {
                    let elu = Function::Elu { alpha: *alpha as f32, scale: 1.0 };
                    draft.push(Op::Each(elu), &inputs, &[], length)
                }
                (kind @ LayerKind::ReLU { .. }, _) => {
                    let rectify = Function::Rectify(bounds(kind)?);
                    draft.push(Op::Each(rectify), &inputs, &[], length)
                }
                // With the channels last it lies so already; of these only the activation is left.
                (LayerKind::Flatten | LayerKind::Activation(_) | LayerKind::Softmax, _) => {
                    inputs[0]
                }
                _ => return None,
            };
            let done = matches!(layer.kind, LayerKind::Conv2D(_) | LayerKind::Dense(_)) && bounded;
            if !done && activation != Activation::Linear {
                let each = Op::Each(function(activation)?);
                value = draft.push(each, &[value], &[], length);
            }
            values.extend(std::iter::repeat_n(value, layers));
        }
        // The last value is the last node's.
        (values.last() == Some(&draft.nodes.len()) && !draft.nodes.is_empty()).then_some(draft)
    }
}

fn window(pool: &Pool, input: [usize; 3], output: Shape) -> Option<PoolWindow> {
    let Shape::Image([tall, wide, _]) = output else { return None };
    let Pool { pool_size, strides, padding } = *pool;
    let [height, width, _] = input;
    let before =
        same_padding([height, width], pool_size, strides, padding).map(|(before, _)| before);
    Some(PoolWindow { input, size: pool_size, strides, before, output: [tall, wide] })
}

/// One window over all of a picture.
fn whole(input: [usize; 3]) -> PoolWindow {
    let [height, width, _] = input;
    PoolWindow { input, size: [height, width], strides: [1, 1], before: [0, 0], output: [1, 1] }
}
