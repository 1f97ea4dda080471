//! Tables of text: a row of pixels and a label for each picture, or a file name and a label.
//!
//! A row is a line: cells may be quoted, but a line break within quotes ends the row all the
//! same. No table of pixels or file names has one, and a quote too many costs one row, not
//! the rest of the file. Rows are named by their line, counted from 1, as an editor does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The longest line: 2048 x 2048 pixels.
const LONGEST: u64 = 16 << 20;

/// The cells of a line.
pub(crate) struct Cells<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

pub(crate) fn cells(line: &[u8], delimiter: u8) -> Cells<'_> {
    Cells { rest: Some(line), delimiter }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let mut text = Vec::new();
            let mut at = 0;
            while let Some(byte) = quoted.get(at) {
                match (byte, quoted.get(at + 1)) {
                    (b'"', Some(b'"')) => at += 1,
                    (b'"', _) => break,
                    _ => {}
                }
                text.push(*byte);
                at += 1;
            }
            let behind = quoted.get(at + 1..).unwrap_or_default();
            let end = behind.iter().position(|byte| *byte == self.delimiter);
            self.rest = end.map(|end| &behind[end + 1..]);
            return Some(text.into());
        }
        let end = rest.iter().position(|byte| *byte == self.delimiter);
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(rest[..end.unwrap_or(rest.len())].trim_ascii().into())
    }
}

/// A line without its break and, at the start of a file, without its byte-order mark.
pub(crate) fn clean(line: &[u8], start: u64) -> &[u8] {
    let line = if start == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads lines and knows where they start.
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    next: u64,
}

impl<R: Read> Lines<R> {
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(1 << 18, reader), line: Vec::new(), next: 0 }
    }

    /// The next line, cleaned, with the place of its first byte.
    pub fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        let start = self.next;
        let read = (&mut self.reader).take(LONGEST).read_until(b'\n', &mut self.line)? as u64;
        if read == LONGEST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a line is longer than 16 MB: this is no table of pixels",
            ));
        }
        self.next += read;
        Ok((read > 0).then(|| (start, clean(&self.line, start))))
    }

    /// Where the next line starts.
    pub fn position(&self) -> u64 {
        self.next
    }
}

/// What the first lines say of a table.
#[derive(Debug, PartialEq)]
pub(crate) struct Sketch {
    pub delimiter: u8,
    /// The columns' names, where the first line has them.
    pub header: Option<Vec<String>>,
    /// Cells in a row.
    pub columns: usize,
    /// The first rows, without the header.
    pub rows: Vec<Vec<String>>,
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell.parse::<f64>().is_ok()
}

/// Looks at the first bytes of a table; `whole` says that they are all.
///
/// # Errors
/// `files` where there is no row, or the text is UTF-16.
pub(crate) fn sketch(head: &[u8], whole: bool) -> Result<Sketch> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(Error::files("This table is written as UTF-16; save it as CSV in UTF-8."));
    }
    let complete = match head.iter().rposition(|byte| *byte == b'\n') {
        Some(end) if !whole => &head[..end],
        _ => head,
    };
    let lines: Vec<&[u8]> = clean(complete, 0)
        .split(|byte| *byte == b'\n')
        .map(|line| clean(line, 1))
        .filter(|line| !line.trim_ascii().is_empty())
        .take(200)
        .collect();
    let Some(first) = lines.first() else { return Err(Error::files("This table is empty.")) };
    let count = |delimiter: u8| first.iter().filter(|byte| **byte == delimiter).count();
    let delimiter =
        *b",;\t".iter().rev().max_by_key(|delimiter| count(**delimiter)).unwrap_or(&b',');
    let mut rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            cells(line, delimiter).map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect()
        })
        .collect();
    let words = rows[0].iter().filter(|cell| !is_number(cell)).count();
    let header = (words * 2 > rows[0].len()).then(|| rows.remove(0));
    let columns = header.as_ref().map_or_else(
        || {
            let mut counts: HashMap<usize, usize> = HashMap::new();
            for row in &rows {
                *counts.entry(row.len()).or_default() += 1;
            }
            counts.into_iter().max_by_key(|(size, count)| (*count, *size)).map_or(0, |most| most.0)
        },
        Vec::len,
    );
    Ok(Sketch { delimiter, header, columns, rows })
}

