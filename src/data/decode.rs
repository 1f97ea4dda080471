//! From an encoded or a raw picture to the pixels that a network takes.
//!
//! Whatever a picture is (grey, palette, 16 bits, CMYK, transparent, turned by its EXIF tag),
//! it becomes upright bytes of grey or RGB first, transparent parts over white; then its
//! colours change, then its size. That is the order of Keras's `load_img`, with Pillow's
//! arithmetic, so that the numbers are the same as in a notebook.

#[cfg(feature = "reading")]
mod encoded;

use serde::{Deserialize, Serialize};

pub use super::resize::Filter;
use super::resize::resize;
use crate::error::{Error, Result};
#[cfg(feature = "reading")]
pub(crate) use encoded::{claims_too_much, header, picture};
#[cfg(feature = "reading")]
pub use encoded::{decode, exact};

/// What is done with a picture of another shape than is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Stretched to it: nothing is lost, proportions change.
    #[default]
    Stretch,
    /// Its middle is cut out: proportions stay, the edges are lost.
    Crop,
    /// Set in the middle of black: proportions stay, nothing is lost.
    Pad,
}

/// A decoded picture: upright, opaque bytes.
pub(crate) struct Picture {
    /// Row by row, channels innermost.
    pub pixels: Vec<u8>,
    pub height: usize,
    pub width: usize,
    /// 1 or 3.
    pub channels: usize,
}

impl Picture {
    /// Lays RGBA bytes over white.
    fn from_rgba(rgba: &[u8], height: usize, width: usize) -> Self {
        let over_white = |pixel: &[u8; 4]| {
            let alpha = u32::from(pixel[3]);
            let blend =
                |value: u8| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
            [blend(pixel[0]), blend(pixel[1]), blend(pixel[2])]
        };
        let pixels = rgba.as_chunks::<4>().0.iter().flat_map(over_white).collect();
        Self { pixels, height, width, channels: 3 }
    }

    /// The same in 1 or 3 channels. Grey is the luma of ITU-R BT.601, as Pillow's mode L.
    fn recoloured(self, channels: usize) -> Self {
        let pixels = match (self.channels, channels) {
            (3, 1) => self.pixels.as_chunks::<3>().0.iter().map(|pixel| luma(*pixel)).collect(),
            (1, 3) => self.pixels.iter().flat_map(|&grey| [grey; 3]).collect(),
            _ => return self,
        };
        Self { pixels, channels, ..self }
    }

    /// Whether it is grey, however it is written.
    #[cfg(feature = "reading")]
    pub fn is_grey(&self) -> bool {
        self.channels == 1
            || self.pixels.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b)
    }

    /// Its pixels in another shape (height, width, channels).
    pub fn fitted(self, shape: [usize; 3], fit: Fit, filter: Filter) -> Vec<u8> {
        let [height, width, channels] = shape;
        let picture = self.recoloured(channels);
        let from = [picture.height, picture.width];
        if from == [height, width] {
            return picture.pixels;
        }
        let [rows, columns] = from.map(|side| side as f64);
        let resized = |part: [f64; 4], to| {
            resize(
                &picture.pixels,
                channels,
                [from[0], from[1]],
                filter,
                part.map(|side| side as f32),
                to,
            )
        };
        let whole = [0.0, 0.0, rows, columns];
        // Both as Pillow's ImageOps.fit and ImageOps.pad (round is to even there too).
        let (picture_ratio, wanted_ratio) = (columns / rows, width as f64 / height as f64);
        match fit {
            Fit::Stretch => resized(whole, [height, width]),
            _ if picture_ratio == wanted_ratio => resized(whole, [height, width]),
            Fit::Crop => {
                let (cut_rows, cut_columns) = if picture_ratio >= wanted_ratio {
                    (rows, wanted_ratio * rows)
                } else {
                    (columns / wanted_ratio, columns)
                };
                let (top, left) = ((rows - cut_rows) * 0.5, (columns - cut_columns) * 0.5);
                let part = [
                    top.max(0.0),
                    left.max(0.0),
                    (top + cut_rows).min(rows),
                    (left + cut_columns).min(columns),
                ];
                resized(part, [height, width])
            }
            Fit::Pad => {
                let inner = if picture_ratio > wanted_ratio {
                    [((rows / columns * width as f64).round_ties_even() as usize).max(1), width]
                } else {
                    [height, ((columns / rows * height as f64).round_ties_even() as usize).max(1)]
                };
                let middle = |free: usize| (free as f64 * 0.5).round_ties_even() as usize;
                let top = middle(height - inner[0]);
                let left = middle(width - inner[1]);
                let mut padded = vec![0; height * width * channels];
                let inside = resized(whole, inner);
                for (y, row) in inside.chunks_exact(inner[1] * channels).enumerate() {
                    padded[((top + y) * width + left) * channels..][..row.len()]
                        .copy_from_slice(row);
                }
                padded
            }
        }
    }
}

