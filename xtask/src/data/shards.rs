//! Writes labelled pictures as shards; `src/data/shard.rs` of the core reads them.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use image::{ExtendedColorType, ImageEncoder, ImageReader};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Labelled, Pictures};
use crate::shell::{gzip, hex};

/// Pictures in a shard: some megabytes, so that progress is seen and a limit saves a download.
const SHARD: usize = 5000;
/// Pictures in a preview: columns and rows.
const PREVIEW: [usize; 2] = [10, 4];

/// A shard, as the manifest lists it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shard {
    /// Below the data folder, with eight digits of its contents' hash in the name.
    pub file: String,
    /// `train` or `test`.
    pub split: String,
    /// Pictures in it.
    pub count: usize,
    /// `pixels` or `jpeg`.
    pub encoding: String,
    /// `gzip` or null.
    pub compression: Option<String>,
    /// Its length on disk.
    pub bytes: usize,
    /// Its length when unpacked.
    pub raw_bytes: usize,
    /// The CRC-32 of what is unpacked.
    pub crc32: u32,
}

/// A sprite of the first pictures, to show a set before it is loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Preview {
    /// Below the data folder.
    pub file: String,
    /// Pictures in a row.
    pub columns: usize,
    /// Rows of pictures.
    pub rows: usize,
    /// Their labels, row by row.
    pub labels: Vec<u8>,
}

/// Writes a split's shards below `folder/name`.
pub fn write(
    folder: &Path,
    name: &str,
    split: &str,
    shape: [usize; 3],
    data: &Labelled,
) -> Result<Vec<Shard>> {
    let picture = shape.iter().product::<usize>();
    if let Pictures::Pixels(pixels) = &data.pictures {
        ensure!(
            pixels.len() == data.labels.len() * picture,
            "{name} {split}: pixels and labels do not fit"
        );
    }
    let mut shards = Vec::new();
    for (index, labels) in data.labels.chunks(SHARD).enumerate() {
        let first = index * SHARD;
        let mut payload = labels.to_vec();
        let encoding = match &data.pictures {
            Pictures::Pixels(pixels) => {
                payload.extend_from_slice(&pixels[first * picture..][..labels.len() * picture]);
                "pixels"
            }
            Pictures::Jpeg(files) => {
                let files = &files[first..first + labels.len()];
                for file in files {
                    payload.extend_from_slice(&u32::try_from(file.len())?.to_le_bytes());
                }
                payload.extend(files.iter().flatten());
                "jpeg"
            }
        };
        // A JPEG does not get smaller by being compressed again.
        let compression = (encoding == "pixels").then_some("gzip");
        let bytes = if compression.is_some() { gzip(&payload)? } else { payload.clone() };
        let file = format!("{name}/{split}-{index:02}-{}.bin", digest(&bytes));
        fs::write(folder.join(&file), &bytes)
            .with_context(|| format!("{file} cannot be written"))?;
        shards.push(Shard {
            file,
            split: split.into(),
            count: labels.len(),
            encoding: encoding.into(),
            compression: compression.map(str::to_owned),
            bytes: bytes.len(),
            raw_bytes: payload.len(),
            crc32: crc32fast::hash(&payload),
        });
    }
    Ok(shards)
}

