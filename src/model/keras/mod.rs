//! Models as people have them: Keras's Python and JSON in, and Keras, PyTorch and Burn out.
//!
//! Everything here is text and JSON; it needs no tensors, and nothing of a text is run.
//!
//! # What is read
//!
//! [`read`] takes three kinds of text.
//!
//! **The lab's spec** as JSON ([`super::spec`] says what stands in it). Random layers in it
//! become augmentation.
//!
//! **`model.to_json()`** of Keras 2 and 3, of Sequential and functional models, and a notebook
//! (`.ipynb`), whose code cells are read as Python.
//!
//! **Python** as lessons write it:
//!
//! - `Sequential()` with `.add` and `.pop`, `Sequential([...])`, Sequential in Sequential; the
//!   functional form with `Input`, `Model(inputs, outputs)`, `Add()([a, b])`,
//!   `concatenate([a, b])`, `a + b`, `x / 255`, `tf.nn.relu(x)`.
//! - Names by any import or none: `layers.`, `tf.keras.layers.`, `from ... import Dense as D`.
//! - Numbers, texts, tuples, lists and dictionaries in variables, and sums with them; `for` over
//!   a range or a list; `if` with a condition that the text tells; functions that build blocks;
//!   list comprehensions of one loop; `with` and `try`.
//! - `keras.applications.MobileNetV2` without its head, applied as a whole, as a layer of a
//!   Sequential, or cut off at `get_layer(name).output`; its `preprocess_input`.
//! - Frozen layers: `trainable` of layers and models, set in loops over `model.layers` too. Of
//!   several phases of training the first is taken, and a note says what follows.
//! - `compile(...)`: optimizers with their options and schedules, the three cross-entropies,
//!   accuracy. `fit(...)` and `fit_generator(...)`: epochs, batch size, validation split, class
//!   weights, `EarlyStopping` and `ReduceLROnPlateau`.
//! - `ImageDataGenerator(...)` and the random layers at the net's beginning, which become
//!   [augmentation](crate::data::augment).
//! - What copying leaves: prompts, magics, printed summaries, curly quotes, spaces and dashes
//!   that only look right, tabs, any line ends; and Keras 1's names of arguments.
//!
//! Of several models the last one is taken. What has nothing to do with a model, such as
//! loading data or plotting, is passed over, whether or not it is understood. What concerns a
//! model and is not understood is an error with its line, never a guess: other layers, loops
//! that change a model and run nobody knows how often, conditions that depend on data, classes
//! derived from `Model`, layers with shared weights, several inputs.
//!
//! # How
//!
//! `lexer` and `parser` make a tree of the text; `interpreter`, `eval` and `library` go through
//! it and apply layers to layers in a `graph`, whose `finish` writes the spec; `json` makes the
//! same graph of Keras's JSON. `pretrained` puts a base into the graph, `inside` looks into models,
//! and `freeze` keeps which layers are trained when; `pixels` sees to it that pictures come with the
//! values that a net is made for. `limits` bounds every step, so that no text takes long.

mod argument;
mod augment;
mod classes;
mod eval;
mod freeze;
mod graph;
mod inside;
mod interpreter;
mod json;
mod lexer;
mod library;
mod limits;
mod numbers;
mod parser;
mod pixels;
mod pretrained;
mod python;
pub(crate) mod shapes;
mod syntax;
mod table;
mod training;
mod value;
pub mod write;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

#[cfg(feature = "formats")]
pub(crate) use argument::snake;

use crate::error::{Error, Result};

/// A model and how it is to be trained, as a text has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Experiment {
    /// The spec as JSON, to be checked by `ModelSpec::from_value`.
    pub spec: Value,
    /// `epochs` of `fit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// `batch_size` of `fit`, or of the generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// The share of the training pictures that validation takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_split: Option<f64>,
    /// The JSON of an [`Augmentation`](crate::data::augment::Augmentation).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Value>,
    /// Other options of a run, by the names of `TrainOptions` in JavaScript: `earlyStopping`,
    /// `reduceOnPlateau`, `classWeight`, `shuffle`.
    pub train: Map<String, Value>,
    /// What was left out or read in a special way, in sentences.
    pub notes: Vec<String>,
    /// The name of every layer of the spec and the line it comes from, where there are lines.
    pub lines: Vec<(String, u32)>,
}

impl Experiment {
    /// An experiment of a spec alone.
    pub fn of(spec: Value) -> Self {
        Self { spec, ..Self::default() }
    }

    /// An error about the spec, with the line of the layer it names.
    pub fn locate(&self, error: Error) -> Error {
        let named =
            error.layer_name().and_then(|name| self.lines.iter().find(|(known, _)| known == name));
        match named.map(|(_, line)| *line) {
            Some(line) => error.line(line),
            None => error,
        }
    }
}

/// What the data tells where a text does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// Height, width and channels of the pictures: for a text without `input_shape`, or with
    /// `x_train.shape[1:]`.
    pub input_shape: Option<[usize; 3]>,
    /// Number of classes: for a last layer of `Dense(num_classes)` that is not known.
    pub classes: Option<usize>,
}

/// Reads a model from JSON or Python text. See the [module](self) for what is understood.
///
/// ```
/// let experiment = cnn_lab::model::keras::read(
///     "model = Sequential()\nmodel.add(Flatten(input_shape=(28, 28, 1)))\nmodel.add(Dense(10))",
/// )
/// .unwrap();
/// assert_eq!(experiment.spec["layers"][1]["units"], 10);
/// ```
///
/// # Errors
/// `model-text` or `spec-json` with the line, and the layer and the field where they are known.
pub fn read(text: &str) -> Result<Experiment> {
    read_with(text, &Options::default())
}

/// The same, with what the data tells.
///
/// # Errors
/// As [`read`].
pub fn read_with(text: &str, options: &Options) -> Result<Experiment> {
    let json = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{');
    bounded(text, if json { limits::TEXT } else { limits::PYTHON })?;
    if json {
        return json::read(text, options);
    }
    python::read(text, options)
}

/// Refuses text that is longer than any model's.
fn bounded(text: &str, most: usize) -> Result<()> {
    if text.len() <= most {
        return Ok(());
    }
    let line = 1 + text.as_bytes()[..most].iter().filter(|byte| **byte == b'\n').count();
    Err(Error::model_text(format!(
        "the text is too long: {} kB, and {} kB are read. Paste the model alone.",
        text.len() / 1024,
        most / 1024
    ))
    .line(line as u32))
}
