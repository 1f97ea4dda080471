//! Keras's `to_json()`, the lab's own spec, and notebooks: everything that begins with `{`.
//!
//! Keras 3 writes `inbound_nodes` as calls with `__keras_tensor__` objects among the arguments,
//! Keras 2 as lists of `[layer, node, tensor, kwargs]`; Sequential has no nodes in either.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::argument::{Arg, Given};
use super::freeze::QUIET;
use super::graph::{Finished, Graph};
use super::python::build;
use super::table::Kind;
use super::{Experiment, Options, augment, classes, limits, python, training};
use crate::error::{Error, Result};

/// Reads JSON text.
pub(super) fn read(text: &str, options: &Options) -> Result<Experiment> {
    let value: Json =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
            Error::spec_json(format!(
                "The model is not valid JSON: {error}. Check for a missing comma, quote or bracket."
            ))
            .line(error.line() as u32)
        })?;
    if let Some(Json::Array(cells)) = value.get("cells") {
        let code = code(cells);
        super::bounded(&code, limits::PYTHON)?;
        return python::read(&code, options);
    }
    let found = if value.get("class_name").is_some() {
        let mut reader = Reader { graph: Graph::default(), text };
        reader.model(&value, options)
    } else {
        spec(value)
    };
    // JSON has no lines of its own: that of the layer's name, or the first.
    found.map_err(|error| match error.line_number() {
        Some(_) => error,
        None => {
            let line = error.layer_name().map_or(1, |name| line_of(text, name));
            error.line(line)
        }
    })
}

/// The line of the first `"name"` in quotes.
fn line_of(text: &str, name: &str) -> u32 {
    let place = text.find(&format!("\"{name}\"")).unwrap_or(0);
    1 + text.as_bytes()[..place].iter().filter(|byte| **byte == b'\n').count() as u32
}

/// The code of a notebook.
fn code(cells: &[Json]) -> String {
    let mut code = String::new();
    for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
        match &cell["source"] {
            Json::String(text) => code.push_str(text),
            Json::Array(lines) => {
                lines.iter().filter_map(Json::as_str).for_each(|line| code.push_str(line))
            }
            _ => {}
        }
        code.push('\n');
    }
    code
}

/// The lab's own spec: random layers become augmentation, all else stays as it is.
fn spec(mut value: Json) -> Result<Experiment> {
    let random = |layer: &Json| {
        let class = layer["layer"].as_str().and_then(classes::find);
        class.filter(|class| class.kind == Kind::Augment)
    };
    let mut finished = Finished::default();
    if let Some(layers) = value.get_mut("layers").and_then(Json::as_array_mut)
        && layers.iter().any(|layer| random(layer).is_some())
    {
        few(layers)?;
        let mut kept: Vec<Json> = Vec::new();
        let mut left_out: HashSet<String> = HashSet::new();
        let mut only_scaled = true;
        for layer in layers.drain(..) {
            let inputs = layer["inputs"].as_array().cloned().unwrap_or_default();
            let names_it = |name: &Json| name.as_str().is_some_and(|name| left_out.contains(name));
            let Some(class) = random(&layer) else {
                if inputs.iter().any(names_it) {
                    return Err(Error::spec(
                        "inputs names a random layer, which is augmentation here.",
                    )
                    .field("inputs"));
                }
                only_scaled &= layer["layer"] == "Rescaling";
                kept.push(layer);
                continue;
            };
            if !only_scaled || !inputs.is_empty() {
                return Err(Error::spec(format!(
                    "{} changes pictures before they are learned from, so it must stand before \
                     all other layers.",
                    class.name
                ))
                .layer(class.name)
                .field("layer"));
            }
            let given = layer.as_object().into_iter().flatten();
            let given = given.filter(|(field, _)| *field != "layer");
            let named = given.map(|(field, value)| (field.clone(), Arg::from_json(value)));
            let given = Given { named: named.collect(), ..Given::default() };
            let read = class.read(class.name, given).map_err(|error| error.layer(class.name))?;
            left_out.extend(read.name);
            let options = class.normalise(&read.options);
            augment::layer(class.name, &options, None, None, &mut finished)
                .map_err(|error| error.layer(class.name))?;
        }
        *layers = kept;
    }
    let Finished { augmentation, notes, .. } = finished;
    let augmentation = (!augmentation.is_empty()).then_some(Json::Object(augmentation));
    Ok(Experiment { augmentation, notes, ..Experiment::of(value) })
}

