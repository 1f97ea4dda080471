//! Pretrained bases: networks without their head, whose weights come from a file and not from a
//! seed.
//!
//! A base is written into a model's list layer by layer, under Keras's own names, so that all that
//! holds for a layer holds for each of its: it can be looked into, frozen, cut off behind any of
//! them (`base.get_layer(name).output`) and exported. Each is marked with the [`Base`] that its
//! weights are [taken from](BaseWeights). The list is JSON, as a spec's, so that what reads and
//! writes models as text has it too, without tensors.
//!
//! Source: MobileNetV2 (Sandler and others 2018), table 2, as Keras's `applications/mobilenet_v2.py`
//! lays it out; the borders and the epsilon are those that the weights were trained with in PyTorch.

#[cfg(feature = "tensors")]
mod weights;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::fields::{Fields, name_of};

#[cfg(feature = "tensors")]
pub use weights::BaseWeights;

/// A layer as a spec has it.
pub(crate) type Row = Map<String, Value>;

/// A pretrained network without its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// MobileNetV2 of width 1, trained on ImageNet: 2.2 million weights, 1,280 features.
    MobileNetV2,
}

impl Base {
    /// As a spec names them, or none.
    pub(crate) const CHOICES: [(&'static str, Option<Self>); 1] =
        [("mobilenet-v2", Some(Self::MobileNetV2))];

    /// By the names of Keras's functions that make them.
    pub(crate) const CLASSES: [(&'static str, Self); 1] = [("MobileNetV2", Self::MobileNetV2)];

    /// The base of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::CHOICES.iter().find(|(known, _)| *known == name).and_then(|(_, base)| *base)
    }

    /// The base that Keras's function of this name makes.
    pub(crate) fn of_class(class: &str) -> Option<Self> {
        Self::CLASSES.iter().find(|(known, _)| *known == class).map(|(_, base)| *base)
    }

    /// The name in a spec and of its file.
    pub fn name(self) -> &'static str {
        name_of(&Self::CHOICES, &Some(self))
    }

    /// The name of Keras's function.
    pub(crate) fn class(self) -> &'static str {
        name_of(&Self::CLASSES, &self)
    }

    /// Whether Keras's base has no such layer: what its pictures are brought to, and borders that
    /// PyTorch has otherwise. They have no weights.
    pub(crate) fn is_ours_alone(self, name: &str) -> bool {
        match self {
            Self::MobileNetV2 => ["imagenet_normalization", "Conv1_pad"].contains(&name),
        }
    }

    /// Its layers, all with names. The first takes the layer before it, and values from -1 to 1, as
    /// Keras's base does.
    pub(crate) fn layers(self) -> Vec<Row> {
        match self {
            Self::MobileNetV2 => mobilenet_v2(Stack { base: self, layers: Vec::new() }),
        }
    }

    /// The layers that a spec's `{"layer": "MobileNetV2", ...}` stands for; what `fields` still has
    /// are Keras's arguments.
    ///
    /// # Errors
    /// `spec` naming the argument that a base cannot have.
    pub(crate) fn expand(self, mut fields: Fields) -> Result<Vec<Row>> {
        let f = &mut fields;
        // Its own name; what takes it names its last layer.
        f.take("name");
        let weights = match f.take("weights") {
            Some(Value::Null) => false,
            Some(Value::String(weights)) if weights == "imagenet" => true,
            None => true,
            Some(other) => {
                return Err(Error::spec(format!(
                    "weights is \"imagenet\", or null for fresh ones; it is {other}."
                ))
                .field("weights"));
            }
        };
        if f.flag("include_top", false)? {
            return Err(Error::spec(
                "A base comes without its head of 1,000 classes: set include_top to false.",
            )
            .field("include_top"));
        }
        let pooling = f.choice("pooling", &POOLINGS, None)?;
        let trainable = f.flag("trainable", true)?;
        fields.done()?;
        let mut layers = self.layers();
        for layer in &mut layers {
            if !weights {
                layer.remove("base");
            }
            if !trainable {
                layer.insert("trainable".into(), false.into());
            }
        }
        layers.extend(pooling.map(|class| Map::from_iter([("layer".to_owned(), class.into())])));
        Ok(layers)
    }
}

/// `pooling` of Keras's bases, and the layer that it puts behind them.
pub(crate) const POOLINGS: [(&str, Option<&str>); 2] =
    [("avg", Some("GlobalAveragePooling2D")), ("max", Some("GlobalMaxPooling2D"))];

/// Means and variances of ImageNet's red, green and blue, from -1 to 1: torchvision's means 0.485,
/// 0.456 and 0.406 and deviations 0.229, 0.224 and 0.225, which are from 0 to 1.
const MEAN: [f64; 3] = [-0.03, -0.088, -0.188];
const VARIANCE: [f64; 3] = [0.209764, 0.200704, 0.2025];

/// Blocks of MobileNetV2: how many times wider each is inside, its channels, how many of them, and
/// the first one's stride.
const BLOCKS: [[usize; 4]; 7] = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
];

