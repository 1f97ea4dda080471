//! Layers applied to the outputs of others: what every way of writing a model comes down to.
//!
//! The Python text and Keras's JSON both make a [`Graph`]; [`Graph::finish`] turns the part of
//! it that leads to a model's output into the spec's list of layers.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::argument::{Arg, Given, snake};
use super::augment;
use super::classes::{self, Read};
use super::limits;
use super::shapes::{self, Shape};
use super::table::{Class, Kind};
use crate::error::{Error, Result};
use crate::model::base::Base;
use crate::model::keras::Options;

/// A layer that was made, whether or not it is used.
#[derive(Debug)]
pub(super) struct Layer {
    pub class: &'static Class,
    pub read: Read,
    pub line: u32,
    /// The base that its weights come from.
    pub base: Option<Base>,
    /// Whether it is a part of a base here and not in Keras, whose numbers of layers leave it out.
    pub ours_alone: bool,
}

/// Layers by their numbers.
pub(super) type Layers = HashSet<usize>;

/// A layer applied to outputs of others. The first layer of every net is an `Input`, which is
/// applied to nothing.
#[derive(Debug)]
pub(super) struct Node {
    pub layer: usize,
    pub inputs: Vec<usize>,
    pub line: u32,
    /// The output's shape, where the text tells it.
    pub shape: Option<Shape>,
    /// The model that it came with, where one was applied as a whole: the outermost.
    pub whole: Option<usize>,
}

/// All layers of a text and their applications, in order.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub layers: Vec<Layer>,
    pub nodes: Vec<Node>,
    /// Layers that are frozen by now; shared with those who keep how it was.
    pub frozen: Rc<Layers>,
    /// Layers that were applied with `training=False`.
    pub quiet: Layers,
    /// The model that is being applied as a whole.
    pub whole: Option<usize>,
}

/// A net as a spec has it.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub input_shape: [u64; 3],
    pub layers: Vec<Json>,
    /// Name and line of every layer.
    pub lines: Vec<(String, u32)>,
    /// The number of every layer in the graph, where it is there.
    pub made: Vec<Option<usize>>,
    pub augmentation: Map<String, Json>,
    pub notes: Vec<String>,
}

impl Graph {
    /// Makes a layer of a class by its name in the text.
    ///
    /// # Errors
    /// `model-text` with the line, naming the layer and the argument at fault.
    pub fn make(&mut self, name: &str, given: Given, line: u32) -> Result<usize> {
        if self.layers.len() >= limits::LAYERS {
            return Err(Error::model_text("there are more layers than in any model.").line(line));
        }
        let Some(class) = classes::find(name) else {
            return Err(Error::model_text(format!(
                "there is no layer {name} here. Known layers are {}.",
                classes::known()
            ))
            .line(line)
            .field("layer"));
        };
        let read = class.read(name, given).map_err(|error| error.layer(class.name).line(line))?;
        let layer = self.layers.len();
        if read.frozen {
            Rc::make_mut(&mut self.frozen).insert(layer);
        }
        self.layers.push(Layer { class, read, line, base: None, ours_alone: false });
        Ok(layer)
    }

    /// The start of a net: its input, of a shape that may not be known.
    pub fn input(&mut self, shape: Option<Arg>, line: u32) -> Result<usize> {
        let layer = self.make("Input", Given::default(), line)?;
        self.layers[layer].read.shape = shape;
        self.push(layer, Vec::new(), line)
    }

    /// Applies a layer.
    ///
    /// # Errors
    /// `model-text` with the line where the number of inputs is wrong.
    pub fn apply(&mut self, layer: usize, inputs: Vec<usize>, line: u32) -> Result<usize> {
        let class = self.layers[layer].class;
        let wrong = |what: &str| {
            Err(Error::model_text(what.to_owned()).layer(class.name).line(line).field("inputs"))
        };
        match (class.kind, inputs.len()) {
            (Kind::Merge, 0 | 1) => return wrong("it takes a list of two inputs or more."),
            (Kind::Merge, _) | (_, 1) => {}
            _ => return wrong("it takes one input."),
        }
        let node = self.push(layer, inputs, line)?;
        match self.layers[layer].read.activation {
            Some(activation) => self.apply(activation, vec![node], line),
            None => Ok(node),
        }
    }

