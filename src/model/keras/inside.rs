//! What is inside of a model: its layers in Keras's order, by number and by name, and the outputs
//! that others go on from.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::argument::snake;
use super::graph::{Graph, Layer};
use super::interpreter::Interpreter;
use super::value::{Arguments, Item, ModelKind, Value, unknown};
use crate::error::{Error, Result};

/// What a model is made of: layers, and models that were applied in it as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Layer(usize),
    Model(usize),
}

impl Graph {
    fn part(&self, node: usize) -> Part {
        let node = &self.nodes[node];
        node.whole.map_or(Part::Layer(node.layer), Part::Model)
    }

    /// The parts of the net that ends in `output`, in the order of Keras's `model.layers`: the
    /// farthest from the output first, and of several as far the one that is met first on the way
    /// back from it.
    fn parts(&self, output: usize) -> Vec<Part> {
        let mut depths: HashMap<Part, usize> = HashMap::new();
        // A node's inputs have lower numbers, and a whole model's nodes stand together.
        for node in self.reach(output).into_iter().rev() {
            let part = self.part(node);
            let depth = *depths.entry(part).or_insert(0);
            for input in self.nodes[node].inputs.iter().map(|input| self.part(*input)) {
                if input != part {
                    let known = depths.entry(input).or_insert(0);
                    *known = (*known).max(depth + 1);
                }
            }
        }
        let met = self.way_back(output);
        let mut parts: Vec<Part> = depths.keys().copied().collect();
        parts.sort_unstable_by_key(|part| (std::cmp::Reverse(depths[part]), met.get(part)));
        parts
    }

    /// When each part is met on the way back from `output`, first inputs first.
    fn way_back(&self, output: usize) -> HashMap<Part, usize> {
        let (mut met, mut seen, mut open) = (HashMap::new(), HashSet::new(), vec![output]);
        while let Some(node) = open.pop() {
            if !seen.insert(node) {
                continue;
            }
            let next = met.len();
            met.entry(self.part(node)).or_insert(next);
            open.extend(self.nodes[node].inputs.iter().rev());
        }
        met
    }

    /// A layer's name: its own, or the one that Keras gives it when the text is run once.
    fn name_of(&self, layer: usize) -> String {
        let Layer { class, read, .. } = &self.layers[layer];
        if let Some(name) = &read.name {
            return name.clone();
        }
        let alike = |one: &&Layer| one.class.name == class.name && one.read.name.is_none();
        let base = if class.name == "Input" { "input_layer".into() } else { snake(class.name) };
        match self.layers[..layer].iter().filter(alike).count() {
            0 => base,
            number => format!("{base}_{number}"),
        }
    }

    /// What a layer gives where it was applied first.
    fn output_of(&self, layer: usize) -> Option<usize> {
        let node = self.nodes.iter().position(|node| node.layer == layer)?;
        // An activation that is a layer of its own follows at once.
        Some(node + usize::from(self.layers[layer].read.activation.is_some()))
    }
}

