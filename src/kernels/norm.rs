//! Batch normalisation of pixels by the mean and the variance of each channel.
//!
//! Source: Ioffe and Szegedy 2015, with the gradients of its section 3.

use crate::block::Rectify;

/// Rows that are summed in 32 bits before they join a sum in 64: a plain sum over a hundred
/// thousand rows would lose digits.
const ROWS_AT_ONCE: usize = 64;

/// Memory that calls hand on to each other, so that none allocates what the last one had.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Sums over all rows, and over a few.
    all: [Vec<f64>; 2],
    some: [Vec<f32>; 2],
    /// Constants of each channel.
    constants: [Vec<f32>; 4],
}

/// Writes the mean and the biased variance of each channel; the channels lie side by side.
pub fn moments(input: &[f32], mean: &mut [f32], variance: &mut [f32], scratch: &mut Scratch) {
    let rows = (input.len() / mean.len()).max(1) as f64;
    let Scratch { all: [all, _], some: [some, _], .. } = scratch;
    sums(input, mean.len(), all, some, |sums, row| {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    });
    for (mean, sum) in mean.iter_mut().zip(&*all) {
        *mean = (sum / rows) as f32;
    }
    sums(input, mean.len(), all, some, |sums, row| {
        for ((sum, value), mean) in sums.iter_mut().zip(row).zip(&*mean) {
            *sum += (value - mean) * (value - mean);
        }
    });
    for (variance, sum) in variance.iter_mut().zip(&*all) {
        *variance = (sum / rows) as f32;
    }
}

/// What `term` adds of each row, in `all`.
fn sums(
    input: &[f32],
    channels: usize,
    all: &mut Vec<f64>,
    some: &mut Vec<f32>,
    term: impl Fn(&mut [f32], &[f32]),
) {
    refill(all, channels, 0.0);
    for rows in input.chunks(ROWS_AT_ONCE * channels) {
        refill(some, channels, 0.0);
        for row in rows.chunks_exact(channels) {
            term(some, row);
        }
        for (all, some) in all.iter_mut().zip(&*some) {
            *all += f64::from(*some);
        }
    }
}

/// Moves each channel's `mean` to `beta` and its standard deviation to `gamma`, and bounds what
/// comes out.
pub fn normalise(
    input: &[f32],
    [gamma, beta]: [&[f32]; 2],
    [mean, variance]: [&[f32]; 2],
    epsilon: f32,
    rectify: Rectify,
    output: &mut [f32],
    scratch: &mut Scratch,
) {
    let [factors, ..] = &mut scratch.constants;
    factors.clear();
    factors.extend(gamma.iter().zip(variance).map(|(gamma, variance)| {
        let spread = 1.0 / (variance + epsilon).sqrt();
        gamma * spread
    }));
    let [least, most] = rectify.bounds();
    let rows = output.chunks_exact_mut(gamma.len()).zip(input.chunks_exact(gamma.len()));
    for (to, row) in rows {
        let channels = row.iter().zip(mean).zip(factors.iter().zip(beta));
        for (to, ((value, mean), (factor, beta))) in to.iter_mut().zip(channels) {
            let normal = (value - mean) * factor + beta;
            // What is no number stays none.
            let above = if normal < least { least } else { normal };
            *to = if above > most { most } else { above };
        }
    }
}

/// The moments of two sets of pixels together, written to the first's: the means of all channels, and
/// after them the variances. How many pixels they are of counts for its part of the whole alone.
///
/// Source: Chan, Golub and LeVeque 1983, its formula for two samples.
pub fn join(first: &mut [f32], second: &[f32], [of_first, of_second]: [usize; 2]) {
    let all = (of_first + of_second).max(1) as f64;
    let [share, other] = [of_first, of_second].map(|count| count as f64 / all);
    let channels = first.len() / 2;
    let (means, variances) = first.split_at_mut(channels);
    let (other_means, other_variances) = second.split_at(channels);
    let means = means.iter_mut().zip(other_means);
    let variances = variances.iter_mut().zip(other_variances);
    for ((mean, other_mean), (variance, other_variance)) in means.zip(variances) {
        let apart = f64::from(*other_mean) - f64::from(*mean);
        let within = share * f64::from(*variance) + other * f64::from(*other_variance);
        *variance = (within + share * other * apart * apart) as f32;
        *mean = (f64::from(*mean) + other * apart) as f32;
    }
}

