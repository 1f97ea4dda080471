//! The layer list, in Keras's names: read from JSON, checked, and written back.
//!
//! Every value is read through [`Fields`], so an unknown layer, a misspelt field or a wrong
//! value is an [`Error`] that names the layer and the field and lists what would be right.
//! Whether the layers fit together is `shape.rs`'s business.
//!
//! The list is a graph: a layer takes the one before it, or those that its `inputs` name;
//! `input` is the model's own. Inputs stand earlier in the list, so there is no circle.

mod read;
mod write;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::base::Base;
use crate::model::fields::Fields;
use crate::model::initializer::{Initializer, Regularizer};
use crate::model::loss::Loss;
use crate::train::optimizer::OptimizerSpec;

/// A model: the shape of one input picture, the layers in order, and how it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Height, width and channels of one picture.
    pub input_shape: [usize; 3],
    /// The layers, first to last; the last one's output is the model's.
    pub layers: Vec<LayerSpec>,
    /// Optimizer and loss, as in Keras's `compile`.
    pub compile: CompileSpec,
}

/// A layer with its name, unique in its model.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// Given, or made as Keras makes it: `conv2d`, `conv2d_1`, ...
    pub name: String,
    /// What it takes: 0 is the model's input, `i + 1` the output of layer `i`. All earlier
    /// than itself; one, but for `Add` and `Concatenate`.
    pub inputs: Vec<usize>,
    /// What it is, with its options.
    pub kind: LayerKind,
    /// Whether training changes its weights. Where not, a batch normalisation goes by its moving
    /// statistics in training too, as Keras's does.
    pub trainable: bool,
    /// The base whose weights of the same names it begins with, in place of drawn ones.
    pub base: Option<Base>,
}

/// What a layer is. The fields are Keras's, with Keras's defaults.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names, explained by its documentation.
pub enum LayerKind {
    Conv2D(Conv),
    DepthwiseConv2D(DepthwiseConv),
    SeparableConv2D(SeparableConv),
    MaxPooling2D(Pool),
    AveragePooling2D(Pool),
    GlobalMaxPooling2D { keepdims: bool },
    GlobalAveragePooling2D { keepdims: bool },
    Flatten,
    Dense(Dense),
    Dropout { rate: f32 },
    SpatialDropout2D { rate: f32 },
    BatchNormalization(BatchNorm),
    Activation(Activation),
    ReLU { max_value: Option<f64>, negative_slope: f64, threshold: f64 },
    LeakyReLU { negative_slope: f64 },
    ELU { alpha: f64 },
    Softmax,
    ZeroPadding2D { padding: [[usize; 2]; 2] },
    UpSampling2D { size: [usize; 2], interpolation: Interpolation },
    Rescaling { scale: f64, offset: f64 },
    Normalization { mean: Vec<f64>, variance: Vec<f64> },
    Add,
    Concatenate,
}

/// `Conv2D`. Its kernel is kept as `[filters, channels / groups, height, width]`; Keras's is
/// `[height, width, channels / groups, filters]`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct Conv {
    pub filters: usize,
    pub window: Window,
    pub groups: usize,
    pub activation: Activation,
    pub kernel: WeightSpec,
    /// Nothing where `use_bias` is false.
    pub bias: Option<WeightSpec>,
}

/// `DepthwiseConv2D`: each channel has `depth_multiplier` kernels of its own, and output
/// channel `c * depth_multiplier + m` is channel `c` through its kernel `m`. The kernel is
/// kept as `[channels * depth_multiplier, 1, height, width]` in the order of the outputs;
/// Keras's is `[height, width, channels, depth_multiplier]`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct DepthwiseConv {
    pub window: Window,
    pub depth_multiplier: usize,
    pub activation: Activation,
    pub depthwise: WeightSpec,
    /// Nothing where `use_bias` is false.
    pub bias: Option<WeightSpec>,
}

/// `SeparableConv2D`: a depthwise convolution (its kernel as [`DepthwiseConv`]'s), then one of
/// 1 x 1 over all channels (its kernel as [`Conv`]'s).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct SeparableConv {
    pub filters: usize,
    pub window: Window,
    pub depth_multiplier: usize,
    pub activation: Activation,
    pub depthwise: WeightSpec,
    pub pointwise: WeightSpec,
    /// Nothing where `use_bias` is false.
    pub bias: Option<WeightSpec>,
}

/// `Dense`, on vectors. Its kernel is `[inputs, units]`, as Keras's.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct Dense {
    pub units: usize,
    pub activation: Activation,
    pub kernel: WeightSpec,
    /// Nothing where `use_bias` is false.
    pub bias: Option<WeightSpec>,
}

