//! What every picture goes through before the network sees it, of training or not: Keras's
//! `ImageDataGenerator.standardize`.
//!
//! What it needs to know of the training pictures is fitted once and belongs to the weights
//! from then on: it is kept in the checkpoint and used for every split and every prediction.
//!
//! Sources: Keras 3 `legacy/preprocessing/image.py`, `fit` and `standardize`; Golub and Van
//! Loan, "Matrix Computations", for the eigenvalues (Householder's tridiagonal form, then
//! implicit QL steps).

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::augment::{Augmentation, RESCALE};
use crate::error::{Error, Result};

/// What happens to a picture's values, in this order; Keras's names. The default divides by
/// 255 and does nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preprocessing {
    /// Every value is multiplied by this.
    pub rescale: f64,
    /// Each picture's own mean is subtracted.
    #[serde(skip_serializing_if = "is_false")]
    pub samplewise_center: bool,
    /// Each picture is divided by its own standard deviation.
    #[serde(skip_serializing_if = "is_false")]
    pub samplewise_std_normalization: bool,
    /// Means of the training pictures, one a channel; empty where they are not subtracted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mean: Vec<f32>,
    /// Standard deviations of the training pictures, one a channel; empty where they do not
    /// divide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub std: Vec<f32>,
    /// Added to the singular values that whitening divides by; `None` without whitening.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zca_epsilon: Option<f64>,
    /// The whitening matrix: as many rows and columns as a picture has values. The checkpoint
    /// keeps it beside the weights.
    #[serde(skip)]
    pub zca: Arc<[f32]>,
    /// The training pictures that it was fitted on, by their fingerprint; `None` where
    /// nothing was fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitted_on: Option<u32>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self {
            rescale: RESCALE,
            samplewise_center: false,
            samplewise_std_normalization: false,
            mean: Vec::new(),
            std: Vec::new(),
            zca_epsilon: None,
            zca: Arc::new([]),
            fitted_on: None,
        }
    }
}

/// Keras adds it to every deviation that it divides by.
const EPSILON: f32 = 1e-6;

impl Preprocessing {
    /// Values a picture may have at the most to be whitened: the matrix has the square of
    /// that, and fitting takes its third power (natively 2 s for 28 x 28, 90 s for this).
    pub const MOST_ZCA: usize = 32 * 32 * 3;

    /// Pictures that whitening is fitted on at the most, spread evenly.
    pub const MOST_ZCA_PICTURES: usize = 10_000;

