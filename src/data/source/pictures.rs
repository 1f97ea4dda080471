//! Files that are pictures: their classes by folders, by a table, or by hand.

use super::block::Notes;
use super::pixels::{ids_label, sketch};
use super::tree::Leaf;
use super::{Item, ReadOptions};
use crate::data::bytes::{Files, LARGEST, explain};
use crate::data::csv::{self, Labels, Pictures};
use crate::data::dataset::Split;
use crate::data::folder;
use crate::error::{Error, Result};

/// Pictures in folders, or named by a table, or given one class by hand.
pub(super) fn picture_files(
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

/// What a table says of a picture, and where it says so.
#[derive(Clone)]
struct Given {
    split: Option<Split>,
    label: u32,
    table: usize,
    row: usize,
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
    let mut given: Vec<Option<Given>> = vec![None; paths.len()];
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
                    given[picture] = Some(Given { split, label, table: used.len(), row: line + 1 });
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
            let Some(Given { split, label, table, row }) = given else {
                if unnamed == 0 {
                    first_unnamed = picture;
                }
                unnamed += 1;
                return None;
            };
            let Some(label) = ids_label(*label, &of) else {
                notes.add(
                    used[*table],
                    format!("Row {row}: its label is no class; it is left out."),
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