/// The column that holds the labels: its name, or its place counted from 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LabelColumn {
    /// As the table's first line calls it.
    Name(String),
    /// Counted from 0.
    Place(usize),
}

/// A column's name without what people write differently.
fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

impl Sketch {
    /// The place of the column that a person chose.
    ///
    /// # Errors
    /// `option` naming `labelColumn` where there is none.
    pub fn chosen(&self, column: &LabelColumn) -> Result<usize> {
        let names = || match &self.header {
            Some(names) => {
                let first: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
                format!(
                    "its columns are {}{}",
                    first.join(", "),
                    if names.len() > 8 { ", ..." } else { "" }
                )
            }
            None => format!("it has {} columns without names", self.columns),
        };
        let place = match column {
            LabelColumn::Place(place) => Some(*place).filter(|place| *place < self.columns),
            LabelColumn::Name(name) => self.header.as_ref().and_then(|header| {
                let same = |cell: &String| cell.trim() == name.trim();
                header.iter().position(same).or_else(|| {
                    header
                        .iter()
                        .position(|cell| plain(cell) == plain(name) && !plain(name).is_empty())
                })
            }),
        };
        place.ok_or_else(|| {
            let column = match column {
                LabelColumn::Name(name) => format!("called {name}"),
                LabelColumn::Place(place) => format!("number {place}, counted from 0"),
            };
            Error::option(format!("This table has no column {column}; {}.", names()))
                .field("labelColumn")
        })
    }

    /// The column whose name says that it holds labels.
    pub fn named_label(&self) -> Option<usize> {
        const NAMES: [&str; 18] = [
            "label",
            "labels",
            "class",
            "classname",
            "classid",
            "classes",
            "target",
            "targets",
            "y",
            "digit",
            "category",
            "categoryid",
            "letter",
            "emotion",
            "species",
            "breed",
            "dx",
            "diagnosis",
        ];
        let header: Vec<String> = self.header.as_ref()?.iter().map(|name| plain(name)).collect();
        NAMES.iter().find_map(|name| header.iter().position(|cell| cell == name))
    }

    /// Columns that number or divide the rows, and are no pixels.
    fn numbering(&self) -> Vec<usize> {
        let header = self.header.as_deref().unwrap_or_default();
        let is_other = |name: &str| {
            ["", "id", "index", "unnamed0", "usage", "split", "set", "filename", "name"]
                .contains(&plain(name).as_str())
        };
        (0..header.len()).filter(|place| is_other(&header[*place])).collect()
    }
}

/// Where the pixels and the label stand in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Columns {
    pub delimiter: u8,
    /// Cells in a row.
    pub count: usize,
    pub label: usize,
    /// Cells that are neither label nor pixel.
    pub others: Vec<usize>,
    /// Of the pictures: height, width, channels.
    pub shape: [usize; 3],
    /// Whether values run from 0 to 1 instead of 255.
    pub unit: bool,
}

/// The shape of pictures of so many values: square, or as wanted, with 1 or 3 channels.
fn shape_of(values: usize, size: Option<[usize; 2]>) -> Option<[usize; 3]> {
    let wanted = size.and_then(|[height, width]| {
        let pixels = height.checked_mul(width)?;
        [1, 3]
            .into_iter()
            .find(|c| pixels.checked_mul(*c) == Some(values))
            .map(|c| [height, width, c])
    });
    wanted.or_else(|| {
        [1, 3].into_iter().find_map(|channels| {
            let side = (values / channels).isqrt();
            (side >= 4 && side * side * channels == values).then_some([side, side, channels])
        })
    })
}

