//! The pictures of a split that excite each filter of a layer most.

use crate::data::batch;
use crate::data::dataset::{Dataset, Split};
use crate::device;
use crate::error::{Error, Result};
use crate::model::cost::evaluation_batch;
use crate::model::network::{Network, Value};
use crate::model::shape::find_layer;
use crate::train::options::check_fit;

/// Pictures that are kept of each filter.
pub const KEPT: usize = 9;

/// What excites each filter, or each unit of a layer that gives a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Exciting {
    /// The layer.
    pub layer: String,
    /// Filters or units.
    pub filters: usize,
    /// Pictures of each: [`KEPT`], or as many as there are.
    pub kept: usize,
    /// `filters * kept` places in the split, the most exciting first.
    pub indices: Vec<u32>,
    /// The largest value in the filter's map of each.
    pub values: Vec<f32>,
}

/// A search under way, with the weights as they were when it began.
pub struct Exciter {
    network: Network,
    split: Split,
    layer: usize,
    batch: usize,
    done: usize,
    count: usize,
    /// Of each filter, the most exciting first.
    best: Vec<Vec<(f32, u32)>>,
}

impl Exciter {
    /// Begins to look through a split.
    ///
    /// # Errors
    /// `data-missing` where the split is empty, `option` for a layer that is not there,
    /// `input-shape` and `class-count` where network and data do not fit.
    pub fn new(network: &Network, dataset: &Dataset, split: Split, layer: &str) -> Result<Self> {
        check_fit(network, dataset)?;
        let layer = find_layer(&network.spec().layers, layer)?;
        let count = dataset.len(split);
        if count == 0 {
            let message = format!("The {} split has no pictures.", split.name());
            return Err(Error::data_missing(message).field("split"));
        }
        let best = vec![Vec::new(); network.shapes()[layer].channels()];
        let batch = evaluation_batch(network);
        Ok(Self { network: network.clone(), split, layer, batch, done: 0, count, best })
    }

    /// Pictures looked at, and pictures in all.
    pub fn progress(&self) -> [usize; 2] {
        [self.done, self.count]
    }

    /// Looks at a batch more; the result after the last.
    ///
    /// # Errors
    /// `device-lost` where the device fails, `option` where the data is no longer what it
    /// was at the start.
    pub async fn advance(&mut self, dataset: &Dataset) -> Result<Option<Exciting>> {
        let end = self.count.min(self.done + self.batch);
        let Network { preprocessing, .. } = &self.network;
        let device = self.network.device();
        let batch = batch::upload(dataset, self.split, self.done..end, preprocessing, device)?;
        let tap = self.network.taps(batch.pictures, &[self.layer]).swap_remove(0);
        let tops = match tap {
            Value::Image(maps) => maps.flatten::<3>(2, 3).max_dim(2).flatten(0, 2),
            Value::Vector(units) => units.flatten(0, 1),
        };
        let tops = device::read(vec![tops]).await?.swap_remove(0);
        for (number, picture) in (self.done as u32..).zip(tops.chunks_exact(self.best.len())) {
            for (best, &value) in self.best.iter_mut().zip(picture) {
                let place = best.partition_point(|(other, _)| *other >= value);
                if place < KEPT {
                    best.insert(place, (value, number));
                    best.truncate(KEPT);
                }
            }
        }
        self.done = end;
        let all = || self.best.iter().flatten();
        Ok((end == self.count).then(|| Exciting {
            layer: self.network.spec().layers[self.layer].name.clone(),
            filters: self.best.len(),
            kept: KEPT.min(self.count),
            indices: all().map(|(_, number)| *number).collect(),
            values: all().map(|(value, _)| *value).collect(),
        }))
    }
}
