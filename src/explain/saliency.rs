//! Gradients by the pixels: plain, of noisy copies, and on the way from a black picture.
//!
//! Sources: Simonyan and others 2014, "Deep Inside Convolutional Networks"; Smilkov and others
//! 2017, "SmoothGrad"; Sundararajan and others 2017, "Axiomatic Attribution for Deep Networks".

use crate::device;
use crate::error::Result;
use crate::explain::Found;
use crate::explain::grad_cam::matrix;
use crate::explain::{class_score, prepared, score_of, upload_prepared};
use crate::model::network::{Goal, Network};
use crate::random::{Purpose, Stream};

/// The steps of a way are doubled up to so many.
const MOST_STEPS: usize = 1024;
/// How far the sum of integrated gradients may be from what it should be.
const INCOMPLETE: f64 = 0.01;

/// Adds the gradients of a class's score by several pictures' values to `sums`, which has room
/// for one picture.
async fn add_gradients(
    network: &Network,
    label: usize,
    pictures: Vec<f32>,
    sums: &mut [f64],
) -> Result<()> {
    let pictures = upload_prepared(network, pictures);
    let mut probed = network
        .probe(pictures, Goal::Logits, &[0], |logits| class_score(network, matrix(logits), label));
    let gradients = device::read(vec![probed.gradients.swap_remove(0).flatten()]).await?;
    for picture in gradients[0].chunks_exact(sums.len()) {
        sums.iter_mut().zip(picture).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    Ok(())
}

/// Plain gradients where there is one copy without noise.
pub(super) struct Saliency {
    picture: Vec<f32>,
    samples: usize,
    /// Of the noise, in the units of the picture's values.
    deviation: f32,
    seed: u32,
    done: usize,
    sums: Vec<f64>,
}

impl Saliency {
    pub(super) fn new(
        network: &Network,
        pixels: &[u8],
        samples: usize,
        noise: f32,
        seed: u32,
    ) -> Self {
        let picture = prepared(network, pixels);
        let low = picture.iter().copied().fold(f32::INFINITY, f32::min);
        let high = picture.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sums = vec![0.0; picture.len()];
        Self { picture, samples, deviation: noise * (high - low), seed, done: 0, sums }
    }

    pub(super) fn progress(&self) -> [usize; 2] {
        [self.done, self.samples]
    }

    /// One copy, the same whenever it is asked for.
    fn copy(&self, sample: usize) -> Vec<f32> {
        let mut stream = Stream::new(u64::from(self.seed), Purpose::Explain, 0, sample as u64);
        let mut copy = self.picture.clone();
        if self.deviation > 0.0 {
            copy.iter_mut().for_each(|value| *value += self.deviation * stream.normal() as f32);
        }
        copy
    }

    pub(super) async fn advance(
        &mut self,
        network: &Network,
        label: usize,
        batch: usize,
    ) -> Result<Option<Found>> {
        let end = self.samples.min(self.done + batch);
        let copies = (self.done..end).flat_map(|sample| self.copy(sample)).collect();
        add_gradients(network, label, copies, &mut self.sums).await?;
        self.done = end;
        if end < self.samples {
            return Ok(None);
        }
        let [height, width, _] = network.spec().input_shape;
        let mut data = vec![0f32; height * width];
        for channel in self.sums.chunks_exact(height * width) {
            let strongest = |(best, sum): (&mut f32, &f64)| {
                *best = best.max((sum / self.samples as f64).abs() as f32);
            };
            data.iter_mut().zip(channel).for_each(strongest);
        }
        Ok(Some(Found { height, width, data, completeness: None }))
    }
}

/// The way from a black picture, in steps whose middles are looked at.
pub(super) struct IntegratedGradients {
    picture: Vec<f32>,
    black: Vec<f32>,
    steps: usize,
    done: usize,
    /// Steps of the earlier, larger steps.
    before: usize,
    sums: Vec<f64>,
}

impl IntegratedGradients {
    pub(super) fn new(network: &Network, pixels: &[u8], steps: usize) -> Self {
        let picture = prepared(network, pixels);
        let black = prepared(network, &vec![0; pixels.len()]);
        let sums = vec![0.0; picture.len()];
        Self { picture, black, steps, done: 0, before: 0, sums }
    }

    pub(super) fn progress(&self) -> [usize; 2] {
        [self.before + self.done, self.before + self.steps]
    }

    fn on_the_way(&self, step: usize) -> impl Iterator<Item = f32> {
        let share = (step as f32 + 0.5) / self.steps as f32;
        self.black
            .iter()
            .zip(&self.picture)
            .map(move |(black, value)| black + share * (value - black))
    }

    pub(super) async fn advance(
        &mut self,
        network: &Network,
        label: usize,
        batch: usize,
    ) -> Result<Option<Found>> {
        let end = self.steps.min(self.done + batch);
        let on_the_way = (self.done..end).flat_map(|step| self.on_the_way(step)).collect();
        add_gradients(network, label, on_the_way, &mut self.sums).await?;
        self.done = end;
        if end < self.steps {
            return Ok(None);
        }
        let ends = upload_prepared(network, [&self.picture[..], &self.black].concat());
        let logits = device::read(vec![network.logits(ends).flatten(0, 1)]).await?.swap_remove(0);
        let (picture, black) = logits.split_at(logits.len() / 2);
        let difference = score_of(network, picture, label) - score_of(network, black, label);
        let steps = self.steps as f64;
        let parts = self.sums.iter().zip(self.picture.iter().zip(&self.black));
        let parts: Vec<f64> =
            parts.map(|(sum, (value, black))| sum / steps * f64::from(value - black)).collect();
        let sum: f64 = parts.iter().sum();
        if (sum - difference).abs() > INCOMPLETE * difference.abs() && self.steps < MOST_STEPS {
            self.before += self.steps;
            self.steps = MOST_STEPS.min(2 * self.steps);
            self.done = 0;
            self.sums.fill(0.0);
            return Ok(None);
        }
        let [height, width, _] = network.spec().input_shape;
        let mut data = vec![0f32; height * width];
        for channel in parts.chunks_exact(height * width) {
            data.iter_mut().zip(channel).for_each(|(sum, &part)| *sum += part as f32);
        }
        Ok(Some(Found { height, width, data, completeness: Some([sum, difference]) }))
    }
}