/// Writes the gradients by gamma and by beta of [`normalise`], where nothing was out of bounds.
pub fn slopes(
    input: &[f32],
    [mean, variance]: [&[f32]; 2],
    epsilon: f32,
    by_output: &[f32],
    [by_gamma, by_beta]: [&mut [f32]; 2],
    scratch: &mut Scratch,
) {
    let channels = mean.len();
    let Scratch { all: [by_spread, by_mean], some: [products, slopes], .. } = scratch;
    refill(by_spread, channels, 0.0);
    refill(by_mean, channels, 0.0);
    let at_once = ROWS_AT_ONCE * channels;
    for (rows, by_rows) in input.chunks(at_once).zip(by_output.chunks(at_once)) {
        refill(products, channels, 0.0);
        refill(slopes, channels, 0.0);
        for (row, by_row) in rows.chunks_exact(channels).zip(by_rows.chunks_exact(channels)) {
            let values = row.iter().zip(mean).zip(by_row);
            let sums = products.iter_mut().zip(slopes.iter_mut());
            for (((value, mean), slope), (product, sum)) in values.zip(sums) {
                *product += (value - mean) * slope;
                *sum += slope;
            }
        }
        for channel in 0..channels {
            by_spread[channel] += f64::from(products[channel]);
            by_mean[channel] += f64::from(slopes[channel]);
        }
    }
    for ((by_gamma, sum), variance) in by_gamma.iter_mut().zip(&*by_spread).zip(variance) {
        let spread = 1.0 / (variance + epsilon).sqrt();
        *by_gamma = (sum * f64::from(spread)) as f32;
    }
    for (by_beta, sum) in by_beta.iter_mut().zip(&*by_mean) {
        *by_beta = *sum as f32;
    }
}

/// Writes the gradient by the input of [`normalise`], given with that by its output; the mean and the
/// variance are those of `rows` pixels, and `by_gamma` and `by_beta` the gradients over all of these.
pub fn backward(
    [input, by_output]: [&[f32]; 2],
    gamma: &[f32],
    [mean, variance]: [&[f32]; 2],
    epsilon: f32,
    ([by_gamma, by_beta], rows): ([&[f32]; 2], usize),
    by_input: &mut [f32],
    scratch: &mut Scratch,
) {
    // by_input = gamma * spread * (slope - mean slope - normalised * mean of normalised * slope)
    let (channels, rows) = (gamma.len(), rows.max(1) as f64);
    let [spread, factors, offsets, shares] = &mut scratch.constants;
    spread.clear();
    spread.extend(variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()));
    factors.clear();
    factors.extend(gamma.iter().zip(&*spread).map(|(gamma, one)| gamma * one));
    offsets.clear();
    offsets.extend(by_beta.iter().map(|sum| (f64::from(*sum) / rows) as f32));
    shares.clear();
    let sums = by_gamma.iter().zip(&*spread);
    shares.extend(sums.map(|(sum, one)| (f64::from(*sum) / rows * f64::from(*one)) as f32));
    let rows = by_input.chunks_exact_mut(channels).zip(input.chunks_exact(channels));
    for ((to, row), by_row) in rows.zip(by_output.chunks_exact(channels)) {
        let values = row.iter().zip(mean).zip(by_row);
        let constants = factors.iter().zip(&*offsets).zip(&*shares);
        for (to, (((value, mean), slope), ((factor, offset), share))) in
            to.iter_mut().zip(values.zip(constants))
        {
            *to = factor * (slope - offset - (value - mean) * share);
        }
    }
}

/// So many of one number, in memory that is kept.
fn refill<T: Copy>(memory: &mut Vec<T>, length: usize, value: T) {
    memory.clear();
    memory.resize(length, value);
}