/// `BatchNormalization` over the channels, or over the values of a vector.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct BatchNorm {
    pub momentum: f64,
    pub epsilon: f64,
    pub center: bool,
    pub scale: bool,
}

/// How a weight begins and what its size costs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct WeightSpec {
    pub initializer: Initializer,
    pub regularizer: Regularizer,
}

/// How the window of a convolution slides: height and width of each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct Window {
    pub kernel_size: [usize; 2],
    pub strides: [usize; 2],
    pub padding: Padding,
    pub dilation_rate: [usize; 2],
}

impl Window {
    /// Height and width that the window spans, its gaps included.
    pub fn span(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            (self.kernel_size[axis] - 1).saturating_mul(self.dilation_rate[axis]).saturating_add(1)
        })
    }
}

/// The window of a pooling layer: height and width of each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// The window, 2 x 2 unless given.
    pub pool_size: [usize; 2],
    /// The step from window to window; the window's size unless given.
    pub strides: [usize; 2],
    /// What happens at the border.
    pub padding: Padding,
}

/// What happens at the border of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// No padding: the output shrinks.
    Valid,
    /// Zeros around, the odd one at the bottom and right, as TensorFlow does it.
    Same,
}

impl Padding {
    const NAMES: [(&'static str, Self); 2] = [("valid", Self::Valid), ("same", Self::Same)];
}

/// How pixels between pixels are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// Each pixel is repeated.
    Nearest,
    /// Blended from the pixels around, whose centres lie at half pixels, as TensorFlow has it.
    Bilinear,
}

impl Interpolation {
    const NAMES: [(&'static str, Self); 2] =
        [("nearest", Self::Nearest), ("bilinear", Self::Bilinear)];
}

/// A function applied to every value, or for softmax to every vector along the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Activation {
    Linear,
    Relu,
    Sigmoid,
    Tanh,
    Softmax,
    Elu,
    Selu,
    Gelu,
    Silu,
    LeakyRelu,
    Relu6,
    Softplus,
    Exponential,
    HardSigmoid,
}

impl Activation {
    /// The name that is written stands first; the others are read too.
    const NAMES: [(&'static str, Self); 15] = [
        ("linear", Self::Linear),
        ("relu", Self::Relu),
        ("sigmoid", Self::Sigmoid),
        ("tanh", Self::Tanh),
        ("softmax", Self::Softmax),
        ("elu", Self::Elu),
        ("selu", Self::Selu),
        ("gelu", Self::Gelu),
        ("silu", Self::Silu),
        ("leaky_relu", Self::LeakyRelu),
        ("relu6", Self::Relu6),
        ("softplus", Self::Softplus),
        ("exponential", Self::Exponential),
        ("hard_sigmoid", Self::HardSigmoid),
        ("swish", Self::Silu),
    ];
}

/// Optimizer and loss, as in Keras's `compile`. The only metric is accuracy.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileSpec {
    /// RMSprop with Keras's defaults unless given.
    pub optimizer: OptimizerSpec,
    /// Unless given, binary cross-entropy for a model that ends in `Dense` with one unit, and
    /// sparse categorical cross-entropy for any other.
    pub loss: Loss,
}

impl ModelSpec {
    /// Reads a spec from JSON text.
    ///
    /// # Errors
    /// `spec-json` with the line where the text is not JSON; `spec` naming layer and field
    /// where it is JSON and no spec. Whether the layers fit together is not checked here:
    /// see [`Summary::of`](crate::model::shape::Summary::of).
    pub fn from_json(text: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Error::spec_json(format!(
                "The model is not valid JSON: {error}. Check for a missing comma, quote or bracket."
            ))
            .line(error.line() as u32)
        })?;
        Self::from_value(value)
    }

