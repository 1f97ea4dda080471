//! The binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes and a
//! 32 x 32 picture, all of its red first, then green, then blue.
//! <https://www.cs.toronto.edu/~kriz/cifar.html>

use std::io::{self, Read};

/// Bytes of a picture.
const PIXELS: u64 = 32 * 32 * 3;

/// How the records of a file are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Records {
    /// Label bytes in front of the pixels; the last of them is the one that is learned.
    pub labels: u64,
    /// Whole records.
    pub count: u64,
    /// Whether bytes are left over: the file is cut off.
    pub cut: bool,
}

impl Records {
    pub fn stride(&self) -> u64 {
        self.labels + PIXELS
    }

    /// The label of every record, from a file that is read to the end of the last of them.
    ///
    /// # Errors
    /// Where the file ends before, or cannot be read.
    pub fn read_labels(&self, reader: &mut impl Read) -> io::Result<Vec<u8>> {
        let mut record = vec![0; self.stride() as usize];
        let label = |_| {
            reader.read_exact(&mut record)?;
            Ok(record[self.labels as usize - 1])
        };
        (0..self.count).map(label).collect()
    }

    /// The classes that a label can be of.
    pub fn classes(&self) -> usize {
        if self.labels == 1 { 10 } else { 100 }
    }
}

/// The records of a file, by its name and length; nothing where it is none of CIFAR's.
pub(crate) fn records(path: &str, size: u64) -> Option<Records> {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let stem = name.strip_suffix(".bin")?;
    let by_size = |labels: u64| size >= labels + PIXELS && size.is_multiple_of(labels + PIXELS);
    let labels = match (by_size(1), by_size(2)) {
        (true, _) => 1,
        (_, true) => 2,
        // Cut off: then only the name tells.
        _ if stem.starts_with("data_batch") || stem.starts_with("test_batch") => 1,
        _ if stem == "train" || stem == "test" => 2,
        _ => return None,
    };
    let stride = labels + PIXELS;
    Some(Records { labels, count: size / stride, cut: !size.is_multiple_of(stride) })
}

/// The names of CIFAR-10's classes, for files that come without `batches.meta.txt`.
pub(crate) const NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Whether a file holds the names of classes, one a line: those with this many label bytes.
pub(crate) fn holds_names(path: &str, labels: u64) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    name == if labels == 1 { "batches.meta.txt" } else { "fine_label_names.txt" }
}

/// The names in such a file, if they are as many as there are classes.
pub(crate) fn names(text: &[u8], classes: usize) -> Option<Vec<String>> {
    let names: Vec<String> = String::from_utf8_lossy(text)
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    (names.len() == classes).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_by_name_and_length() {
        let found = |name, size| records(name, size).map(|r| (r.labels, r.count, r.cut));
        assert_eq!(found("x/data_batch_1.bin", 30_730_000), Some((1, 10_000, false)));
        assert_eq!(found("train.bin", 153_700_000), Some((2, 50_000, false)));
        assert_eq!(found("mine.bin", 3073 * 7), Some((1, 7, false)));
        assert_eq!(found("data_batch_1.bin", 3073 * 7 + 5), Some((1, 7, true)));
        assert_eq!(found("model.bin", 4096), None);
        assert_eq!(found("empty.bin", 0), None);
        assert_eq!(found("data_batch_1", 30_730_000), None);
    }

    #[test]
    fn names_are_as_many_as_classes() {
        let text = NAMES.join("\r\n") + "\r\n\r\n";
        assert_eq!(names(text.as_bytes(), 10).unwrap(), NAMES);
        assert_eq!(names(b"one\ntwo", 10), None);
        assert!(holds_names("a/batches.meta.txt", 1));
        assert!(holds_names("fine_label_names.txt", 2));
        assert!(!holds_names("coarse_label_names.txt", 2));
    }
}
