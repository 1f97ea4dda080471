//! From picture numbers to one tensor: the first place that knows tensors.

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::dataset::{Dataset, Split};
use crate::error::Result;
use crate::random::{Purpose, Stream};

/// Pictures `[batch, channels, height, width]` scaled to 0..1, as the lessons do it with
/// `Rescaling(1/255)`, and their labels.
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

/// Uploads the pictures of a split with these numbers.
///
/// # Errors
/// `option` where there is no such picture.
pub fn upload(
    dataset: &Dataset,
    split: Split,
    numbers: impl ExactSizeIterator<Item = usize>,
    device: &Device,
) -> Result<Batch> {
    let mut labels = Vec::with_capacity(numbers.len());
    let mut values = Vec::with_capacity(numbers.len() * dataset.picture_bytes());
    for number in numbers {
        let (pixels, label) = dataset.picture(split, number)?;
        append_scaled(&mut values, &pixels, dataset.shape()[2]);
        labels.push(label);
    }
    Ok(Batch { pictures: tensor(values, labels.len(), dataset.shape(), device), labels })
}

/// Uploads one picture given as pixels of `shape` (height, width, channels).
pub fn upload_one(pixels: &[u8], shape: [usize; 3], device: &Device) -> Tensor<4> {
    let mut values = Vec::with_capacity(pixels.len());
    append_scaled(&mut values, pixels, shape[2]);
    tensor(values, 1, shape, device)
}

/// Appends one picture, channel after channel, each value divided by 255.
fn append_scaled(values: &mut Vec<f32>, pixels: &[u8], channels: usize) {
    for channel in 0..channels {
        values.extend(pixels[channel..].iter().step_by(channels).map(|&p| f32::from(p) / 255.0));
    }
}

fn tensor(values: Vec<f32>, count: usize, shape: [usize; 3], device: &Device) -> Tensor<4> {
    let [height, width, channels] = shape;
    Tensor::from_data(TensorData::new(values, [count, channels, height, width]), device)
}
