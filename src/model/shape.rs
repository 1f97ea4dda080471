//! Output shapes and parameter counts, by Keras's rules; the summary that the page shows.
//!
//! This is the one place that decides whether layers fit together. What passes here trains:
//! `network.rs` never meets a shape that Burn would refuse.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::base::Base;
use crate::model::spec::{
    Activation, Conv, Dense, DepthwiseConv, LayerKind, LayerSpec, ModelSpec, Padding, Pool,
    SeparableConv, Window,
};
use crate::model::weights::{trainable, untrainable};

/// The most parameters a model may have: weights, gradients and two optimizer slots of
/// four bytes each must fit in a 32-bit WebAssembly memory of 4 GB beside the data.
const MOST_PARAMS: u64 = 150_000_000;

/// The most values that one example may have between two layers.
const MOST_VALUES: u64 = u32::MAX as u64 / 8;

/// A window with `same` padding may be larger than twice its input by so many pixels, so that
/// one of 3 x 3 may slide over a single pixel; one of a million would fill the memory.
const MOST_BORDER: usize = 64;

/// The shape of one example between two layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Height, width and channels.
    Image([usize; 3]),
    /// A vector of this length.
    Vector(usize),
}

impl Shape {
    /// Values in one example.
    pub fn len(self) -> usize {
        match self {
            Self::Image([height, width, channels]) => height * width * channels,
            Self::Vector(length) => length,
        }
    }

    /// Whether an example holds no value. Never so for a shape that was checked.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The last axis: a picture's channels, a vector's length.
    pub fn channels(self) -> usize {
        match self {
            Self::Image([_, _, channels]) => channels,
            Self::Vector(length) => length,
        }
    }

    /// As a person reads it.
    fn text(self) -> String {
        match self {
            Self::Image([height, width, channels]) => format!("{height} x {width} x {channels}"),
            Self::Vector(length) => format!("a vector of {length}"),
        }
    }
}

/// One row of Keras's summary.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryLayer {
    /// The layer's name.
    pub name: String,
    /// Its class, such as `Conv2D`.
    pub layer: &'static str,
    /// Its output's shape, the batch first as `None`.
    pub output_shape: Vec<Option<usize>>,
    /// Its number of parameters, a batch normalisation's moving statistics among them.
    pub params: usize,
    /// Whether training changes them, all or some.
    pub trainable: bool,
    /// The pretrained base that they are taken from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<&'static str>,
}

/// What Keras's `model.summary()` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// One row a layer.
    pub layers: Vec<SummaryLayer>,
    /// All parameters.
    pub total_params: usize,
    /// Those that training changes; the others are frozen or follow the data.
    pub trainable_params: usize,
}

impl Summary {
    /// Checks that the layers fit together, and counts; whether the model can be trained is
    /// [`check_trainable`]'s to say.
    ///
    /// # Errors
    /// `spec`, naming the layer and the field at fault and what to change.
    pub fn of(spec: &ModelSpec) -> Result<Self> {
        let shapes = infer(spec)?;
        let mut trainable_params = 0;
        let layers: Vec<_> = spec
            .layers
            .iter()
            .zip(&shapes)
            .map(|(layer, output)| {
                let [trained, followed] = params(layer, input_of(spec, &shapes, layer));
                trainable_params += trained as usize;
                SummaryLayer {
                    name: layer.name.clone(),
                    layer: layer.class(),
                    output_shape: match *output {
                        Shape::Image([h, w, c]) => vec![None, Some(h), Some(w), Some(c)],
                        Shape::Vector(n) => vec![None, Some(n)],
                    },
                    params: (trained + followed) as usize,
                    trainable: layer.trainable && (followed == 0 || trained > 0),
                    base: layer.base.map(Base::name),
                }
            })
            .collect();
        let total_params = layers.iter().map(|layer| layer.params).sum();
        Ok(Self { layers, total_params, trainable_params })
    }
}

/// The shape that a layer takes: that of its first input. `shapes` has the outputs of all
/// layers before it.
pub(crate) fn input_of(spec: &ModelSpec, shapes: &[Shape], layer: &LayerSpec) -> Shape {
    shape_at(spec, shapes, layer.inputs.first().copied().unwrap_or(0))
}

/// The shape of a value, counted as in [`LayerSpec::inputs`].
pub(crate) fn shape_at(spec: &ModelSpec, shapes: &[Shape], value: usize) -> Shape {
    match value.checked_sub(1) {
        None => Shape::Image(spec.input_shape),
        Some(layer) => shapes[layer],
    }
}

