//! A convolution, its bias, its rectifier and a max pooling after it, as one operation.

pub use crate::block::{Block, Order, Places, Pool, Rectify};
use crate::block::{Runs, crop, each_weight, pad};
pub use crate::panels::{Panels, by_filters, by_inputs};
use crate::pool::{choose, spread};
use crate::product::{COLUMNS, ROWS, add, outer, product};
use crate::simd::F8;

/// Pixels whose slopes are gone through for every few rows of a kernel's gradient, again and again:
/// with what lies under their windows they stay in the cache.
const PIXELS_BY_KERNEL: usize = 128;
/// Numbers of a window from which on it pays to put the slopes side by side for that.
const DEEP: usize = 64;

/// Memory that calls hand on to each other, so that none allocates what the last one had.
#[derive(Debug, Default)]
pub struct Scratch {
    padded: Vec<f32>,
    maps: Vec<f32>,
    sums: Vec<f32>,
    slopes: Vec<f32>,
    gradient: Vec<f32>,
    biases: Vec<f32>,
}

/// The gradients that [`backward`] writes.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// By the pictures; not computed where nobody asks.
    pub input: Option<&'a mut [f32]>,
    /// By the kernel, in its own order.
    pub kernel: &'a mut [f32],
    /// By the bias.
    pub bias: Option<&'a mut [f32]>,
}

/// Computes `output` of pictures `input` (NHWC) with the kernel's `panels` [`by_filters`], and which
/// number of its window each pooled value was (`chosen`, as long as the output where there is a
/// pooling).
///
/// # Panics
/// Where a slice is shorter than the block says, or the places are those of fewer pictures.
#[allow(clippy::too_many_arguments)] // what is read, what is written, and what is kept
pub fn forward(
    block: &Block,
    places: &Places,
    input: &[f32],
    panels: &Panels,
    bias: Option<&[f32]>,
    output: &mut [f32],
    chosen: &mut [f32],
    scratch: &mut Scratch,
) {
    let [height, width, channels] = block.input;
    let each = height * width * channels;
    let pictures = input.len() / each;
    let each_out: usize = block.output().iter().product();
    assert!(output.len() >= pictures * each_out, "the output is too short");
    assert!(block.pool.is_none() || chosen.len() >= pictures * each_out, "no place to choose");
    let wide = block.wide();
    assert!(panels.is_for(block, false), "these panels are another kernel's");
    let biases = clear(&mut scratch.biases, wide);
    if let Some(bias) = bias {
        biases[..block.filters].copy_from_slice(&bias[..block.filters]);
    }
    if block.pads() {
        clear(&mut scratch.padded, places.group * places.picture);
    }
    if block.pool.is_some() || wide != block.filters {
        clear(&mut scratch.maps, places.group * places.pixels * wide);
    }

    for first in (0..pictures).step_by(places.group) {
        let count = places.group.min(pictures - first);
        let given = &input[first * each..(first + count) * each];
        let read = if block.pads() {
            pad(block, places, given, &mut scratch.padded);
            &scratch.padded[..]
        } else {
            given
        };
        let pixels = count * places.pixels;
        let out = &mut output[first * each_out..(first + count) * each_out];
        let direct = block.pool.is_none() && wide == block.filters;
        let maps = if direct { &mut out[..] } else { &mut scratch.maps[..] };
        let windows = &places.windows[..pixels];
        convolve(block, places, windows, read, &panels.numbers, &scratch.biases, maps);
        if direct {
            continue;
        }
        let chosen_out = match block.pool {
            Some(_) => &mut chosen[first * each_out..(first + count) * each_out],
            None => &mut [],
        };
        match block.pool {
            Some(pool) => choose(block, pool, &scratch.maps, out, chosen_out),
            None => {
                for (from, to) in
                    scratch.maps.chunks_exact(wide).zip(out.chunks_exact_mut(block.filters))
                {
                    to.copy_from_slice(&from[..block.filters]);
                }
            }
        }
    }
}

