//! Points of many dimensions as points of the plane, to be drawn: principal components
//! ([`pca`](mod@pca)), which only turn, and t-SNE ([`tsne`]), which keeps neighbours together.
//!
//! Both are pulled forward in slices. Points are `[points][dimensions]`, row by row. Work is
//! told in milliseconds, as a common processor of 2020 takes them natively; it is counted, not
//! measured, so that the same calls do the same.

pub mod pca;
mod tree;
pub mod tsne;

use crate::error::{Error, Result};

pub use pca::{Pca, Reduction, pca};
pub use tsne::{Tsne, TsneOptions};

/// Work per millisecond, which is counted in nanoseconds.
const MILLISECOND: f64 = 1e6;

/// # Errors
/// `data-missing` where there is no point, `option` naming `dimensions` where the values are
/// not those of `n` points of `d` dimensions, or `points` where one is not finite.
fn check(points: &[f32], n: usize, d: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::data_missing("There are no points to place."));
    }
    if d == 0 || n.checked_mul(d) != Some(points.len()) {
        return Err(Error::option(format!(
            "{} values are not {n} points of {d} dimensions.",
            points.len()
        ))
        .field("dimensions"));
    }
    if let Some(place) = points.iter().position(|value| !value.is_finite()) {
        return Err(Error::option(format!(
            "Value {} of point {} is no finite number, so it has no place.",
            place % d,
            place / d
        ))
        .field("points"));
    }
    Ok(())
}

/// The sum of products, eight at a time.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        (0..8).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The square of the distance, eight dimensions at a time.
fn square_distance(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0f32; 8];
    for (a, b) in a.iter().zip(b) {
        (0..8).for_each(|lane| sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]));
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum();
    sums.iter().sum::<f32>() + rest
}
