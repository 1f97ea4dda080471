//! What was dropped: which pictures it holds, in which classes and splits, and their pixels.
//!
//! [`Source::plan`] looks through files, folders and archives and lists every picture;
//! [`Source::read`] gives the pixels, a chunk of the list at a time. A plan is all that
//! reading needs: made by one worker and sent to others, it gives the same pictures in the
//! same order everywhere. Files are known by their content where a name does not tell.

mod block;
mod draft;
mod pictures;
mod pixels;
mod tree;

use std::rc::Rc;

use serde::{Deserialize, Serialize};

pub use super::bytes::ReadAt;
use super::bytes::{Files, Place, explain};
pub use super::csv::LabelColumn;
use super::csv::{Columns, clean};
use super::decode::{self, Picture};
pub use super::decode::{Filter, Fit};
use super::folder;
use crate::data::dataset::{PerSplit, Split, Warning};
use crate::error::{Error, Result};
use draft::Draft;
use tree::Tree;

/// A dropped file.
pub struct Dropped {
    /// Where it lay in what was dropped: `photos/train/CAT/1.jpg`.
    pub path: String,
    /// Its bytes.
    pub bytes: Box<dyn ReadAt>,
}

/// Whether pictures have colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Color {
    /// Red, green and blue.
    Rgb,
    /// One value a pixel.
    Grayscale,
}

/// How to read what was dropped. What is left out is found in the files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadOptions {
    /// Height and width of every picture; else as the pictures suggest.
    pub size: Option<[usize; 2]>,
    /// Else grey, if every picture looked at is.
    pub color: Option<Color>,
    /// What is done with a picture of another shape.
    pub fit: Fit,
    /// How its pixels are weighed then.
    pub filter: Filter,
    /// The column of a table that holds the labels.
    pub label_column: Option<LabelColumn>,
    /// The class of pictures that lie in no folder. With it, one class is enough.
    pub class_name: Option<String>,
    /// At most so many pictures of each split, spread evenly over its classes.
    pub limit: Option<usize>,
}

/// What reading gives, and all that it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What to call the set.
    pub name: String,
    /// What was found, in a few words: "a folder of pictures".
    pub kind: String,
    /// Whether a table is among the files, so that its label column can be chosen.
    pub table: bool,
    /// The classes' names; a label is a place in this list.
    pub classes: Vec<String>,
    /// Height, width and channels of every picture.
    pub shape: [usize; 3],
    /// Pictures a split, if all can be read.
    pub splits: PerSplit<usize>,
    /// Pictures a split and class, if all can be read.
    pub counts: PerSplit<Vec<usize>>,
    /// The pictures, in their order.
    pub chunks: Vec<Chunk>,
    /// What was passed over.
    pub warnings: Vec<Warning>,
    /// Bytes to read in all.
    pub bytes: u64,
    /// How to read.
    pub options: ReadOptions,
}

/// Pictures that are read together: at most 256, of about 4 MB or 8 MB of pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Chunks with the same number are read by one worker, in order: they lie in one
    /// compressed file. Those without a number are read by any worker at any time.
    pub lane: Option<u32>,
    /// How many pictures, if all can be read.
    pub pictures: usize,
    /// Bytes to read.
    pub bytes: u64,
    items: Items,
}

/// What a chunk is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Items {
    /// Encoded pictures.
    #[serde(rename = "f")]
    Files(Vec<Item>),
    /// Pixels, one picture after another.
    #[serde(rename = "r")]
    Run(Run),
}

/// An encoded picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Item {
    #[serde(rename = "p")]
    path: String,
    #[serde(rename = "a")]
    place: Place,
    #[serde(rename = "l")]
    label: u16,
    #[serde(rename = "s")]
    split: Split,
}

/// The label of what is no picture, or not to be read.
const SKIP: u16 = u16::MAX;

/// Part of a file of pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Run {
    path: String,
    place: Place,
    split: Split,
    layout: Layout,
    /// The number of its first picture, or its first line, counted from 0.
    first: usize,
    /// One a picture or line; [`SKIP`] where none is read.
    labels: Vec<u16>,
}

/// How pixels are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Layout {
    /// As bytes, behind `skip` others.
    Bytes {
        skip: usize,
        /// Channel after channel instead of pixel after pixel.
        planar: bool,
        shape: [usize; 3],
    },
    /// As lines of a table.
    Rows(Columns),
}