/// Writes the gradients, given that by the output. `input`, `output` and `chosen` are those of
/// [`forward`]; that by the input takes the kernel's panels [`by_inputs`].
///
/// # Panics
/// Where a slice is shorter than the block says, or the places are those of fewer pictures.
#[allow(clippy::too_many_arguments)] // one for each thing that a derivative is made of
pub fn backward(
    block: &Block,
    places: &Places,
    input: &[f32],
    panels: Option<&Panels>,
    output: &[f32],
    chosen: &[f32],
    by_output: &[f32],
    mut gradients: Gradients,
    scratch: &mut Scratch,
) {
    let [height, width, channels] = block.input;
    let each = height * width * channels;
    let pictures = input.len() / each;
    let each_out: usize = block.output().iter().product();
    let (depth, wide) = (block.depth(), block.wide());
    assert!(output.len() >= pictures * each_out && by_output.len() >= pictures * each_out);
    let panels = panels.filter(|panels| panels.is_for(block, true));
    assert!(gradients.input.is_none() || panels.is_some(), "the input's panels are missing");
    assert!(gradients.kernel.len() >= depth * block.filters, "the kernel's gradient is too short");
    if block.pads() {
        clear(&mut scratch.padded, places.group * places.picture);
        if gradients.input.is_some() {
            clear(&mut scratch.gradient, places.group * places.picture);
        }
    }
    // Where the sums have the kernel's own order, they are its gradient.
    let direct = block.order == Order::FiltersLast && wide == block.filters;
    if !direct {
        clear(&mut scratch.sums, depth * wide);
    }
    let sums = if direct { &mut gradients.kernel[..] } else { &mut scratch.sums[..] };
    let mut fresh = true;
    clear(&mut scratch.maps, places.group * places.pixels * wide);
    clear(&mut scratch.biases, wide);
    let [least, most] = block.rectify.bounds();

    for first in (0..pictures).step_by(places.group) {
        let count = places.group.min(pictures - first);
        let pixels = count * places.pixels;
        let range = first * each_out..(first + count) * each_out;
        let maps = &mut scratch.maps[..pixels * wide];
        match block.pool {
            Some(pool) => {
                let (output, by_output) = (&output[range.clone()], &by_output[range.clone()]);
                spread(block, pool, output, &chosen[range], by_output, maps);
            }
            None => {
                let rows = output[range.clone()].chunks_exact(block.filters);
                let rows = rows.zip(by_output[range].chunks_exact(block.filters));
                for (to, (value, slope)) in maps.chunks_exact_mut(wide).zip(rows) {
                    for ((to, &value), &slope) in to.iter_mut().zip(value).zip(slope) {
                        *to = if (value <= least) | (value >= most) { 0.0 } else { slope };
                    }
                }
            }
        }
        for row in maps.chunks_exact(wide) {
            for (sum, &slope) in scratch.biases.iter_mut().zip(row) {
                *sum += slope;
            }
        }

        let given = &input[first * each..(first + count) * each];
        let read = if block.pads() {
            pad(block, places, given, &mut scratch.padded);
            &scratch.padded[..]
        } else {
            given
        };
        let windows = &places.windows[..pixels];
        let chunks = maps.chunks(PIXELS_BY_KERNEL * wide);
        for (windows, maps) in windows.chunks(PIXELS_BY_KERNEL).zip(chunks) {
            add_by_kernel(places, windows, read, maps, wide, sums, fresh, &mut scratch.slopes);
            fresh = false;
        }
        if let (Some(by_input), Some(panels)) = (gradients.input.as_deref_mut(), panels) {
            let by_input = &mut by_input[first * each..(first + count) * each];
            let to = if block.pads() { &mut scratch.gradient[..] } else { &mut by_input[..] };
            to[..count * places.picture].fill(0.0);
            let filters = [block.filters, wide];
            add_by_input(places, windows, &panels.numbers, maps, filters, to);
            if block.pads() {
                crop(block, places, &scratch.gradient, by_input);
            }
        }
    }

    if !direct {
        let sums = &scratch.sums;
        each_weight(block, |at, depth_at, filter| {
            gradients.kernel[at] = sums[depth_at * wide + filter];
        });
    }
    if let Some(bias) = gradients.bias {
        bias[..block.filters].copy_from_slice(&scratch.biases[..block.filters]);
    }
}