/// The output shape of every layer; whether the model can be trained is [`check_trainable`]'s.
///
/// # Errors
/// `spec`, naming the layer and the field at fault and what to change.
pub fn infer(spec: &ModelSpec) -> Result<Vec<Shape>> {
    if product(&spec.input_shape) > MOST_VALUES {
        return Err(Error::spec("Pictures of this size are more than a browser can hold.")
            .field("input_shape"));
    }
    let mut shapes: Vec<Shape> = Vec::with_capacity(spec.layers.len());
    let mut used = vec![false; spec.layers.len() + 1];
    let mut total = [0u64; 2];
    for (index, layer) in spec.layers.iter().enumerate() {
        let place = |error: Error| error.layer(&layer.name);
        if layer.inputs.is_empty() || layer.inputs.iter().any(|&input| input > index) {
            let error = Error::spec("A layer takes what stands before it.");
            return Err(place(error.field("inputs")));
        }
        layer.inputs.iter().for_each(|&input| used[input] = true);
        let inputs: Vec<_> =
            layer.inputs.iter().map(|&input| shape_at(spec, &shapes, input)).collect();
        let next = output(&layer.kind, &inputs).map_err(place)?;
        let counts = params(layer, inputs[0]);
        total = [0, 1].map(|which: usize| total[which].saturating_add(counts[which]));
        if total[0].saturating_add(total[1]) > MOST_PARAMS {
            return Err(place(
                Error::spec(format!(
                    "The model has {} parameters up to here, {} of them in this layer; a \
                     browser tab holds {MOST_PARAMS}. Make it smaller or pool more before it.",
                    total[0].saturating_add(total[1]),
                    counts[0].saturating_add(counts[1]),
                ))
                .field(size_field(&layer.kind)),
            ));
        }
        shapes.push(next);
    }
    check_use(spec, &used)?;
    Ok(shapes)
}

/// Whether a model of these shapes can be trained: it has weights, and ends with one value a
/// class or a single one for two.
///
/// # Errors
/// `spec`, naming the layer and the field at fault and what to change.
pub fn check_trainable(spec: &ModelSpec, shapes: &[Shape]) -> Result<()> {
    let weights: u64 =
        spec.layers.iter().map(|layer| params(layer, input_of(spec, shapes, layer))[0]).sum();
    if weights == 0 {
        let frozen = spec.layers.iter().any(|layer| !layer.trainable);
        let error = Error::spec(if frozen {
            "All weights of the model are frozen, so there is nothing to train. Add a Dense layer, \
             or set trainable of a layer to true."
        } else {
            "The model has no weights, so there is nothing to train. Add a Dense layer."
        });
        let last = spec.layers.last().map_or("", |layer| layer.name.as_str());
        return Err(error.layer(last).field("layer"));
    }
    check_head(spec, shapes.last().copied())
}

/// Every layer's output goes somewhere.
fn check_use(spec: &ModelSpec, used: &[bool]) -> Result<()> {
    let Some((_, others)) = spec.layers.split_last() else {
        return Err(Error::spec("The model has no layers; add at least one Dense.").field("layers"));
    };
    if let Some((layer, _)) = others.iter().zip(&used[1..]).find(|(_, used)| !**used) {
        return Err(Error::spec(
            "No layer takes what this one gives, and only the last of the list is the model's \
             output. Name it in the inputs of another layer, or remove it.",
        )
        .layer(&layer.name)
        .field("inputs"));
    }
    Ok(())
}

/// The end of the network must give one value a class, or a single one for two.
fn check_head(spec: &ModelSpec, shape: Option<Shape>) -> Result<()> {
    let (Some(last), Some(shape)) = (spec.layers.last(), shape) else { return Ok(()) };
    let loss = spec.compile.loss;
    let sized = size_field(&last.kind);
    let wrong =
        |message: String, field: &str| Err(Error::spec(message).layer(&last.name).field(field));
    match shape {
        Shape::Image(_) => wrong(
            format!(
                "The network must end with one value a class, but its last layer gives pictures \
                 of {}. Add Flatten and Dense after it.",
                shape.text()
            ),
            "layer",
        ),
        Shape::Vector(1) if !loss.is_binary() => wrong(
            format!(
                "The network ends with a single value, which tells two classes apart with the \
                 loss binary_crossentropy; {} needs one unit a class.",
                loss.name()
            ),
            sized,
        ),
        Shape::Vector(1) if last.kind.activation() == Some(Activation::Softmax) => wrong(
            "The softmax of a single value is always 1. Use sigmoid.".into(),
            if matches!(last.kind, LayerKind::Softmax) { "layer" } else { "activation" },
        ),
        Shape::Vector(length) if length > 1 && loss.is_binary() => wrong(
            format!(
                "binary_crossentropy takes a network that ends with a single sigmoid unit, for \
                 two classes; this one ends with {length}. Use one unit, or \
                 categorical_crossentropy with softmax."
            ),
            sized,
        ),
        Shape::Vector(_) => Ok(()),
    }
}

