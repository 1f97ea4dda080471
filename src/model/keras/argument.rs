//! What a call was given, once names are looked up and sums are worked out.

use serde_json::{Number, Value as Json};

use super::limits;
use crate::error::{Error, Result};

/// The value of an argument.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Arg {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A list or a tuple.
    List(Vec<Arg>),
    Dict(Vec<(Arg, Arg)>),
    /// Something of a library, such as `tensorflow.nn.relu`.
    Path(String),
    /// An object of a library, such as `keras.optimizers.Adam(0.001)`.
    Made(Box<Made>),
    /// A layer by its number.
    Layer(usize),
    /// Something that the text alone does not tell; in words.
    Unknown(String),
}

/// An object of a library and what it was made with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Made {
    /// Where it comes from, its class last.
    pub path: String,
    /// The arguments, as in a call.
    pub given: Given,
}

/// The arguments of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Given {
    pub positional: Vec<Arg>,
    pub named: Vec<(String, Arg)>,
}

impl Given {
    /// Takes an argument by its name or, where it has one, its place.
    ///
    /// Places are those of the call: take the later ones first, or by name only.
    pub fn take(&mut self, name: &str, place: Option<usize>) -> Option<Arg> {
        if let Some(at) = self.named.iter().position(|(given, _)| given == name) {
            return Some(self.named.remove(at).1);
        }
        let arg = self.positional.get_mut(place?)?;
        Some(std::mem::replace(arg, Arg::None))
    }

    /// Gives every argument its name, in the order of `names`.
    ///
    /// # Errors
    /// `model-text` where there are more than that, or one is given twice.
    pub fn by_name(self, names: &[&str]) -> Result<Vec<(String, Arg)>> {
        if self.positional.len() > names.len() {
            return Err(Error::model_text(format!(
                "there are {} values without a name, but only {} are known: {}.",
                self.positional.len(),
                names.len(),
                names.join(", ")
            )));
        }
        if self.named.len() > limits::ARGUMENTS {
            return Err(Error::model_text("there are more arguments here than anything takes."));
        }
        let places = names.iter().map(|name| (*name).to_owned());
        let mut all: Vec<(String, Arg)> = places.zip(self.positional).collect();
        for (name, arg) in self.named {
            if all.iter().any(|(known, _)| *known == name) {
                return Err(Error::model_text(format!("{name} is given twice.")).field(name));
            }
            all.push((name, arg));
        }
        Ok(all)
    }
}

impl Arg {
    /// The last part of a path, or of the path of an object.
    pub fn class(&self) -> Option<&str> {
        match self {
            Self::Path(path) => path.rsplit('.').next(),
            Self::Made(made) => made.path.rsplit('.').next(),
            _ => None,
        }
    }

    /// A number that is known.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Plain values as JSON.
    ///
    /// # Errors
    /// `model-text` naming `field` where the value is not known or is none of a spec's.
    pub fn json(&self, field: &str) -> Result<Json> {
        let wrong = |what: String| Err(Error::model_text(what).field(field));
        Ok(match self {
            Self::None => Json::Null,
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Int(number) => Json::from(*number),
            Self::Float(number) => match Number::from_f64(*number) {
                Some(number) => Json::Number(number),
                None => return wrong(format!("{field} is not a finite number.")),
            },
            Self::Text(text) => Json::String(text.clone()),
            Self::List(items) => {
                Json::Array(items.iter().map(|item| item.json(field)).collect::<Result<_>>()?)
            }
            Self::Unknown(what) => {
                return wrong(format!(
                    "{field} cannot be told from this text: it is {what}. Write the value itself."
                ));
            }
            Self::Path(path) => return wrong(format!("{field} cannot be {path}.")),
            Self::Made(made) => return wrong(format!("{field} cannot be {}(...).", made.path)),
            Self::Layer(_) => return wrong(format!("{field} cannot be a layer.")),
            Self::Dict(_) => return wrong(format!("{field} cannot be a dictionary.")),
        })
    }

    /// What Keras's `to_json` writes: objects with `class_name` and `config`.
    pub fn from_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::None,
            Json::Bool(flag) => Self::Bool(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => Self::Float(short(number.as_f64().unwrap_or(f64::NAN))),
            },
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(map) => match (map.get("class_name"), map.get("config")) {
                // A tuple, as Keras 2 and 3 write it in some places.
                (Some(Json::String(class)), _) if class == "__tuple__" => {
                    map.get("items").map_or(Self::None, Self::from_json)
                }
                // A function by its name.
                (Some(Json::String(class)), Some(Json::String(name))) if class == "function" => {
                    Self::Text(name.clone())
                }
                (Some(Json::String(class)), Some(Json::Object(config))) => {
                    let module = map.get("module").and_then(Json::as_str).unwrap_or("keras");
                    let named = config.iter();
                    Self::Made(Box::new(Made {
                        path: format!("{module}.{class}"),
                        given: Given {
                            positional: Vec::new(),
                            named: named
                                .map(|(name, value)| (name.clone(), Self::from_json(value)))
                                .collect(),
                        },
                    }))
                }
                _ => Self::Dict(
                    map.iter()
                        .map(|(key, value)| (Self::Text(key.clone()), Self::from_json(value)))
                        .collect(),
                ),
            },
        }
    }
}

/// A number that Keras kept in 32 bits, as it was written: 0.001 for 0.0010000000474974513.
fn short(number: f64) -> f64 {
    let narrow = number as f32;
    if f64::from(narrow) == number { narrow.to_string().parse().unwrap_or(number) } else { number }
}

/// `GlorotUniform` as `glorot_uniform`; a name in small letters stays.
pub(crate) fn snake(class: &str) -> String {
    let mut name = String::new();
    let mut before: Option<char> = None;
    for letter in class.chars() {
        if letter.is_uppercase() && before.is_some_and(char::is_lowercase) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
        before = Some(letter);
    }
    name
}