/// Finds pixels and labels in a table's columns. Nothing where it is no table of pixels.
///
/// # Errors
/// `option` where the column chosen is not there; `files` where the table holds numbers that
/// make no picture, or no label.
pub(crate) fn columns(
    sketch: &Sketch,
    chosen: Option<&LabelColumn>,
    size: Option<[usize; 2]>,
) -> Result<Option<Columns>> {
    let numbers = sketch.rows.iter().flatten().filter(|cell| is_number(cell)).count();
    let all = sketch.rows.iter().map(Vec::len).sum::<usize>();
    if sketch.columns < 17 || numbers * 10 < all * 9 {
        return Ok(None);
    }
    let mut others = sketch.numbering();
    let named = match chosen {
        Some(chosen) => Some(sketch.chosen(chosen)?),
        None => sketch.named_label(),
    };
    others.retain(|place| Some(*place) != named);
    let values = sketch.columns - others.len();
    let make = |label: usize, shape: [usize; 3]| {
        let is_pixel = |place: usize| place != label && !others.contains(&place);
        let pixels = || {
            sketch.rows.iter().flat_map(move |row| {
                row.iter()
                    .enumerate()
                    .filter(move |(place, _)| is_pixel(*place))
                    .map(|(_, cell)| cell)
            })
        };
        let largest = pixels().filter_map(|cell| cell.parse().ok()).fold(0.0, f64::max);
        let unit = largest <= 1.0 && largest > 0.0 && pixels().any(|cell| cell.contains('.'));
        let (delimiter, count) = (sketch.delimiter, sketch.columns);
        Columns { delimiter, count, label, others: others.clone(), shape, unit }
    };
    let no_picture = |values: usize| {
        let of = match size {
            Some([height, width]) => format!("{height} x {width}, or square,"),
            None => "square".into(),
        };
        Error::files(format!(
            "This table has {values} columns beside the label, which are no {of} picture of 1 or \
             3 channels. Choose the label column, or the height and width that the table has."
        ))
    };
    if let Some(label) = named {
        let shape = shape_of(values - 1, size).ok_or_else(|| no_picture(values - 1))?;
        return Ok(Some(make(label, shape)));
    }
    let Some(shape) = shape_of(values - 1, size) else {
        if shape_of(values, size).is_some() {
            return Err(Error::files(
                "This table has pixels but no labels. Drop one that has a column of labels, too.",
            ));
        }
        return Err(no_picture(values - 1));
    };
    // First or last: labels take few values, but more than one.
    let of_pixels: Vec<usize> =
        (0..sketch.columns).filter(|place| !others.contains(place)).collect();
    let different = |place: usize| {
        let mut values: Vec<&str> =
            sketch.rows.iter().filter_map(|row| row.get(place)).map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        if values.len() < 2 { usize::MAX } else { values.len() }
    };
    let (first, last) = (of_pixels[0], of_pixels[of_pixels.len() - 1]);
    Ok(Some(make(if different(last) < different(first) { last } else { first }, shape)))
}

impl Columns {
    /// The label's cell, if the row has as many cells as it should; else how many it has.
    pub fn label<'a>(&self, line: &'a [u8]) -> Result<Cow<'a, [u8]>, usize> {
        let mut label = None;
        let mut count = 0;
        if line.contains(&b'"') {
            for cell in cells(line, self.delimiter) {
                if count == self.label {
                    label = Some(cell);
                }
                count += 1;
            }
        } else {
            let mut start = 0;
            // Millions of cells: only the label's is looked at.
            for (at, byte) in line.iter().enumerate() {
                if *byte == self.delimiter {
                    if count == self.label {
                        label = Some(line[start..at].trim_ascii().into());
                    }
                    count += 1;
                    start = at + 1;
                }
            }
            if count == self.label {
                label = Some(line[start..].trim_ascii().into());
            }
            count += 1;
        }
        label.filter(|_| count == self.count).ok_or(count)
    }

    /// Adds a row's pixels.
    ///
    /// # Errors
    /// A sentence where a cell is no pixel or there are too few; nothing is added then.
    pub fn pixels(&self, line: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
        let before = into.len();
        let mut wrong = None;
        for (place, cell) in cells(line, self.delimiter).enumerate() {
            if place == self.label || self.others.contains(&place) {
                continue;
            }
            match self.pixel(&cell) {
                Some(value) => into.push(value),
                None => {
                    wrong = Some((place, String::from_utf8_lossy(&cell).into_owned()));
                    break;
                }
            }
        }
        let wanted: usize = self.shape.iter().product();
        let message = match wrong {
            Some((place, cell)) => {
                let range = if self.unit { "0 to 1" } else { "0 to 255" };
                let cell: String = cell.chars().take(20).collect();
                format!("Column {place}, counted from 0, holds \"{cell}\", no pixel from {range}.")
            }
            None if into.len() - before != wanted => {
                format!("The row has {} pixels instead of {wanted}.", into.len() - before)
            }
            None => return Ok(()),
        };
        into.truncate(before);
        Err(message)
    }

    fn pixel(&self, cell: &[u8]) -> Option<u8> {
        if !self.unit && (1..=3).contains(&cell.len()) && cell.iter().all(u8::is_ascii_digit) {
            let value = cell.iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
            return u8::try_from(value).ok();
        }
        let value: f64 = std::str::from_utf8(cell).ok()?.parse().ok()?;
        let value = (if self.unit { value * 255.0 } else { value }).round();
        (0.0..=255.0).contains(&value).then_some(value as u8)
    }
}