    /// What these settings ask for, fitted on the `count` pictures of `shape` that `picture`
    /// gives, which have this `fingerprint`. A `present` one that was fitted on them with the
    /// same settings is taken as it is.
    ///
    /// # Errors
    /// `option` naming `zca_whitening` where pictures are too large for it, and what
    /// `picture` gives.
    pub fn fit<'a>(
        settings: &Augmentation,
        shape: [usize; 3],
        count: usize,
        fingerprint: u32,
        present: &Self,
        mut picture: impl FnMut(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<Self> {
        let whitening = settings.zca_whitening;
        // What implies what is Keras's.
        let divide = settings.featurewise_std_normalization && !whitening;
        let center = settings.featurewise_center || divide || whitening;
        let mut fitted = Self {
            rescale: settings.rescale,
            samplewise_center: settings.samplewise_center || settings.samplewise_std_normalization,
            samplewise_std_normalization: settings.samplewise_std_normalization,
            zca_epsilon: whitening.then_some(settings.zca_epsilon),
            fitted_on: center.then_some(fingerprint),
            ..Self::default()
        };
        if !center {
            return Ok(fitted);
        }
        let values: usize = shape.iter().product();
        if whitening && values > Self::MOST_ZCA {
            return Err(Error::option(format!(
                "zca_whitening works for pictures of at most {} values, such as 32 x 32 x 3; these \
                 have {values}. Leave it out, or load the pictures smaller.",
                Self::MOST_ZCA
            ))
            .field("zca_whitening"));
        }
        let same = Self { mean: vec![], std: vec![], zca: Arc::new([]), ..present.clone() };
        if same == fitted && present.std.is_empty() != divide {
            return Ok(present.clone());
        }
        // Bytes are counted, so that means and deviations are exact however many there are.
        let channels = shape[2];
        let mut counts = vec![[0u64; 256]; channels];
        for index in 0..count {
            for pixel in picture(index)?.chunks_exact(channels) {
                for (counts, &value) in counts.iter_mut().zip(pixel) {
                    counts[usize::from(value)] += 1;
                }
            }
        }
        let scaled: [f64; 256] =
            std::array::from_fn(|byte| f64::from(fitted.rescaled(byte as f32)));
        for counts in &counts {
            let total = counts.iter().sum::<u64>().max(1) as f64;
            let over = |term: &dyn Fn(f64) -> f64| -> f64 {
                let terms = counts.iter().zip(&scaled);
                terms.map(|(&n, &value)| n as f64 * term(value)).sum::<f64>() / total
            };
            let mean = over(&|value| value);
            fitted.mean.push(mean as f32);
            if divide {
                fitted.std.push(over(&|value| (value - mean) * (value - mean)).sqrt() as f32);
            }
        }
        if whitening {
            let used = count.min(Self::MOST_ZCA_PICTURES);
            let centred = |index: usize| -> Result<Vec<f32>> {
                let place = index as u64 * count as u64 / used as u64;
                let pixels = picture(place as usize)?;
                // Keras leaves samplewise steps out when it fits.
                let centre = |(value, mean): (&u8, &f32)| fitted.rescaled(f32::from(*value)) - mean;
                Ok(pixels.iter().zip(fitted.mean.iter().cycle()).map(centre).collect())
            };
            fitted.zca = whitening_matrix(values, used, settings.zca_epsilon, centred)?.into();
        }
        Ok(fitted)
    }

    /// Whether its fitted numbers are those of pictures of `shape`.
    pub fn fits(&self, shape: [usize; 3]) -> bool {
        let values: usize = shape.iter().product();
        let whitened = if self.zca_epsilon.is_some() { values * values } else { 0 };
        (self.mean.is_empty() || self.mean.len() == shape[2])
            && (self.std.is_empty() || self.std.len() == shape[2])
            && self.zca.len() == whitened
    }

    /// Appends a picture given as bytes (row by row, channels innermost): its values, channel
    /// after channel.
    pub fn append(&self, pixels: &[u8], channels: usize, values: &mut Vec<f32>) {
        if self.only_rescales() {
            for channel in 0..channels {
                let pixels = pixels.get(channel..).unwrap_or_default().iter().step_by(channels);
                // Written out, so that the one division of the default is found in the loop.
                if self.rescale == RESCALE {
                    values.extend(pixels.map(|&pixel| f32::from(pixel) / 255.0));
                } else {
                    values.extend(pixels.map(|&pixel| self.rescaled(f32::from(pixel))));
                }
            }
        } else {
            let mut picture: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel)).collect();
            self.append_values(&mut picture, channels, values);
        }
    }

    /// The same for a picture given as values from 0 to 255, which are changed.
    pub fn append_values(&self, picture: &mut [f32], channels: usize, values: &mut Vec<f32>) {
        if self.only_rescales() {
            for channel in 0..channels {
                let picture = picture.get(channel..).unwrap_or_default();
                values.extend(picture.iter().step_by(channels).map(|&value| self.rescaled(value)));
            }
            return;
        }
        self.standardize(picture);
        for channel in 0..channels {
            values.extend(picture.get(channel..).unwrap_or_default().iter().step_by(channels));
        }
    }

    fn only_rescales(&self) -> bool {
        !self.samplewise_center && self.mean.is_empty()
    }

    fn rescaled(&self, value: f32) -> f32 {
        // 1/255 is no number of the computer's; a division by 255 is right to the last bit.
        if self.rescale == RESCALE { value / 255.0 } else { value * self.rescale as f32 }
    }

    /// Changes a picture's values (row by row, channels innermost) from 0..255 to what the
    /// network takes.
    fn standardize(&self, values: &mut [f32]) {
        values.iter_mut().for_each(|value| *value = self.rescaled(*value));
        let mean_of = |values: &[f32], term: &dyn Fn(f64) -> f64| -> f64 {
            values.iter().map(|&value| term(f64::from(value))).sum::<f64>() / values.len() as f64
        };
        if self.samplewise_center {
            let mean = mean_of(values, &|value| value) as f32;
            values.iter_mut().for_each(|value| *value -= mean);
        }
        if self.samplewise_std_normalization {
            let mean = mean_of(values, &|value| value);
            let square = mean_of(values, &|value| (value - mean) * (value - mean));
            let divisor = square.sqrt() as f32 + EPSILON;
            values.iter_mut().for_each(|value| *value /= divisor);
        }
        if !self.mean.is_empty() {
            for pixel in values.chunks_exact_mut(self.mean.len()) {
                pixel.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value -= mean);
            }
        }
        if !self.std.is_empty() {
            for pixel in values.chunks_exact_mut(self.std.len()) {
                pixel.iter_mut().zip(&self.std).for_each(|(value, std)| *value /= std + EPSILON);
            }
        }
        if !self.zca.is_empty() {
            let mut white = vec![0.0; values.len()];
            for (value, row) in values.iter().zip(self.zca.chunks_exact(values.len())) {
                add_scaled(&mut white, *value, row);
            }
            values.copy_from_slice(&white);
        }
    }
}

