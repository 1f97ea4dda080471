//! Learning rates: one number, or one of Keras 3's schedules, a pure function of the steps
//! that the optimizer has taken.
//!
//! Source: Keras 3 `optimizers/schedules/learning_rate_schedule.py`; the cosine and its
//! restarts are Loshchilov and Hutter's (2017), linear warm-up is Goyal and others' (2017).

use std::f64::consts::PI;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::Fields;

/// An optimizer's step size.
#[derive(Clone, Debug, PartialEq)]
pub enum LearningRate {
    /// The same at every step.
    Constant(f64),
    /// Another from step to step.
    Schedule(Schedule),
}

/// A schedule with its constants, in Keras's names. Steps are training steps, not epochs.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Schedule {
    ExponentialDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        decay_rate: f64,
        staircase: bool,
    },
    PiecewiseConstantDecay {
        boundaries: Vec<f64>,
        values: Vec<f64>,
    },
    PolynomialDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        end_learning_rate: f64,
        power: f64,
        cycle: bool,
    },
    InverseTimeDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        decay_rate: f64,
        staircase: bool,
    },
    CosineDecay {
        initial_learning_rate: f64,
        decay_steps: f64,
        alpha: f64,
        warmup_target: Option<f64>,
        warmup_steps: f64,
    },
    CosineDecayRestarts {
        initial_learning_rate: f64,
        first_decay_steps: f64,
        t_mul: f64,
        m_mul: f64,
        alpha: f64,
    },
}

const NAMES: &[&str] = &[
    "ExponentialDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "InverseTimeDecay",
    "CosineDecay",
    "CosineDecayRestarts",
];

impl LearningRate {
    /// The rate of the step that comes after so many.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Schedule(schedule) => schedule.at(step),
        }
    }

    /// Whether it changes by itself.
    pub fn is_schedule(&self) -> bool {
        matches!(self, Self::Schedule(_))
    }

    /// Reads a number, `default` where there is none, or a schedule's object.
    ///
    /// # Errors
    /// `spec` naming the field at fault.
    pub fn from_value(value: Option<Value>, default: f64) -> Result<Self> {
        match value {
            None | Some(Value::Null) => Ok(Self::Constant(default)),
            Some(Value::Object(map)) => {
                Schedule::from_map(map, "learning_rate", None).map(Self::Schedule)
            }
            Some(value) => match value.as_f64() {
                Some(rate) if rate >= 0.0 => Ok(Self::Constant(rate)),
                _ => Err(Error::spec(format!(
                    "learning_rate is a number of at least 0 or a schedule such as {{\"name\": \
                     \"CosineDecay\", ...}}; it is {value}."
                ))
                .field("learning_rate")),
            },
        }
    }

    /// As JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Constant(rate) => json!(rate),
            Self::Schedule(schedule) => schedule.to_value(),
        }
    }
}

impl Schedule {
    /// Reads a schedule's object; `field` is where it stands, for the error. A schedule that
    /// leaves `initial_learning_rate` out begins at `initial`, where there is one.
    ///
    /// # Errors
    /// `spec` naming the field at fault.
    pub fn from_value(value: Value, field: &str, initial: Option<f64>) -> Result<Self> {
        match value {
            Value::Object(map) => Self::from_map(map, field, initial),
            other => Err(Error::spec(format!(
                "{field} is an object with the name of a schedule and its options; it is {other}."
            ))
            .field(field)),
        }
    }

