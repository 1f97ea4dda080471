//! Output shapes and parameter counts, by Keras's rules; the summary that the page shows.
//!
//! This is the one place that decides whether layers fit together. What passes here trains:
//! `network.rs` never meets a shape that Burn would refuse.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::spec::{
    Activation, Conv, Dense, DepthwiseConv, LayerKind, LayerSpec, ModelSpec, Padding, Pool,
    SeparableConv, Window,
};
use crate::model::weights::{following, trainable};

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
}

/// What Keras's `model.summary()` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// One row a layer.
    pub layers: Vec<SummaryLayer>,
    /// All parameters.
    pub total_params: usize,
    /// Those that training changes; the others follow the data.
    pub trainable_params: usize,
}

impl Summary {
    /// Checks that the layers fit together, and counts.
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
                    trainable: followed == 0 || trained > 0,
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

/// The output shape of every layer of a model that can be trained.
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
    check_use(spec, &used, total[0])?;
    check_head(spec, shapes.last().copied())?;
    Ok(shapes)
}

/// Every layer's output goes somewhere, and there is something to train.
fn check_use(spec: &ModelSpec, used: &[bool], trainable: u64) -> Result<()> {
    let Some((last, others)) = spec.layers.split_last() else {
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
    if trainable == 0 {
        return Err(Error::spec(
            "The model has no weights, so there is nothing to train. Add a Dense layer.",
        )
        .layer(&last.name)
        .field("layer"));
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

/// The number of parameters that training changes, and of those that follow the data.
fn params(layer: &LayerSpec, input: Shape) -> [u64; 2] {
    [trainable(layer, input), following(layer, input)].map(|weights| {
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
mod tests {
    use super::*;

    fn summary(layers: &str, input: &str) -> Result<Summary> {
        Summary::of(&ModelSpec::from_json(&format!(
            r#"{{"input_shape": {input}, "layers": [{layers}]}}"#
        ))?)
    }

    #[test]
    fn keras_shapes_and_counts() {
        // The lesson's formula: K*F*F*D_in + K, and (W - F) / S + 1.
        let summary = summary(
            r#"{"layer": "Conv2D", "filters": 16, "kernel_size": 2, "strides": 2},
               {"layer": "MaxPooling2D", "padding": "same", "pool_size": 3, "strides": 2},
               {"layer": "Flatten"}, {"layer": "Dense", "units": 10}"#,
            "[200, 201, 1]",
        )
        .unwrap();
        assert_eq!(summary.layers[0].output_shape, [None, Some(100), Some(100), Some(16)]);
        assert_eq!(summary.layers[0].params, 80);
        assert_eq!(summary.layers[1].output_shape, [None, Some(50), Some(50), Some(16)]);
        assert_eq!(summary.layers[2].output_shape, [None, Some(40_000)]);
        assert_eq!(summary.total_params, 80 + 400_010);
    }

    #[test]
    fn same_padding_puts_the_odd_pixel_at_the_end() {
        // tf.nn: input 5, window 2, stride 2 -> 3 outputs, one zero, at the end.
        assert_eq!(same_padding([5, 6], [2, 3], [2, 1], Padding::Same), [(0, 1), (1, 1)]);
        assert_eq!(same_padding([5, 6], [2, 3], [2, 1], Padding::Valid), [(0, 0), (0, 0)]);
        // A stride that skips pixels needs no padding at all.
        assert_eq!(same_padding([6, 6], [1, 1], [2, 2], Padding::Same), [(0, 0), (0, 0)]);
    }

    #[test]
    fn errors_name_the_layer_and_the_field() {
        let cases = [
            (r#"{"layer": "Conv3D"}"#, "conv3d", "layer"),
            (r#"{"layer": "Conv2D", "filters": 0, "kernel_size": 3}"#, "conv2d", "filters"),
            (r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 9}"#, "conv2d", "kernel_size"),
            (r#"{"layer": "Conv2D", "filters": 4}"#, "conv2d", "kernel_size"),
            (
                r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3, "pading": "same"}"#,
                "conv2d",
                "pading",
            ),
            (r#"{"layer": "Dense", "units": 4}"#, "dense", "layer"),
            (r#"{"layer": "Flatten"}, {"layer": "MaxPooling2D"}"#, "max_pooling2d", "layer"),
            (
                r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1, "activation": "softmax"}"#,
                "dense",
                "activation",
            ),
            (
                r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1}, {"layer": "Softmax"}"#,
                "softmax",
                "layer",
            ),
            (
                r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3, "groups": 2}"#,
                "conv2d",
                "groups",
            ),
            (
                r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 2, "strides": 2, "dilation_rate": 2}"#,
                "conv2d",
                "dilation_rate",
            ),
            (
                r#"{"layer": "DepthwiseConv2D", "kernel_size": 3, "dilation_rate": 4}"#,
                "depthwise_conv2d",
                "dilation_rate",
            ),
            (
                r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 500, "padding": "same"}"#,
                "conv2d",
                "kernel_size",
            ),
            (r#"{"layer": "Add"}"#, "add", "inputs"),
            (
                r#"{"layer": "MaxPooling2D"}, {"layer": "Add", "inputs": ["input", "max_pooling2d"]}"#,
                "add",
                "inputs",
            ),
            (
                r#"{"layer": "Flatten"}, {"layer": "Concatenate", "inputs": ["flatten", "input"]}"#,
                "concatenate",
                "inputs",
            ),
            (
                r#"{"layer": "ReLU"}, {"layer": "Flatten", "inputs": ["input"]}, {"layer": "Dense", "units": 2}"#,
                "re_lu",
                "inputs",
            ),
            (r#"{"layer": "ReLU", "inputs": ["later"]}"#, "re_lu", "inputs"),
            (r#"{"layer": "ReLU", "name": "input"}"#, "input", "name"),
            (r#"{"layer": "Flatten"}"#, "flatten", "layer"),
            (
                r#"{"layer": "Normalization", "mean": [1, 2], "variance": 1}"#,
                "normalization",
                "mean",
            ),
            (r#"{"layer": "ZeroPadding2D", "padding": 1048576}"#, "zero_padding2d", "padding"),
            (r#"{"layer": "Flatten"}, {"layer": "Dropout", "rate": 1}"#, "dropout", "rate"),
            (
                r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1048576}, {"layer": "Dense", "units": 1048576}"#,
                "dense_1",
                "units",
            ),
            (r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3}"#, "conv2d", "layer"),
        ];
        for (layers, layer, field) in cases {
            let error = summary(layers, "[8, 8, 1]").unwrap_err();
            assert_eq!(error.code(), "spec", "{layers}: {error}");
            assert_eq!(error.layer_name(), Some(layer), "{layers}: {error}");
            assert_eq!(error.field_name(), Some(field), "{layers}: {error}");
        }
    }

    /// The last layer and the loss must mean the same number of classes.
    #[test]
    fn the_loss_fits_the_head() {
        let with = |units: usize, loss: &str| {
            let text = format!(
                r#"{{"input_shape": [8, 8, 1], "compile": {{"loss": "{loss}"}},
                     "layers": [{{"layer": "Flatten"}}, {{"layer": "Dense", "units": {units}}}]}}"#
            );
            Summary::of(&ModelSpec::from_json(&text).unwrap())
        };
        with(1, "binary_crossentropy").unwrap();
        with(2, "sparse_categorical_crossentropy").unwrap();
        for (units, loss) in [(1, "sparse_categorical_crossentropy"), (2, "binary_crossentropy")] {
            let error = with(units, loss).unwrap_err();
            assert_eq!((error.layer_name(), error.field_name()), (Some("dense"), Some("units")));
        }
        // Without a loss, one unit means two classes.
        summary(r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1}"#, "[8, 8, 1]").unwrap();
    }

    /// Keras's rows: 4 parameters a channel, half of which training changes.
    #[test]
    fn a_batch_normalisation_counts_its_moving_statistics() {
        let summary = summary(
            r#"{"layer": "Conv2D", "filters": 8, "kernel_size": 3, "use_bias": false},
               {"layer": "BatchNormalization"}, {"layer": "Activation", "activation": "relu"},
               {"layer": "BatchNormalization", "center": false, "scale": false},
               {"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 10}"#,
            "[28, 28, 1]",
        )
        .unwrap();
        let rows: Vec<_> =
            summary.layers.iter().map(|layer| (layer.params, layer.trainable)).collect();
        assert_eq!(rows[..4], [(72, true), (32, true), (0, true), (16, false)]);
        assert_eq!((summary.total_params, summary.trainable_params), (210, 178));
    }

    #[test]
    fn a_normalised_spec_reads_back_the_same() {
        let spec = ModelSpec::from_json(
            r#"{"input_shape": [28, 28, 1], "layers": [
                {"layer": "Conv2D", "filters": 8.0, "kernel_size": [3, 2], "activation": "relu"},
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
                {"layer": "AveragePooling2D"}, {"layer": "Flatten"},
                {"layer": "Dropout", "rate": 0.25},
                {"layer": "Dense", "units": 4, "activation": "swish", "name": "wide",
                 "kernel_initializer": "HeNormal", "kernel_regularizer": "l1",
                 "bias_initializer": {"name": "random_normal", "stddev": 0.1}},
                {"layer": "Dense", "units": 4, "inputs": ["dropout"], "use_bias": false},
                {"layer": "Add", "inputs": ["wide", "dense"]},
                {"layer": "ReLU", "max_value": 6, "inputs": ["add"]},
                {"layer": "Dense", "units": 10, "activation": "softmax", "name": "head"}],
               "compile": {"optimizer": {"name": "sgd", "momentum": 0.9, "learning_rate": 0.1},
                           "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
                           "metrics": ["acc"]}}"#,
        )
        .unwrap();
        let names: Vec<_> = spec.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "conv2d",
                "conv2d_1",
                "average_pooling2d",
                "flatten",
                "dropout",
                "wide",
                "dense",
                "add",
                "re_lu",
                "head"
            ]
        );
        let value = spec.to_value();
        assert_eq!(value["layers"][5]["activation"], "silu");
        assert_eq!(value["layers"][5]["kernel_initializer"], "he_normal");
        assert_eq!(value["layers"][6]["inputs"], serde_json::json!(["dropout"]));
        // The layer before needs no name.
        assert!(value["layers"][8]["inputs"].is_null());
        assert_eq!(ModelSpec::from_value(spec.to_value()).unwrap(), spec);
    }
}
