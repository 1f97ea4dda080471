//! What training on trial needs of a set that is lent to it.

use super::{Dataset, PerSplit, Split};

impl Dataset {
    /// The pictures of a split, as numbers in the order in which they were added.
    pub(crate) fn numbers(&self, split: Split) -> &[u32] {
        &self.splits[split]
    }

    /// The label of a picture by its number.
    pub(crate) fn label_of_number(&self, number: u32) -> u16 {
        self.about.labels[number as usize]
    }

    /// Takes another division for the present one, which it gives back.
    pub(crate) fn swap_splits(&mut self, splits: &mut PerSplit<Vec<u32>>) {
        std::mem::swap(&mut self.splits, splits);
    }

    /// A number that tells whether labels, shape or division have changed; without a look at
    /// the pixels, so that it may be asked for often.
    pub(crate) fn stamp(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        let mut add = |values: &mut dyn Iterator<Item = u32>| {
            let bytes: Vec<u8> = values.flat_map(u32::to_le_bytes).collect();
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        };
        add(&mut self.about.shape.iter().map(|&side| side as u32));
        add(&mut std::iter::once(self.about.classes.len() as u32));
        add(&mut self.about.labels.iter().map(|&label| u32::from(label)));
        for split in Split::ALL {
            add(&mut self.splits[split].iter().copied());
        }
        hasher.finalize()
    }
}