    fn push(&mut self, layer: usize, inputs: Vec<usize>, line: u32) -> Result<usize> {
        if self.nodes.len() >= limits::LAYERS {
            return Err(Error::model_text("there are more layers than in any model.").line(line));
        }
        let Layer { class, read, .. } = &self.layers[layer];
        let shape = if class.name == "Input" {
            read.shape.as_ref().and_then(known_shape)
        } else {
            let shapes: Option<Vec<_>> = inputs.iter().map(|at| self.nodes[*at].shape).collect();
            let options = class.normalise(&read.options);
            let of = |shapes: Vec<Shape>| shapes::output(class.name, &options, &shapes).ok();
            shapes.and_then(of)
        };
        self.nodes.push(Node { layer, inputs, line, shape, whole: self.whole });
        Ok(self.nodes.len() - 1)
    }

    /// The nodes that `output` is computed from, in order, itself last.
    pub fn reach(&self, output: usize) -> Vec<usize> {
        let mut seen = HashSet::from([output]);
        let mut open = vec![output];
        while let Some(node) = open.pop() {
            open.extend(self.nodes[node].inputs.iter().filter(|input| seen.insert(**input)));
        }
        let mut nodes: Vec<_> = seen.into_iter().collect();
        nodes.sort_unstable();
        nodes
    }

    /// Names of the random layers that the net of `output` has no part of, joined by commas;
    /// empty where it has random layers of its own.
    pub fn random_outside(&self, output: usize) -> String {
        let random = |layer: &usize| self.layers[*layer].class.kind == Kind::Augment;
        let inside = self.reach(output).into_iter().map(|node| self.nodes[node].layer);
        if inside.into_iter().any(|layer| random(&layer)) {
            return String::new();
        }
        let names = (0..self.layers.len()).filter(random).map(|at| self.layers[at].class.name);
        names.take(8).collect::<Vec<_>>().join(", ")
    }

    /// Whether `inner` is among what `output` is computed from, and how many applications and
    /// inputs had to be looked at.
    pub fn leads_to(&self, inner: usize, output: usize) -> (bool, usize) {
        let nodes = self.reach(output);
        let inputs: usize = nodes.iter().map(|node| self.nodes[*node].inputs.len()).sum();
        (nodes.contains(&inner), nodes.len() + inputs)
    }

    /// The net that ends in `output`, as a spec's layers, of which those of `frozen` are frozen.
    ///
    /// # Errors
    /// `model-text` with the line at fault.
    pub fn finish(
        &self,
        output: usize,
        frozen: &Layers,
        options: &Options,
        line: u32,
    ) -> Result<Finished> {
        let nodes = self.reach(output);
        let inputs: Vec<_> =
            nodes.iter().copied().filter(|node| self.nodes[*node].inputs.is_empty()).collect();
        let input = match inputs.as_slice() {
            [input] => *input,
            [_, second, ..] => {
                return Err(Error::model_text(
                    "the model has two inputs here; a net for pictures has one.",
                )
                .line(self.nodes[*second].line));
            }
            [] => return Err(Error::model_text("the model has no input.").line(line)),
        };
        let mut finished = Finished::default();
        // What stands in for a node that is no layer of the spec.
        let mut source: Vec<usize> = (0..=output).collect();
        let mut shape = self.layers[self.nodes[input].layer].read.shape.clone();
        let mut kept: Vec<usize> = Vec::new();
        let mut used = HashSet::new();
        for &node in nodes.iter().filter(|node| **node != input) {
            let Node { layer: at, inputs, line, .. } = &self.nodes[node];
            let layer = &self.layers[*at];
            let from: Vec<usize> = inputs.iter().map(|input| source[*input]).collect();
            let class = layer.class;
            if !used.insert(*at) && class.kind == Kind::Weights {
                return Err(Error::model_text(
                    "this layer is used in two places of the net, which would share its weights. \
                     Make a layer of its own for each.",
                )
                .layer(layer.read.name.as_deref().unwrap_or(class.name))
                .line(*line));
            }
            // Only scaling may stand between the input and what acts on pictures as such, and
            // nothing may see the pictures without it.
            let alone = |input: usize| {
                nodes.iter().filter(|node| self.nodes[**node].inputs.contains(&input)).count() == 1
            };
            let at_input =
                || kept.iter().all(|kept| self.class_of(*kept) == "Rescaling") && alone(inputs[0]);
            let early = |what: &str| {
                Err(Error::model_text(format!(
                    "{} {what}, so it must stand before all other layers here.",
                    class.name
                ))
                .layer(class.name)
                .line(*line))
            };
            let options = class.normalise(&layer.read.options);
            match class.kind {
                Kind::Augment => {
                    let padded = kept.len() == 1 && self.border(kept[0]).is_some();
                    if !(at_input() || padded && alone(inputs[0])) {
                        return early("changes pictures before they are learned from");
                    }
                    let padding = kept.last().filter(|last| from == [**last]);
                    let border = padding.and_then(|last| self.border(*last));
                    let crop = augment::layer(
                        class.name,
                        &options,
                        border,
                        self.nodes[inputs[0]].shape,
                        &mut finished,
                    );
                    let crop = crop.map_err(|error| error.layer(class.name).line(*line))?;
                    source[node] = from[0];
                    if crop && let Some(padding) = kept.pop() {
                        source[node] = source[self.nodes[padding].inputs[0]];
                    }
                }
                Kind::Entry if !at_input() => return early("says what pictures go in"),
                Kind::Entry => {
                    source[node] = from[0];
                    shape = Some(entry_shape(class.name, &options, shape.take()));
                    if class.name == "Resizing" {
                        finished.notes.push(
                            "Resizing is left out: pictures are brought to the model's input size \
                             when they are loaded."
                                .into(),
                        );
                    }
                }
                _ => kept.push(node),
            }
        }
        if kept.is_empty() {
            return Err(Error::model_text("the model has no layers.").line(line));
        }
        finished.input_shape = self.input_shape(
            shape.as_ref(),
            &mut kept,
            options,
            self.nodes[input].line,
            &mut finished.notes,
        )?;
        self.write(&kept, &source, input, options, &mut finished)?;
        self.freeze(frozen, &mut finished);
        if kept.last().is_some_and(|last| source[output] != *last) {
            return Err(Error::model_text("the model's output is its input.").line(line));
        }
        Ok(finished)
    }

