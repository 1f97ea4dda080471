//! Grad-CAM and Grad-CAM++: a layer's maps, weighed by what they mean for a class.
//!
//! Sources: Selvaraju and others 2017, "Grad-CAM"; Chattopadhay and others 2018,
//! "Grad-CAM++", whose higher derivatives are powers of the first where the score is the
//! exponential of the class's logit.

use crate::device;
use crate::error::Result;
use crate::explain::Found;
use crate::explain::{class_score, pictures, upload};
use crate::model::network::{Goal, Network, Value};

pub(super) struct GradCam {
    pixels: Vec<u8>,
    layer: usize,
    plus_plus: bool,
}

impl GradCam {
    pub(super) fn new(pixels: &[u8], layer: usize, plus_plus: bool) -> Self {
        Self { pixels: pixels.into(), layer, plus_plus }
    }

    /// The weighed sum of the layer's maps, where it speaks for the class; of the maps' size.
    pub(super) async fn find(&self, network: &Network, label: usize) -> Result<Found> {
        let picture = upload(network, &self.pixels);
        let mut probed = network.probe(picture, Goal::Logits, &[self.layer + 1], |logits| {
            class_score(network, matrix(logits), label)
        });
        let maps = pictures(probed.values.swap_remove(0));
        let gradients = pictures(probed.gradients.swap_remove(0));
        let [_, channels, height, width] = maps.dims();
        let area = height * width;
        let read = device::read(vec![maps.flatten(0, 3), gradients.flatten(0, 3)]).await?;
        let mut data = vec![0.0; area];
        let channels = channels * area;
        for (maps, gradients) in
            read[0][..channels].chunks_exact(area).zip(read[1].chunks_exact(area))
        {
            let weight =
                if self.plus_plus { weight_plus_plus(maps, gradients) } else { mean(gradients) };
            data.iter_mut().zip(maps).for_each(|(sum, value)| *sum += weight * value);
        }
        data.iter_mut().for_each(|value| *value = value.max(0.0));
        Ok(Found { height, width, data, completeness: None })
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// A map's weight: its positive gradients, each by its share.
fn weight_plus_plus(map: &[f32], gradients: &[f32]) -> f32 {
    let sum: f32 = map.iter().sum();
    let share = |gradient: f32| {
        let below = 2.0 * gradient.powi(2) + sum * gradient.powi(3);
        if below == 0.0 { 0.0 } else { gradient.powi(2) / below }
    };
    gradients.iter().map(|&gradient| share(gradient) * gradient.max(0.0)).sum()
}

/// Logits, which are vectors.
pub(super) fn matrix(logits: Value) -> burn::tensor::Tensor<2> {
    match logits {
        Value::Vector(logits) => logits,
        Value::Image(pictures) => pictures.flatten(1, 3),
    }
}