    fn from_map(map: Map<String, Value>, field: &str, initial: Option<f64>) -> Result<Self> {
        let mut fields = Fields::new(map);
        let name = fields.take("name");
        let initial_rate = |fields: &mut Fields| number(fields, "initial_learning_rate", initial);
        let steps = |fields: &mut Fields, field: &str| -> Result<f64> {
            let steps = number(fields, field, None)?;
            if steps > 0.0 {
                return Ok(steps);
            }
            Err(Error::spec(format!("{field} is a number of steps above 0; it is {steps}."))
                .field(field))
        };
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        let decay = &["name", "initial_learning_rate", "decay_steps", "decay_rate", "staircase"];
        let (schedule, known): (Self, &[&str]) = match name {
            "ExponentialDecay" => (
                Self::ExponentialDecay {
                    initial_learning_rate: initial_rate(&mut fields)?,
                    decay_steps: steps(&mut fields, "decay_steps")?,
                    decay_rate: number(&mut fields, "decay_rate", None)?,
                    staircase: fields.flag("staircase", false)?,
                },
                decay,
            ),
            "InverseTimeDecay" => (
                Self::InverseTimeDecay {
                    initial_learning_rate: initial_rate(&mut fields)?,
                    decay_steps: steps(&mut fields, "decay_steps")?,
                    decay_rate: number(&mut fields, "decay_rate", None)?,
                    staircase: fields.flag("staircase", false)?,
                },
                decay,
            ),
            "PiecewiseConstantDecay" => {
                let boundaries = numbers(&mut fields, "boundaries")?;
                let values = numbers(&mut fields, "values")?;
                if !boundaries.is_sorted_by(|a, b| a < b) {
                    return Err(Error::spec("boundaries are steps, each above the one before.")
                        .field("boundaries"));
                }
                if values.len() != boundaries.len() + 1 {
                    return Err(Error::spec(format!(
                        "values has one rate more than boundaries has steps: {} and not {}.",
                        boundaries.len() + 1,
                        values.len()
                    ))
                    .field("values"));
                }
                (
                    Self::PiecewiseConstantDecay { boundaries, values },
                    &["name", "boundaries", "values"],
                )
            }
            "PolynomialDecay" => (
                Self::PolynomialDecay {
                    initial_learning_rate: initial_rate(&mut fields)?,
                    decay_steps: steps(&mut fields, "decay_steps")?,
                    end_learning_rate: number(&mut fields, "end_learning_rate", Some(1e-4))?,
                    power: number(&mut fields, "power", Some(1.0))?,
                    cycle: fields.flag("cycle", false)?,
                },
                &[
                    "name",
                    "initial_learning_rate",
                    "decay_steps",
                    "end_learning_rate",
                    "power",
                    "cycle",
                ],
            ),
            "CosineDecay" => (
                Self::CosineDecay {
                    initial_learning_rate: initial_rate(&mut fields)?,
                    decay_steps: steps(&mut fields, "decay_steps")?,
                    alpha: number(&mut fields, "alpha", Some(0.0))?,
                    warmup_target: optional_number(&mut fields, "warmup_target")?,
                    warmup_steps: number(&mut fields, "warmup_steps", Some(0.0))?,
                },
                &[
                    "name",
                    "initial_learning_rate",
                    "decay_steps",
                    "alpha",
                    "warmup_target",
                    "warmup_steps",
                ],
            ),
            "CosineDecayRestarts" => (
                Self::CosineDecayRestarts {
                    initial_learning_rate: initial_rate(&mut fields)?,
                    first_decay_steps: steps(&mut fields, "first_decay_steps")?,
                    t_mul: fields.number("t_mul", Some(2.0), 1.0..f64::INFINITY)?,
                    m_mul: number(&mut fields, "m_mul", Some(1.0))?,
                    alpha: number(&mut fields, "alpha", Some(0.0))?,
                },
                &["name", "initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha"],
            ),
            other => {
                let other = if other.is_empty() { "nothing" } else { other };
                return Err(Error::spec(format!(
                    "A schedule's name is one of {}; it is {other}.",
                    NAMES.join(", ")
                ))
                .field(field));
            }
        };
        fields.finish(known)?;
        Ok(schedule)
    }

