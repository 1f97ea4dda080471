//! A trained network as plain numbers, read from a checkpoint: what every export is made of.

use std::borrow::Cow;
use std::collections::HashMap;

use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::{KEY, VERSION, ZCA};
use crate::data::preprocess::Preprocessing;
use crate::error::{Error, Result};
use crate::model::keras::write::{Layer, Net, flag, rescaling, softmax_layer};

/// The weights that layers have, in Keras's order.
const ROLES: [&str; 8] = [
    "depthwise_kernel",
    "pointwise_kernel",
    "kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
];

/// What an export holds besides layers and weights.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default)]
pub struct ExportOptions {
    /// The network takes pictures with values from 0 to 255, and prepares them itself; otherwise
    /// whoever runs it has to do what the lab did before the first layer.
    pub preprocessing: bool,
    /// Whether probabilities come out, or what softmax and sigmoid make them of; as the network
    /// has it where nothing is said.
    pub softmax: Option<bool>,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { preprocessing: true, softmax: None }
    }
}

/// A weight of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Such as `kernel`.
    pub role: &'static str,
    /// Sizes, the last one's numbers lying side by side.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f32>,
}

impl View for Weight {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }
    fn data_len(&self) -> usize {
        4 * self.values.len()
    }
}

impl Weight {
    /// The same numbers with the axes in another order, after they were seen as `shape`.
    fn permuted(self, shape: &[usize], order: &[usize]) -> Self {
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis];
        }
        let sizes: Vec<_> = order.iter().map(|&axis| shape[axis]).collect();
        let steps: Vec<_> = order.iter().map(|&axis| strides[axis]).collect();
        let value = |mut number: usize| {
            let mut place = 0;
            for (size, step) in sizes.iter().zip(&steps).rev() {
                place += number % size * step;
                number /= size;
            }
            self.values[place]
        };
        let values = (0..self.values.len()).map(value).collect();
        Self { values, shape: sizes, ..self }
    }

    /// As Keras keeps it: a convolution's kernel `[height, width, channels, filters]`, a
    /// depthwise one `[height, width, channels, depth_multiplier]`. Here the filters stand first.
    #[must_use]
    pub(super) fn in_keras_order(self, layer: &Layer) -> Self {
        let &[filters, inputs, height, width] = self.shape.as_slice() else { return self };
        let depthwise = self.role == "depthwise_kernel" || layer.class.name == "DepthwiseConv2D";
        if depthwise {
            let each = layer.options.get("depth_multiplier").and_then(Json::as_u64).unwrap_or(1);
            let each = (each as usize).max(1);
            return self.permuted(&[filters / each, each, height, width], &[2, 3, 0, 1]);
        }
        self.permuted(&[filters, inputs, height, width], &[2, 3, 1, 0])
    }

    /// A weight of a layer that Keras keeps so.
    ///
    /// # Errors
    /// `checkpoint` where it has other axes.
    pub(super) fn of_keras(
        layer: &Layer,
        role: &'static str,
        shape: Vec<usize>,
        values: Vec<f32>,
    ) -> Result<Self> {
        let weight = Self { role, shape: shape.clone(), values };
        let is_kernel = role.ends_with("kernel") && layer.class.name != "Dense";
        if !is_kernel {
            return Ok(weight);
        }
        let &[height, width, inputs, outputs] = shape.as_slice() else {
            return Err(Error::checkpoint(format!(
                "A kernel of shape {shape:?} is none of pictures."
            )));
        };
        if role == "depthwise_kernel" || layer.class.name == "DepthwiseConv2D" {
            let weight = weight.permuted(&shape, &[2, 3, 0, 1]);
            return Ok(Self { shape: vec![inputs * outputs, 1, height, width], ..weight });
        }
        Ok(weight.permuted(&shape, &[3, 2, 0, 1]))
    }

    /// A dense kernel of `[channels * height * width, units]` with the order of its rows as Keras
    /// flattens: height, width, channels.
    #[must_use]
    pub(super) fn channels_last(self, [height, width, channels]: [usize; 3]) -> Self {
        let shape = self.shape.clone();
        let turned = self.permuted(&[channels, height * width, shape[1]], &[1, 0, 2]);
        Self { shape, ..turned }
    }

    /// With rows and columns exchanged.
    #[must_use]
    pub(super) fn transposed(self) -> Self {
        let shape = self.shape.clone();
        self.permuted(&shape, &[1, 0])
    }
}

/// A trained network.
pub struct Saved {
    pub(super) net: Net,
    /// The spec as JSON.
    pub(super) spec: Json,
    /// The classes' names; empty for weights that were never trained.
    pub(super) classes: Vec<String>,
    pub(super) preprocessing: Preprocessing,
    weights: HashMap<String, (Vec<usize>, Vec<f32>)>,
}

/// What is read of a checkpoint's own part.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) spec: Json,
    #[serde(default)]
    pub(super) classes: Vec<String>,
    #[serde(default)]
    pub(super) preprocessing: Preprocessing,
}

