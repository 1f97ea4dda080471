//! Labelled pictures in memory: contiguous bytes, labels, class names and splits.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};

/// Which part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What the weights are fitted to.
    Train,
    /// What is measured after each epoch, to see overfitting.
    Validation,
    /// What is measured once, at the end.
    Test,
}

impl Split {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Its name in the public contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// One number a split.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PerSplit<T> {
    /// Of the training pictures.
    pub train: T,
    /// Of the validation pictures.
    pub validation: T,
    /// Of the test pictures.
    pub test: T,
}

impl<T> PerSplit<T> {
    /// One value a split, made by a function.
    pub fn from_fn(mut make: impl FnMut(Split) -> T) -> Self {
        Self {
            train: make(Split::Train),
            validation: make(Split::Validation),
            test: make(Split::Test),
        }
    }
}

impl<T> std::ops::Index<Split> for PerSplit<T> {
    type Output = T;
    fn index(&self, split: Split) -> &T {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }
}

impl<T> std::ops::IndexMut<Split> for PerSplit<T> {
    fn index_mut(&mut self, split: Split) -> &mut T {
        match split {
            Split::Train => &mut self.train,
            Split::Validation => &mut self.validation,
            Split::Test => &mut self.test,
        }
    }
}

/// What the page shows of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DatasetInfo {
    /// Its name.
    pub name: String,
    /// The classes' names; a label is a place in this list.
    pub classes: Vec<String>,
    /// Height, width and channels of every picture.
    pub shape: [usize; 3],
    /// Pictures a split.
    pub splits: PerSplit<usize>,
    /// Pictures a split and class.
    pub counts: PerSplit<Vec<usize>>,
    /// What was passed over while loading.
    pub warnings: Vec<Warning>,
}

/// Something that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Warning {
    /// The file it stood in.
    pub file: String,
    /// What happened.
    pub message: String,
}

/// How to divide a data set anew. Shares are of the training pictures as they were loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitOptions {
    /// The share that becomes validation pictures, from 0 up to, but not including, 1.
    pub validation: f64,
    /// The share that becomes test pictures, for a set that came without any.
    pub test: f64,
    /// Repeats the draw.
    pub seed: u64,
}

/// Labelled pictures of one size, as bytes: `height * width * channels` a picture, row by
/// row, channels innermost.
#[derive(Clone, Debug)]
pub struct Dataset {
    name: String,
    classes: Vec<String>,
    shape: [usize; 3],
    pixels: Vec<u8>,
    labels: Vec<u16>,
    /// The pictures of each split as they were loaded.
    given: PerSplit<Vec<u32>>,
    /// The pictures of each split now.
    splits: PerSplit<Vec<u32>>,
    /// How `splits` came from `given`.
    divided: SplitOptions,
    warnings: Vec<Warning>,
}

impl Dataset {
    /// An empty data set of pictures of `shape` (height, width, channels).
    ///
    /// # Errors
    /// `option` where there are no classes, too many, or the shape is not of a picture.
    pub fn new(name: String, classes: Vec<String>, shape: [usize; 3]) -> Result<Self> {
        if classes.len() < 2 || classes.len() > usize::from(u16::MAX) {
            return Err(Error::option(format!(
                "A classifier needs from 2 to 65,535 classes; {name} has {}.",
                classes.len()
            ))
            .field("classes"));
        }
        let sides = [1..=4096, 1..=4096, 1..=3];
        if !shape.iter().zip(&sides).all(|(size, range)| range.contains(size)) || shape[2] == 2 {
            return Err(Error::option(format!(
                "Pictures of {} x {} with {} channels cannot be used; up to 4096 x 4096 with 1 or \
                 3 channels can.",
                shape[0], shape[1], shape[2]
            ))
            .field("shape"));
        }
        Ok(Self {
            name,
            classes,
            shape,
            pixels: Vec::new(),
            labels: Vec::new(),
            given: PerSplit::default(),
            splits: PerSplit::default(),
            divided: SplitOptions::default(),
            warnings: Vec::new(),
        })
    }

