//! From picture numbers to one tensor: the first place that knows tensors.

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::dataset::{Dataset, Split};
use crate::data::preprocess::Preprocessing;
use crate::error::Result;
use crate::random::{Purpose, Stream};

/// Pictures `[batch, channels, height, width]`, preprocessed, and their labels.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The pictures, on the device.
    pub pictures: Tensor<4>,
    /// Their labels, on the host.
    pub labels: Vec<u16>,
}

/// The order in which an epoch goes through `count` training pictures: shuffled from `seed`
/// and the epoch's number, or as loaded.
pub fn epoch_order(count: usize, seed: u64, epoch: u64, shuffle: bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    if shuffle {
        Stream::new(seed, Purpose::Shuffle, 0, epoch).shuffle(&mut order);
    }
    order
}

/// Uploads the pictures of a split with these numbers, as they are: to measure with.
///
/// # Errors
/// `option` where there is no such picture.
pub fn upload(
    dataset: &Dataset,
    split: Split,
    numbers: impl ExactSizeIterator<Item = usize>,
    preprocessing: &Preprocessing,
    device: &Device,
) -> Result<Batch> {
    let mut labels = Vec::with_capacity(numbers.len());
    let mut values = Vec::with_capacity(numbers.len() * dataset.picture_bytes());
    for number in numbers {
        let (pixels, label) = dataset.picture(split, number)?;
        preprocessing.append(&pixels, dataset.shape()[2], &mut values);
        labels.push(label);
    }
    Ok(Batch { pictures: upload_values(values, dataset.shape(), device), labels })
}

/// Uploads one picture given as pixels of `shape` (height, width, channels).
pub fn upload_one(
    pixels: &[u8],
    shape: [usize; 3],
    preprocessing: &Preprocessing,
    device: &Device,
) -> Tensor<4> {
    let mut values = Vec::with_capacity(pixels.len());
    preprocessing.append(pixels, shape[2], &mut values);
    upload_values(values, shape, device)
}

/// Uploads the values of pictures of `shape` (height, width, channels), each channel after
/// channel, as [`prepare`](crate::data::prepare) makes them.
pub fn upload_values(values: Vec<f32>, shape: [usize; 3], device: &Device) -> Tensor<4> {
    let [height, width, channels] = shape;
    let count = values.len() / (height * width * channels);
    Tensor::from_data(TensorData::new(values, [count, channels, height, width]), device)
}
