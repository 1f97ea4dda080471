//! How weights begin, and what their size costs: Keras's initialisers and regularisers.
//!
//! Weights are drawn on the host, so that every device starts alike. Sources: Glorot and
//! Bengio 2010, He and others 2015, LeCun and others 1998, each in the form of Keras 3's
//! `initializers/random_initializers.py`; Box and Muller 1958 for normal variates.

use burn::tensor::Tensor;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::fields::{Fields, LARGEST_NUMBER};
use crate::random::Stream;

/// How a weight begins.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Initializer {
    /// Scaled to the number of values that go in, or in and out.
    Scaled(Scaled),
    RandomUniform {
        minval: f64,
        maxval: f64,
    },
    RandomNormal {
        mean: f64,
        stddev: f64,
    },
    /// Normal, drawn again beyond two deviations.
    TruncatedNormal {
        mean: f64,
        stddev: f64,
    },
    Zeros,
    Ones,
    Constant {
        value: f64,
    },
}

/// The initialisers whose spread follows from the layer's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Scaled {
    GlorotUniform,
    GlorotNormal,
    HeUniform,
    HeNormal,
    LecunUniform,
    LecunNormal,
}

const SCALED: [(&str, Scaled); 6] = [
    ("glorot_uniform", Scaled::GlorotUniform),
    ("glorot_normal", Scaled::GlorotNormal),
    ("he_uniform", Scaled::HeUniform),
    ("he_normal", Scaled::HeNormal),
    ("lecun_uniform", Scaled::LecunUniform),
    ("lecun_normal", Scaled::LecunNormal),
];

const OTHERS: &str = "random_uniform, random_normal, truncated_normal, zeros, ones, constant";

/// The deviation of a standard normal variate that is drawn again beyond two deviations:
/// the square root of `1 - 4 phi(2) / (2 Phi(2) - 1)`.
const TRUNCATED: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// Keras's default for kernels.
    pub const GLOROT: Self = Self::Scaled(Scaled::GlorotUniform);

    /// Reads a name, or an object with `name` and options, or takes the default.
    ///
    /// # Errors
    /// `spec` naming `field`.
    pub(crate) fn read(value: Option<Value>, field: &str, default: Self) -> Result<Self> {
        let map = match value {
            None | Some(Value::Null) => return Ok(default),
            Some(Value::String(name)) => Map::from_iter([("name".to_owned(), name.into())]),
            Some(Value::Object(map)) => map,
            Some(other) => return Err(Self::unknown(field, &other)),
        };
        let mut fields = Fields::new(map);
        let name = fields.take("name").unwrap_or_default();
        // Keras takes `he_normal` and `HeNormal` alike.
        let plain = |name: &str| name.replace('_', "").to_lowercase();
        let called = name.as_str().map(plain).unwrap_or_default();
        let any = LARGEST_NUMBER;
        let mut number = |option: &str, default: f64, low: f64| {
            fields.between(option, Some(default), low, any).map_err(|error| inside(error, field))
        };
        let initializer = match called.as_str() {
            "randomuniform" | "uniform" => {
                let (minval, maxval) =
                    (number("minval", -0.05, -any)?, number("maxval", 0.05, -any)?);
                if minval > maxval {
                    return Err(Error::spec(format!(
                        "{field} draws from minval to maxval, but {minval} is above {maxval}."
                    ))
                    .field(field));
                }
                Self::RandomUniform { minval, maxval }
            }
            "randomnormal" | "normal" => Self::RandomNormal {
                mean: number("mean", 0.0, -any)?,
                stddev: number("stddev", 0.05, 0.0)?,
            },
            "truncatednormal" => Self::TruncatedNormal {
                mean: number("mean", 0.0, -any)?,
                stddev: number("stddev", 0.05, 0.0)?,
            },
            "zeros" | "zero" => Self::Zeros,
            "ones" | "one" => Self::Ones,
            "constant" => Self::Constant { value: number("value", 0.0, -any)? },
            called => {
                let known = SCALED.iter().find(|(name, _)| plain(name) == called);
                let (_, scaled) = known.ok_or_else(|| Self::unknown(field, &name))?;
                Self::Scaled(*scaled)
            }
        };
        fields.done().map_err(|error| inside(error, field))?;
        Ok(initializer)
    }

    fn unknown(field: &str, value: &Value) -> Error {
        let scaled: Vec<_> = SCALED.iter().map(|(name, _)| *name).collect();
        Error::spec(format!("{field} is one of {}, {OTHERS}; it is {value}.", scaled.join(", ")))
            .field(field)
    }

    /// As JSON: a name, or an object where there are options.
    pub fn to_value(self) -> Value {
        match self {
            Self::Scaled(scaled) => SCALED
                .iter()
                .find(|(_, known)| *known == scaled)
                .map_or("", |(name, _)| name)
                .into(),
            Self::RandomUniform { minval, maxval } => {
                json!({ "name": "random_uniform", "minval": minval, "maxval": maxval })
            }
            Self::RandomNormal { mean, stddev } => {
                json!({ "name": "random_normal", "mean": mean, "stddev": stddev })
            }
            Self::TruncatedNormal { mean, stddev } => {
                json!({ "name": "truncated_normal", "mean": mean, "stddev": stddev })
            }
            Self::Zeros => "zeros".into(),
            Self::Ones => "ones".into(),
            Self::Constant { value } => json!({ "name": "constant", "value": value }),
        }
    }

    /// Draws `length` values for a weight through which `fans` values go in and out.
    pub fn draw(self, length: usize, fans: [f64; 2], stream: &mut Stream) -> Vec<f32> {
        let [fan_in, fan_out] = fans;
        // Keras's variance scaling: over in, or over the mean of in and out.
        let (both, alone) = ((fan_in + fan_out).max(2.0), fan_in.max(1.0));
        let mut draw_uniform = |low: f64, high: f64| {
            (0..length).map(|_| stream.uniform(low as f32, high as f32)).collect()
        };
        let variance = match self {
            Self::Zeros => return vec![0.0; length],
            Self::Ones => return vec![1.0; length],
            Self::Constant { value } => return vec![value as f32; length],
            Self::RandomUniform { minval, maxval } => return draw_uniform(minval, maxval),
            Self::RandomNormal { mean, stddev } => {
                return (0..length).map(|_| (mean + stddev * stream.normal()) as f32).collect();
            }
            Self::TruncatedNormal { mean, stddev } => {
                return (0..length).map(|_| (mean + stddev * truncated(stream)) as f32).collect();
            }
            // A uniform's limit is the square root of three variances.
            Self::Scaled(Scaled::GlorotUniform) => {
                let limit = (6.0 / both).sqrt();
                return draw_uniform(-limit, limit);
            }
            Self::Scaled(Scaled::HeUniform) => {
                let limit = (6.0 / alone).sqrt();
                return draw_uniform(-limit, limit);
            }
            Self::Scaled(Scaled::LecunUniform) => {
                let limit = (3.0 / alone).sqrt();
                return draw_uniform(-limit, limit);
            }
            Self::Scaled(Scaled::GlorotNormal) => 2.0 / both,
            Self::Scaled(Scaled::HeNormal) => 2.0 / alone,
            Self::Scaled(Scaled::LecunNormal) => 1.0 / alone,
        };
        let deviation = variance.sqrt() / TRUNCATED;
        (0..length).map(|_| (deviation * truncated(stream)) as f32).collect()
    }
}