/// `sums += factor * row`.
fn add_scaled(sums: &mut [f32], factor: f32, row: &[f32]) {
    sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
}

/// Singular values below this share of the largest are noise: the training pictures do not
/// differ in that direction. Keras multiplies such a direction by up to a million; here it
/// is left out.
const NOISE: f64 = 1e-6;

/// Keras's `(u * sqrt(n) / (s + epsilon)) u^T`, where `u` and `s` are the left singular
/// vectors and the singular values of the matrix that has the `n` centred pictures, of
/// `values` values each, as columns.
fn whitening_matrix(
    values: usize,
    n: usize,
    epsilon: f64,
    mut centred: impl FnMut(usize) -> Result<Vec<f32>>,
) -> Result<Vec<f32>> {
    // The singular vectors are the eigenvectors of the pictures' covariances where there are
    // more pictures than values, and else follow from those of the pictures' inner products.
    let few = n < values;
    let (side, kept) = if few { (n, n) } else { (values, 0) };
    let mut gram = vec![0f64; side * side];
    let mut pictures = Vec::with_capacity(kept);
    if few {
        for index in 0..n {
            pictures.push(centred(index)?);
        }
        for (row, a) in pictures.iter().enumerate() {
            for (column, b) in pictures[..=row].iter().enumerate() {
                let product: f64 =
                    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                gram[row * n + column] = product;
                gram[column * n + row] = product;
            }
        }
    } else {
        // In single precision for a few pictures at a time, and these sums in double.
        const BLOCK: usize = 16;
        let mut sums = vec![0f32; values];
        for first in (0..n).step_by(BLOCK) {
            let block = (first..n.min(first + BLOCK)).map(&mut centred);
            let block = block.collect::<Result<Vec<_>>>()?;
            for row in 0..values {
                sums[row..].fill(0.0);
                block.iter().for_each(|x| add_scaled(&mut sums[row..], x[row], &x[row..]));
                let totals = &mut gram[row * values + row..(row + 1) * values];
                totals.iter_mut().zip(&sums[row..]).for_each(|(a, b)| *a += f64::from(*b));
            }
        }
        for row in 0..values {
            for column in 0..row {
                gram[row * values + column] = gram[column * values + row];
            }
        }
    }
    let (squares, vectors) = symmetric_eigen(gram, side);
    let largest = squares.iter().copied().fold(0.0, f64::max).sqrt();
    let mut matrix = vec![0f64; values * values];
    for (square, vector) in squares.iter().zip(vectors.chunks_exact(side)) {
        let singular = square.max(0.0).sqrt();
        if singular <= NOISE * largest {
            continue;
        }
        let direction: Vec<f64> = if few {
            let mut sum = vec![0f64; values];
            for (weight, picture) in vector.iter().zip(&pictures) {
                let weight = weight / singular;
                sum.iter_mut().zip(picture).for_each(|(sum, x)| *sum += weight * f64::from(*x));
            }
            sum
        } else {
            vector.to_vec()
        };
        let factor = (n as f64).sqrt() / (singular + epsilon);
        for (row, sums) in matrix.chunks_exact_mut(values).enumerate() {
            let weight = factor * direction[row];
            let sums = sums[row..].iter_mut().zip(&direction[row..]);
            sums.for_each(|(sum, x)| *sum += weight * x);
        }
    }
    let at = |row: usize, column: usize| matrix[row.min(column) * values + row.max(column)] as f32;
    Ok((0..values * values).map(|place| at(place / values, place % values)).collect())
}

