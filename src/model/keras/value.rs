//! What a name can stand for while a text is read.

use std::collections::HashMap;
use std::rc::Rc;

use super::augment::Generator;
use super::graph::Layers;
use super::syntax::Def;
use super::training::Fit;
use crate::model::base::Base;
use serde_json::Value as Json;

/// A value. Everything that contains values lives in a [`Store`] and is known by its number,
/// so that values nest as deep as a text likes without anyone descending into them.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    List(usize),
    Tuple(usize),
    Dict(usize),
    Range(i64, i64, i64),
    /// Something of a library, by its path: `keras.layers.Dense`.
    Path(Rc<str>),
    /// An object of a library that is no layer: an optimizer, a loss, ...
    Made(usize),
    Layer(usize),
    /// The output of a layer.
    Tensor(usize),
    Model(usize),
    Generator(usize),
    /// Batches of a generator or a data set.
    Flow(usize),
    Function(usize),
    /// A method of a value.
    Method(usize),
    /// What is inside a finished model: weights, or the output of a layer of a Sequential; looked
    /// at and not built on.
    Inside,
    /// What a layer or a model makes of the text's own pictures.
    Batch,
    /// What the text alone does not tell; in words.
    Unknown(Rc<str>),
}

/// A library's object: its path and its arguments.
#[derive(Clone, Debug)]
pub(super) struct MadeOf {
    pub path: Rc<str>,
    pub arguments: Arguments,
}

/// The arguments of a call, evaluated.
#[derive(Clone, Debug, Default)]
pub(super) struct Arguments {
    pub positional: Vec<Value>,
    pub named: Vec<(Rc<str>, Value)>,
}

impl Arguments {
    /// All values, named or not.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.positional.iter().chain(self.named.iter().map(|(_, value)| value))
    }

    /// The argument of this name, or else at this place.
    pub fn get(&self, name: &str, place: usize) -> Option<&Value> {
        let named = self.named.iter().find(|(given, _)| &**given == name);
        named.map(|(_, value)| value).or_else(|| self.positional.get(place))
    }
}

/// A model that the text builds.
#[derive(Debug)]
pub(super) struct Model {
    pub kind: ModelKind,
    pub line: u32,
    pub compile: Option<Json>,
    pub fit: Option<Fit>,
    /// Its runs, as long as layers are frozen in other ways.
    pub phases: Vec<Phase>,
    /// The line that it was compiled on last.
    pub compiled: u32,
    /// `model.trainable`.
    pub trainable: bool,
    /// Whether it is a part of another model.
    pub used: bool,
    /// Whether it only gives what is inside of another model.
    pub looks: bool,
    pub name: Option<Rc<str>>,
    /// The base that it is, made by Keras's function.
    pub base: Option<Base>,
}

impl Model {
    pub fn new(kind: ModelKind, line: u32) -> Self {
        Self {
            kind,
            line,
            compile: None,
            fit: None,
            phases: Vec::new(),
            compiled: 0,
            trainable: true,
            used: false,
            looks: false,
            name: None,
            base: None,
        }
    }
}

/// Runs of a model with the same layers frozen: the line of the first, and the last one's options.
#[derive(Clone, Debug)]
pub(super) struct Phase {
    pub line: u32,
    pub frozen: Rc<Layers>,
    pub compile: Option<Json>,
    pub fit: Option<Fit>,
}

#[derive(Debug)]
pub(super) enum ModelKind {
    Sequential { items: Vec<(Item, u32)>, shape: Option<Value> },
    Functional { input: usize, output: usize },
}

/// What is added to a Sequential.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    Layer(usize),
    Model(usize),
    /// An input that was made by `Input(...)`.
    Input(usize),
}

/// Batches: from which generator, and how many pictures each.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    pub generator: Option<usize>,
    pub batch_size: Option<u32>,
}

/// A function of the text, with the scope that it was defined in and its defaults.
#[derive(Debug)]
pub(super) struct Function {
    pub def: Rc<Def>,
    pub scope: usize,
    pub defaults: Vec<Option<Value>>,
    pub called: bool,
    /// Whether its body names a class of layers.
    pub makes_layers: bool,
}

/// Names and the scope around.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub names: HashMap<Rc<str>, Value>,
    pub around: Option<usize>,
}

/// Everything that values refer to.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub lists: Vec<Vec<Value>>,
    pub dicts: Vec<Vec<(Value, Value)>>,
    pub made: Vec<MadeOf>,
    pub methods: Vec<(Value, Rc<str>)>,
    pub models: Vec<Model>,
    pub generators: Vec<Generator>,
    pub flows: Vec<Flow>,
    pub functions: Vec<Function>,
    pub scopes: Vec<Scope>,
}

/// `tf.keras.layers.Dense` and its like as `keras.layers.Dense`.
pub(super) fn canonical(path: &str) -> String {
    let mut path = path.trim_start_matches('.');
    for prefix in [
        "tensorflow.python.",
        "tensorflow.compat.v1.",
        "tensorflow.compat.v2.",
        "tensorflow.contrib.",
        "tensorflow.",
    ] {
        if let Some(rest) = path.strip_prefix(prefix)
            && (rest == "keras" || rest.starts_with("keras."))
        {
            path = rest;
            break;
        }
    }
    let path = path.strip_prefix("tf_keras").map_or(path.to_owned(), |rest| format!("keras{rest}"));
    for prefix in ["keras.src", "keras.api", "keras._tf_keras.keras"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            return format!("keras{rest}");
        }
    }
    path
}