impl Interpreter<'_> {
    /// `model.layers`.
    pub fn layers_of(&mut self, model: usize, line: u32) -> Result<Vec<Value>> {
        self.steps((self.graph.nodes.len() / 4) as u32 + 1, line)?;
        let parts: Vec<Part> = match &self.store.models[model].kind {
            ModelKind::Sequential { items, .. } => {
                let part = |item: &Item| match item {
                    Item::Layer(layer) if self.graph.layers[*layer].class.name == "Input" => None,
                    Item::Layer(layer) => Some(Part::Layer(*layer)),
                    Item::Model(model) => Some(Part::Model(*model)),
                    Item::Input(_) => None,
                };
                items.iter().filter_map(|(item, _)| part(item)).collect()
            }
            ModelKind::Functional { output, .. } => self.graph.parts(*output),
        };
        let ours =
            |part: &Part| matches!(part, Part::Layer(at) if self.graph.layers[*at].ours_alone);
        let values = parts.into_iter().filter(|part| !ours(part)).map(|part| match part {
            Part::Layer(layer) => Value::Layer(layer),
            Part::Model(model) => Value::Model(model),
        });
        Ok(values.collect())
    }

    /// The layers that a model is made of, those of its parts too.
    pub fn all_layers(&mut self, model: usize, depth: usize, line: u32) -> Result<Vec<usize>> {
        self.steps((self.graph.nodes.len() / 4) as u32 + 1, line)?;
        let items = match &self.store.models[model].kind {
            ModelKind::Functional { output, .. } => {
                let nodes = self.graph.reach(*output);
                return Ok(nodes.into_iter().map(|node| self.graph.nodes[node].layer).collect());
            }
            ModelKind::Sequential { items, .. } => items.clone(),
        };
        let mut layers = Vec::new();
        for (item, _) in items {
            match item {
                Item::Layer(layer) => layers.push(layer),
                Item::Model(model) if depth < super::limits::NESTED => {
                    layers.extend(self.all_layers(model, depth + 1, line)?);
                }
                Item::Model(_) | Item::Input(_) => {}
            }
        }
        Ok(layers)
    }

    /// `model.get_layer(name)`, or with `index=`.
    pub fn get_layer(&mut self, model: usize, given: &Arguments, line: u32) -> Result<Value> {
        let name = match (given.get("name", 0), given.get("index", 1)) {
            (Some(Value::Text(name)), _) => name.clone(),
            (Some(Value::Int(at)), _) | (_, Some(Value::Int(at))) => {
                let layers = self.layers_of(model, line)?;
                let place = if *at < 0 { *at + layers.len() as i64 } else { *at };
                let layer = usize::try_from(place).ok().and_then(|place| layers.get(place));
                return Ok(layer.cloned().unwrap_or(Value::Inside));
            }
            _ => return Ok(Value::Inside),
        };
        if let Some(layer) = self.named(model, &name, line)? {
            return Ok(layer);
        }
        match self.store.models[model].base {
            Some(base) => Err(Error::model_text(format!(
                "{} has no layer {name}. Its layers have Keras's names, such as \
                 block_13_expand_relu; base.summary() shows them in Keras.",
                base.class()
            ))
            .line(line)),
            // Which of the layers without a name Keras calls so is not in the text.
            None => Ok(Value::Inside),
        }
    }

    /// The part of a model with this name.
    fn named(&mut self, model: usize, name: &str, line: u32) -> Result<Option<Value>> {
        let mut candidates = self.layers_of(model, line)?;
        // Those that only our base has can be named too.
        let all = self.all_layers(model, 0, line)?;
        let ours = all.into_iter().filter(|layer| self.graph.layers[*layer].ours_alone);
        candidates.extend(ours.map(Value::Layer));
        self.steps((candidates.len() / 8) as u32, line)?;
        let is_it = |value: &Value| match value {
            Value::Layer(layer) => self.graph.layers[*layer].read.name.as_deref() == Some(name),
            Value::Model(model) => self.store.models[*model].name.as_deref() == Some(name),
            _ => false,
        };
        // Keras names a base by the size of its pictures, which the text need not tell.
        let is_base = |value: &Value| match value {
            Value::Model(model) => self.store.models[*model]
                .base
                .is_some_and(|base| name.starts_with(&base.class().to_lowercase())),
            _ => false,
        };
        let found = candidates.iter().find(|value| is_it(value));
        Ok(found.or_else(|| candidates.iter().find(|value| is_base(value))).cloned())
    }

    /// `model.name` of what is inside of a model; nothing where it is a method.
    pub fn model_attribute(
        &mut self,
        model: usize,
        name: &Rc<str>,
        line: u32,
    ) -> Result<Option<Value>> {
        let ends = match &self.store.models[model].kind {
            ModelKind::Functional { input, output } => Some((*input, *output)),
            ModelKind::Sequential { .. } => None,
        };
        Ok(Some(match (&**name, ends) {
            ("layers", _) => {
                let layers = self.layers_of(model, line)?;
                self.steps((layers.len() / 16) as u32, line)?;
                self.store.lists.push(layers);
                Value::List(self.store.lists.len() - 1)
            }
            ("input", Some((input, _))) => Value::Tensor(input),
            ("output", Some((_, output))) => Value::Tensor(output),
            ("inputs", Some((input, _))) => self.list(vec![Value::Tensor(input)], line)?,
            ("outputs", Some((_, output))) => self.list(vec![Value::Tensor(output)], line)?,
            ("input_shape", Some((input, _))) => self.shape(input, line)?,
            ("output_shape", Some((_, output))) => self.shape(output, line)?,
            ("input" | "inputs" | "output" | "outputs" | "weights" | "trainable_weights", _) => {
                Value::Inside
            }
            ("name", _) => match &self.store.models[model].name {
                Some(name) => Value::Text(name.clone()),
                None => unknown("a model's name"),
            },
            ("trainable", _) => Value::Bool(self.store.models[model].trainable),
            (
                "optimizer"
                | "loss"
                | "metrics"
                | "metrics_names"
                | "history"
                | "stop_training"
                | "input_shape"
                | "output_shape"
                | "variables"
                | "trainable_variables"
                | "non_trainable_variables"
                | "non_trainable_weights",
                _,
            ) => unknown(format!("a model's {name}")),
            _ => return Ok(None),
        }))
    }

    /// `layer.name` and its like; nothing where it is a method.
    pub fn layer_attribute(
        &mut self,
        layer: usize,
        name: &Rc<str>,
        line: u32,
    ) -> Result<Option<Value>> {
        let applied = |this: &mut Self| {
            this.steps((this.graph.nodes.len() / 16) as u32 + 1, line)?;
            Ok::<_, Error>(this.graph.output_of(layer))
        };
        Ok(Some(match &**name {
            "name" => {
                self.steps((layer / 16) as u32, line)?;
                Value::Text(self.graph.name_of(layer).into())
            }
            "trainable" => Value::Bool(!self.graph.frozen.contains(&layer)),
            "output" => applied(self)?.map_or(Value::Inside, Value::Tensor),
            "input" => {
                let node = applied(self)?.and_then(|node| self.graph.nodes[node].inputs.first());
                node.map_or(Value::Inside, |node| Value::Tensor(*node))
            }
            "output_shape" => match applied(self)? {
                Some(node) => self.shape(node, line)?,
                None => unknown("the shape of a layer's output"),
            },
            "input_shape"
            | "weights"
            | "trainable_weights"
            | "non_trainable_weights"
            | "variables"
            | "trainable_variables"
            | "dtype" => unknown(format!("a layer's {name}")),
            _ => return Ok(None),
        }))
    }
}
