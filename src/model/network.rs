//! The computation of a model over Burn tensors: weights, forward, gradients, taps.
//!
//! Inside, pictures are `[batch, channels, height, width]` as Burn has them; `Flatten` goes
//! back to Keras's order (height, width, channels), so that the rows of a Dense kernel mean
//! what they mean in Keras. Every parameter is a flat tensor with its shape beside it: the
//! optimizer, the checkpoint and, later, the sum over workers treat all alike.

use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::data::prepare::Target;
use crate::data::preprocess::Preprocessing;
use crate::error::Result;
use crate::model::shape::{Shape, infer, same_padding};
use crate::model::spec::{Activation, LayerKind, ModelSpec, Pool};
use crate::random::{Purpose, Stream};
use crate::train::loss::cross_entropy;

/// A trainable parameter: its name, such as `conv2d/kernel`, and its shape.
///
/// A convolution's kernel is `[filters, channels, height, width]`, a dense one
/// `[inputs, units]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamInfo {
    /// Layer and role, such as `dense/bias`.
    pub name: String,
    /// Its sizes; their product is the length of the flat tensor.
    pub shape: Vec<usize>,
}

/// A value between two layers.
#[derive(Clone, Debug)]
pub enum Value {
    /// `[batch, channels, height, width]`.
    Image(Tensor<4>),
    /// `[batch, length]`.
    Vector(Tensor<2>),
}

/// Whether the network is being trained, which Dropout wants to know.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Dropout does nothing.
    Inference,
    /// Dropout draws its masks from this seed and step, for a share of the batch that
    /// begins at its example number `first`.
    Training {
        /// The run's seed.
        seed: u64,
        /// The number of the training step, over the whole life of the weights.
        step: u64,
        /// The place of the share's first example in the whole batch.
        first: usize,
    },
}

/// What one share of a batch gives. Summed over shares in their order, it is what the
/// whole batch gives.
#[derive(Debug)]
pub struct Share {
    /// `[sum of losses / whole batch, number of correct examples]`, on the device.
    pub metrics: Tensor<1>,
    /// The gradient of the batch's mean loss, one flat tensor a parameter.
    pub gradients: Vec<Tensor<1>>,
}

/// A model with its weights on a device.
#[derive(Clone, Debug)]
pub struct Network {
    spec: ModelSpec,
    shapes: Vec<Shape>,
    infos: Vec<ParamInfo>,
    /// The weights, in the order of [`param_infos`](Self::param_infos).
    pub params: Vec<Tensor<1>>,
    /// What pictures go through before the first layer; the weights were trained behind it.
    pub preprocessing: Preprocessing,
    device: Device,
}

impl Network {
    /// A network with fresh weights: Glorot-uniform kernels (Glorot and Bengio 2010, in
    /// Keras's form) and zero biases, drawn on the host from `seed`.
    ///
    /// # Errors
    /// `spec` as [`infer`] gives it.
    pub fn new(spec: ModelSpec, seed: u64, device: &Device) -> Result<Self> {
        let shapes = infer(&spec)?;
        let infos = param_infos(&spec, &shapes);
        let params = infos
            .iter()
            .enumerate()
            .map(|(index, info)| {
                let values = initial_values(info, seed, index);
                Tensor::from_data(TensorData::new(values.clone(), [values.len()]), device)
            })
            .collect();
        let preprocessing = Preprocessing::default();
        Ok(Self { spec, shapes, infos, params, preprocessing, device: device.clone() })
    }

    /// The model's spec.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The output shape of every layer.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Name and shape of every parameter.
    pub fn param_infos(&self) -> &[ParamInfo] {
        &self.infos
    }

    /// The device that the weights are on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Number of classes: the length of the output.
    pub fn classes(&self) -> usize {
        self.shapes.last().map_or(0, |shape| shape.len())
    }

    /// The logits `[batch, classes]` of preprocessed pictures `[batch, channels, height,
    /// width]`: the network without its final softmax.
    pub fn logits(&self, pictures: Tensor<4>) -> Tensor<2> {
        self.run(&self.params, pictures, Mode::Inference)
    }

    /// The output of layer number `layer`, its activation applied.
    pub fn tap(&self, pictures: Tensor<4>, layer: usize) -> Value {
        let mut value = Value::Image(pictures);
        let mut params = self.params.iter();
        for index in 0..=layer {
            let (layer, shape) = (&self.spec.layers[index].kind, self.input_shape(index));
            value = forward(layer, shape, value, &mut params, Mode::Inference, index, true);
        }
        value
    }

