//! A training batch from picture numbers to the values that the network takes, without
//! tensors: the worker that trains makes one inline, and another worker, given the same
//! [`Recipe`] and pictures, makes the next ones meanwhile, to the last bit the same.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::data::augment::{Augmentation, Drawn, stream};
use crate::data::dataset::{Dataset, Split};
use crate::data::preprocess::Preprocessing;
use crate::error::{Error, Result};

/// All that a batch's values depend on besides the pictures, the epoch and the numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipe {
    /// The run's seed.
    pub seed: u64,
    /// What happens to training pictures.
    pub augmentation: Augmentation,
    /// What happens to all pictures.
    pub preprocessing: Preprocessing,
}

/// What the network should say of a picture: a class, or two of them blended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The picture's class.
    pub label: u16,
    /// The class of the picture that it is blended with; the same where it is not.
    pub other: u16,
    /// The share of `label`; the rest is `other`'s.
    pub share: f32,
}

impl From<u16> for Target {
    fn from(label: u16) -> Self {
        Self { label, other: label, share: 1.0 }
    }
}

impl Target {
    /// The class with the larger share: the one that counts as right.
    pub fn leading(&self) -> u16 {
        if self.share < 0.5 { self.other } else { self.label }
    }
}

/// A batch on the host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prepared {
    /// Picture after picture, each channel after channel.
    pub values: Vec<f32>,
    /// What the network should say of each.
    pub targets: Vec<Target>,
}

/// Which pictures a training step takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepPlan {
    /// The step, over the life of the weights, counted from 0.
    pub step: u64,
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Places in the training split.
    pub numbers: Vec<u32>,
}

impl Recipe {
    /// Makes the batch of these `numbers` in an epoch, counted from 1. `picture` gives the
    /// bytes and the label of a picture of the training split, which has `count` of `shape`.
    ///
    /// # Errors
    /// What `picture` gives, and `option` where a picture is not of `shape`.
    pub fn prepare<'a>(
        &self,
        picture: impl FnMut(usize) -> Result<(Cow<'a, [u8]>, u16)>,
        shape: [usize; 3],
        count: usize,
        epoch: u32,
        numbers: &[u32],
    ) -> Result<Prepared> {
        let mut prepared = Prepared::default();
        self.prepare_into(picture, shape, count, epoch, numbers, &mut prepared)?;
        Ok(prepared)
    }

    /// The same in place of what another batch was prepared in.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn prepare_into<'a>(
        &self,
        mut picture: impl FnMut(usize) -> Result<(Cow<'a, [u8]>, u16)>,
        shape: [usize; 3],
        count: usize,
        epoch: u32,
        numbers: &[u32],
        into: &mut Prepared,
    ) -> Result<()> {
        let Prepared { values, targets } = into;
        values.clear();
        values.reserve(numbers.len() * shape.iter().product::<usize>());
        targets.clear();
        let mut scratch = Vec::new();
        let plain = self.augmentation.does_nothing();
        for &number in numbers {
            let index = number as usize;
            targets.push(if plain {
                let (pixels, label) = sized(picture(index)?, shape)?;
                self.preprocessing.append(&pixels, shape[2], values);
                label.into()
            } else {
                let target =
                    self.augmented(&mut picture, shape, count, epoch, index, &mut scratch)?;
                self.preprocessing.append_values(&mut scratch, shape[2], values);
                target
            });
        }
        Ok(())
    }

    /// The pictures that the batch of these `numbers` is made of: they and those that they
    /// are blended with.
    pub fn pictures(&self, count: usize, epoch: u32, numbers: &[u32]) -> Vec<u32> {
        let partner = |&number: &u32| self.mix(count, epoch, number as usize);
        let partners = numbers.iter().filter_map(partner).map(|(partner, _)| partner as u32);
        let mut pictures: Vec<u32> = numbers.iter().copied().chain(partners).collect();
        pictures.sort_unstable();
        pictures.dedup();
        pictures
    }

