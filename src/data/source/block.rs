//! What looking through the files leaves behind: files of pixels, and what is told of them.

use std::collections::BTreeMap;

use super::Layout;
use crate::data::bytes::Place;
use crate::data::dataset::{Split, Warning};

/// A file of pixels.
pub(super) struct Block {
    pub path: String,
    pub place: Place,
    pub split: Split,
    pub layout: Layout,
    /// Where each picture or line starts, and where the last one ends.
    pub starts: Starts,
    /// One a picture or line; [`SKIP`] where it is none.
    pub labels: Vec<u16>,
}

pub(super) enum Starts {
    Regular { first: u64, stride: u64 },
    Listed(Vec<u64>),
}

impl Starts {
    pub fn of(&self, index: usize) -> u64 {
        match self {
            Self::Regular { first, stride } => first + stride * index as u64,
            Self::Listed(starts) => starts[index],
        }
    }
}

/// Warnings, of which each file has a hundred at most.
#[derive(Default)]
pub(super) struct Notes {
    list: Vec<Warning>,
    of_file: BTreeMap<String, usize>,
}

impl Notes {
    const MOST: usize = 100;

    pub fn add(&mut self, file: &str, message: impl Into<String>) {
        let count = self.of_file.entry(file.to_owned()).or_default();
        *count += 1;
        if *count <= Self::MOST {
            self.list.push(Warning { file: file.to_owned(), message: message.into() });
        }
    }

    pub fn finish(mut self) -> Vec<Warning> {
        for (file, count) in self.of_file {
            if count > Self::MOST {
                let message = format!("{} more like these.", count - Self::MOST);
                self.list.push(Warning { file, message });
            }
        }
        self.list
    }
}
