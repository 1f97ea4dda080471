//! From an encoded or a raw picture to the pixels that a network takes.

use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{ImageReader, RgbImage};

use crate::error::{Error, Result};

/// Decodes a picture that must have exactly this shape (height, width, channels).
///
/// # Errors
/// `image` where it cannot be decoded or has another size.
pub fn exact(file: &[u8], shape: [usize; 3]) -> Result<Vec<u8>> {
    let picture = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| Error::image(format!("The picture cannot be read: {error}.")))?
        .decode()
        .map_err(|error| Error::image(format!("The picture cannot be decoded: {error}.")))?;
    let [height, width, channels] = shape;
    if (picture.height() as usize, picture.width() as usize) != (height, width) {
        return Err(Error::image(format!(
            "The picture is {} x {} instead of {height} x {width}.",
            picture.height(),
            picture.width()
        )));
    }
    Ok(match channels {
        1 => picture.into_luma8().into_raw(),
        _ => picture.into_rgb8().into_raw(),
    })
}

/// Fits a picture of any size, as RGBA bytes, to `shape` (height, width, channels): what is
/// transparent lies over white; a greyscale network gets the luma of ITU-R BT.601, as
/// Pillow's mode L; other sizes are stretched with a triangle filter that averages when it
/// shrinks.
///
/// # Errors
/// `image` where the picture has no pixels or not so many bytes.
pub fn fit(rgba: &[u8], width: usize, height: usize, shape: [usize; 3]) -> Result<Vec<u8>> {
    if width == 0 || height == 0 || rgba.len() != width * height * 4 {
        return Err(Error::image(format!(
            "A picture of {width} x {height} needs {} bytes; it has {}.",
            width * height * 4,
            rgba.len()
        )));
    }
    let over_white = |pixel: &[u8; 4]| {
        let alpha = u32::from(pixel[3]);
        let blend =
            |value: u8| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        [blend(pixel[0]), blend(pixel[1]), blend(pixel[2])]
    };
    let (pixels, _) = rgba.as_chunks::<4>();
    let rgb: Vec<u8> = pixels.iter().flat_map(over_white).collect();
    let picture = RgbImage::from_raw(width as u32, height as u32, rgb)
        .ok_or_else(|| Error::image("The picture is too large."))?;
    let [wanted_height, wanted_width, channels] = shape;
    let picture = if (height, width) == (wanted_height, wanted_width) {
        picture
    } else {
        let (width, height) = (wanted_width as u32, wanted_height as u32);
        imageops::resize(&picture, width, height, FilterType::Triangle)
    };
    Ok(match channels {
        1 => picture.pixels().map(|pixel| luma(pixel.0)).collect(),
        _ => picture.into_raw(),
    })
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
        assert_eq!(exact(b"junk", [8, 8, 3]).unwrap_err().code(), "image");
    }
}
