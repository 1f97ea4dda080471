//! `compile` and `fit` -> the spec's `compile` and the options of a run.

use serde_json::{Map, Value as Json, json};

use super::argument::{Arg, Given, snake};
use crate::error::{Error, Result};

/// The arguments of the optimizers, in Keras's order, the step size first.
const OPTIMIZERS: &[(&str, &[&str])] = &[
    ("sgd", &["learning_rate", "momentum", "nesterov"]),
    ("rmsprop", &["learning_rate", "rho", "momentum", "epsilon", "centered"]),
    ("adam", &["learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad"]),
    ("adamw", &["learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"]),
    ("adagrad", &["learning_rate", "initial_accumulator_value", "epsilon"]),
    ("adadelta", &["learning_rate", "rho", "epsilon"]),
    ("nadam", &["learning_rate", "beta_1", "beta_2", "epsilon"]),
];

/// What every optimizer takes.
const EVERY_OPTIMIZER: &[&str] = &["weight_decay", "clipvalue", "clipnorm", "global_clipnorm"];

/// What every optimizer takes in Keras and this lab has no use for, with the values that change
/// nothing.
const NEUTRAL: &[(&str, &[&str])] = &[
    ("use_ema", &["false"]),
    ("ema_momentum", &[]),
    ("ema_overwrite_frequency", &[]),
    ("loss_scale_factor", &["null"]),
    ("gradient_accumulation_steps", &["null", "1"]),
    ("jit_compile", &[]),
    ("is_legacy_optimizer", &[]),
    ("schedule_decay", &[]),
    ("name", &[]),
];

/// The schedules' arguments, in Keras's order.
const SCHEDULES: &[(&str, &[&str])] = &[
    ("ExponentialDecay", &["initial_learning_rate", "decay_steps", "decay_rate", "staircase"]),
    ("PiecewiseConstantDecay", &["boundaries", "values"]),
    (
        "CosineDecay",
        &["initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps"],
    ),
    (
        "PolynomialDecay",
        &["initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle"],
    ),
    ("InverseTimeDecay", &["initial_learning_rate", "decay_steps", "decay_rate", "staircase"]),
    (
        "CosineDecayRestarts",
        &["initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha"],
    ),
];

fn names(table: &[(&str, &[&str])]) -> String {
    table.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// `compile`'s arguments as the spec's object.
///
/// # Errors
/// `model-text` naming the argument at fault.
pub(super) fn compile(given: Given, notes: &mut Vec<String>) -> Result<Json> {
    let mut all = Map::new();
    let order = &["optimizer", "loss", "metrics"];
    for (name, arg) in given.by_name(order)? {
        match (name.as_str(), &arg) {
            (_, Arg::None) => {}
            ("optimizer", arg) => {
                all.insert("optimizer".into(), optimizer(arg, notes)?);
            }
            ("loss", arg) => {
                all.insert("loss".into(), loss(arg, notes)?);
            }
            ("metrics" | "weighted_metrics", arg) => metrics(arg, notes),
            ("loss_weights", _) => {
                return Err(Error::model_text("loss_weights is not known here.").field(name));
            }
            // How Keras computes, not what.
            (
                "run_eagerly"
                | "jit_compile"
                | "steps_per_execution"
                | "auto_scale_loss"
                | "sample_weight_mode"
                | "experimental_run_tf_function"
                | "from_serialized",
                _,
            ) => {}
            _ => {
                return Err(Error::model_text(format!(
                    "compile has no {name} here. Known are {}.",
                    order.join(", ")
                ))
                .field(name));
            }
        }
    }
    all.insert("metrics".into(), json!(["accuracy"]));
    Ok(Json::Object(all))
}

/// An optimizer by its name or as an object.
pub(super) fn optimizer(arg: &Arg, notes: &mut Vec<String>) -> Result<Json> {
    let (class, given) = match arg {
        Arg::Text(name) => (name.as_str(), Given::default()),
        Arg::Path(_) => (arg.class().unwrap_or_default(), Given::default()),
        Arg::Made(made) => (arg.class().unwrap_or_default(), made.given.clone()),
        other => {
            other.json("optimizer")?;
            return Err(
                Error::model_text("the optimizer is a name or an object.").field("optimizer")
            );
        }
    };
    let name = class.to_lowercase();
    let name = match name.as_str() {
        "adamoptimizer" => "adam",
        "rmspropoptimizer" => "rmsprop",
        "gradientdescentoptimizer" => "sgd",
        other => other,
    };
    let Some((name, order)) = OPTIMIZERS.iter().find(|(known, _)| *known == name) else {
        return Err(Error::model_text(format!(
            "there is no optimizer {class} here; there are {}.",
            names(OPTIMIZERS)
        ))
        .field("optimizer"));
    };
    let mut options = Map::from_iter([("name".to_owned(), json!(name))]);
    let mut decay = None;
    for (option, arg) in given.by_name(order)? {
        let option = if option == "lr" { "learning_rate" } else { option.as_str() };
        let known = order.contains(&option) || EVERY_OPTIMIZER.contains(&option);
        match option {
            "learning_rate" => {
                let rate = match &arg {
                    Arg::Made(_) => schedule(&arg)?,
                    _ => arg.json(option)?,
                };
                if !rate.is_null() {
                    options.insert(option.into(), rate);
                }
            }
            "decay" => {
                let value = arg.json(option)?;
                if !(value.is_null() || value.is_number()) {
                    return Err(Error::model_text(format!("decay is a number; it is {value}."))
                        .field(option));
                }
                decay = value.as_f64().filter(|decay| *decay != 0.0);
            }
            // Keras 2 writes False for none.
            _ if known => {
                let value = arg.json(option)?;
                let none = value.is_null() || option == "weight_decay" && value == json!(false);
                if !none {
                    options.insert(option.into(), value);
                }
            }
            _ => {
                let Some((_, allowed)) = NEUTRAL.iter().find(|(known, _)| *known == option) else {
                    return Err(Error::model_text(format!(
                        "{class} has no {option} here. Known are {}, {}.",
                        order.join(", "),
                        EVERY_OPTIMIZER.join(", ")
                    ))
                    .field(option));
                };
                let value = arg.json(option).unwrap_or(Json::Null).to_string();
                if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
                    return Err(
                        Error::model_text(format!("{option} is not known here.")).field(option)
                    );
                }
            }
        }
    }
    if let Some(decay) = decay {
        let default = json!(if *name == "sgd" { 0.01 } else { 0.001 });
        let rate = options.get("learning_rate").cloned().unwrap_or(default);
        options.insert(
            "learning_rate".into(),
            json!({
                "name": "InverseTimeDecay", "initial_learning_rate": rate,
                "decay_steps": 1, "decay_rate": decay,
            }),
        );
        notes.push(format!("decay={decay} is written as InverseTimeDecay, which is the same."));
    }
    Ok(Json::Object(options))
}