impl Layout {
    fn shape(&self) -> [usize; 3] {
        match self {
            Self::Bytes { shape, .. } => *shape,
            Self::Rows(columns) => columns.shape,
        }
    }
}

/// The pictures of a chunk, one entry each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pictures {
    /// Places in the plan's classes.
    pub labels: Vec<u16>,
    /// Their splits.
    pub splits: Vec<Split>,
    /// What to call them: the path, or the file and the row.
    pub names: Vec<String>,
    /// Their own heights and widths.
    pub sizes: Vec<[u32; 2]>,
    /// Their pixels in the plan's shape, one picture after another.
    pub pixels: Vec<u8>,
    /// Pictures that could not be read.
    pub warnings: Vec<Warning>,
}

impl Pictures {
    fn push(&mut self, name: String, label: u16, split: Split, size: [u32; 2], pixels: &[u8]) {
        self.names.push(name);
        self.labels.push(label);
        self.splits.push(split);
        self.sizes.push(size);
        self.pixels.extend_from_slice(pixels);
    }
}

/// A picture's file, for another decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// Its path.
    pub name: String,
    /// The place of its class in the plan's list.
    pub label: u16,
    /// Its split.
    pub split: Split,
    /// The file; empty where it could not be read, or claims more pixels than are decoded.
    pub bytes: Vec<u8>,
}

/// Dropped files, ready to be looked through and read.
pub struct Source {
    paths: Vec<String>,
    files: Files,
    /// The files after archives were opened.
    tree: Option<Tree>,
    /// What was found in them last.
    draft: Option<Draft>,
}

impl Source {
    /// Takes files; nothing is read yet.
    pub fn new(dropped: Vec<Dropped>) -> Self {
        let (paths, bytes) = dropped
            .into_iter()
            .map(|file| (folder::normal(&file.path), Rc::from(file.bytes)))
            .unzip();
        Self { paths, files: Files::new(bytes), tree: None, draft: None }
    }

    /// Looks through the files and lists their pictures. Archives are opened once; other
    /// options are cheap afterwards.
    ///
    /// # Errors
    /// `data-missing` where no pictures, no training pictures, or only one class are there;
    /// `files` where a file is not what it says and nothing else can be read; `option` naming
    /// the field.
    pub fn plan(&mut self, options: &ReadOptions) -> Result<Plan> {
        check(options)?;
        if self.tree.is_none() {
            self.tree = Some(tree::expand(&self.paths, &mut self.files)?);
        }
        let tree = self.tree.as_ref().ok_or_else(|| Error::state("Nothing was dropped."))?;
        let draft = match self.draft.take() {
            Some(draft) if draft.serves(options) => draft,
            _ => draft::make(tree, &mut self.files, options)?,
        };
        self.draft.insert(draft).plan(&mut self.files, options)
    }

    fn chunk(plan: &Plan, chunk: usize) -> Result<&Chunk> {
        plan.chunks.get(chunk).ok_or_else(|| {
            Error::option(format!(
                "The plan has {} chunks, counted from 0; there is no chunk {chunk}.",
                plan.chunks.len()
            ))
            .field("chunk")
        })
    }

    /// The pictures of a chunk. One that cannot be read is a warning with its name.
    ///
    /// # Errors
    /// `option` where the plan has no such chunk; `files` where a table can no longer be read.
    pub fn read(&mut self, plan: &Plan, chunk: usize) -> Result<Pictures> {
        match &Self::chunk(plan, chunk)?.items {
            Items::Files(items) => Ok(self.read_files(plan, items)),
            Items::Run(run) => self.read_run(plan, run),
        }
    }

