//! The arguments of a layer -> the options of the spec.

use serde_json::{Map, Value as Json, json};

use super::argument::{Arg, Given, snake};
use super::table::{CLASSES, Class, EVERYWHERE, Parameter, TRAINABLE, What};
use crate::error::{Error, Result};

/// Names of arguments in Keras 1 and 2, and in Keras 3.
const RENAMED: &[(&str, &str)] = &[
    ("nb_filter", "filters"),
    ("border_mode", "padding"),
    ("subsample", "strides"),
    ("dim_ordering", "data_format"),
    ("atrous_rate", "dilation_rate"),
    ("init", "kernel_initializer"),
    ("W_regularizer", "kernel_regularizer"),
    ("b_regularizer", "bias_regularizer"),
    ("bias", "use_bias"),
    ("output_dim", "units"),
    ("p", "rate"),
];

/// The activations that a spec knows, with Keras's other names for them.
const ACTIVATIONS: &[(&str, &str)] = &[
    ("linear", "linear"),
    ("relu", "relu"),
    ("sigmoid", "sigmoid"),
    ("tanh", "tanh"),
    ("softmax", "softmax"),
    ("elu", "elu"),
    ("selu", "selu"),
    ("gelu", "gelu"),
    ("silu", "silu"),
    ("swish", "silu"),
    ("leaky_relu", "leaky_relu"),
    ("relu6", "relu6"),
    ("softplus", "softplus"),
    ("exponential", "exponential"),
    ("hard_sigmoid", "hard_sigmoid"),
    ("identity", "linear"),
];

const INITIALIZERS: &[&str] = &[
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "zeros",
    "ones",
    "constant",
];

/// Other names of the initializers, without underscores.
const OTHER_INITIALIZERS: &[(&str, &str)] = &[
    ("zero", "zeros"),
    ("one", "ones"),
    ("normal", "random_normal"),
    ("uniform", "random_uniform"),
    ("randomnormalinitializer", "random_normal"),
    ("randomuniforminitializer", "random_uniform"),
    ("truncatednormalinitializer", "truncated_normal"),
    ("constantinitializer", "constant"),
];

/// An initializer's name in a spec, however Keras lets it be spelled: `HeNormal`, `uniform`.
pub(super) fn initializer_name(name: &str) -> Option<&'static str> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let name = plain(name);
    let other = OTHER_INITIALIZERS.iter().find(|(other, _)| *other == name);
    let known = || INITIALIZERS.iter().find(|known| plain(known) == name).copied();
    other.map(|(_, known)| *known).or_else(known)
}

/// The error about an initializer that nobody knows.
pub(super) fn no_initializer(name: &str, field: &str) -> String {
    format!("{field}: there is no initializer {name} here; there are {}.", INITIALIZERS.join(", "))
}

/// The class of a layer by any of its names.
pub(super) fn find(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name || class.also.contains(&name))
}

/// The names of all layers, for an error.
pub(super) fn known() -> String {
    let names: Vec<_> = CLASSES.iter().map(|class| class.name).collect();
    names.join(", ")
}

/// An activation's name in a spec.
pub(super) fn activation(name: &str) -> Option<&'static str> {
    ACTIVATIONS.iter().find(|(known, _)| *known == name).map(|(_, spec)| *spec)
}

/// What a layer was made with: its options in the spec's terms, and what concerns its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    pub options: Map<String, Json>,
    pub name: Option<String>,
    /// The shape of one picture, if it is given here.
    pub shape: Option<Arg>,
    /// An activation that is a layer of its own, by its number.
    pub activation: Option<usize>,
    /// `units` that the text does not tell; in words.
    pub units: Option<String>,
    /// Whether it is made so that training leaves its weights as they are.
    pub frozen: bool,
}

