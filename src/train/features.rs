//! What the frozen layers make of every picture, computed once.
//!
//! Where the first layers are frozen and pictures are shown as they are, the value between the
//! frozen part and the rest ([`Network::frozen`]) is the same in every epoch: a run computes it
//! once, keeps it, and trains the rest on it. Another head on the same base, another division of the
//! data and another run find it there.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};

use crate::data::batch;
use crate::data::dataset::{Dataset, Split};
use crate::data::preprocess::Preprocessing;
use crate::device;
use crate::error::Result;
use crate::model::network::{Network, Value};
use crate::model::shape::Shape;
use crate::model::spec::LayerSpec;

/// Pictures that are computed at a time: enough for the kernels to be busy, and a tenth of a second
/// or two for MobileNetV2.
const PICTURES: usize = 4;

/// The most bytes that are kept; where it would be more, every step computes its own.
const MOST_BYTES: usize = 768 << 20;

/// What it depends on besides the pictures.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    /// Where the weights come from: while it is the same, so are they.
    source: u64,
    input_shape: [usize; 3],
    layers: Vec<LayerSpec>,
    preprocessing: Preprocessing,
}

/// The values of pictures at one place of a network.
#[derive(Clone, Debug)]
pub(crate) struct Features {
    key: Key,
    /// The place, as [`Network::frozen`] has it.
    pub(crate) place: usize,
    shape: Shape,
    /// Which row a picture has, by its number in the data set.
    rows: HashMap<u32, usize>,
    values: Arc<Vec<f32>>,
}

impl Features {
    /// None yet, of a network that has frozen layers first, for a data set; nothing where it has
    /// none, or the values would be too many to keep. Those of `before` go on where they are of the
    /// same.
    pub(crate) fn of(
        network: &Network,
        source: u64,
        preprocessing: &Preprocessing,
        dataset: &Dataset,
        before: Option<Self>,
    ) -> Option<Self> {
        let place = network.frozen()?;
        let shape = network.shapes()[place - 1];
        let pictures: usize = Split::ALL.iter().map(|&split| dataset.len(split)).sum();
        if pictures.saturating_mul(shape.len() * size_of::<f32>()) > MOST_BYTES {
            return None;
        }
        let spec = network.spec();
        let key = Key {
            source,
            input_shape: spec.input_shape,
            layers: spec.layers[..place].to_vec(),
            preprocessing: preprocessing.clone(),
        };
        let kept = before.filter(|before| before.key == key);
        Some(kept.unwrap_or(Self {
            key,
            place,
            shape,
            rows: HashMap::new(),
            values: Arc::default(),
        }))
    }

    /// How many of the pictures of these splits are computed, and how many there are.
    pub(crate) fn progress(&self, dataset: &Dataset, splits: &[Split]) -> [usize; 2] {
        let numbers = splits.iter().flat_map(|&split| dataset.numbers(split));
        numbers.fold([0, 0], |[done, all], number| {
            [done + usize::from(self.rows.contains_key(number)), all + 1]
        })
    }

    /// Computes the next few of the pictures of these splits.
    ///
    /// # Errors
    /// `storage` where a picture cannot be read, `device-lost` where the device fails.
    pub(crate) async fn advance(
        &mut self,
        network: &Network,
        dataset: &Dataset,
        splits: &[Split],
    ) -> Result<()> {
        for &split in splits {
            let numbers = dataset.numbers(split).iter().enumerate();
            let missing = numbers.filter(|(_, number)| !self.rows.contains_key(number));
            let next: Vec<(usize, u32)> =
                missing.take(PICTURES).map(|(place, &number)| (place, number)).collect();
            if next.is_empty() {
                continue;
            }
            let places = next.iter().map(|&(place, _)| place);
            let device = network.device();
            let preprocessing = &self.key.preprocessing;
            let batch = batch::upload(dataset, split, places, preprocessing, device)?;
            let value = network.value_at(self.place, batch.pictures).flatten();
            let found = device::read(vec![value]).await?;
            Arc::make_mut(&mut self.values).extend(found.iter().flatten());
            for (_, number) in next {
                self.rows.insert(number, self.rows.len());
            }
            return Ok(());
        }
        Ok(())
    }

    /// The values of pictures by their numbers; nothing where one is not computed.
    pub(crate) fn value(&self, numbers: &[u32], network: &Network) -> Option<Value> {
        let length = self.shape.len();
        let mut values = Vec::with_capacity(numbers.len() * length);
        for number in numbers {
            let row = *self.rows.get(number)?;
            values.extend_from_slice(&self.values[row * length..(row + 1) * length]);
        }
        let (count, device) = (numbers.len(), network.device());
        Some(match self.shape {
            Shape::Image([height, width, channels]) => {
                let shape = [count, channels, height, width];
                Value::Image(Tensor::from_data(TensorData::new(values, shape), device))
            }
            Shape::Vector(length) => {
                Value::Vector(Tensor::from_data(TensorData::new(values, [count, length]), device))
            }
        })
    }
}
