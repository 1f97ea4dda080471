//! SGD, RMSprop and Adam with Keras 3's formulas, defaults and epsilons.
//!
//! Burn's own optimizers place epsilon elsewhere and count their steps differently, and a
//! checkpoint must hold every number of theirs; so the few formulas stand here, over flat
//! parameters, in the order that `network.rs` lists them.
//!
//! Sources: Keras 3 `optimizers/sgd.py`, `rmsprop.py`, `adam.py`; Tieleman and Hinton 2012
//! (RMSprop); Kingma and Ba 2015 (Adam, in the form of its section 2's end).

use burn::tensor::Tensor;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::Fields;

/// Which optimizer, with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// The step size, the same for all parameters.
    pub learning_rate: f64,
    /// The rule.
    pub rule: Rule,
}

/// An update rule with its constants, in Keras's names.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Rule {
    Sgd { momentum: f64, nesterov: bool },
    RmsProp { rho: f64, epsilon: f64 },
    Adam { beta_1: f64, beta_2: f64, epsilon: f64 },
}

const NAMES: &[&str] = &["sgd", "rmsprop", "adam"];

impl OptimizerSpec {
    /// RMSprop with Keras's defaults.
    pub fn rmsprop() -> Self {
        Self { learning_rate: 0.001, rule: Rule::RmsProp { rho: 0.9, epsilon: 1e-7 } }
    }

    /// Reads a name (`"adam"`) or an object with `name` and options.
    ///
    /// # Errors
    /// `spec` naming the field at fault.
    pub fn from_value(value: Value) -> Result<Self> {
        let map = match value {
            Value::String(name) => Map::from_iter([("name".to_owned(), Value::String(name))]),
            Value::Object(map) => map,
            other => {
                return Err(Error::spec(format!(
                    "The optimizer is a name or an object with name and learning_rate; it is {other}."
                ))
                .field("optimizer"));
            }
        };
        let mut fields = Fields::new(map);
        let name = match fields.take("name") {
            Some(Value::String(name)) => name.to_lowercase(),
            _ => return Err(Self::unknown("nothing")),
        };
        let up = 0.0..f64::INFINITY;
        let decay = 0.0..1.0;
        let (default_rate, rule, known): (f64, Rule, &[&str]) = match name.as_str() {
            "sgd" => (
                0.01,
                Rule::Sgd {
                    momentum: fields.number("momentum", Some(0.0), 0.0..1.0)?,
                    nesterov: fields.flag("nesterov", false)?,
                },
                &["name", "learning_rate", "momentum", "nesterov"],
            ),
            "rmsprop" => (
                0.001,
                Rule::RmsProp {
                    rho: fields.number("rho", Some(0.9), decay)?,
                    epsilon: fields.number("epsilon", Some(1e-7), up.clone())?,
                },
                &["name", "learning_rate", "rho", "epsilon"],
            ),
            "adam" => (
                0.001,
                Rule::Adam {
                    beta_1: fields.number("beta_1", Some(0.9), decay.clone())?,
                    beta_2: fields.number("beta_2", Some(0.999), decay)?,
                    epsilon: fields.number("epsilon", Some(1e-7), up.clone())?,
                },
                &["name", "learning_rate", "beta_1", "beta_2", "epsilon"],
            ),
            other => return Err(Self::unknown(other)),
        };
        let learning_rate = fields.number("learning_rate", Some(default_rate), up)?;
        fields.finish(known)?;
        Ok(Self { learning_rate, rule })
    }

    fn unknown(name: &str) -> Error {
        Error::spec(format!("optimizer is one of {}; it is {name}.", NAMES.join(", ")))
            .field("optimizer")
    }

    /// The optimizer's name in Keras.
    pub fn name(&self) -> &'static str {
        match self.rule {
            Rule::Sgd { .. } => "sgd",
            Rule::RmsProp { .. } => "rmsprop",
            Rule::Adam { .. } => "adam",
        }
    }

    /// As JSON, every option written out.
    pub fn to_value(&self) -> Value {
        let (name, rate) = (self.name(), self.learning_rate);
        match self.rule {
            Rule::Sgd { momentum, nesterov } => {
                json!({"name": name, "learning_rate": rate, "momentum": momentum, "nesterov": nesterov})
            }
            Rule::RmsProp { rho, epsilon } => {
                json!({"name": name, "learning_rate": rate, "rho": rho, "epsilon": epsilon})
            }
            Rule::Adam { beta_1, beta_2, epsilon } => json!({
                "name": name, "learning_rate": rate,
                "beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon,
            }),
        }
    }
}

impl Rule {
    /// What the rule remembers for each parameter, by Keras's names.
    pub fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            Self::Sgd { .. } => &["momentum"],
            Self::RmsProp { .. } => &["velocity"],
            Self::Adam { .. } => &["momentum", "velocity"],
        }
    }
}

/// A rule at work: what it remembers of the steps so far.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// The rule and its step size; the step size may change between steps.
    pub spec: OptimizerSpec,
    /// Steps taken.
    pub iterations: u64,
    /// For each slot of the rule, one flat tensor a parameter.
    pub slots: Vec<Vec<Tensor<1>>>,
}