/// Writes a PNG of the first pictures, without gaps.
pub fn preview(folder: &Path, name: &str, shape: [usize; 3], data: &Labelled) -> Result<Preview> {
    let [height, width, channels] = shape;
    let [columns, rows] = PREVIEW;
    let count = (columns * rows).min(data.labels.len());
    let mut sprite = vec![0; columns * rows * height * width * channels];
    for index in 0..count {
        let pixels = match &data.pictures {
            Pictures::Pixels(pixels) => {
                pixels[index * height * width * channels..][..height * width * channels].to_vec()
            }
            Pictures::Jpeg(files) => {
                let picture =
                    ImageReader::new(Cursor::new(&files[index])).with_guessed_format()?.decode()?;
                if channels == 1 {
                    picture.into_luma8().into_raw()
                } else {
                    picture.into_rgb8().into_raw()
                }
            }
        };
        let line = width * channels;
        for (row, values) in pixels.chunks_exact(line).enumerate() {
            let place = ((index / columns * height + row) * columns + index % columns) * line;
            sprite[place..place + line].copy_from_slice(values);
        }
    }
    let mut png = Vec::new();
    let color = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    image::codecs::png::PngEncoder::new(&mut png).write_image(
        &sprite,
        u32::try_from(columns * width)?,
        u32::try_from(rows * height)?,
        color,
    )?;
    let file = format!("{name}/preview-{}.png", digest(&png));
    fs::write(folder.join(&file), png)?;
    Ok(Preview { file, columns, rows, labels: data.labels[..count].to_vec() })
}

/// Eight digits that change with the contents, so that a file can be cached for ever.
fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))[..8].to_owned()
}

/// Takes one item of every class in turn, so that any beginning of the list is balanced.
pub fn interleave<T>(classes: Vec<Vec<T>>) -> Vec<(u8, T)> {
    let mut classes: Vec<_> = classes.into_iter().map(Vec::into_iter).collect();
    let mut items = Vec::new();
    loop {
        let before = items.len();
        for (label, class) in classes.iter_mut().enumerate() {
            items.extend(class.next().map(|item| (label as u8, item)));
        }
        if items.len() == before {
            return items;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("toy")).unwrap();
        folder
    }

    #[test]
    fn pixels_come_back_as_they_went_in() {
        let folder = folder("pixels");
        let labels: Vec<u8> = (0..5003).map(|index| (index % 3) as u8).collect();
        let pixels: Vec<u8> = (0..5003 * 4).map(|index| (index % 251) as u8).collect();
        let data = Labelled { labels, pictures: Pictures::Pixels(pixels.clone()) };
        let shards = write(&folder, "toy", "train", [2, 2, 1], &data).unwrap();
        assert_eq!(shards.iter().map(|shard| shard.count).collect::<Vec<_>>(), [5000, 3]);
        let second = &shards[1];
        let bytes = fs::read(folder.join(&second.file)).unwrap();
        assert_eq!(bytes.len(), second.bytes);
        let mut payload = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut payload).unwrap();
        assert_eq!((payload.len(), crc32fast::hash(&payload)), (second.raw_bytes, second.crc32));
        assert_eq!(payload, [&data.labels[5000..], &pixels[20_000..]].concat());
        let preview = preview(&folder, "toy", [2, 2, 1], &data).unwrap();
        let sprite = image::open(folder.join(&preview.file)).unwrap().into_luma8();
        assert_eq!(sprite.dimensions(), (20, 8));
        // The second picture's last pixel stands at column 3, row 1.
        assert_eq!(sprite.get_pixel(3, 1).0, [pixels[7]]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn jpeg_files_stand_behind_their_lengths() {
        let folder = folder("jpeg");
        let files = vec![vec![1, 2, 3], vec![4]];
        let data = Labelled { labels: vec![1, 0], pictures: Pictures::Jpeg(files) };
        let shard = write(&folder, "toy", "test", [2, 2, 3], &data).unwrap().remove(0);
        assert_eq!(shard.compression, None);
        let payload = fs::read(folder.join(&shard.file)).unwrap();
        assert_eq!(payload, [1, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn interleaving_goes_round() {
        let items = interleave(vec![vec!["a0", "a1", "a2"], vec!["b0"], vec!["c0", "c1"]]);
        let names: Vec<_> = items.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, ["a0", "b0", "c0", "a1", "c1", "a2"]);
        assert_eq!(items[2].0, 2);
    }

    #[test]
    fn pictures_that_do_not_fit_their_labels_are_refused() {
        let data = Labelled { labels: vec![0, 1], pictures: Pictures::Pixels(vec![0; 7]) };
        assert!(write(Path::new("nowhere"), "toy", "train", [2, 2, 1], &data).is_err());
    }
}
