//! The kernels against sums written out in 64 bits, and their gradients against differences.

use crate::conv::{Block, Gradients, Order, Places, Pool, Rectify, Scratch, backward, forward};
use crate::depthwise::{self, Depthwise};
use crate::norm::{self, backward as norm_backward, join, moments, normalise};
use crate::panels::{Panels, by_filters, by_inputs};
use crate::softmax::cross_entropy;
use crate::window::{self, Window};

/// Numbers between -1 and 1 that look random, the same every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1u64 << 23) as f64 - 1.0
    }

    fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next() as f32).collect()
    }

    fn below(&mut self, end: usize) -> usize {
        (((self.next() + 1.0) / 2.0) * end as f64) as usize
    }
}

/// What a rectifier makes of a number, by its definition.
fn rectified(rectify: Rectify, value: f64) -> f64 {
    match rectify {
        Rectify::No => value,
        Rectify::Relu => value.max(0.0),
        Rectify::Relu6 => value.clamp(0.0, 6.0),
    }
}

const RECTIFIERS: [Rectify; 3] = [Rectify::No, Rectify::Relu, Rectify::Relu6];

/// The same by its definition.
fn slow(block: &Block, input: &[f64], kernel: &[f64], bias: Option<&[f64]>) -> Vec<f64> {
    let [height, width, channels] = block.input;
    let [tall, wide] = block.convolved();
    let pictures = input.len() / (height * width * channels);
    let weight = |filter: usize, channel: usize, y: usize, x: usize| match block.order {
        Order::FiltersFirst => {
            kernel[((filter * channels + channel) * block.kernel[0] + y) * block.kernel[1] + x]
        }
        Order::FiltersLast => {
            kernel[((y * block.kernel[1] + x) * channels + channel) * block.filters + filter]
        }
    };
    let mut maps = vec![0.0; pictures * tall * wide * block.filters];
    for (at, out) in maps.iter_mut().enumerate() {
        let filter = at % block.filters;
        let [x, y] = [at / block.filters % wide, at / block.filters / wide % tall];
        let picture = at / block.filters / wide / tall;
        let mut sum = bias.map_or(0.0, |bias| bias[filter]);
        for j in 0..block.kernel[0] {
            for i in 0..block.kernel[1] {
                let row = (y * block.strides[0] + j * block.dilation[0])
                    .checked_sub(block.padding[0][0])
                    .filter(|&row| row < height);
                let column = (x * block.strides[1] + i * block.dilation[1])
                    .checked_sub(block.padding[1][0])
                    .filter(|&column| column < width);
                let (Some(row), Some(column)) = (row, column) else { continue };
                for channel in 0..channels {
                    let from = ((picture * height + row) * width + column) * channels + channel;
                    sum += input[from] * weight(filter, channel, j, i);
                }
            }
        }
        *out = rectified(block.rectify, sum);
    }
    let Some(Pool { size, strides }) = block.pool else { return maps };
    let [height, width, filters] = block.output();
    let mut output = vec![0.0; pictures * height * width * filters];
    for (at, out) in output.iter_mut().enumerate() {
        let filter = at % filters;
        let [x, y] = [at / filters % width, at / filters / width % height];
        let picture = at / filters / width / height;
        let pixels = (0..size[0]).flat_map(|j| (0..size[1]).map(move |i| (j, i)));
        let values = pixels.map(|(j, i)| {
            let [row, column] = [y * strides[0] + j, x * strides[1] + i];
            maps[((picture * tall + row) * wide + column) * filters + filter]
        });
        *out = values.fold(f64::NEG_INFINITY, f64::max);
    }
    output
}

