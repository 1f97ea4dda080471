//! A depthwise convolution, its bias and its rectifier as one operation: each channel of the
//! output is made of the same channel of the pictures, with a window of its own.
//!
//! A number that is read takes part in a few multiplications only, so that reading is what takes
//! the time, and nothing is copied to be read again. Pixels near a border have fewer of a window's
//! numbers than the others: [`Axis`] says which, once for all pictures, and the inner loops need no
//! tests. The gradient by the pictures is such a convolution too, of the slopes, with the windows
//! turned around; where strides leave pixels out, neighbours have different numbers of the window.
//!
//! Eight channels are taken at a time. Where their number is no multiple of eight, the last eight
//! begin before the others end, and what they share is computed twice, in the same way.

use std::hint::black_box;

use crate::block::Rectify;
use crate::conv::Gradients;
use crate::product::{COLUMNS, ROWS, each_number};
use crate::simd::{F8, LANES, One};

/// Numbers of a line of the cache.
const LINE: usize = 16;

/// What is computed, for pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Depthwise {
    /// Height, width and channels of a picture.
    pub input: [usize; 3],
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// From window to window, downwards and sideways.
    pub strides: [usize; 2],
    /// From number to number within a window; 1 for a dense one.
    pub dilation: [usize; 2],
    /// Zeros above and below, left and right.
    pub padding: [[usize; 2]; 2],
    /// What becomes of values out of bounds.
    pub rectify: Rectify,
}

impl Depthwise {
    /// Height, width and channels of the output.
    pub fn output(&self) -> [usize; 3] {
        let [height, width] = [0, 1].map(|axis| {
            let span = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            let room = self.input[axis] + self.padding[axis][0] + self.padding[axis][1];
            (room - span) / self.strides[axis] + 1
        });
        [height, width, self.input[2]]
    }

