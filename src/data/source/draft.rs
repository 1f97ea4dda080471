//! What kind of set the files are, and which picture is of which class and split; then, with
//! a size and a limit, the plan.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::tree::{Leaf, Tree, What};
use super::{Chunk, Color, Item, Items, Layout, Plan, ReadOptions, Run, SKIP};
use crate::data::bytes::{Files, LARGEST, Place, explain, skip};
use crate::data::csv::{self, Labels, Lines, Pictures, Sketch};
use crate::data::dataset::{PerSplit, Split, Warning};
use crate::data::{cifar, decode, folder, idx};
use crate::error::{Error, Result};

/// A set before its pictures have a size.
pub(super) struct Draft {
    name: String,
    kind: &'static str,
    classes: Vec<String>,
    content: Content,
    warnings: Vec<Warning>,
    /// What the pictures suggest, once some were looked at.
    suggestion: Option<Suggestion>,
}

pub(super) enum Content {
    /// Encoded pictures, in their order.
    Files(Vec<Item>),
    /// Files of pixels.
    Blocks(Vec<Block>),
}

/// A file of pixels.
pub(super) struct Block {
    path: String,
    place: Place,
    split: Split,
    layout: Layout,
    /// Where each picture or line starts, and where the last one ends.
    starts: Starts,
    /// One a picture or line; [`SKIP`] where it is none.
    labels: Vec<u16>,
}

enum Starts {
    Regular { first: u64, stride: u64 },
    Listed(Vec<u64>),
}