    /// The targets alone, which cost nothing: for a batch whose values were made elsewhere.
    ///
    /// # Errors
    /// What `label` gives.
    pub fn targets(
        &self,
        mut label: impl FnMut(usize) -> Result<u16>,
        count: usize,
        epoch: u32,
        numbers: &[u32],
    ) -> Result<Vec<Target>> {
        let target = |&number: &u32| {
            let own = label(number as usize)?;
            Ok(match self.mix(count, epoch, number as usize) {
                None => own.into(),
                Some((partner, share)) => Target { label: own, other: label(partner)?, share },
            })
        };
        numbers.iter().map(target).collect()
    }

    /// One training picture augmented, in place of what `into` holds: values from 0 to 255,
    /// row by row with channels innermost. See [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn augmented<'a>(
        &self,
        mut picture: impl FnMut(usize) -> Result<(Cow<'a, [u8]>, u16)>,
        shape: [usize; 3],
        count: usize,
        epoch: u32,
        index: usize,
        into: &mut Vec<f32>,
    ) -> Result<Target> {
        let (pixels, label) = sized(picture(index)?, shape)?;
        self.augmentation.apply(&self.draw(shape, epoch, index), &pixels, shape, into);
        let Some((partner, share)) = self.mix(count, epoch, index) else {
            return Ok(label.into());
        };
        let (pixels, other) = sized(picture(partner)?, shape)?;
        let mut blended = Vec::with_capacity(into.len());
        self.augmentation.apply(&self.draw(shape, epoch, partner), &pixels, shape, &mut blended);
        for (value, other) in into.iter_mut().zip(blended) {
            *value = other + (*value - other) * share;
        }
        Ok(Target { label, other, share })
    }

    pub(crate) fn draw(&self, shape: [usize; 3], epoch: u32, index: usize) -> Drawn {
        self.augmentation.draw(&mut stream(self.seed, 0, epoch, index), shape)
    }

    pub(crate) fn mix(&self, count: usize, epoch: u32, index: usize) -> Option<(usize, f32)> {
        self.augmentation.draw_mix(&mut stream(self.seed, 1, epoch, index), count)
    }

    /// The recipe as bytes, for another worker: JSON, then the whitening matrix.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A recipe has nothing that JSON cannot hold: its numbers were checked.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let length = json.len() as u32;
        let matrix = self.preprocessing.zca.iter().flat_map(|value| value.to_le_bytes());
        length.to_le_bytes().into_iter().chain(json).chain(matrix).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// `option` where the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read = || {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (json, matrix) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            let mut recipe: Self = serde_json::from_slice(json).ok()?;
            let (matrix, _) = matrix.as_chunks::<4>();
            let matrix: Vec<f32> = matrix.iter().map(|four| f32::from_le_bytes(*four)).collect();
            recipe.preprocessing.zca = matrix.into();
            Some(recipe)
        };
        read().ok_or_else(|| Error::option("These bytes are no recipe of a run.").field("recipe"))
    }
}

/// The training picture `index` as the first `count` epochs of a run with this seed would
/// show it to the network: pixels (height, width, channels) to look at, before rescaling and
/// standardising.
///
/// # Errors
/// `option` for a setting that makes no sense, naming its field, and where there is no such
/// picture.
pub fn preview(
    dataset: &Dataset,
    index: usize,
    count: usize,
    augmentation: &Augmentation,
    seed: u64,
) -> Result<Vec<Vec<u8>>> {
    augmentation.check(dataset.shape())?;
    let recipe = Recipe {
        seed,
        augmentation: augmentation.clone(),
        preprocessing: Preprocessing::default(),
    };
    let pictures = dataset.len(Split::Train);
    let mut values = Vec::new();
    (1..=count as u32)
        .map(|epoch| {
            let picture = |index| dataset.picture(Split::Train, index);
            recipe.augmented(picture, dataset.shape(), pictures, epoch, index, &mut values)?;
            Ok(values.iter().map(|value| value.round() as u8).collect())
        })
        .collect()
}

fn sized<'a>(
    (pixels, label): (Cow<'a, [u8]>, u16),
    shape: [usize; 3],
) -> Result<(Cow<'a, [u8]>, u16)> {
    if pixels.len() == shape.iter().product::<usize>() {
        return Ok((pixels, label));
    }
    Err(Error::option(format!("A picture has {} values; {shape:?} were expected.", pixels.len()))
        .field("pixels"))
}
