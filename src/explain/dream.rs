//! The picture that a filter or a class answers to most: gradient ascent on the input.
//!
//! Source: Yosinski and others 2015, "Understanding Neural Networks Through Deep
//! Visualization"; the steps' jitter is Mordvintsev's and others' (2015, "Inceptionism").

use serde::Deserialize;

use crate::device;
use crate::error::{Error, Result};
use crate::explain::grad_cam::matrix;
use crate::explain::{check_label, class_score, pictures, prepared, upload_prepared};
use crate::model::network::{Goal, Network};
use crate::model::shape::find_layer;
use crate::random::{Purpose, Stream};

/// What a picture is wanted of: a class, or a filter or unit of a layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DreamOptions {
    /// The class.
    pub label: Option<usize>,
    /// The layer, where it is not a class.
    pub layer: Option<String>,
    /// The filter or unit of that layer; the first.
    pub filter: Option<usize>,
    /// Steps of ascent, 160.
    pub steps: Option<usize>,
    /// Repeats the noise that it begins with.
    pub seed: Option<u32>,
}

/// The picture that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Dream {
    /// `height * width * channels` as the network's input shape has them.
    pub pixels: Vec<u8>,
    /// What the filter's mean, the unit or the class's logit was for the noise at the start,
    /// and what it is at the end.
    pub scores: [f64; 2],
}

/// A picture under way.
pub struct Dreamer {
    network: Network,
    goal: Goal,
    /// The class, filter or unit.
    of: usize,
    steps: usize,
    done: usize,
    stream: Stream,
    values: Vec<f32>,
    /// The least and the most that each value can be.
    range: Vec<[f32; 2]>,
    first: Option<f64>,
}

/// A step's length as a share of the range, at first and at last.
const RATES: [f32; 2] = [0.08, 0.01];

impl Dreamer {
    /// Begins with noise about middle grey.
    ///
    /// # Errors
    /// `option` naming a wrong option.
    pub fn new(network: &Network, options: &DreamOptions) -> Result<Self> {
        let (goal, of) = match (&options.layer, options.label) {
            (Some(layer), None) => {
                let index = find_layer(&network.spec().layers, layer)?;
                let filters = network.shapes()[index].channels();
                let filter = options.filter.unwrap_or(0);
                if filter >= filters {
                    let message = format!(
                        "This layer has {filters} filters, from 0 on; there is no {filter}."
                    );
                    let name = &network.spec().layers[index].name;
                    return Err(Error::option(message).layer(name).field("filter"));
                }
                (Goal::Layer(index), filter)
            }
            (None, Some(label)) => (Goal::Logits, check_label(network, label)?),
            _ => return Err(Error::option("Name either a label or a layer.").field("layer")),
        };
        let steps = options.steps.unwrap_or(160);
        if !(1..=10_000).contains(&steps) {
            let message = format!("steps is a whole number from 1 to 10,000, not {steps}.");
            return Err(Error::option(message).field("steps"));
        }
        let range = range(network);
        let mut stream = Stream::new(u64::from(options.seed.unwrap_or(0)), Purpose::Explain, 1, 0);
        let noise = |&[low, high]: &[f32; 2]| {
            (low + high) / 2.0 + 0.1 * (high - low) * stream.normal() as f32
        };
        let values = range.iter().map(noise).collect();
        Ok(Self {
            network: network.clone(),
            goal,
            of,
            steps,
            done: 0,
            stream,
            values,
            range,
            first: None,
        })
    }

    /// Steps done, and steps in all.
    pub fn progress(&self) -> [usize; 2] {
        [self.done, self.steps]
    }

    /// Takes at most `n` steps more; the picture after the last.
    ///
    /// # Errors
    /// `device-lost` where the device fails.
    pub async fn advance(&mut self, n: usize) -> Result<Option<Dream>> {
        for _ in 0..n.min(self.steps - self.done) {
            let [height, width, _] = self.network.spec().input_shape;
            let shift =
                [height, width].map(|side| self.stream.below(1 + side as u32 / 16) as usize);
            roll(&mut self.values, [height, width], shift);
            let (score, gradient) = self.look(true).await?;
            self.first.get_or_insert(score);
            let share = self.done as f32 / self.steps as f32;
            let rate = RATES[0] + (RATES[1] - RATES[0]) * share;
            let size = (gradient.iter().map(|g| g * g).sum::<f32>() / gradient.len() as f32).sqrt();
            for ((value, [low, high]), slope) in
                self.values.iter_mut().zip(&self.range).zip(&gradient)
            {
                // A filter that answers to nothing has no slope.
                let step = if size > 0.0 { slope / size } else { 0.0 };
                *value = (*value + rate * (high - low) * step).clamp(*low, *high);
            }
            roll(&mut self.values, [height, width], [height - shift[0], width - shift[1]]);
            self.done += 1;
            // What differs from pixel to pixel excites filters, and is nothing that one sees.
            if self.done.is_multiple_of(4) && self.done * 8 < self.steps * 7 {
                blur(&mut self.values, [height, width]);
            }
        }
        if self.done < self.steps {
            return Ok(None);
        }
        let last = self.look(false).await?.0;
        let first = self.first.unwrap_or(last);
        Ok(Some(Dream { pixels: self.pixels(), scores: [first, last] }))
    }

