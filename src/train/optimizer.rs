//! SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta and Nadam with Keras 3's formulas, defaults
//! and epsilons, its weight decay and its three ways of clipping gradients.
//!
//! Burn's own optimizers place epsilon elsewhere and count their steps differently, and a
//! checkpoint must hold every number of theirs; so the few formulas stand here, over flat
//! parameters, in the order that `network.rs` lists them.
//!
//! Sources: Keras 3 `optimizers/*.py`; Tieleman and Hinton 2012 (RMSprop); Kingma and Ba 2015
//! (Adam, in the form of its section 2's end); Reddi and others 2018 (AMSGrad); Loshchilov and
//! Hutter 2019 (AdamW); Duchi and others 2011 (Adagrad); Zeiler 2012 (Adadelta); Dozat 2015
//! (Nadam); Pascanu and others 2013 (clipping by norm).

use burn::tensor::Tensor;
#[cfg(feature = "kernels")]
use cnn_lab_kernels::update;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
#[cfg(feature = "kernels")]
use crate::fast;
use crate::model::Fields;
use crate::train::schedule::LearningRate;

/// Which optimizer, with its options.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// The step size, the same for all parameters.
    pub learning_rate: LearningRate,
    /// The rule.
    pub rule: Rule,
    /// Before each step every weight loses this part of itself, times the step size.
    pub weight_decay: Option<f64>,
    /// What happens to gradients before they are used.
    pub clip: Option<Clip>,
}

/// An update rule with its constants, in Keras's names.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Rule {
    Sgd { momentum: f64, nesterov: bool },
    RmsProp { rho: f64, momentum: f64, epsilon: f64, centered: bool },
    Adam { beta_1: f64, beta_2: f64, epsilon: f64, amsgrad: bool },
    AdamW { beta_1: f64, beta_2: f64, epsilon: f64, amsgrad: bool },
    Adagrad { initial_accumulator_value: f64, epsilon: f64 },
    Adadelta { rho: f64, epsilon: f64 },
    Nadam { beta_1: f64, beta_2: f64, epsilon: f64 },
}

/// How gradients are kept small.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Every number stays between plus and minus this: Keras's `clipvalue`.
    Value(f64),
    /// The gradient of each parameter is at most this long: Keras's `clipnorm`.
    Norm(f64),
    /// All gradients together are at most this long: Keras's `global_clipnorm`.
    GlobalNorm(f64),
}

const NAMES: &[&str] = &["sgd", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "nadam"];

/// The options that every optimizer has.
const SHARED: [&str; 6] =
    ["name", "learning_rate", "weight_decay", "clipvalue", "clipnorm", "global_clipnorm"];

