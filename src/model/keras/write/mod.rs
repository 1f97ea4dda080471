//! A spec as text: Keras's Python, PyTorch's Python, and Rust with Burn.
//!
//! [`keras`] gives text that [`read`](super::read) turns back into the same spec. [`pytorch`]
//! and [`burn`] give modules whose forward pass computes the same, from pictures in their own
//! order (`[batch, channels, height, width]`); their fresh weights follow Keras's initialisers
//! as closely as the library's own allow.

mod burn;
mod keras;
mod pytorch;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::argument::snake;
use super::classes;
use super::shapes::{self, Shape};
use super::table::{Class, Kind};
use crate::error::{Error, Result};
use crate::model::base::Base;
use crate::model::fields::Fields;
use crate::model::keras::Experiment;

pub use burn::burn;
pub use keras::keras;
pub use pytorch::pytorch;

#[cfg(feature = "formats")]
mod around;
#[cfg(feature = "formats")]
pub(crate) use around::{rescaling, softmax_layer};
#[cfg(feature = "formats")]
pub(crate) use pytorch::names as pytorch_names;

/// A spec with its layers checked, named and joined.
pub(crate) struct Net {
    pub input: [u64; 3],
    pub layers: Vec<Layer>,
    pub compile: Json,
}

/// A layer of a net.
pub(crate) struct Layer {
    pub name: String,
    pub class: &'static Class,
    /// All options, defaults written out.
    pub options: Map<String, Json>,
    /// The layers that its inputs come from; nothing for the net's input.
    pub inputs: Vec<Option<usize>>,
    pub shape: Shape,
    /// Parameters, trainable and not.
    pub params: [u64; 2],
    /// Whether the spec would give it this name by itself.
    pub automatic: bool,
    /// Whether training changes its weights.
    pub trainable: bool,
    /// The base that its weights come from.
    pub base: Option<Base>,
}

impl Layer {
    /// Whether it has weights, and they stay as they are.
    fn is_frozen(&self) -> bool {
        !self.trainable && self.class.kind == Kind::Weights
    }
}

impl Net {
    /// Reads a spec.
    ///
    /// # Errors
    /// `spec` naming the layer and the field at fault.
    pub fn read(spec: &Json) -> Result<Self> {
        let wrong = |field: &str, what: &str| Error::spec(what.to_owned()).field(field);
        let sizes: Option<Vec<u64>> = spec["input_shape"].as_array().and_then(|sizes| {
            sizes
                .iter()
                .map(|size| size.as_u64().filter(|size| (1..1 << 20).contains(size)))
                .collect()
        });
        let Some(&[height, width, channels]) = sizes.as_deref() else {
            return Err(wrong("input_shape", "input_shape is [height, width, channels]."));
        };
        let input = [height, width, channels];
        let Some(list) = spec["layers"].as_array().filter(|list| !list.is_empty()) else {
            return Err(wrong("layers", "layers is a list of at least one layer."));
        };
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut net = Self { input, layers: Vec::new(), compile: spec["compile"].clone() };
        let list = expanded(list)?;
        for (at, value) in list.iter().enumerate() {
            let place = format!("{} of the list", at + 1);
            let class = value["layer"].as_str().and_then(classes::find);
            let spec_class = |class: &&Class| !matches!(class.kind, Kind::Augment | Kind::Entry);
            let (Some(class), Some(map)) = (class.filter(spec_class), value.as_object()) else {
                return Err(wrong("layer", "this is no layer of a spec.").layer(place));
            };
            let by_itself = automatic_name(class.name, &places);
            let name = value["name"].as_str().map_or_else(|| by_itself.clone(), str::to_owned);
            if places.contains_key(&name) || name == "input" {
                return Err(
                    wrong("name", "the name is taken; give each layer its own.").layer(name)
                );
            }
            let inputs = match value.get("inputs").and_then(Json::as_array) {
                None => vec![at.checked_sub(1)],
                Some(names) => {
                    let find = |name: &Json| match name.as_str()? {
                        "input" => Some(None),
                        name => places.get(name).map(|place| Some(*place)),
                    };
                    let found: Option<Vec<_>> = names.iter().map(find).collect();
                    found.filter(|found| !found.is_empty()).ok_or_else(|| {
                        wrong("inputs", "inputs names layers before this one.").layer(&name)
                    })?
                }
            };
            let options = class.normalise(map);
            let shapes: Vec<Shape> = inputs.iter().map(|input| net.shape_of(*input)).collect();
            let named = |error: Error| error.layer(&name);
            let shape = shapes::output(class.name, &options, &shapes).map_err(named)?;
            let params = shapes::params(class.name, &options, shapes[0]).map_err(named)?;
            places.insert(name.clone(), at);
            let automatic = name == by_itself;
            let trainable = value["trainable"] != false;
            let base = value["base"].as_str().and_then(Base::of);
            net.layers.push(Layer {
                name,
                class,
                options,
                inputs,
                shape,
                params,
                automatic,
                trainable,
                base,
            });
        }
        Ok(net)
    }