fn blocks() -> Vec<Block> {
    let plain = Block {
        input: [8, 9, 4],
        filters: 16,
        kernel: [3, 3],
        strides: [1, 1],
        dilation: [1, 1],
        padding: [[0, 0], [0, 0]],
        order: Order::FiltersFirst,
        rectify: Rectify::Relu,
        pool: None,
    };
    let pool = Some(Pool { size: [2, 2], strides: [2, 2] });
    let mut blocks = vec![
        plain.clone(),
        Block { rectify: Rectify::No, ..plain.clone() },
        Block { rectify: Rectify::Relu6, ..plain.clone() },
        Block { rectify: Rectify::Relu6, pool, ..plain.clone() },
        Block { input: [28, 28, 1], filters: 32, pool, ..plain.clone() },
        Block { input: [5, 5, 3], filters: 10, kernel: [1, 1], ..plain.clone() },
        Block {
            input: [1, 1, 37],
            filters: 5,
            kernel: [1, 1],
            order: Order::FiltersLast,
            ..plain.clone()
        },
        Block { padding: [[1, 1], [1, 1]], pool, ..plain.clone() },
        Block { padding: [[0, 1], [0, 1]], strides: [2, 2], ..plain.clone() },
        Block {
            kernel: [5, 5],
            padding: [[2, 2], [2, 2]],
            strides: [2, 1],
            filters: 7,
            ..plain.clone()
        },
        Block { dilation: [2, 2], ..plain.clone() },
        Block { dilation: [1, 3], kernel: [2, 3], ..plain.clone() },
        Block { pool: Some(Pool { size: [3, 3], strides: [2, 2] }), filters: 6, ..plain.clone() },
        Block {
            pool: Some(Pool { size: [2, 3], strides: [3, 1] }),
            rectify: Rectify::No,
            ..plain.clone()
        },
    ];
    let mut numbers = Numbers(5);
    while blocks.len() < 150 {
        let mut below = |end| numbers.below(end);
        let block = Block {
            input: [4 + below(9), 4 + below(9), 1 + below(9)],
            filters: 1 + below(20),
            kernel: [1 + below(4), 1 + below(4)],
            strides: [1 + below(3), 1 + below(3)],
            dilation: [1 + below(2), 1 + below(2)],
            padding: [[below(3), below(3)], [below(3), below(3)]],
            order: if below(2) == 0 { Order::FiltersFirst } else { Order::FiltersLast },
            rectify: RECTIFIERS[below(3)],
            pool: None,
        };
        let fits = [0, 1].iter().all(|&axis| {
            let room = block.input[axis] + block.padding[axis][0] + block.padding[axis][1];
            (block.kernel[axis] - 1) * block.dilation[axis] < room
        });
        if !fits {
            continue;
        }
        let [tall, wide] = block.convolved();
        let size = [1 + below(tall.min(3)), 1 + below(wide.min(3))];
        let pool = Pool { size, strides: [1 + below(3), 1 + below(3)] };
        blocks.push(Block { pool: (below(2) == 0).then_some(pool), ..block });
    }
    blocks
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&number| f64::from(number)).collect()
}