impl Starts {
    fn of(&self, index: usize) -> u64 {
        match self {
            Self::Regular { first, stride } => first + stride * index as u64,
            Self::Listed(starts) => starts[index],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Suggestion {
    size: [usize; 2],
    grey: bool,
}

/// Warnings, of which each file has a hundred at most.
#[derive(Default)]
struct Notes {
    list: Vec<Warning>,
    of_file: BTreeMap<String, usize>,
}

impl Notes {
    const MOST: usize = 100;

    fn add(&mut self, file: &str, message: impl Into<String>) {
        let count = self.of_file.entry(file.to_owned()).or_default();
        *count += 1;
        if *count <= Self::MOST {
            self.list.push(Warning { file: file.to_owned(), message: message.into() });
        }
    }

    fn finish(mut self) -> Vec<Warning> {
        for (file, count) in self.of_file {
            if count > Self::MOST {
                let message = format!("{} more like these.", count - Self::MOST);
                self.list.push(Warning { file, message });
            }
        }
        self.list
    }
}

/// Finds out what the files are.
pub(super) fn make(tree: &Tree, files: &mut Files, options: &ReadOptions) -> Result<Draft> {
    let mut notes = Notes::default();
    for warning in &tree.warnings {
        notes.add(&warning.file, &warning.message);
    }
    let of = |what: What| -> Vec<&Leaf> {
        tree.leaves.iter().filter(|leaf| leaf.what == what).collect()
    };
    let (pictures, tables) = (of(What::Picture), of(What::Table));
    let (idx, cifar) = (of(What::Idx), of(What::Cifar));
    let left_out = |notes: &mut Notes, what: &str, leaves: &[&Leaf]| {
        if let Some(first) = leaves.first() {
            notes
                .add(&first.path, format!("{} {what} beside the set were left out.", leaves.len()));
        }
    };

    let (kind, classes, content) = if !idx.is_empty() {
        left_out(&mut notes, "pictures", &pictures);
        let (classes, blocks) = idx_pairs(&idx, files, &mut notes)?;
        ("IDX files", classes, Content::Blocks(blocks))
    } else if !cifar.is_empty() {
        left_out(&mut notes, "pictures", &pictures);
        let (classes, blocks) = cifar_files(&cifar, &of(What::Text), files, &mut notes)?;
        ("CIFAR binary files", classes, Content::Blocks(blocks))
    } else {
        let rows = pixel_tables(&tables, files, options, &mut notes);
        let rows = match (rows, pictures.is_empty()) {
            (Err(error), true) => return Err(error),
            (Err(error), false) if error.code() == "option" => return Err(error),
            (rows, _) => rows.ok().flatten(),
        };
        let rows_count = |blocks: &[Block]| blocks.iter().map(|block| block.labels.len()).sum();
        match rows {
            Some((classes, blocks)) if pictures.len() <= rows_count(&blocks) => {
                left_out(&mut notes, "pictures", &pictures);
                ("a table of pixels", classes, Content::Blocks(blocks))
            }
            _ if pictures.is_empty() => return Err(nothing(tree)),
            _ => {
                let (kind, classes, items) =
                    picture_files(&pictures, &tables, files, options, &mut notes)?;
                (kind, classes, Content::Files(items))
            }
        }
    };
    check_classes(&classes, &content, options)?;
    let others: Vec<&Leaf> = of(What::Other);
    if let Some(first) = others.first() {
        notes.add(
            &first.path,
            match others.len() {
                1 => "This is neither a picture nor a table that is known; it was left out.".into(),
                count => format!(
                    "{count} files that are neither pictures nor tables that are known were left \
                     out; this is the first."
                ),
            },
        );
    }
    let name = name_of(tree, &content);
    Ok(Draft { name, kind, classes, content, warnings: notes.finish(), suggestion: None })
}

/// What to say where nothing can be learned from.
fn nothing(tree: &Tree) -> Error {
    let hint = tree.leaves.iter().find_map(|leaf| {
        let name = leaf.path.rsplit('/').next().unwrap_or(&leaf.path).to_lowercase();
        if name.starts_with("data_batch_") || name == "batches.meta" {
            return Some("This is CIFAR for Python; drop its binary version instead.");
        }
        let extension = folder::extension(&leaf.path);
        [
            "npz", "npy", "mat", "h5", "hdf5", "pkl", "pickle", "parquet", "tfrecord", "rar", "7z",
            "xz", "bz2",
        ]
        .contains(&extension.as_str())
        .then_some("Files of this kind are not read; unpack them or save them as pictures.")
    });
    let error = Error::data_missing(format!(
        "There is no picture in what was dropped. Drop a folder with one folder of pictures for \
         each class, a zip of it, or a table.{}{}",
        if hint.is_some() { " " } else { "" },
        hint.unwrap_or_default()
    ));
    match tree.leaves.first() {
        Some(leaf) if hint.is_some() => error.file(&leaf.path),
        _ => error,
    }
}

/// Refuses what no classifier can learn from.
fn check_classes(classes: &[String], content: &Content, options: &ReadOptions) -> Result<()> {
    let mut used = vec![false; classes.len()];
    let mut training = 0;
    content.each(|split, label| {
        used[usize::from(label)] = true;
        training += usize::from(split == Split::Train);
    });
    let count = used.iter().filter(|used| **used).count();
    if classes.len() >= usize::from(u16::MAX) {
        return Err(Error::data_missing(format!(
            "There are {} classes; up to 65,534 can be told apart.",
            classes.len()
        )));
    }
    if count == 0 {
        return Err(Error::data_missing("No picture has a class. Put each class in a folder."));
    }
    if training == 0 {
        return Err(Error::data_missing(
            "There are no pictures to train on. Put them in train/CLASS, or leave out the folders \
             for validation and test.",
        ));
    }
    if count == 1 && options.class_name.is_none() {
        let only = used.iter().position(|used| *used).map_or("", |place| classes[place].as_str());
        return Err(Error::data_missing(format!(
            "All pictures are of one class, {only}; learning to tell classes apart needs at least \
             two. Drop the folders of all classes together."
        )));
    }
    Ok(())
}

/// What to call the set: the folder around everything, or what the files' names begin with.
fn name_of(tree: &Tree, content: &Content) -> String {
    let paths: Vec<&str> = match content {
        Content::Files(items) => items.iter().map(|item| item.path.as_str()).collect(),
        Content::Blocks(blocks) => blocks.iter().map(|block| block.path.as_str()).collect(),
    };
    let Some(first) = paths.first() else { return String::new() };
    if let Some((folder, _)) = first.split_once('/')
        && paths.iter().all(|path| path.split_once('/').is_some_and(|(root, _)| root == folder))
    {
        return folder.to_owned();
    }
    let stem = first.split('.').next().unwrap_or(first);
    let common = paths.iter().fold(stem, |common, path| {
        let same = common.chars().zip(path.chars()).take_while(|(a, b)| a == b);
        &common[..same.map(|(c, _)| c.len_utf8()).sum()]
    });
    let common = common.trim_end_matches(|c: char| !c.is_alphanumeric());
    match common.chars().count() {
        3.. if !common.contains('/') => common.to_owned(),
        _ => format!("{} files", tree.leaves.len()),
    }
}

/// Pairs of IDX files.
fn idx_pairs(
    leaves: &[&Leaf],
    files: &mut Files,
    notes: &mut Notes,
) -> Result<(Vec<String>, Vec<Block>)> {
    let mut labels = Vec::new();
    let mut pictures = Vec::new();
    for leaf in leaves {
        let named = |error: Error| error.file(&leaf.path);
        let head =
            files.head(&leaf.place, 20).map_err(|error| named(Error::files(explain(&error))))?;
        let header = idx::header(&head).map_err(named)?;
        let size = size_of(&leaf.place, header.size(), files)
            .map_err(|error| named(Error::files(explain(&error))))?;
        if size != header.size() {
            return Err(named(Error::files(format!(
                "Its header says {} items and so {} bytes, but there are {size}{}. It is cut off \
                 or damaged; get it again.",
                header.count,
                header.size(),
                if size > header.size() { " or more" } else { "" }
            ))));
        }
        let list = if header.shape.is_some() { &mut pictures } else { &mut labels };
        list.push((*leaf, header));
    }
    let mut texts = Labels::default();
    let mut blocks = Vec::new();
    let only_one = pictures.len() == 1 && labels.len() == 1;
    let mut seen: Vec<String> = Vec::new();
    for (leaf, header) in &pictures {
        let Some(shape) = header.shape else { continue };
        let key = idx::pair_key(&leaf.path);
        if seen.contains(&key) {
            notes.add(&leaf.path, "Another file of the same name was read in its place.");
            continue;
        }
        let same_key = |pair: &&(&Leaf, idx::Header)| idx::pair_key(&pair.0.path) == key;
        let pair = labels.iter().find(same_key).or_else(|| labels.first().filter(|_| only_one));
        let Some((label_leaf, label_header)) = pair else {
            notes.add(&leaf.path, "There is no file of labels for these pictures; drop it, too.");
            continue;
        };
        if label_header.count != header.count {
            return Err(Error::files(format!(
                "There are {} labels for the {} pictures of {}; they do not belong together.",
                label_header.count, header.count, leaf.path
            ))
            .file(&label_leaf.path));
        }
        let values = files
            .read(&label_leaf.place.part(label_header.length, label_header.count))
            .map_err(|error| Error::files(explain(&error)).file(&label_leaf.path))?;
        let ids: Vec<u32> = values.iter().map(|v| texts.add(v.to_string().as_bytes())).collect();
        let first = header.length;
        let stride = shape.iter().product::<usize>() as u64;
        let block = Block {
            path: leaf.path.clone(),
            place: leaf.place,
            split: folder::split_of_file(&leaf.path).unwrap_or(Split::Train),
            layout: Layout::Bytes { skip: 0, planar: false, shape },
            starts: Starts::Regular { first, stride },
            labels: Vec::new(),
        };
        blocks.push((block, ids));
        seen.push(key);
    }
    if blocks.is_empty() {
        return Err(Error::data_missing(
            "These IDX files do not make a pair of pictures and labels. Drop both files, with \
             names like train-images-idx3-ubyte and train-labels-idx1-ubyte.",
        ));
    }
    let (classes, of) = texts.classes()?;
    let blocks: Vec<Block> = blocks
        .into_iter()
        .map(|(mut block, ids)| {
            block.labels = ids.iter().map(|id| of[*id as usize].unwrap_or(SKIP)).collect();
            block
        })
        .collect();
    Ok((classes, train_at_least(blocks)))
}

/// One file alone, whatever its name, is to train on.
fn train_at_least(mut blocks: Vec<Block>) -> Vec<Block> {
    if let [only] = blocks.as_mut_slice() {
        only.split = Split::Train;
    }
    blocks
}

/// The bytes there are: at a compressed place, they are counted, up to one more than wanted.
fn size_of(place: &Place, wanted: u64, files: &mut Files) -> io::Result<u64> {
    if place.size != u64::MAX {
        return Ok(place.size);
    }
    let mut reader = files.open(&place.origin)?;
    skip(&mut reader, wanted.saturating_add(1))
}

/// Files of CIFAR's records.
fn cifar_files(
    leaves: &[&Leaf],
    texts: &[&Leaf],
    files: &mut Files,
    notes: &mut Notes,
) -> Result<(Vec<String>, Vec<Block>)> {
    let mut leaves = leaves.to_vec();
    // Within one compressed file, from its start to its end.
    leaves.sort_by_key(|leaf| (leaf.place.origin.gzip, leaf.place.start));
    let mut blocks: Vec<Block> = Vec::new();
    let mut label_bytes = None;
    for leaf in leaves {
        let Some(records) = cifar::records(&leaf.path, leaf.place.size) else { continue };
        if *label_bytes.get_or_insert(records.labels) != records.labels {
            notes.add(&leaf.path, "This file is of the other CIFAR set; it was left out.");
            continue;
        }
        if records.cut {
            notes.add(
                &leaf.path,
                format!("The file is cut off; its {} whole pictures are read.", records.count),
            );
        }
        let mut labels = Vec::new();
        let mut strange = 0;
        // Pieces of about 4 MB: what is read for the labels is all of the file.
        let stride = records.stride();
        for first in (0..records.count).step_by(1366) {
            let count = (records.count - first).min(1366);
            let piece = files.read(&leaf.place.part(first * stride, count * stride));
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => {
                    notes.add(&leaf.path, explain(&error));
                    break;
                }
            };
            for (index, record) in (first..).zip(piece.chunks_exact(stride as usize)) {
                let label = record[records.labels as usize - 1];
                if usize::from(label) < records.classes() {
                    labels.push(u16::from(label));
                } else {
                    strange += 1;
                    labels.push(SKIP);
                    notes.add(
                        &leaf.path,
                        format!(
                            "Picture {index} has label {label}; there are {} classes. It is left \
                             out.",
                            records.classes()
                        ),
                    );
                }
            }
        }
        if labels.is_empty() || strange * 2 > labels.len() {
            notes.add(&leaf.path, "Its labels are none of CIFAR's; it was left out.");
            continue;
        }
        blocks.push(Block {
            path: leaf.path.clone(),
            place: leaf.place,
            split: folder::split_of_file(&leaf.path).unwrap_or(Split::Train),
            layout: Layout::Bytes {
                skip: records.labels as usize,
                planar: true,
                shape: [32, 32, 3],
            },
            starts: Starts::Regular { first: 0, stride },
            labels,
        });
    }
    let label_bytes = label_bytes.unwrap_or(1);
    if blocks.is_empty() {
        return Err(Error::data_missing(
            "These .bin files hold no pictures of CIFAR-10 or CIFAR-100.",
        ));
    }
    let count = if label_bytes == 1 { 10 } else { 100 };
    let mut names = None;
    for leaf in texts.iter().filter(|leaf| cifar::holds_names(&leaf.path, label_bytes)) {
        let text = files.head(&leaf.place, 1 << 16);
        names = names.or_else(|| cifar::names(&text.ok()?, count));
    }
    let usual = || blocks.iter().all(|block| block.path.to_lowercase().contains("_batch"));
    let names = names.unwrap_or_else(|| {
        if label_bytes == 1 && usual() {
            cifar::NAMES.map(String::from).to_vec()
        } else {
            (0..count).map(|label| label.to_string()).collect()
        }
    });
    Ok((names, train_at_least(blocks)))
}

/// The first bytes of a table, and what they say.
fn sketch(leaf: &Leaf, files: &mut Files) -> Result<Sketch> {
    const HEAD: u64 = 1 << 20;
    let named = |error: Error| error.file(&leaf.path);
    let head =
        files.head(&leaf.place, HEAD).map_err(|error| named(Error::files(explain(&error))))?;
    csv::sketch(&head, (head.len() as u64) < HEAD).map_err(named)
}

/// Tables of pixels; nothing where no table is one.
fn pixel_tables(
    leaves: &[&Leaf],
    files: &mut Files,
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<Option<(Vec<String>, Vec<Block>)>> {
    let mut errors = Vec::new();
    let mut texts = Labels::default();
    let mut found: Vec<(Block, Vec<u32>)> = Vec::new();
    for leaf in leaves {
        let columns = sketch(leaf, files).and_then(|sketch| {
            csv::columns(&sketch, options.label_column.as_ref(), options.size)
                .map(|columns| columns.map(|columns| (columns, sketch.header.is_some())))
        });
        let (columns, has_header) = match columns {
            Ok(Some(found)) => found,
            Ok(None) => continue,
            Err(error) => {
                errors.push(error.file(&leaf.path));
                continue;
            }
        };
        let (starts, ids) = match scan(leaf, &columns, has_header, files, &mut texts, notes) {
            Ok(scanned) => scanned,
            Err(error) => {
                errors.push(Error::files(explain(&error)).file(&leaf.path));
                continue;
            }
        };
        let block = Block {
            path: leaf.path.clone(),
            place: leaf.place,
            split: folder::split_of_file(&leaf.path).unwrap_or(Split::Train),
            layout: Layout::Rows(columns),
            starts: Starts::Listed(starts),
            labels: Vec::new(),
        };
        found.push((block, ids));
    }
    if found.is_empty() {
        // The first that says why: a table of file names is no error here.
        return errors.into_iter().next().map_or(Ok(None), Err);
    }
    for error in errors {
        let file = error.file_name().unwrap_or_default().to_owned();
        notes.add(&file, error.to_string());
    }
    let (classes, of) = texts.classes().map_err(|error| error.file(&found[0].0.path))?;
    let mut blocks = Vec::new();
    for (mut block, ids) in found {
        for (line, id) in ids.iter().enumerate() {
            let label = match ids_label(*id, &of) {
                Some(label) => label,
                None => {
                    if *id != NO_ROW {
                        notes.add(
                            &block.path,
                            format!(
                                "Row {}: its label is no class; it is left out. Class numbers are \
                                 whole, from 0 to 65,534.",
                                line + 1
                            ),
                        );
                    }
                    SKIP
                }
            };
            block.labels.push(label);
        }
        blocks.push(block);
    }
    Ok(Some((classes, train_at_least(blocks))))
}

/// A line that is no row: the header, an empty or a ragged one.
const NO_ROW: u32 = u32::MAX;

fn ids_label(id: u32, of: &[Option<u16>]) -> Option<u16> {
    of.get(id as usize).copied().flatten()
}

/// Goes through a table once: where each line starts (and the last one ends), and its label.
fn scan(
    leaf: &Leaf,
    columns: &csv::Columns,
    has_header: bool,
    files: &mut Files,
    texts: &mut Labels,
    notes: &mut Notes,
) -> io::Result<(Vec<u64>, Vec<u32>)> {
    let mut reader = files.open(&leaf.place.origin)?;
    skip(&mut reader, leaf.place.start)?;
    let mut lines = Lines::new(reader.take(leaf.place.size));
    let (mut starts, mut ids) = (Vec::new(), Vec::new());
    let mut header = has_header;
    loop {
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) if ids.is_empty() => return Err(error),
            Err(error) => {
                notes
                    .add(&leaf.path, format!("{} The rows before that are read.", explain(&error)));
                break;
            }
        };
        starts.push(line.0);
        ids.push(match columns.label(line.1) {
            _ if line.1.trim_ascii().is_empty() => NO_ROW,
            _ if std::mem::take(&mut header) => NO_ROW,
            Ok(label) => texts.add(&label),
            Err(count) => {
                notes.add(
                    &leaf.path,
                    format!(
                        "Row {} has {count} cells instead of {}; it is left out.",
                        starts.len(),
                        columns.count
                    ),
                );
                NO_ROW
            }
        });
    }
    starts.push(lines.position());
    Ok((starts, ids))
}

/// Pictures in folders, or named by a table, or given one class by hand.
fn picture_files(
    pictures: &[&Leaf],
    tables: &[&Leaf],
    files: &mut Files,
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<(&'static str, Vec<String>, Vec<Item>)> {
    let paths: Vec<&str> = pictures.iter().map(|leaf| leaf.path.as_str()).collect();
    let sorted = folder::sort(&paths);
    let tabled = labels_of_tables(&paths, &sorted.splits, tables, files, options, notes)?;
    let (kind, classes, found) = if let Some((classes, found)) = tabled {
        ("pictures with a table of labels", classes, found)
    } else {
        for warning in sorted.warnings {
            notes.add(&warning.file, warning.message);
        }
        let split = |index: usize| sorted.splits[index].unwrap_or(Split::Train);
        let found = sorted.labels.iter().enumerate();
        let found = found.map(|(index, label)| Some((split(index), (*label)?))).collect();
        by_hand(&paths, sorted.classes, found, options, notes)?
    };
    let mut items: Vec<Item> = pictures
        .iter()
        .zip(found)
        .filter_map(|(leaf, found): (&&Leaf, Option<(Split, u16)>)| {
            let (split, label) = found?;
            Some(Item { path: leaf.path.clone(), place: leaf.place, label, split })
        })
        .collect();
    // What lies in a stream comes as the stream has it, behind all the rest.
    items.sort_by_key(|item| {
        let place = &item.place;
        if place.is_direct() { (0, 0, 0) } else { (1, place.origin.file, place.start) }
    });
    Ok((kind, classes, items))
}

type Found = Vec<Option<(Split, u16)>>;

/// Gives pictures in no folder the class that a person named, or leaves them out.
fn by_hand(
    paths: &[&str],
    mut classes: Vec<String>,
    mut found: Found,
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<(&'static str, Vec<String>, Found)> {
    let loose: Vec<usize> = (0..found.len()).filter(|index| found[*index].is_none()).collect();
    let Some(name) = &options.class_name else {
        if loose.len() == found.len() {
            return Err(Error::data_missing(
                "These pictures lie in no folder, so their class is not known. Name their class, \
                 or drop a folder with one folder for each class.",
            ));
        }
        if let Some(first) = loose.first() {
            notes.add(
                paths[*first],
                match loose.len() {
                    1 => "This picture lies in no class's folder; it is left out.".into(),
                    count => format!(
                        "{count} pictures lie in no class's folder and are left out; this is the \
                         first."
                    ),
                },
            );
        }
        return Ok(("a folder of pictures", classes, found));
    };
    let name = name.trim().to_owned();
    if loose.is_empty() && classes.len() == 1 {
        return Ok(("pictures of one class", vec![name], found));
    }
    if !loose.is_empty() {
        let place = match classes.binary_search(&name) {
            Ok(place) => place,
            Err(place) => {
                classes.insert(place, name);
                for (_, label) in found.iter_mut().flatten() {
                    *label += u16::from(usize::from(*label) >= place);
                }
                place
            }
        };
        for index in loose {
            found[index] = Some((Split::Train, place as u16));
        }
    }
    let kind = if classes.len() == 1 { "pictures of one class" } else { "a folder of pictures" };
    Ok((kind, classes, found))
}

/// Classes from tables that name the pictures; nothing where no table does.
fn labels_of_tables(
    paths: &[&str],
    splits: &[Option<Split>],
    tables: &[&Leaf],
    files: &mut Files,
    options: &ReadOptions,
    notes: &mut Notes,
) -> Result<Option<(Vec<String>, Found)>> {
    if tables.is_empty() {
        return Ok(None);
    }
    let pictures = Pictures::new(paths);
    let mut texts = Labels::default();
    // For each picture: its split, its label, and where that stands.
    let mut given: Vec<Option<(Option<Split>, u32, usize, usize)>> = vec![None; paths.len()];
    let mut used = Vec::new();
    for leaf in tables {
        let is_submission = leaf.path.to_lowercase().contains("submission");
        let sketch = match sketch(leaf, files) {
            Ok(sketch) if !is_submission => sketch,
            _ => continue,
        };
        let Some(name_column) = csv::name_column(&sketch, &pictures, &leaf.path) else { continue };
        let label_column = match &options.label_column {
            Some(chosen) => Some(sketch.chosen(chosen).map_err(|error| error.file(&leaf.path))?),
            None => sketch
                .named_label()
                .filter(|column| *column != name_column)
                .or((sketch.columns == 2).then_some(1 - name_column.min(1))),
        };
        let Some(label_column) = label_column else {
            notes.add(
                &leaf.path,
                "This table names the pictures. Choose its label column to take the classes from \
                 it.",
            );
            continue;
        };
        let size = if leaf.place.size == u64::MAX { LARGEST } else { leaf.place.size };
        let text = match files.head(&leaf.place, size.min(LARGEST)) {
            Ok(text) => text,
            Err(error) => {
                notes.add(&leaf.path, explain(&error));
                continue;
            }
        };
        let name = leaf.path.rsplit('/').next().unwrap_or(&leaf.path);
        let table_split = folder::split_of_file(name);
        let header_line = usize::from(sketch.header.is_some());
        let mut header = header_line;
        for (line, row) in text.split(|byte| *byte == b'\n').enumerate() {
            let row = csv::clean(row, if line == 0 { 0 } else { 1 });
            if row.trim_ascii().is_empty() {
                continue;
            }
            if header > 0 {
                header -= 1;
                continue;
            }
            let row: Vec<_> = csv::cells(row, sketch.delimiter).collect();
            let mut warn = |message: String| {
                notes.add(&leaf.path, format!("Row {}: {message}", line + 1));
            };
            if row.len() != sketch.columns {
                warn(format!(
                    "it has {} cells instead of {}; it is left out.",
                    row.len(),
                    sketch.columns
                ));
                continue;
            }
            let cell = String::from_utf8_lossy(&row[name_column]).into_owned();
            match pictures.named(&cell, &leaf.path).as_slice() {
                [] => warn(format!("there is no picture called {cell}.")),
                [picture] => {
                    let picture = *picture as usize;
                    if given[picture].is_some() {
                        warn(format!("{cell} is named again; what was said first holds."));
                        continue;
                    }
                    let label = texts.add(row[label_column].trim_ascii());
                    let split = table_split.or(splits[picture]);
                    given[picture] = Some((split, label, used.len(), line + 1));
                }
                several => warn(format!(
                    "{cell} is the name of {} pictures; they are left out.",
                    several.len()
                )),
            }
        }
        used.push(leaf.path.as_str());
    }
    if used.is_empty() {
        return Ok(None);
    }
    let (classes, of) = texts.classes().map_err(|error| error.file(used[0]))?;
    let mut unnamed = 0;
    let mut first_unnamed = 0;
    let found = given
        .iter()
        .enumerate()
        .map(|(picture, given)| {
            let Some((split, label, table, line)) = given else {
                if unnamed == 0 {
                    first_unnamed = picture;
                }
                unnamed += 1;
                return None;
            };
            let Some(label) = ids_label(*label, &of) else {
                notes.add(
                    used[*table],
                    format!("Row {line}: its label is no class; it is left out."),
                );
                return None;
            };
            Some((split.unwrap_or(Split::Train), label))
        })
        .collect();
    if unnamed > 0 {
        notes.add(
            paths[first_unnamed],
            format!("{unnamed} pictures stand in no table and are left out; this is the first."),
        );
    }
    Ok(Some((classes, found)))
}

impl Content {
    /// Calls a function with every picture's split and label.
    fn each(&self, mut call: impl FnMut(Split, u16)) {
        match self {
            Self::Files(items) => items.iter().for_each(|item| call(item.split, item.label)),
            Self::Blocks(blocks) => {
                for block in blocks {
                    let labels = block.labels.iter().filter(|label| **label != SKIP);
                    labels.for_each(|label| call(block.split, *label));
                }
            }
        }
    }
}

impl Draft {
    /// The plan with these options.
    pub fn plan(&mut self, files: &mut Files, options: &ReadOptions) -> Result<Plan> {
        let shape = self.shape(files, options);
        let keep = self.keep(options.limit);
        let mut counts = PerSplit::from_fn(|_| vec![0; self.classes.len()]);
        let mut kept = keep.iter();
        self.content.each(|split, label| {
            counts[split][usize::from(label)] += usize::from(*kept.next().unwrap_or(&false));
        });
        let mut warnings = self.warnings.clone();
        let unlearned: Vec<&str> = (0..self.classes.len())
            .filter(|class| {
                counts.train[*class] == 0 && counts.validation[*class] + counts.test[*class] > 0
            })
            .map(|class| self.classes[class].as_str())
            .collect();
        if let Some(first) = unlearned.first() {
            let message = match unlearned.len() {
                1 => format!("The class {first} has no pictures to train on."),
                count => format!("{count} classes have no pictures to train on; {first} is one."),
            };
            warnings.push(Warning { file: self.name.clone(), message });
        }
        let chunks = self.chunks(&keep, shape.iter().product());
        Ok(Plan {
            name: self.name.clone(),
            kind: self.kind.into(),
            classes: self.classes.clone(),
            shape,
            splits: PerSplit::from_fn(|split| counts[split].iter().sum()),
            counts,
            bytes: chunks.iter().map(|chunk| chunk.bytes).sum(),
            chunks,
            warnings,
            options: options.clone(),
        })
    }

    /// The shape asked for, or what the pictures suggest.
    fn shape(&mut self, files: &mut Files, options: &ReadOptions) -> [usize; 3] {
        let suggestion = match (&self.content, options.size, options.color) {
            (_, Some(size), Some(color)) => Suggestion { size, grey: color == Color::Grayscale },
            (Content::Blocks(blocks), ..) => {
                let shape = blocks.first().map_or([28, 28, 1], |block| block.layout.shape());
                let grey = blocks.iter().all(|block| block.layout.shape()[2] == 1);
                Suggestion { size: [shape[0], shape[1]], grey }
            }
            (Content::Files(items), ..) => {
                *self.suggestion.get_or_insert_with(|| suggest(items, files))
            }
        };
        let [height, width] = options.size.unwrap_or(suggestion.size);
        let grey = options.color.map_or(suggestion.grey, |color| color == Color::Grayscale);
        [height, width, if grey { 1 } else { 3 }]
    }

    /// Which pictures the limit leaves: in each split, classes take their share in turn until
    /// they have all or the limit is reached; of each class, pictures at even distances.
    fn keep(&self, limit: Option<usize>) -> Vec<bool> {
        let mut there = PerSplit::from_fn(|_| vec![0_usize; self.classes.len()]);
        self.content.each(|split, label| there[split][usize::from(label)] += 1);
        let quotas = PerSplit::from_fn(|split| quotas(&there[split], limit));
        let mut seen = PerSplit::from_fn(|_| vec![0_usize; self.classes.len()]);
        let mut keep = Vec::new();
        self.content.each(|split, label| {
            let class = usize::from(label);
            let (all, quota) = (there[split][class] as u64, quotas[split][class] as u64);
            let index = seen[split][class] as u64;
            seen[split][class] += 1;
            keep.push((index + 1) * quota / all > index * quota / all);
        });
        keep
    }

    fn chunks(&self, keep: &[bool], picture_bytes: usize) -> Vec<Chunk> {
        const PICTURES: usize = 256;
        const ENCODED: u64 = 4 << 20;
        const PIXELS: usize = 8 << 20;
        let most = (PIXELS / picture_bytes.max(1)).clamp(1, PICTURES);
        let mut lanes = Vec::new();
        let mut lane_of = |place: &Place| {
            if place.is_direct() {
                return None;
            }
            let found = lanes.iter().position(|origin| *origin == place.origin);
            let lane = found.unwrap_or_else(|| {
                lanes.push(place.origin);
                lanes.len() - 1
            });
            Some(lane as u32)
        };
        let mut chunks: Vec<Chunk> = Vec::new();
        match &self.content {
            Content::Files(items) => {
                for item in items.iter().zip(keep).filter(|(_, keep)| **keep).map(|(item, _)| item)
                {
                    let (lane, bytes) = (lane_of(&item.place), item.place.packed());
                    match chunks.last_mut() {
                        Some(Chunk {
                            lane: of,
                            pictures,
                            bytes: sum,
                            items: Items::Files(list),
                        }) if *of == lane
                            && *pictures < most
                            && sum.saturating_add(bytes) <= ENCODED =>
                        {
                            *pictures += 1;
                            *sum += bytes;
                            list.push(item.clone());
                        }
                        _ => chunks.push(Chunk {
                            lane,
                            pictures: 1,
                            bytes,
                            items: Items::Files(vec![item.clone()]),
                        }),
                    }
                }
            }
            Content::Blocks(blocks) => {
                let mut kept = keep.iter();
                for block in blocks {
                    let labels: Vec<u16> = block
                        .labels
                        .iter()
                        .map(|label| match *label {
                            SKIP => SKIP,
                            label if *kept.next().unwrap_or(&false) => label,
                            _ => SKIP,
                        })
                        .collect();
                    let mut first = 0;
                    while first < labels.len() {
                        let start = block.starts.of(first);
                        let mut end = first + 1;
                        while end < labels.len()
                            && end - first < most
                            && block.starts.of(end + 1) - start <= ENCODED
                        {
                            end += 1;
                        }
                        let labels = labels[first..end].to_vec();
                        let pictures = labels.iter().filter(|label| **label != SKIP).count();
                        let place = block.place.part(start, block.starts.of(end) - start);
                        if pictures > 0 {
                            let (path, layout) = (block.path.clone(), block.layout.clone());
                            let run =
                                Run { path, place, split: block.split, layout, first, labels };
                            let (lane, bytes) = (lane_of(&place), place.size);
                            chunks.push(Chunk { lane, pictures, bytes, items: Items::Run(run) });
                        }
                        first = end;
                    }
                }
            }
        }
        chunks
    }
}

/// How many of each class, where `limit` are taken of all.
fn quotas(there: &[usize], limit: Option<usize>) -> Vec<usize> {
    let Some(limit) = limit else { return there.to_vec() };
    let mut quotas = vec![0; there.len()];
    let mut left = limit;
    while left > 0 {
        let open: Vec<usize> = (0..there.len()).filter(|c| quotas[*c] < there[*c]).collect();
        if open.is_empty() {
            break;
        }
        let share = (left / open.len()).max(1);
        for class in open.into_iter().take(left) {
            let taken = share.min(there[class] - quotas[class]);
            quotas[class] += taken;
            left -= taken;
        }
    }
    quotas
}

/// Looks at some pictures for a size and whether they are grey.
fn suggest(items: &[Item], files: &mut Files) -> Suggestion {
    /// Pictures whose headers are looked at; of these, so many are decoded for their colours.
    const LOOKS: usize = 32;
    const DECODED: usize = 12;
    let direct = items.iter().filter(|item| item.place.is_direct()).count();
    // In a stream, only what comes first is near.
    let step = direct.div_ceil(LOOKS).max(1);
    let (mut sizes, mut grey, mut decoded) = (Vec::new(), true, 0);
    for item in items.iter().step_by(step).take(LOOKS) {
        if item.place.size > 32 << 20 {
            continue;
        }
        let Ok(file) = files.read(&item.place) else { continue };
        let Ok((size, has_colors)) = decode::header(&file) else { continue };
        sizes.push(size.map(|side| side as usize));
        if !grey || !has_colors {
            continue;
        }
        let is_small = size.iter().map(|side| u64::from(*side)).product::<u64>() <= 4 << 20;
        if decoded < DECODED && is_small {
            decoded += 1;
            grey = decode::picture(&file).map_or(true, |picture| picture.is_grey());
        } else if !is_small {
            grey = false;
        }
    }
    // The lessons use photos of 150 x 150; small pictures of one size stay as they are.
    const PHOTO: usize = 150;
    let same = sizes.first().filter(|first| sizes.iter().all(|size| size == *first));
    let size = match same {
        Some(size) if size.iter().all(|side| *side <= 256) => *size,
        _ => {
            let mut short: Vec<usize> = sizes.iter().map(|[h, w]| *h.min(w)).collect();
            short.sort_unstable();
            let side = short.get(short.len() / 2).map_or(PHOTO, |side| (*side).clamp(8, PHOTO));
            [side, side]
        }
    };
    Suggestion { size, grey: grey && !sizes.is_empty() }
}
