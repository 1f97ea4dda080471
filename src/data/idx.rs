//! IDX, the format of MNIST: a file of pictures and a file of labels.
//!
//! Two zeros, the type of the values, the number of sizes, the sizes (big-endian), the values.
//! <http://yann.lecun.com/exdb/mnist/>

use crate::error::{Error, Result};

/// What stands before the values.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    /// Bytes before the values.
    pub length: u64,
    /// Number of pictures or labels.
    pub count: u64,
    /// Of each: nothing for labels; height, width and channels for pictures.
    pub shape: Option<[usize; 3]>,
}

impl Header {
    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        let each = self.shape.map_or(1, |shape| shape.iter().product::<usize>() as u64);
        self.count.saturating_mul(each).saturating_add(self.length)
    }
}

/// Whether bytes begin like an IDX file of labels or pictures.
pub(crate) fn is_idx(head: &[u8]) -> bool {
    matches!(head, [0, 0, 8 | 9 | 11..=14, 1 | 3 | 4, ..])
}

/// Reads the header.
///
/// # Errors
/// `files` where it is none, its values are no bytes, or a picture is too large.
pub(crate) fn header(head: &[u8]) -> Result<Header> {
    let [0, 0, kind, rank, rest @ ..] = head else {
        return Err(Error::files("This is no IDX file: it does not begin with two zeros."));
    };
    if *kind != 8 {
        return Err(Error::files(format!(
            "This IDX file has values of type {kind:#04x}; only bytes (0x08) are read."
        )));
    }
    let rank = usize::from(*rank);
    let (sizes, _) = rest.as_chunks::<4>();
    let Some(sizes) = sizes.get(..rank).filter(|sizes| [1, 3, 4].contains(&sizes.len())) else {
        return Err(Error::files(format!(
            "This IDX file has {rank} sizes; labels have 1, pictures 3 or 4."
        )));
    };
    let sizes: Vec<usize> = sizes.iter().map(|size| u32::from_be_bytes(*size) as usize).collect();
    let shape = match sizes[1..] {
        [] => None,
        [height, width] => Some([height, width, 1]),
        [height, width, channels] => Some([height, width, channels]),
        _ => return Err(Error::files("This IDX file holds no pictures.")),
    };
    if let Some(shape) = shape
        && (shape[..2].iter().any(|side| !(1..=4096).contains(side)) || ![1, 3].contains(&shape[2]))
    {
        return Err(Error::files(format!(
            "This IDX file says that its pictures are {} x {} with {} channels; up to 4096 x 4096 \
             with 1 or 3 can be read. Its header may be damaged.",
            shape[0], shape[1], shape[2]
        )));
    }
    Ok(Header { length: 4 + 4 * rank as u64, count: sizes[0] as u64, shape })
}

/// What the two files of a pair have in common: the name without the words that tell
/// pictures from labels. `train-images-idx3-ubyte.gz` gives `train`.
pub(crate) fn pair_key(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let words: Vec<&str> = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            ![
                "images", "image", "img", "labels", "label", "idx", "idx1", "idx3", "idx4",
                "ubyte", "gz", "data", "bin", "",
            ]
            .contains(word)
        })
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(kind: u8, sizes: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0, 0, kind, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
        bytes
    }

    #[test]
    fn headers_of_labels_and_pictures() {
        let labels = header(&bytes(8, &[60_000])).unwrap();
        assert_eq!(labels, Header { length: 8, count: 60_000, shape: None });
        assert_eq!(labels.size(), 60_008);
        let pictures = header(&bytes(8, &[10, 28, 28])).unwrap();
        assert_eq!((pictures.shape, pictures.size()), (Some([28, 28, 1]), 16 + 7840));
        assert_eq!(header(&bytes(8, &[1, 2, 2, 3])).unwrap().shape, Some([2, 2, 3]));
    }

    #[test]
    fn headers_that_cannot_be_are_errors() {
        for bad in [
            bytes(8, &[u32::MAX, u32::MAX, u32::MAX]),
            bytes(8, &[5, 0, 28]),
            bytes(8, &[5, 28, 28, 2]),
            bytes(8, &[5, 28]),
            bytes(13, &[5, 28, 28]),
            bytes(8, &[5, 28, 28])[..10].to_vec(),
            b"\x01\0\x08\x03".to_vec(),
            vec![],
        ] {
            assert_eq!(header(&bad).unwrap_err().code(), "files");
        }
        let labels = header(&bytes(8, &[u32::MAX])).unwrap();
        assert_eq!(labels.size(), u64::from(u32::MAX) + 8);
    }

    #[test]
    fn pairs_are_found_by_name() {
        assert_eq!(pair_key("a/train-images-idx3-ubyte.gz"), pair_key("train-labels.idx1-ubyte"));
        assert_ne!(pair_key("t10k-images-idx3-ubyte"), pair_key("train-labels-idx1-ubyte"));
        assert_eq!(pair_key("emnist-letters-train-images-idx3-ubyte"), "emnist-letters-train");
    }
}
