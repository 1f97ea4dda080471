//! Resizing with Pillow's arithmetic, so that a picture is the same as in a notebook.
//!
//! A horizontal pass, then a vertical one, each with weights of 22 bits after the point and
//! 8-bit results (Pillow's `Resample.c`; its versions from 13 on sometimes pass vertically
//! first, which changes a value by 1 at most). A filter grows with the shrinking, so that
//! every pixel of the picture counts: no aliasing.

use serde::{Deserialize, Serialize};

/// How pixels are weighed where a picture changes its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// The nearest pixel.
    Nearest,
    /// A triangle: averages where it shrinks, linear where it enlarges (Pillow's BILINEAR).
    #[default]
    Triangle,
    /// The cubic with a = -1/2 (Pillow's BICUBIC).
    CatmullRom,
    /// Three lobes of a windowed sinc (Pillow's LANCZOS).
    Lanczos3,
}

impl Filter {
    /// How far it reaches, in pixels, where nothing shrinks.
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Triangle => 1.0,
            Self::CatmullRom => 2.0,
            Self::Lanczos3 => 3.0,
        }
    }

    fn weight(self, x: f64) -> f64 {
        let x = x.abs();
        if x >= self.support() {
            return 0.0;
        }
        let sinc = |x: f64| if x == 0.0 { 1.0 } else { (x * PI).sin() / (x * PI) };
        match self {
            Self::Nearest => 0.0,
            Self::Triangle => 1.0 - x,
            Self::CatmullRom if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            Self::CatmullRom => ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0,
            Self::Lanczos3 => sinc(x) * sinc(x / 3.0),
        }
    }
}

use std::f64::consts::PI;

/// Bits after the point: 8 of the pixel, 2 for what overshoots and the sign.
const PRECISION: u32 = 32 - 8 - 2;

/// The pixels that one pixel is made of, and their weights.
struct Tap {
    first: usize,
    weights: Vec<i32>,
}

/// The taps of `out` pixels that cover `start..end` of `size` pixels.
fn taps(filter: Filter, size: usize, [start, end]: [f32; 2], out: usize) -> Vec<Tap> {
    // Pillow keeps a box in single precision, too.
    let (scale, start) = (f64::from(end - start) / out as f64, f64::from(start));
    if filter == Filter::Nearest {
        // Added up as Pillow does: where pixels meet, a last bit decides.
        let places = std::iter::successors(Some(start + scale * 0.5), |place| Some(place + scale));
        let tap = |place: f64| Tap {
            first: (place as usize).min(size - 1),
            weights: vec![1 << PRECISION],
        };
        return places.take(out).map(tap).collect();
    }
    let grown = scale.max(1.0);
    let support = filter.support() * grown;
    let tap = |x: usize| {
        let center = start + (x as f64 + 0.5) * scale;
        let first = (center - support + 0.5).max(0.0) as usize;
        let last = ((center + support + 0.5) as usize).min(size);
        let weights: Vec<f64> = (first..last)
            .map(|place| filter.weight((place as f64 - center + 0.5) * (1.0 / grown)))
            .collect();
        let sum: f64 = weights.iter().sum();
        let fixed = |weight: &f64| {
            let weight = if sum == 0.0 { *weight } else { weight / sum };
            let scaled = weight * f64::from(1 << PRECISION);
            (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
        };
        Tap { first, weights: weights.iter().map(fixed).collect() }
    };
    (0..out).map(tap).collect()
}

fn clip(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}

/// The part of a picture from `top` to `bottom` and from `left` to `right`, in pixels, made
/// `height` x `width`. The picture has `from` rows and columns of `CHANNELS` bytes each.
fn resample<const CHANNELS: usize>(
    pixels: &[u8],
    [rows, columns]: [usize; 2],
    filter: Filter,
    [top, left, bottom, right]: [f32; 4],
    [height, width]: [usize; 2],
) -> Vec<u8> {
    const HALF: i32 = 1 << (PRECISION - 1);
    let down = taps(filter, rows, [top, bottom], height);
    // Only the rows that the vertical pass asks for.
    let first = down.iter().map(|tap| tap.first).min().unwrap_or(0);
    let last = down.iter().map(|tap| tap.first + tap.weights.len()).max().unwrap_or(0);
    let untouched = |size: usize, out: usize, start: f32, end: f32| {
        size == out && start == 0.0 && end == size as f32
    };
    let needed = &pixels[first * columns * CHANNELS..last * columns * CHANNELS];
    let across = if untouched(columns, width, left, right) {
        needed.to_vec()
    } else {
        let across = taps(filter, columns, [left, right], width);
        let mut wide = Vec::with_capacity((last - first) * width * CHANNELS);
        for row in needed.chunks_exact(columns * CHANNELS) {
            let (row, _) = row.as_chunks::<CHANNELS>();
            for tap in &across {
                let mut sums = [HALF; CHANNELS];
                for (pixel, weight) in row[tap.first..].iter().zip(&tap.weights) {
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(*value) * weight;
                    }
                }
                wide.extend(sums.map(clip));
            }
        }
        wide
    };
    if untouched(rows, height, top, bottom) {
        return across;
    }
    let stride = width * CHANNELS;
    let mut out = Vec::with_capacity(height * stride);
    let mut sums = vec![HALF; stride];
    for tap in &down {
        sums.fill(HALF);
        for (row, weight) in
            across[(tap.first - first) * stride..].chunks_exact(stride).zip(&tap.weights)
        {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += i32::from(*value) * weight;
            }
        }
        out.extend(sums.iter().map(|sum| clip(*sum)));
    }
    out
}