/// The weights that a layer has, in Keras's order.
pub(super) fn roles(layer: &Layer) -> Vec<&'static str> {
    let when = |option: &str, role: &'static str| flag(&layer.options, option).then_some(role);
    match layer.class.name {
        "Conv2D" | "DepthwiseConv2D" | "Dense" => {
            [Some("kernel"), when("use_bias", "bias")].into_iter().flatten().collect()
        }
        "SeparableConv2D" => {
            [Some("depthwise_kernel"), Some("pointwise_kernel"), when("use_bias", "bias")]
                .into_iter()
                .flatten()
                .collect()
        }
        "BatchNormalization" => [
            when("scale", "gamma"),
            when("center", "beta"),
            Some("moving_mean"),
            Some("moving_variance"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        _ => Vec::new(),
    }
}

/// Class names and preparation, as files for others have them beside the weights.
#[derive(Serialize)]
pub(super) struct About<'a> {
    classes: &'a [String],
    preprocessing: &'a Preprocessing,
}

impl Saved {
    /// Reads the bytes of a checkpoint.
    ///
    /// # Errors
    /// `checkpoint` where they are none, are cut off, or lack a weight.
    pub fn from_checkpoint(bytes: &[u8]) -> Result<Self> {
        let not_one = |reason: String| {
            Error::checkpoint(format!("These bytes are not a checkpoint of this lab ({reason})."))
        };
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|error| not_one(error.to_string()))?;
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| not_one(error.to_string()))?;
        let json = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let json = json.ok_or_else(|| not_one("it holds tensors, but no network".into()))?;
        let Metadata { spec, classes, preprocessing } =
            serde_json::from_str(json).map_err(|error| not_one(error.to_string()))?;
        let net = Net::read(&spec)?;
        let mut preprocessing = preprocessing;
        if let Ok(view) = tensors.tensor(ZCA) {
            let (values, _) = view.data().as_chunks::<4>();
            preprocessing.zca = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        }
        let mut saved = Self { net, spec, classes, preprocessing, weights: HashMap::new() };
        for layer in &saved.net.layers {
            let mut found = 0;
            for role in ROLES {
                let name = format!("{}/{role}", layer.name);
                let Ok(view) = tensors.tensor(&name) else { continue };
                if view.dtype() != Dtype::F32 {
                    return Err(not_one(format!("{name} is not of 32-bit numbers")).field(name));
                }
                let (values, _) = view.data().as_chunks::<4>();
                let values: Vec<_> =
                    values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
                found += values.len() as u64;
                saved.weights.insert(name, (view.shape().to_vec(), values));
            }
            if found != layer.params[0] + layer.params[1] {
                return Err(not_one(format!(
                    "{found} of {} numbers of its weights are there",
                    layer.params[0] + layer.params[1]
                ))
                .layer(&layer.name));
            }
        }
        Ok(saved)
    }

    /// A network whose weights are still to be filled in.
    pub(super) fn of(spec: Json, net: Net, metadata: Metadata) -> Self {
        let Metadata { classes, preprocessing, .. } = metadata;
        Self { net, spec, classes, preprocessing, weights: HashMap::new() }
    }

    /// Fills in every weight: `find` gives that of a layer, by its number and its role.
    ///
    /// # Errors
    /// What `find` gives, with the layer; `checkpoint` where a layer has another count of numbers.
    pub(super) fn fill(
        &mut self,
        mut find: impl FnMut(&Layer, usize, &'static str) -> Result<Weight>,
    ) -> Result<()> {
        self.weights.clear();
        for layer in &self.net.layers {
            let named = |error: Error| error.layer(&layer.name);
            let mut found = 0;
            for (number, role) in roles(layer).into_iter().enumerate() {
                let Weight { shape, values, .. } = find(layer, number, role).map_err(named)?;
                found += values.len() as u64;
                self.weights.insert(format!("{}/{role}", layer.name), (shape, values));
            }
            let expected = layer.params[0] + layer.params[1];
            if found != expected {
                return Err(named(Error::checkpoint(format!(
                    "The file has {found} numbers for this layer, which has {expected}; it is of \
                     another network."
                ))));
            }
        }
        Ok(())
    }

    /// The weights of a layer, in Keras's order, filters first.
    pub(super) fn weights(&self, layer: &Layer) -> Vec<Weight> {
        let weight = |role| {
            let (shape, values) = self.weights.get(&format!("{}/{role}", layer.name))?.clone();
            Some(Weight { role, shape, values })
        };
        ROLES.into_iter().filter_map(weight).collect()
    }

    /// The network with what an export is to hold besides: a first layer that prepares pictures,
    /// and another end.
    ///
    /// # Errors
    /// `option` where no layer does what is done to pictures here.
    pub fn prepared(mut self, options: &ExportOptions) -> Result<Self> {
        if let Some(wanted) = options.softmax {
            self.end(wanted);
        }
        if options.preprocessing {
            let (scale, offset) = self.affine()?;
            self.net.begin_with(rescaling(&self.net, scale, offset));
            // It is in the layers now.
            self.preprocessing = Preprocessing { rescale: 1.0, ..Preprocessing::default() };
        }
        Ok(self)
    }

    /// What preparation multiplies by and adds; one number, or one a channel.
    fn affine(&self) -> Result<(Json, Json)> {
        let Preprocessing { rescale, mean, std, .. } = &self.preprocessing;
        let own =
            self.preprocessing.samplewise_center || self.preprocessing.samplewise_std_normalization;
        if own || self.preprocessing.zca_epsilon.is_some() {
            let what = if own { "standardised by its own mean" } else { "whitened" };
            return Err(Error::option(format!(
                "Each picture is {what} before the network sees it, and no layer does that. \
                 Export without preprocessing, and do it before."
            ))
            .field("preprocessing"));
        }
        if mean.is_empty() && std.is_empty() {
            return Ok((json!(rescale), json!(0.0)));
        }
        let channels = self.net.input[2] as usize;
        let of = |list: &[f32], channel: usize, none: f64| {
            list.get(channel).map_or(none, |&value| f64::from(value))
        };
        let divisors: Vec<f64> = (0..channels)
            .map(|channel| if std.is_empty() { 1.0 } else { of(std, channel, 1.0) + 1e-6 })
            .collect();
        let scale: Vec<f64> = divisors.iter().map(|divisor| rescale / divisor).collect();
        let offset: Vec<f64> = divisors
            .iter()
            .enumerate()
            .map(|(channel, divisor)| -of(mean, channel, 0.0) / divisor)
            .collect();
        Ok((json!(scale), json!(offset)))
    }

    /// Gives probabilities, or what they are made of.
    fn end(&mut self, probabilities: bool) {
        let Some(last) = self.net.layers.last_mut() else { return };
        let single = last.shape.channels() == 1;
        let own = last.options.get("activation").and_then(Json::as_str);
        let has = last.class.name == "Softmax" || matches!(own, Some("softmax" | "sigmoid"));
        match (has, probabilities) {
            (false, true) => {
                let layer = softmax_layer(&self.net, single);
                self.net.layers.push(layer);
            }
            (true, false) if last.class.name == "Softmax" || last.class.name == "Activation" => {
                self.net.layers.pop();
            }
            (true, false) => {
                last.options.insert("activation".into(), "linear".into());
            }
            _ => {}
        }
    }

    /// The network alone as a checkpoint: without what the optimizer remembers, and without history.
    ///
    /// # Errors
    /// `checkpoint` where it cannot be written.
    pub fn to_checkpoint(&self) -> Result<Vec<u8>> {
        let mut preprocessing = serde_json::to_value(&self.preprocessing).unwrap_or_default();
        preprocessing["fit"] = "stretch".into();
        let metadata = json!({
            "version": VERSION, "spec": self.spec, "classes": self.classes,
            "preprocessing": preprocessing, "seed": 0,
            "optimizer": self.spec["compile"]["optimizer"], "iterations": 0, "run": null,
        });
        let mut tensors: Vec<_> = self.weights.iter().collect();
        tensors.sort_by_key(|(name, _)| *name);
        let mut all: Vec<(String, Weight)> = Vec::new();
        for (name, (shape, values)) in tensors {
            all.push((
                name.clone(),
                Weight { role: "", shape: shape.clone(), values: values.clone() },
            ));
        }
        if !self.preprocessing.zca.is_empty() {
            let values = self.preprocessing.zca.to_vec();
            let side = values.len().isqrt();
            all.push((ZCA.into(), Weight { role: "", shape: vec![side, side], values }));
        }
        let metadata = HashMap::from([(KEY.to_owned(), metadata.to_string())]);
        safetensors::serialize(all, Some(metadata)).map_err(|error| {
            Error::checkpoint(format!("The checkpoint cannot be written: {error}."))
        })
    }

    /// Class names and preparation, as JSON.
    pub(super) fn about(&self) -> String {
        let about = About { classes: &self.classes, preprocessing: &self.preprocessing };
        serde_json::to_string(&about).unwrap_or_default()
    }

    /// A name for every layer that Keras and others take: none has a slash in it.
    pub(super) fn names(&self) -> Vec<String> {
        let layers = &self.net.layers;
        if layers.iter().any(|layer| layer.name.contains('/')) {
            return self.net.identifiers(&[]);
        }
        layers.iter().map(|layer| layer.name.clone()).collect()
    }
}

/// An option that is a number or one a channel.
pub(super) fn numbers(options: &Map<String, Json>, field: &str) -> Vec<f32> {
    match options.get(field) {
        Some(Json::Array(all)) => {
            all.iter().map(|one| one.as_f64().unwrap_or(0.0) as f32).collect()
        }
        Some(one) => vec![one.as_f64().unwrap_or(0.0) as f32],
        None => Vec::new(),
    }
}
