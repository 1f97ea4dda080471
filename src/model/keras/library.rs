//! What calls mean: layers, models and their methods, and the few functions of Python that
//! lessons build nets with.

mod methods;

use std::rc::Rc;

use super::argument::{Arg, Given};
use super::interpreter::{Interpreter, Settled};
use super::table::Kind;
use super::value::unknown;
use super::value::{Arguments, Item, MadeOf, Model, ModelKind, Value};
use super::{augment, classes, limits, pretrained};
use crate::error::{Error, Result};

/// Methods of a model that leave it as it is.
pub(super) const LOOKS: &[&str] = &[
    "summary",
    "evaluate",
    "evaluate_generator",
    "predict",
    "predict_generator",
    "predict_classes",
    "predict_proba",
    "predict_on_batch",
    "test_on_batch",
    "train_on_batch",
    "save",
    "save_weights",
    "load_weights",
    "to_json",
    "to_yaml",
    "get_config",
    "get_weights",
    "set_weights",
    "count_params",
    "export",
    "make_predict_function",
    "reset_states",
    "reset_metrics",
    "call",
];

/// Functions that may be given a model, because they only look at it.
const LOOK: &[&str] = &[
    "print",
    "display",
    "plot_model",
    "model_to_dot",
    "SVG",
    "len",
    "type",
    "str",
    "repr",
    "isinstance",
    "id",
    "help",
    "dir",
    "vars",
    "hasattr",
    "getattr",
    "save_model",
    "layered_view",
    "from_keras_model",
    "save_keras_model",
    "dump",
    "convert_keras",
    "summary",
    "count_params",
    "int_shape",
    "get_flops",
];