    /// Numbers of a channel's window.
    fn area(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// The same with eight channels, for pictures that have fewer.
    fn widened(&self) -> Self {
        let [height, width, _] = self.input;
        Self { input: [height, width, COLUMNS], ..self.clone() }
    }
}

/// Memory that calls hand on to each other, so that none allocates what the last one had.
#[derive(Debug, Default)]
pub struct Scratch {
    panels: Vec<f32>,
    slopes: Vec<f32>,
    sums: Vec<f32>,
}

/// Computes `output` of pictures `input` (NHWC) with a kernel of channels, height and width.
///
/// # Panics
/// Where a slice is shorter than the block says.
pub fn forward(
    block: &Depthwise,
    input: &[f32],
    kernel: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
    scratch: &mut Scratch,
) {
    let channels = block.input[2];
    if channels < COLUMNS {
        let (input, kernel) = (widen(input, channels), lengthen(kernel, block.area()));
        let bias = bias.map(|bias| lengthen(bias, 1));
        let mut wide = vec![0.0; output.len() / channels * COLUMNS];
        forward(&block.widened(), &input, &kernel, bias.as_deref(), &mut wide, scratch);
        narrow(&wide, output, channels);
        return;
    }
    let [each, each_out] =
        [block.input, block.output()].map(|sides| sides.iter().product::<usize>());
    assert!(output.len() >= input.len() / each * each_out, "the output is too short");
    into_panels(block, kernel, 0..block.area(), &mut scratch.panels);
    let biases = bias.map_or_else(|| vec![0.0; channels], <[f32]>::to_vec);
    let plan = Plan::forward(block);
    for (from, to) in input.chunks_exact(each).zip(output.chunks_exact_mut(each_out)) {
        plan.apply(from, &scratch.panels, &biases, block.rectify, to);
    }
}

/// Writes the gradients, given that by the output. `input` and `output` are those of [`forward`].
///
/// # Panics
/// Where a slice is shorter than the block says.
pub fn backward(
    block: &Depthwise,
    input: &[f32],
    kernel: &[f32],
    output: &[f32],
    by_output: &[f32],
    gradients: Gradients,
    scratch: &mut Scratch,
) {
    let channels = block.input[2];
    if channels < COLUMNS {
        return backward_widened(block, input, kernel, output, by_output, gradients, scratch);
    }
    let [each, each_out] =
        [block.input, block.output()].map(|sides| sides.iter().product::<usize>());
    let pictures = input.len() / each;
    assert!(output.len() >= pictures * each_out && by_output.len() >= pictures * each_out);
    let Gradients { input: mut by_input, kernel: by_kernel, bias: by_bias } = gradients;
    assert!(by_input.as_ref().is_none_or(|by_input| by_input.len() >= pictures * each));
    let (ahead, back) = (Plan::forward(block), Plan::backward(block));
    if by_input.is_some() {
        into_panels(block, kernel, (0..block.area()).rev(), &mut scratch.panels);
    }
    scratch.sums.clear();
    scratch.sums.resize(channels.div_ceil(COLUMNS) * block.area() * COLUMNS, 0.0);
    let (zeros, mut bias_sums) = (vec![0.0; channels], vec![0.0; channels]);

    for picture in 0..pictures {
        let range = picture * each_out..(picture + 1) * each_out;
        let (output, by_output) = (&output[range.clone()], &by_output[range]);
        let slopes = if block.rectify == Rectify::No {
            by_output
        } else {
            rectified(block.rectify, output, by_output, &mut scratch.slopes);
            &scratch.slopes[..]
        };
        if by_bias.is_some() {
            add_by_bias(block, slopes, &mut bias_sums);
        }
        let range = picture * each..(picture + 1) * each;
        ahead.add_by_kernel(&input[range.clone()], slopes, &mut scratch.sums);
        if let Some(by_input) = by_input.as_deref_mut() {
            back.apply(slopes, &scratch.panels, &zeros, Rectify::No, &mut by_input[range]);
        }
    }

    out_of_panels(block, &scratch.sums, by_kernel);
    if let Some(bias) = by_bias {
        bias[..channels].copy_from_slice(&bias_sums);
    }
}

/// [`backward`] where there are fewer than eight channels.
fn backward_widened(
    block: &Depthwise,
    input: &[f32],
    kernel: &[f32],
    output: &[f32],
    by_output: &[f32],
    gradients: Gradients,
    scratch: &mut Scratch,
) {
    let channels = block.input[2];
    let [input, output, by_output] = [input, output, by_output].map(|from| widen(from, channels));
    let kernel = lengthen(kernel, block.area());
    let mut by_input = gradients.input.as_ref().map(|_| vec![0.0; input.len()]);
    let mut by_kernel = vec![0.0; kernel.len()];
    let mut by_bias = [0.0; COLUMNS];
    let wide = Gradients {
        input: by_input.as_deref_mut(),
        kernel: &mut by_kernel,
        bias: gradients.bias.as_ref().map(|_| &mut by_bias[..]),
    };
    backward(&block.widened(), &input, &kernel, &output, &by_output, wide, scratch);
    if let (Some(from), Some(to)) = (by_input, gradients.input) {
        narrow(&from, to, channels);
    }
    let length = channels * block.area();
    gradients.kernel[..length].copy_from_slice(&by_kernel[..length]);
    if let Some(bias) = gradients.bias {
        bias[..channels].copy_from_slice(&by_bias[..channels]);
    }
}

/// Pixels of eight channels, of which those beyond the given ones are 0.
fn widen(given: &[f32], channels: usize) -> Vec<f32> {
    let mut wide = vec![0.0; given.len() / channels * COLUMNS];
    for (to, from) in wide.chunks_exact_mut(COLUMNS).zip(given.chunks_exact(channels)) {
        to[..channels].copy_from_slice(from);
    }
    wide
}

/// The way back.
fn narrow(wide: &[f32], into: &mut [f32], channels: usize) {
    for (to, from) in into.chunks_exact_mut(channels).zip(wide.chunks_exact(COLUMNS)) {
        to.copy_from_slice(&from[..channels]);
    }
}

/// Eight channels of so many numbers, of which those beyond the given ones are 0.
fn lengthen(given: &[f32], area: usize) -> Vec<f32> {
    let mut all = given.to_vec();
    all.resize(COLUMNS * area, 0.0);
    all
}

/// Where each eight channels begin.
fn eights(channels: usize) -> impl Iterator<Item = usize> {
    (0..channels).step_by(COLUMNS).map(move |channel| channel.min(channels - COLUMNS))
}

/// Puts a kernel into panels of eight channels, whose rows are a window's numbers in this order.
fn into_panels(
    block: &Depthwise,
    kernel: &[f32],
    numbers: impl Iterator<Item = usize> + Clone,
    panels: &mut Vec<f32>,
) {
    let (channels, area) = (block.input[2], block.area());
    panels.clear();
    for channel in eights(channels) {
        let eight = &kernel[channel * area..(channel + COLUMNS) * area];
        for number in numbers.clone() {
            panels.extend(eight[number..].iter().step_by(area));
        }
    }
}

/// The way back.
fn out_of_panels(block: &Depthwise, panels: &[f32], kernel: &mut [f32]) {
    let (channels, area) = (block.input[2], block.area());
    for (channel, panel) in eights(channels).zip(panels.chunks_exact(area * COLUMNS)) {
        let eight = &mut kernel[channel * area..(channel + COLUMNS) * area];
        for (number, row) in panel.chunks_exact(COLUMNS).enumerate() {
            for (to, &value) in eight[number..].iter_mut().step_by(area).zip(row) {
                *to = value;
            }
        }
    }
}

/// The slopes before the rectifier from those after it.
fn rectified(rectify: Rectify, output: &[f32], by_output: &[f32], slopes: &mut Vec<f32>) {
    let [least, most] = rectify.bounds();
    slopes.resize(output.len(), 0.0);
    for ((to, &value), &slope) in slopes.iter_mut().zip(output).zip(by_output) {
        *to = if (value <= least) | (value >= most) { 0.0 } else { slope };
    }
}

/// Adds the slopes of a picture, row by row: one long sum would lose digits.
fn add_by_bias(block: &Depthwise, slopes: &[f32], sums: &mut [f32]) {
    let [_, width, channels] = block.output();
    let mut own = vec![0.0; channels];
    for row in slopes.chunks_exact(width * channels) {
        own.fill(0.0);
        for pixel in row.chunks_exact(channels) {
            for (sum, &slope) in own.iter_mut().zip(pixel) {
                *sum += slope;
            }
        }
        for (sum, &own) in sums.iter_mut().zip(&own) {
            *sum += own;
        }
    }
}

/// Along one axis, from which sources each target is made, and with which numbers of the window.
struct Axis {
    runs: Vec<Run>,
    /// From target to target of a run.
    apart: usize,
    /// From a target's source to the next target's with the same number of the window.
    step: usize,
    /// From number to number of the window, of those that a target has.
    number: usize,
    /// From the source of one of them to the next one's.
    across: usize,
}

/// Targets next to each other that are made with the same numbers of the window.
#[derive(Clone, Copy)]
struct Run {
    /// The first target.
    to: usize,
    targets: usize,
    /// The first source of the first target.
    from: usize,
    /// The first number of the window, and how many there are.
    number: usize,
    numbers: usize,
}

impl Axis {
    /// From the pictures to the output.
    fn forward(block: &Depthwise, axis: usize) -> Self {
        let (sources, targets) = (block.input[axis], block.output()[axis]);
        let (stride, dilation) = (block.strides[axis], block.dilation[axis]);
        let source = |to: usize, number: usize| {
            let place = to * stride + number * dilation;
            place.checked_sub(block.padding[axis][0]).filter(|&from| from < sources)
        };
        let runs = runs(targets, 1, block.kernel[axis], source);
        Self { runs, apart: 1, step: stride, number: 1, across: dilation }
    }