    /// Loss, accuracy and gradients of a share of a batch of `batch` examples in all, with a
    /// weight for each class, or none.
    pub fn gradients(
        &self,
        pictures: Tensor<4>,
        targets: &[Target],
        class_weights: &[f32],
        batch: usize,
        mode: Mode,
    ) -> Share {
        // New leaves every step: the last step's graph went with its backward pass.
        let leaves: Vec<_> =
            self.params.iter().map(|param| param.clone().autodiff().require_grad()).collect();
        let logits = self.run(&leaves, pictures, mode);
        let (loss, correct) = cross_entropy(logits, targets, class_weights, &self.device);
        let loss = loss / batch as f64;
        let mut gradients = loss.backward();
        let gradients = leaves
            .iter()
            .map(|leaf| {
                leaf.grad_remove(&mut gradients).unwrap_or_else(|| leaf.zeros_like().inner())
            })
            .collect();
        Share { metrics: Tensor::cat(vec![loss.inner(), correct.inner()], 0), gradients }
    }

    fn run(&self, params: &[Tensor<1>], pictures: Tensor<4>, mode: Mode) -> Tensor<2> {
        let mut value = Value::Image(pictures);
        let mut params = params.iter();
        let last = self.spec.layers.len() - 1;
        for (index, layer) in self.spec.layers.iter().enumerate() {
            let shape = self.input_shape(index);
            // The loss takes logits, so a softmax at the very end is left out.
            value = forward(&layer.kind, shape, value, &mut params, mode, index, index < last);
        }
        match value {
            Value::Vector(logits) => logits,
            // `infer` refuses a network that ends with pictures.
            Value::Image(pictures) => pictures.flatten(1, 3),
        }
    }

    fn input_shape(&self, layer: usize) -> Shape {
        match layer {
            0 => Shape::Image(self.spec.input_shape),
            _ => self.shapes[layer - 1],
        }
    }
}

fn param_infos(spec: &ModelSpec, shapes: &[Shape]) -> Vec<ParamInfo> {
    let mut infos = Vec::new();
    let mut input = Shape::Image(spec.input_shape);
    for (layer, output) in spec.layers.iter().zip(shapes) {
        let mut add = |role: &str, shape: Vec<usize>| {
            infos.push(ParamInfo { name: format!("{}/{role}", layer.name), shape });
        };
        match (&layer.kind, input) {
            (
                LayerKind::Conv2D { filters, kernel_size: [height, width], use_bias, .. },
                Shape::Image([_, _, channels]),
            ) => {
                add("kernel", vec![*filters, channels, *height, *width]);
                if *use_bias {
                    add("bias", vec![*filters]);
                }
            }
            (LayerKind::Dense { units, use_bias, .. }, Shape::Vector(length)) => {
                add("kernel", vec![length, *units]);
                if *use_bias {
                    add("bias", vec![*units]);
                }
            }
            _ => {}
        }
        input = *output;
    }
    infos
}

fn initial_values(info: &ParamInfo, seed: u64, index: usize) -> Vec<f32> {
    let length = info.shape.iter().product();
    let (fan_in, fan_out) = match info.shape.as_slice() {
        [filters, channels, height, width] => (channels * height * width, filters * height * width),
        [inputs, units] => (*inputs, *units),
        _ => return vec![0.0; length], // a bias
    };
    let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
    let mut stream = Stream::new(seed, Purpose::Weights, index, 0);
    (0..length).map(|_| stream.uniform(-limit, limit)).collect()
}

