//! What a data set is like: brightness, sizes, and pictures that stand in two splits.

use std::collections::HashMap;

use serde::Serialize;

use super::{Dataset, Split};
use crate::error::Result;

/// At most so many groups of equal pictures and of sizes are listed.
const MOST_GROUPS: usize = 100;
const MOST_SIZES: usize = 50;

/// What [`Dataset::statistics`] finds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statistics {
    /// Mean of each channel over the training pictures, 0 to 1.
    pub mean: Vec<f64>,
    /// Standard deviation of each channel over the training pictures, 0 to 1.
    pub std: Vec<f64>,
    /// Sizes before fitting, the most frequent first.
    pub sizes: Vec<Size>,
    /// Pictures with the same pixels in more than one split.
    pub duplicates: Duplicates,
    /// Pictures that were taken out.
    pub excluded: usize,
}

/// How many pictures had a size.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Size {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Pictures.
    pub count: usize,
}

/// Pictures that stand in more than one split: what was learned by heart would be measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Duplicates {
    /// Groups of equal pictures, listed or not.
    pub total: usize,
    /// The first of them.
    pub groups: Vec<Vec<Place>>,
}

/// Where a picture stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    /// In which split.
    pub split: Split,
    /// Its place there.
    pub index: usize,
    /// Its name.
    pub name: String,
}

impl Dataset {
    /// Reads every picture once and tells what the set is like.
    ///
    /// # Errors
    /// `storage` where pictures on disk cannot be read.
    pub fn statistics(&self) -> Result<Statistics> {
        let channels = self.shape()[2];
        let mut sums = vec![[0u64; 2]; channels];
        let mut sizes: HashMap<[u32; 2], usize> = HashMap::new();
        let mut alike: HashMap<u32, Vec<(Split, usize)>> = HashMap::new();
        for split in Split::ALL {
            for index in 0..self.len(split) {
                let (pixels, _) = self.picture(split, index)?;
                alike.entry(crc32fast::hash(&pixels)).or_default().push((split, index));
                *sizes.entry(self.original_size(split, index)?).or_default() += 1;
                if split == Split::Train {
                    for (channel, [sum, squares]) in sums.iter_mut().enumerate() {
                        for &value in pixels[channel..].iter().step_by(channels) {
                            *sum += u64::from(value);
                            *squares += u64::from(value) * u64::from(value);
                        }
                    }
                }
            }
        }
        let count = (self.len(Split::Train) * self.picture_bytes() / channels).max(1) as f64;
        let mean: Vec<f64> = sums.iter().map(|[sum, _]| *sum as f64 / count / 255.0).collect();
        let spread = |([_, squares], mean): (&[u64; 2], &f64)| {
            (*squares as f64 / count / 255.0 / 255.0 - mean * mean).max(0.0).sqrt()
        };
        let std = sums.iter().zip(&mean).map(spread).collect();
        let mut sizes: Vec<_> = sizes
            .into_iter()
            .map(|([height, width], count)| Size { width, height, count })
            .collect();
        sizes.sort_by_key(|size| (std::cmp::Reverse(size.count), size.width, size.height));
        sizes.truncate(MOST_SIZES);
        let duplicates = self.duplicates(alike.into_values())?;
        Ok(Statistics { mean, std, sizes, duplicates, excluded: self.about.excluded })
    }

    /// The groups of equal pictures among candidates whose checksums agree.
    fn duplicates(
        &self,
        candidates: impl Iterator<Item = Vec<(Split, usize)>>,
    ) -> Result<Duplicates> {
        let in_two_splits =
            |group: &[(Split, usize)]| group.iter().any(|(split, _)| *split != group[0].0);
        let mut found = Vec::new();
        for mut rest in candidates.filter(|group| in_two_splits(group)) {
            while let Some(&(split, index)) = rest.first() {
                let (pixels, _) = self.picture(split, index)?;
                let mut others = Vec::new();
                let mut group = Vec::new();
                for &(split, index) in &rest {
                    let equal = self.picture(split, index)?.0 == pixels;
                    if equal { &mut group } else { &mut others }.push((split, index));
                }
                if in_two_splits(&group) {
                    found.push(group);
                }
                rest = others;
            }
        }
        found.sort_by_key(|group| (group[0].0.name(), group[0].1));
        let total = found.len();
        let place = |(split, index): (Split, usize)| {
            self.picture_name(split, index).map(|name| Place { split, index, name })
        };
        let groups = found
            .into_iter()
            .take(MOST_GROUPS)
            .map(|group| group.into_iter().map(place).collect::<Result<_>>())
            .collect::<Result<_>>()?;
        Ok(Duplicates { total, groups })
    }
}
