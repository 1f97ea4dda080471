//! The shards that bundled data sets are shipped in.
//!
//! A shard is some hundred to some thousand pictures: first one byte a label; then either
//! the pixels of one picture after another, or the length of each JPEG file (four bytes,
//! little-endian) and the files. Its manifest states length and CRC-32, so that a cut or
//! damaged download is told from a good one before anything is taken from it.

use serde::{Deserialize, Serialize};

use crate::data::dataset::{Dataset, Split};
#[cfg(feature = "reading")]
use crate::data::{dataset::Warning, decode};
use crate::error::{Error, Result};

/// What the manifest says of a shard.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShardHeader {
    /// Its file, for error messages.
    pub file: String,
    /// The split that its pictures belong to.
    pub split: Split,
    /// Pictures in it.
    pub count: usize,
    /// How they are written.
    pub encoding: Encoding,
    /// Its length.
    pub raw_bytes: usize,
    /// The CRC-32 of its bytes.
    pub crc32: u32,
}

/// How a shard's pictures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As bytes: height, width, channels.
    Pixels,
    /// As JPEG files; [`unpack`] makes pixels of them.
    Jpeg,
}

/// Adds the first `take` pictures of a shard of pixels to a data set and returns how many there
/// were to take.
///
/// # Errors
/// `shard-truncated` or `shard-corrupt` naming the file; nothing is added then.
pub fn read(
    dataset: &mut Dataset,
    header: &ShardHeader,
    payload: &[u8],
    take: usize,
) -> Result<usize> {
    let (labels, rest) = checked(header, payload)?;
    let take = take.min(header.count);
    let labels: Vec<u16> = labels[..take].iter().copied().map(u16::from).collect();
    let pixels = rest
        .get(..take * dataset.picture_bytes())
        .filter(|_| header.encoding == Encoding::Pixels)
        .ok_or_else(|| inconsistent(header))?;
    dataset
        .push(header.split, &labels, pixels)
        .map_err(|error| Error::shard_corrupt(error.to_string()).file(&header.file))?;
    Ok(take)
}

/// What [`unpack`] makes of a shard.
#[cfg(feature = "reading")]
#[derive(Debug)]
pub struct Unpacked {
    /// What is to be said of it now.
    pub header: ShardHeader,
    /// A shard of pixels.
    pub payload: Vec<u8>,
    /// Pictures that could not be decoded; they are left out.
    pub warnings: Vec<Warning>,
}

/// The first `take` pictures, of `shape` (height, width, channels), of a shard of JPEG files as one
/// of pixels. The module that trains cannot decode them, because few sets need it.
///
/// # Errors
/// `shard-truncated` or `shard-corrupt` naming the file.
#[cfg(feature = "reading")]
pub fn unpack(
    header: &ShardHeader,
    shape: [usize; 3],
    payload: &[u8],
    take: usize,
) -> Result<Unpacked> {
    let (labels, rest) = checked(header, payload)?;
    let files = Some(rest).filter(|_| header.encoding == Encoding::Jpeg);
    let files = files.and_then(|rest| jpeg_files(rest, header.count));
    let files = files.ok_or_else(|| inconsistent(header))?;
    let (mut kept, mut pixels, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (file, label)) in files.iter().zip(labels).take(take).enumerate() {
        match decode::exact(file, shape) {
            Ok(picture) => {
                pixels.extend_from_slice(&picture);
                kept.push(*label);
            }
            Err(error) => warnings.push(Warning {
                file: format!("{}, picture {index}", header.file),
                message: error.to_string(),
            }),
        }
    }
    let count = kept.len();
    let payload = [kept, pixels].concat();
    let header = ShardHeader {
        count,
        encoding: Encoding::Pixels,
        raw_bytes: payload.len(),
        crc32: crc32fast::hash(&payload),
        ..header.clone()
    };
    Ok(Unpacked { header, payload, warnings })
}

/// A shard's labels, and what follows them.
fn checked<'a>(header: &ShardHeader, payload: &'a [u8]) -> Result<(&'a [u8], &'a [u8])> {
    if payload.len() != header.raw_bytes {
        return Err(Error::shard_truncated(format!(
            "This part of the data has {} bytes instead of {}: the download was cut off or the \
             server holds another version. Load the set again.",
            payload.len(),
            header.raw_bytes
        ))
        .file(&header.file));
    }
    if crc32fast::hash(payload) != header.crc32 {
        return Err(Error::shard_corrupt(
            "This part of the data was damaged on its way: its checksum is wrong. Load the set \
             again.",
        )
        .file(&header.file));
    }
    payload.split_at_checked(header.count).ok_or_else(|| inconsistent(header))
}