impl OptimizerSpec {
    /// RMSprop with Keras's defaults.
    pub fn rmsprop() -> Self {
        let rule = Rule::RmsProp { rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false };
        Self { learning_rate: LearningRate::Constant(0.001), rule, weight_decay: None, clip: None }
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
        let part = 0.0..1.0;
        let betas = |fields: &mut Fields| -> Result<(f64, f64, f64)> {
            let beta_1 = fields.number("beta_1", Some(0.9), 0.0..1.0)?;
            let beta_2 = fields.number("beta_2", Some(0.999), 0.0..1.0)?;
            Ok((beta_1, beta_2, fields.number("epsilon", Some(1e-7), 0.0..f64::INFINITY)?))
        };
        let (rule, own): (Rule, &[&str]) = match name.as_str() {
            "sgd" => (
                Rule::Sgd {
                    momentum: fields.number("momentum", Some(0.0), part)?,
                    nesterov: fields.flag("nesterov", false)?,
                },
                &["momentum", "nesterov"],
            ),
            "rmsprop" => (
                Rule::RmsProp {
                    rho: fields.number("rho", Some(0.9), part.clone())?,
                    momentum: fields.number("momentum", Some(0.0), part)?,
                    epsilon: fields.number("epsilon", Some(1e-7), up.clone())?,
                    centered: fields.flag("centered", false)?,
                },
                &["rho", "momentum", "epsilon", "centered"],
            ),
            "adam" | "adamw" => {
                let (beta_1, beta_2, epsilon) = betas(&mut fields)?;
                let amsgrad = fields.flag("amsgrad", false)?;
                let rule = if name == "adam" {
                    Rule::Adam { beta_1, beta_2, epsilon, amsgrad }
                } else {
                    Rule::AdamW { beta_1, beta_2, epsilon, amsgrad }
                };
                (rule, &["beta_1", "beta_2", "epsilon", "amsgrad"])
            }
            "adagrad" => (
                Rule::Adagrad {
                    initial_accumulator_value: fields.number(
                        "initial_accumulator_value",
                        Some(0.1),
                        up.clone(),
                    )?,
                    epsilon: fields.number("epsilon", Some(1e-7), up.clone())?,
                },
                &["initial_accumulator_value", "epsilon"],
            ),
            "adadelta" => (
                Rule::Adadelta {
                    rho: fields.number("rho", Some(0.95), part)?,
                    epsilon: fields.number("epsilon", Some(1e-7), up.clone())?,
                },
                &["rho", "epsilon"],
            ),
            "nadam" => {
                let (beta_1, beta_2, epsilon) = betas(&mut fields)?;
                (Rule::Nadam { beta_1, beta_2, epsilon }, &["beta_1", "beta_2", "epsilon"])
            }
            other => return Err(Self::unknown(other)),
        };
        let default_rate = if matches!(rule, Rule::Sgd { .. }) { 0.01 } else { 0.001 };
        let learning_rate = LearningRate::from_value(fields.take("learning_rate"), default_rate)?;
        let default_decay = if matches!(rule, Rule::AdamW { .. }) { 0.004 } else { -1.0 };
        let weight_decay = fields.number("weight_decay", Some(default_decay), up)?;
        let weight_decay = (weight_decay >= 0.0).then_some(weight_decay);
        let clip = Clip::from_fields(&mut fields)?;
        fields.finish(&[&SHARED, own].concat())?;
        Ok(Self { learning_rate, rule, weight_decay, clip })
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
            Rule::AdamW { .. } => "adamw",
            Rule::Adagrad { .. } => "adagrad",
            Rule::Adadelta { .. } => "adadelta",
            Rule::Nadam { .. } => "nadam",
        }
    }

    /// As JSON, every option of the rule written out, and decay and clipping where there are
    /// any.
    pub fn to_value(&self) -> Value {
        let mut value = match self.rule {
            Rule::Sgd { momentum, nesterov } => {
                json!({"momentum": momentum, "nesterov": nesterov})
            }
            Rule::RmsProp { rho, momentum, epsilon, centered } => {
                json!({"rho": rho, "momentum": momentum, "epsilon": epsilon, "centered": centered})
            }
            Rule::Adam { beta_1, beta_2, epsilon, amsgrad }
            | Rule::AdamW { beta_1, beta_2, epsilon, amsgrad } => {
                json!({"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon, "amsgrad": amsgrad})
            }
            Rule::Adagrad { initial_accumulator_value: initial, epsilon } => {
                json!({"initial_accumulator_value": initial, "epsilon": epsilon})
            }
            Rule::Adadelta { rho, epsilon } => json!({"rho": rho, "epsilon": epsilon}),
            Rule::Nadam { beta_1, beta_2, epsilon } => {
                json!({"beta_1": beta_1, "beta_2": beta_2, "epsilon": epsilon})
            }
        };
        value["name"] = json!(self.name());
        value["learning_rate"] = self.learning_rate.to_value();
        if let Some(decay) = self.weight_decay {
            value["weight_decay"] = json!(decay);
        }
        if let Some(clip) = self.clip {
            let (name, limit) = clip.named();
            value[name] = json!(limit);
        }
        value
    }
}

impl Clip {
    fn from_fields(fields: &mut Fields) -> Result<Option<Self>> {
        let mut found: Option<Self> = None;
        for field in ["clipvalue", "clipnorm", "global_clipnorm"] {
            let limit = fields.number(field, Some(f64::NAN), 0.0..f64::INFINITY)?;
            if limit.is_nan() {
                continue;
            }
            if limit == 0.0 {
                return Err(Error::spec(format!(
                    "{field} is a number above 0; at 0 nothing would be learned. Leave it out to \
                     clip nothing."
                ))
                .field(field));
            }
            if let Some(other) = found {
                return Err(Error::spec(format!(
                    "Gradients are clipped in one way: leave out {field} or {}.",
                    other.named().0
                ))
                .field(field));
            }
            found = Some(match field {
                "clipvalue" => Self::Value(limit),
                "clipnorm" => Self::Norm(limit),
                _ => Self::GlobalNorm(limit),
            });
        }
        Ok(found)
    }

    fn named(self) -> (&'static str, f64) {
        match self {
            Self::Value(limit) => ("clipvalue", limit),
            Self::Norm(limit) => ("clipnorm", limit),
            Self::GlobalNorm(limit) => ("global_clipnorm", limit),
        }
    }

    fn apply(self, gradients: Vec<Tensor<1>>) -> Vec<Tensor<1>> {
        let squares = |gradient: &Tensor<1>| (gradient.clone() * gradient.clone()).sum();
        match self {
            Self::Value(limit) => {
                gradients.into_iter().map(|gradient| gradient.clamp(-limit, limit)).collect()
            }
            Self::Norm(limit) => {
                let shorten = |gradient: Tensor<1>| {
                    let norm = squares(&gradient).sqrt().clamp_min(limit);
                    gradient * limit / norm
                };
                gradients.into_iter().map(shorten).collect()
            }
            Self::GlobalNorm(limit) => {
                let Some(sum) = gradients.iter().map(squares).reduce(|sum, next| sum + next) else {
                    return gradients;
                };
                let scale = sum.sqrt().recip().clamp_max(1.0 / limit) * limit;
                gradients.into_iter().map(|gradient| gradient * scale.clone()).collect()
            }
        }
    }
}

impl Rule {
    /// What the rule remembers for each parameter, by Keras's names.
    pub fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            Self::Sgd { .. } => &["momentum"],
            Self::RmsProp { momentum, centered, .. } => match (*momentum > 0.0, centered) {
                (false, false) => &["velocity"],
                (true, false) => &["velocity", "momentum"],
                (false, true) => &["velocity", "average_gradient"],
                (true, true) => &["velocity", "momentum", "average_gradient"],
            },
            Self::Adam { amsgrad: true, .. } | Self::AdamW { amsgrad: true, .. } => {
                &["momentum", "velocity", "velocity_hat"]
            }
            Self::Adam { .. } | Self::AdamW { .. } | Self::Nadam { .. } => {
                &["momentum", "velocity"]
            }
            Self::Adagrad { .. } => &["accumulator"],
            Self::Adadelta { .. } => &["accumulated_grad", "accumulated_delta_var"],
        }
    }

    /// What stands in the slots before the first step.
    fn initial(&self) -> f64 {
        match self {
            Self::Adagrad { initial_accumulator_value, .. } => *initial_accumulator_value,
            _ => 0.0,
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
    /// The steps taken when its schedule began; below 0 where it goes on with the schedule of
    /// another that had taken steps.
    pub schedule_start: i64,
    /// For each slot of the rule, one flat tensor a parameter.
    pub slots: Vec<Vec<Tensor<1>>>,
    /// Nadam's product of momenta and the steps that it is of: a function of those steps, and
    /// so kept in no checkpoint.
    momenta: (u64, f64),
}

impl Optimizer {
    /// An optimizer that has taken no step for these parameters.
    pub fn new(spec: OptimizerSpec, params: &[Tensor<1>]) -> Self {
        let initial = spec.rule.initial();
        let fresh = || params.iter().map(|param| param.zeros_like() + initial).collect();
        let slots = spec.rule.slots().iter().map(|_| fresh()).collect();
        Self::with_slots(spec, slots)
    }

    /// An optimizer that has taken no step and remembers this: one tensor a parameter for each
    /// slot of its rule.
    pub fn with_slots(spec: OptimizerSpec, slots: Vec<Vec<Tensor<1>>>) -> Self {
        Self { spec, iterations: 0, schedule_start: 0, slots, momenta: (0, 1.0) }
    }

    /// The step size of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.spec.learning_rate.at(self.scheduled())
    }

    /// Steps since its schedule began.
    pub fn scheduled(&self) -> u64 {
        (self.iterations as i64).saturating_sub(self.schedule_start).max(0) as u64
    }

    /// Takes one step: changes `params` by `gradients`, which stand in the same order; where it is
    /// `fast`, by our own kernels what they cover.
    pub fn update(&mut self, params: &mut [Tensor<1>], gradients: Vec<Tensor<1>>, fast: bool) {
        let rate = self.learning_rate();
        self.iterations += 1;
        let gradients = match self.spec.clip {
            Some(clip) => clip.apply(gradients),
            None => gradients,
        };
        let step = self.iterations as i32;
        for (index, gradient) in gradients.into_iter().enumerate() {
            if fast && self.in_one_pass(&mut params[index], index, &gradient, rate) {
                continue;
            }
            let mut weight = params[index].clone();
            if let Some(decay) = self.spec.weight_decay {
                weight = weight.clone() - weight * decay * rate;
            }
            params[index] = match self.spec.rule {
                Rule::Sgd { momentum: 0.0, .. } => weight - gradient * rate,
                Rule::Sgd { momentum, nesterov } => {
                    let step = gradient * rate;
                    let velocity = self.slots[0][index].clone() * momentum - step.clone();
                    self.slots[0][index] = velocity.clone();
                    if nesterov { weight + velocity * momentum - step } else { weight + velocity }
                }
                Rule::RmsProp { rho, momentum, epsilon, centered } => {
                    let velocity = self.decaying(0, index, rho, square(&gradient));
                    let variance = if centered {
                        let last = self.slots.len() - 1;
                        let mean = self.decaying(last, index, rho, gradient.clone());
                        velocity - square(&mean)
                    } else {
                        velocity
                    };
                    let step = gradient * rate / (variance + epsilon).sqrt();
                    if momentum > 0.0 {
                        let momentum = self.slots[1][index].clone() * momentum + step;
                        self.slots[1][index] = momentum.clone();
                        weight - momentum
                    } else {
                        weight - step
                    }
                }
                Rule::Adam { beta_1, beta_2, epsilon, amsgrad }
                | Rule::AdamW { beta_1, beta_2, epsilon, amsgrad } => {
                    let rate = rate * adam_correction(beta_1, beta_2, self.iterations);
                    let squared = square(&gradient);
                    let momentum = self.decaying(0, index, beta_1, gradient);
                    let mut velocity = self.decaying(1, index, beta_2, squared);
                    if amsgrad {
                        velocity = self.slots[2][index].clone().max_pair(velocity);
                        self.slots[2][index] = velocity.clone();
                    }
                    weight - momentum * rate / (velocity.sqrt() + epsilon)
                }
                Rule::Adagrad { epsilon, .. } => {
                    let sum = self.slots[0][index].clone() + square(&gradient);
                    self.slots[0][index] = sum.clone();
                    weight - gradient * rate / (sum + epsilon).sqrt()
                }
                Rule::Adadelta { rho, epsilon } => {
                    let squared = square(&gradient);
                    let mean = self.decaying(0, index, rho, squared);
                    let past = self.slots[1][index].clone();
                    let step = (past + epsilon).sqrt() * gradient / (mean + epsilon).sqrt();
                    self.decaying(1, index, rho, square(&step));
                    weight - step * rate
                }
                Rule::Nadam { beta_1, beta_2, epsilon } => {
                    let product = self.momenta(beta_1);
                    let now = nadam_momentum(beta_1, self.iterations);
                    let next = nadam_momentum(beta_1, self.iterations + 1);
                    let squared = square(&gradient);
                    let momentum = self.decaying(0, index, beta_1, gradient.clone());
                    let velocity = self.decaying(1, index, beta_2, squared);
                    let direction = momentum * (next / (1.0 - product * next))
                        + gradient * ((1.0 - now) / (1.0 - product));
                    let velocity = velocity / (1.0 - beta_2.powi(step));
                    weight - direction * rate / (velocity.sqrt() + epsilon)
                }
            };
        }
    }

    /// The step of one parameter where our kernels have the rule and the device; false where not.
    #[cfg(feature = "kernels")]
    fn in_one_pass(
        &mut self,
        weight: &mut Tensor<1>,
        index: usize,
        gradient: &Tensor<1>,
        rate: f64,
    ) -> bool {
        let Some((rule, step)) = self.rule_of_kernels(rate) else { return false };
        let decay = self.spec.weight_decay.unwrap_or(0.0) * rate;
        let slots = self.slots.iter_mut().map(|slot| &mut slot[index]).collect();
        fast::update(rule, [step, decay], weight, gradient, slots)
    }

    /// The rule as our kernels have it, where they do, and the size of this step.
    #[cfg(feature = "kernels")]
    fn rule_of_kernels(&self, rate: f64) -> Option<(update::Rule, f64)> {
        let rule = match self.spec.rule {
            Rule::Sgd { momentum: 0.0, .. } => update::Rule::Descent,
            Rule::Sgd { momentum, nesterov } => {
                update::Rule::Momentum { momentum: momentum as f32, nesterov }
            }
            Rule::RmsProp { rho, momentum: 0.0, epsilon, centered: false } => {
                update::Rule::RmsProp { rho: rho as f32, epsilon: epsilon as f32 }
            }
            Rule::Adam { beta_1, beta_2, epsilon, amsgrad: false }
            | Rule::AdamW { beta_1, beta_2, epsilon, amsgrad: false } => {
                let rate = rate * adam_correction(beta_1, beta_2, self.iterations);
                let [beta_1, beta_2] = [beta_1 as f32, beta_2 as f32];
                return Some((
                    update::Rule::Adam { beta_1, beta_2, epsilon: epsilon as f32 },
                    rate,
                ));
            }
            _ => return None,
        };
        Some((rule, rate))
    }

    /// Takes one step as [`update`](Self::update) does, without tensors: `params` and `slots` are
    /// held, and the gradient of each stands at its place. False, and nothing is done, where our
    /// kernels lack the rule or gradients are clipped.
    #[cfg(feature = "cpu")]
    pub(crate) fn update_in_place(
        &mut self,
        places: &[std::ops::Range<usize>],
        params: &mut fast::Held,
        gradient: &[f32],
        slots: &mut [fast::Held],
    ) -> bool {
        let rate = self.learning_rate();
        self.iterations += 1;
        let rule = self.rule_of_kernels(rate).filter(|_| self.spec.clip.is_none());
        let Some((rule, step)) = rule else {
            self.iterations -= 1;
            return false;
        };
        let decay = (self.spec.weight_decay.unwrap_or(0.0) * rate) as f32;
        for (number, place) in places.iter().enumerate() {
            let (weights, gradient) = (params.of_mut(number), &gradient[place.clone()]);
            let mut step = |slots: &mut [&mut [f32]]| {
                update::update(rule, step as f32, decay, weights, gradient, slots);
            };
            match slots {
                [] => step(&mut []),
                [one] => step(&mut [one.of_mut(number)]),
                [one, other, ..] => step(&mut [one.of_mut(number), other.of_mut(number)]),
            }
        }
        true
    }

    #[cfg(not(feature = "kernels"))]
    fn in_one_pass(&mut self, _: &mut Tensor<1>, _: usize, _: &Tensor<1>, _: f64) -> bool {
        false
    }

    /// Moves a slot a part `1 - keep` of the way to `value`, and gives it.
    fn decaying(&mut self, slot: usize, index: usize, keep: f64, value: Tensor<1>) -> Tensor<1> {
        let slot = &mut self.slots[slot][index];
        *slot = slot.clone() * keep + value * (1.0 - keep);
        slot.clone()
    }

    /// Nadam's product of the momenta of all steps so far.
    fn momenta(&mut self, beta_1: f64) -> f64 {
        if self.momenta.0 > self.iterations {
            self.momenta = (0, 1.0);
        }
        let (done, mut product) = self.momenta;
        for step in done + 1..=self.iterations {
            if product == 0.0 {
                break;
            }
            product *= nadam_momentum(beta_1, step);
        }
        self.momenta = (self.iterations, product);
        product
    }
}