fn schedule(arg: &Arg) -> Result<Json> {
    let class = arg.class().unwrap_or_default();
    let Some((name, order)) = SCHEDULES.iter().find(|(known, _)| *known == class) else {
        return Err(Error::model_text(format!(
            "there is no schedule {class} here; there are {}.",
            names(SCHEDULES)
        ))
        .field("learning_rate"));
    };
    let Arg::Made(made) = arg else {
        return Err(
            Error::model_text(format!("{class} needs its arguments.")).field("learning_rate")
        );
    };
    let mut options = Map::from_iter([("name".to_owned(), json!(name))]);
    for (option, arg) in made.given.clone().by_name(order)? {
        let value = arg.json(&option)?;
        match option.as_str() {
            "name" => {}
            _ if value.is_null() => {}
            // What a spec takes for granted.
            "cycle" if value == json!(false) => {}
            known if order.contains(&known) => {
                options.insert(option, value);
            }
            _ => {
                return Err(Error::model_text(format!("{class} has no {option}.")).field(option));
            }
        }
    }
    Ok(Json::Object(options))
}

const LOSSES: &[&str] =
    &["categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy"];

fn loss(arg: &Arg, notes: &mut Vec<String>) -> Result<Json> {
    let (class, given) = match arg {
        Arg::Text(name) => (name.as_str(), Given::default()),
        Arg::Path(_) => (arg.class().unwrap_or_default(), Given::default()),
        Arg::Made(made) => (arg.class().unwrap_or_default(), made.given.clone()),
        Arg::List(items) if items.len() == 1 => return loss(&items[0], notes),
        other => {
            other.json("loss")?;
            return Err(Error::model_text("the loss is a name or an object.").field("loss"));
        }
    };
    let name = snake(class);
    let Some(name) = LOSSES.iter().find(|known| **known == name) else {
        return Err(Error::model_text(format!(
            "there is no loss {class} here; there are {}.",
            LOSSES.join(", ")
        ))
        .field("loss"));
    };
    let order: &[&str] = if name.starts_with("sparse") {
        &["from_logits", "ignore_class", "reduction", "axis", "name"]
    } else {
        &["from_logits", "label_smoothing", "axis", "reduction", "name"]
    };
    let mut smoothing = Json::Null;
    for (option, arg) in given.by_name(order)? {
        match option.as_str() {
            // Here the loss is always taken from what goes into the last softmax or sigmoid.
            "from_logits" | "name" | "dtype" | "fn" => {}
            "label_smoothing" => smoothing = arg.json(&option)?,
            "ignore_class" if arg == Arg::None => {}
            "axis" if matches!(arg.number(), Some(-1.0 | 1.0)) => {}
            "reduction" => {
                let known = ["sum_over_batch_size", "auto", "AUTO", "SUM_OVER_BATCH_SIZE"];
                let known = match &arg {
                    Arg::Text(text) => known.contains(&text.as_str()),
                    _ => arg.class().is_none_or(|class| known.contains(&class)),
                };
                if !known {
                    notes.push("The loss is the mean over a batch here.".into());
                }
            }
            _ => {
                return Err(
                    Error::model_text(format!("{class} has no {option} here.")).field(option)
                );
            }
        }
    }
    if smoothing.as_f64().is_none_or(|part| part == 0.0) {
        return Ok(json!(name));
    }
    Ok(json!({"name": name, "label_smoothing": smoothing}))
}