impl Optimizer {
    /// An optimizer that has taken no step for these parameters.
    pub fn new(spec: OptimizerSpec, params: &[Tensor<1>]) -> Self {
        let zeros = || params.iter().map(Tensor::zeros_like).collect();
        let slots = spec.rule.slots().iter().map(|_| zeros()).collect();
        Self { spec, iterations: 0, slots }
    }

    /// Takes one step: changes `params` by `gradients`, which stand in the same order.
    pub fn update(&mut self, params: &mut [Tensor<1>], gradients: Vec<Tensor<1>>) {
        self.iterations += 1;
        let rate = self.spec.learning_rate;
        for (index, gradient) in gradients.into_iter().enumerate() {
            let weight = params[index].clone();
            params[index] = match self.spec.rule {
                Rule::Sgd { momentum: 0.0, .. } => weight - gradient * rate,
                Rule::Sgd { momentum, nesterov } => {
                    let step = gradient * rate;
                    let velocity = self.slots[0][index].clone() * momentum - step.clone();
                    self.slots[0][index] = velocity.clone();
                    if nesterov { weight + velocity * momentum - step } else { weight + velocity }
                }
                Rule::RmsProp { rho, epsilon } => {
                    let square = gradient.clone() * gradient.clone();
                    let velocity = self.slots[0][index].clone() * rho + square * (1.0 - rho);
                    self.slots[0][index] = velocity.clone();
                    weight - gradient * rate / (velocity + epsilon).sqrt()
                }
                Rule::Adam { beta_1, beta_2, epsilon } => {
                    let step = self.iterations as i32;
                    let rate = rate * (1.0 - beta_2.powi(step)).sqrt() / (1.0 - beta_1.powi(step));
                    let square = gradient.clone() * gradient.clone();
                    let momentum =
                        self.slots[0][index].clone() * beta_1 + gradient * (1.0 - beta_1);
                    let velocity = self.slots[1][index].clone() * beta_2 + square * (1.0 - beta_2);
                    self.slots[0][index] = momentum.clone();
                    self.slots[1][index] = velocity.clone();
                    weight - momentum * rate / (velocity.sqrt() + epsilon)
                }
            };
        }
    }
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The same formulas on one number, in f64.
    fn by_hand(spec: &OptimizerSpec, mut weight: f64, gradients: &[f64]) -> f64 {
        let (mut first, mut second) = (0.0, 0.0);
        for (step, gradient) in gradients.iter().enumerate() {
            let rate = spec.learning_rate;
            weight += match spec.rule {
                Rule::Sgd { momentum, nesterov } => {
                    first = momentum * first - rate * gradient;
                    if nesterov { momentum * first - rate * gradient } else { first }
                }
                Rule::RmsProp { rho, epsilon } => {
                    second = rho * second + (1.0 - rho) * gradient * gradient;
                    -rate * gradient / (second + epsilon).sqrt()
                }
                Rule::Adam { beta_1, beta_2, epsilon } => {
                    first = beta_1 * first + (1.0 - beta_1) * gradient;
                    second = beta_2 * second + (1.0 - beta_2) * gradient * gradient;
                    let power = step as i32 + 1;
                    -rate * (1.0 - beta_2.powi(power)).sqrt() / (1.0 - beta_1.powi(power)) * first
                        / (second.sqrt() + epsilon)
                }
            };
        }
        weight
    }

    #[test]
    fn ten_steps_equal_the_formulas_by_hand() {
        let specs = [
            json!("sgd"),
            json!({"name": "sgd", "momentum": 0.9}),
            json!({"name": "sgd", "momentum": 0.9, "nesterov": true, "learning_rate": 0.05}),
            json!("RMSprop"),
            json!({"name": "rmsprop", "rho": 0.5, "epsilon": 1e-3}),
            json!("adam"),
            json!({"name": "adam", "beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}),
        ];
        let gradients = [0.5, -0.25, 1e-4, 0.0, 3.0, -2.0, 0.125, 0.5, -0.5, 1.0];
        for value in specs {
            let spec = OptimizerSpec::from_value(value.clone()).unwrap();
            let mut params = [Tensor::<1>::from_floats([1.0, -2.0], &Device::flex())];
            let mut optimizer = Optimizer::new(spec.clone(), &params);
            for gradient in gradients {
                let gradient = gradient as f32;
                let gradient = Tensor::from_floats([gradient, -gradient], &Device::flex());
                optimizer.update(&mut params, vec![gradient]);
            }
            let ours: Vec<f32> = params[0].to_data().try_to_vec().unwrap();
            let negated: Vec<f64> = gradients.iter().map(|gradient| -gradient).collect();
            let exact = [by_hand(&spec, 1.0, &gradients), by_hand(&spec, -2.0, &negated)];
            for (ours, exact) in ours.iter().zip(exact) {
                assert!((f64::from(*ours) - exact).abs() < 1e-5, "{value}: {ours} is not {exact}");
            }
        }
    }

    #[test]
    fn wrong_options_name_the_field() {
        for (value, field) in [
            (json!("adamax"), "optimizer"),
            (json!(3), "optimizer"),
            (json!({"name": "adam", "beta1": 0.9}), "beta1"),
            (json!({"name": "sgd", "learning_rate": -1}), "learning_rate"),
            (json!({"name": "sgd", "momentum": 1}), "momentum"),
        ] {
            let error = OptimizerSpec::from_value(value.clone()).unwrap_err();
            assert_eq!(error.field_name(), Some(field), "{value}: {error}");
        }
    }
}