/// Fits a picture of any size, as RGBA bytes, to `shape` (height, width, channels): what is
/// transparent lies over white; a greyscale network gets the luma of ITU-R BT.601, as
/// Pillow's mode L; other sizes are stretched with a triangle filter that averages when it
/// shrinks.
///
/// # Errors
/// `image` where the picture has no pixels or not so many bytes.
pub fn fit(rgba: &[u8], width: usize, height: usize, shape: [usize; 3]) -> Result<Vec<u8>> {
    fit_with(rgba, width, height, shape, Fit::default(), Filter::default())
}

/// The same with a fit and a filter of one's choice.
///
/// # Errors
/// As [`fit`].
pub fn fit_with(
    rgba: &[u8],
    width: usize,
    height: usize,
    shape: [usize; 3],
    fit: Fit,
    filter: Filter,
) -> Result<Vec<u8>> {
    let bytes = width.checked_mul(height).and_then(|pixels| pixels.checked_mul(4));
    if width == 0 || height == 0 || bytes != Some(rgba.len()) {
        return Err(Error::image(format!(
            "A picture of {width} x {height} as RGBA does not have {} bytes.",
            rgba.len()
        )));
    }
    Ok(Picture::from_rgba(rgba, height, width).fitted(shape, fit, filter))
}

/// ITU-R BT.601 luma with Pillow's fixed-point weights and rounding.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    ((sum + 0x8000) >> 16) as u8
}