    /// From the output to the pictures, with the window turned around: a number of it meets every
    /// `stride`-th pixel only.
    fn backward(block: &Depthwise, axis: usize) -> Self {
        let (sources, targets) = (block.output()[axis], block.input[axis]);
        let (stride, dilation) = (block.strides[axis], block.dilation[axis]);
        let numbers = block.kernel[axis];
        let source = |to: usize, number: usize| {
            let back = (numbers - 1 - number) * dilation;
            let place = (to + block.padding[axis][0]).checked_sub(back)?;
            let from = place / stride;
            (place.is_multiple_of(stride) && from < sources).then_some(from)
        };
        let runs = runs(targets, stride, numbers, source);
        // The next number of the window that falls on a source, too, and how far it has gone.
        let number = (1..stride).find(|number| (number * dilation).is_multiple_of(stride));
        let number = number.unwrap_or(stride);
        Self { runs, apart: stride, step: 1, number, across: number * dilation / stride }
    }

    /// The targets one by one, in their order.
    fn one_by_one(&self) -> Vec<Run> {
        let ones = self.runs.iter().flat_map(|&run| {
            (0..run.targets).map(move |at| Run {
                to: run.to + at * self.apart,
                targets: 1,
                from: run.from + at * self.step,
                ..run
            })
        });
        let mut ones: Vec<_> = ones.collect();
        ones.sort_by_key(|run| run.to);
        ones
    }
}

/// Puts targets together that have the same of a window's numbers; `source` says where a target
/// finds a number, if it does.
fn runs(
    targets: usize,
    apart: usize,
    numbers: usize,
    source: impl Fn(usize, usize) -> Option<usize>,
) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for to in (0..apart).flat_map(|first| (first..targets).step_by(apart)) {
        let found = (0..numbers).filter_map(|number| Some((number, source(to, number)?)));
        let (number, from) = found.clone().next().unwrap_or((0, 0));
        let numbers = found.count();
        match runs.last_mut() {
            Some(run)
                if (run.number, run.numbers) == (number, numbers)
                    && run.to + run.targets * apart == to =>
            {
                run.targets += 1;
            }
            _ => runs.push(Run { to, targets: 1, from, number, numbers }),
        }
    }
    runs
}