fn metrics(arg: &Arg, notes: &mut Vec<String>) {
    let one = |arg: &Arg, notes: &mut Vec<String>| {
        let name = match arg {
            Arg::Text(name) => name.clone(),
            Arg::Unknown(what) => what.clone(),
            other => other.class().unwrap_or("one of them").to_owned(),
        };
        let accuracy = [
            "acc",
            "accuracy",
            "categorical_accuracy",
            "sparse_categorical_accuracy",
            "binary_accuracy",
        ];
        if !accuracy.contains(&snake(&name).as_str()) {
            notes.push(format!("Of the metrics, {name} is left out: accuracy is measured."));
        }
    };
    match arg {
        Arg::List(items) => items.iter().for_each(|item| one(item, notes)),
        other => one(other, notes),
    }
}

/// What `fit` asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Fit {
    pub epochs: Option<u32>,
    pub batch_size: Option<u32>,
    pub validation_split: Option<f64>,
    pub train: Map<String, Json>,
    /// The number of the `ImageDataGenerator` that the pictures came from.
    pub generator: Option<usize>,
}

/// The arguments of `fit`, in Keras's order.
pub(super) const FIT: &[&str] = &[
    "x",
    "y",
    "batch_size",
    "epochs",
    "verbose",
    "callbacks",
    "validation_split",
    "validation_data",
    "shuffle",
    "class_weight",
    "sample_weight",
    "initial_epoch",
    "steps_per_epoch",
    "validation_steps",
];

/// The arguments of Keras 2's `fit_generator`.
pub(super) const FIT_GENERATOR: &[&str] = &[
    "x",
    "steps_per_epoch",
    "epochs",
    "verbose",
    "callbacks",
    "validation_data",
    "validation_steps",
    "validation_freq",
    "class_weight",
];

/// Reads `fit`'s arguments, apart from the data.
///
/// # Errors
/// `model-text` naming an argument with an impossible value.
pub(super) fn fit(given: Vec<(String, Arg)>, notes: &mut Vec<String>) -> Result<Fit> {
    let mut fit = Fit::default();
    for (name, arg) in given {
        let whole = |notes: &mut Vec<String>| match arg.number() {
            Some(number) if number >= 1.0 && number.fract() == 0.0 && number < 1e9 => {
                Ok(Some(number as u32))
            }
            Some(number) => Err(Error::model_text(format!(
                "{name} is a whole number of at least 1; it is {number}."
            ))
            .field(name.as_str())),
            None => {
                if arg != Arg::None {
                    notes.push(format!("{name} of fit cannot be told from this text."));
                }
                Ok(None)
            }
        };
        match name.as_str() {
            "epochs" | "nb_epoch" => fit.epochs = whole(notes)?,
            "batch_size" => fit.batch_size = whole(notes)?,
            "validation_split" => match arg.number() {
                Some(part) if (0.0..1.0).contains(&part) => {
                    fit.validation_split = (part > 0.0).then_some(part);
                }
                Some(part) => {
                    return Err(Error::model_text(format!(
                        "validation_split is a share from 0 to below 1; it is {part}."
                    ))
                    .field(name));
                }
                None => {}
            },
            "shuffle" if arg == Arg::Bool(false) => {
                fit.train.insert("shuffle".into(), json!(false));
            }
            "class_weight" => class_weight(&arg, &mut fit, notes),
            "callbacks" => match &arg {
                Arg::List(items) => {
                    items.iter().try_for_each(|item| callback(item, &mut fit, notes))?;
                }
                Arg::None => {}
                other => callback(other, &mut fit, notes)?,
            },
            "steps_per_epoch" | "samples_per_epoch" if arg != Arg::None => notes
                .push(format!("{name} is left out: an epoch takes every training picture once.")),
            "sample_weight" if arg != Arg::None => {
                notes.push("sample_weight is left out: pictures count alike.".into());
            }
            "initial_epoch" if arg.number().is_some_and(|epoch| epoch > 0.0) => {
                notes.push("initial_epoch is left out.".into());
            }
            _ => {}
        }
    }
    Ok(fit)
}