    /// The score of the present picture, and its gradient where that is wanted.
    async fn look(&self, gradient: bool) -> Result<(f64, Vec<f32>)> {
        let Self { network, goal, of, .. } = self;
        let picture = upload_prepared(network, self.values.clone());
        let places: &[usize] = if gradient { &[0] } else { &[] };
        let probed = network.probe(picture, *goal, places, |value| match goal {
            Goal::Logits => class_score(network, matrix(value), *of),
            Goal::Layer(_) => pictures(value).narrow(1, *of, 1).mean(),
        });
        let slopes = probed.gradients.into_iter().map(|slopes| slopes.flatten());
        let mut read = device::read([probed.score].into_iter().chain(slopes).collect()).await?;
        let score = f64::from(read[0][0]);
        Ok((score, if gradient { read.swap_remove(1) } else { Vec::new() }))
    }

    /// The present picture: black where a value is the least that it can be.
    fn pixels(&self) -> Vec<u8> {
        let [height, width, channels] = self.network.spec().input_shape;
        let area = height * width;
        let pixel = |at: usize| {
            let at = at % channels * area + at / channels;
            let [low, high] = self.range[at];
            let share = if high > low { (self.values[at] - low) / (high - low) } else { 0.5 };
            (share * 255.0).round() as u8
        };
        (0..area * channels).map(pixel).collect()
    }
}

/// The range of each value of a picture as the network takes it, from two chequered ones: a
/// plain one says nothing where every picture's own mean is taken away.
fn range(network: &Network) -> Vec<[f32; 2]> {
    let [height, width, channels] = network.spec().input_shape;
    let chequered = |odd: usize| {
        let pixel = |at: usize| {
            let at = at / channels;
            if (at / width + at % width) % 2 == odd { 255 } else { 0 }
        };
        let pixels: Vec<u8> = (0..height * width * channels).map(pixel).collect();
        prepared(network, &pixels)
    };
    let pairs = chequered(0).into_iter().zip(chequered(1));
    pairs.map(|(one, other)| [one.min(other), one.max(other)]).collect()
}

/// Moves each channel down and to the right; what leaves comes in again.
fn roll(values: &mut [f32], [height, width]: [usize; 2], [down, right]: [usize; 2]) {
    for channel in values.chunks_exact_mut(height * width) {
        channel.rotate_right(down % height * width);
        channel.chunks_exact_mut(width).for_each(|row| row.rotate_right(right % width));
    }
}

/// A quarter, a half, a quarter of what stands side by side, in both directions; edges stay.
fn blur(values: &mut [f32], [height, width]: [usize; 2]) {
    for channel in values.chunks_exact_mut(height * width) {
        for (rows, columns, step) in [(height, width, 1), (width, height, width)] {
            let across = if step == 1 { width } else { 1 };
            for row in 0..rows {
                let mut before = channel[row * across];
                for column in 1..columns.saturating_sub(1) {
                    let at = row * across + column * step;
                    let value = channel[at];
                    channel[at] = before / 4.0 + value / 2.0 + channel[at + step] / 4.0;
                    before = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolling_there_and_back_changes_nothing() {
        let values: Vec<f32> = (0..24).map(|at| at as f32).collect();
        let mut rolled = values.clone();
        roll(&mut rolled, [3, 4], [1, 3]);
        // The pixel at the top left is now in row 1, column 3.
        assert_eq!(rolled[7], 0.0);
        roll(&mut rolled, [3, 4], [2, 1]);
        assert_eq!(rolled, values);
    }

    #[test]
    fn blurring_spreads_a_point_evenly() {
        let mut values = vec![0.0; 25];
        values[12] = 16.0;
        blur(&mut values, [5, 5]);
        let middle: Vec<f32> =
            (1..4).flat_map(|row| values[row * 5 + 1..row * 5 + 4].to_vec()).collect();
        assert_eq!(middle, [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
    }
}