/// How targets are made from sources, both pictures.
struct Plan {
    rows: Axis,
    columns: Axis,
    /// The rows one by one.
    each_row: Vec<Run>,
    /// Numbers of a row of the sources and of the targets.
    lengths: [usize; 2],
    /// Numbers of all sources and of all targets.
    sizes: [usize; 2],
    channels: usize,
    kernel: [usize; 2],
}

/// What the inner loop goes through for each target.
struct Window {
    /// Rows, and from row to row of the sources and of the panel.
    rows: usize,
    down: usize,
    panel_down: usize,
    /// Columns, and from column to column of the sources and of the panel.
    columns: usize,
    across: usize,
    panel_across: usize,
    /// From target to target, among the sources and among the targets.
    step: usize,
    apart: usize,
}

impl Plan {
    fn forward(block: &Depthwise) -> Self {
        let axes = [0, 1].map(|axis| Axis::forward(block, axis));
        Self::new(block, axes, [block.input, block.output()])
    }

    fn backward(block: &Depthwise) -> Self {
        let axes = [0, 1].map(|axis| Axis::backward(block, axis));
        Self::new(block, axes, [block.output(), block.input])
    }

    fn new(block: &Depthwise, [rows, columns]: [Axis; 2], sides: [[usize; 3]; 2]) -> Self {
        Self {
            each_row: rows.one_by_one(),
            rows,
            columns,
            lengths: sides.map(|[_, width, channels]| width * channels),
            sizes: sides.map(|sides| sides.iter().product()),
            channels: block.input[2],
            kernel: block.kernel,
        }
    }

    fn window(&self, row: &Run, run: &Run) -> Window {
        Window {
            rows: row.numbers,
            down: self.rows.across * self.lengths[0],
            panel_down: self.rows.number * self.kernel[1] * COLUMNS,
            columns: run.numbers,
            across: self.columns.across * self.channels,
            panel_across: self.columns.number * COLUMNS,
            step: self.columns.step * self.channels,
            apart: self.columns.apart * self.channels,
        }
    }

    /// Reads a number of each line of the cache that a row of targets is the first to need. From
    /// memory such a line comes early if it is asked for in order, and a window's places are not.
    fn fetch(&self, row: &Run, from: &[f32], read: &mut usize) {
        if row.numbers > 0 {
            let end = (row.from + (row.numbers - 1) * self.rows.across + 1) * self.lengths[0];
            let lines = from[(*read).min(end)..end].iter().step_by(LINE);
            black_box(lines.fold(0, |all, number| all ^ number.to_bits()));
            *read = end.max(*read);
        }
    }