/// Refuses more layers than any model has, before each is looked at.
fn few(layers: &[Json]) -> Result<()> {
    if layers.len() > limits::LAYERS {
        return Err(Error::model_text("there are more layers than in any model.").field("layers"));
    }
    Ok(())
}

/// A layer whose inputs are not all there yet.
struct Waiting<'a> {
    layer: &'a Json,
    name: &'a str,
    inputs: Vec<&'a str>,
    /// The nodes of the first of them.
    known: Vec<usize>,
}

impl<'a> Waiting<'a> {
    fn new(layer: &'a Json) -> Result<Self> {
        let name = name_of(layer).unwrap_or_default();
        let mut inputs = Vec::new();
        if layer["class_name"] != "InputLayer" {
            let wrong = |what: &str| Error::model_text(what).layer(name).field("inbound_nodes");
            let calls = layer["inbound_nodes"].as_array().map_or(&[][..], Vec::as_slice);
            match calls {
                [] => {}
                [call] => tensors(call, &mut inputs, 0),
                _ => {
                    return Err(wrong(
                        "this layer is used in several places, which would share its weights.",
                    ));
                }
            }
            if inputs.is_empty() {
                return Err(wrong("no input is given for this layer."));
            }
        }
        Ok(Self { layer, name, inputs, known: Vec::new() })
    }

    /// Looks up what is there by now; each input once. Whether that is all.
    fn complete(&mut self, outputs: &HashMap<&str, usize>) -> bool {
        let next = |at: usize| outputs.get(self.inputs.get(at)?).copied();
        while let Some(node) = next(self.known.len()) {
            self.known.push(node);
        }
        self.known.len() == self.inputs.len()
    }
}

struct Reader<'a> {
    graph: Graph,
    text: &'a str,
}