/// Resizes the part `[top, left, bottom, right]` of a picture of `from` rows and columns to
/// `to` rows and columns. Pixels beside the part count where the filter reaches them, as with
/// Pillow's `box`. Nothing may be 0, the part lies within the picture, and the picture has
/// 1 or 3 channels: callers see to it.
pub(super) fn resize(
    pixels: &[u8],
    channels: usize,
    from: [usize; 2],
    filter: Filter,
    part: [f32; 4],
    to: [usize; 2],
) -> Vec<u8> {
    match channels {
        1 => resample::<1>(pixels, from, filter, part, to),
        _ => resample::<3>(pixels, from, filter, part, to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in floating point and both directions at once.
    fn slow(pixels: &[u8], from: [usize; 2], filter: Filter, to: [usize; 2]) -> Vec<f64> {
        let weights = |size: usize, out: usize, x: usize| -> Vec<f64> {
            let scale = size as f64 / out as f64;
            let center = (x as f64 + 0.5) * scale;
            let all: Vec<f64> = (0..size)
                .map(|place| filter.weight((place as f64 + 0.5 - center) / scale.max(1.0)))
                .collect();
            let sum: f64 = all.iter().sum();
            all.iter().map(|weight| weight / sum).collect()
        };
        let mut out = Vec::new();
        for y in 0..to[0] {
            let down = weights(from[0], to[0], y);
            for x in 0..to[1] {
                let across = weights(from[1], to[1], x);
                let mut sum = 0.0;
                for (row, down) in pixels.chunks(from[1]).zip(&down) {
                    for (value, across) in row.iter().zip(&across) {
                        sum += f64::from(*value) * across * down;
                    }
                }
                out.push(sum.clamp(0.0, 255.0));
            }
        }
        out
    }

    #[test]
    fn fixed_point_passes_agree_with_the_definition() {
        let from = [13, 17];
        // Not so far apart that a filter overshoots what a byte holds.
        let pixels: Vec<u8> = (0..13 * 17).map(|i| (64 + i * 89 % 127) as u8).collect();
        for filter in [Filter::Triangle, Filter::CatmullRom, Filter::Lanczos3] {
            for to in [[5, 4], [13, 6], [30, 17], [29, 31], [1, 1]] {
                let part = [0.0, 0.0, 13.0, 17.0];
                let fast = resize(&pixels, 1, from, filter, part, to);
                let slow = slow(&pixels, from, filter, to);
                assert_eq!(fast.len(), to[0] * to[1]);
                for (fast, slow) in fast.iter().zip(&slow) {
                    // Each pass rounds.
                    assert!((f64::from(*fast) - slow).abs() < 1.5, "{filter:?} {to:?}");
                }
            }
        }
    }

    #[test]
    fn nearest_repeats_and_skips_pixels() {
        let grown = resize(&[1, 2], 1, [1, 2], Filter::Nearest, [0.0, 0.0, 1.0, 2.0], [2, 4]);
        assert_eq!(grown, [1, 1, 2, 2, 1, 1, 2, 2]);
        let colours = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let shrunk = resize(&colours, 3, [1, 3], Filter::Nearest, [0.0, 0.0, 1.0, 3.0], [1, 1]);
        assert_eq!(shrunk, [4, 5, 6]);
    }
}
