//! Keras's pretrained networks: `keras.applications` and what their pictures go through.

use super::argument::{Arg, Given};
use super::interpreter::Interpreter;
use super::limits;
use super::value::{Arguments, ModelKind, Value, unknown};
use crate::error::{Error, Result};
use crate::model::base::{Base, POOLINGS};

/// Keras's functions that make a network, by their beginnings.
const APPLICATIONS: &[&str] = &[
    "ConvNeXt",
    "DenseNet",
    "EfficientNet",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "NASNet",
    "RegNet",
    "ResNet50",
    "ResNet101",
    "ResNet152",
    "VGG16",
    "VGG19",
    "Xception",
];

/// The arguments of them, in Keras's order.
const ARGUMENTS: &[&str] = &[
    "input_shape",
    "alpha",
    "include_top",
    "weights",
    "input_tensor",
    "pooling",
    "classes",
    "classifier_activation",
    "name",
];

/// Modules whose `preprocess_input` makes values from -1 to 1.
const SYMMETRIC: &[&str] = &[
    "inception_resnet_v2",
    "inception_v3",
    "mobilenet",
    "mobilenet_v2",
    "mobilenetv2",
    "nasnet",
    "resnet_v2",
    "xception",
];

/// Whether a name is that of a network of Keras's.
pub(super) fn is_application(name: &str) -> bool {
    APPLICATIONS.iter().any(|known| name.starts_with(known))
}

/// Whether a path is a function that brings values from 0 to 255 to -1 to 1.
pub(super) fn is_symmetric(path: &str) -> bool {
    path.starts_with("keras.applications.")
        && path.ends_with(".preprocess_input")
        && path.split('.').any(|part| SYMMETRIC.contains(&part))
}

/// What a text asks of a base.
struct Asked {
    shape: Option<Arg>,
    fresh: bool,
    pooling: Option<&'static str>,
    name: Option<String>,
}

impl Interpreter<'_> {
    /// Calls something of `keras.applications`.
    pub fn call_application(
        &mut self,
        path: &str,
        name: &str,
        given: &Arguments,
        line: u32,
    ) -> Result<Value> {
        if name == "preprocess_input" {
            return self.preprocess_input(path, given, line);
        }
        if !name.starts_with(|letter: char| letter.is_ascii_uppercase()) {
            return Ok(unknown(format!("{path}(...)")));
        }
        let Some(base) = Base::of_class(name).filter(|base| base.is_of_keras()) else {
            return Err(Error::model_text(format!(
                "there is no pretrained network {name} here; of Keras's there is MobileNetV2. Put \
                 that in its place, with include_top=False; or choose EfficientNet-Lite0, which \
                 Keras has not, in the list of networks."
            ))
            .line(line));
        };
        let args = self.given(given, 0, line)?;
        let asked = asked(args).map_err(|error| error.layer(name).line(line))?;
        let input = match given.get("input_tensor", 4) {
            Some(Value::Tensor(tensor)) => *tensor,
            None | Some(Value::None) => self.graph.input(asked.shape.clone(), line)?,
            Some(_) => {
                return Err(Error::model_text("input_tensor is the output of Input(...).")
                    .layer(name)
                    .line(line)
                    .field("input_tensor"));
            }
        };
        self.make_base(base, asked, input, line)
    }

    /// A base as a model, applied to `input`.
    fn make_base(&mut self, base: Base, asked: Asked, input: usize, line: u32) -> Result<Value> {
        self.steps((self.graph.nodes.len() / 4) as u32, line)?;
        let sources = self.graph.reach(input);
        let source = sources.first().copied().unwrap_or(input);
        let rows = base.layers();
        self.steps(rows.len() as u32, line)?;
        // The layer before, and those that a later one may add to.
        let mut named: Vec<(String, usize)> = Vec::new();
        let mut output = input;
        for row in rows {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let from = row.get("inputs").and_then(serde_json::Value::as_array);
            let find = |name: &serde_json::Value| {
                let node = named.iter().rev().find(|(known, _)| name == known);
                node.map_or(output, |(_, node)| *node)
            };
            let inputs = from.map_or(vec![output], |names| names.iter().map(find).collect());
            let options = row
                .iter()
                .filter(|(field, _)| !["layer", "inputs", "base"].contains(&field.as_str()));
            let options = options.map(|(field, value)| (field.clone(), Arg::from_json(value)));
            let given = Given { named: options.collect(), ..Given::default() };
            let layer = self.graph.make(&text("layer"), given, line)?;
            self.graph.layers[layer].base = (!asked.fresh).then_some(base);
            self.graph.layers[layer].ours_alone = base.is_ours_alone(&text("name"));
            output = self.graph.apply(layer, inputs, line)?;
            named.push((text("name"), output));
        }
        if let Some(class) = asked.pooling {
            let layer = self.graph.make(class, Given::default(), line)?;
            output = self.graph.apply(layer, vec![output], line)?;
        }
        let name = asked.name.unwrap_or_else(|| keras_name(base, asked.shape.as_ref()));
        let model = self.new_one(ModelKind::Functional { input: source, output }, line)?;
        self.store.models[model].base = Some(base);
        self.store.models[model].name = Some(name.as_str().into());
        Ok(Value::Model(model))
    }

    /// `preprocess_input(x)` of values from 0 to 255.
    fn preprocess_input(&mut self, path: &str, given: &Arguments, line: u32) -> Result<Value> {
        let Some(Value::Tensor(tensor)) = given.get("x", 0) else {
            return Ok(unknown(format!("{path}(...)")));
        };
        let mode = given.get("mode", 2);
        let symmetric = is_symmetric(path) || mode == Some(&Value::Text("tf".into()));
        if !symmetric {
            return Err(Error::model_text(format!(
                "{path} is not known here. MobileNetV2 takes values from -1 to 1: write \
                 keras.applications.mobilenet_v2.preprocess_input, or Rescaling(1./127.5, \
                 offset=-1)."
            ))
            .line(line));
        }
        let layer = self.symmetric_layer(line)?;
        self.apply(layer, vec![*tensor], line)
    }

    /// The layer that brings values from 0 to 255 to -1 to 1.
    pub fn symmetric_layer(&mut self, line: u32) -> Result<usize> {
        let positional = vec![Arg::Float(1.0 / 127.5), Arg::Float(-1.0)];
        self.graph.make("Rescaling", Given { positional, ..Given::default() }, line)
    }

    /// Marks the layers whose weights a file of a base's name brings; says whether there are any.
    pub fn load_base(&mut self, model: usize, file: &str, line: u32) -> Result<bool> {
        let file = file.rsplit('/').next().unwrap_or(file);
        let Some(base) = file.strip_suffix(".weights.h5").and_then(Base::of) else {
            return Ok(false);
        };
        let rows = [base.layers(), base.head()].concat();
        let layers = self.all_layers(model, 0, line)?;
        self.steps((rows.len() * layers.len() / limits::ITEMS) as u32 + 1, line)?;
        let mut any = false;
        for layer in layers {
            let layer = &mut self.graph.layers[layer];
            let is_it = |row: &&crate::model::base::Row| {
                row["name"].as_str() == layer.read.name.as_deref()
                    && row["layer"] == layer.class.name
                    && layer.class.normalise(row) == layer.class.normalise(&layer.read.options)
            };
            if let Some(row) = rows.iter().find(is_it) {
                layer.ours_alone = base.is_ours_alone(row["name"].as_str().unwrap_or_default());
                layer.base = Some(base);
                any = true;
            }
        }
        Ok(any)
    }
}