impl Reader<'_> {
    fn model(&mut self, value: &Json, options: &Options) -> Result<Experiment> {
        let mut notes = Vec::new();
        let compile = match value.get("compile_config") {
            Some(Json::Object(config)) if !config.is_empty() => {
                let named =
                    config.iter().map(|(name, value)| (name.clone(), Arg::from_json(value)));
                let given = Given { named: named.collect(), ..Given::default() };
                Some(training::compile(given, &mut notes)?)
            }
            _ => None,
        };
        let output = self.part(value, None, 0)?;
        let set_free =
            |layer: usize| self.graph.stays_quiet(layer) && !self.graph.frozen.contains(&layer);
        if (0..self.graph.layers.len()).any(set_free) {
            notes.push(QUIET.into());
        }
        let mut finished = self.graph.finish(output, &self.graph.frozen, options, 1)?;
        finished.notes.append(&mut notes);
        let augmentation = finished.augmentation.clone();
        Ok(build(finished, compile, augmentation))
    }

    /// A model; the number of its output. `input` is what it is applied to, if it is a part of
    /// another.
    fn part(&mut self, value: &Json, input: Option<usize>, depth: usize) -> Result<usize> {
        if depth > limits::NESTED {
            return Err(Error::model_text("models are nested deeper here than in any lesson."));
        }
        let config = &value["config"];
        match value["class_name"].as_str() {
            Some("Sequential") => self.sequential(config, input, depth),
            Some("Functional" | "Model") => self.functional(config, input, depth),
            Some(other) => Err(Error::model_text(format!(
                "the JSON is of a {other}; models of Sequential and Functional are read."
            ))
            .field("class_name")),
            None => Err(Error::model_text("the JSON is of no model.").field("class_name")),
        }
    }

    fn sequential(&mut self, config: &Json, input: Option<usize>, depth: usize) -> Result<usize> {
        // Keras before 2.2 wrote the list alone.
        let layers = config.as_array().or_else(|| config["layers"].as_array());
        let Some(layers) = layers else {
            return Err(Error::model_text("the model's config has no layers.").field("layers"));
        };
        let mut output = input;
        for layer in layers {
            if is_model(layer) {
                let shape = first_shape(layer, 0);
                let from = match output {
                    Some(from) => from,
                    None => self.graph.input(shape, 1)?,
                };
                output = Some(self.part(layer, Some(from), depth + 1)?);
                continue;
            }
            let class = layer["class_name"].as_str().unwrap_or_default();
            if class == "InputLayer" {
                if output.is_none() {
                    output = Some(self.graph.input(shape_of(&layer["config"]), 1)?);
                }
                continue;
            }
            let made = self.layer(layer)?;
            let from = match output {
                Some(from) => from,
                None => {
                    let own = self.graph.layers[made].read.shape.clone();
                    let built = config.get("build_input_shape").and_then(without_batch);
                    self.graph.input(own.or(built), 1)?
                }
            };
            output = Some(self.graph.apply(made, vec![from], self.line(layer))?);
        }
        output.ok_or_else(|| Error::model_text("the model has no layers.").field("layers"))
    }

    fn functional(&mut self, config: &Json, input: Option<usize>, depth: usize) -> Result<usize> {
        let Some(layers) = config["layers"].as_array() else {
            return Err(Error::model_text("the model's config has no layers.").field("layers"));
        };
        few(layers)?;
        let mut outputs: HashMap<&str, usize> = HashMap::new();
        // A layer may stand before those that its input comes from.
        let mut waiting: Vec<Waiting> = layers.iter().map(Waiting::new).collect::<Result<_>>()?;
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for mut one in waiting {
                if !one.complete(&outputs) {
                    later.push(one);
                    continue;
                }
                let Waiting { layer, name, known, .. } = one;
                if layer["class_name"] == "InputLayer" {
                    let node = match input {
                        Some(input) => input,
                        None => self.graph.input(shape_of(&layer["config"]), 1)?,
                    };
                    outputs.insert(name, node);
                    continue;
                }
                let before = self.graph.layers.len();
                let node = if is_model(layer) {
                    let [from] = known.as_slice() else {
                        return Err(
                            Error::model_text("a model is applied to one output.").layer(name)
                        );
                    };
                    self.part(layer, Some(*from), depth + 1)?
                } else {
                    let made = self.layer(layer)?;
                    self.graph.apply(made, known, self.line(layer))?
                };
                if is_quiet(&layer["inbound_nodes"][0], 0) {
                    self.graph.quiet.extend(before..self.graph.layers.len());
                }
                outputs.insert(name, node);
            }
            if later.len() == before {
                let name = later.first().map_or("", |first| first.name);
                return Err(Error::model_text(
                    "the layer that this one's input comes from is missing.",
                )
                .layer(name)
                .field("inbound_nodes"));
            }
            // Each round of a well-made file places nearly all: a file made to be slow is not
            // sorted for long.
            if later.len() > 200 && later.len() * 2 > before {
                return Err(Error::model_text("the layers are in no order.").field("layers"));
            }
            waiting = later;
        }
        let mut ends = Vec::new();
        tensors(&config["output_layers"], &mut ends, 0);
        match ends.as_slice() {
            [end] => outputs.get(end).copied().ok_or_else(|| {
                Error::model_text(format!("the output layer {end} is missing."))
                    .field("output_layers")
            }),
            _ => Err(Error::model_text(format!(
                "the model has {} outputs; a net for pictures has one.",
                ends.len()
            ))
            .field("output_layers")),
        }
    }

    fn layer(&mut self, layer: &Json) -> Result<usize> {
        let class = layer["class_name"].as_str().unwrap_or_default();
        let name = name_of(layer).unwrap_or(class);
        let Some(config) = layer["config"].as_object() else {
            return Err(Error::model_text("the layer has no config.").layer(name));
        };
        let given = Given { named: named(config), ..Given::default() };
        self.graph.make(class, given, self.line(layer)).map_err(|error| error.layer(name))
    }

    fn line(&self, layer: &Json) -> u32 {
        // One line holds all of what to_json writes, unless somebody has laid it out.
        match name_of(layer) {
            Some(name) if self.text.len() < 100_000 => line_of(self.text, name),
            _ => 1,
        }
    }
}