/// The momentum of a step, counted from 1: it grows from half of `beta_1` to all of it.
fn nadam_momentum(beta_1: f64, step: u64) -> f64 {
    beta_1 * (1.0 - 0.5 * 0.96f64.powf(step as f64))
}

/// What corrects the rate for both means having begun at 0.
fn adam_correction(beta_1: f64, beta_2: f64, step: u64) -> f64 {
    let step = step as i32;
    (1.0 - beta_2.powi(step)).sqrt() / (1.0 - beta_1.powi(step))
}

fn square(values: &Tensor<1>) -> Tensor<1> {
    values.clone() * values.clone()
}

#[cfg(all(test, feature = "cpu"))]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// A checkpoint from before there were more options goes on.
    #[test]
    fn what_an_older_version_wrote_is_read() {
        let old = json!({"name": "rmsprop", "learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-7});
        assert_eq!(OptimizerSpec::from_value(old).unwrap(), OptimizerSpec::rmsprop());
        let old = json!({"name": "adam", "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7});
        let spec = OptimizerSpec::from_value(old).unwrap();
        assert_eq!(spec, OptimizerSpec::from_value(json!("Adam")).unwrap());
        assert_eq!(spec.rule.slots(), ["momentum", "velocity"]);
    }

    #[test]
    fn an_optimizer_reads_back_what_it_writes() {
        let schedule =
            json!({"name": "CosineDecay", "initial_learning_rate": 0.1, "decay_steps": 9});
        for name in NAMES {
            for extra in [
                json!({}),
                json!({"weight_decay": 0.5, "clipnorm": 2, "learning_rate": schedule}),
                json!({"weight_decay": 0, "clipvalue": 2}),
                json!({"global_clipnorm": 0.5, "clipnorm": null, "weight_decay": null}),
            ] {
                let mut value = extra;
                value["name"] = json!(name);
                let spec = OptimizerSpec::from_value(value).unwrap();
                assert_eq!(OptimizerSpec::from_value(spec.to_value()).unwrap(), spec);
                assert_eq!(spec.name(), *name);
            }
        }
        let decay = |value| OptimizerSpec::from_value(value).unwrap().weight_decay;
        assert_eq!((decay(json!("adamw")), decay(json!("adam"))), (Some(0.004), None));
    }

    #[test]
    fn wrong_options_name_the_field() {
        for (value, field) in [
            (json!("adamax"), "optimizer"),
            (json!(3), "optimizer"),
            (json!({"name": "adam", "beta1": 0.9}), "beta1"),
            (json!({"name": "sgd", "learning_rate": -1}), "learning_rate"),
            (json!({"name": "sgd", "learning_rate": "fast"}), "learning_rate"),
            (json!({"name": "sgd", "learning_rate": {"name": "Fast"}}), "learning_rate"),
            (
                json!({"name": "sgd", "learning_rate": {"name": "CosineDecay", "initial_learning_rate": 1}}),
                "decay_steps",
            ),
            (json!({"name": "sgd", "momentum": 1}), "momentum"),
            (json!({"name": "sgd", "weight_decay": -1}), "weight_decay"),
            (json!({"name": "sgd", "clipnorm": 0}), "clipnorm"),
            (json!({"name": "sgd", "clipnorm": 1, "clipvalue": 1}), "clipnorm"),
            (json!({"name": "sgd", "clipnorm": 1, "global_clipnorm": 1}), "global_clipnorm"),
            (json!({"name": "sgd", "amsgrad": true}), "amsgrad"),
            (json!({"name": "adamw", "amsgrad": 1}), "amsgrad"),
            (json!({"name": "rmsprop", "centered": "yes"}), "centered"),
            (
                json!({"name": "adagrad", "initial_accumulator_value": -0.1}),
                "initial_accumulator_value",
            ),
            (json!({"name": "adadelta", "rho": 1}), "rho"),
            (json!({"name": "nadam", "beta_1": 1.5}), "beta_1"),
        ] {
            let error = OptimizerSpec::from_value(value.clone()).unwrap_err();
            assert_eq!(error.field_name(), Some(field), "{value}: {error}");
        }
    }

    /// Loaded in the middle, Nadam goes on as if it had not been: the product of its momenta
    /// is found again.
    #[test]
    fn what_is_not_kept_is_found_again() {
        let device = Device::flex();
        let spec = OptimizerSpec::from_value(json!("nadam")).unwrap();
        let step = |optimizer: &mut Optimizer, params: &mut [Tensor<1>]| {
            optimizer.update(params, vec![Tensor::from_floats([0.5, -0.25], &device)], true);
            params[0].to_data().try_to_vec::<f32>().unwrap()
        };
        let mut params = [Tensor::<1>::from_floats([1.0, -2.0], &device)];
        let mut whole = Optimizer::new(spec.clone(), &params);
        for _ in 0..7 {
            step(&mut whole, &mut params);
        }
        let mut loaded = Optimizer::with_slots(spec, whole.slots.clone());
        loaded.iterations = whole.iterations;
        let again = step(&mut loaded, &mut params.clone());
        assert_eq!(step(&mut whole, &mut params), again);
    }

    #[test]
    fn a_schedule_counts_from_where_it_began() {
        let device = Device::flex();
        let spec = json!({"name": "sgd", "learning_rate": {"name": "PiecewiseConstantDecay", "boundaries": [1], "values": [1, 0]}});
        let spec = OptimizerSpec::from_value(spec).unwrap();
        let mut params = [Tensor::<1>::from_floats([0.0], &device)];
        let mut optimizer = Optimizer::new(spec, &params);
        (optimizer.iterations, optimizer.schedule_start) = (10, 10);
        for _ in 0..5 {
            optimizer.update(&mut params, vec![Tensor::from_floats([-1.0], &device)], true);
        }
        assert_eq!(params[0].to_data().try_to_vec::<f32>().unwrap(), [2.0]);
    }
}