/// Eigenvalues of a symmetric matrix of `n` rows and its eigenvectors, one a row.
fn symmetric_eigen(mut a: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut diagonal = vec![0.0; n];
    let mut beside = vec![0.0; n];
    // Householder: reflections that leave all but three diagonals empty. The reflection of
    // step k has its vector in row k from column k + 1 on, scaled so that H = I - v v^T.
    for k in 0..n.saturating_sub(2) {
        let from = k + 1;
        let mut v = a[k * n + from..(k + 1) * n].to_vec();
        let norm = dot(&v, &v).sqrt();
        diagonal[k] = a[k * n + k];
        if norm == 0.0 {
            a[k * n + from..(k + 1) * n].fill(0.0);
            continue;
        }
        let target = if v[0] > 0.0 { -norm } else { norm };
        beside[k] = target;
        v[0] -= target;
        let scale = (2.0 / dot(&v, &v)).sqrt();
        v.iter_mut().for_each(|value| *value *= scale);
        // A <- H A H on what is left: A - v w^T - w v^T with w = A v - v (v^T A v) / 2.
        let mut w: Vec<f64> =
            (from..n).map(|row| dot(&a[row * n + from..(row + 1) * n], &v)).collect();
        let half = dot(&v, &w) / 2.0;
        w.iter_mut().zip(&v).for_each(|(w, v)| *w -= half * v);
        for row in from..n {
            let (v_row, w_row) = (v[row - from], w[row - from]);
            let values = &mut a[row * n + from..(row + 1) * n];
            let pairs = values.iter_mut().zip(v.iter().zip(&w));
            pairs.for_each(|(value, (v, w))| *value -= v_row * w + w_row * v);
        }
        a[k * n + from..(k + 1) * n].copy_from_slice(&v);
    }
    for k in n.saturating_sub(2)..n {
        diagonal[k] = a[k * n + k];
        if k + 1 < n {
            beside[k] = a[k * n + k + 1];
        }
    }
    // The product of the reflections, transposed: its rows become the eigenvectors.
    let mut q = vec![0.0; n * n];
    (0..n).for_each(|row| q[row * n + row] = 1.0);
    for k in (0..n.saturating_sub(2)).rev() {
        let from = k + 1;
        let v = &a[k * n + from..(k + 1) * n];
        for row in from..n {
            let values = &mut q[row * n + from..(row + 1) * n];
            let along = dot(values, v);
            values.iter_mut().zip(v).for_each(|(value, v)| *value -= along * v);
        }
    }
    // Implicit QL steps with Wilkinson's shift, until each eigenvalue stands alone.
    let mut turns = Vec::with_capacity(MOST_TURNS + n);
    let size = diagonal.iter().zip(&beside).map(|(d, b)| d.abs() + b.abs()).fold(0.0, f64::max);
    for l in 0..n {
        // Thirty steps an eigenvalue are more than any matrix of numbers needs.
        for _ in 0..30 {
            let small = |m: &usize| beside[*m].abs() <= f64::EPSILON * size;
            let m = (l..n - 1).find(small).unwrap_or(n - 1);
            if m == l {
                break;
            }
            let g = (diagonal[l + 1] - diagonal[l]) / (2.0 * beside[l]);
            let r = g.hypot(1.0);
            let mut g = diagonal[m] - diagonal[l] + beside[l] / (g + r.copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut cut_short = false;
            for i in (l..m).rev() {
                let (f, b) = (s * beside[i], c * beside[i]);
                let r = f.hypot(g);
                beside[i + 1] = r;
                if r == 0.0 {
                    diagonal[i + 1] -= p;
                    beside[m] = 0.0;
                    cut_short = true;
                    break;
                }
                (s, c) = (f / r, g / r);
                let g_old = diagonal[i + 1] - p;
                let r = (diagonal[i] - g_old) * s + 2.0 * c * b;
                p = s * r;
                diagonal[i + 1] = g_old + p;
                g = c * r - b;
                turns.push((i, s, c));
            }
            if !cut_short {
                diagonal[l] -= p;
                beside[l] = g;
                beside[m] = 0.0;
            }
            if turns.len() > MOST_TURNS {
                turn_rows(&mut q, n, &turns);
                turns.clear();
            }
        }
    }
    turn_rows(&mut q, n, &turns);
    (diagonal, q)
}

/// Rotations are gathered up to about so many, and then done to a few columns at a time, which
/// stay in the processor's cache.
const MOST_TURNS: usize = 1 << 16;

/// Rotates rows `i` and `i + 1` by the sine and cosine of each turn, one after another.
fn turn_rows(q: &mut [f64], n: usize, turns: &[(usize, f64, f64)]) {
    const COLUMNS: usize = 32;
    for from in (0..n).step_by(COLUMNS) {
        let to = n.min(from + COLUMNS);
        for &(i, s, c) in turns {
            let (upper, lower) = q[i * n + from..(i + 1) * n + to].split_at_mut(n);
            for (upper, lower) in upper[..to - from].iter_mut().zip(lower) {
                (*upper, *lower) = (c * *upper - s * *lower, s * *upper + c * *lower);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// A V = V L and V orthogonal, for a full matrix, one of low rank, and ones whose form
    /// leaves steps out.
    #[test]
    fn eigenvectors_are_orthogonal_and_turn_the_matrix_into_its_eigenvalues() {
        let mut stream = Stream::new(1, Purpose::Weights, 0, 0);
        for (n, rank) in [(1, 1), (2, 2), (3, 3), (40, 40), (40, 7), (9, 0)] {
            let mut a = vec![0.0; n * n];
            for _ in 0..rank {
                let v: Vec<f64> = (0..n).map(|_| f64::from(stream.uniform(-1.0, 1.0))).collect();
                (0..n * n).for_each(|place| a[place] += v[place / n] * v[place % n]);
            }
            a[0] += 3.0;
            let (values, vectors) = symmetric_eigen(a.clone(), n);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let rows: Vec<&[f64]> = vectors.chunks_exact(n).collect();
            for (i, v) in rows.iter().enumerate() {
                for (j, w) in rows.iter().enumerate() {
                    assert!((dot(v, w) - f64::from(u8::from(i == j))).abs() < 1e-12, "{n} {rank}");
                }
                for (row, x) in a.chunks_exact(n).zip(*v) {
                    assert!((dot(row, v) - values[i] * x).abs() < 1e-11, "{n} {rank}");
                }
            }
        }
    }
}