/// A config's values as arguments. What a layer was built with needs no reading.
fn named(config: &Map<String, Json>) -> Vec<(String, Arg)> {
    config.iter().map(|(name, value)| (name.clone(), Arg::from_json(value))).collect()
}

fn name_of(layer: &Json) -> Option<&str> {
    layer["name"].as_str().or_else(|| layer["config"]["name"].as_str())
}

fn is_model(layer: &Json) -> bool {
    matches!(layer["class_name"].as_str(), Some("Sequential" | "Functional" | "Model"))
}

fn without_batch(shape: &Json) -> Option<Arg> {
    let sizes = shape.as_array().or_else(|| shape["items"].as_array())?;
    Some(Arg::List(sizes.iter().skip(1).map(Arg::from_json).collect()))
}

/// The shape that an InputLayer's config, or a first layer's, gives.
fn shape_of(config: &Json) -> Option<Arg> {
    ["batch_shape", "batch_input_shape"].iter().find_map(|field| without_batch(config.get(field)?))
}

/// The input shape of a model that is the first part of another.
fn first_shape(model: &Json, depth: usize) -> Option<Arg> {
    let config = &model["config"];
    let first = config.as_array().or_else(|| config["layers"].as_array())?.first()?;
    if is_model(first) && depth < limits::NESTED {
        return first_shape(first, depth + 1);
    }
    shape_of(&first["config"]).or_else(|| config.get("build_input_shape").and_then(without_batch))
}

/// Whether a call says `training=False`: Keras 3 among its `kwargs`, Keras 2 behind an input.
fn is_quiet(call: &Json, depth: usize) -> bool {
    let says = |options: &Json| options["training"] == false;
    match call {
        Json::Array(items) => {
            let own = matches!(items.as_slice(), [Json::String(_), _, _, options] if says(options));
            own || depth < 3 && items.iter().any(|item| is_quiet(item, depth + 1))
        }
        Json::Object(map) => map.get("kwargs").is_some_and(says),
        _ => false,
    }
}

/// The names of the layers that a call's inputs come from, in order: of Keras 3's
/// `__keras_tensor__` objects and of Keras 2's lists that begin with a name.
fn tensors<'a>(call: &'a Json, into: &mut Vec<&'a str>, depth: usize) {
    if depth > 8 {
        return;
    }
    match call {
        Json::Array(items) => match items.as_slice() {
            [Json::String(name), Json::Number(_), ..] => into.push(name),
            _ => items.iter().for_each(|item| tensors(item, into, depth + 1)),
        },
        Json::Object(map)
            if map.get("class_name").is_some_and(|class| class == "__keras_tensor__") =>
        {
            into.extend(call["config"]["keras_history"][0].as_str());
        }
        Json::Object(map) => {
            if let Some(args) = map.get("args") {
                tensors(args, into, depth + 1);
            }
            if let Some(inputs) = map.get("kwargs").and_then(|kwargs| kwargs.get("inputs")) {
                tensors(inputs, into, depth + 1);
            }
        }
        _ => {}
    }
}