fn mobilenet_v2(mut stack: Stack) -> Vec<Row> {
    let options = json!({ "mean": MEAN, "variance": VARIANCE });
    stack.add("imagenet_normalization", "Normalization", options);
    stack.pad("Conv1_pad");
    stack.conv("Conv1", 32, 3, 2);
    stack.norm("bn_Conv1");
    stack.relu6("Conv1_relu");
    let (mut channels, mut number) = (32, 0);
    for [wider, filters, count, first_stride] in BLOCKS {
        for place in 0..count {
            let stride = if place == 0 { first_stride } else { 1 };
            let block =
                if number == 0 { "expanded_conv".into() } else { format!("block_{number}") };
            let before = stack.output();
            if wider > 1 {
                stack.conv(&format!("{block}_expand"), channels * wider, 1, 1);
                stack.norm(&format!("{block}_expand_BN"));
                stack.relu6(&format!("{block}_expand_relu"));
            }
            if stride == 2 {
                stack.pad(&format!("{block}_pad"));
            }
            stack.depthwise(&format!("{block}_depthwise"), stride);
            stack.norm(&format!("{block}_depthwise_BN"));
            stack.relu6(&format!("{block}_depthwise_relu"));
            stack.conv(&format!("{block}_project"), filters, 1, 1);
            stack.norm(&format!("{block}_project_BN"));
            if stride == 1 && channels == filters {
                let sum = json!({ "inputs": [before, stack.output()] });
                stack.add(&format!("{block}_add"), "Add", sum);
            }
            (channels, number) = (filters, number + 1);
        }
    }
    stack.conv("Conv_1", 1280, 1, 1);
    stack.norm("Conv_1_bn");
    stack.relu6("out_relu");
    stack.layers
}

/// Layers one after another.
struct Stack {
    base: Base,
    layers: Vec<Row>,
}

impl Stack {
    /// The name of the last layer.
    fn output(&self) -> Value {
        self.layers.last().map_or(Value::Null, |layer| layer["name"].clone())
    }

    fn add(&mut self, name: &str, class: &str, options: Value) {
        let mut row = match options {
            Value::Object(row) => row,
            _ => Map::new(),
        };
        for (field, value) in [("layer", class), ("name", name), ("base", self.base.name())] {
            row.insert(field.into(), value.into());
        }
        self.layers.push(row);
    }

    /// Zeros all around, as PyTorch has them, in front of a window of 3 that moves by 2: `same`
    /// would leave out those above and on the left.
    fn pad(&mut self, name: &str) {
        self.add(name, "ZeroPadding2D", json!({ "padding": 1 }));
    }

    fn conv(&mut self, name: &str, filters: usize, side: usize, stride: usize) {
        let mut options = window(side, stride);
        options["filters"] = filters.into();
        self.add(name, "Conv2D", options);
    }

    fn depthwise(&mut self, name: &str, stride: usize) {
        self.add(name, "DepthwiseConv2D", window(3, stride));
    }

    fn norm(&mut self, name: &str) {
        self.add(name, "BatchNormalization", json!({ "momentum": 0.999, "epsilon": 1e-5 }));
    }

    fn relu6(&mut self, name: &str) {
        self.add(name, "ReLU", json!({ "max_value": 6.0 }));
    }
}

/// The window of a convolution without a bias: a batch normalisation follows each.
fn window(side: usize, stride: usize) -> Value {
    let padding = if stride == 1 { "same" } else { "valid" };
    json!({ "kernel_size": side, "strides": stride, "padding": padding, "use_bias": false })
}
