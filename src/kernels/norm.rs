//! Batch normalisation of pixels by the mean and the variance of each channel.
//!
//! Source: Ioffe and Szegedy 2015, with the gradients of its section 3.

/// Rows that are summed in 32 bits before they join a sum in 64: a plain sum over a hundred
/// thousand rows would lose digits.
const ROWS_AT_ONCE: usize = 64;

/// The mean and the biased variance of each of so many channels, which lie side by side.
pub fn moments(input: &[f32], channels: usize) -> [Vec<f32>; 2] {
    let rows = (input.len() / channels).max(1) as f64;
    let sums = |term: &dyn Fn(&mut [f32], &[f32])| sums(input, channels, term);
    let mean = sums(&|sums, row| {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    });
    let mean: Vec<f32> = mean.iter().map(|sum| (sum / rows) as f32).collect();
    let squares = sums(&|sums, row| {
        for ((sum, value), mean) in sums.iter_mut().zip(row).zip(&mean) {
            *sum += (value - mean) * (value - mean);
        }
    });
    let variance = squares.iter().map(|sum| (sum / rows) as f32).collect();
    [mean, variance]
}

/// What `term` adds of each row, in all.
fn sums(input: &[f32], channels: usize, term: &dyn Fn(&mut [f32], &[f32])) -> Vec<f64> {
    let mut all = vec![0.0; channels];
    let mut some = vec![0.0; channels];
    for rows in input.chunks(ROWS_AT_ONCE * channels) {
        some.fill(0.0);
        for row in rows.chunks_exact(channels) {
            term(&mut some, row);
        }
        for (all, some) in all.iter_mut().zip(&some) {
            *all += f64::from(*some);
        }
    }
    all
}

/// One over the root of each variance.
fn spread(variance: &[f32], epsilon: f32) -> Vec<f32> {
    variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect()
}

/// Moves each channel's `mean` to `beta`, and its standard deviation to `gamma`.
pub fn normalise(
    input: &[f32],
    [gamma, beta]: [&[f32]; 2],
    [mean, variance]: [&[f32]; 2],
    epsilon: f32,
) -> Vec<f32> {
    let spread = spread(variance, epsilon);
    let factors: Vec<f32> = gamma.iter().zip(&spread).map(|(gamma, one)| gamma * one).collect();
    let mut output = vec![0.0; input.len()];
    let rows = output.chunks_exact_mut(gamma.len()).zip(input.chunks_exact(gamma.len()));
    for (to, row) in rows {
        let channels = row.iter().zip(mean).zip(factors.iter().zip(beta));
        for (to, ((value, mean), (factor, beta))) in to.iter_mut().zip(channels) {
            *to = (value - mean) * factor + beta;
        }
    }
    output
}

/// The gradients by the input, by gamma and by beta of [`normalise`], where the mean and the
/// variance are the input's own.
pub fn backward(
    input: &[f32],
    gamma: &[f32],
    [mean, variance]: [&[f32]; 2],
    epsilon: f32,
    by_output: &[f32],
) -> [Vec<f32>; 3] {
    let channels = gamma.len();
    let spread = spread(variance, epsilon);
    let (mut by_gamma, mut by_beta) = (vec![0.0f64; channels], vec![0.0f64; channels]);
    let (mut products, mut slopes) = (vec![0.0f32; channels], vec![0.0f32; channels]);
    let at_once = ROWS_AT_ONCE * channels;
    for (rows, by_rows) in input.chunks(at_once).zip(by_output.chunks(at_once)) {
        products.fill(0.0);
        slopes.fill(0.0);
        for (row, by_row) in rows.chunks_exact(channels).zip(by_rows.chunks_exact(channels)) {
            let values = row.iter().zip(mean).zip(by_row);
            let sums = products.iter_mut().zip(&mut slopes);
            for (((value, mean), slope), (product, sum)) in values.zip(sums) {
                *product += (value - mean) * slope;
                *sum += slope;
            }
        }
        for channel in 0..channels {
            by_gamma[channel] += f64::from(products[channel]);
            by_beta[channel] += f64::from(slopes[channel]);
        }
    }
    let rows = (input.len() / channels).max(1) as f64;
    let by_gamma: Vec<f32> =
        by_gamma.iter().zip(&spread).map(|(sum, one)| (sum * f64::from(*one)) as f32).collect();
    // by_input = gamma * spread * (slope - mean slope - normalised * mean of normalised * slope)
    let factors: Vec<f32> = gamma.iter().zip(&spread).map(|(gamma, one)| gamma * one).collect();
    let offsets: Vec<f32> = by_beta.iter().map(|sum| (sum / rows) as f32).collect();
    let shares: Vec<f32> = by_gamma
        .iter()
        .zip(&spread)
        .map(|(sum, one)| (f64::from(*sum) / rows * f64::from(*one)) as f32)
        .collect();
    let mut by_input = vec![0.0; input.len()];
    let rows = by_input.chunks_exact_mut(channels).zip(input.chunks_exact(channels));
    for ((to, row), by_row) in rows.zip(by_output.chunks_exact(channels)) {
        let values = row.iter().zip(mean).zip(by_row);
        let constants = factors.iter().zip(&offsets).zip(&shares);
        for (to, (((value, mean), slope), ((factor, offset), share))) in
            to.iter_mut().zip(values.zip(constants))
        {
            *to = factor * (slope - offset - (value - mean) * share);
        }
    }
    [by_input, by_gamma, by_beta.iter().map(|sum| *sum as f32).collect()]
}
