//! Labelled pictures in memory: contiguous bytes, labels, class names and splits.

mod edit;
#[cfg(feature = "tensors")]
mod lend;
pub mod statistics;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::data::pixels::{PixelFile, Pixels};
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

/// One value a split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Which splits the set came with.
    pub given: PerSplit<bool>,
    /// Bytes of pixels.
    pub bytes: u64,
    /// Whether they are on disk, because they are too many for memory.
    pub paged: bool,
    /// Pictures that were taken out.
    pub excluded: usize,
    /// What was passed over while loading.
    pub warnings: Vec<Warning>,
}

/// Something that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug)]
pub struct Dataset {
    about: About,
    pixels: Pixels,
    /// The pictures of each split now.
    splits: PerSplit<Vec<u32>>,
}

/// All of a data set but its pixels and its present division.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About {
    name: String,
    classes: Vec<String>,
    shape: [usize; 3],
    labels: Vec<u16>,
    /// The pictures' names, where the set has any.
    names: Vec<String>,
    /// Height and width that each picture had before it was fitted, where that is known.
    sizes: Vec<[u32; 2]>,
    /// The pictures of each split as they were loaded.
    given: PerSplit<Vec<u32>>,
    /// Pictures that were taken out.
    excluded: usize,
    warnings: Vec<Warning>,
}

/// Pictures to add to a data set: one label, split, name and size (height, width) before
/// fitting each, and their pixels one after another.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // told above
pub struct Pictures<'a> {
    pub labels: Cow<'a, [u16]>,
    pub splits: Cow<'a, [Split]>,
    pub names: Vec<String>,
    pub sizes: Cow<'a, [[u32; 2]]>,
    pub pixels: Cow<'a, [u8]>,
}

impl Dataset {
    /// An empty data set of pictures of `shape` (height, width, channels).
    ///
    /// # Errors
    /// `option` where there are no classes, too many, or the shape is not of a picture.
    pub fn new(name: String, classes: Vec<String>, shape: [usize; 3]) -> Result<Self> {
        let about = About {
            name,
            classes,
            shape,
            labels: Vec::new(),
            names: Vec::new(),
            sizes: Vec::new(),
            given: PerSplit::default(),
            excluded: 0,
            warnings: Vec::new(),
        };
        about.check()?;
        let pixels = Pixels::Memory(Vec::new());
        Ok(Self { about, pixels, splits: PerSplit::default() })
    }

    /// Keeps the pixels in a file from now on.
    ///
    /// # Errors
    /// `state` where there are some already.
    pub fn keep_in(&mut self, file: Box<dyn PixelFile>) -> Result<()> {
        if !self.pixels.is_empty() {
            return Err(Error::state("The set has pictures already; choose the file before."));
        }
        self.pixels = Pixels::File(file, 0);
        Ok(())
    }

    /// Bytes of one picture.
    pub fn picture_bytes(&self) -> usize {
        self.about.shape.iter().product()
    }

    /// Adds pictures to a split: their labels, and their pixels one after another.
    ///
    /// # Errors
    /// `option` where a label has no class or the pixels are not so many pictures, `quota`
    /// and `storage` where a file does not take them. Nothing is added then.
    pub fn push(&mut self, split: Split, labels: &[u16], pixels: &[u8]) -> Result<()> {
        self.push_pictures(Pictures {
            labels: labels.into(),
            splits: vec![split; labels.len()].into(),
            pixels: pixels.into(),
            ..Pictures::default()
        })
    }