/// The convolution of these windows into `read`, with `biases` and the rectifier. `weights` are
/// panels of eight filters; the maps get whole registers for each pixel.
fn convolve(
    block: &Block,
    places: &Places,
    windows: &[usize],
    read: &[f32],
    weights: &[f32],
    biases: &[f32],
    maps: &mut [f32],
) {
    let (depth, wide) = (block.depth(), block.wide());
    assert!(read.len() >= places.end(windows));
    assert!(maps.len() >= windows.len() * wide && biases.len() >= wide);
    let [least, most] = block.rectify.bounds().map(F8::splat);
    let runs = Runs { starts: &places.runs, length: places.run };
    for panel in 0..wide / COLUMNS {
        let weights = panels_of(weights, panel, depth);
        for (pixels, windows) in windows.chunks(ROWS).enumerate() {
            // SAFETY: the windows' runs lie within `read`; the panel has eight numbers for each
            // of their `depth`; the maps have `wide` numbers for each window, and so many biases
            // are there.
            unsafe {
                let sums = product(read.as_ptr(), windows, runs, weights.as_ptr());
                let bias = F8::load(biases.as_ptr().add(panel * COLUMNS));
                let to = maps.as_mut_ptr().add(pixels * ROWS * wide + panel * COLUMNS);
                for (row, sum) in sums[..windows.len()].iter().enumerate() {
                    most.smaller(least.larger(sum.plus(bias))).store(to.add(row * wide));
                }
            }
        }
    }
}

/// Adds to a kernel's gradient, `wide` numbers for each number of a window, what these windows
/// into `read` bring with the slopes `maps` of their pixels; where the gradient is `fresh`, writes
/// it.
#[allow(clippy::too_many_arguments)] // sizes, what is read, and what is written
fn add_by_kernel(
    places: &Places,
    windows: &[usize],
    read: &[f32],
    maps: &[f32],
    wide: usize,
    sums: &mut [f32],
    fresh: bool,
    slopes: &mut Vec<f32>,
) {
    assert!(read.len() >= places.end(windows) && maps.len() >= windows.len() * wide);
    assert!(sums.len() >= places.runs.len() * places.run * wide);
    let gather = places.runs.len() * places.run >= DEEP || wide > DEEP;
    for column in (0..wide).step_by(COLUMNS) {
        if gather {
            slopes.clear();
            for row in maps.chunks_exact(wide) {
                slopes.extend_from_slice(&row[column..column + COLUMNS]);
            }
        }
        let (slopes, step) = if gather { (&slopes[..], COLUMNS) } else { (&maps[column..], wide) };
        for (run, &start) in places.runs.iter().enumerate() {
            for row in (0..places.run).step_by(ROWS) {
                let rows = ROWS.min(places.run - row);
                // SAFETY: the windows' runs lie within `read`, eight slopes are there for each of
                // them, and `wide` sums for each of their numbers.
                unsafe {
                    let read = read.as_ptr().add(start + row);
                    let sums = sums.as_mut_ptr().add((run * places.run + row) * wide + column);
                    outer(read, windows, (slopes.as_ptr(), step), sums, wide, rows, fresh);
                }
            }
        }
    }
}

/// Adds to the gradient by pictures what these windows bring with the slopes `maps` of their
/// pixels: `wide` for each, of which `filters` count. `weights` are panels of eight numbers of a
/// window, run after run.
fn add_by_input(
    places: &Places,
    windows: &[usize],
    weights: &[f32],
    maps: &[f32],
    [filters, wide]: [usize; 2],
    by_input: &mut [f32],
) {
    assert!(by_input.len() >= places.end(windows) && maps.len() >= windows.len() * wide);
    let strips = places.run.div_ceil(COLUMNS);
    let pixels = &places.maps[..windows.len()];
    let runs = Runs { starts: &[0], length: filters };
    for (run, &start) in places.runs.iter().enumerate() {
        for strip in 0..strips {
            let columns = COLUMNS.min(places.run - strip * COLUMNS);
            let weights = panels_of(weights, run * strips + strip, filters);
            for (pixels, windows) in pixels.chunks(ROWS).zip(windows.chunks(ROWS)) {
                // SAFETY: `filters` slopes are there for each pixel, and eight numbers of the
                // panel for each filter; the windows' runs lie within `by_input`.
                unsafe {
                    let sums = product(maps.as_ptr(), pixels, runs, weights.as_ptr());
                    for (&sum, &window) in sums.iter().zip(windows) {
                        let to = by_input.as_mut_ptr().add(window + start + strip * COLUMNS);
                        add(to, sum, columns);
                    }
                }
            }
        }
    }
}

/// A slice of `length` zeros in memory that is kept.
fn clear(memory: &mut Vec<f32>, length: usize) -> &mut [f32] {
    memory.clear();
    memory.resize(length, 0.0);
    memory
}

fn panels_of(panels: &[f32], panel: usize, depth: usize) -> &[f32] {
    &panels[panel * depth * COLUMNS..(panel + 1) * depth * COLUMNS]
}