#[test]
fn every_shape_gives_what_its_definition_says_and_its_gradient() {
    let mut scratch = Scratch::default();
    let mut panels = Panels::default();
    let mut numbers = Numbers(1);
    let (mut checked, mut capped) = (0, 0);
    for (number, block) in blocks().into_iter().enumerate() {
        let each: usize = block.input.iter().product();
        let pictures = 1 + number % 5;
        let input = numbers.take(pictures * each);
        let depth = block.kernel[0] * block.kernel[1] * block.input[2];
        let mut kernel = numbers.take(depth * block.filters);
        if block.rectify == Rectify::Relu6 {
            // So that some sums are above 6.
            kernel.iter_mut().for_each(|weight| *weight *= 4.0);
        }
        let bias = (number % 3 > 0).then(|| numbers.take(block.filters));
        let length = pictures * block.output().iter().product::<usize>();
        let (mut output, mut chosen) = (vec![0.0; length], vec![0.0; length]);
        by_filters(&block, &kernel, &mut panels);
        let places = Places::new(&block, pictures + number % 3);
        let some_bias = bias.as_deref();
        forward(
            &block,
            &places,
            &input,
            &panels,
            some_bias,
            &mut output,
            &mut chosen,
            &mut scratch,
        );
        let given = [wide(&input), wide(&kernel), bias.as_deref().map(wide).unwrap_or_default()];
        let some = |bias: &Vec<f64>| (!bias.is_empty()).then(|| bias.clone());
        let right = slow(&block, &given[0], &given[1], some(&given[2]).as_deref());
        for (at, (found, right)) in output.iter().zip(&right).enumerate() {
            assert!((f64::from(*found) - right).abs() < 2e-5, "{block:?} at {at}: {found} {right}");
            capped += usize::from(*found == 6.0);
        }

        let slopes = numbers.take(length);
        let mut by = [vec![9.0; input.len()], vec![9.0; kernel.len()], vec![9.0; block.filters]];
        let [by_input, by_kernel, by_bias] = &mut by;
        let gradients = Gradients {
            input: Some(by_input),
            kernel: by_kernel,
            bias: bias.as_ref().map(|_| &mut by_bias[..]),
        };
        by_inputs(&block, &kernel, &mut panels);
        let kept = Some(&panels);
        backward(&block, &places, &input, kept, &output, &chosen, &slopes, gradients, &mut scratch);
        // By differences in 64 bits, at some of the numbers.
        let objective = |given: &[Vec<f64>; 3]| -> f64 {
            let output = slow(&block, &given[0], &given[1], some(&given[2]).as_deref());
            output.iter().zip(&slopes).map(|(out, &slope)| out * f64::from(slope)).sum()
        };
        for (which, by) in by.iter().enumerate() {
            for _ in 0..given[which].len().min(6) {
                let at = numbers.below(given[which].len());
                let step = |by: f64| {
                    let mut given = given.clone();
                    given[which][at] += by;
                    objective(&given)
                };
                let [near, far] = [1e-6, 2e-6].map(|by| (step(by) - step(-by)) / (2.0 * by));
                // Not where a rectifier or a pooling has its corner.
                if (near - far).abs() > 1e-5 {
                    continue;
                }
                checked += 1;
                let found = f64::from(by[at]);
                assert!((found - near).abs() < 1e-3, "{block:?}, {which} at {at}: {found} {near}");
            }
        }
    }
    assert!(checked > 2000, "only {checked} differences could be taken");
    assert!(capped > 1000, "only {capped} values came to the upper bound");
}

#[test]
fn the_same_numbers_give_the_same_bits_whatever_was_computed_before() {
    let block = &blocks()[4];
    let mut numbers = Numbers(3);
    let input = numbers.take(7 * 28 * 28);
    let kernel = numbers.take(9 * 32);
    let run = |scratch: &mut Scratch| {
        let mut output = vec![0.0; 7 * 13 * 13 * 32];
        let mut chosen = output.clone();
        let mut panels = Panels::default();
        by_filters(block, &kernel, &mut panels);
        let places = Places::new(block, 7);
        forward(block, &places, &input, &panels, None, &mut output, &mut chosen, scratch);
        let mut by_kernel = vec![0.0; kernel.len()];
        let gradients = Gradients { input: None, kernel: &mut by_kernel, bias: None };
        backward(block, &places, &input, None, &output, &chosen, &output, gradients, scratch);
        let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        (bits(output), bits(by_kernel))
    };
    let fresh = run(&mut Scratch::default());
    let mut used = Scratch::default();
    for other in blocks().iter().take(8) {
        let input = numbers.take(3 * other.input.iter().product::<usize>());
        let depth = other.kernel[0] * other.kernel[1] * other.input[2];
        let kernel = numbers.take(depth * other.filters);
        let mut output = vec![0.0; 3 * other.output().iter().product::<usize>()];
        let mut chosen = output.clone();
        let mut panels = Panels::default();
        by_filters(other, &kernel, &mut panels);
        let places = Places::new(other, 3);
        forward(other, &places, &input, &panels, None, &mut output, &mut chosen, &mut used);
    }
    assert_eq!(run(&mut used), fresh);
}

