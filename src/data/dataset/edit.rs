//! What a person changes in a data set after looking at it: names, classes, single pictures.

use super::{About, Dataset, PerSplit, Pictures, Split};
use crate::error::{Error, Result};

impl Dataset {
    /// Gives a class another name.
    ///
    /// # Errors
    /// `option` where there is no such class, the name is empty or another class has it.
    pub fn rename_class(&mut self, label: usize, name: &str) -> Result<()> {
        self.check_class(label, "label")?;
        let name = name.trim();
        if name.is_empty() {
            return Err(Error::option("A class needs a name.").field("name"));
        }
        let classes = &mut self.about.classes;
        if classes.iter().enumerate().any(|(other, taken)| other != label && taken == name) {
            return Err(Error::option(format!(
                "Another class is called {name} already; merge the two or choose another name."
            ))
            .field("name"));
        }
        classes[label] = name.into();
        Ok(())
    }

    /// Gives the pictures of class `from` to class `into`; the labels above `from` move down.
    ///
    /// # Errors
    /// `option` where there is no such class, both are the same, or fewer than two would be
    /// left.
    pub fn merge_classes(&mut self, from: usize, into: usize) -> Result<()> {
        self.check_class(from, "from")?;
        self.check_class(into, "into")?;
        if from == into {
            return Err(Error::option("A class cannot be merged with itself.").field("into"));
        }
        self.check_enough_without_one()?;
        for label in &mut self.about.labels {
            if usize::from(*label) == from {
                *label = into as u16;
            }
        }
        self.remove_class(from);
        Ok(())
    }

    /// Takes out a class with its pictures; the labels above it move down.
    ///
    /// # Errors
    /// `option` where there is no such class or fewer than two would be left, `data-missing`
    /// where nothing would be left to train on.
    pub fn drop_class(&mut self, label: usize) -> Result<()> {
        self.check_class(label, "label")?;
        self.check_enough_without_one()?;
        if !self.splits.train.iter().any(|&picture| self.label(picture) != label) {
            return Err(Error::data_missing(
                "The other classes have no training pictures; nothing would be left to train on.",
            ));
        }
        let labels = &self.about.labels;
        let stays = |picture: &u32| usize::from(labels[*picture as usize]) != label;
        for split in Split::ALL {
            let before = self.about.given[split].len();
            self.about.given[split].retain(stays);
            self.about.excluded += before - self.about.given[split].len();
            self.splits[split].retain(stays);
        }
        self.remove_class(label);
        Ok(())
    }

    /// Takes out one picture of a split.
    ///
    /// # Errors
    /// `option` where there is no such picture, `data-missing` for the last training picture.
    pub fn exclude(&mut self, split: Split, index: usize) -> Result<()> {
        let place = self.place(split, index)? as u32;
        if split == Split::Train && self.splits.train.len() == 1 {
            return Err(Error::data_missing("The last training picture cannot be taken out."));
        }
        for kept in Split::ALL {
            self.about.given[kept].retain(|&picture| picture != place);
            self.splits[kept].retain(|&picture| picture != place);
        }
        self.about.excluded += 1;
        Ok(())
    }

    /// Gives one picture of a split another label.
    ///
    /// # Errors
    /// `option` where there is no such picture or class.
    pub fn relabel(&mut self, split: Split, index: usize, label: usize) -> Result<()> {
        self.check_class(label, "label")?;
        let place = self.place(split, index)?;
        self.about.labels[place] = label as u16;
        Ok(())
    }

    /// Adds pictures to a set in use; `classes` is the whole new list, the present ones first.
    ///
    /// # Errors
    /// `option` where the list does not begin with the present classes; else as
    /// [`push`](Self::push). Nothing is added then.
    pub fn add(&mut self, classes: Vec<String>, pictures: Pictures) -> Result<()> {
        if !classes.starts_with(&self.about.classes) {
            return Err(Error::option(
                "The list of classes has to begin with those that the set has already.",
            )
            .field("classes"));
        }
        let before = std::mem::replace(&mut self.about.classes, classes);
        let added = self.about.check().and_then(|()| self.push_pictures(pictures));
        if added.is_err() {
            self.about.classes = before;
        }
        added
    }