/// The RGBA bytes of pixels of `shape`, for showing them.
pub fn to_rgba(pixels: &[u8], channels: usize) -> Vec<u8> {
    match channels {
        1 => pixels.iter().flat_map(|&grey| [grey, grey, grey, 255]).collect(),
        _ => pixels.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_the_right_size_is_only_recoloured() {
        let rgba = [255, 255, 255, 255, 0, 0, 0, 255, 255, 0, 0, 255, 0, 0, 0, 0];
        assert_eq!(fit(&rgba, 2, 2, [2, 2, 1]).unwrap(), [255, 0, 76, 255]);
        assert_eq!(
            fit(&rgba, 2, 2, [2, 2, 3]).unwrap(),
            [255, 255, 255, 0, 0, 0, 255, 0, 0, 255, 255, 255]
        );
    }

    #[test]
    fn shrinking_averages() {
        let rgba: Vec<u8> =
            (0..64).flat_map(|i| [(i % 2) * 254; 3].into_iter().chain([255])).collect();
        let grey = fit(&rgba, 8, 8, [2, 2, 1]).unwrap();
        assert!(grey.iter().all(|value| value.abs_diff(127) <= 20), "{grey:?}");
    }

    #[test]
    fn wrong_sizes_and_junk_are_errors() {
        assert_eq!(fit(&[0; 15], 2, 2, [2, 2, 1]).unwrap_err().code(), "image");
        assert_eq!(fit(&[], 0, 0, [2, 2, 1]).unwrap_err().code(), "image");
        #[cfg(feature = "reading")]
        assert_eq!(exact(b"junk", [8, 8, 3]).unwrap_err().code(), "image");
    }

    /// A grey picture whose value is its column.
    fn columns(height: usize, width: usize) -> Picture {
        let pixels = (0..height).flat_map(|_| (0..width).map(|x| x as u8)).collect();
        Picture { pixels, height, width, channels: 1 }
    }

    #[test]
    fn crop_keeps_the_middle_and_pad_the_whole() {
        let cropped = columns(4, 8).fitted([4, 4, 1], Fit::Crop, Filter::Triangle);
        assert_eq!(cropped[..4], [2, 3, 4, 5]);
        let padded = columns(2, 4).fitted([4, 4, 1], Fit::Pad, Filter::Triangle);
        assert_eq!(padded, [0, 0, 0, 0, 0, 1, 2, 3, 0, 1, 2, 3, 0, 0, 0, 0]);
        let thin = columns(1, 200).fitted([2, 2, 3], Fit::Pad, Filter::Nearest);
        assert_eq!(thin.len(), 12);
    }

    /// What `tests/fixtures/pictures.py` wrote down of what Pillow reads.
    #[cfg(feature = "reading")]
    fn expected() -> serde_json::Value {
        serde_json::from_str(include_str!("../../tests/fixtures/pictures/expected.json")).unwrap()
    }

    #[cfg(feature = "reading")]
    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/");
        std::fs::read(folder.to_owned() + name).unwrap()
    }

    #[cfg(feature = "reading")]
    fn hex(value: &serde_json::Value) -> Vec<u8> {
        let (pairs, _) = value.as_str().unwrap().as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        pairs.iter().map(|pair| byte(pair).unwrap()).collect()
    }

    #[test]
    #[cfg(feature = "reading")]
    fn every_kind_of_picture_is_what_pillow_reads() {
        let expected = expected();
        let pictures = expected["pictures"].as_object().unwrap();
        assert_eq!(pictures.len(), 31);
        for (name, is) in pictures {
            let read = picture(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            let shape: [usize; 3] = serde_json::from_value(is["shape"].clone()).unwrap();
            assert_eq!([read.height, read.width], shape[..2], "{name}");
            let grey = shape[2] == 1;
            assert!(!grey || read.is_grey(), "{name}");
            let pixels = read.recoloured(shape[2]).pixels;
            let most = pixels.iter().zip(hex(&is["pixels"])).map(|(a, b)| a.abs_diff(b)).max();
            assert_eq!(pixels.len(), shape.iter().product::<usize>(), "{name}");
            let tolerance = is["tolerance"].as_u64().unwrap();
            assert!(u64::from(most.unwrap()) <= tolerance, "{name}: off by {most:?}");
        }
    }

    #[test]
    #[cfg(feature = "reading")]
    fn every_fit_and_filter_gives_what_pillow_gives() {
        let file = fixture("busy.png");
        let expected = expected();
        let cases = expected["resized"].as_array().unwrap();
        assert_eq!(cases.len(), 48);
        for case in cases {
            let shape = serde_json::from_value(case["shape"].clone()).unwrap();
            let fit = serde_json::from_value(case["fit"].clone()).unwrap();
            let filter = serde_json::from_value(case["filter"].clone()).unwrap();
            let (pixels, size) = decode(&file, shape, fit, filter).unwrap();
            let theirs = hex(&case["pixels"]);
            assert_eq!((size, pixels.len()), ([23, 17], theirs.len()));
            let most = pixels.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            // Newer versions of Pillow sometimes pass vertically first, and round there.
            let allowed = u8::from(filter != Filter::Nearest);
            assert!(most <= allowed, "{shape:?} {fit:?} {filter:?}: off by {most}");
        }
    }
}