/// One layer. `softmax` says whether a softmax activation is applied or left to the loss.
fn forward<'a>(
    kind: &LayerKind,
    input: Shape,
    value: Value,
    params: &mut impl Iterator<Item = &'a Tensor<1>>,
    mode: Mode,
    index: usize,
    softmax: bool,
) -> Value {
    let act = |value: Value, function: Activation| {
        if function == Activation::Softmax && !softmax { value } else { activate(value, function) }
    };
    match (kind, value) {
        (
            LayerKind::Conv2D { filters, kernel_size, strides, padding, activation, use_bias },
            Value::Image(pictures),
        ) => {
            let [_, channels, height, width] = pictures.dims();
            let kernel = next(params).reshape([*filters, channels, kernel_size[0], kernel_size[1]]);
            let bias = use_bias.then(|| next(params));
            let padding = same_padding([height, width], *kernel_size, *strides, *padding);
            let mut options = ConvOptions::new(*strides, [0, 0], [1, 1], 1);
            options.padding = padding;
            act(Value::Image(conv2d(pictures, kernel, bias, options)), *activation)
        }
        (LayerKind::MaxPooling2D(pool), Value::Image(pictures)) => {
            let Pool { pool_size, strides, .. } = *pool;
            let mut options = MaxPoolOptions::new(pool_size).with_stride(strides);
            options.padding = pool_padding(pool, &pictures);
            Value::Image(max_pool2d(pictures, options))
        }
        (LayerKind::AveragePooling2D(pool), Value::Image(pictures)) => {
            let Pool { pool_size, strides, .. } = *pool;
            let mut options = AvgPoolOptions::new(pool_size).with_stride(strides);
            options.padding = pool_padding(pool, &pictures);
            // Keras averages over the pixels that are there, not over the zeros around them.
            options.count_include_pad = false;
            Value::Image(avg_pool2d(pictures, options))
        }
        (LayerKind::Flatten, Value::Image(pictures)) => {
            Value::Vector(pictures.permute([0, 2, 3, 1]).flatten(1, 3))
        }
        (LayerKind::Dense { units, activation, use_bias, .. }, Value::Vector(vectors)) => {
            let inputs = vectors.dims()[1];
            let mut sums = vectors.matmul(next(params).reshape([inputs, *units]));
            if *use_bias {
                sums = sums + next(params).reshape([1, *units]);
            }
            act(Value::Vector(sums), *activation)
        }
        (LayerKind::Activation(function), value) => act(value, *function),
        (LayerKind::Dropout { rate }, value) => drop_out(value, input, *rate, mode, index),
        // Flatten of a vector; the other pairs `infer` has refused.
        (_, value) => value,
    }
}

/// The next parameter in the order of `param_infos`.
fn next<'a>(params: &mut impl Iterator<Item = &'a Tensor<1>>) -> Tensor<1> {
    params.next().expect("param_infos lists a parameter for every use in forward").clone()
}

fn pool_padding(pool: &Pool, pictures: &Tensor<4>) -> [(usize, usize); 2] {
    let [_, _, height, width] = pictures.dims();
    same_padding([height, width], pool.pool_size, pool.strides, pool.padding)
}

fn activate(value: Value, function: Activation) -> Value {
    match value {
        Value::Image(pictures) => Value::Image(activate_along(pictures, function, 1)),
        Value::Vector(vectors) => Value::Vector(activate_along(vectors, function, 1)),
    }
}

/// Keras's softmax goes along the last axis, the channels, which is axis `channels` here.
fn activate_along<const D: usize>(
    values: Tensor<D>,
    function: Activation,
    channels: usize,
) -> Tensor<D> {
    match function {
        Activation::Linear => values,
        Activation::Relu => activation::relu(values),
        Activation::Sigmoid => activation::sigmoid(values),
        Activation::Tanh => activation::tanh(values),
        Activation::Softmax => activation::softmax(values, channels),
        Activation::Elu => activation::elu(values, 1.0),
        Activation::Selu => activation::selu(values),
        Activation::Gelu => activation::gelu(values),
        Activation::Silu => activation::silu(values),
        Activation::LeakyRelu => activation::leaky_relu(values, 0.2),
    }
}

/// Inverted dropout (Srivastava and others 2014): in training each value is zero with
/// probability `rate` and otherwise divided by `1 - rate`. The mask is drawn on the host,
/// in the order height, width, channels, so that it is the same on every device and for
/// every way of sharing the batch out.
fn drop_out(value: Value, shape: Shape, rate: f32, mode: Mode, index: usize) -> Value {
    let Mode::Training { seed, step, first } = mode else { return value };
    if rate == 0.0 {
        return value;
    }
    let mut stream = Stream::new(seed, Purpose::Dropout, index, step);
    stream.seek(first as u64 * shape.len() as u64);
    let keep = 1.0 / (1.0 - rate);
    let mut mask = |length| -> Vec<f32> {
        (0..length).map(|_| if stream.unit() < rate { 0.0 } else { keep }).collect()
    };
    match value {
        Value::Image(pictures) => {
            let [batch, channels, height, width] = pictures.dims();
            let mask = TensorData::new(
                mask(batch * channels * height * width),
                [batch, height, width, channels],
            );
            let mask = Tensor::<4>::from_data(mask, &pictures.device().inner());
            Value::Image(pictures * mask.permute([0, 3, 1, 2]))
        }
        Value::Vector(vectors) => {
            let [batch, length] = vectors.dims();
            let mask = TensorData::new(mask(batch * length), [batch, length]);
            let mask = Tensor::<2>::from_data(mask, &vectors.device().inner());
            Value::Vector(vectors * mask)
        }
    }
}