    /// Reads a spec from parsed JSON. See [`from_json`](Self::from_json).
    pub fn from_value(value: Value) -> Result<Self> {
        let Value::Object(map) = value else {
            return Err(Error::spec_json(
                "A model is a JSON object with input_shape, layers and compile.",
            ));
        };
        let mut fields = Fields::new(map);
        let input_shape = fields.input_shape("input_shape")?;
        let layers = match fields.take("layers") {
            Some(Value::Array(layers)) => layers,
            _ => {
                return Err(
                    Error::spec(r#"Give the layers as a list: "layers": [...]."#).field("layers")
                );
            }
        };
        let compile = fields.take("compile");
        fields.take("name");
        fields.done()?;
        let layers = read::layers(layers)?;
        let ends_in_one = matches!(
            layers.last(),
            Some(LayerSpec { kind: LayerKind::Dense(Dense { units: 1, .. }), .. })
        );
        let loss = if ends_in_one { Loss::BINARY } else { Loss::SPARSE };
        let compile = match compile {
            None | Some(Value::Null) => CompileSpec { optimizer: OptimizerSpec::rmsprop(), loss },
            Some(Value::Object(map)) => read_compile(Fields::new(map), loss)?,
            Some(_) => {
                return Err(
                    Error::spec("compile is an object with optimizer and loss.").field("compile")
                );
            }
        };
        Ok(Self { input_shape, layers, compile })
    }

    /// The spec as JSON, every option written out, so that reading it back gives the same.
    pub fn to_value(&self) -> Value {
        let layers = self.layers.iter().enumerate();
        json!({
            "input_shape": self.input_shape,
            "layers": layers.map(|(i, layer)| write::layer(layer, i, &self.layers)).collect::<Vec<_>>(),
            "compile": {
                "optimizer": self.compile.optimizer.to_value(),
                "loss": self.compile.loss.to_value(),
                "metrics": ["accuracy"],
            },
        })
    }
}

/// What accuracy may be called; which of them Keras means follows from the loss.
const METRICS: &[&str] =
    &["accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy"];

fn read_compile(mut fields: Fields, default_loss: Loss) -> Result<CompileSpec> {
    let optimizer = match fields.take("optimizer") {
        None | Some(Value::Null) => OptimizerSpec::rmsprop(),
        Some(value) => OptimizerSpec::from_value(value)?,
    };
    let loss = match fields.take("loss") {
        None | Some(Value::Null) => default_loss,
        Some(value) => Loss::from_value(&value)?,
    };
    let known = |metric: &Value| metric.as_str().is_some_and(|name| METRICS.contains(&name));
    match fields.take("metrics") {
        None | Some(Value::Null) => {}
        Some(Value::Array(metrics)) if metrics.iter().all(known) => {}
        Some(other) => {
            return Err(Error::spec(format!(
                r#"Only ["accuracy"] is measured while training; {other} is not known."#
            ))
            .field("metrics"));
        }
    }
    fields.done()?;
    Ok(CompileSpec { optimizer, loss })
}

impl LayerSpec {
    /// The class in Keras's spelling.
    pub fn class(&self) -> &'static str {
        self.kind.class()
    }
}

impl LayerKind {
    /// The class in Keras's spelling.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Conv2D(_) => "Conv2D",
            Self::DepthwiseConv2D(_) => "DepthwiseConv2D",
            Self::SeparableConv2D(_) => "SeparableConv2D",
            Self::MaxPooling2D(_) => "MaxPooling2D",
            Self::AveragePooling2D(_) => "AveragePooling2D",
            Self::GlobalMaxPooling2D { .. } => "GlobalMaxPooling2D",
            Self::GlobalAveragePooling2D { .. } => "GlobalAveragePooling2D",
            Self::Flatten => "Flatten",
            Self::Dense(_) => "Dense",
            Self::Dropout { .. } => "Dropout",
            Self::SpatialDropout2D { .. } => "SpatialDropout2D",
            Self::BatchNormalization(_) => "BatchNormalization",
            Self::Activation(_) => "Activation",
            Self::ReLU { .. } => "ReLU",
            Self::LeakyReLU { .. } => "LeakyReLU",
            Self::ELU { .. } => "ELU",
            Self::Softmax => "Softmax",
            Self::ZeroPadding2D { .. } => "ZeroPadding2D",
            Self::UpSampling2D { .. } => "UpSampling2D",
            Self::Rescaling { .. } => "Rescaling",
            Self::Normalization { .. } => "Normalization",
            Self::Add => "Add",
            Self::Concatenate => "Concatenate",
        }
    }

    /// Whether it takes two inputs or more; every other layer takes one.
    pub fn merges(&self) -> bool {
        matches!(self, Self::Add | Self::Concatenate)
    }

    /// The function that it applies at its end, where that has a name.
    pub fn activation(&self) -> Option<Activation> {
        match self {
            Self::Conv2D(Conv { activation, .. })
            | Self::DepthwiseConv2D(DepthwiseConv { activation, .. })
            | Self::SeparableConv2D(SeparableConv { activation, .. })
            | Self::Dense(Dense { activation, .. })
            | Self::Activation(activation) => Some(*activation),
            Self::Softmax => Some(Activation::Softmax),
            _ => None,
        }
    }
}