/// The labels of some tables as they are written, each kept once.
#[derive(Default)]
pub(crate) struct Labels {
    ids: HashMap<Vec<u8>, u32>,
    /// How many rows have each.
    uses: Vec<usize>,
}

impl Labels {
    pub fn add(&mut self, text: &[u8]) -> u32 {
        let id = match self.ids.get(text) {
            Some(id) => *id,
            None => {
                let id = self.uses.len() as u32;
                self.ids.insert(text.to_vec(), id);
                self.uses.push(0);
                id
            }
        };
        self.uses[id as usize] += 1;
        id
    }

    /// The classes, and the class of each label: numbers by value (3 and 3.0 are one, gaps are
    /// closed), names by their bytes. Where most labels are numbers, what is no number from 0
    /// to 65,534 has no class.
    ///
    /// # Errors
    /// `files` where there are more classes than labels can tell, or every row has its own.
    pub fn classes(&self) -> Result<(Vec<String>, Vec<Option<u16>>)> {
        let mut texts = vec![String::new(); self.uses.len()];
        for (text, id) in &self.ids {
            texts[*id as usize] = String::from_utf8_lossy(text).trim().to_owned();
        }
        let number = |text: &str| -> Option<u16> {
            let value: f64 = text.parse().ok()?;
            ((0.0..65_535.0).contains(&value) && value.fract() == 0.0).then_some(value as u16)
        };
        let rows: usize = self.uses.iter().sum();
        let numbered: usize =
            texts.iter().zip(&self.uses).filter(|(t, _)| number(t).is_some()).map(|(_, n)| n).sum();
        let keys: Vec<Option<(u16, &str)>> = texts
            .iter()
            .map(|text| match number(text) {
                Some(value) if numbered * 2 > rows => Some((value, "")),
                _ if numbered * 2 > rows || text.is_empty() => None,
                _ => Some((0, text.as_str())),
            })
            .collect();
        let mut classes: Vec<(u16, &str)> = keys.iter().copied().flatten().collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() >= usize::from(u16::MAX) || rows > 100 && classes.len() * 10 > rows * 9 {
            return Err(Error::files(format!(
                "The column taken for labels holds {} different values in {rows} rows. Choose \
                 another label column.",
                classes.len()
            )));
        }
        let labels = keys
            .iter()
            .map(|key| classes.binary_search(key.as_ref()?).ok().map(|place| place as u16))
            .collect();
        let name = |(value, text): &(u16, &str)| {
            if text.is_empty() { value.to_string() } else { (*text).to_owned() }
        };
        Ok((classes.iter().map(name).collect(), labels))
    }
}

/// Pictures by what a table may call them.
pub(crate) struct Pictures<'a> {
    paths: &'a [&'a str],
    by_name: HashMap<String, Vec<u32>>,
}

impl<'a> Pictures<'a> {
    pub fn new(paths: &'a [&'a str]) -> Self {
        let mut by_name: HashMap<String, Vec<u32>> = HashMap::new();
        for (index, path) in paths.iter().enumerate() {
            let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
            if let Some((stem, _)) = name.rsplit_once('.') {
                by_name.entry(stem.to_owned()).or_default().push(index as u32);
            }
            by_name.entry(name).or_default().push(index as u32);
        }
        Self { paths, by_name }
    }

    /// The pictures that a cell of a table names: by file name, with or without what follows
    /// the last dot, and with as many folders as it gives. Those nearest to the table first.
    pub fn named(&self, cell: &str, table: &str) -> Vec<u32> {
        let cell = super::folder::normal(cell).to_lowercase();
        let name = cell.rsplit('/').next().unwrap_or(&cell);
        let Some(found) = self.by_name.get(name) else { return Vec::new() };
        let mut found = found.clone();
        if cell.contains('/') && found.len() > 1 {
            let ends = |index: &u32| {
                let path = self.paths[*index as usize].to_lowercase();
                let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
                path.ends_with(&cell) || stem.ends_with(&cell)
            };
            found.retain(ends);
        }
        let folder = table.rsplit_once('/').map_or("", |(folder, _)| folder);
        let stem = table.rsplit_once('.').map_or(table, |(stem, _)| stem);
        let split = super::folder::split_of_file(table);
        // train.csv beside train/ and test/ that hold files of the same names.
        let rules: [&dyn Fn(&str) -> bool; 3] = [
            &|path| path.strip_prefix(stem).is_some_and(|rest| rest.starts_with('/')),
            &|path| split.is_some() && super::folder::split_of_file(path) == split,
            &|path| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')),
        ];
        for rule in rules {
            if found.len() > 1 && found.iter().any(|index| rule(self.paths[*index as usize])) {
                found.retain(|index| rule(self.paths[*index as usize]));
            }
        }
        found
    }
}

