//! Training's vital signs: how weights, gradients and activations are distributed, layer by
//! layer, which units are dead, and how large an update is beside what it changes.
//!
//! They are of a snapshot: some training pictures go through a copy of the network, and the
//! optimizer makes a step of that copy, so the run itself is not touched.

use burn::tensor::Tensor;
use serde::Serialize;

use crate::data::batch;
use crate::data::dataset::Split;
use crate::data::prepare::Target;
use crate::device;
use crate::error::Result;
use crate::model::network::Mode;
use crate::model::spec::{Activation, LayerKind};
use crate::train::session::Session;

/// Bars of a histogram.
pub const BARS: usize = 24;
/// Pictures that go through the network at the most.
const PICTURES: usize = 16;
/// Values between layers that are read for them at the most.
const MOST_VALUES: usize = 1 << 21;

/// How values are distributed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Distribution {
    /// The smallest.
    pub low: f32,
    /// The largest.
    pub high: f32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation.
    pub std: f64,
    /// Values that are no numbers; they count for nothing else here.
    pub wrong: usize,
    /// Values in each of [`BARS`] equal parts between the smallest and the largest.
    pub bars: Vec<u32>,
}

/// A layer's signs. What a layer does not have is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerVitals {
    /// Its name.
    pub layer: String,
    /// Of its kernel, or of what else it has first.
    pub weights: Option<Distribution>,
    /// The loss's gradient by these.
    pub gradients: Option<Distribution>,
    /// Its output, its activation applied.
    pub activations: Distribution,
    /// Filters, or units, that are zero for every picture and place; `None` where the layer's
    /// activation is none that can be silent.
    pub dead: Option<usize>,
    /// Filters or units.
    pub units: usize,
    /// The length of the update that a step makes, divided by that of the weights.
    pub update_ratio: Option<f64>,
}

/// The signs of every layer, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vitals {
    /// Steps taken over the life of the weights.
    pub step: u64,
    /// Pictures that they are of.
    pub pictures: usize,
    /// Layers without weights and without an activation of their own are left out.
    pub layers: Vec<LayerVitals>,
}

/// Takes the vital signs of the present weights, with the first training pictures.
///
/// # Errors
/// `state` without data or model, `input-shape` and `class-count` where they do not fit,
/// `device-lost` where the device fails.
pub async fn vitals(session: &Session) -> Result<Vitals> {
    let (network, dataset) = (session.network()?, session.dataset()?);
    crate::train::options::check_fit(network, dataset)?;
    let spec = network.spec();
    let layers: Vec<usize> = (0..spec.layers.len())
        .filter(|&index| {
            has_weights(session, index) || spec.layers[index].kind.activation().is_some()
        })
        .collect();
    let values: usize = layers.iter().map(|&index| network.shapes()[index].len()).sum();
    let pictures =
        PICTURES.min(dataset.len(Split::Train)).min((MOST_VALUES / values.max(1)).max(1));
    let preprocessing = &network.preprocessing;
    let batch = batch::upload(dataset, Split::Train, 0..pictures, preprocessing, network.device())?;
    let taps = network.taps(batch.pictures.clone(), &layers);
    let targets: Vec<Target> = batch.labels.into_iter().map(Target::from).collect();
    let share = network.gradients(batch.pictures, &targets, &[], pictures, Mode::Inference);
    let mut after = network.params.clone();
    if let Some(mut optimizer) = session.optimizer.clone() {
        optimizer.update(&mut after, share.gradients.clone(), network.fast);
    }
    // One reading: activations, then of each layer with weights these, gradients and changes.
    let mut wanted: Vec<Tensor<1>> = taps.into_iter().map(|tap| tap.flatten()).collect();
    let kernels: Vec<Option<usize>> =
        layers.iter().map(|&index| first_weight(session, index)).collect();
    for &kernel in kernels.iter().flatten() {
        let weights = network.params[kernel].clone();
        let change = after[kernel].clone() - weights.clone();
        wanted.extend([weights, share.gradients[kernel].clone(), change]);
    }
    let mut read = device::read(wanted).await?;
    let mut of_weights = read.split_off(layers.len()).into_iter();
    let mut found = Vec::with_capacity(layers.len());
    for ((index, kernel), activations) in layers.into_iter().zip(kernels).zip(read) {
        let layer = &spec.layers[index];
        let units = network.shapes()[index].channels();
        let [weights, gradients, change] = match kernel {
            Some(_) => [(); 3].map(|()| of_weights.next()),
            None => [None, None, None],
        };
        let ratio = |(change, weights): (&Vec<f32>, &Vec<f32>)| {
            let whole = length(weights);
            (whole > 0.0).then(|| length(change) / whole)
        };
        found.push(LayerVitals {
            layer: layer.name.clone(),
            update_ratio: change.as_ref().zip(weights.as_ref()).and_then(ratio),
            weights: weights.map(|values| distribution(&values)),
            gradients: gradients.map(|values| distribution(&values)),
            dead: can_be_silent(&layer.kind).then(|| dead(&activations, pictures, units)),
            activations: distribution(&activations),
            units,
        });
    }
    Ok(Vitals { step: session.history().steps.len() as u64, pictures, layers: found })
}