fn asked(given: Given) -> Result<Asked> {
    let mut asked = Asked { shape: None, fresh: false, pooling: None, name: None };
    let mut top = true;
    for (name, arg) in given.by_name(ARGUMENTS)? {
        let refuse = |what: &str| Err(Error::model_text(what.to_owned()).field(name.as_str()));
        match (name.as_str(), &arg) {
            ("input_shape", Arg::None) => {}
            ("input_shape", _) => asked.shape = Some(colour(arg)?),
            ("alpha" | "depth_multiplier", _) if arg.number() == Some(1.0) => {}
            ("alpha" | "depth_multiplier", _) => {
                return refuse("the base there is here has width 1: leave alpha out.");
            }
            ("include_top", Arg::Bool(flag)) => top = *flag,
            ("include_top", _) => return refuse("include_top is False here."),
            ("weights", Arg::None) => asked.fresh = true,
            ("weights", Arg::Text(weights)) if weights == "imagenet" => {}
            ("weights", _) => {
                return refuse(
                    "weights is 'imagenet', or None for fresh ones: other files are not read from \
                     a text.",
                );
            }
            ("pooling", Arg::None) => {}
            ("pooling", Arg::Text(pooling)) => {
                let known = POOLINGS.iter().find(|(name, _)| name == pooling);
                match known {
                    Some((_, class)) => asked.pooling = *class,
                    None => return refuse("pooling is 'avg', 'max' or None."),
                }
            }
            ("pooling", _) => return refuse("pooling is 'avg', 'max' or None."),
            ("name", Arg::Text(name)) => asked.name = Some(name.clone()),
            ("input_tensor" | "classes" | "classifier_activation" | "name", _) => {}
            _ => {
                return refuse(&format!(
                    "there is no {name} here. Known are {}.",
                    ARGUMENTS.join(", ")
                ));
            }
        }
    }
    if top {
        return Err(Error::model_text(
            "a base comes without its head of 1,000 classes: write include_top=False, and put \
             GlobalAveragePooling2D() and Dense(classes) behind it.",
        )
        .field("include_top"));
    }
    Ok(asked)
}

/// A shape of colour pictures, or one that is not known.
fn colour(shape: Arg) -> Result<Arg> {
    match &shape {
        Arg::List(sizes) if matches!(sizes.get(2), Some(Arg::Int(channels)) if *channels != 3) => {
            Err(Error::model_text(
                "the base takes pictures in colour, of three channels. Grey ones can go in as \
                 Concatenate()([x, x, x]).",
            )
            .field("input_shape"))
        }
        _ => Ok(shape),
    }
}

/// `mobilenetv2_1.00_224`.
fn keras_name(base: Base, shape: Option<&Arg>) -> String {
    let side = match shape {
        Some(Arg::List(sizes)) => match sizes.as_slice() {
            [Arg::Int(height), Arg::Int(width), _] if height == width => *height,
            _ => 224,
        },
        _ => 224,
    };
    let side = if [96, 128, 160, 192, 224].contains(&side) { side } else { 224 };
    format!("{}_1.00_{side}", base.class().to_lowercase())
}
