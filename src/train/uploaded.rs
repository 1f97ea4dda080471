//! A data set on a graphics processor: its pictures are uploaded once, and every batch is gathered,
//! augmented and standardised there, of which the few numbers that were drawn for it are all that a
//! step sends.
//!
//! What needs a look at the whole of an augmented picture (a shift of its channels, contrast, its own
//! mean and deviation, whitening) is left to the CPU, whose way ([`Recipe::prepare`]) is also what the
//! tests hold this against.

use burn::tensor::{Device, Tensor};

use crate::data::augment::{RESCALE, cut};
use crate::data::dataset::{Dataset, Split};
use crate::data::prepare::{Recipe, StepPlan};
use crate::data::preprocess::{EPSILON, Preprocessing};
use crate::error::Result;
use crate::fast::{Bytes, Gather};

/// The most bytes that are kept there: others want of its memory too.
const MOST_BYTES: usize = 256 << 20;

/// Bytes that are uploaded at a time.
const PIECE: usize = 4 << 20;

/// The pictures of a data set, on a graphics processor. Clones share them.
#[derive(Clone, Debug)]
pub struct Uploaded {
    bytes: Bytes,
    shape: [usize; 3],
    pictures: usize,
}

impl Uploaded {
    /// Uploads a data set, or goes on with what was uploaded of it `before`; nothing where another
    /// device computes or there are too many pictures.
    ///
    /// # Errors
    /// `storage` where pictures cannot be read.
    pub fn of(dataset: &Dataset, device: &Device, before: Option<Self>) -> Result<Option<Self>> {
        let (pictures, shape) = (dataset.expected(), dataset.shape());
        if before
            .as_ref()
            .is_some_and(|before| before.pictures == pictures && before.shape == shape)
        {
            return Ok(before);
        }
        let each = dataset.picture_bytes();
        let length = pictures.saturating_mul(each);
        if length > MOST_BYTES {
            return Ok(None);
        }
        let Some(bytes) = Bytes::new(length, device) else { return Ok(None) };
        // Any number of fours of pictures begins at a multiple of four bytes.
        let some = PIECE.div_ceil(each).next_multiple_of(4);
        for first in (0..pictures).step_by(some) {
            bytes.write(first * each, &dataset.pixels_of(first, some)?);
        }
        Ok(Some(Self { bytes, shape, pictures }))
    }

    /// Whether batches of this recipe are made there.
    pub fn covers(recipe: &Recipe) -> bool {
        let Recipe { augmentation, preprocessing, .. } = recipe;
        Self::standardizes(preprocessing)
            && augmentation.channel_shift_range == 0.0
            && augmentation.color_jitter.contrast == 0.0
    }

    fn standardizes(preprocessing: &Preprocessing) -> bool {
        let Preprocessing { samplewise_center, samplewise_std_normalization, .. } = preprocessing;
        !samplewise_center && !samplewise_std_normalization && preprocessing.zca_epsilon.is_none()
    }

    /// The pictures of a training step `[batch, channels, height, width]`, which
    /// [`covers`](Self::covers) the recipe.
    pub fn batch(&self, dataset: &Dataset, recipe: &Recipe, plan: &StepPlan) -> Tensor<4> {
        let Self { shape, .. } = *self;
        let Recipe { augmentation, preprocessing, .. } = recipe;
        let of_split = dataset.numbers(Split::Train);
        let mixed = augmentation.mixup > 0.0;
        let mut drawn = Vec::with_capacity(plan.numbers.len() * 2 * Gather::DRAWN);
        for &place in &plan.numbers {
            let index = place as usize;
            let mix = recipe.mix(of_split.len(), plan.epoch, index);
            let (partner, share) = mix.unwrap_or((index, 1.0));
            for (index, share) in
                [(index, share), (partner, 1.0 - share)].into_iter().take(1 + usize::from(mixed))
            {
                let found = recipe.draw(shape, plan.epoch, index);
                let [down, across] = found.matrix(shape);
                let [brightness, _, saturation, hue] = found.jitter.unwrap_or_default();
                let [rows, columns] = match found.cutout {
                    Some([row, column]) => {
                        let side = augmentation.cutout;
                        [cut(row, side, shape[0]), cut(column, side, shape[1])]
                    }
                    None => [0..0, 0..0],
                };
                drawn.extend([of_split[index] as f32, share]);
                drawn.extend([down, across].as_flattened().iter().map(|&number| number as f32));
                let factor = found.brightness.unwrap_or(-1.0);
                drawn.extend([factor, brightness, saturation, hue].map(|number| number as f32));
                drawn.extend(
                    [rows, columns].iter().flat_map(|span| [span.start as f32, span.end as f32]),
                );
            }
        }
        let fill = (!augmentation.does_nothing()).then_some(augmentation.fill_mode);
        let sources = 1 + usize::from(mixed);
        let gather = Gather { shape, fill, sources, by_255: preprocessing.rescale == RESCALE };
        gather.run(&self.bytes, drawn, constants(preprocessing, augmentation.cval))
    }

    /// Pictures as they are, by their numbers in the data set, to measure with; nothing where the CPU
    /// standardises them.
    pub fn pictures(&self, numbers: &[u32], preprocessing: &Preprocessing) -> Option<Tensor<4>> {
        if !Self::standardizes(preprocessing) {
            return None;
        }
        let mut drawn = vec![0.0; numbers.len() * Gather::DRAWN];
        for (row, &number) in drawn.chunks_exact_mut(Gather::DRAWN).zip(numbers) {
            row[0] = number as f32;
        }
        let by_255 = preprocessing.rescale == RESCALE;
        let gather = Gather { shape: self.shape, fill: None, sources: 1, by_255 };
        Some(gather.run(&self.bytes, drawn, constants(preprocessing, 0.0)))
    }
}

/// What the shader is told of all pictures.
fn constants(preprocessing: &Preprocessing, cval: f64) -> [f32; 8] {
    let Preprocessing { rescale, mean, std, .. } = preprocessing;
    let mean = |channel: usize| mean.get(channel).copied().unwrap_or(0.0);
    let std = |channel: usize| std.get(channel).map_or(1.0, |std| std + EPSILON);
    let (rescale, cval) = (*rescale as f32, cval as f32);
    [rescale, cval, mean(0), mean(1), mean(2), std(0), std(1), std(2)]
}