    /// Bytes of one picture.
    pub fn picture_bytes(&self) -> usize {
        self.shape.iter().product()
    }

    /// Adds pictures to a split: their labels, and their pixels one after another.
    ///
    /// # Errors
    /// `option` where a label has no class or the pixels are not so many pictures. Nothing
    /// is added then.
    pub fn push(&mut self, split: Split, labels: &[u8], pixels: &[u8]) -> Result<()> {
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= self.classes.len())
        {
            return Err(Error::option(format!(
                "A picture has label {label}, but there are {} classes.",
                self.classes.len()
            ))
            .field("label"));
        }
        if pixels.len() != labels.len() * self.picture_bytes() {
            return Err(Error::option(format!(
                "{} labels come with {} bytes of pixels; {} were expected.",
                labels.len(),
                pixels.len(),
                labels.len() * self.picture_bytes()
            ))
            .field("pixels"));
        }
        let first = self.labels.len() as u32;
        let new = first..first + labels.len() as u32;
        self.given[split].extend(new.clone());
        self.splits[split].extend(new);
        self.labels.extend(labels.iter().map(|label| u16::from(*label)));
        self.pixels.extend_from_slice(pixels);
        Ok(())
    }

    /// Makes room for so many more pictures, so that loading does not copy them again.
    pub fn reserve(&mut self, pictures: usize) {
        self.pixels.reserve_exact(pictures * self.picture_bytes());
        self.labels.reserve_exact(pictures);
    }

    /// Notes something that was passed over.
    pub fn warn(&mut self, file: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Warning { file: file.into(), message: message.into() });
    }

    /// Divides the training pictures as loaded anew, class by class, by a seeded draw.
    /// Splits that the set came with are kept.
    ///
    /// # Errors
    /// `option` naming the field where a share is not one, nothing would be left to train
    /// on, or the set has its own test pictures already. The division stays as it was then.
    pub fn split(&mut self, options: SplitOptions) -> Result<()> {
        let SplitOptions { validation, test, seed } = options;
        for (share, field) in [(validation, "validation"), (test, "test")] {
            if !(0.0..1.0).contains(&share) {
                return Err(Error::option(format!(
                    "{field} is a share from 0 up to, but not including, 1; it is {share}."
                ))
                .field(field));
            }
        }
        if validation + test >= 1.0 {
            return Err(Error::option(
                "Validation and test together take every picture; leave some to train on.",
            )
            .field("validation"));
        }
        if test > 0.0 && !self.given.test.is_empty() {
            return Err(Error::option(format!(
                "{} comes with its own {} test pictures; leave test out.",
                self.name,
                self.given.test.len()
            ))
            .field("test"));
        }
        let mut by_class = vec![Vec::new(); self.classes.len()];
        for &picture in &self.given.train {
            by_class[usize::from(self.labels[picture as usize])].push(picture);
        }
        let mut splits = PerSplit {
            train: Vec::with_capacity(self.given.train.len()),
            validation: self.given.validation.clone(),
            test: self.given.test.clone(),
        };
        for (class, pictures) in by_class.iter_mut().enumerate() {
            Stream::new(seed, Purpose::Split, 0, class as u64).shuffle(pictures);
            let count = |share: f64| (share * pictures.len() as f64).round() as usize;
            let (validation, test) = (count(validation), count(test));
            splits.validation.extend(&pictures[..validation]);
            splits.test.extend(&pictures[validation..validation + test]);
            splits.train.extend(&pictures[validation + test..]);
        }
        // Loaded order again: with nothing taken, training sees what it saw undivided.
        for split in Split::ALL {
            splits[split].sort_unstable();
        }
        self.splits = splits;
        self.divided = options;
        Ok(())
    }

    /// What the page shows of it.
    pub fn info(&self) -> DatasetInfo {
        DatasetInfo {
            name: self.name.clone(),
            classes: self.classes.clone(),
            shape: self.shape,
            splits: PerSplit::from_fn(|split| self.splits[split].len()),
            counts: PerSplit::from_fn(|split| {
                let mut counts = vec![0; self.classes.len()];
                for &picture in &self.splits[split] {
                    counts[usize::from(self.labels[picture as usize])] += 1;
                }
                counts
            }),
            warnings: self.warnings.clone(),
        }
    }

    /// The set's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The classes' names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Height, width and channels of every picture.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Number of pictures in a split.
    pub fn len(&self, split: Split) -> usize {
        self.splits[split].len()
    }

    /// The pixels of picture `index` of a split, and its label.
    ///
    /// # Errors
    /// `option` where there is no such picture.
    pub fn picture(&self, split: Split, index: usize) -> Result<(&[u8], u16)> {
        let Some(&place) = self.splits[split].get(index) else {
            return Err(Error::option(format!(
                "The {} split has {} pictures, counted from 0; there is no picture {index}.",
                split.name(),
                self.splits[split].len()
            ))
            .field("index"));
        };
        let (place, bytes) = (place as usize, self.picture_bytes());
        Ok((&self.pixels[place * bytes..][..bytes], self.labels[place]))
    }

    /// A number that tells data sets apart: a CRC-32 over the labels of the training split
    /// and a sample of its pixels, in order. A run that goes on checks it.
    pub fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for index in 0..self.len(Split::Train) {
            if let Ok((pixels, label)) = self.picture(Split::Train, index) {
                hasher.update(&label.to_le_bytes());
                if index % 97 == 0 {
                    hasher.update(pixels);
                }
            }
        }
        hasher.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred() -> Dataset {
        let classes = vec!["a".into(), "b".into()];
        let mut dataset = Dataset::new("hundred".into(), classes, [1, 2, 1]).unwrap();
        let labels: Vec<u8> = (0..100).map(|index| u8::from(index % 4 == 0)).collect();
        let pixels: Vec<u8> = (0..200).collect();
        dataset.push(Split::Train, &labels, &pixels).unwrap();
        dataset
    }

    #[test]
    fn splitting_is_stratified_seeded_and_undone_by_zero() {
        let mut dataset = hundred();
        let undivided = dataset.fingerprint();
        dataset.split(SplitOptions { validation: 0.2, test: 0.2, seed: 3 }).unwrap();
        let info = dataset.info();
        assert_eq!(info.splits, PerSplit { train: 60, validation: 20, test: 20 });
        assert_eq!(info.counts.validation, [15, 5]);
        let again = dataset.splits.clone();
        dataset.split(SplitOptions { validation: 0.2, test: 0.2, seed: 4 }).unwrap();
        assert_ne!(dataset.splits, again);
        dataset.split(SplitOptions { validation: 0.2, test: 0.2, seed: 3 }).unwrap();
        assert_eq!(dataset.splits, again);
        dataset.split(SplitOptions::default()).unwrap();
        assert_eq!(dataset.fingerprint(), undivided);
    }

    #[test]
    fn wrong_shares_name_the_field_and_change_nothing() {
        let mut dataset = hundred();
        dataset.push(Split::Test, &[0], &[1, 2]).unwrap();
        let before = dataset.info();
        for (validation, test, field) in [
            (1.0, 0.0, "validation"),
            (f64::NAN, 0.0, "validation"),
            (0.0, -0.1, "test"),
            (0.1, 0.1, "test"),
        ] {
            let error = dataset.split(SplitOptions { validation, test, seed: 0 }).unwrap_err();
            assert_eq!((error.code(), error.field_name()), ("option", Some(field)));
        }
        assert_eq!(dataset.info(), before);
    }

    #[test]
    fn a_label_without_a_class_is_refused() {
        let mut dataset = hundred();
        assert_eq!(dataset.push(Split::Train, &[2], &[0, 0]).unwrap_err().code(), "option");
        assert_eq!(dataset.push(Split::Train, &[1], &[0]).unwrap_err().code(), "option");
        assert_eq!(dataset.len(Split::Train), 100);
        assert!(dataset.picture(Split::Train, 100).is_err());
    }
}