    fn class_of(&self, node: usize) -> &'static str {
        self.layers[self.nodes[node].layer].class.name
    }

    /// The border of a ZeroPadding2D that is alike on all sides.
    fn border(&self, node: usize) -> Option<u64> {
        let layer = &self.layers[self.nodes[node].layer];
        if layer.class.name != "ZeroPadding2D" {
            return None;
        }
        let sides = shapes::borders(&layer.class.normalise(&layer.read.options)).ok()?;
        sides.iter().all(|side| *side == sides[0]).then_some(sides[0])
    }

    /// Height, width and channels of a picture. What the text leaves open comes from the
    /// options; a vector is taken as the data's pictures, flattened.
    fn input_shape(
        &self,
        given: Option<&Arg>,
        kept: &mut Vec<usize>,
        options: &Options,
        line: u32,
        notes: &mut Vec<String>,
    ) -> Result<[u64; 3]> {
        let from_data = options.input_shape.map(|shape| shape.map(|size| size as u64));
        let unknown = |what: &str| {
            Error::model_text(format!(
                "the shape of the pictures cannot be told from this text: {what}. Write \
                 input_shape=(height, width, channels), such as (28, 28, 1)."
            ))
            .line(line)
            .field("input_shape")
        };
        let wrong = |what: String| Error::model_text(what).line(line).field("input_shape");
        let sizes: Vec<Option<u64>> = match given {
            None | Some(Arg::None) => {
                let shape = from_data.ok_or_else(|| unknown("no layer has an input_shape"))?;
                notes.push(format!("The text has no input_shape; the data's {shape:?} is taken."));
                return Ok(shape);
            }
            Some(Arg::List(items)) => items
                .iter()
                .map(|item| match item {
                    Arg::Unknown(_) | Arg::None => Ok(None),
                    // In a Keras 1 text a number may be a quotient.
                    Arg::Int(_) | Arg::Float(_) => match item.number() {
                        Some(size) if size >= 1.0 && size.fract() == 0.0 && size < 1e6 => {
                            Ok(Some(size as u64))
                        }
                        _ => Err(wrong(format!(
                            "input_shape has whole numbers of at least 1; one is {}.",
                            item.number().unwrap_or(f64::NAN)
                        ))),
                    },
                    _ => Err(wrong("input_shape is (height, width, channels).".into())),
                })
                .collect::<Result<_>>()?,
            Some(Arg::Int(length)) => vec![u64::try_from(*length).ok()],
            Some(Arg::Unknown(what)) => {
                let shape = from_data.ok_or_else(|| unknown(what))?;
                notes.push(format!("input_shape is {what}; the data's {shape:?} is taken."));
                return Ok(shape);
            }
            Some(_) => return Err(wrong("input_shape is (height, width, channels).".into())),
        };
        let first = kept.first().map_or("", |node| self.class_of(*node));
        match sizes.as_slice() {
            [Some(height), Some(width), Some(channels)] => Ok([*height, *width, *channels]),
            [_, _, _] => {
                let shape = from_data.ok_or_else(|| unknown("one of its sizes is left open"))?;
                let fits =
                    |(given, data): (&Option<u64>, u64)| given.is_none_or(|size| size == data);
                if !sizes.iter().zip(shape).all(fits) {
                    return Err(unknown("what it says does not fit the data"));
                }
                notes
                    .push(format!("input_shape leaves sizes open; the data's {shape:?} is taken."));
                Ok(shape)
            }
            [Some(height), Some(width)] if first == "Flatten" => {
                notes.push(format!(
                    "input_shape ({height}, {width}) is read as ({height}, {width}, 1)."
                ));
                Ok([*height, *width, 1])
            }
            [Some(length)] => {
                let shape = from_data.filter(|shape| {
                    shape.iter().try_fold(1u64, |all, size| all.checked_mul(*size)) == Some(*length)
                });
                let shape = shape.ok_or_else(|| {
                    wrong(format!(
                        "the input is a vector of {length}, but pictures go in here. Begin with \
                         Flatten(input_shape=(height, width, channels)) instead."
                    ))
                })?;
                notes.push(format!(
                    "The input is a vector of {length}; the data's pictures {shape:?} are \
                     flattened into it."
                ));
                if first != "Flatten" {
                    kept.insert(0, usize::MAX);
                }
                Ok(shape)
            }
            _ => Err(wrong(format!(
                "input_shape is (height, width, channels), such as (28, 28, 1); it has {} sizes.",
                sizes.len()
            ))),
        }
    }

    /// The layers as JSON. A node `usize::MAX` stands for a Flatten that the text has not.
    fn write(
        &self,
        kept: &[usize],
        source: &[usize],
        input: usize,
        options: &Options,
        finished: &mut Finished,
    ) -> Result<()> {
        let names = self.names(kept, &mut finished.notes);
        let flattened = kept.first() == Some(&usize::MAX);
        let places: HashMap<usize, usize> =
            kept.iter().enumerate().map(|(at, node)| (*node, at)).collect();
        let place = |node: usize| places.get(&node).copied();
        let mut referred = HashSet::new();
        let mut rows = Vec::new();
        for (at, &node) in kept.iter().enumerate() {
            let mut inputs: Vec<Option<usize>> = Vec::new();
            if node != usize::MAX {
                for input_of in &self.nodes[node].inputs {
                    let from = source[*input_of];
                    inputs.push(match place(from) {
                        Some(place) => Some(place),
                        None if from == input && flattened => Some(0),
                        None => None,
                    });
                }
            } else {
                inputs.push(None);
            }
            let before = at.checked_sub(1);
            if inputs == [before] {
                inputs.clear();
            }
            referred.extend(inputs.iter().flatten().copied());
            rows.push((node, inputs));
        }
        for (at, (node, inputs)) in rows.into_iter().enumerate() {
            let (name, given, automatic) = &names[at];
            let mut map = Map::new();
            let layer = self.nodes.get(node).map(|node| &self.layers[node.layer]);
            let class = layer.map_or("Flatten", |layer| layer.class.name);
            map.insert("layer".into(), class.into());
            if *given || !automatic || referred.contains(&at) {
                map.insert("name".into(), name.as_str().into());
            }
            if !inputs.is_empty() {
                let name = |at: Option<usize>| at.map_or("input", |at| names[at].0.as_str());
                map.insert("inputs".into(), inputs.into_iter().map(name).collect());
            }
            if let Some(layer) = layer {
                map.extend(layer.read.options.clone());
                self.open_units(layer, at + 1 == kept.len(), options, &mut map, finished)?;
            }
            let line = self.nodes.get(node).map_or(1, |node| self.layers[node.layer].line);
            finished.lines.push((name.clone(), line));
            finished.made.push(self.nodes.get(node).map(|node| node.layer));
            finished.layers.push(Json::Object(map));
        }
        Ok(())
    }

    /// Writes which base a layer's weights come from, and whether it is frozen.
    fn freeze(&self, frozen: &Layers, finished: &mut Finished) {
        for (value, made) in finished.layers.iter_mut().zip(&finished.made) {
            let Some(at) = *made else { continue };
            if let Some(base) = self.layers[at].base {
                value["base"] = base.name().into();
            }
            if frozen.contains(&at) || self.stays_quiet(at) {
                value["trainable"] = false.into();
            }
        }
    }

    /// Whether a layer goes by its moving statistics even where it is not frozen.
    pub fn stays_quiet(&self, layer: usize) -> bool {
        self.layers[layer].class.name == "BatchNormalization" && self.quiet.contains(&layer)
    }

    /// Units that the text does not tell: those of the last layer are the data's classes.
    fn open_units(
        &self,
        layer: &Layer,
        last: bool,
        options: &Options,
        map: &mut Map<String, Json>,
        finished: &mut Finished,
    ) -> Result<()> {
        let Some(what) = &layer.read.units else { return Ok(()) };
        let Some(classes) = options.classes.filter(|_| last) else {
            return Err(Error::model_text(format!(
                "units cannot be told from this text: it is {what}. Write the number itself."
            ))
            .layer(layer.class.name)
            .line(layer.line)
            .field("units"));
        };
        finished.notes.push(format!("units is {what}; the data's {classes} classes are taken."));
        map.insert("units".into(), json!(classes));
        Ok(())
    }

    /// Every layer's name, whether the text gives it, and whether it is the one that the spec
    /// would give it by itself.
    fn names(&self, kept: &[usize], notes: &mut Vec<String>) -> Vec<(String, bool, bool)> {
        let given = |node: &usize| {
            let name = self.layers[self.nodes.get(*node)?.layer].read.name.clone()?;
            (!name.is_empty() && name.len() <= 200).then_some(name)
        };
        let wanted: HashSet<String> = kept.iter().filter_map(given).collect();
        let mut taken: HashSet<String> = HashSet::from(["input".to_owned()]);
        // How far each base is numbered: as the names of the text are free to be, and as
        // `ModelSpec` would number them by itself.
        let (mut ours, mut theirs) = (HashMap::new(), HashMap::new());
        let mut names: Vec<(String, bool, bool)> = Vec::new();
        let mut before: HashSet<String> = HashSet::new();
        for node in kept {
            let class =
                self.nodes.get(*node).map_or("Flatten", |node| self.layers[node.layer].class.name);
            let own = numbered(&mut theirs, &snake(class), |name| !before.contains(name));
            let name = match given(node) {
                Some(name) => {
                    let free = numbered(&mut ours, &name, |name| !taken.contains(name));
                    if free != name {
                        notes.push(format!("A layer called {name} is called {free} here."));
                    }
                    (free, true, false)
                }
                None => {
                    let free = numbered(&mut ours, &snake(class), |name| {
                        !taken.contains(name) && !wanted.contains(name)
                    });
                    let automatic = free == own;
                    (free, false, automatic)
                }
            };
            taken.insert(name.0.clone());
            before.insert(name.0.clone());
            names.push(name);
        }
        names
    }
}