/// What a name means that the text does not define: as lessons shorten it.
pub(super) fn by_habit(name: &str) -> Option<&'static str> {
    const MODULES: &[(&str, &str)] = &[
        ("tf", "tensorflow"),
        ("tensorflow", "tensorflow"),
        ("keras", "keras"),
        ("layers", "keras.layers"),
        ("models", "keras.models"),
        ("optimizers", "keras.optimizers"),
        ("losses", "keras.losses"),
        ("metrics", "keras.metrics"),
        ("regularizers", "keras.regularizers"),
        ("initializers", "keras.initializers"),
        ("activations", "keras.activations"),
        ("callbacks", "keras.callbacks"),
        ("backend", "keras.backend"),
        ("K", "keras.backend"),
        ("np", "numpy"),
        ("numpy", "numpy"),
        ("math", "math"),
        ("plt", "matplotlib.pyplot"),
        ("Sequential", "keras.models.Sequential"),
        ("Model", "keras.models.Model"),
        ("Input", "keras.layers.Input"),
        ("ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
        ("image_dataset_from_directory", "keras.utils.image_dataset_from_directory"),
        ("EarlyStopping", "keras.callbacks.EarlyStopping"),
        ("ReduceLROnPlateau", "keras.callbacks.ReduceLROnPlateau"),
        ("ModelCheckpoint", "keras.callbacks.ModelCheckpoint"),
        ("TensorBoard", "keras.callbacks.TensorBoard"),
        ("LearningRateScheduler", "keras.callbacks.LearningRateScheduler"),
        ("SGD", "keras.optimizers.SGD"),
        ("RMSprop", "keras.optimizers.RMSprop"),
        ("Adam", "keras.optimizers.Adam"),
        ("AdamW", "keras.optimizers.AdamW"),
        ("Adagrad", "keras.optimizers.Adagrad"),
        ("Adadelta", "keras.optimizers.Adadelta"),
        ("Nadam", "keras.optimizers.Nadam"),
        ("Adamax", "keras.optimizers.Adamax"),
        ("ExponentialDecay", "keras.optimizers.schedules.ExponentialDecay"),
        ("PiecewiseConstantDecay", "keras.optimizers.schedules.PiecewiseConstantDecay"),
        ("CosineDecay", "keras.optimizers.schedules.CosineDecay"),
        ("CosineDecayRestarts", "keras.optimizers.schedules.CosineDecayRestarts"),
        ("PolynomialDecay", "keras.optimizers.schedules.PolynomialDecay"),
        ("InverseTimeDecay", "keras.optimizers.schedules.InverseTimeDecay"),
        ("CategoricalCrossentropy", "keras.losses.CategoricalCrossentropy"),
        ("SparseCategoricalCrossentropy", "keras.losses.SparseCategoricalCrossentropy"),
        ("BinaryCrossentropy", "keras.losses.BinaryCrossentropy"),
        ("categorical_crossentropy", "keras.losses.categorical_crossentropy"),
        ("sparse_categorical_crossentropy", "keras.losses.sparse_categorical_crossentropy"),
        ("binary_crossentropy", "keras.losses.binary_crossentropy"),
        ("l1", "keras.regularizers.l1"),
        ("l2", "keras.regularizers.l2"),
        ("l1_l2", "keras.regularizers.l1_l2"),
        ("L1", "keras.regularizers.L1"),
        ("L2", "keras.regularizers.L2"),
        ("L1L2", "keras.regularizers.L1L2"),
        ("concatenate", "keras.layers.concatenate"),
        ("Lambda", "keras.layers.Lambda"),
        ("applications", "keras.applications"),
        ("mobilenet_v2", "keras.applications.mobilenet_v2"),
        ("preprocess_input", "keras.applications.mobilenet_v2.preprocess_input"),
    ];
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, path)| *path)
}

/// Python's own functions that a model is written with, or that look at it.
pub(super) const BUILTINS: &[&str] = &[
    "range",
    "len",
    "int",
    "float",
    "str",
    "bool",
    "tuple",
    "list",
    "dict",
    "min",
    "max",
    "sum",
    "abs",
    "round",
    "enumerate",
    "zip",
    "reversed",
    "sorted",
    "print",
    "type",
    "isinstance",
    "id",
    "repr",
    "display",
    "help",
    "dir",
    "vars",
    "hasattr",
    "getattr",
    "setattr",
    "open",
    "input",
    "map",
    "filter",
    "any",
    "all",
    "set",
    "next",
    "iter",
    "super",
    "object",
    "format",
];

/// What can only be there to do harm: no lesson on networks has it.
pub(super) const REFUSED: &[&str] = &[
    "__import__",
    "__builtins__",
    "__subclasses__",
    "__globals__",
    "__class__",
    "__bases__",
    "__base__",
    "__mro__",
    "__code__",
    "__getattribute__",
    "__reduce__",
    "__loader__",
    "__spec__",
];

/// Words for what is not known, short enough for a sentence.
pub(super) fn unknown(what: impl AsRef<str>) -> Value {
    let what = what.as_ref();
    let short: String = what.chars().take(60).collect();
    Value::Unknown(if short.len() < what.len() {
        format!("{short}...").into()
    } else {
        short.into()
    })
}