    /// The places of items in the order in which they lie in their files: far fewer reads.
    fn reading_order(items: &[Item]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|index| {
            let Place { origin, start, .. } = items[*index].place;
            (origin.file, origin.member.map_or(0, |member| member.at), start)
        });
        order
    }

    fn read_files(&mut self, plan: &Plan, items: &[Item]) -> Pictures {
        let ReadOptions { fit, filter, .. } = plan.options;
        let mut read: Vec<Result<_, String>> = vec![Err(String::new()); items.len()];
        for index in Self::reading_order(items) {
            let picture = match self.files.read(&items[index].place) {
                Ok(file) => decode::decode(&file, plan.shape, fit, filter)
                    .map_err(|error| error.to_string()),
                Err(error) => Err(explain(&error)),
            };
            read[index] = picture;
        }
        let mut pictures = Pictures::default();
        pictures.pixels.reserve_exact(items.len() * plan.shape.iter().product::<usize>());
        for (item, result) in items.iter().zip(read) {
            match result {
                Ok((pixels, size)) => {
                    pictures.push(item.path.clone(), item.label, item.split, size, &pixels);
                }
                Err(message) => {
                    pictures.warnings.push(Warning { file: item.path.clone(), message });
                }
            }
        }
        pictures
    }

    fn read_run(&mut self, plan: &Plan, run: &Run) -> Result<Pictures> {
        let ReadOptions { fit, filter, .. } = plan.options;
        let bytes = self
            .files
            .read(&run.place)
            .map_err(|error| Error::files(explain(&error)).file(&run.path))?;
        let [height, width, channels] = run.layout.shape();
        let values = height * width * channels;
        let size = [height as u32, width as u32];
        let mut pictures = Pictures::default();
        let push = |pictures: &mut Pictures, name: String, label: u16, pixels: Vec<u8>| {
            let fitted =
                Picture { pixels, height, width, channels }.fitted(plan.shape, fit, filter);
            pictures.push(name, label, run.split, size, &fitted);
        };
        match &run.layout {
            Layout::Bytes { skip, planar, .. } => {
                let records = bytes.chunks_exact(skip + values);
                for ((index, label), record) in (run.first..).zip(&run.labels).zip(records) {
                    if *label == SKIP {
                        continue;
                    }
                    let record = &record[*skip..];
                    let pixels = if *planar {
                        let area = height * width;
                        (0..values).map(|i| record[i % channels * area + i / channels]).collect()
                    } else {
                        record.to_vec()
                    };
                    push(&mut pictures, format!("{}, picture {index}", run.path), *label, pixels);
                }
            }
            Layout::Rows(columns) => {
                let lines = bytes.split(|byte| *byte == b'\n');
                for ((line, label), text) in (run.first..).zip(&run.labels).zip(lines) {
                    if *label == SKIP {
                        continue;
                    }
                    let start = if line == 0 { 0 } else { 1 };
                    let mut pixels = Vec::with_capacity(values);
                    let name = format!("{}, row {}", run.path, line + 1);
                    match columns.pixels(clean(text, start), &mut pixels) {
                        Ok(()) => push(&mut pictures, name, *label, pixels),
                        Err(message) => pictures.warnings.push(Warning { file: name, message }),
                    }
                }
            }
        }
        Ok(pictures)
    }

    /// The files of a chunk as they are, for the browser's own decoder; nothing for tables.
    ///
    /// # Errors
    /// `option` where the plan has no such chunk.
    pub fn encoded(&mut self, plan: &Plan, chunk: usize) -> Result<Option<Vec<Encoded>>> {
        let Items::Files(items) = &Self::chunk(plan, chunk)?.items else { return Ok(None) };
        let mut bytes = vec![Vec::new(); items.len()];
        for index in Self::reading_order(items) {
            let file = self.files.read(&items[index].place).unwrap_or_default();
            if !decode::claims_too_much(&file) {
                bytes[index] = file;
            }
        }
        let encoded = |(item, bytes): (&Item, Vec<u8>)| Encoded {
            name: item.path.clone(),
            label: item.label,
            split: item.split,
            bytes,
        };
        Ok(Some(items.iter().zip(bytes).map(encoded).collect()))
    }
}

/// Refuses options that cannot be.
fn check(options: &ReadOptions) -> Result<()> {
    if let Some([height, width]) = options.size
        && ![height, width].iter().all(|side| (1..=4096).contains(side))
    {
        return Err(Error::option(format!(
            "Pictures are from 1 x 1 to 4096 x 4096; {height} x {width} was asked for."
        ))
        .field("size"));
    }
    if options.limit == Some(0) {
        return Err(Error::option("limit must be at least 1; leave it out for all.").field("limit"));
    }
    if options.class_name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Error::option("The class needs a name.").field("className"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
