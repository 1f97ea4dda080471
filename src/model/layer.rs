//! What each layer computes, over Burn's tensors.
//!
//! Pictures are `[batch, channels, height, width]` as Burn has them, where Keras has the
//! channels last; [`LayerKind::Flatten`] goes back to Keras's order (height, width,
//! channels), so that the rows of a Dense kernel mean what they mean in Keras. Whatever
//! reaches a layer here, `shape.rs` has checked.

use burn::tensor::module::{avg_pool2d, batch_norm, batch_norm_train, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions, PadMode};
use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};

#[cfg(feature = "kernels")]
use cnn_lab_kernels::conv::{self, Block, Order, Rectify};
#[cfg(feature = "cpu")]
use cnn_lab_kernels::depthwise::Depthwise;

#[cfg(feature = "kernels")]
use crate::fast;
use crate::model::shape::same_padding;
use crate::model::spec::{
    Activation, BatchNorm, Conv, Dense, DepthwiseConv, Interpolation, LayerKind, Pool,
    SeparableConv, Window,
};
use crate::random::{Purpose, Stream};

/// A value between two layers.
#[derive(Clone, Debug)]
pub enum Value {
    /// `[batch, channels, height, width]`.
    Image(Tensor<4>),
    /// `[batch, length]`.
    Vector(Tensor<2>),
}

impl Value {
    /// The values of a batch, one after another.
    pub fn flatten(self) -> Tensor<1> {
        match self {
            Value::Image(pictures) => pictures.flatten(0, 3),
            Value::Vector(vectors) => vectors.flatten(0, 1),
        }
    }

    /// Zeros of the same shape, whose gradient is asked for.
    pub(super) fn zeros(&self) -> Value {
        match self {
            Value::Image(one) => Value::Image(leaf(one.dims(), &one.device())),
            Value::Vector(one) => Value::Vector(leaf(one.dims(), &one.device())),
        }
    }

    /// The sum of two values of the same shape.
    pub(super) fn plus(self, other: Value) -> Value {
        match (self, other) {
            (Value::Image(one), Value::Image(other)) => Value::Image(one + other),
            (Value::Vector(one), Value::Vector(other)) => Value::Vector(one + other),
            (one, _) => one,
        }
    }

    /// The same without what it was computed from.
    pub(super) fn off_graph(self) -> Value {
        match self {
            Value::Image(one) => Value::Image(one.inner()),
            Value::Vector(one) => Value::Vector(one.inner()),
        }
    }

    /// The gradient by this one of the `zeros`.
    pub(super) fn gradient(&self, gradients: &mut Gradients) -> Value {
        match self {
            Value::Image(one) => Value::Image(gradient(one, gradients)),
            Value::Vector(one) => Value::Vector(gradient(one, gradients)),
        }
    }
}

fn leaf<const D: usize>(dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::zeros(dims, &device.clone().inner()).autodiff().require_grad()
}

/// Zeros where nothing depends on it.
pub(super) fn gradient<const D: usize>(of: &Tensor<D>, gradients: &mut Gradients) -> Tensor<D> {
    of.grad_remove(gradients).unwrap_or_else(|| of.zeros_like().inner())
}

/// Whether the network is being trained, which Dropout and BatchNormalization want to know.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Dropout does nothing, and batches are normalised by the moving statistics.
    Inference,
    /// Dropout draws its masks from this seed and step, for a share of the batch that
    /// begins at its example number `first`; batches are normalised by their own statistics.
    Training {
        /// The run's seed.
        seed: u64,
        /// The number of the training step, over the whole life of the weights.
        step: u64,
        /// The place of the share's first example in the whole batch.
        first: usize,
    },
}

/// What a layer computes with besides its inputs.
pub(super) struct Context<'a> {
    /// Its trainable weights, in the order of `weights.rs`.
    pub(super) params: &'a [Tensor<1>],
    /// Its weights that follow the data.
    pub(super) state: &'a [Tensor<1>],
    pub(super) mode: Mode,
    /// Its place in the list, which tells its random draws from other layers'.
    pub(super) index: usize,
    /// Whether its named activation is applied, or left to the loss.
    pub(super) activated: bool,
    /// Takes what the batch says of `state`, while training.
    pub(super) statistics: &'a mut Vec<Tensor<1>>,
}