/// An option of an initialiser or regulariser is at fault: the layer's field is what a page
/// can point to.
fn inside(error: Error, field: &str) -> Error {
    Error::spec(format!("In {field}: {error}")).field(field)
}

fn truncated(stream: &mut Stream) -> f64 {
    loop {
        let value = stream.normal();
        if value.abs() < 2.0 {
            return value;
        }
    }
}

/// What a weight's size adds to the loss: `l1` times the sum of its values without their
/// signs, and `l2` times the sum of their squares.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub struct Regularizer {
    pub l1: f64,
    pub l2: f64,
}

impl Regularizer {
    /// Reads null, `"l1"`, `"l2"`, `"l1_l2"` (each meaning 0.01), a number (`l2`) or an
    /// object with `l1` and `l2`.
    ///
    /// # Errors
    /// `spec` naming `field`.
    pub(crate) fn read(value: Option<Value>, field: &str) -> Result<Self> {
        let wrong = |value: &Value| {
            Error::spec(format!(
                "{field} is null, a number, \"l1\", \"l2\", \"l1_l2\" or an object such as \
                 {{\"l1\": 0, \"l2\": 0.01}}; it is {value}."
            ))
            .field(field)
        };
        match value {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::String(name)) => match name.as_str() {
                "l1" => Ok(Self { l1: 0.01, l2: 0.0 }),
                "l2" => Ok(Self { l1: 0.0, l2: 0.01 }),
                "l1_l2" => Ok(Self { l1: 0.01, l2: 0.01 }),
                _ => Err(wrong(&name.into())),
            },
            Some(Value::Object(map)) => {
                let mut fields = Fields::new(map);
                let mut number = |option| {
                    let number = fields.between(option, Some(0.0), 0.0, LARGEST_NUMBER);
                    number.map_err(|error| inside(error, field))
                };
                let regularizer = Self { l1: number("l1")?, l2: number("l2")? };
                fields.done().map_err(|error| inside(error, field))?;
                Ok(regularizer)
            }
            Some(value) => {
                let number = value.as_f64().filter(|l2| (0.0..=LARGEST_NUMBER).contains(l2));
                let l2 = number.ok_or_else(|| wrong(&value))?;
                Ok(Self { l1: 0.0, l2 })
            }
        }
    }

    /// As JSON: null where it costs nothing, otherwise both constants.
    pub fn to_value(self) -> Value {
        match self {
            Self { l1: 0.0, l2: 0.0 } => Value::Null,
            Self { l1, l2 } => json!({ "l1": l1, "l2": l2 }),
        }
    }

    /// What a weight adds to the loss, of shape `[1]`; nothing where that is always 0.
    pub fn penalty(self, weight: &Tensor<1>) -> Option<Tensor<1>> {
        let l1 = (self.l1 != 0.0).then(|| weight.clone().abs().sum() * self.l1);
        let l2 = (self.l2 != 0.0).then(|| (weight.clone() * weight.clone()).sum() * self.l2);
        match (l1, l2) {
            (Some(l1), Some(l2)) => Some(l1 + l2),
            (l1, l2) => l1.or(l2),
        }
    }
}