impl Class {
    /// Reads the arguments of a layer.
    ///
    /// # Errors
    /// `model-text` naming the argument that is not known, missing, or of a wrong kind.
    pub(super) fn read(&self, spelled: &str, mut given: Given) -> Result<Read> {
        let mut read = Read::default();
        if spelled == "Convolution2D"
            && let [_, rows @ Arg::Int(_), columns @ Arg::Int(_)] = given.positional.as_slice()
        {
            // Keras 1: Convolution2D(filters, rows, columns).
            let kernel = Arg::List(vec![rows.clone(), columns.clone()]);
            given.positional.truncate(1);
            given.positional.push(kernel);
        }
        let mut order: Vec<&str> = self.parameters.iter().map(|one| one.name).collect();
        if matches!(self.name, "Input") {
            order = vec!["shape", "batch_size"];
        } else if self.name == "BatchNormalization" {
            order.truncate(13);
        }
        for (name, arg) in given.by_name(&order)? {
            self.argument(&name, arg, &mut read)?;
        }
        for parameter in self.parameters {
            if parameter.default.is_empty()
                && !read.options.contains_key(parameter.name)
                && !(parameter.name == "units" && read.units.is_some())
            {
                return Err(if self.name == "Normalization" {
                    Error::model_text(
                        "the mean and variance that adapt() measures are not in this text. Give \
                         them as numbers, or use Rescaling or BatchNormalization.",
                    )
                } else {
                    Error::model_text(format!("{} needs {}.", self.name, parameter.name))
                }
                .field(parameter.name));
            }
        }
        Ok(read)
    }

    fn argument(&self, name: &str, arg: Arg, read: &mut Read) -> Result<()> {
        let known = |name: &str| self.parameters.iter().find(|one| one.name == name);
        match name {
            "name" => {
                // A name that the text does not tell changes nothing.
                if let Arg::Text(name) = arg {
                    read.name = Some(name);
                }
                return Ok(());
            }
            "input_shape" | "shape" => {
                read.shape = Some(arg);
                return Ok(());
            }
            "batch_input_shape" | "batch_shape" => {
                read.shape = Some(match arg {
                    Arg::List(sizes) => Arg::List(sizes.into_iter().skip(1).collect()),
                    Arg::None => return Ok(()),
                    other => other,
                });
                return Ok(());
            }
            "input_dim" => {
                read.shape = Some(Arg::List(vec![arg]));
                return Ok(());
            }
            "trainable" => {
                read.frozen = TRAINABLE.read(&arg)? == Some(false.into());
                return Ok(());
            }
            "alpha" if self.name == "LeakyReLU" => {
                return self.argument("negative_slope", arg, read);
            }
            _ => {}
        }
        let renamed = RENAMED.iter().find(|(old, _)| *old == name).map_or(name, |(_, new)| *new);
        let parameter = known(name)
            .or_else(|| known(renamed))
            .or_else(|| EVERYWHERE.iter().find(|one| one.name == name))
            .ok_or_else(|| {
                let names: Vec<_> = self.parameters.iter().map(|one| one.name).collect();
                Error::model_text(format!(
                    "{} has no {name} here. Known are {}.",
                    self.name,
                    if names.is_empty() { "name".into() } else { names.join(", ") }
                ))
                .field(name)
            })?;
        match (&arg, parameter.name) {
            (Arg::Unknown(what), "units") => {
                read.units = Some(what.clone());
                return Ok(());
            }
            (Arg::Layer(layer), "activation") if self.name != "Activation" => {
                read.activation = Some(*layer);
                return Ok(());
            }
            _ => {}
        }
        if let Some(value) = parameter.read(&arg)? {
            read.options.insert(parameter.name.into(), value);
        }
        Ok(())
    }

    /// The options with every default written out, as a normalised spec has them: pairs as
    /// pairs, regularisers as objects.
    pub fn normalise(&self, options: &Map<String, Json>) -> Map<String, Json> {
        let mut all = Map::new();
        for parameter in self.parameters {
            if matches!(parameter.what, What::Only(_) | What::Ignored) {
                continue;
            }
            let given = options.get(parameter.name).filter(|value| !value.is_null()).cloned();
            let mut value = given.unwrap_or_else(|| parameter.default_value());
            if value.is_null() && self.name.ends_with("Pooling2D") && parameter.name == "strides" {
                value = all.get("pool_size").cloned().unwrap_or(Json::Null);
            }
            value = match (parameter.what, value) {
                (What::Pair, Json::Number(number)) => json!([number, number]),
                (What::Size, value) if parameter.name == "padding" => match value {
                    Json::Number(n) => json!([[n, n], [n, n]]),
                    Json::Array(pair) if pair.iter().all(Json::is_number) && pair.len() == 2 => {
                        json!([[pair[0], pair[0]], [pair[1], pair[1]]])
                    }
                    other => other,
                },
                (What::Number, Json::Number(number)) => json!(number.as_f64()),
                (What::Numbers, Json::Number(number)) => json!(number.as_f64()),
                (What::Activation, Json::String(name)) => {
                    json!(activation(&name).map_or(name.clone(), str::to_owned))
                }
                (What::Regularizer, value) => normal_regularizer(value),
                (What::Initializer, value) => normal_initializer(value),
                (_, value) => value,
            };
            all.insert(parameter.name.into(), value);
        }
        all
    }