/// The field that says how much a layer gives.
pub(crate) fn size_field(kind: &LayerKind) -> &'static str {
    match kind {
        LayerKind::Conv2D(_) | LayerKind::SeparableConv2D(_) => "filters",
        LayerKind::DepthwiseConv2D(_) => "depth_multiplier",
        LayerKind::Dense(_) => "units",
        LayerKind::ZeroPadding2D { .. } => "padding",
        LayerKind::UpSampling2D { .. } => "size",
        LayerKind::Concatenate | LayerKind::Add => "inputs",
        _ => "layer",
    }
}

fn product(sides: &[usize]) -> u64 {
    sides.iter().fold(1, |product, &side| product.saturating_mul(side as u64))
}

/// A picture's shape, unless it has more values than a browser can hold.
fn sized(shape: [usize; 3], field: &str) -> Result<Shape> {
    if product(&shape) > MOST_VALUES {
        return Err(Error::spec("The output has more values than a browser can hold.").field(field));
    }
    Ok(Shape::Image(shape))
}

fn output(kind: &LayerKind, inputs: &[Shape]) -> Result<Shape> {
    let input = inputs[0];
    let field = size_field(kind);
    Ok(match kind {
        LayerKind::Conv2D(Conv { filters, window, groups, .. }) => {
            let [height, width, channels] = image(input)?;
            for (what, count) in [("channels of its input", channels), ("filters", *filters)] {
                if count % groups != 0 {
                    return Err(Error::spec(format!(
                        "groups divides the {what}, but {count} is no multiple of {groups}."
                    ))
                    .field("groups"));
                }
            }
            let [height, width] = slide([height, width], window)?;
            sized([height, width, *filters], field)?
        }
        LayerKind::DepthwiseConv2D(DepthwiseConv { window, depth_multiplier, .. }) => {
            let [height, width, channels] = image(input)?;
            let [height, width] = slide([height, width], window)?;
            sized([height, width, channels.saturating_mul(*depth_multiplier)], field)?
        }
        LayerKind::SeparableConv2D(SeparableConv { filters, window, depth_multiplier, .. }) => {
            let [height, width, channels] = image(input)?;
            let [height, width] = slide([height, width], window)?;
            let between = channels.saturating_mul(*depth_multiplier);
            sized([height, width, between], "depth_multiplier")?;
            sized([height, width, *filters], field)?
        }
        LayerKind::MaxPooling2D(pool) | LayerKind::AveragePooling2D(pool) => {
            let Pool { pool_size, strides, padding } = *pool;
            let [height, width, channels] = image(input)?;
            let [height, width] =
                windows([height, width], pool_size, strides, padding, "pool_size")?;
            Shape::Image([height, width, channels])
        }
        LayerKind::GlobalMaxPooling2D { keepdims }
        | LayerKind::GlobalAveragePooling2D { keepdims } => {
            let [_, _, channels] = image(input)?;
            if *keepdims { Shape::Image([1, 1, channels]) } else { Shape::Vector(channels) }
        }
        LayerKind::Flatten => Shape::Vector(input.len()),
        LayerKind::Dense(Dense { units, .. }) => match input {
            Shape::Vector(_) => Shape::Vector(*units),
            Shape::Image(_) => {
                return Err(Error::spec(format!(
                    "Dense takes a vector, but its input is {}. Put a Flatten layer before it.",
                    input.text()
                ))
                .field("layer"));
            }
        },
        LayerKind::SpatialDropout2D { .. } => Shape::Image(image(input)?),
        LayerKind::Normalization { mean, variance } => {
            for (field, values) in [("mean", mean), ("variance", variance)] {
                if values.len() != 1 && values.len() != input.channels() {
                    return Err(Error::spec(format!(
                        "{field} is one number or one a channel; it has {} and the input {}.",
                        values.len(),
                        input.channels()
                    ))
                    .field(field));
                }
            }
            input
        }
        LayerKind::ZeroPadding2D { padding: [[top, bottom], [left, right]] } => {
            let [height, width, channels] = image(input)?;
            sized([height + top + bottom, width + left + right, channels], field)?
        }
        LayerKind::UpSampling2D { size: [rows, columns], .. } => {
            let [height, width, channels] = image(input)?;
            sized([height.saturating_mul(*rows), width.saturating_mul(*columns), channels], field)?
        }
        LayerKind::Add => {
            if let Some(other) = inputs.iter().find(|other| **other != input) {
                return Err(Error::spec(format!(
                    "Add takes inputs of one shape, but they are {} and {}.",
                    input.text(),
                    other.text()
                ))
                .field("inputs"));
            }
            input
        }
        LayerKind::Concatenate => concatenated(inputs)?,
        LayerKind::Dropout { .. }
        | LayerKind::BatchNormalization(_)
        | LayerKind::Activation(_)
        | LayerKind::ReLU { .. }
        | LayerKind::LeakyReLU { .. }
        | LayerKind::ELU { .. }
        | LayerKind::Softmax
        | LayerKind::Rescaling { .. } => input,
    })
}

