//! Pretrained bases: networks, mostly without their head, whose weights come from a file and not
//! from a seed.
//!
//! A base is written into a model's list layer by layer, under Keras's own names, so that all that
//! holds for a layer holds for each of its: it can be looked into, frozen, cut off behind any of
//! them (`base.get_layer(name).output`) and exported. Each is marked with the [`Base`] that its
//! weights are [taken from](BaseWeights). The list is JSON, as a spec's, so that what reads and
//! writes models as text has it too, without tensors.
//!
//! Sources: MobileNetV2 (Sandler and others 2018), table 2, as Keras's `applications/mobilenet_v2.py`
//! lays it out; the borders and the epsilon are those that the weights were trained with in PyTorch.
//! EfficientNet (Tan and Le 2019), table 1, in its Lite form: without squeeze and excitation, with
//! relu6, and trained on (x - 127) / 128 in TensorFlow; the names are those of Keras's EfficientNetB0.

#[cfg(feature = "tensors")]
mod weights;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::model::fields::{Fields, name_of};

#[cfg(feature = "tensors")]
pub use weights::BaseWeights;

/// A layer as a spec has it.
pub(crate) type Row = Map<String, Value>;

/// A pretrained network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// MobileNetV2 of width 1, trained on ImageNet: 2.2 million weights, 1,280 features.
    MobileNetV2,
    /// EfficientNet-Lite0, trained on ImageNet: 3.4 million weights, 1,280 features; and its head of
    /// 1,000 classes.
    EfficientNetLite0,
}

impl Base {
    /// As a spec names them, or none.
    pub(crate) const CHOICES: [(&'static str, Option<Self>); 2] = [
        ("mobilenet-v2", Some(Self::MobileNetV2)),
        ("efficientnet-lite0", Some(Self::EfficientNetLite0)),
    ];

    /// By the names of Keras's functions that make them; the second one's would be this.
    pub(crate) const CLASSES: [(&'static str, Self); 2] =
        [("MobileNetV2", Self::MobileNetV2), ("EfficientNetLite0", Self::EfficientNetLite0)];

    /// The base of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::CHOICES.iter().find(|(known, _)| *known == name).and_then(|(_, base)| *base)
    }

    /// The base of this name in a list of layers.
    pub(crate) fn of_class(class: &str) -> Option<Self> {
        Self::CLASSES.iter().find(|(known, _)| *known == class).map(|(_, base)| *base)
    }

    /// The name in a spec and of its file.
    pub fn name(self) -> &'static str {
        name_of(&Self::CHOICES, &Some(self))
    }

    /// The name in a list of layers.
    pub(crate) fn class(self) -> &'static str {
        name_of(&Self::CLASSES, &self)
    }

    /// Whether `keras.applications` has it.
    pub(crate) fn is_of_keras(self) -> bool {
        self == Self::MobileNetV2
    }

    /// Whether Keras's base has no such layer: what its pictures are brought to, and borders that
    /// PyTorch has otherwise. They have no weights.
    pub(crate) fn is_ours_alone(self, name: &str) -> bool {
        match self {
            Self::MobileNetV2 => ["imagenet_normalization", "Conv1_pad"].contains(&name),
            // Keras has none of it.
            Self::EfficientNetLite0 => false,
        }
    }

    /// Its layers, all with names. The first takes the layer before it, and values from -1 to 1, as
    /// Keras's base does.
    pub(crate) fn layers(self) -> Vec<Row> {
        match self {
            Self::MobileNetV2 => mobilenet_v2(Stack::new(self)),
            Self::EfficientNetLite0 => efficientnet_lite0(Stack::new(self)),
        }
    }