    /// The names of the spec's options, in Keras's order.
    pub fn options(&self) -> impl Iterator<Item = &'static str> {
        let of_spec = |one: &&'static Parameter| !matches!(one.what, What::Only(_) | What::Ignored);
        self.parameters.iter().filter(of_spec).map(|one| one.name)
    }

    /// An option's default in a normalised spec; null where it must be given.
    pub fn default_of(&self, option: &str) -> Json {
        self.normalise(&Map::new()).remove(option).unwrap_or(Json::Null)
    }

    /// Whether an option is an initialiser.
    pub fn is_initializer(&self, option: &str) -> bool {
        self.parameters.iter().any(|one| one.name == option && one.what == What::Initializer)
    }

    /// Whether an option is a regulariser.
    pub fn is_regularizer(&self, option: &str) -> bool {
        self.parameters.iter().any(|one| one.name == option && one.what == What::Regularizer)
    }
}

/// The initializer's own name, and an object only where there are options.
fn normal_initializer(value: Json) -> Json {
    let named = |name: &str| json!(initializer_name(name).unwrap_or(name));
    match value {
        Json::String(name) => named(&name),
        Json::Object(mut map) => {
            let name = map.get("name").and_then(Json::as_str).map(named).unwrap_or_default();
            if map.len() == 1 {
                return name;
            }
            map.insert("name".into(), name);
            Json::Object(map)
        }
        other => other,
    }
}

fn normal_regularizer(value: Json) -> Json {
    let of = |l1: f64, l2: f64| {
        if l1 == 0.0 && l2 == 0.0 { Json::Null } else { json!({"l1": l1, "l2": l2}) }
    };
    match &value {
        Json::Number(number) => of(0.0, number.as_f64().unwrap_or(0.0)),
        Json::String(name) => match name.as_str() {
            "l1" => of(0.01, 0.0),
            "l2" => of(0.0, 0.01),
            _ => value,
        },
        Json::Object(map) => {
            let part = |name: &str| map.get(name).and_then(Json::as_f64).unwrap_or(0.0);
            of(part("l1"), part("l2"))
        }
        _ => value,
    }
}

impl Parameter {
    fn default_value(&self) -> Json {
        serde_json::from_str(self.default).unwrap_or(Json::Null)
    }

    /// The value in the spec's terms; nothing where the spec does not need it.
    fn read(&self, arg: &Arg) -> Result<Option<Json>> {
        let field = self.name;
        if self.what == What::Ignored {
            return Ok(None);
        }
        let value = match self.what {
            What::Activation => activation_of(arg)?,
            What::Initializer => initializer(arg, field)?,
            What::Regularizer => regularizer(arg, field)?,
            What::Only(_) => {
                // Initialisers and axes may be objects; their names are what counts.
                match arg {
                    Arg::Made(_) if field.ends_with("initializer") => initializer(arg, field)?,
                    _ => arg.json(field)?,
                }
            }
            _ => arg.json(field)?,
        };
        let refuse = |expected: &str| {
            Err(Error::model_text(format!("{field} is {expected}; it is {value}.")).field(field))
        };
        // Whether a size is one that makes sense is the spec's business, within 32 bits.
        let whole = |value: &Json| {
            value.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() < 2e9)
        };
        match self.what {
            _ if value.is_null() => Ok(None),
            What::Only(allowed) => {
                let text = value.to_string();
                if allowed.contains(&text.as_str()) {
                    return Ok(None);
                }
                refuse(&format!("{} here, or not given", allowed[0]))
            }
            What::Size | What::Pair => match &value {
                Json::Number(_) if whole(&value) => Ok(Some(value)),
                Json::Array(_) => Ok(Some(value)),
                _ => refuse("a whole number or a pair of them"),
            },
            What::Number if !value.is_number() => refuse("a number"),
            What::Numbers if !value.is_number() && !value.is_array() => refuse("a number"),
            What::Flag => match &value {
                Json::Bool(_) => Ok(Some(value)),
                Json::Number(number) => Ok(Some(Json::Bool(number.as_f64() != Some(0.0)))),
                _ => refuse("True or False"),
            },
            What::Text => match &value {
                Json::String(text) => Ok(Some(Json::String(text.to_lowercase()))),
                _ => refuse("a text"),
            },
            _ => Ok(Some(value)),
        }
    }
}