    /// The schedule's name in Keras.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ExponentialDecay { .. } => "ExponentialDecay",
            Self::PiecewiseConstantDecay { .. } => "PiecewiseConstantDecay",
            Self::PolynomialDecay { .. } => "PolynomialDecay",
            Self::InverseTimeDecay { .. } => "InverseTimeDecay",
            Self::CosineDecay { .. } => "CosineDecay",
            Self::CosineDecayRestarts { .. } => "CosineDecayRestarts",
        }
    }

    /// As JSON, every option written out.
    pub fn to_value(&self) -> Value {
        let name = self.name();
        match self {
            Self::ExponentialDecay {
                initial_learning_rate: initial,
                decay_steps,
                decay_rate,
                staircase,
            }
            | Self::InverseTimeDecay {
                initial_learning_rate: initial,
                decay_steps,
                decay_rate,
                staircase,
            } => json!({
                "name": name, "initial_learning_rate": initial, "decay_steps": plain(*decay_steps),
                "decay_rate": decay_rate, "staircase": staircase,
            }),
            Self::PiecewiseConstantDecay { boundaries, values } => {
                let boundaries: Vec<_> = boundaries.iter().map(|step| plain(*step)).collect();
                json!({"name": name, "boundaries": boundaries, "values": values})
            }
            Self::PolynomialDecay {
                initial_learning_rate: initial,
                decay_steps,
                end_learning_rate,
                power,
                cycle,
            } => json!({
                "name": name, "initial_learning_rate": initial, "decay_steps": plain(*decay_steps),
                "end_learning_rate": end_learning_rate, "power": power, "cycle": cycle,
            }),
            Self::CosineDecay {
                initial_learning_rate: initial,
                decay_steps,
                alpha,
                warmup_target,
                warmup_steps,
            } => json!({
                "name": name, "initial_learning_rate": initial, "decay_steps": plain(*decay_steps),
                "alpha": alpha, "warmup_target": warmup_target, "warmup_steps": plain(*warmup_steps),
            }),
            Self::CosineDecayRestarts {
                initial_learning_rate: initial,
                first_decay_steps,
                t_mul,
                m_mul,
                alpha,
            } => json!({
                "name": name, "initial_learning_rate": initial,
                "first_decay_steps": plain(*first_decay_steps),
                "t_mul": t_mul, "m_mul": m_mul, "alpha": alpha,
            }),
        }
    }

    /// The rate of the step that comes after so many; never below 0 and always a number.
    pub fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        let rate = match self {
            Self::ExponentialDecay {
                initial_learning_rate,
                decay_steps,
                decay_rate,
                staircase,
            } => initial_learning_rate * decay_rate.powf(stairs(step / decay_steps, *staircase)),
            Self::InverseTimeDecay {
                initial_learning_rate,
                decay_steps,
                decay_rate,
                staircase,
            } => {
                initial_learning_rate / (1.0 + decay_rate * stairs(step / decay_steps, *staircase))
            }
            Self::PiecewiseConstantDecay { boundaries, values } => {
                // The rate changes with the step after a boundary.
                let passed = boundaries.partition_point(|boundary| *boundary < step);
                values.get(passed).copied().unwrap_or_default()
            }
            Self::PolynomialDecay {
                initial_learning_rate,
                decay_steps,
                end_learning_rate,
                power,
                cycle,
            } => {
                let part = if *cycle {
                    step / (decay_steps * (step / decay_steps).ceil().max(1.0))
                } else {
                    step.min(*decay_steps) / decay_steps
                };
                (initial_learning_rate - end_learning_rate) * (1.0 - part).powf(*power)
                    + end_learning_rate
            }
            Self::CosineDecay {
                initial_learning_rate,
                decay_steps,
                alpha,
                warmup_target,
                warmup_steps,
            } => match warmup_target {
                Some(target) if step < *warmup_steps => {
                    (target - initial_learning_rate) * (step / warmup_steps) + initial_learning_rate
                }
                Some(target) => {
                    let part = (step - warmup_steps).min(*decay_steps) / decay_steps;
                    target * cosine(part, 1.0, *alpha)
                }
                None => {
                    initial_learning_rate
                        * cosine(step.min(*decay_steps) / decay_steps, 1.0, *alpha)
                }
            },
            Self::CosineDecayRestarts {
                initial_learning_rate,
                first_decay_steps,
                t_mul,
                m_mul,
                alpha,
            } => {
                let done = step / first_decay_steps;
                let (restarts, part) = if *t_mul == 1.0 {
                    (done.floor(), done.fract())
                } else {
                    // Periods before this one: done >= (t_mul^n - 1) / (t_mul - 1).
                    let before = |restarts: f64| (t_mul.powf(restarts) - 1.0) / (t_mul - 1.0);
                    let restarts = ((1.0 + done * (t_mul - 1.0)).ln() / t_mul.ln()).floor();
                    // At the very restart the logarithms may fall short by a last digit.
                    let restarts = restarts + f64::from(before(restarts + 1.0) <= done);
                    (restarts, (done - before(restarts)) / t_mul.powf(restarts))
                };
                initial_learning_rate * cosine(part, m_mul.powf(restarts), *alpha)
            }
        };
        // What grows without end stops at the largest number that a weight's type has.
        if rate.is_nan() { 0.0 } else { rate.clamp(0.0, f64::from(f32::MAX)) }
    }
}

/// From `height` down to `alpha` of it along half a cosine, for `part` from 0 to 1.
fn cosine(part: f64, height: f64, alpha: f64) -> f64 {
    (1.0 - alpha) * 0.5 * height * (1.0 + (PI * part).cos()) + alpha
}

fn stairs(part: f64, staircase: bool) -> f64 {
    if staircase { part.floor() } else { part }
}