/// The first free name of `base`, `base_1`, ...; `reached` remembers which were not free.
fn numbered(
    reached: &mut HashMap<String, usize>,
    base: &str,
    free: impl Fn(&str) -> bool,
) -> String {
    let number = reached.entry(base.to_owned()).or_insert(0);
    loop {
        let name = if *number == 0 { base.to_owned() } else { format!("{base}_{number}") };
        if free(&name) {
            return name;
        }
        *number += 1;
    }
}

/// A shape that the text tells all of.
fn known_shape(arg: &Arg) -> Option<Shape> {
    let Arg::List(items) = arg else { return None };
    let sizes: Option<Vec<u64>> = items
        .iter()
        .map(|item| match item {
            Arg::Int(size) if (1..1 << 20).contains(size) => Some(*size as u64),
            _ => None,
        })
        .collect();
    match sizes?.as_slice() {
        [height, width, channels] => Some(Shape::Image([*height, *width, *channels])),
        [length] => Some(Shape::Vector(*length)),
        _ => None,
    }
}

/// The input's shape before Resizing or Reshape, which the data is brought to.
fn entry_shape(class: &str, options: &Map<String, Json>, shape: Option<Arg>) -> Arg {
    let part = |name: &str| options.get(name).map_or(Arg::None, Arg::from_json);
    if class == "Reshape" {
        return part("target_shape");
    }
    let channels = match shape {
        Some(Arg::List(items)) if items.len() == 3 => items[2].clone(),
        _ => Arg::None,
    };
    Arg::List(vec![part("height"), part("width"), channels])
}