fn has_weights(session: &Session, layer: usize) -> bool {
    first_weight(session, layer).is_some()
}

/// The number of a layer's kernel, or of the first weight that it has.
fn first_weight(session: &Session, layer: usize) -> Option<usize> {
    let network = session.network().ok()?;
    let start = format!("{}/", network.spec().layers[layer].name);
    network.param_infos().iter().position(|info| info.name.starts_with(&start))
}

/// Whether zero means that nothing passes, forward or backward.
fn can_be_silent(kind: &LayerKind) -> bool {
    matches!(kind.activation(), Some(Activation::Relu | Activation::Relu6))
        || matches!(kind, LayerKind::ReLU { negative_slope, .. } if *negative_slope == 0.0)
}

/// Units whose every value is zero; `[pictures, units, place]`.
fn dead(values: &[f32], pictures: usize, units: usize) -> usize {
    let places = values.len() / (pictures * units).max(1);
    let silent = |unit: &usize| {
        (0..pictures).all(|picture| {
            let first = (picture * units + unit) * places;
            values[first..first + places].iter().all(|&value| value <= 0.0)
        })
    };
    (0..units).filter(silent).count()
}

fn length(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

/// Counts values into bars.
fn distribution(values: &[f32]) -> Distribution {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let count = finite().count();
    let low = finite().fold(f32::INFINITY, f32::min);
    let high = finite().fold(f32::NEG_INFINITY, f32::max);
    let (low, high) = if count > 0 { (low, high) } else { (0.0, 0.0) };
    let mean = finite().map(f64::from).sum::<f64>() / count.max(1) as f64;
    let square = finite().map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>();
    let mut bars = vec![0; BARS];
    let span = f64::from(high) - f64::from(low);
    for value in finite() {
        let share = if span > 0.0 { (f64::from(value) - f64::from(low)) / span } else { 0.0 };
        bars[((share * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let std = (square / count.max(1) as f64).sqrt();
    Distribution { low, high, mean, std, wrong: values.len() - count, bars }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted() {
        let found = distribution(&[0.0, 1.0, 1.0, 2.0, f32::NAN]);
        assert_eq!((found.low, found.high, found.wrong), (0.0, 2.0, 1));
        assert_eq!((found.mean, found.std), (1.0, 0.5f64.sqrt()));
        assert_eq!((found.bars[0], found.bars[BARS / 2], found.bars[BARS - 1]), (1, 2, 1));
        assert_eq!(distribution(&[f32::NAN; 3]).bars, [0; BARS]);
    }

    #[test]
    fn a_unit_that_is_never_above_zero_is_dead() {
        // Two pictures, three units, two places.
        let values = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        assert_eq!(dead(&values, 2, 3), 1);
    }
}
