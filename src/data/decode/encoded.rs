//! Files of pictures, decoded: what only the workers that read files need.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits};

use super::{Filter, Fit, Picture};
use crate::error::{Error, Result};

/// Pixels of the largest picture that is decoded: a bomb of a few bytes can claim billions.
const MAX_PIXELS: u64 = 64 << 20;

/// Opens a picture, known by its content, and checks its size before anything is decoded.
fn open(file: &[u8]) -> Result<impl ImageDecoder + '_> {
    let mut reader = ImageReader::new(Cursor::new(file))
        .with_guessed_format()
        .map_err(|error| Error::image(format!("The picture cannot be read: {error}.")))?;
    if reader.format().is_none() {
        return Err(unknown(file));
    }
    // Two buffers of the largest picture at 16 bits fit; what one claims is checked below.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(1 << 30);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(explain)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Error::image(format!(
            "The picture claims {width} x {height} pixels; at most 64 million are read. Make it \
             smaller first."
        )));
    }
    if width == 0 || height == 0 {
        return Err(Error::image("The picture has no pixels."));
    }
    Ok(decoder)
}

/// Says what a file that is no picture we know might be.
fn unknown(file: &[u8]) -> Error {
    let kind = match file {
        [] => return Error::image("The file is empty."),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => "an AVIF picture",
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => "a HEIC picture",
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', ..] => "a JPEG XL picture",
        _ => {
            return Error::image(
                "The file is no picture of a kind that is read: JPEG, PNG, GIF, BMP, WebP, TIFF \
                 and PNM are.",
            );
        }
    };
    Error::image(format!(
        "The file is {kind}, which is not read here. Let the browser decode the pictures, or \
         save it as JPEG or PNG."
    ))
}

/// A decoder's error in a sentence of ours.
fn explain(error: ImageError) -> Error {
    match error {
        ImageError::Limits(_) => Error::image(
            "The picture needs more memory than a picture of 64 million pixels; make it smaller \
             first.",
        ),
        ImageError::Unsupported(error) => {
            Error::image(format!("The picture is of a rare kind that is not read: {error}."))
        }
        error => Error::image(format!("The picture is damaged or cut off: {error}.")),
    }
}

/// Whether a JPEG file ends before its pictures does. Its decoder would fill up with grey.
fn is_cut_jpeg(file: &[u8]) -> bool {
    if !file.starts_with(&[0xff, 0xd8]) {
        return false;
    }
    // Segments up to the first scan; a thumbnail within one has an end of its own.
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = file.get(at..).and_then(|rest| rest.first_chunk())
    {
        match marker {
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
        if marker == 0xda {
            break;
        }
    }
    // Within a scan, ff is followed by 0 or a restart marker, so this is the end itself.
    !file.get(at..).is_some_and(|rest| rest.windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// Decodes a picture of any kind.
///
/// # Errors
/// `image` where it cannot be decoded, is cut off, or is larger than 64 megapixels.
pub(crate) fn picture(file: &[u8]) -> Result<Picture> {
    let mut decoder = open(file)?;
    if is_cut_jpeg(file) {
        return Err(Error::image("The picture is cut off: its end is missing."));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(explain)?;
    image.apply_orientation(orientation);
    let (height, width) = (image.height() as usize, image.width() as usize);
    let color = image.color();
    Ok(match (color.has_color(), color.has_alpha()) {
        (false, false) => {
            Picture { pixels: image.into_luma8().into_raw(), height, width, channels: 1 }
        }
        (true, false) => {
            Picture { pixels: image.into_rgb8().into_raw(), height, width, channels: 3 }
        }
        (has_color, true) => {
            let picture = Picture::from_rgba(&image.into_rgba8(), height, width);
            if has_color { picture } else { picture.recoloured(1) }
        }
    })
}

/// Whether a file claims more pixels than are decoded: no other decoder should try either.
pub(crate) fn claims_too_much(file: &[u8]) -> bool {
    let reader = ImageReader::new(Cursor::new(file)).with_guessed_format();
    let claimed = reader.ok().and_then(|reader| reader.into_dimensions().ok());
    claimed.is_some_and(|(width, height)| u64::from(width) * u64::from(height) > MAX_PIXELS)
}

/// Height and width of a picture as it is written (before its EXIF orientation turns it), and
/// whether it has colours, from its header alone.
pub(crate) fn header(file: &[u8]) -> Result<([u32; 2], bool)> {
    let decoder = open(file)?;
    let (width, height) = decoder.dimensions();
    Ok(([height, width], decoder.color_type().has_color()))
}

/// Decodes a picture of any kind and size and fits it to `shape` (height, width, channels).
/// Returns its pixels and its own height and width.
///
/// # Errors
/// `image` where it cannot be decoded, is cut off, or is larger than 64 megapixels.
pub fn decode(
    file: &[u8],
    shape: [usize; 3],
    fit: Fit,
    filter: Filter,
) -> Result<(Vec<u8>, [u32; 2])> {
    let picture = picture(file)?;
    let size = [picture.height as u32, picture.width as u32];
    Ok((picture.fitted(shape, fit, filter), size))
}

/// Decodes a picture that must have exactly this shape (height, width, channels).
///
/// # Errors
/// `image` where it cannot be decoded or has another size.
pub fn exact(file: &[u8], shape: [usize; 3]) -> Result<Vec<u8>> {
    let picture = picture(file)?;
    let [height, width, channels] = shape;
    if (picture.height, picture.width) != (height, width) {
        return Err(Error::image(format!(
            "The picture is {} x {} instead of {height} x {width}.",
            picture.height, picture.width
        )));
    }
    Ok(picture.recoloured(channels).pixels)
}
