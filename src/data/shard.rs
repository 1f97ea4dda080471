//! The shards that bundled data sets are shipped in.
//!
//! A shard is some hundred to some thousand pictures: first one byte a label; then either
//! the pixels of one picture after another, or the length of each JPEG file (four bytes,
//! little-endian) and the files. Its manifest states length and CRC-32, so that a cut or
//! damaged download is told from a good one before anything is taken from it.

use serde::Deserialize;

use crate::data::dataset::{Dataset, Split};
use crate::data::decode;
use crate::error::{Error, Result};

/// What the manifest says of a shard.
#[derive(Clone, Debug, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As bytes: height, width, channels.
    Pixels,
    /// As JPEG files.
    Jpeg,
}

/// Adds the first `take` pictures of a shard to a data set and returns how many there were
/// to take. A JPEG that cannot be decoded is left out with a warning.
///
/// # Errors
/// `shard-truncated` or `shard-corrupt` naming the file; nothing is added then.
pub fn read(
    dataset: &mut Dataset,
    header: &ShardHeader,
    payload: &[u8],
    take: usize,
) -> Result<usize> {
    let corrupt = |message: String| Error::shard_corrupt(message).file(&header.file);
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
        return Err(corrupt(
            "This part of the data was damaged on its way: its checksum is wrong. Load the set \
             again."
                .into(),
        ));
    }
    let take = take.min(header.count);
    let inconsistent = || corrupt("This part of the data does not hold what its list says.".into());
    if payload.len() < header.count {
        return Err(inconsistent());
    }
    let (labels, rest) = payload.split_at(header.count);
    let labels: Vec<u16> = labels.iter().copied().map(u16::from).collect();
    match header.encoding {
        Encoding::Pixels => {
            let pixels = rest.get(..take * dataset.picture_bytes()).ok_or_else(inconsistent)?;
            dataset
                .push(header.split, &labels[..take], pixels)
                .map_err(|error| corrupt(error.to_string()))?;
        }
        Encoding::Jpeg => {
            let files = jpeg_files(rest, header.count).ok_or_else(inconsistent)?;
            let mut kept = Vec::with_capacity(take);
            let mut pixels = Vec::with_capacity(take * dataset.picture_bytes());
            let mut warnings = Vec::new();
            for (index, (file, label)) in files.iter().zip(&labels).take(take).enumerate() {
                match decode::exact(file, dataset.shape()) {
                    Ok(picture) => {
                        pixels.extend_from_slice(&picture);
                        kept.push(*label);
                    }
                    Err(error) => warnings.push((index, error)),
                }
            }
            dataset
                .push(header.split, &kept, &pixels)
                .map_err(|error| corrupt(error.to_string()))?;
            for (index, error) in warnings {
                dataset.warn(format!("{}, picture {index}", header.file), error.to_string());
            }
        }
    }
    Ok(take)
}

/// The files behind a table of `count` lengths.
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
        assert_eq!(read(&mut dataset, &header, &payload, 2).unwrap(), 2);
        assert_eq!(dataset.len(Split::Train), 1);
        assert!(dataset.picture(Split::Train, 0).unwrap().0.iter().all(|p| p.abs_diff(200) < 3));
        assert_eq!(dataset.info().warnings[0].file, "train-00.bin, picture 1");
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