impl Interpreter<'_> {
    /// The value of `of.name`.
    pub fn attribute(&mut self, of: Value, name: &Rc<str>, line: u32) -> Result<Value> {
        if super::value::REFUSED.contains(&&**name) {
            return Err(Error::model_text(format!("{name} has no place in a model.")).line(line));
        }
        Ok(match (&of, &**name) {
            (Value::Path(path), _) if path.len() < 200 => {
                Value::Path(super::value::canonical(&format!("{path}.{name}")).into())
            }
            (Value::Unknown(_), "batch") => self.method(of, name),
            (Value::Unknown(what), _) => unknown(format!("{what}.{name}")),
            (Value::Tensor(tensor), "shape") => self.shape(*tensor, line)?,
            (Value::Model(model), _) => match self.model_attribute(*model, name, line)? {
                Some(value) => value,
                None => self.method(of, name),
            },
            (Value::Layer(layer), _) => match self.layer_attribute(*layer, name, line)? {
                Some(value) => value,
                None => self.method(of, name),
            },
            (Value::Inside, _) => Value::Inside,
            (Value::Batch, _) => unknown(format!("{name} of what a net makes of data")),
            (
                Value::Flow(_) | Value::Generator(_),
                "class_names" | "class_indices" | "num_classes" | "samples" | "n" | "classes"
                | "image_shape",
            ) => unknown(format!("{name} of the data")),
            (Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_), _) => {
                unknown(format!("the {name} of a number"))
            }
            _ => self.method(of, name),
        })
    }

    fn method(&mut self, of: Value, name: &Rc<str>) -> Value {
        self.store.methods.push((of, name.clone()));
        Value::Method(self.store.methods.len() - 1)
    }

    /// Calls whatever can be called.
    pub fn call(&mut self, function: Value, given: Arguments, line: u32) -> Result<Value> {
        match function {
            Value::Path(path) => self.call_path(&path, given, line),
            Value::Function(function) => self.call_function(function, given, line),
            Value::Method(method) => {
                let (of, name) = self.store.methods[method].clone();
                self.call_method(of, &name, given, line)
            }
            Value::Layer(layer) => self.call_layer(layer, given, line),
            Value::Model(model) => match given.get("inputs", 0) {
                Some(Value::Tensor(tensor)) => {
                    let (tensor, quiet) = (*tensor, is_quiet(&given));
                    self.store.models[model].used = true;
                    self.apply_whole(model, tensor, quiet, line).map(Value::Tensor)
                }
                Some(value) if self.is_part(value) => {
                    Err(Error::model_text("a model is applied to one layer's output.").line(line))
                }
                _ => Ok(Value::Batch),
            },
            Value::Inside => {
                self.look(&given, "a part of a finished model", line)?;
                Ok(Value::Inside)
            }
            Value::Unknown(what) => {
                self.look(&given, &what, line)?;
                Ok(unknown(format!("{what}(...)")))
            }
            _ => {
                self.look(&given, "what is called here", line)?;
                Ok(unknown("the result of a call"))
            }
        }
    }

    /// Refuses to hand a part of a net to what nobody knows.
    fn look(&self, given: &Arguments, to: &str, line: u32) -> Result<()> {
        let last = to.rsplit('.').next().unwrap_or(to);
        if LOOK.contains(&last) || !given.values().any(|value| self.is_part(value)) {
            return Ok(());
        }
        Err(Error::model_text(format!(
            "a model or a layer goes into {to}, which is not known here. Take the line out if the \
             model does not need it."
        ))
        .line(line))
    }

    pub(super) fn settled(&self, inside: bool, line: u32) -> Result<()> {
        if inside {
            return Err(Error::model_text(
                "this changes a net in a loop of which the text does not tell how often it runs.",
            )
            .line(line));
        }
        Ok(())
    }

    // Layers.

    fn call_layer(&mut self, layer: usize, given: Arguments, line: u32) -> Result<Value> {
        let Some(input) = given.positional.first().or(given.get("inputs", 0)).cloned() else {
            return Err(
                Error::model_text("a layer is applied to the output of another.").line(line)
            );
        };
        if input == Value::Batch {
            return Ok(Value::Batch);
        }
        let inputs = self.tensors(&input, line)?;
        let before = std::mem::replace(&mut self.quiet, is_quiet(&given));
        let output = self.apply(layer, inputs, line);
        self.quiet = before;
        output
    }

    /// Applies a model to an output, as one layer of another.
    fn apply_whole(
        &mut self,
        model: usize,
        tensor: usize,
        quiet: bool,
        line: u32,
    ) -> Result<usize> {
        let before = std::mem::replace(&mut self.quiet, quiet);
        self.graph.whole = Some(model);
        let output = self.instantiate(model, tensor, line, 0);
        self.graph.whole = None;
        self.quiet = before;
        output
    }

    pub(super) fn apply(&mut self, layer: usize, inputs: Vec<usize>, line: u32) -> Result<Value> {
        if let Some(Settled { nodes, .. }) = self.settled {
            self.settled(inputs.iter().any(|input| *input < nodes), line)?;
        }
        self.steps(inputs.len() as u32, line)?;
        if let (true, [input]) = (self.quiet, inputs.as_slice()) {
            let class = self.graph.layers[layer].class;
            let random = class.kind == Kind::Augment || class.name.ends_with("Dropout");
            if random || class.name == "SpatialDropout2D" {
                // It does nothing but in training.
                return Ok(Value::Tensor(*input));
            }
            self.graph.quiet.insert(layer);
        }
        self.graph.apply(layer, inputs, line).map(Value::Tensor)
    }

    /// The outputs that a layer is applied to: one, or a list of them.
    fn tensors(&mut self, value: &Value, line: u32) -> Result<Vec<usize>> {
        let wrong = |what: &str| {
            Err(Error::model_text(format!(
                "a layer is applied to {what}, which is not the output of a layer in this text."
            ))
            .line(line))
        };
        match value {
            Value::Tensor(tensor) => Ok(vec![*tensor]),
            Value::List(_) | Value::Tuple(_) => {
                let items = self.items(value).unwrap_or_default();
                let mut all = Vec::new();
                for item in items {
                    match item {
                        Value::Tensor(tensor) => all.push(tensor),
                        Value::Unknown(what) => return wrong(&what),
                        _ => return wrong("something"),
                    }
                }
                Ok(all)
            }
            Value::Unknown(what) => wrong(what),
            Value::Inside => wrong("the inside of a finished model"),
            Value::Batch => wrong("what a net makes of data"),
            Value::Model(_) => wrong("a model"),
            Value::Layer(_) => wrong("a layer that has no input yet"),
            _ => wrong("something"),
        }
    }

    /// `a + b` and its like between outputs.
    pub fn tensor_operator(
        &mut self,
        operator: &str,
        left: Value,
        right: Value,
        line: u32,
    ) -> Result<Value> {
        let number = |value: &Value| match value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            _ => None,
        };
        let scaling = |this: &mut Self, tensor: usize, scale: f64, offset: f64| {
            let given = Given {
                positional: vec![Arg::Float(scale), Arg::Float(offset)],
                ..Given::default()
            };
            let layer = this.graph.make("Rescaling", given, line)?;
            this.apply(layer, vec![tensor], line)
        };
        match (operator, &left, &right) {
            ("+", Value::Tensor(one), Value::Tensor(two)) => {
                let layer = self.graph.make("Add", Given::default(), line)?;
                self.apply(layer, vec![*one, *two], line)
            }
            ("==" | "!=" | "in" | "not in", _, _) => Ok(unknown("a comparison of outputs")),
            (_, Value::Tensor(tensor), other) => match (operator, number(other)) {
                ("*", Some(number)) => scaling(self, *tensor, number, 0.0),
                ("/", Some(number)) if number != 0.0 => scaling(self, *tensor, 1.0 / number, 0.0),
                ("+", Some(number)) => scaling(self, *tensor, 1.0, number),
                ("-", Some(number)) => scaling(self, *tensor, 1.0, -number),
                _ => Err(self.no_operator(operator, line)),
            },
            ("*", other, Value::Tensor(tensor)) if number(other).is_some() => {
                scaling(self, *tensor, number(other).unwrap_or(1.0), 0.0)
            }
            _ => Err(self.no_operator(operator, line)),
        }
    }

    fn no_operator(&self, operator: &str, line: u32) -> Error {
        Error::model_text(format!("{operator} between outputs of layers is not known here."))
            .line(line)
    }

    /// Applies all layers of a model to an output.
    pub fn instantiate(
        &mut self,
        model: usize,
        tensor: usize,
        line: u32,
        depth: usize,
    ) -> Result<usize> {
        self.step(line)?;
        if depth > limits::NESTED {
            return Err(
                Error::model_text("models are nested deeper here than in any lesson.").line(line)
            );
        }
        match &self.store.models[model].kind {
            ModelKind::Sequential { items, .. } => {
                let items = items.clone();
                let mut tensor = tensor;
                for (item, added) in items {
                    match item {
                        Item::Layer(layer) if self.graph.layers[layer].class.name == "Input" => {}
                        Item::Layer(layer) => {
                            self.step(line)?;
                            tensor = match self.apply(layer, vec![tensor], added)? {
                                Value::Tensor(tensor) => tensor,
                                _ => tensor,
                            };
                        }
                        Item::Model(model) => {
                            tensor = self.instantiate(model, tensor, line, depth + 1)?;
                        }
                        Item::Input(_) => {}
                    }
                }
                Ok(tensor)
            }
            ModelKind::Functional { input, output } => {
                let (input, output) = (*input, *output);
                let mut copies = vec![usize::MAX; output + 1];
                copies[input] = tensor;
                self.steps(output as u32 / 4, line)?;
                for node in input + 1..=output {
                    let of = &self.graph.nodes[node];
                    if copies[node] != usize::MAX || of.inputs.is_empty() {
                        continue;
                    }
                    let inputs: Vec<_> = of
                        .inputs
                        .iter()
                        .map(|input| copies.get(*input).copied().unwrap_or(usize::MAX))
                        .collect();
                    if inputs.contains(&usize::MAX) {
                        continue;
                    }
                    let (layer, at) = (of.layer, of.line);
                    // An activation that is a layer was made with its node, and is copied by it.
                    let class = &self.graph.layers[layer].read.activation;
                    let made = class.is_some();
                    if let Value::Tensor(copy) = self.apply(layer, inputs, at)? {
                        if made {
                            copies[node] = copy - 1;
                            if let Some(next) = copies.get_mut(node + 1) {
                                *next = copy;
                            }
                        } else {
                            copies[node] = copy;
                        }
                    }
                }
                match copies[output] {
                    usize::MAX => {
                        Err(Error::model_text("the model's output does not come from its input.")
                            .line(line))
                    }
                    copy => Ok(copy),
                }
            }
        }
    }

    // Libraries.

    fn call_path(&mut self, path: &Rc<str>, given: Arguments, line: u32) -> Result<Value> {
        let last = path.rsplit('.').next().unwrap_or(path);
        let keras = path.starts_with("keras.") || path.starts_with("tensorflow.");
        let within = |module: &str| path.split('.').any(|part| part == module);
        if let Some(name) = path.strip_prefix("builtins.") {
            return self.builtin(name, given, line);
        }
        if !keras {
            self.look(&given, path, line)?;
            return Ok(unknown(format!("{path}(...)")));
        }
        match last {
            "Sequential" => return self.new_sequential(&given, line),
            "Model" | "Functional" => return self.new_model(&given, line),
            "Input" => {
                let mut args = self.given(&given, 0, line)?;
                let shape = args.take("shape", Some(0));
                let shape = shape.or_else(|| {
                    match args.take("batch_shape", None).or(args.take("batch_input_shape", None)) {
                        Some(Arg::List(sizes)) => {
                            Some(Arg::List(sizes.into_iter().skip(1).collect()))
                        }
                        other => other,
                    }
                });
                return self.graph.input(shape, line).map(Value::Tensor);
            }
            "ImageDataGenerator" => {
                let args = self.given(&given, 0, line)?;
                let generator = augment::generator(args).map_err(|error| error.line(line))?;
                self.store.generators.push(generator);
                return Ok(Value::Generator(self.store.generators.len() - 1));
            }
            "image_dataset_from_directory" => return Ok(self.flow(None, &given)),
            _ if within("applications") => {
                return self.call_application(path, last, &given, line);
            }
            "image_data_format" => return Ok(Value::Text("channels_last".into())),
            _ => {}
        }
        if within("layers") {
            return self.call_layers(last, given, line);
        }
        let objects = [
            "optimizers",
            "losses",
            "metrics",
            "regularizers",
            "initializers",
            "callbacks",
            "constraints",
            "train",
            "mixed_precision",
        ];
        if objects.into_iter().any(within) {
            self.store.made.push(MadeOf { path: path.clone(), arguments: given });
            return Ok(Value::Made(self.store.made.len() - 1));
        }
        let tensors = given.positional.first().cloned().filter(|value| self.is_part(value));
        if let Some(value) = tensors {
            let function = ["nn", "activations", "ops", "backend", "math"].into_iter().any(within)
                || path.matches('.').count() == 1;
            let merge = match last {
                "add" | "Add" => Some("Add"),
                "concat" | "concatenate" => Some("Concatenate"),
                _ => None,
            };
            let activation = classes::activation(last);
            if function && let Some(class) = merge {
                let mut inputs = self.tensors(&value, line)?;
                if let (1, Some(Value::Tensor(other))) = (inputs.len(), given.positional.get(1)) {
                    inputs.push(*other);
                }
                let axis = given.get("axis", 1).cloned();
                return self.merge(class, inputs, axis.filter(|_| class != "Add"), line);
            }
            if function && let Some(activation) = activation {
                let inputs = self.tensors(&value, line)?;
                let args =
                    Given { positional: vec![Arg::Text(activation.into())], ..Given::default() };
                let layer = self.graph.make("Activation", args, line)?;
                return self.apply(layer, inputs, line);
            }
        }
        self.look(&given, path, line)?;
        Ok(unknown(format!("{path}(...)")))
    }

    fn merge(
        &mut self,
        class: &str,
        inputs: Vec<usize>,
        axis: Option<Value>,
        line: u32,
    ) -> Result<Value> {
        let mut args = Given::default();
        if let Some(axis) = axis {
            args.named.push(("axis".into(), self.argument(&axis, 0, line)?));
        }
        let layer = self.graph.make(class, args, line)?;
        self.apply(layer, inputs, line)
    }

    fn call_layers(&mut self, name: &str, given: Arguments, line: u32) -> Result<Value> {
        let merge = match name {
            "add" => Some("Add"),
            "concatenate" => Some("Concatenate"),
            _ => None,
        };
        if let Some(class) = merge {
            let Some(value) = given.get("inputs", 0).cloned() else {
                return Err(
                    Error::model_text(format!("{name} takes a list of outputs.")).line(line)
                );
            };
            let inputs = self.tensors(&value, line)?;
            let axis = given.get("axis", 1).cloned().filter(|_| class == "Concatenate");
            return self.merge(class, inputs, axis, line);
        }
        if let ("Lambda", Some(Value::Path(path))) = (name, given.get("function", 0))
            && pretrained::is_symmetric(path)
        {
            return self.symmetric_layer(line).map(Value::Layer);
        }
        let args = self.given(&given, 0, line)?;
        self.graph.make(name, args, line).map(Value::Layer)
    }

    fn new_sequential(&mut self, given: &Arguments, line: u32) -> Result<Value> {
        let model = self.new_one(ModelKind::Sequential { items: Vec::new(), shape: None }, line)?;
        self.store.models[model].name = name_of(given);
        let items = match given.get("layers", 0) {
            None | Some(Value::None) => Vec::new(),
            Some(value @ (Value::List(_) | Value::Tuple(_))) => {
                let value = value.clone();
                self.items(&value).unwrap_or_default()
            }
            Some(other) => {
                // The name alone, as Keras 1 had it, or what is not known.
                let other = other.clone();
                vec![other]
            }
        };
        for item in items {
            self.add(model, item, line)?;
        }
        Ok(Value::Model(model))
    }

    pub(super) fn new_one(&mut self, kind: ModelKind, line: u32) -> Result<usize> {
        if self.store.models.len() >= limits::LAYERS {
            return Err(self.too_much(line));
        }
        self.store.models.push(Model::new(kind, line));
        Ok(self.store.models.len() - 1)
    }

    /// Adds a layer or a model to a Sequential.
    fn add(&mut self, model: usize, value: Value, line: u32) -> Result<()> {
        self.step(line)?;
        if let Some(Settled { models, .. }) = self.settled {
            self.settled(model < models, line)?;
        }
        let wrong = |what: &str| {
            Err(Error::model_text(format!(
                "what is added here is no layer of this text: it is {what}."
            ))
            .line(line))
        };
        let item = match value {
            Value::Layer(layer) => Item::Layer(layer),
            Value::Model(inner) if inner == model => return wrong("the model itself"),
            Value::Model(inner) => {
                self.store.models[inner].used = true;
                Item::Model(inner)
            }
            Value::Tensor(tensor) if self.graph.nodes[tensor].inputs.is_empty() => {
                Item::Input(tensor)
            }
            Value::Unknown(what) => return wrong(&what),
            Value::Path(path) => return wrong(&format!("{path} without brackets")),
            Value::List(_) | Value::Tuple(_) => return wrong("a list"),
            _ => return wrong("something else"),
        };
        let line = self.graph_line(item, line);
        match &mut self.store.models[model].kind {
            ModelKind::Sequential { items, .. } if items.len() < limits::LAYERS => {
                items.push((item, line));
                Ok(())
            }
            ModelKind::Sequential { .. } => Err(self.too_much(line)),
            ModelKind::Functional { .. } => Err(Error::model_text(
                "add belongs to Sequential; this model was made by Model(inputs, outputs).",
            )
            .line(line)),
        }
    }

    fn new_model(&mut self, given: &Arguments, line: u32) -> Result<Value> {
        let pick = |names: [&str; 2], place: usize| {
            given.get(names[0], place).or_else(|| given.get(names[1], place)).cloned()
        };
        let (inputs, outputs) = (pick(["inputs", "input"], 0), pick(["outputs", "output"], 1));
        let (Some(inputs), Some(outputs)) = (inputs, outputs) else {
            self.look(given, "Model without inputs and outputs", line)?;
            return Ok(unknown("Model(...)"));
        };
        let mut one = |value: Value| -> Vec<Value> { self.items(&value).unwrap_or(vec![value]) };
        let (inputs, outputs) = (one(inputs), one(outputs));
        let inside = |value: &Value| matches!(value, Value::Inside);
        if inputs.iter().chain(&outputs).any(inside) {
            if outputs.iter().any(|output| matches!(output, Value::Tensor(_))) {
                return Err(Error::model_text(
                    "this model is built on the inside of another. Apply the other model itself \
                     instead.",
                )
                .line(line));
            }
            self.note(format!("The model on line {line} only looks into another and is left out."));
            return Ok(unknown("a model that looks into another"));
        }
        match (inputs.as_slice(), outputs.as_slice()) {
            ([Value::Tensor(input)], [Value::Tensor(output)]) => {
                if !self.graph.nodes[*input].inputs.is_empty() {
                    return Err(
                        Error::model_text("inputs of Model must be made by Input(...).").line(line)
                    );
                }
                let (input, output) = (*input, *output);
                let (leads, walked) = self.graph.leads_to(input, output);
                self.steps((walked / 4) as u32, line)?;
                if !leads {
                    return Err(Error::model_text(
                        "the model's outputs are not computed from its inputs.",
                    )
                    .line(line));
                }
                let looks = self.is_inside(input, output, line)?;
                let model = self.new_one(ModelKind::Functional { input, output }, line)?;
                self.store.models[model].name = name_of(given);
                self.store.models[model].looks = looks;
                Ok(Value::Model(model))
            }
            (_, outputs) if outputs.len() > 1 && outputs.iter().all(|one| self.is_part(one)) => {
                self.note(format!("The model on line {line} has several outputs and is left out."));
                Ok(unknown("a model of several outputs"))
            }
            _ => {
                self.look(given, "Model(...) with something that is not known", line)?;
                Ok(unknown("Model(...)"))
            }
        }
    }

    /// Whether an earlier model of the same input computes this output on its way.
    fn is_inside(&mut self, input: usize, output: usize, line: u32) -> Result<bool> {
        self.steps((self.store.models.len() / 16) as u32, line)?;
        for model in 0..self.store.models.len() {
            let ModelKind::Functional { input: from, output: to } = self.store.models[model].kind
            else {
                continue;
            };
            if from == input && output <= to {
                let (inside, walked) = self.graph.leads_to(output, to);
                self.steps((walked / 4) as u32, line)?;
                if inside {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// Whether a call says that nothing is trained: dropout and batch normalisation know of it.
fn is_quiet(given: &Arguments) -> bool {
    matches!(given.get("training", 1), Some(Value::Bool(false)))
}

/// `name=` of a model.
fn name_of(given: &Arguments) -> Option<Rc<str>> {
    given.named.iter().find_map(|(name, value)| match value {
        Value::Text(text) if &**name == "name" => Some(text.clone()),
        _ => None,
    })
}