    /// Reads an experiment's spec, with the optimizer, step size and schedule that its run has
    /// in place of those of `compile`.
    ///
    /// # Errors
    /// `spec` naming the layer and the field at fault.
    pub fn of(experiment: &Experiment) -> Result<Self> {
        let mut net = Self::read(&experiment.spec)?;
        for layer in &net.layers {
            for option in layer.class.options().filter(|one| layer.class.is_initializer(one)) {
                known_initializer(&layer.options[option], option)
                    .map_err(|error| error.layer(&layer.name))?;
            }
        }
        net.train(&experiment.train)?;
        Ok(net)
    }

    /// Applies a run's options as a session does: another optimizer, then another step size,
    /// then a schedule, which begins at that step size where it has none of its own.
    fn train(&mut self, train: &Map<String, Json>) -> Result<()> {
        let given = |field: &str| train.get(field).filter(|value| !value.is_null());
        let [optimizer, rate, schedule] = ["optimizer", "learningRate", "schedule"].map(given);
        if optimizer.or(rate).or(schedule).is_none() {
            return Ok(());
        }
        let wrong = |field: &str, what: &str| Error::spec(what.to_owned()).field(field);
        let chosen = optimizer.or(self.compile.get("optimizer")).filter(|one| !one.is_null());
        let mut options = match chosen {
            None => Map::from_iter([("name".to_owned(), "rmsprop".into())]),
            Some(Json::String(name)) => Map::from_iter([("name".to_owned(), name.as_str().into())]),
            Some(Json::Object(map)) => map.clone(),
            Some(_) => return Err(wrong("optimizer", "the optimizer is a name or an object.")),
        };
        if let Some(rate) = rate {
            if !rate.is_number() {
                return Err(wrong("learningRate", "learningRate is a number."));
            }
            options.insert("learning_rate".into(), rate.clone());
        }
        if let Some(schedule) = schedule {
            let Json::Object(mut schedule) = schedule.clone() else {
                return Err(wrong("schedule", "schedule is an object with the name of one."));
            };
            let own = schedule.contains_key("initial_learning_rate")
                || text(&schedule, "name") == "PiecewiseConstantDecay";
            if !own {
                let first = match options.get("learning_rate") {
                    Some(rate) if rate.is_number() => rate.clone(),
                    Some(Json::Object(_)) => {
                        return Err(wrong(
                            "schedule",
                            "the schedule has no initial_learning_rate.",
                        ));
                    }
                    _ => default_rate(&text(&options, "name").to_lowercase()).into(),
                };
                schedule.insert("initial_learning_rate".into(), first);
            }
            options.insert("learning_rate".into(), Json::Object(schedule));
        }
        if !self.compile.is_object() {
            self.compile = Json::Object(Map::new());
        }
        self.compile["optimizer"] = Json::Object(options);
        Ok(())
    }

    /// The shape of a layer's output, or of the pictures.
    pub fn shape_of(&self, layer: Option<usize>) -> Shape {
        layer.map_or(Shape::Image(self.input), |layer| self.layers[layer].shape)
    }