    /// What it puts behind them to tell its own classes apart; empty where its file has none.
    pub(crate) fn head(self) -> Vec<Row> {
        let mut stack = Stack::new(self);
        if self == Self::EfficientNetLite0 {
            stack.add("avg_pool", "GlobalAveragePooling2D", json!({}));
            stack.add("top_dropout", "Dropout", json!({ "rate": 0.2 }));
            stack.add("predictions", "Dense", json!({ "units": 1000, "activation": "softmax" }));
        }
        stack.layers
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
        let top = f.flag("include_top", false)?;
        let pooling = f.choice("pooling", &POOLINGS, None)?;
        let trainable = f.flag("trainable", true)?;
        fields.done()?;
        let head = self.head();
        if top && head.is_empty() {
            return Err(Error::spec(
                "This base comes without its head of 1,000 classes: set include_top to false.",
            )
            .field("include_top"));
        }
        let mut layers = self.layers();
        // The head has its own pooling, and Keras then minds no other.
        let pooling = if top { None } else { pooling };
        layers.extend(head.into_iter().filter(|_| top));
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

/// Blocks of EfficientNet-Lite0: how many times wider each is inside, its channels, how many of them,
/// the first one's stride, and the side of the depthwise window.
const LITE_BLOCKS: [[usize; 5]; 7] = [
    [1, 16, 1, 1, 3],
    [6, 24, 2, 2, 3],
    [6, 40, 2, 2, 5],
    [6, 80, 3, 2, 3],
    [6, 112, 3, 1, 5],
    [6, 192, 4, 2, 5],
    [6, 320, 1, 1, 3],
];

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
            stack.depthwise(&format!("{block}_depthwise"), 3, stride);
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

fn efficientnet_lite0(mut stack: Stack) -> Vec<Row> {
    // From -1..1 to (x - 127) / 128 of values to 255, and of all three colours alike.
    let [mean, variance] = [-1.0 / 255.0, (256.0 / 255.0f64).powi(2)].map(|value| [value; 3]);
    let options = json!({ "mean": mean, "variance": variance });
    stack.add("stem_normalization", "Normalization", options);
    stack.conv("stem_conv", 32, 3, 2);
    stack.norm("stem_bn");
    stack.relu6("stem_activation");
    let mut channels = 32;
    for (row, [wider, filters, count, first_stride, side]) in LITE_BLOCKS.into_iter().enumerate() {
        for (place, letter) in ('a'..='z').take(count).enumerate() {
            let stride = if place == 0 { first_stride } else { 1 };
            let name = |part: &str| format!("block{}{letter}_{part}", row + 1);
            let before = stack.output();
            if wider > 1 {
                stack.conv(&name("expand_conv"), channels * wider, 1, 1);
                stack.norm(&name("expand_bn"));
                stack.relu6(&name("expand_activation"));
            }
            stack.depthwise(&name("dwconv"), side, stride);
            stack.norm(&name("bn"));
            stack.relu6(&name("activation"));
            stack.conv(&name("project_conv"), filters, 1, 1);
            stack.norm(&name("project_bn"));
            if place > 0 {
                let sum = json!({ "inputs": [before, stack.output()] });
                stack.add(&name("add"), "Add", sum);
            }
            channels = filters;
        }
    }
    stack.conv("top_conv", 1280, 1, 1);
    stack.norm("top_bn");
    stack.relu6("top_activation");
    stack.layers
}

/// Layers one after another.
struct Stack {
    base: Base,
    layers: Vec<Row>,
}

impl Stack {
    fn new(base: Base) -> Self {
        Self { base, layers: Vec::new() }
    }

    /// The window of a convolution without a bias: a batch normalisation follows each.
    fn window(&self, side: usize, stride: usize) -> Value {
        // What `pad` has put there already stays out of it.
        let padded = self.layers.last().is_some_and(|layer| layer["layer"] == "ZeroPadding2D");
        let padding = if padded { "valid" } else { "same" };
        json!({ "kernel_size": side, "strides": stride, "padding": padding, "use_bias": false })
    }

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
        let mut options = self.window(side, stride);
        options["filters"] = filters.into();
        self.add(name, "Conv2D", options);
    }

    fn depthwise(&mut self, name: &str, side: usize, stride: usize) {
        let options = self.window(side, stride);
        self.add(name, "DepthwiseConv2D", options);
    }

    fn norm(&mut self, name: &str) {
        let (momentum, epsilon) = match self.base {
            Base::MobileNetV2 => (0.999, 1e-5),
            Base::EfficientNetLite0 => (0.99, 1e-3),
        };
        self.add(name, "BatchNormalization", json!({ "momentum": momentum, "epsilon": epsilon }));
    }

    fn relu6(&mut self, name: &str) {
        self.add(name, "ReLU", json!({ "max_value": 6.0 }));
    }
}
