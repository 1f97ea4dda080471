//! Files of pixels: IDX pairs, CIFAR's records and tables, with the label of every picture.

use std::io::{self, Read};

use super::block::{Block, Notes, Starts};
use super::tree::Leaf;
use super::{Layout, ReadOptions, SKIP};
use crate::data::bytes::{Files, Place, explain, skip};
use crate::data::csv::{self, Labels, Lines, Sketch};
use crate::data::dataset::Split;
use crate::data::{cifar, folder, idx};
use crate::error::{Error, Result};

/// Pairs of IDX files.
pub(super) fn idx_pairs(
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
pub(super) fn cifar_files(
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
        let read = match &leaf.labels {
            Some(labels) => Ok(labels.clone()),
            None => files
                .open(&leaf.place.origin)
                .and_then(|mut reader| skip(&mut reader, leaf.place.start).map(|_| reader))
                .and_then(|mut reader| records.read_labels(&mut reader)),
        };
        let read = match read {
            Ok(labels) => labels,
            Err(error) => {
                notes.add(&leaf.path, explain(&error));
                continue;
            }
        };
        let stride = records.stride();
        let mut labels = Vec::with_capacity(read.len());
        let mut strange = 0;
        for (index, label) in read.into_iter().enumerate() {
            if usize::from(label) < records.classes() {
                labels.push(u16::from(label));
                continue;
            }
            strange += 1;
            labels.push(SKIP);
            notes.add(
                &leaf.path,
                format!(
                    "Picture {index} has label {label}; there are {} classes. It is left out.",
                    records.classes()
                ),
            );
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
pub(super) fn sketch(leaf: &Leaf, files: &mut Files) -> Result<Sketch> {
    const HEAD: u64 = 1 << 20;
    let named = |error: Error| error.file(&leaf.path);
    let head =
        files.head(&leaf.place, HEAD).map_err(|error| named(Error::files(explain(&error))))?;
    csv::sketch(&head, (head.len() as u64) < HEAD).map_err(named)
}

/// Tables of pixels; nothing where no table is one.
pub(super) fn pixel_tables(
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

pub(super) fn ids_label(id: u32, of: &[Option<u16>]) -> Option<u16> {
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