/// `{0: 1.0, 1: 3.0}` as a list, class 0 first.
fn class_weight(arg: &Arg, fit: &mut Fit, notes: &mut Vec<String>) {
    let list = || {
        let Arg::Dict(pairs) = arg else { return None };
        let mut weights = vec![None; pairs.len()];
        for (class, weight) in pairs {
            let Arg::Int(class) = class else { return None };
            *weights.get_mut(usize::try_from(*class).ok()?)? = weight.number();
        }
        weights.into_iter().collect::<Option<Vec<f64>>>()
    };
    match (arg, list()) {
        (Arg::None, _) => {}
        (Arg::Text(name), _) if name == "balanced" || name == "auto" => {
            fit.train.insert("classWeight".into(), json!("balanced"));
        }
        (_, Some(weights)) if !weights.is_empty() => {
            fit.train.insert("classWeight".into(), json!(weights));
        }
        _ => notes.push(
            "class_weight cannot be told from this text; \"balanced\" weighs classes by their \
             share."
                .into(),
        ),
    }
}

fn monitor(arg: Option<Arg>) -> Option<&'static str> {
    match arg {
        None | Some(Arg::None) => Some("val_loss"),
        Some(Arg::Text(name)) => match name.as_str() {
            "val_loss" => Some("val_loss"),
            "val_accuracy" | "val_acc" => Some("val_accuracy"),
            "loss" => Some("loss"),
            "accuracy" | "acc" => Some("accuracy"),
            _ => None,
        },
        _ => None,
    }
}

fn callback(arg: &Arg, fit: &mut Fit, notes: &mut Vec<String>) -> Result<()> {
    let class = match arg {
        Arg::Unknown(what) => what.trim_start_matches("the class ").replace("(...)", ""),
        other => other.class().unwrap_or("one of them").to_owned(),
    };
    let left_out = |why: &str| format!("The callback {class} is left out{why}.");
    let (key, order, renamed): (_, &[&str], &[(&str, &str)]) = match class.as_str() {
        "EarlyStopping" => (
            "earlyStopping",
            &[
                "monitor",
                "min_delta",
                "patience",
                "verbose",
                "mode",
                "baseline",
                "restore_best_weights",
                "start_from_epoch",
            ],
            &[
                ("min_delta", "minDelta"),
                ("patience", "patience"),
                ("restore_best_weights", "restoreBestWeights"),
                ("start_from_epoch", "startFromEpoch"),
            ],
        ),
        "ReduceLROnPlateau" => (
            "reduceOnPlateau",
            &[
                "monitor",
                "factor",
                "patience",
                "verbose",
                "mode",
                "min_delta",
                "cooldown",
                "min_lr",
            ],
            &[
                ("factor", "factor"),
                ("patience", "patience"),
                ("min_delta", "minDelta"),
                ("epsilon", "minDelta"),
                ("cooldown", "cooldown"),
                ("min_lr", "minLearningRate"),
            ],
        ),
        _ => {
            notes.push(left_out(""));
            return Ok(());
        }
    };
    let mut given = match arg {
        Arg::Made(made) => made.given.clone().by_name(order)?,
        _ => Vec::new(),
    };
    let at = given.iter().position(|(name, _)| name == "monitor");
    let Some(monitor) = monitor(at.map(|at| given.remove(at).1)) else {
        notes.push(left_out(": what it monitors is not measured here"));
        return Ok(());
    };
    let mut options = Map::from_iter([("monitor".to_owned(), json!(monitor))]);
    for (name, arg) in given {
        if let Some((_, ours)) = renamed.iter().find(|(known, _)| *known == name) {
            options.insert((*ours).into(), arg.json(&name)?);
        } else if !order.contains(&name.as_str()) {
            return Err(Error::model_text(format!("{class} has no {name}.")).field(name));
        } else if name == "baseline" && arg != Arg::None {
            notes.push("EarlyStopping's baseline is left out.".into());
        }
    }
    fit.train.insert(key.into(), Json::Object(options));
    Ok(())
}