/// Joined along the last axis.
fn concatenated(inputs: &[Shape]) -> Result<Shape> {
    let all = inputs.iter().fold(0usize, |sum, shape| sum.saturating_add(shape.channels()));
    let apart = |shape: &Shape| match (inputs[0], shape) {
        (Shape::Image([a, b, _]), Shape::Image([c, d, _])) => (a, b) != (*c, *d),
        (Shape::Vector(_), Shape::Vector(_)) => false,
        _ => true,
    };
    if let Some(other) = inputs.iter().find(|shape| apart(shape)) {
        return Err(Error::spec(format!(
            "Concatenate joins channels, so all else must agree, but its inputs are {} and {}.",
            inputs[0].text(),
            other.text()
        ))
        .field("inputs"));
    }
    match inputs[0] {
        Shape::Image([height, width, _]) => sized([height, width, all], "inputs"),
        Shape::Vector(_) => {
            sized([1, 1, all], "inputs")?;
            Ok(Shape::Vector(all))
        }
    }
}

fn image(input: Shape) -> Result<[usize; 3]> {
    match input {
        Shape::Image(shape) => Ok(shape),
        Shape::Vector(length) => Err(Error::spec(format!(
            "This layer takes pictures, but its input is a vector of {length}. Put it before \
             Flatten."
        ))
        .field("layer")),
    }
}

/// Height and width after a convolution.
fn slide(input: [usize; 2], window: &Window) -> Result<[usize; 2]> {
    let Window { strides, padding, .. } = *window;
    let field = if window.dilation_rate == [1, 1] { "kernel_size" } else { "dilation_rate" };
    windows(input, window.span(), strides, padding, field)
}

/// Height and width after a sliding window.
fn windows(
    input: [usize; 2],
    size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
    field: &str,
) -> Result<[usize; 2]> {
    if padding == Padding::Valid && (size[0] > input[0] || size[1] > input[1]) {
        return Err(Error::spec(format!(
            "A window of {} x {} does not fit into {} x {}. Make {field} smaller, use \
             padding \"same\", or pool less before this layer.",
            size[0], size[1], input[0], input[1]
        ))
        .field(field));
    }
    if (0..2).any(|axis| size[axis] > 2 * input[axis] + MOST_BORDER) {
        return Err(Error::spec(format!(
            "A window of {} x {} is nearly all border on {} x {}. Make {field} smaller.",
            size[0], size[1], input[0], input[1]
        ))
        .field(field));
    }
    Ok([0, 1].map(|axis| match padding {
        Padding::Valid => (input[axis] - size[axis]) / strides[axis] + 1,
        Padding::Same => input[axis].div_ceil(strides[axis]),
    }))
}

/// Zeros before and after each of height and width for a window that spans `size`:
/// TensorFlow's rule for `same`, which puts the odd one at the bottom and right. All zero for
/// `valid`.
pub fn same_padding(
    input: [usize; 2],
    size: [usize; 2],
    strides: [usize; 2],
    padding: Padding,
) -> [(usize, usize); 2] {
    [0, 1].map(|axis| match padding {
        Padding::Valid => (0, 0),
        Padding::Same => {
            let outputs = input[axis].div_ceil(strides[axis]);
            let total = ((outputs - 1) * strides[axis] + size[axis]).saturating_sub(input[axis]);
            (total / 2, total - total / 2)
        }
    })
}

/// The number of parameters that training changes, and of those that it does not.
fn params(layer: &LayerSpec, input: Shape) -> [u64; 2] {
    [trainable(layer, input), untrainable(layer, input)].map(|weights| {
        weights.iter().fold(0, |sum: u64, weight| sum.saturating_add(weight.count()))
    })
}

/// The layer of that name, or at that place counted from 0.
///
/// # Errors
/// `option`, listing the layers there are.
pub fn find_layer(layers: &[LayerSpec], wanted: &str) -> Result<usize> {
    let by_place = || wanted.parse::<usize>().ok().filter(|&place| place < layers.len());
    layers.iter().position(|layer| layer.name == wanted).or_else(by_place).ok_or_else(|| {
        let names: Vec<_> = layers.iter().map(|layer| layer.name.as_str()).collect();
        Error::option(format!("There is no layer {wanted}. The layers are {}.", names.join(", ")))
            .field("layer")
    })
}

#[cfg(test)]
mod tests;
