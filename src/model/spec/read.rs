//! Layers from JSON: names, inputs and the options of every class.

use serde_json::{Value, json};

use super::{
    Activation, BatchNorm, Conv, Dense, DepthwiseConv, Interpolation, LayerKind, LayerSpec,
    Padding, Pool, SeparableConv, WeightSpec, Window,
};
use crate::error::{Error, Result};
use crate::model::base::Base;
use crate::model::fields::{Fields, LARGEST_NUMBER};
use crate::model::initializer::{Initializer, Regularizer};

/// Every layer by its Keras name, for error messages.
const LAYERS: &[&str] = &[
    "Conv2D",
    "DepthwiseConv2D",
    "SeparableConv2D",
    "MaxPooling2D",
    "AveragePooling2D",
    "GlobalMaxPooling2D",
    "GlobalAveragePooling2D",
    "Flatten",
    "Dense",
    "Dropout",
    "SpatialDropout2D",
    "BatchNormalization",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "Softmax",
    "ZeroPadding2D",
    "UpSampling2D",
    "Rescaling",
    "Normalization",
    "Add",
    "Concatenate",
];

/// The most layers a model may have.
const MOST_LAYERS: usize = 1000;

/// The name of the model's own input.
pub(super) const INPUT: &str = "input";

/// Reads the list of layers.
pub(super) fn layers(values: Vec<Value>) -> Result<Vec<LayerSpec>> {
    if values.is_empty() || values.len() > MOST_LAYERS {
        return Err(Error::spec(format!(
            "A model has from 1 to {MOST_LAYERS} layers; this one has {}.",
            values.len()
        ))
        .field("layers"));
    }
    let mut layers: Vec<LayerSpec> = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let place = format!("{} of the list", index + 1);
        let Value::Object(map) = value else {
            return Err(Error::spec(r#"A layer is an object such as {"layer": "Flatten"}."#)
                .layer(place)
                .field("layers"));
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
        match Base::of_class(&class) {
            Some(base) => {
                add_base(base, fields, &mut layers).map_err(|error| error.layer(class))?;
            }
            None => layers.push(layer(&class, fields, place, &layers)?),
        }
    }
    Ok(layers)
}

/// A layer behind those `before`; `place` names it in an error where it has no name.
fn layer(
    class: &str,
    mut fields: Fields,
    place: String,
    before: &[LayerSpec],
) -> Result<LayerSpec> {
    let name = match fields.take("name") {
        None | Some(Value::Null) => automatic_name(class, before),
        Some(Value::String(name)) if !name.is_empty() => name,
        Some(_) => {
            return Err(Error::spec("A name is a text of at least one character.")
                .layer(place)
                .field("name"));
        }
    };
    if name == INPUT {
        return Err(Error::spec(
            "The name input is the model's own input; give the layer another.",
        )
        .layer(name)
        .field("name"));
    }
    if before.iter().any(|layer| layer.name == name) {
        return Err(Error::spec("Two layers have this name; give each its own.")
            .layer(name)
            .field("name"));
    }
    let named = |error: Error| error.layer(&name);
    let given = fields.take("inputs");
    let trainable = fields.flag("trainable", true).map_err(named)?;
    let base = fields.choice("base", &Base::CHOICES, None).map_err(named)?;
    let kind = kind(class, fields).map_err(named)?;
    let inputs = inputs(given, &kind, before).map_err(named)?;
    Ok(LayerSpec { name, inputs, kind, trainable, base })
}

/// The layers of a base, with Keras's arguments.
fn add_base(base: Base, fields: Fields, layers: &mut Vec<LayerSpec>) -> Result<()> {
    for mut row in base.expand(fields)? {
        let class = match row.remove("layer") {
            Some(Value::String(class)) => class,
            _ => String::new(),
        };
        if let Some(twice) = layers.iter().find(|layer| row.get("name") == Some(&json!(layer.name)))
        {
            return Err(Error::spec(format!(
                "A layer {} stands before the base already; give it another name.",
                twice.name
            ))
            .field("name"));
        }
        layers.push(layer(&class, Fields::new(row), base.name().into(), layers)?);
    }
    Ok(())
}

/// What a layer takes, from the names in its `inputs` or from its place.
fn inputs(given: Option<Value>, kind: &LayerKind, before: &[LayerSpec]) -> Result<Vec<usize>> {
    let wrong = |message: String| Error::spec(message).field("inputs");
    let inputs = match given {
        None | Some(Value::Null) => vec![before.len()],
        Some(Value::Array(names)) if names.len() <= MOST_LAYERS => {
            let place = |name: &Value| match name.as_str() {
                Some(INPUT) => Some(0),
                name => before
                    .iter()
                    .position(|layer| Some(layer.name.as_str()) == name)
                    .map(|place| place + 1),
            };
            names
                .iter()
                .map(|name| {
                    place(name).ok_or_else(|| {
                        wrong(format!(
                            "{name} is no earlier layer. inputs names layers that stand before \
                             this one, or \"{INPUT}\" for the picture."
                        ))
                    })
                })
                .collect::<Result<_>>()?
        }
        Some(other) => {
            return Err(wrong(format!(
                r#"inputs is a list of names such as ["{INPUT}"]; it is {other}."#
            )));
        }
    };
    match (kind.merges(), inputs.len()) {
        (true, count) if count < 2 => Err(wrong(format!(
            "{} joins two inputs or more, named in inputs; it has {count}.",
            kind.class()
        ))),
        (false, count) if count != 1 => {
            Err(wrong(format!("{} takes one input; inputs has {count}.", kind.class())))
        }
        _ => Ok(inputs),
    }
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

fn kind(class: &str, mut fields: Fields) -> Result<LayerKind> {
    let f = &mut fields;
    let kind = match class {
        "Conv2D" => LayerKind::Conv2D(Conv {
            filters: f.count("filters", None)?,
            window: window(f)?,
            groups: f.count("groups", Some(1))?,
            activation: activation(f)?,
            kernel: weight(f, "kernel", Initializer::GLOROT)?,
            bias: bias(f)?,
        }),
        "DepthwiseConv2D" => LayerKind::DepthwiseConv2D(DepthwiseConv {
            window: window(f)?,
            depth_multiplier: f.count("depth_multiplier", Some(1))?,
            activation: activation(f)?,
            depthwise: weight(f, "depthwise", Initializer::GLOROT)?,
            bias: bias(f)?,
        }),
        "SeparableConv2D" => LayerKind::SeparableConv2D(SeparableConv {
            filters: f.count("filters", None)?,
            window: window(f)?,
            depth_multiplier: f.count("depth_multiplier", Some(1))?,
            activation: activation(f)?,
            depthwise: weight(f, "depthwise", Initializer::GLOROT)?,
            pointwise: weight(f, "pointwise", Initializer::GLOROT)?,
            bias: bias(f)?,
        }),
        "MaxPooling2D" => LayerKind::MaxPooling2D(pool(f)?),
        "AveragePooling2D" => LayerKind::AveragePooling2D(pool(f)?),
        "GlobalMaxPooling2D" => {
            LayerKind::GlobalMaxPooling2D { keepdims: f.flag("keepdims", false)? }
        }
        "GlobalAveragePooling2D" => {
            LayerKind::GlobalAveragePooling2D { keepdims: f.flag("keepdims", false)? }
        }
        "Flatten" => LayerKind::Flatten,
        "Dense" => LayerKind::Dense(Dense {
            units: f.count("units", None)?,
            activation: activation(f)?,
            kernel: weight(f, "kernel", Initializer::GLOROT)?,
            bias: bias(f)?,
        }),
        "Dropout" => LayerKind::Dropout { rate: f.number("rate", None, 0.0..1.0)? as f32 },
        "SpatialDropout2D" => {
            LayerKind::SpatialDropout2D { rate: f.number("rate", None, 0.0..1.0)? as f32 }
        }
        "BatchNormalization" => LayerKind::BatchNormalization(BatchNorm {
            momentum: f.between("momentum", Some(0.99), 0.0, 1.0)?,
            epsilon: f.between("epsilon", Some(0.001), 1e-12, 1e6)?,
            center: f.flag("center", true)?,
            scale: f.flag("scale", true)?,
        }),
        "Activation" => LayerKind::Activation(f.choice_required("activation", &Activation::NAMES)?),
        "ReLU" => LayerKind::ReLU {
            max_value: f.optional("max_value", 0.0, LARGEST_NUMBER)?,
            negative_slope: f.between("negative_slope", Some(0.0), 0.0, LARGEST_NUMBER)?,
            threshold: f.between("threshold", Some(0.0), 0.0, LARGEST_NUMBER)?,
        },
        "LeakyReLU" => LayerKind::LeakyReLU {
            negative_slope: f.between("negative_slope", Some(0.3), 0.0, LARGEST_NUMBER)?,
        },
        "ELU" => LayerKind::ELU {
            alpha: f.between("alpha", Some(1.0), -LARGEST_NUMBER, LARGEST_NUMBER)?,
        },
        "Softmax" => LayerKind::Softmax,
        "ZeroPadding2D" => LayerKind::ZeroPadding2D { padding: f.border("padding")? },
        "UpSampling2D" => LayerKind::UpSampling2D {
            size: f.pair("size", Some([2, 2]))?,
            interpolation: f.choice(
                "interpolation",
                &Interpolation::NAMES,
                Interpolation::Nearest,
            )?,
        },
        "Rescaling" => LayerKind::Rescaling {
            scale: f.between("scale", None, -LARGEST_NUMBER, LARGEST_NUMBER)?,
            offset: f.between("offset", Some(0.0), -LARGEST_NUMBER, LARGEST_NUMBER)?,
        },
        "Normalization" => LayerKind::Normalization {
            mean: f.numbers("mean", -LARGEST_NUMBER, LARGEST_NUMBER)?,
            variance: f.numbers("variance", 0.0, LARGEST_NUMBER)?,
        },
        "Add" => LayerKind::Add,
        "Concatenate" => LayerKind::Concatenate,
        _ => {
            return Err(Error::spec(format!(
                "There is no layer {class}. Known layers are {}.",
                LAYERS.join(", ")
            ))
            .field("layer"));
        }
    };
    fields.done()?;
    Ok(kind)
}

fn activation(fields: &mut Fields) -> Result<Activation> {
    fields.choice("activation", &Activation::NAMES, Activation::Linear)
}

fn window(fields: &mut Fields) -> Result<Window> {
    let window = Window {
        kernel_size: fields.pair("kernel_size", None)?,
        strides: fields.pair("strides", Some([1, 1]))?,
        padding: fields.choice("padding", &Padding::NAMES, Padding::Valid)?,
        dilation_rate: fields.pair("dilation_rate", Some([1, 1]))?,
    };
    let above_one = |pair: [usize; 2]| pair[0].max(pair[1]) > 1;
    if above_one(window.strides) && above_one(window.dilation_rate) {
        return Err(Error::spec(
            "Keras knows no strides above 1 together with a dilation_rate above 1; set one of \
             them to 1.",
        )
        .field("dilation_rate"));
    }
    Ok(window)
}

fn weight(fields: &mut Fields, role: &str, default: Initializer) -> Result<WeightSpec> {
    let (initializer, regularizer) = (format!("{role}_initializer"), format!("{role}_regularizer"));
    Ok(WeightSpec {
        initializer: Initializer::read(fields.take(&initializer), &initializer, default)?,
        regularizer: Regularizer::read(fields.take(&regularizer), &regularizer)?,
    })
}

/// The options of a bias are checked even where there is none.
fn bias(fields: &mut Fields) -> Result<Option<WeightSpec>> {
    let used = fields.flag("use_bias", true)?;
    let bias = weight(fields, "bias", Initializer::Zeros)?;
    Ok(used.then_some(bias))
}

fn pool(fields: &mut Fields) -> Result<Pool> {
    let pool_size = fields.pair("pool_size", Some([2, 2]))?;
    Ok(Pool {
        pool_size,
        strides: fields.pair("strides", Some(pool_size))?,
        padding: fields.choice("padding", &Padding::NAMES, Padding::Valid)?,
    })
}