fn inconsistent(header: &ShardHeader) -> Error {
    Error::shard_corrupt("This part of the data does not hold what its list says.")
        .file(&header.file)
}
/// The files behind a table of `count` lengths.
#[cfg(feature = "reading")]
fn jpeg_files(bytes: &[u8], count: usize) -> Option<Vec<&[u8]>> {
    let (table, mut rest) = bytes.split_at_checked(count.checked_mul(4)?)?;
    let (lengths, _) = table.as_chunks::<4>();
    lengths
        .iter()
        .map(|length| {
            let (file, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = after;
            Some(file)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset() -> Dataset {
        Dataset::new("test".into(), vec!["a".into(), "b".into()], [8, 8, 3]).unwrap()
    }

    fn header(payload: &[u8], count: usize, encoding: Encoding) -> ShardHeader {
        ShardHeader {
            file: "train-00.bin".into(),
            split: Split::Train,
            count,
            encoding,
            raw_bytes: payload.len(),
            crc32: crc32fast::hash(payload),
        }
    }

    #[test]
    fn takes_as_many_as_asked() {
        let payload: Vec<u8> = [0, 1, 0].into_iter().chain((0..3 * 192).map(|i| i as u8)).collect();
        let mut dataset = dataset();
        let header = header(&payload, 3, Encoding::Pixels);
        assert_eq!(read(&mut dataset, &header, &payload, 2).unwrap(), 2);
        assert_eq!(dataset.len(Split::Train), 2);
        assert_eq!(
            dataset.picture(Split::Train, 1).unwrap(),
            (payload[3 + 192..][..192].into(), 1)
        );
        assert_eq!(read(&mut dataset, &header, &payload, 99).unwrap(), 3);
    }

    #[test]
    #[cfg(feature = "reading")]
    fn jpeg_pictures_are_decoded_and_a_bad_one_is_a_warning() {
        let mut jpeg = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100)
            .encode(&[200; 192], 8, 8, image::ExtendedColorType::Rgb8)
            .unwrap();
        let mut payload = vec![1, 0];
        payload.extend((jpeg.len() as u32).to_le_bytes());
        payload.extend(4u32.to_le_bytes());
        payload.extend(&jpeg);
        payload.extend(b"junk");
        let mut dataset = dataset();
        let header = header(&payload, 2, Encoding::Jpeg);
        let found = unpack(&header, [8, 8, 3], &payload, 2).unwrap();
        assert_eq!(read(&mut dataset, &found.header, &found.payload, 2).unwrap(), 1);
        assert_eq!(dataset.len(Split::Train), 1);
        let (picture, label) = dataset.picture(Split::Train, 0).unwrap();
        assert!(label == 1 && picture.iter().all(|pixel| pixel.abs_diff(200) < 3));
        assert_eq!(found.warnings[0].file, "train-00.bin, picture 1");
        let lying = ShardHeader { count: 1, ..header };
        assert_eq!(unpack(&lying, [8, 8, 3], &payload, 2).unwrap_err().code(), "shard-corrupt");
    }

    #[test]
    fn cut_damaged_and_lying_shards_are_told_apart_and_add_nothing() {
        let payload: Vec<u8> = [0, 1].into_iter().chain([7; 2 * 192]).collect();
        let good = header(&payload, 2, Encoding::Pixels);
        let mut dataset = dataset();
        let mut check = |header: &ShardHeader, payload: &[u8], code| {
            let error = read(&mut dataset, header, payload, 2).unwrap_err();
            assert_eq!((error.code(), error.file_name()), (code, Some("train-00.bin")));
            assert_eq!(dataset.len(Split::Train), 0);
        };
        check(&good, &payload[..300], "shard-truncated");
        let mut damaged = payload.clone();
        damaged[40] ^= 1;
        check(&good, &damaged, "shard-corrupt");
        check(&header(&payload, 400, Encoding::Pixels), &payload, "shard-corrupt");
        check(&header(&payload, 3, Encoding::Jpeg), &payload, "shard-corrupt");
        let wrong_label: Vec<u8> = [0, 9].into_iter().chain([7; 2 * 192]).collect();
        check(&header(&wrong_label, 2, Encoding::Pixels), &wrong_label, "shard-corrupt");
    }
}
