//! What covering a part of the picture takes from a class's probability.
//!
//! Source: Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks".

use crate::device;
use crate::error::Result;
use crate::evaluate::metrics::softmax;
use crate::explain::Found;
use crate::explain::{prepared, upload_prepared};
use crate::model::network::Network;

/// A square of middle grey that moves over the picture.
pub(super) struct Occlusion {
    pixels: Vec<u8>,
    size: usize,
    /// Top left corners: rows and columns.
    places: Vec<[usize; 2]>,
    done: usize,
    /// What it takes, summed over the squares that cover a pixel, and their number.
    sums: Vec<[f64; 2]>,
}

impl Occlusion {
    pub(super) fn new(network: &Network, pixels: &[u8], size: usize, stride: usize) -> Self {
        let [height, width, _] = network.spec().input_shape;
        // The last one ends at the edge, wherever the one before it was.
        let along = |side: usize| (0..side - size).step_by(stride).chain([side - size]);
        let places =
            along(height).flat_map(|row| along(width).map(move |column| [row, column])).collect();
        let sums = vec![[0.0; 2]; height * width];
        Self { pixels: pixels.into(), size, places, done: 0, sums }
    }

    pub(super) fn progress(&self) -> [usize; 2] {
        [self.done, self.places.len()]
    }

    pub(super) async fn advance(
        &mut self,
        network: &Network,
        label: usize,
        batch: usize,
        probability: f64,
    ) -> Result<Option<Found>> {
        let [height, width, channels] = network.spec().input_shape;
        let end = self.places.len().min(self.done + batch);
        let places = &self.places[self.done..end];
        let lines =
            |[row, column]: [usize; 2]| (row..row + self.size).map(move |row| row * width + column);
        let mut values = Vec::new();
        for &place in places {
            let mut covered = self.pixels.clone();
            for line in lines(place) {
                covered[line * channels..(line + self.size) * channels].fill(127);
            }
            values.extend(prepared(network, &covered));
        }
        let logits = network.logits(upload_prepared(network, values)).flatten(0, 1);
        let logits = device::read(vec![logits]).await?.swap_remove(0);
        for (&place, logits) in places.iter().zip(logits.chunks_exact(network.classes())) {
            let taken = probability - softmax(logits)[label];
            for line in lines(place) {
                for [sum, count] in &mut self.sums[line..line + self.size] {
                    (*sum, *count) = (*sum + taken, *count + 1.0);
                }
            }
        }
        self.done = end;
        if end < self.places.len() {
            return Ok(None);
        }
        let data = self.sums.iter().map(|[sum, count]| (sum / count) as f32).collect();
        Ok(Some(Found { height, width, data, completeness: None }))
    }
}