    /// Adds pictures. Names and sizes may be missing altogether.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn push_pictures(&mut self, pictures: Pictures) -> Result<()> {
        let Pictures { labels, splits, names, sizes, pixels } = pictures;
        let About { classes, .. } = &self.about;
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= classes.len()) {
            return Err(Error::option(format!(
                "A picture has label {label}, but there are {} classes.",
                classes.len()
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
        let fits = |length: usize, what: &str| {
            if length == labels.len() {
                return Ok(());
            }
            let message = format!("{} labels come with {length} {what}.", labels.len());
            Err(Error::option(message).field(what))
        };
        fits(splits.len(), "splits")?;
        // Where one picture has a name or a size, each has.
        let first = self.about.labels.len();
        for (length, kept, what) in [
            (names.len(), self.about.names.len(), "names"),
            (sizes.len(), self.about.sizes.len(), "sizes"),
        ] {
            if length > 0 || kept > 0 {
                fits(length, what)?;
            }
        }
        self.pixels.append(&pixels)?;
        for (number, split) in (first as u32..).zip(splits.iter()) {
            self.about.given[*split].push(number);
            self.splits[*split].push(number);
        }
        let About { shape, labels: kept, names: kept_names, sizes: kept_sizes, .. } =
            &mut self.about;
        kept.extend_from_slice(&labels);
        if !names.is_empty() {
            kept_names.resize(first, String::new());
            kept_names.extend(names);
        }
        if !sizes.is_empty() {
            let [height, width, _] = *shape;
            kept_sizes.resize(first, [height as u32, width as u32]);
            kept_sizes.extend_from_slice(&sizes);
        }
        Ok(())
    }

    /// Makes room for so many more pictures, so that loading does not copy them again.
    pub fn reserve(&mut self, pictures: usize) {
        let bytes = pictures.saturating_mul(self.picture_bytes());
        if let Pixels::Memory(pixels) = &mut self.pixels {
            // What cannot be had at once is asked for again, piece by piece.
            let _ = pixels.try_reserve_exact(bytes);
        }
    }

    /// Notes something that was passed over.
    pub fn warn(&mut self, file: impl Into<String>, message: impl Into<String>) {
        self.about.warnings.push(Warning { file: file.into(), message: message.into() });
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
        let About { name, given, .. } = &self.about;
        for (share, given, field) in
            [(validation, &given.validation, "validation"), (test, &given.test, "test")]
        {
            if share > 0.0 && !given.is_empty() {
                return Err(Error::option(format!(
                    "{name} comes with its own {} {field} pictures; leave {field} out.",
                    given.len()
                ))
                .field(field));
            }
        }
        let mut by_class = vec![Vec::new(); self.about.classes.len()];
        for &picture in &self.about.given.train {
            by_class[usize::from(self.about.labels[picture as usize])].push(picture);
        }
        let mut splits = PerSplit {
            train: Vec::with_capacity(self.about.given.train.len()),
            validation: self.about.given.validation.clone(),
            test: self.about.given.test.clone(),
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
        Ok(())
    }

    /// What the page shows of it.
    pub fn info(&self) -> DatasetInfo {
        let About { name, classes, shape, given, excluded, warnings, .. } = &self.about;
        DatasetInfo {
            name: name.clone(),
            classes: classes.clone(),
            shape: *shape,
            splits: PerSplit::from_fn(|split| self.splits[split].len()),
            counts: PerSplit::from_fn(|split| {
                let mut counts = vec![0; classes.len()];
                for &picture in &self.splits[split] {
                    counts[self.label(picture)] += 1;
                }
                counts
            }),
            given: PerSplit::from_fn(|split| !given[split].is_empty()),
            bytes: self.pixels.len(),
            paged: matches!(self.pixels, Pixels::File(..)),
            excluded: *excluded,
            warnings: warnings.clone(),
        }
    }

    /// The set's name.
    pub fn name(&self) -> &str {
        &self.about.name
    }

    /// The classes' names.
    pub fn classes(&self) -> &[String] {
        &self.about.classes
    }

    /// Height, width and channels of every picture.
    pub fn shape(&self) -> [usize; 3] {
        self.about.shape
    }

    /// Number of pictures in a split.
    pub fn len(&self, split: Split) -> usize {
        self.splits[split].len()
    }

    /// The pixels of picture `index` of a split, and its label.
    ///
    /// # Errors
    /// `option` where there is no such picture, `storage` where it cannot be read.
    pub fn picture(&self, split: Split, index: usize) -> Result<(Cow<'_, [u8]>, u16)> {
        let place = self.place(split, index)?;
        let bytes = self.picture_bytes();
        let pixels = self.pixels.read(place as u64 * bytes as u64, bytes)?;
        Ok((pixels, self.about.labels[place]))
    }

    /// The name of picture `index` of a split: its file's, or one that says where it stands.
    ///
    /// # Errors
    /// `option` where there is no such picture.
    pub fn picture_name(&self, split: Split, index: usize) -> Result<String> {
        let place = self.place(split, index)?;
        let name = self.about.names.get(place).filter(|name| !name.is_empty());
        Ok(name.cloned().unwrap_or_else(|| format!("{} {} {index}", self.about.name, split.name())))
    }

    /// Height and width that picture `index` of a split had before it was fitted.
    ///
    /// # Errors
    /// `option` where there is no such picture.
    pub fn original_size(&self, split: Split, index: usize) -> Result<[u32; 2]> {
        let place = self.place(split, index)?;
        let [height, width, _] = self.about.shape;
        Ok(self.about.sizes.get(place).copied().unwrap_or([height as u32, width as u32]))
    }

    /// The places in a split of the pictures of one class, or of all.
    pub fn indices(&self, split: Split, label: Option<u16>) -> impl Iterator<Item = usize> {
        let of_class =
            move |picture: u32| label.is_none_or(|label| self.label(picture) == usize::from(label));
        let pictures = self.splits[split].iter().enumerate();
        pictures.filter(move |(_, picture)| of_class(**picture)).map(|(index, _)| index)
    }

    /// The label of picture `index` of a split; its pixels stay where they are.
    ///
    /// # Errors
    /// `option` where there is no such picture.
    pub fn label_of(&self, split: Split, index: usize) -> Result<u16> {
        Ok(self.about.labels[self.place(split, index)?])
    }

    fn label(&self, picture: u32) -> usize {
        usize::from(self.about.labels[picture as usize])
    }

    fn place(&self, split: Split, index: usize) -> Result<usize> {
        self.splits[split].get(index).map(|place| *place as usize).ok_or_else(|| {
            Error::option(format!(
                "The {} split has {} pictures, counted from 0; there is no picture {index}.",
                split.name(),
                self.splits[split].len()
            ))
            .field("index")
        })
    }

    /// A number that tells data sets apart: a CRC-32 over the labels of the training split
    /// and a sample of its pixels, in order. A run that goes on checks it.
    pub fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for index in 0..self.len(Split::Train) {
            if let Ok((pixels, label)) = self.picture(Split::Train, index) {
                hasher.update(&label.to_le_bytes());
                if index % 97 == 0 {
                    hasher.update(&pixels);
                }
            }
        }
        hasher.finalize()
    }
}

impl About {
    fn check(&self) -> Result<()> {
        let Self { name, classes, shape, .. } = self;
        if classes.is_empty() || classes.len() > usize::from(u16::MAX) {
            return Err(Error::option(format!(
                "A data set has from 1 to 65,535 classes; {name} has {}.",
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundred() -> Dataset {
        let classes = vec!["a".into(), "b".into()];
        let mut dataset = Dataset::new("hundred".into(), classes, [1, 2, 1]).unwrap();
        let labels: Vec<u16> = (0..100).map(|index| u16::from(index % 4 == 0)).collect();
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

    fn three() -> Dataset {
        let classes = ["cat", "dog", "owl"].map(String::from).to_vec();
        let mut dataset = Dataset::new("three".into(), classes, [1, 1, 3]).unwrap();
        dataset
            .push_pictures(Pictures {
                labels: vec![0, 1, 2, 2, 1].into(),
                splits: vec![Split::Train, Split::Train, Split::Train, Split::Test, Split::Test]
                    .into(),
                names: ["a", "b", "c", "d", "e"].map(String::from).to_vec(),
                sizes: vec![[3, 4]; 5].into(),
                pixels: vec![0, 0, 0, 255, 0, 0, 9, 9, 9, 9, 9, 9, 1, 1, 1].into(),
            })
            .unwrap();
        dataset
    }

    #[test]
    fn classes_are_renamed_merged_and_dropped() {
        let mut dataset = three();
        dataset.rename_class(0, " kitten ").unwrap();
        assert_eq!(dataset.rename_class(0, "dog").unwrap_err().field_name(), Some("name"));
        assert_eq!(dataset.rename_class(3, "x").unwrap_err().field_name(), Some("label"));
        dataset.merge_classes(0, 2).unwrap();
        let info = dataset.info();
        assert_eq!(info.classes, ["dog", "owl"]);
        assert_eq!((info.counts.train, info.counts.test), (vec![1, 2], vec![1, 1]));
        assert_eq!(dataset.drop_class(0).unwrap_err().code(), "option");

        let mut dataset = three();
        dataset.drop_class(1).unwrap();
        let info = dataset.info();
        assert_eq!(info.classes, ["cat", "owl"]);
        assert_eq!((info.counts.train, info.counts.test), (vec![1, 1], vec![0, 1]));
        assert_eq!(info.excluded, 2);
        assert_eq!(dataset.picture_name(Split::Train, 1).unwrap(), "c");
    }

    #[test]
    fn a_picture_is_excluded_or_relabelled() {
        let mut dataset = three();
        dataset.exclude(Split::Train, 1).unwrap();
        dataset.relabel(Split::Train, 1, 0).unwrap();
        assert_eq!(dataset.indices(Split::Train, Some(0)).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(dataset.indices(Split::Train, None).count(), 2);
        dataset.exclude(Split::Train, 0).unwrap();
        assert_eq!(dataset.exclude(Split::Train, 0).unwrap_err().code(), "data-missing");
        assert_eq!(dataset.exclude(Split::Test, 9).unwrap_err().field_name(), Some("index"));
    }

    #[test]
    fn statistics_tell_means_sizes_and_duplicates_over_splits() {
        let found = three().statistics().unwrap();
        assert!((found.mean[0] - 264.0 / 3.0 / 255.0).abs() < 1e-12);
        assert!((found.mean[1] - 9.0 / 3.0 / 255.0).abs() < 1e-12);
        let variance = (0.0 + 255.0f64.powi(2) + 81.0) / 3.0 - 88.0f64.powi(2);
        assert!((found.std[0] - variance.sqrt() / 255.0).abs() < 1e-12);
        assert_eq!(found.sizes, [statistics::Size { width: 4, height: 3, count: 5 }]);
        assert_eq!(found.duplicates.total, 1);
        let names: Vec<_> = found.duplicates.groups[0].iter().map(|place| &place.name).collect();
        assert_eq!(names, ["c", "d"]);
    }

    #[test]
    fn a_kept_set_comes_back_as_it_was() {
        let mut dataset = three();
        dataset.exclude(Split::Test, 1).unwrap();
        dataset.split(SplitOptions { validation: 0.5, test: 0.0, seed: 1 }).unwrap();
        // Divided anew, it would fall apart differently after this.
        dataset.relabel(Split::Validation, 0, 2).unwrap();
        let mut again = Dataset::from_header(&dataset.header()).unwrap();
        again.restore_pixels(&dataset.pixels_of(0, 3).unwrap()).unwrap();
        assert_eq!(again.check_restored().unwrap_err().code(), "storage");
        again.restore_pixels(&dataset.pixels_of(3, 99).unwrap()).unwrap();
        again.check_restored().unwrap();
        assert_eq!(again.info(), dataset.info());
        assert_eq!(again.fingerprint(), dataset.fingerprint());
        let damaged = String::from_utf8(dataset.header()).unwrap().replace("[2,1,2,2,1]", "[0,7]");
        assert_eq!(Dataset::from_header(damaged.as_bytes()).unwrap_err().code(), "storage");
        assert_eq!(Dataset::from_header(b"junk").unwrap_err().code(), "storage");
    }

    #[test]
    fn pictures_are_added_with_new_classes() {
        let mut dataset = three();
        let classes = ["cat", "dog", "owl", "fox"].map(String::from).to_vec();
        let fox = || Pictures {
            labels: vec![3].into(),
            splits: vec![Split::Train].into(),
            names: vec!["f".into()],
            sizes: vec![[1, 1]].into(),
            pixels: vec![5, 5, 5].into(),
        };
        assert_eq!(dataset.add(classes[1..].to_vec(), fox()).unwrap_err().code(), "option");
        let short = Pictures { pixels: vec![5].into(), ..fox() };
        assert_eq!(dataset.add(classes.clone(), short).unwrap_err().code(), "option");
        assert_eq!(dataset.classes().len(), 3);
        dataset.add(classes, fox()).unwrap();
        assert_eq!(dataset.info().counts.train, [1, 1, 1, 1]);
    }

    /// A file that holds so many bytes and no more.
    #[derive(Debug)]
    struct Disk(Vec<u8>, usize);

    impl PixelFile for Disk {
        fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
            let from = offset as usize;
            let bytes = self.0.get(from..from + into.len());
            into.copy_from_slice(bytes.ok_or(std::io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }

        fn write_at(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
            if offset as usize + bytes.len() > self.1 {
                return Err(std::io::ErrorKind::QuotaExceeded.into());
            }
            self.0.truncate(offset as usize);
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn a_set_on_disk_is_the_same_set_and_a_full_disk_adds_nothing() {
        let classes = vec!["a".into(), "b".into()];
        let mut paged = Dataset::new("hundred".into(), classes, [1, 2, 1]).unwrap();
        paged.keep_in(Box::new(Disk(Vec::new(), 200))).unwrap();
        let labels: Vec<u16> = (0..100).map(|index| u16::from(index % 4 == 0)).collect();
        let pixels: Vec<u8> = (0..200).collect();
        paged.push(Split::Train, &labels, &pixels).unwrap();
        let memory = hundred();
        assert_eq!(paged.fingerprint(), memory.fingerprint());
        assert_eq!(paged.statistics().unwrap(), memory.statistics().unwrap());
        assert!(paged.info().paged);
        let error = paged.push(Split::Train, &[0], &[1, 2]).unwrap_err();
        assert_eq!(error.code(), "quota");
        assert_eq!(paged.len(Split::Train), 100);
    }
}