    /// The base that weights come from.
    pub fn base(&self) -> Option<Base> {
        self.layers.iter().find_map(|layer| layer.base)
    }

    /// All parameters, as Keras counts them.
    pub fn params(&self) -> u64 {
        self.layers.iter().flat_map(|layer| layer.params).fold(0, u64::saturating_add)
    }

    /// Whether every layer takes the one before it.
    pub fn is_straight(&self) -> bool {
        self.layers.iter().enumerate().all(|(at, layer)| layer.inputs == [at.checked_sub(1)])
    }

    /// What the net ends with, which the loss has to know.
    fn ends_with(&self) -> Ending {
        let last = self.layers.last();
        let activation = last.and_then(|layer| layer.options.get("activation")?.as_str());
        match (last.map_or("", |layer| layer.class.name), activation) {
            ("Softmax", _) | (_, Some("softmax")) => Ending::Softmax,
            (_, Some("sigmoid")) => Ending::Sigmoid,
            _ => Ending::Logits,
        }
    }

    /// The loss's name and its label smoothing.
    fn loss(&self) -> Option<(&str, f64)> {
        match &self.compile["loss"] {
            Json::String(name) => Some((name, 0.0)),
            Json::Object(map) => Some((
                map.get("name")?.as_str()?,
                map.get("label_smoothing").and_then(Json::as_f64).unwrap_or(0.0),
            )),
            _ => None,
        }
    }

    /// The spec with everything written out: all names, and inputs where they are not the layer
    /// before.
    #[cfg(test)]
    pub fn to_value(&self) -> Json {
        let layers = self.layers.iter().enumerate().map(|(at, layer)| {
            let mut map = layer.options.clone();
            map.insert("layer".into(), layer.class.name.into());
            map.insert("name".into(), layer.name.as_str().into());
            if !layer.trainable {
                map.insert("trainable".into(), false.into());
            }
            if let Some(base) = layer.base {
                map.insert("base".into(), base.name().into());
            }
            if layer.inputs != [at.checked_sub(1)] {
                let name = |input: &Option<usize>| match input {
                    Some(at) => self.layers[*at].name.as_str(),
                    None => "input",
                };
                map.insert("inputs".into(), layer.inputs.iter().map(name).collect());
            }
            Json::Object(map)
        });
        let layers: Vec<_> = layers.collect();
        serde_json::json!({"input_shape": self.input, "layers": layers, "compile": self.compile})
    }

    /// A name of the language for every layer: small letters, digits and underscores, none
    /// twice, none reserved.
    pub(crate) fn identifiers(&self, reserved: &[&str]) -> Vec<String> {
        let mut taken: HashSet<String> = reserved.iter().map(|&word| word.to_owned()).collect();
        let mut names = Vec::new();
        for layer in &self.layers {
            let letters = layer.name.chars().map(|letter| match letter {
                'a'..='z' | '0'..='9' | '_' => letter,
                'A'..='Z' => letter.to_ascii_lowercase(),
                _ => '_',
            });
            let mut name: String = letters.take(60).collect();
            if !name.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                name = format!("layer_{}", name.trim_start_matches('_'));
            }
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            names.push(name);
        }
        names
    }
}

/// The list with the layers of every base that it names as a whole.
fn expanded(list: &[Json]) -> Result<Vec<Json>> {
    let mut all = Vec::new();
    for value in list {
        let class = value["layer"].as_str().unwrap_or_default();
        match (Base::of_class(class), value.as_object()) {
            (Some(base), Some(map)) => {
                let mut map = map.clone();
                map.remove("layer");
                let rows = base.expand(Fields::new(map)).map_err(|error| error.layer(class))?;
                all.extend(rows.into_iter().map(Json::Object));
            }
            _ => all.push(value.clone()),
        }
    }
    Ok(all)
}

