//! What every picture goes through before the network sees it, of training or not: Keras's
//! `ImageDataGenerator.standardize`.
//!
//! What it needs to know of the training pictures is fitted once and belongs to the weights
//! from then on: it is kept in the checkpoint and used for every split and every prediction.
//!
//! Source: Keras 3 `legacy/preprocessing/image.py`, `fit` and `standardize`.

pub(crate) mod eigen;
mod fitting;
mod whitening;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::augment::{Augmentation, RESCALE};
use crate::error::Result;

pub use fitting::{Fitted, Fitting};

/// What happens to a picture's values, in this order; Keras's names. The default divides by
/// 255 and does nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preprocessing {
    /// Every value is multiplied by this.
    pub rescale: f64,
    /// Each picture's own mean is subtracted.
    #[serde(skip_serializing_if = "is_false")]
    pub samplewise_center: bool,
    /// Each picture is divided by its own standard deviation.
    #[serde(skip_serializing_if = "is_false")]
    pub samplewise_std_normalization: bool,
    /// Means of the training pictures, one a channel; empty where they are not subtracted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f32>,
    /// Standard deviations of the training pictures, one a channel; empty where they do not
    /// divide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f32>,
    /// Added to the singular values that whitening divides by; `None` without whitening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zca_epsilon: Option<f64>,
    /// The whitening matrix: as many rows and columns as a picture has values. The checkpoint
    /// keeps it beside the weights.
    #[serde(skip)]
    pub zca: Arc<[f32]>,
    /// The training pictures that it was fitted on, by their fingerprint; `None` where
    /// nothing was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitted_on: Option<u32>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self {
            rescale: RESCALE,
            samplewise_center: false,
            samplewise_std_normalization: false,
            mean: Vec::new(),
            std: Vec::new(),
            zca_epsilon: None,
            zca: Arc::new([]),
            fitted_on: None,
        }
    }
}

/// Keras adds it to every deviation that it divides by.
pub(crate) const EPSILON: f32 = 1e-6;

impl Preprocessing {
    /// Values a picture may have at the most to be whitened: the matrix has the square of
    /// that, and fitting takes its third power (natively 2 s for 28 x 28, 90 s for this).
    pub const MOST_ZCA: usize = 32 * 32 * 3;

    /// Pictures that whitening is fitted on at the most, spread evenly.
    pub const MOST_ZCA_PICTURES: usize = 10_000;

    /// A [`Fitting`] from beginning to end: what these settings ask for, fitted on the `count`
    /// pictures of `shape` that `picture` gives, which have this `fingerprint`.
    ///
    /// # Errors
    /// As [`Fitting::new`], and what `picture` gives.
    pub fn fit<'a>(
        settings: &Augmentation,
        shape: [usize; 3],
        count: usize,
        fingerprint: u32,
        present: &Self,
        mut picture: impl FnMut(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        let mut fitting = Fitting::new(settings, shape, count, fingerprint, present)?;
        while !fitting.is_over() {
            fitting.advance(&mut picture)?;
        }
        Ok(fitting.into_fitted())
    }

    /// Whether its fitted numbers are those of pictures of `shape`.
    pub fn fits(&self, shape: [usize; 3]) -> bool {
        let values: usize = shape.iter().product();
        let whitened = if self.zca_epsilon.is_some() { values * values } else { 0 };
        (self.mean.is_empty() || self.mean.len() == shape[2])
            && (self.std.is_empty() || self.std.len() == shape[2])
            && self.zca.len() == whitened
    }

    /// Appends a picture given as bytes (row by row, channels innermost): its values, channel
    /// after channel.
    pub fn append(&self, pixels: &[u8], channels: usize, values: &mut Vec<f32>) {
        if self.only_rescales() {
            for channel in 0..channels {
                let pixels = pixels.get(channel..).unwrap_or_default().iter().step_by(channels);
                // Written out, so that the one division of the default is found in the loop.
                if self.rescale == RESCALE {
                    values.extend(pixels.map(|&pixel| f32::from(pixel) / 255.0));
                } else {
                    values.extend(pixels.map(|&pixel| self.rescaled(f32::from(pixel))));
                }
            }
        } else {
            let mut picture: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
            self.append_values(&mut picture, channels, values);
        }
    }

    /// The same for a picture given as values from 0 to 255, which are changed.
    pub fn append_values(&self, picture: &mut [f32], channels: usize, values: &mut Vec<f32>) {
        if self.only_rescales() {
            for channel in 0..channels {
                let picture = picture.get(channel..).unwrap_or_default();
                values.extend(picture.iter().step_by(channels).map(|&value| self.rescaled(value)));
            }
            return;
        }
        self.standardize(picture);
        for channel in 0..channels {
            values.extend(picture.get(channel..).unwrap_or_default().iter().step_by(channels));
        }
    }

    fn only_rescales(&self) -> bool {
        !self.samplewise_center && self.mean.is_empty()
    }

    fn rescaled(&self, value: f32) -> f32 {
        // 1/255 is no number of the computer's; a division by 255 is right to the last bit.
        if self.rescale == RESCALE { value / 255.0 } else { value * self.rescale as f32 }
    }

    /// Changes a picture's values (row by row, channels innermost) from 0..255 to what the
    /// network takes.
    fn standardize(&self, values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = self.rescaled(*value));
        let mean_of = |values: &[f32], term: &dyn Fn(f64) -> f64| -> f64 {
            values.iter().map(|&value| term(f64::from(value))).sum::<f64>() / values.len() as f64
        };
        if self.samplewise_center {
            let mean = mean_of(values, &|value| value) as f32;
            values.iter_mut().for_each(|value| *value -= mean);
        }
        if self.samplewise_std_normalization {
            let mean = mean_of(values, &|value| value);
            let square = mean_of(values, &|value| (value - mean) * (value - mean));
            let divisor = square.sqrt() as f32 + EPSILON;
            values.iter_mut().for_each(|value| *value /= divisor);
        }
        if !self.mean.is_empty() {
            for pixel in values.chunks_exact_mut(self.mean.len()) {
                pixel.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
            }
        }
        if !self.std.is_empty() {
            for pixel in values.chunks_exact_mut(self.std.len()) {
                pixel.iter_mut().zip(&self.std).for_each(|(value, std)| *value /= std + EPSILON);
            }
        }
        if !self.zca.is_empty() {
            let mut white = vec![0.0; values.len()];
            for (value, row) in values.iter().zip(self.zca.chunks_exact(values.len())) {
                add_scaled(&mut white, *value, row);
            }
            values.copy_from_slice(&white);
        }
    }
}

/// `sums += factor * row`.
fn add_scaled(sums: &mut [f32], factor: f32, row: &[f32]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
}
