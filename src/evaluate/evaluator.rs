//! How good a network is: measured in slices, on a snapshot of the weights.

use burn::tensor::Tensor;

use crate::data::batch;
use crate::data::dataset::{Dataset, Split};
use crate::device;
use crate::error::{Error, Result};
use crate::evaluate::metrics::{Measured, Tally};
use crate::model::cost::evaluation_batch;
use crate::model::network::Network;
use crate::train::features::Features;
use crate::train::options::check_fit;
#[cfg(feature = "webgpu")]
use crate::train::uploaded::Uploaded;

/// An evaluation under way. It holds the weights as they were when it began, so training
/// may go on beside it.
pub struct Evaluator {
    network: Network,
    split: Split,
    /// Pictures a batch.
    batch: usize,
    /// Pictures measured so far.
    done: usize,
    count: usize,
    tally: Tally,
    /// What the frozen layers make of the pictures, where that is known.
    features: Option<Features>,
    /// The pictures on the graphics processor, where they are there.
    #[cfg(feature = "webgpu")]
    uploaded: Option<Uploaded>,
}

impl Evaluator {
    /// Begins to measure a split.
    ///
    /// # Errors
    /// `data-missing` where the split is empty, `input-shape` and `class-count` where
    /// network and data do not fit.
    pub fn new(network: &Network, dataset: &Dataset, split: Split) -> Result<Self> {
        check_fit(network, dataset)?;
        let count = dataset.len(split);
        if count == 0 {
            return Err(Error::data_missing(format!(
                "The {} split has no pictures to measure.",
                split.name()
            ))
            .field("split"));
        }
        let smoothing = network.spec().compile.loss.label_smoothing;
        let tally = Tally::new(dataset.classes().len(), smoothing);
        let batch = evaluation_batch(network);
        Ok(Self {
            network: network.clone(),
            split,
            batch,
            done: 0,
            count,
            tally,
            features: None,
            #[cfg(feature = "webgpu")]
            uploaded: None,
        })
    }

    /// The same, with what the frozen layers make of pictures, for those of which it is known.
    #[must_use]
    pub(crate) fn with_features(mut self, features: Option<Features>) -> Self {
        self.features = features;
        self
    }

    /// The same, with the pictures on the graphics processor.
    #[cfg(feature = "webgpu")]
    #[must_use]
    pub(crate) fn with_uploaded(mut self, uploaded: Option<Uploaded>) -> Self {
        self.uploaded = uploaded;
        self
    }

    /// The same, keeping what was predicted for each picture too; to be asked for before the
    /// first [`advance`](Self::advance).
    #[must_use]
    pub fn keeping_predictions(mut self) -> Self {
        self.tally = self.tally.keeping_predictions();
        self
    }

    /// Batches in all.
    pub fn batches(&self) -> usize {
        self.count.div_ceil(self.batch)
    }

    /// Measures at most `n` batches more; the result after the last, and with it what was kept.
    ///
    /// # Errors
    /// `device-lost` where the device fails, `option` where the data is no longer what it
    /// was at the start.
    pub async fn advance(&mut self, dataset: &Dataset, n: usize) -> Result<Option<Measured>> {
        let mut logits: Vec<Tensor<1>> = Vec::new();
        let mut labels = Vec::new();
        for _ in 0..n {
            let end = self.count.min(self.done + self.batch);
            if self.done == end {
                break;
            }
            let numbers = self.done..end;
            let known = self.features.as_ref().and_then(|features| {
                let of_split = dataset.numbers(self.split).get(numbers.clone())?;
                Some((features.place, features.value(of_split, &self.network)?))
            });
            let known = known.map(|(place, value)| self.network.logits_after(place, value));
            #[cfg(feature = "webgpu")]
            let known = known.or_else(|| self.gathered(dataset, numbers.clone()));
            if let Some(known) = known {
                logits.push(known.flatten(0, 1));
                let label = |number| dataset.label_of(self.split, number);
                labels.push(numbers.map(label).collect::<Result<_>>()?);
            } else {
                let Network { preprocessing, .. } = &self.network;
                let device = self.network.device();
                let batch = batch::upload(dataset, self.split, numbers, preprocessing, device)?;
                logits.push(self.network.logits(batch.pictures).flatten(0, 1));
                labels.push(batch.labels);
            }
            self.done = end;
        }
        let over = self.done == self.count;
        // Read with the last batch, in the same go.
        let penalty = over.then(|| self.network.penalty()).flatten();
        let batches = logits.len();
        let read = device::read(logits.into_iter().chain(penalty).collect()).await?;
        for (logits, labels) in read.iter().zip(labels) {
            self.tally.add(logits, &labels)?;
        }
        let penalty = read.get(batches).map_or(0.0, |penalty| f64::from(penalty[0]));
        over.then(|| self.tally.finish(dataset.classes(), penalty)).transpose()
    }

    /// What the network says of these pictures of the split, where they are on the graphics processor.
    #[cfg(feature = "webgpu")]
    fn gathered(&self, dataset: &Dataset, numbers: std::ops::Range<usize>) -> Option<Tensor<2>> {
        let of_split = dataset.numbers(self.split).get(numbers)?;
        let pictures = self.uploaded.as_ref()?.pictures(of_split, &self.network.preprocessing)?;
        Some(self.network.logits(pictures))
    }
}