    /// Makes the targets `to` from the sources `from` with a kernel's panels.
    fn apply(
        &self,
        from: &[f32],
        panels: &[f32],
        biases: &[f32],
        rectify: Rectify,
        to: &mut [f32],
    ) {
        let panel = self.kernel[0] * self.kernel[1] * COLUMNS;
        assert!(from.len() >= self.sizes[0] && to.len() >= self.sizes[1]);
        assert!(panels.len() >= self.channels.div_ceil(COLUMNS) * panel);
        assert!(biases.len() >= self.channels);
        let bounds = rectify.bounds();
        let mut read = 0;
        for row in &self.each_row {
            self.fetch(row, from, &mut read);
            for run in &self.columns.runs {
                let window = self.window(row, run);
                let panels = &panels[(row.number * self.kernel[1] + run.number) * COLUMNS..];
                let source = row.from * self.lengths[0] + run.from * self.channels;
                let target = row.to * self.lengths[1] + run.to * self.channels;
                for first in (0..run.targets).step_by(ROWS) {
                    let count = ROWS.min(run.targets - first);
                    let source = source + first * window.step;
                    let target = target + first * window.apart;
                    for (number, channel) in eights(self.channels).enumerate() {
                        // SAFETY: the runs' sources and targets lie within the pictures, and their
                        // numbers within the panel; all have eight channels from here on. Where
                        // a target has no numbers, nothing is read.
                        unsafe {
                            let bias = biases.as_ptr().add(channel);
                            let from = from.as_ptr().wrapping_add(source + channel);
                            let to = to.as_mut_ptr().add(target + channel);
                            let panel = panels.as_ptr().add(number * panel);
                            each_number!(count, targets(&window, from, panel, bias, bounds, to));
                        }
                    }
                }
            }
        }
    }

    /// Adds to a kernel's gradient, panels of eight channels, what a picture brings.
    fn add_by_kernel(&self, input: &[f32], slopes: &[f32], sums: &mut [f32]) {
        let panel = self.kernel[0] * self.kernel[1] * COLUMNS;
        assert!(input.len() >= self.sizes[0] && slopes.len() >= self.sizes[1]);
        assert!(sums.len() >= self.channels.div_ceil(COLUMNS) * panel);
        let mut read = 0;
        for row in &self.each_row {
            self.fetch(row, input, &mut read);
            for run in &self.columns.runs {
                let window = self.window(row, run);
                let first = (row.number * self.kernel[1] + run.number) * COLUMNS;
                let source = row.from * self.lengths[0] + run.from * self.channels;
                let target = row.to * self.lengths[1] + run.to * self.channels;
                for (channel, sums) in eights(self.channels).zip(sums.chunks_exact_mut(panel)) {
                    // SAFETY: as in `apply`.
                    unsafe {
                        let from = input.as_ptr().wrapping_add(source + channel);
                        let slopes = slopes.as_ptr().add(target + channel);
                        let sums = sums.as_mut_ptr().wrapping_add(first);
                        weigh(&window, from, slopes, run.targets, sums);
                    }
                }
            }
        }
    }
}

/// Makes a few targets, eight channels of each.
///
/// # Safety
/// The window's numbers can be read from `from` and from `panel` on, for each target, and the
/// targets written.
#[inline]
unsafe fn targets<const N: usize>(
    window: &Window,
    from: *const f32,
    panel: *const f32,
    bias: *const f32,
    bounds: [f32; 2],
    to: *mut f32,
) {
    let Window { columns, across, panel_across, step, .. } = *window;
    let dense = panel_across == COLUMNS;
    // SAFETY: as promised.
    unsafe {
        match columns {
            2 if dense && step == across => close::<N, 2, 1>(window, from, panel, bias, bounds, to),
            3 if dense && step == across => close::<N, 3, 1>(window, from, panel, bias, bounds, to),
            3 if dense && step == 2 * across => {
                close::<N, 3, 2>(window, from, panel, bias, bounds, to);
            }
            _ => apart::<N>(window, from, panel, bias, bounds, to),
        }
    }
}