/// A count of steps, as JSON without a fraction where it has none.
fn plain(steps: f64) -> Value {
    if steps.fract() == 0.0 && steps.abs() < 9e15 { json!(steps as i64) } else { json!(steps) }
}

fn number(fields: &mut Fields, field: &str, default: Option<f64>) -> Result<f64> {
    fields.number(field, default, 0.0..f64::INFINITY)
}

fn optional_number(fields: &mut Fields, field: &str) -> Result<Option<f64>> {
    match fields.number(field, Some(-1.0), 0.0..f64::INFINITY)? {
        -1.0 => Ok(None),
        given => Ok(Some(given)),
    }
}

fn numbers(fields: &mut Fields, field: &str) -> Result<Vec<f64>> {
    let value = fields.take(field);
    let numbers = value.as_ref().and_then(Value::as_array).and_then(|values| {
        let number = |value: &Value| value.as_f64().filter(|number| *number >= 0.0);
        values.iter().map(number).collect::<Option<Vec<f64>>>()
    });
    numbers.ok_or_else(|| {
        let given = value.unwrap_or_default();
        Error::spec(format!("{field} is a list of numbers of at least 0; it is {given}."))
            .field(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<Schedule> {
        Schedule::from_value(value, "schedule", None)
    }

    #[test]
    fn a_schedule_reads_back_what_it_writes() {
        for value in [
            json!({"name": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": true}),
            json!({"name": "InverseTimeDecay", "initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": false}),
            json!({"name": "PiecewiseConstantDecay", "boundaries": [3, 8], "values": [0.1, 0.05, 0.0]}),
            json!({"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.5, "power": 2.0, "cycle": true}),
            json!({"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1, "warmup_target": null, "warmup_steps": 0}),
            json!({"name": "CosineDecay", "initial_learning_rate": 0.0, "decay_steps": 20, "alpha": 0.0, "warmup_target": 0.1, "warmup_steps": 5}),
            json!({"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.5, "m_mul": 0.5, "alpha": 0.1}),
        ] {
            let schedule = read(value.clone()).unwrap();
            assert_eq!(schedule.to_value(), value);
            for step in [0, 1, 7, 19, 20, 1000, u64::MAX] {
                let rate = schedule.at(step);
                assert!(rate.is_finite() && rate >= 0.0, "{value} at {step}: {rate}");
            }
        }
    }

    #[test]
    fn what_grows_without_end_stays_a_number() {
        let schedule = read(json!({
            "name": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 1e300
        }));
        assert_eq!(schedule.unwrap().at(9), f64::from(f32::MAX));
    }

    #[test]
    fn the_initial_rate_may_come_from_the_optimizer() {
        let value = json!({"name": "CosineDecay", "decay_steps": 20});
        let schedule = Schedule::from_value(value.clone(), "schedule", Some(0.25)).unwrap();
        assert_eq!(schedule.at(0), 0.25);
        let error = read(value).unwrap_err();
        assert_eq!(error.field_name(), Some("initial_learning_rate"));
    }

    #[test]
    fn wrong_options_name_the_field() {
        for (value, field) in [
            (json!(3), "schedule"),
            (json!({}), "schedule"),
            (json!({"name": "StepDecay"}), "schedule"),
            (json!({"name": "cosine_decay"}), "schedule"),
            (json!({"name": "CosineDecay", "initial_learning_rate": 0.1}), "decay_steps"),
            (
                json!({"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 0}),
                "decay_steps",
            ),
            (
                json!({"name": "CosineDecay", "initial_learning_rate": -0.1, "decay_steps": 1}),
                "initial_learning_rate",
            ),
            (
                json!({"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 1, "warmup_target": "x"}),
                "warmup_target",
            ),
            (
                json!({"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 1, "warmup": 5}),
                "warmup",
            ),
            (
                json!({"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 1, "t_mul": 0.5}),
                "t_mul",
            ),
            (
                json!({"name": "PiecewiseConstantDecay", "boundaries": [3, 2], "values": [1, 2, 3]}),
                "boundaries",
            ),
            (json!({"name": "PiecewiseConstantDecay", "boundaries": [3], "values": [1]}), "values"),
            (
                json!({"name": "PiecewiseConstantDecay", "boundaries": [3], "values": [1, -1]}),
                "values",
            ),
            (
                json!({"name": "PiecewiseConstantDecay", "boundaries": 3, "values": [1, 1]}),
                "boundaries",
            ),
        ] {
            let error = read(value.clone()).unwrap_err();
            assert_eq!(error.field_name(), Some(field), "{value}: {error}");
        }
    }
}
