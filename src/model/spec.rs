//! The layer list, in Keras's names: read from JSON, checked, and written back.
//!
//! Every value is read through [`Fields`], so an unknown layer, a misspelt field or a wrong
//! value is an [`Error`] that names the layer and the field and lists what would be right.
//! Whether the layers fit together is `shape.rs`'s business.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::fields::{Fields, name_of};
use crate::train::loss::Loss;
use crate::train::optimizer::OptimizerSpec;

/// A model: the shape of one input picture, the layers in order, and how it is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSpec {
    /// Height, width and channels of one picture.
    pub input_shape: [usize; 3],
    /// The layers, first to last.
    pub layers: Vec<LayerSpec>,
    /// Optimizer and loss, as in Keras's `compile`.
    pub compile: CompileSpec,
}

/// A layer with its name, unique in its model.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// Given, or made as Keras makes it: `conv2d`, `conv2d_1`, ...
    pub name: String,
    /// What it is, with its options.
    pub kind: LayerKind,
}

/// What a layer is. The fields are Keras's, with Keras's defaults.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names, explained by its documentation.
pub enum LayerKind {
    Conv2D {
        filters: usize,
        kernel_size: [usize; 2],
        strides: [usize; 2],
        padding: Padding,
        activation: Activation,
        use_bias: bool,
    },
    MaxPooling2D(Pool),
    AveragePooling2D(Pool),
    Flatten,
    Dense {
        units: usize,
        activation: Activation,
        use_bias: bool,
    },
    Dropout {
        rate: f32,
    },
    Activation(Activation),
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
}

impl Activation {
    const NAMES: [(&'static str, Self); 10] = [
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
    ];
}

/// Optimizer and loss, as in Keras's `compile`. The only metric is accuracy.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileSpec {
    /// RMSprop with Keras's defaults unless given.
    pub optimizer: OptimizerSpec,
    /// Sparse categorical cross-entropy unless given.
    pub loss: Loss,
}

impl Default for CompileSpec {
    fn default() -> Self {
        Self { optimizer: OptimizerSpec::rmsprop(), loss: Loss::SparseCategoricalCrossentropy }
    }
}

/// Every layer by its Keras name, for error messages.
const LAYERS: &[&str] =
    &["Conv2D", "MaxPooling2D", "AveragePooling2D", "Flatten", "Dense", "Dropout", "Activation"];

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
        let layers =
            match fields.take("layers") {
                Some(Value::Array(layers)) if !layers.is_empty() => layers,
                Some(Value::Array(_)) => {
                    return Err(Error::spec("The model has no layers; add at least one Dense.")
                        .field("layers"));
                }
                _ => {
                    return Err(Error::spec(r#"Give the layers as a list: "layers": [...]."#)
                        .field("layers"));
                }
            };
        let compile = match fields.take("compile") {
            None | Some(Value::Null) => CompileSpec::default(),
            Some(Value::Object(map)) => read_compile(Fields::new(map))?,
            Some(_) => {
                return Err(
                    Error::spec("compile is an object with optimizer and loss.").field("compile")
                );
            }
        };
        fields.take("name");
        fields.finish(&["input_shape", "layers", "compile", "name"])?;
        Ok(Self { input_shape, layers: read_layers(layers)?, compile })
    }

    /// The spec as JSON, every option written out, so that reading it back gives the same.
    pub fn to_value(&self) -> Value {
        json!({
            "input_shape": self.input_shape,
            "layers": self.layers.iter().map(LayerSpec::to_value).collect::<Vec<_>>(),
            "compile": {
                "optimizer": self.compile.optimizer.to_value(),
                "loss": self.compile.loss.name(),
                "metrics": ["accuracy"],
            },
        })
    }
}

fn read_compile(mut fields: Fields) -> Result<CompileSpec> {
    let defaults = CompileSpec::default();
    let optimizer = match fields.take("optimizer") {
        None | Some(Value::Null) => defaults.optimizer,
        Some(value) => OptimizerSpec::from_value(value)?,
    };
    let loss = match fields.take("loss") {
        None | Some(Value::Null) => defaults.loss,
        Some(value) => Loss::from_value(&value)?,
    };
    match fields.take("metrics") {
        None | Some(Value::Null) => {}
        Some(Value::Array(metrics))
            if metrics.iter().all(|metric| metric == "accuracy" || metric == "acc") => {}
        Some(other) => {
            return Err(Error::spec(format!(
                r#"Only ["accuracy"] is measured while training; {other} is not known."#
            ))
            .field("metrics"));
        }
    }
    fields.finish(&["optimizer", "loss", "metrics"])?;
    Ok(CompileSpec { optimizer, loss })
}

fn read_layers(values: Vec<Value>) -> Result<Vec<LayerSpec>> {
    let mut layers: Vec<LayerSpec> = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let place = format!("{} of the list", index + 1);
        let Value::Object(map) = value else {
            return Err(
                Error::spec(r#"A layer is an object such as {"layer": "Flatten"}."#).layer(place)
            );
        };
        let mut fields = Fields::new(map);
        let class = match fields.take("layer") {
            Some(Value::String(class)) => class,
            _ => {
                return Err(Error::spec(format!(
                    r#"Say which layer it is: "layer" is one of {}."#,
                    LAYERS.join(", ")
                ))
                .layer(place)
                .field("layer"));
            }
        };
        let name = match fields.take("name") {
            None | Some(Value::Null) => automatic_name(&class, &layers),
            Some(Value::String(name)) if !name.is_empty() => name,
            Some(_) => {
                return Err(Error::spec("A name is a text of at least one character.")
                    .layer(place)
                    .field("name"));
            }
        };
        if layers.iter().any(|layer| layer.name == name) {
            return Err(Error::spec("Two layers have this name; give each its own.")
                .layer(name)
                .field("name"));
        }
        let kind = read_kind(&class, fields).map_err(|error| error.layer(&name))?;
        layers.push(LayerSpec { name, kind });
    }
    Ok(layers)
}