/// An activation by its name, as a function, or as an object without options.
fn activation_of(arg: &Arg) -> Result<Json> {
    let name = match arg {
        Arg::None => return Ok(Json::Null),
        Arg::Text(name) => name.clone(),
        Arg::Path(_) => snake(arg.class().unwrap_or_default()),
        Arg::Made(made) if made.given.named.is_empty() && made.given.positional.is_empty() => {
            snake(arg.class().unwrap_or_default())
        }
        other => return other.json("activation"),
    };
    match activation(&name.to_lowercase()) {
        Some(name) => Ok(name.into()),
        None => {
            let mut names: Vec<_> = ACTIVATIONS.iter().map(|(_, name)| *name).collect();
            names.dedup();
            Err(Error::model_text(format!(
                "there is no activation {name} here; there are {}.",
                names.join(", ")
            ))
            .field("activation"))
        }
    }
}

fn initializer(arg: &Arg, field: &str) -> Result<Json> {
    let class = match arg {
        Arg::None => return Ok(Json::Null),
        Arg::Text(name) => name.as_str(),
        Arg::Path(_) | Arg::Made(_) => arg.class().unwrap_or_default(),
        other => return other.json(field),
    };
    let Some(name) = initializer_name(class) else {
        return Err(Error::model_text(no_initializer(&snake(class), field)).field(field));
    };
    let mut options = Map::new();
    if let Arg::Made(made) = arg {
        let order: &[&str] = match name {
            "constant" => &["value"],
            "random_uniform" => &["minval", "maxval", "seed"],
            "random_normal" | "truncated_normal" => &["mean", "stddev", "seed"],
            _ => &["seed"],
        };
        for (option, value) in made.given.clone().by_name(order)? {
            let ignored = ["seed", "dtype", "input_axes", "output_axes"];
            if !order.contains(&option.as_str()) && !ignored.contains(&option.as_str()) {
                return Err(Error::model_text(format!("{name} has no {option}.")).field(field));
            }
            if !ignored.contains(&option.as_str()) {
                options.insert(option.clone(), value.json(&option)?);
            }
        }
    }
    if options.is_empty() {
        return Ok(name.into());
    }
    options.insert("name".into(), name.into());
    Ok(Json::Object(options))
}

fn regularizer(arg: &Arg, field: &str) -> Result<Json> {
    let wrong = || {
        Error::model_text(format!("{field} is l1, l2 or l1_l2, such as regularizers.l2(0.001)."))
            .field(field)
    };
    let class = match arg {
        Arg::None => return Ok(Json::Null),
        Arg::Text(name) => name.as_str(),
        Arg::Path(_) | Arg::Made(_) => arg.class().unwrap_or_default(),
        other => return other.json(field),
    };
    let order: &[&str] = match class.to_lowercase().as_str() {
        "l1" => &["l1"],
        "l2" => &["l2"],
        "l1_l2" | "l1l2" | "l1l2regularizer" => &["l1", "l2"],
        _ => return Err(wrong()),
    };
    let mut given = Given::default();
    if let Arg::Made(made) = arg {
        given = made.given.clone();
    } else if order.len() == 2 {
        return Ok("l1_l2".into());
    }
    let mut parts = [("l1", 0.0), ("l2", 0.0)];
    // Keras's defaults: 0.01 for one alone, and nothing for L1L2.
    if let [only] = order {
        parts.iter_mut().filter(|(name, _)| name == only).for_each(|(_, part)| *part = 0.01);
    }
    for (option, value) in given.by_name(order)? {
        let option = if option == "l" { order[0] } else { option.as_str() };
        let part = parts.iter_mut().find(|(name, _)| *name == option).ok_or_else(wrong)?;
        let number = value.json(option).map_err(|error| error.field(field))?;
        part.1 = number.as_f64().ok_or_else(wrong)?;
    }
    Ok(json!({"l1": parts[0].1, "l2": parts[1].1}))
}