/// Refuses an initialiser that cannot be written, rather than writing another.
fn known_initializer(value: &Json, field: &str) -> Result<()> {
    let options = value.as_object();
    let name = options.map_or(value.as_str().unwrap_or_default(), |map| text(map, "name"));
    if classes::initializer_name(name).is_none() {
        return Err(Error::spec(classes::no_initializer(name, field)).field(field));
    }
    let mut options = options.into_iter().flatten();
    match options.find(|(option, value)| *option != "name" && !value.is_number()) {
        Some((option, value)) => {
            Err(Error::spec(format!("{field}: {option} is a number; it is {value}.")).field(field))
        }
        None => Ok(()),
    }
}

/// The step size of an optimizer that is given none.
fn default_rate(optimizer: &str) -> f64 {
    if optimizer == "sgd" { 0.01 } else { 0.001 }
}

/// What stands at a net's end.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    Softmax,
    Sigmoid,
    Logits,
}

/// The name that a spec gives a layer by itself.
fn automatic_name(class: &str, taken: &HashMap<String, usize>) -> String {
    let base = snake(class);
    let mut number = 0;
    let mut name = base.clone();
    while taken.contains_key(&name) {
        number += 1;
        name = format!("{base}_{number}");
    }
    name
}

/// A text in quotes, as Python has it.
fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// A list in Python, over several lines where it is long.
fn folded(items: &[String]) -> String {
    let short = items.join(", ");
    if short.len() < 80 {
        return format!("[{short}]");
    }
    let mut lines = vec![String::new()];
    for item in items {
        let last = lines.last_mut().expect("there is one");
        if !last.is_empty() && last.len() + item.len() > 92 {
            lines.push(format!("{item},"));
        } else {
            let space = if last.is_empty() { "" } else { " " };
            *last += &format!("{space}{item},");
        }
    }
    format!("[\n    {}\n]", lines.join("\n    "))
}

/// A number in Python or Rust: always with a point or an exponent.
fn float(value: f64) -> String {
    format!("{value:?}")
}

/// A number option; 0 where it is none.
pub(crate) fn number(options: &Map<String, Json>, field: &str) -> f64 {
    options.get(field).and_then(Json::as_f64).unwrap_or(0.0)
}

/// A text option.
pub(crate) fn text<'a>(options: &'a Map<String, Json>, field: &str) -> &'a str {
    options.get(field).and_then(Json::as_str).unwrap_or_default()
}

/// A flag option.
pub(crate) fn flag(options: &Map<String, Json>, field: &str) -> bool {
    options.get(field).and_then(Json::as_bool).unwrap_or(false)
}

/// A window over pictures with everything that PyTorch and Burn need to know of it.
pub(crate) struct Window {
    pub kernel: [u64; 2],
    pub strides: [u64; 2],
    pub dilation: [u64; 2],
    /// Zeros above, below, left and right.
    pub padding: [u64; 4],
}

impl Window {
    pub fn of(options: &Map<String, Json>, field: &str, input: Shape) -> Result<Self> {
        let Shape::Image([height, width, _]) = input else {
            return Err(Error::spec("this layer takes pictures.").field("layer"));
        };
        let kernel = shapes::pair(options, field)?;
        let strides = shapes::pair(options, "strides")?;
        let dilation = match options.contains_key("dilation_rate") {
            true => shapes::pair(options, "dilation_rate")?,
            false => [1, 1],
        };
        let mut padding = [0; 4];
        if shapes::is_same(options)? {
            for (axis, size) in [height, width].into_iter().enumerate() {
                let reach = (kernel[axis] - 1) * dilation[axis] + 1;
                let (before, after) = shapes::same_padding(size, reach, strides[axis]);
                padding[2 * axis] = before;
                padding[2 * axis + 1] = after;
            }
        }
        Ok(Self { kernel, strides, dilation, padding })
    }

    fn pads(&self) -> bool {
        self.padding != [0; 4]
    }

    /// The same on both sides of each axis.
    fn is_even(&self) -> bool {
        self.padding[0] == self.padding[1] && self.padding[2] == self.padding[3]
    }
}