#[test]
fn batches_are_normalised_by_their_moments() {
    let mut numbers = Numbers(9);
    let (mut checked, mut scratch) = (0, norm::Scratch::default());
    for (rows, channels) in [(1, 3), (2, 1), (7, 5), (200, 8), (1000, 13)] {
        let input: Vec<f32> =
            numbers.take(rows * channels).iter().map(|value| 3.0 + 2.0 * value).collect();
        let (gamma, beta) = (numbers.take(channels), numbers.take(channels));
        let slopes = numbers.take(rows * channels);
        let epsilon = 1e-3;
        // The definition, in 64 bits.
        let slow = |input: &[f64], gamma: &[f64], beta: &[f64]| -> Vec<f64> {
            let mut output = vec![0.0; input.len()];
            for channel in 0..channels {
                let own = || input.iter().skip(channel).step_by(channels);
                let mean = own().sum::<f64>() / rows as f64;
                let variance = own().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64;
                for (row, x) in own().enumerate() {
                    let normal = (x - mean) / (variance + epsilon).sqrt();
                    output[row * channels + channel] = normal * gamma[channel] + beta[channel];
                }
            }
            output
        };
        let given = [wide(&input), wide(&gamma), wide(&beta)];
        // Others have used it before.
        let scratch = &mut scratch;
        let [mut mean, mut variance] = [0, 1].map(|_| vec![0.0; channels]);
        moments(&input, &mut mean, &mut variance, scratch);
        let moments = [&mean[..], &variance[..]];
        let (learned, epsilon_32) = ([&gamma[..], &beta], epsilon as f32);
        let mut output = vec![0.0; input.len()];
        normalise(&input, learned, moments, epsilon_32, Rectify::No, &mut output, scratch);
        let mut bounded = vec![0.0; input.len()];
        normalise(&input, learned, moments, epsilon_32, Rectify::Relu, &mut bounded, scratch);
        assert!(output.iter().zip(&bounded).all(|(value, bounded)| value.max(0.0) == *bounded));
        for (found, right) in output.iter().zip(slow(&given[0], &given[1], &given[2])) {
            assert!((f64::from(*found) - right).abs() < 1e-5, "{rows} {channels}: {found} {right}");
        }
        let mut by = [rows * channels, channels, channels].map(|length| vec![0.0; length]);
        let [by_input, by_gamma, by_beta] = &mut by;
        let into = [&mut by_gamma[..], by_beta];
        norm::slopes(&input, moments, epsilon_32, &slopes, into, scratch);
        let sums = ([&by_gamma[..], by_beta], rows);
        let at = [&input[..], &slopes];
        norm_backward(at, &gamma, moments, epsilon_32, sums, by_input, scratch);
        // The moments of two pieces, joined.
        let cut = rows / 3 * channels;
        let pieces = [&input[..cut], &input[cut..]];
        let own = pieces.map(|piece| {
            let mut found = vec![0.0; 2 * channels];
            let (mean, variance) = found.split_at_mut(channels);
            norm::moments(piece, mean, variance, scratch);
            found
        });
        let [mut whole, other] = own;
        join(&mut whole, &other, pieces.map(|piece| piece.len() / channels));
        for (found, right) in whole.iter().zip(mean.iter().chain(&variance)) {
            assert!((found - right).abs() < 1e-5 * (1.0 + right.abs()), "{found} {right}");
        }
        let objective = |given: &[Vec<f64>; 3]| -> f64 {
            let output = slow(&given[0], &given[1], &given[2]);
            output.iter().zip(&slopes).map(|(out, &slope)| out * f64::from(slope)).sum()
        };
        for (which, by) in by.iter().enumerate() {
            for at in (0..by.len()).step_by(by.len().div_ceil(20)) {
                let step = |by: f64| {
                    let mut given = given.clone();
                    given[which][at] += by;
                    objective(&given)
                };
                let near = (step(1e-5) - step(-1e-5)) / 2e-5;
                let found = f64::from(by[at]);
                let allowed = 1e-4 * (1.0 + near.abs());
                assert!(
                    (found - near).abs() < allowed,
                    "{rows} {channels} {which}: {found} {near}"
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn cross_entropy_is_what_its_definition_says_and_its_gradient() {
    let logits = [0.3f32, -1.2, 2.0, 80.0, 79.0, -40.0, 1.0, 1.0, 0.5];
    let weights = [0.0f32, 1.0, 0.0, 0.5, 0.25, 0.25, 2.0, 0.0, 0.0];
    let mut slopes = [0.0; 9];
    let found = cross_entropy(&logits, &weights, &[1, 0, 0], &mut slopes);
    let loss = |logits: &[f64]| -> f64 {
        let rows = logits.chunks(3).zip(weights.chunks(3));
        rows.map(|(row, weights)| {
            let most = row.iter().fold(f64::MIN, |most, &one| most.max(one));
            let sum: f64 = row.iter().map(|one| (one - most).exp()).sum();
            let each = row.iter().zip(weights);
            each.map(|(one, &weight)| f64::from(weight) * (sum.ln() + most - one)).sum::<f64>()
        })
        .sum()
    };
    let exact: Vec<f64> = logits.iter().map(|&one| one.into()).collect();
    assert!((f64::from(found.loss) - loss(&exact)).abs() < 1e-4, "{found:?}");
    assert_eq!(found.correct, 2, "of equal ones the first counts");
    for (at, &slope) in slopes.iter().enumerate() {
        let moved = |by: f64| {
            let mut logits = exact.clone();
            logits[at] += by;
            loss(&logits)
        };
        let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((f64::from(slope) - difference).abs() < 1e-5, "{at}: {slope}, {difference}");
    }
}

/// A depthwise convolution by its definition.
fn slow_depthwise(
    block: &Depthwise,
    input: &[f64],
    kernel: &[f64],
    bias: Option<&[f64]>,
) -> Vec<f64> {
    let [height, width, channels] = block.input;
    let [tall, wide, _] = block.output();
    let pictures = input.len() / (height * width * channels);
    let mut output = vec![0.0; pictures * tall * wide * channels];
    for (at, out) in output.iter_mut().enumerate() {
        let channel = at % channels;
        let [x, y] = [at / channels % wide, at / channels / wide % tall];
        let picture = at / channels / wide / tall;
        let mut sum = bias.map_or(0.0, |bias| bias[channel]);
        for j in 0..block.kernel[0] {
            for i in 0..block.kernel[1] {
                let row = (y * block.strides[0] + j * block.dilation[0])
                    .checked_sub(block.padding[0][0])
                    .filter(|&row| row < height);
                let column = (x * block.strides[1] + i * block.dilation[1])
                    .checked_sub(block.padding[1][0])
                    .filter(|&column| column < width);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let from = ((picture * height + row) * width + column) * channels + channel;
                sum += input[from] * kernel[(channel * block.kernel[0] + j) * block.kernel[1] + i];
            }
        }
        *out = rectified(block.rectify, sum);
    }
    output
}

/// Depthwise convolutions of every kind: each number of channels from 1 to 37 with each rectifier,
/// and of each of the other sizes many.
fn depthwise_blocks() -> Vec<Depthwise> {
    let mut numbers = Numbers(11);
    let mut blocks = Vec::new();
    while blocks.len() < 4 * 37 * 3 {
        let mut below = |end| numbers.below(end);
        let number = blocks.len();
        let block = Depthwise {
            input: [1 + below(11), 1 + below(11), 1 + number % 37],
            kernel: if below(2) == 0 { [3, 3] } else { [1 + below(5), 1 + below(6)] },
            strides: [1 + below(3), 1 + below(3)],
            dilation: [1 + below(2), 1 + below(2)],
            padding: [[below(4), below(4)], [below(4), below(4)]],
            rectify: RECTIFIERS[number / 37 % 3],
        };
        let fits = [0, 1].iter().all(|&axis| {
            let room = block.input[axis] + block.padding[axis][0] + block.padding[axis][1];
            (block.kernel[axis] - 1) * block.dilation[axis] < room
        });
        if fits {
            blocks.push(block);
        }
    }
    blocks
}

#[test]
fn every_depthwise_shape_gives_what_its_definition_says_and_its_gradient() {
    let mut scratch = depthwise::Scratch::default();
    let mut numbers = Numbers(13);
    let (mut compared, mut checked, mut capped) = (0, [0; 3], 0);
    for (number, block) in depthwise_blocks().into_iter().enumerate() {
        let pictures = 1 + number % 3;
        let channels = block.input[2];
        let input = numbers.take(pictures * block.input.iter().product::<usize>());
        let mut kernel = numbers.take(block.kernel[0] * block.kernel[1] * channels);
        if block.rectify == Rectify::Relu6 {
            // So that some sums are above 6.
            kernel.iter_mut().for_each(|weight| *weight *= 6.0);
        }
        let bias = (number % 4 > 0).then(|| numbers.take(channels));
        let length = pictures * block.output().iter().product::<usize>();
        let mut output = vec![f32::NAN; length];
        depthwise::forward(&block, &input, &kernel, bias.as_deref(), &mut output, &mut scratch);
        let given = [wide(&input), wide(&kernel), bias.as_deref().map(wide).unwrap_or_default()];
        let some = |bias: &Vec<f64>| (!bias.is_empty()).then(|| bias.clone());
        let right = slow_depthwise(&block, &given[0], &given[1], some(&given[2]).as_deref());
        assert_eq!(right.len(), output.len());
        for (at, (found, right)) in output.iter().zip(&right).enumerate() {
            assert!((f64::from(*found) - right).abs() < 2e-5, "{block:?} at {at}: {found} {right}");
            compared += 1;
            capped += usize::from(*found == 6.0);
        }

        let slopes = numbers.take(length);
        let mut by = [vec![9.0; input.len()], vec![9.0; kernel.len()], vec![9.0; channels]];
        let [by_input, by_kernel, by_bias] = &mut by;
        let gradients = Gradients {
            input: (number % 5 > 0).then_some(by_input),
            kernel: by_kernel,
            bias: bias.as_ref().map(|_| &mut by_bias[..]),
        };
        depthwise::backward(&block, &input, &kernel, &output, &slopes, gradients, &mut scratch);
        // The same bits, whatever was computed before.
        let (mut again, mut by_again) = (vec![f32::NAN; length], vec![9.0; kernel.len()]);
        let mut fresh = depthwise::Scratch::default();
        depthwise::forward(&block, &input, &kernel, bias.as_deref(), &mut again, &mut fresh);
        let gradients = Gradients { input: None, kernel: &mut by_again, bias: None };
        depthwise::backward(&block, &input, &kernel, &again, &slopes, gradients, &mut fresh);
        let bits = |numbers: &[f32]| numbers.iter().map(|one| one.to_bits()).collect::<Vec<_>>();
        assert_eq!((bits(&again), bits(&by_again)), (bits(&output), bits(&by[1])), "{block:?}");
        // By differences in 64 bits, at some of the numbers.
        let objective = |given: &[Vec<f64>; 3]| -> f64 {
            let output = slow_depthwise(&block, &given[0], &given[1], some(&given[2]).as_deref());
            output.iter().zip(&slopes).map(|(out, &slope)| out * f64::from(slope)).sum()
        };
        for (which, by) in by.iter().enumerate() {
            if which == 0 && number % 5 == 0 {
                assert!(by.iter().all(|&value| value == 9.0), "written unasked");
                continue;
            }
            for _ in 0..given[which].len().min(6) {
                let at = numbers.below(given[which].len());
                let step = |by: f64| {
                    let mut given = given.clone();
                    given[which][at] += by;
                    objective(&given)
                };
                let [near, far] = [1e-6, 2e-6].map(|by| (step(by) - step(-by)) / (2.0 * by));
                // Not where a rectifier has its corner.
                if (near - far).abs() > 1e-5 {
                    continue;
                }
                checked[which] += 1;
                let found = f64::from(by[at]);
                assert!((found - near).abs() < 1e-3, "{block:?}, {which} at {at}: {found} {near}");
            }
        }
    }
    assert!(compared > 300_000, "only {compared} values were compared");
    assert!(capped > 1000, "only {capped} values came to the upper bound");
    assert!(checked.iter().all(|&checked| checked > 1800), "{checked:?} differences were taken");
}

#[test]
fn windows_with_borders_give_what_their_definition_says_and_go_back_the_same_way() {
    let mut numbers = Numbers(11);
    let mut beyond = 0;
    for (input, size, strides, same) in [
        ([5, 7, 3], [2, 2], [2, 2], false),
        ([5, 7, 3], [3, 2], [2, 1], true),
        ([6, 4, 9], [3, 3], [2, 2], true),
        ([4, 4, 1], [4, 4], [1, 1], false),
        ([1, 3, 2], [2, 3], [1, 1], true),
    ] {
        let [height, width, channels]: [usize; 3] = input;
        let sides = [height, width];
        let output: [usize; 2] = std::array::from_fn(|axis| match same {
            true => sides[axis].div_ceil(strides[axis]),
            false => (sides[axis] - size[axis]) / strides[axis] + 1,
        });
        let before: [usize; 2] = std::array::from_fn(|axis| {
            let span = (output[axis] - 1) * strides[axis] + size[axis];
            span.saturating_sub(sides[axis]) / 2
        });
        let window = Window { input, size, strides, before, output };
        let pictures = 3;
        let given = numbers.take(pictures * height * width * channels);
        let length = pictures * output[0] * output[1] * channels;
        let (mut most, mut mean, mut chosen) =
            (vec![0.0; length], vec![0.0; length], vec![0; length]);
        window::largest(&window, &given, &mut most, &mut chosen);
        window::mean(&window, &given, &mut mean);
        for at in 0..length {
            let (pixel, channel) = (at / channels, at % channels);
            let (picture, y, x) =
                (pixel / (output[0] * output[1]), pixel / output[1] % output[0], pixel % output[1]);
            let mut covered = Vec::new();
            for (down, across) in (0..size[0]).flat_map(|down| (0..size[1]).map(move |x| (down, x)))
            {
                let row = (y * strides[0] + down) as isize - before[0] as isize;
                let column = (x * strides[1] + across) as isize - before[1] as isize;
                if (0..height as isize).contains(&row) && (0..width as isize).contains(&column) {
                    let pixel = (picture * height + row as usize) * width + column as usize;
                    covered.push(given[pixel * channels + channel]);
                } else {
                    beyond += 1;
                }
            }
            let right = covered.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(most[at], right, "{window:?} at {at}");
            let right = covered.iter().sum::<f32>() / covered.len() as f32;
            assert!((mean[at] - right).abs() < 1e-6, "{window:?} at {at}: {} {right}", mean[at]);
        }
        // Both only add and choose: what comes out, times slopes, is what goes in times the gradient.
        let slopes = numbers.take(length);
        let [mut by_most, mut by_mean] = [9.0, 9.0].map(|value| vec![value; given.len()]);
        window::largest_backward(&window, &chosen, &slopes, &mut by_most);
        window::mean_backward(&window, &slopes, &mut by_mean);
        let dot = |one: &[f32], other: &[f32]| -> f64 {
            one.iter().zip(other).map(|(one, other)| f64::from(*one) * f64::from(*other)).sum()
        };
        for (output, by_input) in [(&most, &by_most), (&mean, &by_mean)] {
            let (out, back) = (dot(output, &slopes), dot(&given, by_input));
            assert!((out - back).abs() < 1e-4, "{window:?}: {out} {back}");
        }
        assert!(by_most.iter().all(|slope| slope.abs() < 9.0), "all of it is written");
    }
    assert!(beyond > 100, "only {beyond} places lie beyond a border");
}