/// Keras's automatic name: the class in snake case, numbered from the second on.
fn automatic_name(class: &str, before: &[LayerSpec]) -> String {
    let mut base = String::new();
    let mut previous: Option<char> = None;
    for letter in class.chars() {
        // Conv2D is conv2d, MaxPooling2D is max_pooling2d.
        if letter.is_uppercase() && previous.is_some_and(char::is_lowercase) {
            base.push('_');
        }
        base.extend(letter.to_lowercase());
        previous = Some(letter);
    }
    let taken = |name: &str| before.iter().any(|layer| layer.name == name);
    if !taken(&base) {
        return base;
    }
    (1..).map(|number| format!("{base}_{number}")).find(|name| !taken(name)).unwrap_or(base)
}

fn read_kind(class: &str, mut fields: Fields) -> Result<LayerKind> {
    let kind = match class {
        "Conv2D" => LayerKind::Conv2D {
            filters: fields.count("filters", None)?,
            kernel_size: fields.pair("kernel_size", None)?,
            strides: fields.pair("strides", Some([1, 1]))?,
            padding: fields.choice("padding", &Padding::NAMES, Padding::Valid)?,
            activation: fields.choice("activation", &Activation::NAMES, Activation::Linear)?,
            use_bias: fields.flag("use_bias", true)?,
        },
        "MaxPooling2D" => LayerKind::MaxPooling2D(read_pool(&mut fields)?),
        "AveragePooling2D" => LayerKind::AveragePooling2D(read_pool(&mut fields)?),
        "Flatten" => LayerKind::Flatten,
        "Dense" => LayerKind::Dense {
            units: fields.count("units", None)?,
            activation: fields.choice("activation", &Activation::NAMES, Activation::Linear)?,
            use_bias: fields.flag("use_bias", true)?,
        },
        "Dropout" => LayerKind::Dropout { rate: fields.number("rate", None, 0.0..1.0)? as f32 },
        "Activation" => {
            LayerKind::Activation(fields.choice_required("activation", &Activation::NAMES)?)
        }
        _ => {
            return Err(Error::spec(format!(
                "There is no layer {class}. Known layers are {}.",
                LAYERS.join(", ")
            ))
            .field("layer"));
        }
    };
    fields.finish(field_names(&kind))?;
    Ok(kind)
}

fn read_pool(fields: &mut Fields) -> Result<Pool> {
    let pool_size = fields.pair("pool_size", Some([2, 2]))?;
    Ok(Pool {
        pool_size,
        strides: fields.pair("strides", Some(pool_size))?,
        padding: fields.choice("padding", &Padding::NAMES, Padding::Valid)?,
    })
}

/// What may stand in a layer beside `layer` and `name`.
fn field_names(kind: &LayerKind) -> &'static [&'static str] {
    match kind {
        LayerKind::Conv2D { .. } => {
            &["filters", "kernel_size", "strides", "padding", "activation", "use_bias"]
        }
        LayerKind::MaxPooling2D(_) | LayerKind::AveragePooling2D(_) => {
            &["pool_size", "strides", "padding"]
        }
        LayerKind::Flatten => &[],
        LayerKind::Dense { .. } => &["units", "activation", "use_bias"],
        LayerKind::Dropout { .. } => &["rate"],
        LayerKind::Activation(_) => &["activation"],
    }
}

impl LayerSpec {
    /// The class in Keras's spelling.
    pub fn class(&self) -> &'static str {
        match self.kind {
            LayerKind::Conv2D { .. } => "Conv2D",
            LayerKind::MaxPooling2D(_) => "MaxPooling2D",
            LayerKind::AveragePooling2D(_) => "AveragePooling2D",
            LayerKind::Flatten => "Flatten",
            LayerKind::Dense { .. } => "Dense",
            LayerKind::Dropout { .. } => "Dropout",
            LayerKind::Activation(_) => "Activation",
        }
    }

    fn to_value(&self) -> Value {
        let activation_name = |activation| name_of(&Activation::NAMES, activation);
        let options = match &self.kind {
            LayerKind::Conv2D { filters, kernel_size, strides, padding, activation, use_bias } => {
                json!({
                    "filters": filters, "kernel_size": kernel_size, "strides": strides,
                    "padding": name_of(&Padding::NAMES, padding),
                    "activation": activation_name(activation), "use_bias": use_bias,
                })
            }
            LayerKind::MaxPooling2D(pool) | LayerKind::AveragePooling2D(pool) => json!({
                "pool_size": pool.pool_size, "strides": pool.strides,
                "padding": name_of(&Padding::NAMES, &pool.padding),
            }),
            LayerKind::Flatten => json!({}),
            LayerKind::Dense { units, activation, use_bias } => json!({
                "units": units, "activation": activation_name(activation), "use_bias": use_bias,
            }),
            LayerKind::Dropout { rate } => json!({ "rate": rate }),
            LayerKind::Activation(activation) => {
                json!({ "activation": activation_name(activation) })
            }
        };
        let mut map = Map::new();
        map.insert("layer".into(), self.class().into());
        map.insert("name".into(), self.name.clone().into());
        if let Value::Object(options) = options {
            map.extend(options);
        }
        Value::Object(map)
    }
}
