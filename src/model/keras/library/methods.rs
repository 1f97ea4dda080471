//! Methods of models, lists and data, and Python's own functions.

use super::super::interpreter::{Interpreter, Settled};
use super::super::value::unknown;
use super::super::value::{Arguments, Flow, Item, ModelKind, Value};
use super::super::{classes, limits, numbers, training};
use super::LOOKS;
use crate::error::{Error, Result};

impl Interpreter<'_> {
    pub(super) fn call_method(
        &mut self,
        of: Value,
        name: &str,
        given: Arguments,
        line: u32,
    ) -> Result<Value> {
        match of {
            Value::Model(model) => self.model_method(model, name, given, line),
            Value::List(list) => self.list_method(list, name, given, line),
            Value::Dict(dict) => self.dict_method(dict, name, &given, line),
            Value::Text(text) => Ok(match name {
                "format" if given.named.is_empty() => numbers::format(&text, &given.positional),
                "lower" => numbers::bounded(text.to_lowercase()),
                "upper" => numbers::bounded(text.to_uppercase()),
                "startswith" | "endswith" => match given.positional.first() {
                    Some(Value::Text(part)) if name == "startswith" => {
                        Value::Bool(text.starts_with(&**part))
                    }
                    Some(Value::Text(part)) => Value::Bool(text.ends_with(&**part)),
                    _ => unknown("a condition"),
                },
                _ => unknown("a text"),
            }),
            Value::Generator(generator) => Ok(match name {
                "flow" | "flow_from_directory" | "flow_from_dataframe" => {
                    self.flow(Some(generator), &given)
                }
                _ => unknown("what a generator gives"),
            }),
            Value::Flow(flow) => {
                let mut next = self.store.flows[flow].clone();
                if name == "batch"
                    && let Some(Value::Int(size)) = given.get("batch_size", 0)
                {
                    next.batch_size = u32::try_from(*size).ok();
                }
                self.store.flows.push(next);
                Ok(Value::Flow(self.store.flows.len() - 1))
            }
            Value::Unknown(what) => {
                // A data set of tf.data.
                self.look(&given, &what, line)?;
                let flow = match given.get("batch_size", 0) {
                    Some(Value::Int(size)) => u32::try_from(*size).ok(),
                    _ => None,
                };
                self.store.flows.push(Flow { generator: None, batch_size: flow });
                Ok(Value::Flow(self.store.flows.len() - 1))
            }
            Value::Layer(layer) => {
                match name {
                    "adapt" => {
                        let class = self.graph.layers[layer].class.name;
                        Err(Error::model_text("what adapt() measures is not in this text.")
                            .layer(class)
                            .line(line))
                    }
                    "build" | "get_config" | "get_weights" | "count_params" | "set_weights" => {
                        Ok(unknown("a layer's data"))
                    }
                    _ => Err(Error::model_text(format!("{name} of a layer is not known here."))
                        .line(line)),
                }
            }
            Value::Tensor(_) => match name {
                "get_shape" => Ok(unknown("the shape of a layer's output")),
                _ => {
                    Err(Error::model_text(format!("{name} of a layer's output is not known here."))
                        .line(line))
                }
            },
            _ => {
                self.look(&given, name, line)?;
                Ok(unknown(format!("{name}(...)")))
            }
        }
    }

    /// Batches from a generator or a folder.
    pub(super) fn flow(&mut self, generator: Option<usize>, given: &Arguments) -> Value {
        let size = given.named.iter().find(|(name, _)| &**name == "batch_size");
        let batch_size = match size {
            Some((_, Value::Int(size))) => u32::try_from(*size).ok(),
            Some(_) => None,
            // Keras's default.
            None => Some(32),
        };
        self.store.flows.push(Flow { generator, batch_size });
        Value::Flow(self.store.flows.len() - 1)
    }

    fn model_method(
        &mut self,
        model: usize,
        name: &str,
        given: Arguments,
        line: u32,
    ) -> Result<Value> {
        match name {
            "add" => {
                let Some(value) = given.get("layer", 0).cloned() else {
                    return Err(Error::model_text("add needs a layer.").line(line));
                };
                self.add(model, value, line)?;
                Ok(Value::None)
            }
            "pop" => {
                if let Some(Settled { models, .. }) = self.settled {
                    self.settled(model < models, line)?;
                }
                match &mut self.store.models[model].kind {
                    ModelKind::Sequential { items, .. } => {
                        items.pop();
                        Ok(Value::None)
                    }
                    ModelKind::Functional { .. } => {
                        Err(Error::model_text("pop belongs to Sequential.").line(line))
                    }
                }
            }
            "build" => {
                if let (Some(value), ModelKind::Sequential { shape, .. }) =
                    (given.get("input_shape", 0).cloned(), &mut self.store.models[model].kind)
                {
                    *shape = Some(value);
                }
                Ok(Value::None)
            }
            "compile" => {
                let args = self.given(&given, 0, line)?;
                let mut notes = Vec::new();
                let compile =
                    training::compile(args, &mut notes).map_err(|error| error.line(line))?;
                notes.into_iter().for_each(|note| self.note(note));
                self.store.models[model].compile = Some(compile);
                self.store.models[model].compiled = line;
                Ok(Value::None)
            }
            "fit" | "fit_generator" => self.fit(model, name, given, line),
            "get_layer" => self.get_layer(model, &given, line),
            "load_weights" => {
                if let Some(Value::Text(file)) = given.get("filepath", 0).cloned()
                    && self.load_base(model, &file, line)?
                {
                    return Ok(Value::None);
                }
                self.note("load_weights is left out: the net starts with fresh weights.");
                Ok(Value::None)
            }
            _ if LOOKS.contains(&name) => Ok(unknown(format!("model.{name}(...)"))),
            _ => Err(Error::model_text(format!("{name} of a model is not known here.")).line(line)),
        }
    }

    fn fit(&mut self, model: usize, name: &str, given: Arguments, line: u32) -> Result<Value> {
        let data = given.get("x", 0).or(given.get("generator", 0)).cloned();
        let order = if name == "fit" { training::FIT } else { training::FIT_GENERATOR };
        let mut args = self.given(&given, 0, line)?;
        args.named
            .iter_mut()
            .filter(|(name, _)| name == "generator")
            .for_each(|(name, _)| *name = "x".into());
        let mut notes = Vec::new();
        let read = args.by_name(order).and_then(|args| training::fit(args, &mut notes));
        let mut fit = read.map_err(|error| error.line(line))?;
        notes.into_iter().for_each(|note| self.note(note));
        if let Some(Value::Flow(flow)) = data {
            let Flow { generator, batch_size } = self.store.flows[flow].clone();
            fit.generator = generator;
            fit.batch_size = fit.batch_size.or(batch_size);
        }
        self.store.models[model].fit = Some(fit);
        self.keep_phase(model, line);
        Ok(unknown("the history of a run"))
    }

    fn list_method(
        &mut self,
        list: usize,
        name: &str,
        given: Arguments,
        line: u32,
    ) -> Result<Value> {
        let first = given.positional.first().cloned();
        match (name, first) {
            ("append", Some(value)) => self.extend(list, vec![value], line)?,
            ("extend", Some(value)) => {
                let more = self.items(&value).unwrap_or_else(|| vec![unknown("a list")]);
                self.extend(list, more, line)?;
            }
            ("insert", Some(Value::Int(at))) => {
                let items = &mut self.store.lists[list];
                let at = usize::try_from(at).unwrap_or(0).min(items.len());
                let value = given.positional.get(1).cloned().unwrap_or(Value::None);
                items.insert(at, value);
                let length = items.len();
                if length > limits::ITEMS {
                    return Err(self.too_much(line));
                }
                self.steps(length as u32 / 16, line)?;
            }
            ("pop", None) => {
                return Ok(self.store.lists[list]
                    .pop()
                    .unwrap_or_else(|| unknown("an empty list")));
            }
            ("reverse", None) => {
                let items = &mut self.store.lists[list];
                items.reverse();
                let length = items.len() as u32;
                self.steps(length / 16, line)?;
            }
            ("copy", None) => {
                let items = self.store.lists[list].clone();
                return self.list(items, line);
            }
            ("index" | "count", _) => return Ok(unknown("a place in a list")),
            // It may have changed the list in a way that is not known.
            _ => self.store.lists[list].fill(unknown("an item of a list that was changed")),
        }
        Ok(Value::None)
    }

    fn dict_method(
        &mut self,
        dict: usize,
        name: &str,
        given: &Arguments,
        line: u32,
    ) -> Result<Value> {
        let pairs = &self.store.dicts[dict];
        let length = pairs.len() as u32;
        let items: Vec<Value> = match name {
            "keys" => pairs.iter().map(|(key, _)| key.clone()).collect(),
            "values" => pairs.iter().map(|(_, value)| value.clone()).collect(),
            "items" => {
                let pairs = pairs.clone();
                let mut items = Vec::new();
                for (key, value) in pairs {
                    items.push(self.tuple(vec![key, value], line)?);
                }
                items
            }
            "get" => {
                let found = given.positional.first().and_then(|key| {
                    pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.clone())
                });
                let default = given.positional.get(1).cloned().unwrap_or(Value::None);
                self.steps(length / 16, line)?;
                return Ok(found.unwrap_or(default));
            }
            _ => {
                self.store.dicts[dict].clear();
                return Ok(unknown("a dictionary that was changed"));
            }
        };
        self.list(items, line)
    }

    // Python's own.

    pub(super) fn builtin(&mut self, name: &str, given: Arguments, line: u32) -> Result<Value> {
        let first = given.positional.first().cloned();
        let whole = |value: Option<&Value>| match value {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        let unknown_call = || Ok(unknown(format!("{name}(...)")));
        match (name, first) {
            ("range", Some(_)) => {
                let all: Option<Vec<i64>> =
                    given.positional.iter().map(|value| whole(Some(value))).collect();
                match all.as_deref() {
                    Some([to]) => Ok(Value::Range(0, *to, 1)),
                    Some([from, to]) => Ok(Value::Range(*from, *to, 1)),
                    Some([from, to, by]) if *by != 0 => Ok(Value::Range(*from, *to, *by)),
                    _ => unknown_call(),
                }
            }
            ("len", Some(value)) => Ok(match &value {
                Value::List(at) | Value::Tuple(at) => {
                    Value::Int(self.store.lists[*at].len() as i64)
                }
                Value::Dict(at) => Value::Int(self.store.dicts[*at].len() as i64),
                Value::Text(text) => Value::Int(text.chars().count() as i64),
                Value::Range(from, to, by) => Value::Int(numbers::range_length(*from, *to, *by)),
                Value::Unknown(what) => unknown(format!("len({what})")),
                _ => unknown("len(...)"),
            }),
            ("int", Some(Value::Float(number))) if number.abs() < 1e15 => {
                Ok(Value::Int(number.trunc() as i64))
            }
            ("int", Some(value @ Value::Int(_))) => Ok(value),
            ("int", Some(Value::Bool(flag))) => Ok(Value::Int(i64::from(flag))),
            ("float", Some(Value::Int(number))) => Ok(Value::Float(number as f64)),
            ("float", Some(value @ Value::Float(_))) => Ok(value),
            ("str", Some(value)) => {
                Ok(numbers::text(&value).map_or_else(|| unknown("a text"), numbers::bounded))
            }
            ("bool", Some(value)) => {
                Ok(self.truth(&value).map_or_else(|| unknown("a condition"), Value::Bool))
            }
            ("round", Some(Value::Float(number))) if given.positional.len() == 1 => {
                Ok(Value::Int(number.clamp(-1e15, 1e15).round_ties_even() as i64))
            }
            ("abs", Some(Value::Int(number))) => {
                Ok(number.checked_abs().map_or_else(|| unknown("a number"), Value::Int))
            }
            ("abs", Some(Value::Float(number))) => Ok(Value::Float(number.abs())),
            ("tuple" | "list" | "reversed" | "enumerate", Some(value)) => {
                let Some(mut items) = self.items(&value) else { return unknown_call() };
                match name {
                    "tuple" => return self.tuple(items, line),
                    "reversed" => items.reverse(),
                    "enumerate" => {
                        let start = whole(given.get("start", 1)).unwrap_or(0);
                        let mut pairs = Vec::new();
                        for (at, item) in items.into_iter().enumerate() {
                            let at = Value::Int(start.saturating_add(at as i64));
                            pairs.push(self.tuple(vec![at, item], line)?);
                        }
                        items = pairs;
                    }
                    _ => {}
                }
                self.list(items, line)
            }
            ("list", None) => self.list(Vec::new(), line),
            ("tuple", None) => self.tuple(Vec::new(), line),
            ("dict", None) => {
                let named = given.named.into_iter();
                let pairs = named.map(|(name, value)| (Value::Text(name), value)).collect();
                self.store.dicts.push(pairs);
                Ok(Value::Dict(self.store.dicts.len() - 1))
            }
            ("zip", Some(_)) => {
                let mut lists = Vec::new();
                for value in &given.positional {
                    let Some(items) = self.items(value) else { return unknown_call() };
                    lists.push(items);
                }
                let length = lists.iter().map(Vec::len).min().unwrap_or(0);
                let mut rows = Vec::new();
                for at in 0..length {
                    let row = lists.iter().map(|items| items[at].clone()).collect();
                    rows.push(self.tuple(row, line)?);
                }
                self.list(rows, line)
            }
            ("min" | "max" | "sum", Some(value)) => {
                let items = match given.positional.len() {
                    1 => self.items(&value),
                    _ => Some(given.positional.clone()),
                };
                let Some(items) = items else { return unknown_call() };
                let mut items = items.into_iter();
                let first = if name == "sum" { Some(Value::Int(0)) } else { items.next() };
                let Some(mut all) = first else { return unknown_call() };
                for item in items {
                    self.step(line)?;
                    all = match name {
                        "sum" => numbers::binary("+", &all, &item),
                        _ => {
                            let operator = if name == "min" { "<" } else { ">" };
                            match numbers::binary(operator, &item, &all) {
                                Value::Bool(true) => item,
                                Value::Bool(false) => all,
                                other => other,
                            }
                        }
                    };
                }
                Ok(all)
            }
            ("isinstance", Some(value)) => {
                let kinds = given.positional.get(1).cloned().unwrap_or(Value::None);
                let kinds = self.items(&kinds).unwrap_or_else(|| vec![kinds]);
                Ok(self.is_instance(&value, &kinds).map_or_else(|| unknown("a kind"), Value::Bool))
            }
            _ => {
                self.look(&given, name, line)?;
                unknown_call()
            }
        }
    }

    /// Whether a layer or a model is of one of these classes, as far as they are Keras's.
    fn is_instance(&self, value: &Value, kinds: &[Value]) -> Option<bool> {
        let mut any = false;
        for kind in kinds {
            let Value::Path(path) = kind else { return None };
            let name = path.rsplit('.').next().filter(|_| path.starts_with("keras."))?;
            let model = ["Model", "Functional", "Sequential"].contains(&name);
            any |= match value {
                _ if name == "Layer" => true,
                Value::Layer(layer) => classes::find(name)
                    .is_some_and(|class| class.name == self.graph.layers[*layer].class.name),
                Value::Model(at) => match self.store.models[*at].kind {
                    ModelKind::Sequential { .. } => model && name != "Functional",
                    ModelKind::Functional { .. } => model && name != "Sequential",
                },
                _ => return None,
            };
        }
        Some(any)
    }

    /// The line that an item of a Sequential is known by: its own in a list, that of `add`
    /// otherwise.
    pub(super) fn graph_line(&self, item: Item, added: u32) -> u32 {
        match item {
            Item::Layer(layer) => self.graph.layers[layer].line.max(added),
            _ => added,
        }
    }
}
