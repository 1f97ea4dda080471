//! Output shapes and parameter counts, by Keras's rules; the summary that the page shows.
//!
//! This is the one place that decides whether layers fit together. What passes here trains:
//! `network.rs` never meets a shape that Burn would refuse.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::spec::{LayerKind, LayerSpec, ModelSpec, Padding, Pool};

/// The most parameters a model may have: weights, gradients and two optimizer slots of
/// four bytes each must fit in a 32-bit WebAssembly memory of 4 GB beside the data.
const MOST_PARAMS: u64 = 150_000_000;

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
    /// Its number of parameters.
    pub params: usize,
    /// Whether training changes them.
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
    /// Those that training changes.
    pub trainable_params: usize,
}

impl Summary {
    /// Checks that the layers fit together, and counts.
    ///
    /// # Errors
    /// `spec`, naming the layer and the field at fault and what to change.
    pub fn of(spec: &ModelSpec) -> Result<Self> {
        let shapes = infer(spec)?;
        let mut input = Shape::Image(spec.input_shape);
        let layers: Vec<_> = spec
            .layers
            .iter()
            .zip(shapes)
            .map(|(layer, output)| {
                let params = params(&layer.kind, input);
                input = output;
                SummaryLayer {
                    name: layer.name.clone(),
                    layer: layer.class(),
                    output_shape: match output {
                        Shape::Image([h, w, c]) => vec![None, Some(h), Some(w), Some(c)],
                        Shape::Vector(n) => vec![None, Some(n)],
                    },
                    params: params as usize,
                    trainable: true,
                }
            })
            .collect();
        let total_params = layers.iter().map(|layer| layer.params).sum();
        Ok(Self { layers, total_params, trainable_params: total_params })
    }
}

/// The output shape of every layer of a model that can be trained.
///
/// # Errors
/// `spec`, naming the layer and the field at fault and what to change.
pub fn infer(spec: &ModelSpec) -> Result<Vec<Shape>> {
    let mut shape = Shape::Image(spec.input_shape);
    let mut shapes = Vec::with_capacity(spec.layers.len());
    let mut total = 0u64;
    for layer in &spec.layers {
        let next = output(&layer.kind, shape).map_err(|error| error.layer(&layer.name))?;
        let count = params(&layer.kind, shape);
        total = total.saturating_add(count);
        if total > MOST_PARAMS {
            let field =
                if matches!(layer.kind, LayerKind::Dense { .. }) { "units" } else { "filters" };
            return Err(Error::spec(format!(
                "The model has {total} parameters up to here, {count} of them in this layer; a \
                 browser tab holds {MOST_PARAMS}. Make it smaller or pool more before it."
            ))
            .layer(&layer.name)
            .field(field));
        }
        shapes.push(next);
        shape = next;
    }
    check_head(spec, shape)?;
    Ok(shapes)
}

/// The end of the network must give one value a class.
fn check_head(spec: &ModelSpec, shape: Shape) -> Result<()> {
    let Some(last) = spec.layers.last() else {
        return Err(Error::spec("The model has no layers; add at least one Dense.").field("layers"));
    };
    match shape {
        Shape::Image([height, width, channels]) => Err(Error::spec(format!(
            "The network must end with one value a class, but its last layer gives pictures of \
             {height} x {width} x {channels}. Add Flatten and Dense after it."
        ))
        .layer(&last.name)
        .field("layer")),
        Shape::Vector(1) => Err(Error::spec(
            "The network ends with a single value. Cross-entropy over classes needs one unit a \
             class, two at least.",
        )
        .layer(&last.name)
        .field("units")),
        Shape::Vector(_) => Ok(()),
    }
}

fn output(kind: &LayerKind, input: Shape) -> Result<Shape> {
    Ok(match kind {
        LayerKind::Conv2D { filters, kernel_size, strides, padding, .. } => {
            let [height, width, _] = image(input)?;
            let [height, width] =
                window([height, width], *kernel_size, *strides, *padding, "kernel_size")?;
            let too_large = || {
                Error::spec("The output has more values than a browser can hold.").field("filters")
            };
            let values = (height as u64 * width as u64).saturating_mul(*filters as u64);
            if values > u64::from(u32::MAX) / 8 {
                return Err(too_large());
            }
            Shape::Image([height, width, *filters])
        }
        LayerKind::MaxPooling2D(pool) | LayerKind::AveragePooling2D(pool) => {
            let Pool { pool_size, strides, padding } = *pool;
            let [height, width, channels] = image(input)?;
            let [height, width] =
                window([height, width], pool_size, strides, padding, "pool_size")?;
            Shape::Image([height, width, channels])
        }
        LayerKind::Flatten => Shape::Vector(input.len()),
        LayerKind::Dense { units, .. } => match input {
            Shape::Vector(_) => Shape::Vector(*units),
            Shape::Image([height, width, channels]) => {
                return Err(Error::spec(format!(
                    "Dense takes a vector, but its input is {height} x {width} x {channels}. Put \
                     a Flatten layer before it."
                ))
                .field("layer"));
            }
        },
        LayerKind::Dropout { .. } | LayerKind::Activation(_) => input,
    })
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

/// Height and width after a sliding window.
fn window(
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
    Ok([0, 1].map(|axis| match padding {
        Padding::Valid => (input[axis] - size[axis]) / strides[axis] + 1,
        Padding::Same => input[axis].div_ceil(strides[axis]),
    }))
}

/// Zeros before and after each of height and width: TensorFlow's rule for `same`, which
/// puts the odd one at the bottom and right. All zero for `valid`.
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

fn params(kind: &LayerKind, input: Shape) -> u64 {
    match (kind, input) {
        (
            LayerKind::Conv2D { filters, kernel_size, use_bias, .. },
            Shape::Image([_, _, channels]),
        ) => {
            let window = kernel_size[0] as u64 * kernel_size[1] as u64;
            let kernel = window.saturating_mul(channels as u64 * *filters as u64);
            kernel.saturating_add(if *use_bias { *filters as u64 } else { 0 })
        }
        (LayerKind::Dense { units, use_bias, .. }, Shape::Vector(length)) => {
            length as u64 * *units as u64 + if *use_bias { *units as u64 } else { 0 }
        }
        _ => 0,
    }
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
            (r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1}"#, "dense", "units"),
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

    #[test]
    fn a_normalised_spec_reads_back_the_same() {
        let spec = ModelSpec::from_json(
            r#"{"input_shape": [28, 28, 1], "layers": [
                {"layer": "Conv2D", "filters": 8.0, "kernel_size": [3, 2], "activation": "relu"},
                {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
                {"layer": "AveragePooling2D"}, {"layer": "Flatten"},
                {"layer": "Dropout", "rate": 0.25},
                {"layer": "Dense", "units": 10, "activation": "softmax", "name": "head"}],
               "compile": {"optimizer": {"name": "sgd", "momentum": 0.9, "learning_rate": 0.1},
                           "loss": "categorical_crossentropy", "metrics": ["accuracy"]}}"#,
        )
        .unwrap();
        let names: Vec<_> = spec.layers.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(
            names,
            ["conv2d", "conv2d_1", "average_pooling2d", "flatten", "dropout", "head"]
        );
        assert_eq!(ModelSpec::from_value(spec.to_value()).unwrap(), spec);
    }
}