/// Targets whose windows have so many columns and are so many columns apart: each source is read
/// once for all of them. That takes more registers, and so the channels come one register at a
/// time; the places where they are stay the same.
///
/// # Safety
/// As for [`targets`].
#[inline(always)]
unsafe fn close<const N: usize, const ACROSS: usize, const STEP: usize>(
    window: &Window,
    from: *const f32,
    panel: *const f32,
    bias: *const f32,
    bounds: [f32; 2],
    to: *mut f32,
) {
    let [least, most] = bounds.map(One::splat);
    for channel in (0..COLUMNS).step_by(LANES) {
        // SAFETY: as promised.
        unsafe {
            let (mut from, mut panel) = (from.wrapping_add(channel), panel.add(channel));
            let mut sums = [One::load(bias.add(channel)); N];
            for _ in 0..window.rows {
                let weights: [One; ACROSS] =
                    std::array::from_fn(|column| One::load(panel.add(column * COLUMNS)));
                for place in 0..(N - 1) * STEP + ACROSS {
                    let value = One::load(from.add(place * window.across));
                    for (target, sum) in sums.iter_mut().enumerate() {
                        if let Some(&weight) = weights.get(place.wrapping_sub(target * STEP)) {
                            *sum = sum.plus_product(value, weight);
                        }
                    }
                }
                from = from.wrapping_add(window.down);
                panel = panel.wrapping_add(window.panel_down);
            }
            for (target, sum) in sums.into_iter().enumerate() {
                let to = to.add(target * window.apart + channel);
                most.smaller(least.larger(sum)).store(to);
            }
        }
    }
}

/// Targets with any window.
///
/// # Safety
/// As for [`targets`].
#[inline(always)]
unsafe fn apart<const N: usize>(
    window: &Window,
    mut from: *const f32,
    mut panel: *const f32,
    bias: *const f32,
    bounds: [f32; 2],
    to: *mut f32,
) {
    let [least, most] = bounds.map(F8::splat);
    // SAFETY: as promised.
    unsafe {
        let mut sums = [F8::load(bias); N];
        for _ in 0..window.rows {
            let (mut at, mut weights) = (from, panel);
            for _ in 0..window.columns {
                let weight = F8::load(weights);
                for (target, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.plus_product(F8::load(at.add(target * window.step)), weight);
                }
                at = at.wrapping_add(window.across);
                weights = weights.wrapping_add(window.panel_across);
            }
            from = from.wrapping_add(window.down);
            panel = panel.wrapping_add(window.panel_down);
        }
        for (target, sum) in sums.into_iter().enumerate() {
            most.smaller(least.larger(sum)).store(to.add(target * window.apart));
        }
    }
}

/// Adds to the sums of a window's numbers, eight channels of each, the products of a row's slopes
/// with what each number met.
///
/// # Safety
/// From `from` on the numbers can be read for each target, and its slope; the sums are there.
#[inline]
unsafe fn weigh(
    window: &Window,
    from: *const f32,
    slopes: *const f32,
    targets: usize,
    sums: *mut f32,
) {
    for row in 0..window.rows {
        for first in (0..window.columns).step_by(ROWS) {
            let columns = ROWS.min(window.columns - first);
            // SAFETY: as promised.
            unsafe {
                let from = from.add(row * window.down + first * window.across);
                let sums = sums.add(row * window.panel_down + first * window.panel_across);
                each_number!(columns, weigh_columns(window, from, slopes, targets, sums));
            }
        }
    }
}

/// The same for a few columns of one row of a window.
///
/// # Safety
/// As for [`weigh`].
#[inline]
unsafe fn weigh_columns<const N: usize>(
    window: &Window,
    mut from: *const f32,
    mut slopes: *const f32,
    targets: usize,
    sums: *mut f32,
) {
    // SAFETY: as promised.
    unsafe {
        // Summed on their own first: one long sum would lose digits.
        let mut own = [F8::splat(0.0); N];
        for _ in 0..targets {
            let slope = F8::load(slopes);
            for (column, sum) in own.iter_mut().enumerate() {
                *sum = sum.plus_product(F8::load(from.add(column * window.across)), slope);
            }
            from = from.wrapping_add(window.step);
            slopes = slopes.wrapping_add(window.apart);
        }
        for (column, sum) in own.into_iter().enumerate() {
            let to = sums.add(column * window.panel_across);
            F8::load(to).plus(sum).store(to);
        }
    }
}
