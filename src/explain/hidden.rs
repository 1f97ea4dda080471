//! What the last hidden layer makes of each picture of a split: the points of a map of all.

use crate::data::batch;
use crate::data::dataset::{Dataset, Split};
use crate::device;
use crate::error::{Error, Result};
use crate::model::cost::evaluation_batch;
use crate::model::network::{Network, Value};
use crate::train::options::check_fit;

/// One vector a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden {
    /// The layer; `None` where the last layer takes the pictures themselves.
    pub layer: Option<String>,
    /// Values of each vector.
    pub length: usize,
    /// The pictures' places in the split.
    pub indices: Vec<u32>,
    /// Their classes.
    pub labels: Vec<u16>,
    /// `indices.len() * length` values.
    pub data: Vec<f32>,
}

/// Values at the most, 128 MB of them: fewer pictures are taken where theirs are long.
const MOST_VALUES: usize = 1 << 25;

/// The vectors under way, of the weights as they were when it began.
pub struct Hider {
    network: Network,
    split: Split,
    /// The layer's number.
    layer: Option<usize>,
    batch: usize,
    done: usize,
    found: Hidden,
}

impl Hider {
    /// Begins with a split, or with `limit` of its pictures, spread evenly.
    ///
    /// # Errors
    /// `data-missing` where the split is empty, `input-shape` and `class-count` where network
    /// and data do not fit.
    pub fn new(network: &Network, dataset: &Dataset, split: Split, limit: usize) -> Result<Self> {
        check_fit(network, dataset)?;
        let count = dataset.len(split);
        if count == 0 {
            let message = format!("The {} split has no pictures.", split.name());
            return Err(Error::data_missing(message).field("split"));
        }
        let layers = &network.spec().layers;
        // The last layer with weights is the one that decides.
        let weighted = |index: &usize| {
            let start = format!("{}/", layers[*index].name);
            let infos = network.param_infos().iter().chain(network.state_infos());
            infos.into_iter().any(|info| info.name.starts_with(&start))
        };
        let last = (0..layers.len()).rev().find(weighted).unwrap_or(0);
        let layer = layers[last].inputs.first().and_then(|input| input.checked_sub(1));
        let length = match layer {
            Some(layer) => network.shapes()[layer].len(),
            None => dataset.picture_bytes(),
        };
        let take = limit.clamp(1, count).min((MOST_VALUES / length).max(1));
        let found = Hidden {
            layer: layer.map(|layer| layers[layer].name.clone()),
            length,
            indices: (0..take).map(|at| (at * count / take) as u32).collect(),
            labels: Vec::new(),
            data: Vec::new(),
        };
        let batch = evaluation_batch(network);
        Ok(Self { network: network.clone(), split, layer, batch, done: 0, found })
    }

    /// Pictures done, and pictures in all.
    pub fn progress(&self) -> [usize; 2] {
        [self.done, self.found.indices.len()]
    }

    /// Goes on by a batch; the result after the last.
    ///
    /// # Errors
    /// `device-lost` where the device fails, `option` where the data is no longer what it
    /// was at the start.
    pub async fn advance(&mut self, dataset: &Dataset) -> Result<Option<Hidden>> {
        let end = self.found.indices.len().min(self.done + self.batch);
        let numbers = self.found.indices[self.done..end].iter().map(|&number| number as usize);
        let Network { preprocessing, .. } = &self.network;
        let device = self.network.device();
        let batch = batch::upload(dataset, self.split, numbers, preprocessing, device)?;
        let value = match self.layer {
            Some(layer) => self.network.taps(batch.pictures, &[layer]).swap_remove(0),
            None => Value::Image(batch.pictures),
        };
        self.found.data.extend(device::read(vec![value.flatten()]).await?.swap_remove(0));
        self.found.labels.extend(batch.labels);
        self.done = end;
        Ok((end == self.found.indices.len()).then(|| self.found.clone()))
    }
}