/// Which column of a table names pictures: the one that names most, if it names half.
pub(crate) fn name_column(sketch: &Sketch, pictures: &Pictures<'_>, table: &str) -> Option<usize> {
    let hits = |column: usize| {
        sketch
            .rows
            .iter()
            .filter(|row| {
                row.get(column).is_some_and(|cell| !pictures.named(cell, table).is_empty())
            })
            .count()
    };
    let (best, count) = (0..sketch.columns.min(256))
        .map(|column| (column, hits(column)))
        .max_by_key(|(column, hits)| (*hits, usize::MAX - column))?;
    (count > 0 && count * 2 >= sketch.rows.len()).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        cells(line.as_bytes(), b',').map(|c| String::from_utf8_lossy(&c).into_owned()).collect()
    }

    #[test]
    fn cells_with_and_without_quotes() {
        assert_eq!(texts("a, b ,,\"c,\"\"d\"\"\",e"), ["a", "b", "", "c,\"d\"", "e"]);
        assert_eq!(texts("\"open,x"), ["open,x"]);
        assert_eq!(texts(""), [""]);
        assert_eq!(texts("\"a\"b,c"), ["a", "c"]);
    }

    /// A table of 4 x 4 pictures whose label stands at `label`.
    fn table(rows: usize, label: usize, header: Option<&str>, end: &str) -> String {
        let mut text = header.map_or_else(String::new, |header| header.to_owned() + end);
        for row in 0..rows {
            let mut cells: Vec<String> =
                (0..16).map(|i| ((row * 16 + i) % 256).to_string()).collect();
            cells.insert(label, (row % 3 * 2).to_string());
            text += &cells.join(",");
            text += end;
        }
        text
    }

    fn found(text: &str, chosen: Option<LabelColumn>) -> Result<Option<Columns>> {
        columns(&sketch(text.as_bytes(), true)?, chosen.as_ref(), None)
    }

    #[test]
    fn label_first_last_or_named() {
        for label in [0, 16] {
            let columns = found(&table(20, label, None, "\n"), None).unwrap().unwrap();
            assert_eq!((columns.label, columns.shape, columns.count), (label, [4, 4, 1], 17));
        }
        let names: Vec<String> =
            (0..17).map(|i| if i == 5 { "Label".into() } else { format!("p{i}") }).collect();
        let text = table(20, 5, Some(&names.join(",")), "\r\n");
        assert_eq!(found(&text, None).unwrap().unwrap().label, 5);
        let text = table(20, 5, Some(&names.join(",").replace("Label", "sort")), "\r\n");
        let chosen = found(&text, Some(LabelColumn::Name("Sort".into()))).unwrap().unwrap();
        assert_eq!(chosen.label, 5);
        assert_eq!(found(&text, Some(LabelColumn::Place(5))).unwrap().unwrap(), chosen);
        let error = found(&text, Some(LabelColumn::Name("kind".into()))).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some("labelColumn")));
        assert!(error.to_string().contains("p0, p1"), "{error}");
    }

    #[test]
    fn columns_that_make_no_picture_are_errors() {
        let row = ["1"; 20].join(",") + "\n";
        assert!(found(&row.repeat(5), None).unwrap_err().to_string().contains("19 columns"));
        let row = ["1"; 25].join(",") + "\n";
        assert!(found(&row.repeat(5), None).unwrap_err().to_string().contains("no labels"));
        assert_eq!(found("a,b\n1,2\n", None).unwrap(), None);
        assert_eq!(found("", None).unwrap_err().code(), "files");
        let sized = columns(&sketch(row.as_bytes(), true).unwrap(), None, Some([2, 12])).unwrap();
        assert_eq!(sized.unwrap().shape, [2, 12, 1]);
    }

    #[test]
    fn three_channels_and_values_to_one() {
        let row = |label: u8| label.to_string() + &",0.5".repeat(48) + "\n";
        let columns = found(&(row(0) + &row(1)), None).unwrap().unwrap();
        assert_eq!((columns.shape, columns.unit), ([4, 4, 3], true));
        let mut pixels = Vec::new();
        columns.pixels(row(0).trim().as_bytes(), &mut pixels).unwrap();
        assert_eq!(pixels, [128; 48]);
    }

    #[test]
    fn rows_that_are_wrong_say_how() {
        let columns = found(&table(20, 0, None, "\n"), None).unwrap().unwrap();
        let mut pixels = vec![9];
        let mut row = |text: &str| columns.pixels(text.as_bytes(), &mut pixels);
        let good = "0".to_owned() + &",7".repeat(16);
        row(&good).unwrap();
        assert!(row(&good.replacen(",7", ",256", 1)).unwrap_err().contains("Column 1"));
        assert!(row(&good.replacen(",7", ",-1", 1)).is_err());
        assert!(row(&good.replacen(",7", ",nan", 1)).is_err());
        assert!(row(&good.replacen(",7", ",x", 1)).unwrap_err().contains("\"x\""));
        assert!(row("0,1,2").unwrap_err().contains("2 pixels instead of 16"));
        row(&good.replacen(",7", ",\"255.0\"", 1)).unwrap();
        assert_eq!(pixels.len(), 1 + 32);
        assert_eq!(columns.label(good.as_bytes()).unwrap(), b"0".as_slice());
        assert_eq!(columns.label(b"1,2"), Err(2));
    }

    #[test]
    fn lines_know_their_place_and_end_of_any_kind() {
        let text = b"\xef\xbb\xbfa,b\r\nc\n\nd";
        let mut lines = Lines::new(text.as_slice());
        let mut seen = Vec::new();
        while let Some((start, line)) = lines.next().unwrap() {
            seen.push((start, String::from_utf8(line.to_vec()).unwrap()));
        }
        let expected = [(0, "a,b"), (8, "c"), (10, ""), (11, "d")];
        assert_eq!(seen, expected.map(|(at, line)| (at, line.to_owned())));
        assert!(Lines::new(io::repeat(b'x')).next().is_err());
    }

    #[test]
    fn labels_close_gaps_and_refuse_what_is_no_label() {
        let mut labels = Labels::default();
        let ids: Vec<u32> = ["10", "3", "3.0", "-1", "2.5", "70000", "", "0"]
            .iter()
            .map(|t| labels.add(t.as_bytes()))
            .collect();
        for _ in 0..5 {
            labels.add(b"0");
        }
        let (classes, of) = labels.classes().unwrap();
        assert_eq!(classes, ["0", "3", "10"]);
        let found: Vec<Option<u16>> = ids.iter().map(|id| of[*id as usize]).collect();
        assert_eq!(found, [Some(2), Some(1), Some(1), None, None, None, None, Some(0)]);
        let mut labels = Labels::default();
        for text in ["dog", "cat", "dog", "", "7"] {
            labels.add(text.as_bytes());
        }
        assert_eq!(labels.classes().unwrap().0, ["7", "cat", "dog"]);
        let mut labels = Labels::default();
        for number in 0..200 {
            labels.add(number.to_string().as_bytes());
        }
        assert_eq!(labels.classes().unwrap_err().code(), "files");
    }

    #[test]
    fn tables_name_pictures_by_file_stem_or_path() {
        let paths = ["set/train/1.png", "set/test/1.png", "set/train/Katze.JPG"];
        let pictures = Pictures::new(&paths);
        assert_eq!(pictures.named("katze", "set/labels.csv"), [2]);
        assert_eq!(pictures.named("test/1.png", "set/labels.csv"), [1]);
        assert_eq!(pictures.named("1.png", "set/labels.csv"), [0, 1]);
        assert_eq!(pictures.named("1", "set/train.csv"), [0]);
        assert_eq!(pictures.named("1", "set/test_labels.csv"), [1]);
        assert!(pictures.named("2", "set/train.csv").is_empty());
        let table = sketch(b"id,file,kind\n1,Katze,cat\n2,1.png,dog\n", true).unwrap();
        assert_eq!(name_column(&table, &pictures, "set/labels.csv"), Some(1));
    }
}
