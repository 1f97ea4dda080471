//! Pooling by itself, with borders: the largest of each window, or the mean.
//!
//! A pooling right after a convolution is computed with it (`pool.rs`).

use std::ops::Range;

/// Where windows stand on pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height, width and channels of a picture.
    pub input: [usize; 3],
    /// Height and width of the window.
    pub size: [usize; 2],
    /// From window to window, downwards and sideways.
    pub strides: [usize; 2],
    /// How far the first window begins above and left of the picture. What a window covers there,
    /// and beyond the other two sides, does not count.
    pub before: [usize; 2],
    /// Height and width of the output.
    pub output: [usize; 2],
}

/// The pixels that a window covers.
struct Covered {
    rows: Range<usize>,
    columns: Range<usize>,
    width: usize,
}

impl Covered {
    /// Their numbers among all pictures' pixels.
    fn pixels(&self) -> impl Iterator<Item = usize> {
        let columns = &self.columns;
        let row = |row| row * self.width + columns.start..row * self.width + columns.end;
        self.rows.clone().flat_map(row)
    }

    fn count(&self) -> f32 {
        (self.rows.len() * self.columns.len()) as f32
    }
}

impl Window {
    /// What each window covers, one output pixel after another, where pictures have so many numbers
    /// in all.
    fn each(&self, numbers: usize) -> impl Iterator<Item = Covered> {
        let [height, width, channels] = self.input;
        let inside = |axis: usize, at: usize| {
            let corner = at * self.strides[axis];
            let end = (corner + self.size[axis]).saturating_sub(self.before[axis]);
            corner.saturating_sub(self.before[axis])..end.min(self.input[axis])
        };
        let [tall, wide] = self.output;
        let pictures = numbers / (height * width * channels);
        (0..pictures * tall * wide).map(move |pixel| {
            let (picture, y, x) = (pixel / (tall * wide), pixel / wide % tall, pixel % wide);
            let rows = inside(0, y);
            let first = picture * height;
            Covered { rows: first + rows.start..first + rows.end, columns: inside(1, x), width }
        })
    }
}

/// The largest of each window, and which pixel it was, counted through all pictures: of equal ones
/// the first.
pub fn largest(window: &Window, input: &[f32], output: &mut [f32], chosen: &mut [u32]) {
    let channels = window.input[2];
    let pixels = output.chunks_exact_mut(channels).zip(chosen.chunks_exact_mut(channels));
    for (covered, (best, which)) in window.each(input.len()).zip(pixels) {
        for (number, from) in covered.pixels().enumerate() {
            let values = &input[from * channels..(from + 1) * channels];
            for ((best, which), &value) in best.iter_mut().zip(which.iter_mut()).zip(values) {
                if number == 0 || value > *best {
                    (*best, *which) = (value, from as u32);
                }
            }
        }
    }
}

/// Writes the gradient by the input of [`largest`].
pub fn largest_backward(window: &Window, chosen: &[u32], by_output: &[f32], by_input: &mut [f32]) {
    let channels = window.input[2];
    by_input.fill(0.0);
    let pixels = by_output.chunks_exact(channels).zip(chosen.chunks_exact(channels));
    for (slopes, chosen) in pixels {
        for (channel, (slope, &from)) in slopes.iter().zip(chosen).enumerate() {
            by_input[from as usize * channels + channel] += slope;
        }
    }
}

/// The mean of what each window covers.
pub fn mean(window: &Window, input: &[f32], output: &mut [f32]) {
    let channels = window.input[2];
    for (covered, sums) in window.each(input.len()).zip(output.chunks_exact_mut(channels)) {
        sums.fill(0.0);
        for from in covered.pixels() {
            let values = &input[from * channels..(from + 1) * channels];
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        let count = covered.count();
        sums.iter_mut().for_each(|sum| *sum /= count);
    }
}

/// Writes the gradient by the input of [`mean`].
pub fn mean_backward(window: &Window, by_output: &[f32], by_input: &mut [f32]) {
    let channels = window.input[2];
    by_input.fill(0.0);
    for (covered, slopes) in window.each(by_input.len()).zip(by_output.chunks_exact(channels)) {
        let count = covered.count();
        for to in covered.pixels() {
            let sums = &mut by_input[to * channels..(to + 1) * channels];
            for (sum, slope) in sums.iter_mut().zip(slopes) {
                *sum += slope / count;
            }
        }
    }
}
