//! What a network sees: its prediction for one picture, the maps inside, its filters, why it
//! decides as it does, and how it learns.
//!
//! What takes long is pulled like training: [`Attributor`], [`Dreamer`], [`Exciter`] and
//! [`Hider`] hold the weights as they were at the start and go on by a few batches a call.

mod attribution;
mod dream;
mod exciting;
mod feature_map;
mod grad_cam;
mod hidden;
mod occlusion;
mod saliency;
mod slow_motion;
mod vitals;

use burn::tensor::Tensor;
use serde::Serialize;

use crate::data::batch;
use crate::device;
use crate::error::{Error, Result};
use crate::evaluate::metrics::softmax;
use crate::model::network::{Network, Value};
use crate::model::shape::{Shape, find_layer};
use crate::model::spec::LayerKind;

pub use attribution::{Attribution, AttributionOptions, Attributor, Method};
pub use dream::{Dream, DreamOptions, Dreamer};
pub use exciting::{Exciter, Exciting};
pub use feature_map::{FeatureMaps, feature_maps, filters};
pub use hidden::{Hidden, Hider};
pub use slow_motion::{Move, SlowMotion, Stage, slow_motion};
pub use vitals::{Distribution, LayerVitals, Vitals, vitals};

/// A class and how sure the network is of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The class's name.
    pub label: String,
    /// 0 to 1.
    pub probability: f64,
}

/// Classifies one picture, given as pixels of the network's input shape; best class first.
///
/// # Errors
/// `device-lost` where the device fails.
pub async fn predict(
    network: &Network,
    names: &[String],
    pixels: &[u8],
) -> Result<Vec<Probability>> {
    let name = |class| names.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let mut classes: Vec<_> = probabilities(network, pixels)
        .await?
        .into_iter()
        .enumerate()
        .map(|(class, probability)| Probability { label: name(class), probability })
        .collect();
    classes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(classes)
}

/// The probability of every class for one picture.
async fn probabilities(network: &Network, pixels: &[u8]) -> Result<Vec<f64>> {
    let logits = network.logits(upload(network, pixels)).flatten(0, 1);
    Ok(softmax(&device::read(vec![logits]).await?[0]))
}

/// One picture as the network takes it.
fn upload(network: &Network, pixels: &[u8]) -> Tensor<4> {
    let shape = network.spec().input_shape;
    batch::upload_one(pixels, shape, &network.preprocessing, network.device())
}

/// A picture's values as the network takes them, channel after channel.
fn prepared(network: &Network, pixels: &[u8]) -> Vec<f32> {
    let mut values = Vec::with_capacity(pixels.len());
    network.preprocessing.append(pixels, network.spec().input_shape[2], &mut values);
    values
}

/// Uploads values as [`prepared`] gives them, of one picture or of several.
fn upload_prepared(network: &Network, values: Vec<f32>) -> Tensor<4> {
    batch::upload_values(values, network.spec().input_shape, network.device())
}

/// The score of a class, summed over a batch: its logit. Of two classes behind one sigmoid
/// unit only the second has a logit, so there it is the difference to the other one.
fn class_score(network: &Network, logits: Tensor<2>, class: usize) -> Tensor<1> {
    let of = |class| logits.clone().narrow(1, class, 1);
    let single = network.shapes().last().is_some_and(|shape| shape.len() == 1);
    let score = if single { of(class) - of(1 - class) } else { of(class) };
    score.sum()
}

/// [`class_score`] of each picture, on the host.
fn score_of(network: &Network, logits: &[f32], class: usize) -> f64 {
    let single = network.shapes().last().is_some_and(|shape| shape.len() == 1);
    let other = if single { logits[1 - class] } else { 0.0 };
    f64::from(logits[class]) - f64::from(other)
}

/// Checks a class of the network.
fn check_label(network: &Network, label: usize) -> Result<usize> {
    if label < network.classes() {
        return Ok(label);
    }
    let last = network.classes() - 1;
    Err(Error::option(format!("The network's classes are 0 to {last}; there is no {label}."))
        .field("label"))
}

/// The number of a layer that gives pictures.
fn picture_layer(network: &Network, layer: &str) -> Result<usize> {
    let index = find_layer(&network.spec().layers, layer)?;
    match network.shapes()[index] {
        Shape::Image(_) => Ok(index),
        Shape::Vector(_) => Err(Error::option(
            "This layer gives a vector, not pictures; choose a layer before Flatten.",
        )
        .layer(&network.spec().layers[index].name)
        .field("layer")),
    }
}

/// What an attribution found: values, and what they should add up to.
struct Found {
    height: usize,
    width: usize,
    data: Vec<f32>,
    completeness: Option<[f64; 2]>,
}

/// A value that is known to be pictures.
fn pictures(value: Value) -> Tensor<4> {
    match value {
        Value::Image(pictures) => pictures,
        Value::Vector(vectors) => {
            let [batch, length] = vectors.dims();
            vectors.reshape([batch, length, 1, 1])
        }
    }
}

/// Whether a layer convolves.
fn convolves(kind: &LayerKind) -> bool {
    matches!(
        kind,
        LayerKind::Conv2D(_) | LayerKind::DepthwiseConv2D(_) | LayerKind::SeparableConv2D(_)
    )
}