impl Context<'_> {
    fn param(&self, place: usize) -> Tensor<1> {
        self.params[place].clone()
    }
}

/// One layer's output.
pub(super) fn forward(kind: &LayerKind, mut inputs: Vec<Value>, cx: &mut Context) -> Value {
    if kind.merges() {
        return merge(kind, inputs);
    }
    let input = inputs.swap_remove(0);
    let output = match (kind, input) {
        (LayerKind::Conv2D(conv), Value::Image(pictures)) => {
            Value::Image(convolve(conv, pictures, cx))
        }
        (LayerKind::DepthwiseConv2D(conv), Value::Image(pictures)) => {
            let DepthwiseConv { window, depth_multiplier, bias, .. } = conv;
            let bias = bias.map(|_| cx.param(1));
            Value::Image(depthwise(pictures, cx.param(0), bias, window, *depth_multiplier))
        }
        (LayerKind::SeparableConv2D(conv), Value::Image(pictures)) => {
            let SeparableConv { filters, window, depth_multiplier, bias, .. } = conv;
            let between = depthwise(pictures, cx.param(0), None, window, *depth_multiplier);
            let channels = between.dims()[1];
            let kernel = cx.param(1).reshape([*filters, channels, 1, 1]);
            let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
            Value::Image(conv2d(between, kernel, bias.map(|_| cx.param(2)), options))
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
        (LayerKind::GlobalMaxPooling2D { keepdims }, Value::Image(pictures)) => {
            pooled(pictures.flatten::<3>(2, 3).max_dim(2), *keepdims)
        }
        (LayerKind::GlobalAveragePooling2D { keepdims }, Value::Image(pictures)) => {
            pooled(pictures.flatten::<3>(2, 3).mean_dim(2), *keepdims)
        }
        (LayerKind::Flatten, Value::Image(pictures)) => {
            Value::Vector(pictures.permute([0, 2, 3, 1]).flatten(1, 3))
        }
        (LayerKind::Dense(Dense { units, bias, .. }), Value::Vector(vectors)) => {
            let inputs = vectors.dims()[1];
            let sums = vectors.matmul(cx.param(0).reshape([inputs, *units]));
            Value::Vector(match bias {
                Some(_) => sums + cx.param(1).reshape([1, *units]),
                None => sums,
            })
        }
        (LayerKind::Dropout { rate }, value) => drop_out(value, *rate, cx),
        (LayerKind::SpatialDropout2D { rate }, Value::Image(pictures)) => {
            Value::Image(drop_channels(pictures, *rate, cx))
        }
        (LayerKind::BatchNormalization(norm), Value::Image(pictures)) => {
            Value::Image(normalise(norm, pictures, cx))
        }
        (LayerKind::BatchNormalization(norm), Value::Vector(vectors)) => {
            Value::Vector(normalise(norm, vectors, cx))
        }
        (LayerKind::UpSampling2D { size, interpolation }, Value::Image(pictures)) => {
            Value::Image(match interpolation {
                Interpolation::Nearest => repeat(pictures, *size),
                Interpolation::Bilinear => blend(pictures, *size),
            })
        }
        (LayerKind::ZeroPadding2D { padding }, Value::Image(pictures)) => {
            let border = padding.map(|[before, after]| (before, after));
            Value::Image(match padding {
                [[0, 0], [0, 0]] => pictures,
                _ => pictures.pad(border, PadMode::Constant(0.0)),
            })
        }
        (kind, Value::Image(pictures)) => Value::Image(value_by_value(kind, pictures)),
        (kind, Value::Vector(vectors)) => Value::Vector(value_by_value(kind, vectors)),
    };
    match kind.activation().filter(|_| cx.activated) {
        Some(function) => activate(output, function),
        None => output,
    }
}

/// One layer's output by our own kernels, and the pooling after it too where one is given; nothing
/// where they do not cover the layer or the device.
#[cfg(feature = "kernels")]
pub(super) fn forward_fast(
    kind: &LayerKind,
    inputs: &[Value],
    pool: Option<&Pool>,
    cx: &mut Context,
) -> Option<Value> {
    let input = inputs.first()?;
    let activation = kind.activation().filter(|_| cx.activated).unwrap_or(Activation::Linear);
    let rectify = match activation {
        Activation::Relu => Rectify::Relu,
        Activation::Relu6 => Rectify::Relu6,
        _ => Rectify::No,
    };
    let rectifies = rectify != Rectify::No;
    let pool = pool.map(|&Pool { pool_size, strides, .. }| conv::Pool { size: pool_size, strides });
    if pool.is_some() && !rectifies && activation != Activation::Linear {
        return None;
    }
    let output = match (kind, input) {
        (LayerKind::Conv2D(conv), Value::Image(pictures)) if conv.groups == 1 => {
            let block = conv_block_of(conv, pictures.dims(), [[0, 0], [0, 0]], rectify, pool);
            let bias = conv.bias.map(|_| cx.param(1));
            Value::Image(fast::conv_block(pictures.clone(), cx.param(0), bias, block)?)
        }
        #[cfg(feature = "cpu")]
        (LayerKind::DepthwiseConv2D(conv), Value::Image(pictures))
            if conv.depth_multiplier == 1 =>
        {
            let block = depthwise_of(conv, pictures.dims(), [[0, 0], [0, 0]], rectify);
            let bias = conv.bias.map(|_| cx.param(1));
            Value::Image(fast::depthwise(pictures.clone(), cx.param(0), bias, block)?)
        }
        (LayerKind::Dense(dense), Value::Vector(vectors)) if pool.is_none() => {
            let [batch, inputs] = vectors.dims();
            let block = Block::dense(inputs, dense.units, rectify);
            let bias = dense.bias.map(|_| cx.param(1));
            let pixels = vectors.clone().reshape([batch, inputs, 1, 1]);
            let output = fast::conv_block(pixels, cx.param(0), bias, block)?;
            Value::Vector(output.reshape([batch, dense.units]))
        }
        #[cfg(feature = "cpu")]
        (LayerKind::BatchNormalization(norm), Value::Image(pictures))
            if matches!(cx.mode, Mode::Training { .. }) =>
        {
            let (gamma, beta) = learned(norm, pictures.dims()[1], &pictures.device(), cx.params);
            let (output, moments) = fast::batch_norm(pictures.clone(), gamma, beta, norm.epsilon)?;
            cx.statistics.extend(moments);
            return Some(Value::Image(output));
        }
        // Burn's operations, but along the numbers as our kernels leave them, and want them again.
        (LayerKind::Add, Value::Image(_)) => {
            let parts = inputs.iter().filter_map(|input| match input {
                Value::Image(pictures) => Some(pictures.clone().permute(CHANNELS_LAST)),
                Value::Vector(_) => None,
            });
            let sum = parts.reduce(|sum, part| sum + part)?;
            return Some(Value::Image(sum.permute(CHANNELS_FIRST)));
        }
        (LayerKind::ReLU { .. } | LayerKind::LeakyReLU { .. }, Value::Image(pictures)) => {
            let values = pictures.clone().permute(CHANNELS_LAST);
            let output = value_by_value(kind, values).permute(CHANNELS_FIRST);
            return Some(Value::Image(output));
        }
        _ => return None,
    };
    Some(if rectifies { output } else { activate(output, activation) })
}

/// A convolution of pictures with these sizes as our kernels take it, with a border besides its own.
#[cfg(feature = "kernels")]
pub(super) fn conv_block_of(
    conv: &Conv,
    [_, channels, height, width]: [usize; 4],
    border: [[usize; 2]; 2],
    rectify: Rectify,
    pool: Option<conv::Pool>,
) -> Block {
    let Window { kernel_size, strides, dilation_rate, .. } = conv.window;
    Block {
        input: [height, width, channels],
        filters: conv.filters,
        kernel: kernel_size,
        strides,
        dilation: dilation_rate,
        padding: around(&conv.window, [height, width], border),
        order: Order::FiltersFirst,
        rectify,
        pool,
    }
}

/// The same of a depthwise convolution.
#[cfg(feature = "cpu")]
pub(super) fn depthwise_of(
    conv: &DepthwiseConv,
    [_, channels, height, width]: [usize; 4],
    border: [[usize; 2]; 2],
    rectify: Rectify,
) -> Depthwise {
    let Window { kernel_size, strides, dilation_rate, .. } = conv.window;
    Depthwise {
        input: [height, width, channels],
        kernel: kernel_size,
        strides,
        dilation: dilation_rate,
        padding: around(&conv.window, [height, width], border),
        rectify,
    }
}

/// The zeros around pictures of this height and width: a window's own, and a border.
#[cfg(feature = "kernels")]
fn around(window: &Window, sides: [usize; 2], border: [[usize; 2]; 2]) -> [[usize; 2]; 2] {
    let own = same_padding(sides, window.span(), window.strides, window.padding);
    [0, 1].map(|axis| [own[axis].0 + border[axis][0], own[axis].1 + border[axis][1]])
}

/// The axes of pictures in another order, and the way back.
#[cfg(feature = "kernels")]
const CHANNELS_LAST: [isize; 4] = [0, 2, 3, 1];
#[cfg(feature = "kernels")]
const CHANNELS_FIRST: [isize; 4] = [0, 3, 1, 2];

fn merge(kind: &LayerKind, inputs: Vec<Value>) -> Value {
    let (mut pictures, mut vectors) = (Vec::new(), Vec::new());
    for input in inputs {
        match input {
            Value::Image(one) => pictures.push(one),
            Value::Vector(one) => vectors.push(one),
        }
    }
    fn joined<const D: usize>(kind: &LayerKind, parts: Vec<Tensor<D>>) -> Option<Tensor<D>> {
        match kind {
            LayerKind::Concatenate => (!parts.is_empty()).then(|| Tensor::cat(parts, 1)),
            _ => parts.into_iter().reduce(|sum, part| sum + part),
        }
    }
    match joined(kind, pictures) {
        Some(pictures) => Value::Image(pictures),
        None => Value::Vector(joined(kind, vectors).expect("infer wants two inputs or more")),
    }
}

fn convolve(conv: &Conv, pictures: Tensor<4>, cx: &Context) -> Tensor<4> {
    let Conv { filters, window, groups, bias, .. } = conv;
    let [height, width] = window.kernel_size;
    let inputs = pictures.dims()[1] / groups;
    let kernel = cx.param(0).reshape([*filters, inputs, height, width]);
    let options = conv_options(window, &pictures, *groups);
    conv2d(pictures, kernel, bias.map(|_| cx.param(1)), options)
}

fn depthwise(
    pictures: Tensor<4>,
    kernel: Tensor<1>,
    bias: Option<Tensor<1>>,
    window: &Window,
    multiplier: usize,
) -> Tensor<4> {
    let channels = pictures.dims()[1];
    let [height, width] = window.kernel_size;
    let kernel = kernel.reshape([channels * multiplier, 1, height, width]);
    let options = conv_options(window, &pictures, channels);
    conv2d(pictures, kernel, bias, options)
}

fn conv_options(window: &Window, pictures: &Tensor<4>, groups: usize) -> ConvOptions<2> {
    let [_, _, height, width] = pictures.dims();
    let Window { strides, padding, dilation_rate, .. } = *window;
    let mut options = ConvOptions::new(strides, [0, 0], dilation_rate, groups);
    options.padding = same_padding([height, width], window.span(), strides, padding);
    options
}

fn pool_padding(pool: &Pool, pictures: &Tensor<4>) -> [(usize, usize); 2] {
    let [_, _, height, width] = pictures.dims();
    same_padding([height, width], pool.pool_size, pool.strides, pool.padding)
}

/// `[batch, channels, 1]` as a vector a picture, or as a picture of one pixel.
fn pooled(values: Tensor<3>, keepdims: bool) -> Value {
    let [batch, channels, _] = values.dims();
    if keepdims {
        Value::Image(values.reshape([batch, channels, 1, 1]))
    } else {
        Value::Vector(values.reshape([batch, channels]))
    }
}

/// Batch normalisation (Ioffe and Szegedy 2015) over axis 1: in training by the batch's own
/// mean and biased variance, which the moving statistics will follow; otherwise by those.
fn normalise<const D: usize>(norm: &BatchNorm, values: Tensor<D>, cx: &mut Context) -> Tensor<D> {
    let epsilon = norm.epsilon;
    let (gamma, beta) = learned(norm, values.dims()[1], &values.device(), cx.params);
    match cx.mode {
        Mode::Inference => {
            let [mean, variance] = [0, 1].map(|place| cx.state[place].clone());
            batch_norm(values, gamma, beta, mean, variance, epsilon)
        }
        Mode::Training { .. } => {
            let trained = batch_norm_train(values, gamma, beta, epsilon);
            cx.statistics.extend([trained.mean, trained.variance]);
            trained.output
        }
    }
}

/// What a batch normalisation learned: gamma and beta, or what they are where it has none.
pub(super) fn learned(
    norm: &BatchNorm,
    channels: usize,
    device: &Device,
    params: &[Tensor<1>],
) -> (Tensor<1>, Tensor<1>) {
    let BatchNorm { center, scale, .. } = *norm;
    let gamma = if scale { params[0].clone() } else { Tensor::ones([channels], device) };
    let beta = match center {
        true => params[usize::from(scale)].clone(),
        false => Tensor::zeros([channels], device),
    };
    (gamma, beta)
}

/// Layers that treat every value, or every channel, on its own.
fn value_by_value<const D: usize>(kind: &LayerKind, values: Tensor<D>) -> Tensor<D> {
    match kind {
        LayerKind::ReLU { max_value, negative_slope, threshold } => {
            rectify(values, *max_value, *negative_slope, *threshold)
        }
        LayerKind::LeakyReLU { negative_slope } => activation::leaky_relu(values, *negative_slope),
        LayerKind::ELU { alpha } => activation::elu(values, *alpha),
        LayerKind::Rescaling { scale, offset } => values * *scale + *offset,
        LayerKind::Normalization { mean, variance } => {
            let device = values.device();
            let spread = |variance: &f64| (1.0 / variance.sqrt().max(1e-7)) as f32;
            let mean: Vec<_> = mean.iter().map(|&mean| mean as f32).collect();
            let factor: Vec<_> = variance.iter().map(spread).collect();
            (values - along_channels(mean, &device)) * along_channels(factor, &device)
        }
        // Flatten of a vector, and the activations, which follow; other pairs `infer` refuses.
        _ => values,
    }
}

/// One number, or one a channel, to compute with values of any size.
fn along_channels<const D: usize>(values: Vec<f32>, device: &Device) -> Tensor<D> {
    let mut shape = [1; D];
    shape[1] = values.len();
    Tensor::from_data(TensorData::new(values, shape), &device.clone().inner())
}

/// Keras's rectifier with its three options: the values above `threshold`, up to `max_value`,
/// and below it the distance to the threshold times `negative_slope`.
fn rectify<const D: usize>(
    values: Tensor<D>,
    max_value: Option<f64>,
    negative_slope: f64,
    threshold: f64,
) -> Tensor<D> {
    let above = if threshold == 0.0 {
        activation::relu(values.clone())
    } else {
        let below = values.clone().lower_equal_elem(threshold);
        values.clone().mask_fill(below, 0.0)
    };
    let above = match max_value {
        Some(most) => above.clamp_max(most),
        None => above,
    };
    if negative_slope == 0.0 {
        return above;
    }
    above - activation::relu(-values + threshold) * negative_slope
}

fn activate(value: Value, function: Activation) -> Value {
    match value {
        Value::Image(pictures) => Value::Image(activate_all(pictures, function)),
        Value::Vector(vectors) => Value::Vector(activate_all(vectors, function)),
    }
}

/// Keras's softmax goes along the last axis, the channels, which is axis 1 here.
pub(crate) fn activate_all<const D: usize>(values: Tensor<D>, function: Activation) -> Tensor<D> {
    match function {
        Activation::Linear => values,
        Activation::Relu => activation::relu(values),
        Activation::Sigmoid => activation::sigmoid(values),
        Activation::Tanh => activation::tanh(values),
        Activation::Softmax => activation::softmax(values, 1),
        Activation::Elu => activation::elu(values, 1.0),
        Activation::Selu => activation::selu(values),
        Activation::Gelu => {
            // Burn's own backward is 4e-4 off on burn-ndarray.
            let normal = (values.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
            values * normal * 0.5
        }
        Activation::Silu => activation::silu(values),
        Activation::LeakyRelu => activation::leaky_relu(values, 0.2),
        Activation::Relu6 => activation::relu(values).clamp_max(6.0),
        Activation::Softplus => {
            // max(x, 0) + log(1 + e^-|x|) does not overflow.
            activation::relu(values.clone()) + (-values.abs()).exp().log1p()
        }
        Activation::Exponential => values.exp(),
        Activation::HardSigmoid => activation::relu(values + 3.0).clamp_max(6.0) / 6.0,
    }
}

/// Inverted dropout (Srivastava and others 2014): in training each value is zero with
/// probability `rate` and otherwise divided by `1 - rate`. The mask is drawn on the host,
/// in the order height, width, channels, so that it is the same on every device and for
/// every way of sharing the batch out.
fn drop_out(value: Value, rate: f32, cx: &Context) -> Value {
    match value {
        Value::Image(pictures) => {
            let [batch, channels, height, width] = pictures.dims();
            let Some(mask) = mask(batch, channels * height * width, rate, cx) else {
                return Value::Image(pictures);
            };
            let mask = TensorData::new(mask, [batch, height, width, channels]);
            let mask = Tensor::<4>::from_data(mask, &pictures.device().inner());
            Value::Image(pictures * mask.permute([0, 3, 1, 2]))
        }
        Value::Vector(vectors) => {
            let [batch, length] = vectors.dims();
            let Some(mask) = mask(batch, length, rate, cx) else { return Value::Vector(vectors) };
            let mask = TensorData::new(mask, [batch, length]);
            let mask = Tensor::<2>::from_data(mask, &vectors.device().inner());
            Value::Vector(vectors * mask)
        }
    }
}

/// Inverted dropout of whole channels (Tompson and others 2015).
fn drop_channels(pictures: Tensor<4>, rate: f32, cx: &Context) -> Tensor<4> {
    let [batch, channels, ..] = pictures.dims();
    let Some(mask) = mask(batch, channels, rate, cx) else { return pictures };
    let mask = TensorData::new(mask, [batch, channels, 1, 1]);
    let mask = Tensor::<4>::from_data(mask, &pictures.device().inner());
    pictures * mask
}

/// Factors for `batch` examples of `length`; nothing where nothing is dropped.
fn mask(batch: usize, length: usize, rate: f32, cx: &Context) -> Option<Vec<f32>> {
    let Mode::Training { seed, step, first } = cx.mode else { return None };
    if rate == 0.0 {
        return None;
    }
    let mut factors = vec![0.0; batch * length];
    draw_factors([seed, step], cx.index, rate, first * length, &mut factors);
    Some(factors)
}

/// Dropout's factors in a layer of this place, from the `first` on in the whole batch, for this seed
/// and step.
pub(crate) fn draw_factors(
    [seed, step]: [u64; 2],
    layer: usize,
    rate: f32,
    first: usize,
    factors: &mut [f32],
) {
    let mut stream = Stream::new(seed, Purpose::Dropout, layer, step);
    stream.seek(first as u64);
    let keep = 1.0 / (1.0 - rate);
    let mut draw = || if stream.unit() < rate { 0.0 } else { keep };
    factors.iter_mut().for_each(|factor| *factor = draw());
}

/// Every pixel `size` times.
fn repeat(pictures: Tensor<4>, [rows, columns]: [usize; 2]) -> Tensor<4> {
    let [batch, channels, height, width] = pictures.dims();
    pictures
        .reshape([batch, channels, height, 1, width, 1])
        .expand([batch, channels, height, rows, width, columns])
        .reshape([batch, channels, height * rows, width * columns])
}

/// Linear interpolation in both directions: a product with a matrix on each side.
fn blend(pictures: Tensor<4>, [rows, columns]: [usize; 2]) -> Tensor<4> {
    let [_, _, height, width] = pictures.dims();
    let device = pictures.device().inner();
    let matrix = |length: usize, times: usize| {
        let weights = TensorData::new(blend_weights(length, times), [1, 1, length * times, length]);
        Tensor::<4>::from_data(weights, &device)
    };
    let taller = match rows {
        1 => pictures,
        rows => matrix(height, rows).matmul(pictures),
    };
    match columns {
        1 => taller,
        columns => taller.matmul(matrix(width, columns).swap_dims(2, 3)),
    }
}

/// What each of `length` pixels gives to each of `length * times`, row by row. Pixels' centres
/// lie at half pixels, and beyond the outermost ones their values stay.
fn blend_weights(length: usize, times: usize) -> Vec<f32> {
    let mut weights = vec![0.0; length * times * length];
    for (place, row) in weights.chunks_exact_mut(length).enumerate() {
        let centre = ((place as f64 + 0.5) / times as f64 - 0.5).clamp(0.0, (length - 1) as f64);
        let before = centre.floor() as usize;
        let share = centre - centre.floor();
        row[before] += (1.0 - share) as f32;
        row[(before + 1).min(length - 1)] += share as f32;
    }
    weights
}