    fn check_class(&self, label: usize, field: &str) -> Result<()> {
        let classes = self.about.classes.len();
        if label >= classes {
            return Err(Error::option(format!(
                "There are {classes} classes, counted from 0; there is no class {label}."
            ))
            .field(field));
        }
        Ok(())
    }

    fn check_enough_without_one(&self) -> Result<()> {
        if self.about.classes.len() <= 2 {
            return Err(Error::option("A classifier needs two classes, and there are no more.")
                .field("label"));
        }
        Ok(())
    }

    fn remove_class(&mut self, removed: usize) {
        self.about.classes.remove(removed);
        for label in &mut self.about.labels {
            if usize::from(*label) > removed {
                *label -= 1;
            }
        }
    }

    /// All but the pixels, as JSON; [`from_header`](Self::from_header) reads it.
    pub fn header(&self) -> Vec<u8> {
        // Plain numbers and texts always can be written.
        serde_json::to_vec(&(&self.about, &self.splits)).unwrap_or_default()
    }

    /// A set whose header was kept; its pixels are still to be put back.
    ///
    /// # Errors
    /// `storage` where the header is damaged.
    pub fn from_header(header: &[u8]) -> Result<Self> {
        let damaged = |reason: String| {
            Error::storage(format!(
                "The set kept in this browser is damaged ({reason}). Forget it and load the \
                 pictures again."
            ))
        };
        let (about, splits): (About, PerSplit<Vec<u32>>) =
            serde_json::from_slice(header).map_err(|error| damaged(error.to_string()))?;
        about.check().map_err(|error| damaged(error.to_string()))?;
        let count = about.labels.len();
        let whole = |length: usize| length == 0 || length == count;
        let known = |pictures: &Vec<u32>| pictures.iter().all(|&place| (place as usize) < count);
        let labelled = about.labels.iter().all(|&label| usize::from(label) < about.classes.len());
        let places =
            Split::ALL.iter().all(|&split| known(&about.given[split]) && known(&splits[split]));
        // Labels of pictures that were taken out with their class may name none.
        let labelled = labelled || about.excluded > 0;
        if !whole(about.names.len()) || !whole(about.sizes.len()) || !places || !labelled {
            return Err(damaged("its parts do not fit together".into()));
        }
        let mut dataset = Self::new(about.name.clone(), about.classes.clone(), about.shape)?;
        (dataset.about, dataset.splits) = (about, splits);
        Ok(dataset)
    }

    /// The pixels of `count` pictures from `first` on, in the order in which they were added.
    ///
    /// # Errors
    /// `storage` where they cannot be read.
    pub fn pixels_of(&self, first: usize, count: usize) -> Result<std::borrow::Cow<'_, [u8]>> {
        let count = count.min(self.about.labels.len().saturating_sub(first));
        let bytes = self.picture_bytes();
        self.pixels.read(first as u64 * bytes as u64, count * bytes)
    }

    /// Pictures that a header names, whether their pixels are there yet or not.
    pub fn expected(&self) -> usize {
        self.about.labels.len()
    }

    /// Puts back pixels in the order in which [`pixels_of`](Self::pixels_of) gave them.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn restore_pixels(&mut self, pixels: &[u8]) -> Result<()> {
        self.pixels.append(pixels)
    }

    /// Whether all pixels are back.
    ///
    /// # Errors
    /// `storage` where some are missing.
    pub fn check_restored(&self) -> Result<()> {
        let wanted = self.about.labels.len() as u64 * self.picture_bytes() as u64;
        if self.pixels.len() != wanted {
            return Err(Error::storage(format!(
                "The set kept in this browser has {} bytes of pixels instead of {wanted}. Forget \
                 it and load the pictures again.",
                self.pixels.len()
            )));
        }
        Ok(())
    }
}
