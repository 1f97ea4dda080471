//! A convolution, its bias, its rectifier and a max pooling after it, as one operation.

use crate::simd::F4;

/// Output pixels, or rows of a kernel, of one pass through the inner loop. Six would do with fewer
/// reads, but V8 keeps some of SSE's sixteen registers to itself and then spills.
const ROWS: usize = 4;
/// Numbers of the other side: two registers.
const COLUMNS: usize = 8;
/// Pictures are taken together until they have so many output pixels, which is enough to make
/// up for the beginning and the end of an inner loop, and few enough to stay in the cache.
const PIXELS_AT_ONCE: usize = 96;
/// Slopes that are gone through for each row of a kernel's gradient, again and again: 32 kB.
const SLOPES_AT_ONCE: usize = 8192;

/// What is computed, for pictures of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Height, width and channels of a picture.
    pub input: [usize; 3],
    /// Channels of the convolution's output.
    pub filters: usize,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// From window to window, downwards and sideways.
    pub strides: [usize; 2],
    /// From number to number within a window; 1 for a dense one.
    pub dilation: [usize; 2],
    /// Zeros above and below, left and right.
    pub padding: [[usize; 2]; 2],
    /// How the kernel's numbers are given.
    pub order: Order,
    /// Whether values below 0 become 0.
    pub rectify: bool,
    /// The pooling after that.
    pub pool: Option<Pool>,
}

/// In which order a kernel's numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Filters, channels, height, width.
    FiltersFirst,
    /// Height, width, channels, filters: a dense layer's matrix.
    FiltersLast,
}

/// The largest of each window, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Height and width of the window.
    pub size: [usize; 2],
    /// From window to window.
    pub strides: [usize; 2],
}

/// Memory that calls hand on to each other, so that none allocates what the last one had.
#[derive(Debug, Default)]
pub struct Scratch {
    weights: Vec<f32>,
    padded: Vec<f32>,
    maps: Vec<f32>,
    sums: Vec<f32>,
    gradient: Vec<f32>,
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

impl Block {
    /// Height and width after the convolution.
    pub fn convolved(&self) -> [usize; 2] {
        [0, 1].map(|axis| {
            let span = (self.kernel[axis] - 1) * self.dilation[axis] + 1;
            let room = self.input[axis] + self.padding[axis][0] + self.padding[axis][1];
            (room - span) / self.strides[axis] + 1
        })
    }

    /// Height, width and channels of the output.
    pub fn output(&self) -> [usize; 3] {
        let [height, width] = match (self.convolved(), self.pool) {
            (sides, None) => sides,
            (sides, Some(Pool { size, strides })) => {
                [0, 1].map(|axis| (sides[axis] - size[axis]) / strides[axis] + 1)
            }
        };
        [height, width, self.filters]
    }

    /// Numbers of the kernel of one filter.
    fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input[2]
    }

    /// Channels of what is computed with: whole registers.
    fn wide(&self) -> usize {
        self.filters.next_multiple_of(COLUMNS)
    }

    fn pads(&self) -> bool {
        self.padding != [[0, 0], [0, 0]]
    }
}

/// Where the windows lie in a picture with its border.
struct Places {
    /// Numbers of a picture with its border.
    picture: usize,
    /// Numbers of a row of it.
    row: usize,
    /// Numbers that a window takes side by side.
    run: usize,
    /// Where the runs of a window begin, from its first number.
    runs: Vec<usize>,
    /// Where the window of each output pixel begins, picture after picture.
    windows: Vec<usize>,
    /// Pictures that are taken together.
    group: usize,
    /// Output pixels of one picture.
    pixels: usize,
}

/// The runs of a window: where they begin, from its first number, and their length.
#[derive(Clone, Copy)]
struct Runs<'a> {
    starts: &'a [usize],
    length: usize,
}

impl Places {
    fn new(block: &Block, pictures: usize) -> Self {
        let [height, width, channels] = block.input;
        let [[top, bottom], [left, right]] = block.padding;
        let row = (width + left + right) * channels;
        let picture = (height + top + bottom) * row;
        let [rows, columns] = block.kernel;
        let [down, across] = block.dilation;
        let (run, runs) = if across == 1 || columns == 1 {
            (columns * channels, (0..rows).map(|y| y * down * row).collect())
        } else {
            let starts = (0..rows)
                .flat_map(|y| (0..columns).map(move |x| y * down * row + x * across * channels));
            (channels, starts.collect())
        };
        let [tall, wide] = block.convolved();
        let pixels = tall * wide;
        let group = PIXELS_AT_ONCE.div_ceil(pixels).clamp(1, pictures.max(1));
        let mut windows = Vec::with_capacity(group * pixels);
        for number in 0..group {
            for y in 0..tall {
                let start = number * picture + y * block.strides[0] * row;
                windows.extend((0..wide).map(|x| start + x * block.strides[1] * channels));
            }
        }
        Self { picture, row, run, runs, windows, group, pixels }
    }

    /// How far these windows, the first of some pictures, reach.
    fn end(&self, windows: &[usize]) -> usize {
        let run = self.runs.last().map_or(0, |start| start + self.run);
        windows.iter().max().map_or(0, |window| window + run)
    }
}

/// The place of every number of a kernel in its order by windows: height, width, channels.
fn each_weight(block: &Block, mut visit: impl FnMut(usize, usize, usize)) {
    let [_, _, channels] = block.input;
    let area = block.kernel[0] * block.kernel[1];
    match block.order {
        Order::FiltersFirst => {
            let mut at = 0;
            for filter in 0..block.filters {
                for channel in 0..channels {
                    for place in 0..area {
                        visit(at, place * channels + channel, filter);
                        at += 1;
                    }
                }
            }
        }
        Order::FiltersLast => {
            for depth in 0..area * channels {
                for filter in 0..block.filters {
                    visit(depth * block.filters + filter, depth, filter);
                }
            }
        }
    }
}

/// Computes `output` of pictures `input` (NHWC), and which number of its window each pooled value
/// was (`chosen`, as long as the output where there is a pooling).
///
/// # Panics
/// Where a slice is shorter than the block says.
pub fn forward(
    block: &Block,
    input: &[f32],
    kernel: &[f32],
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
    assert!(kernel.len() >= block.depth() * block.filters, "the kernel is too short");
    assert!(block.pool.is_none() || chosen.len() >= pictures * each_out, "no place to choose");
    let places = Places::new(block, pictures);
    let (depth, wide) = (block.depth(), block.wide());

    // Panels of eight filters: panel, depth, filter.
    let panels = clear(&mut scratch.weights, depth * wide);
    each_weight(block, |at, depth_at, filter| {
        panels[(filter / COLUMNS * depth + depth_at) * COLUMNS + filter % COLUMNS] = kernel[at];
    });
    let mut biases = vec![0.0; wide];
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
            pad(block, &places, given, &mut scratch.padded);
            &scratch.padded[..]
        } else {
            given
        };
        let pixels = count * places.pixels;
        let out = &mut output[first * each_out..(first + count) * each_out];
        let direct = block.pool.is_none() && wide == block.filters;
        let maps = if direct { &mut out[..] } else { &mut scratch.maps[..] };
        convolve(block, &places, &places.windows[..pixels], read, &scratch.weights, &biases, maps);
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
/// [`forward`].
///
/// # Panics
/// Where a slice is shorter than the block says.
#[allow(clippy::too_many_arguments)] // one for each thing that a derivative is made of
pub fn backward(
    block: &Block,
    input: &[f32],
    kernel: &[f32],
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
    let places = Places::new(block, pictures);
    let (depth, wide, run) = (block.depth(), block.wide(), places.run);
    assert!(output.len() >= pictures * each_out && by_output.len() >= pictures * each_out);

    // For the gradient by the input: for each run panels of eight of its numbers; panel, filter,
    // number.
    let strips = run.div_ceil(COLUMNS);
    if gradients.input.is_some() {
        let panels =
            clear(&mut scratch.weights, places.runs.len() * strips * block.filters * COLUMNS);
        each_weight(block, |at, depth_at, filter| {
            let (run_at, in_run) = (depth_at / run, depth_at % run);
            let panel = run_at * strips + in_run / COLUMNS;
            panels[(panel * block.filters + filter) * COLUMNS + in_run % COLUMNS] = kernel[at];
        });
    }
    if block.pads() {
        clear(&mut scratch.padded, places.group * places.picture);
        if gradients.input.is_some() {
            clear(&mut scratch.gradient, places.group * places.picture);
        }
    }
    clear(&mut scratch.sums, depth * wide);
    clear(&mut scratch.maps, places.group * places.pixels * wide);
    let mut bias_sums = vec![0.0; wide];

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
                        *to = if block.rectify && value <= 0.0 { 0.0 } else { slope };
                    }
                }
            }
        }
        for row in maps.chunks_exact(wide) {
            for (sum, &slope) in bias_sums.iter_mut().zip(row) {
                *sum += slope;
            }
        }

        let given = &input[first * each..(first + count) * each];
        let read = if block.pads() {
            pad(block, &places, given, &mut scratch.padded);
            &scratch.padded[..]
        } else {
            given
        };
        let windows = &places.windows[..pixels];
        let at_once = (SLOPES_AT_ONCE / wide).max(ROWS);
        for (windows, maps) in windows.chunks(at_once).zip(maps.chunks(at_once * wide)) {
            add_by_kernel(&places, windows, read, maps, wide, &mut scratch.sums);
        }
        if let Some(by_input) = gradients.input.as_deref_mut() {
            let by_input = &mut by_input[first * each..(first + count) * each];
            let to = if block.pads() { &mut scratch.gradient[..] } else { &mut by_input[..] };
            to[..count * places.picture].fill(0.0);
            let filters = [block.filters, wide];
            add_by_input(&places, windows, &scratch.weights, maps, filters, to);
            if block.pads() {
                crop(block, &places, &scratch.gradient, by_input);
            }
        }
    }

    let sums = &scratch.sums;
    each_weight(block, |at, depth_at, filter| {
        gradients.kernel[at] = sums[depth_at * wide + filter];
    });
    if let Some(bias) = gradients.bias {
        bias[..block.filters].copy_from_slice(&bias_sums[..block.filters]);
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
    let least = F4::splat(if block.rectify { 0.0 } else { f32::NEG_INFINITY });
    let runs = Runs { starts: &places.runs, length: places.run };
    for panel in 0..wide / COLUMNS {
        let weights = panels_of(weights, panel, depth);
        for (pixels, windows) in windows.chunks(ROWS).enumerate() {
            // SAFETY: the windows' runs lie within `read`; the panel has eight numbers for each
            // of their `depth`; the maps have `wide` numbers for each window, and so many biases
            // are there.
            unsafe {
                let sums = product(read.as_ptr(), windows, runs, weights.as_ptr());
                let bias = biases.as_ptr().add(panel * COLUMNS);
                let bias = [F4::load(bias), F4::load(bias.add(4))];
                let to = maps.as_mut_ptr().add(pixels * ROWS * wide + panel * COLUMNS);
                for (row, [low, high]) in sums[..windows.len()].iter().enumerate() {
                    let to = to.add(row * wide);
                    least.larger(low.plus(bias[0])).store(to);
                    least.larger(high.plus(bias[1])).store(to.add(4));
                }
            }
        }
    }
}

/// Adds to a kernel's gradient, `wide` numbers for each number of a window, what these windows
/// into `read` bring with the slopes `maps` of their pixels.
fn add_by_kernel(
    places: &Places,
    windows: &[usize],
    read: &[f32],
    maps: &[f32],
    wide: usize,
    sums: &mut [f32],
) {
    assert!(read.len() >= places.end(windows) && maps.len() >= windows.len() * wide);
    assert!(sums.len() >= places.runs.len() * places.run * wide);
    for column in (0..wide).step_by(COLUMNS) {
        for (run, &start) in places.runs.iter().enumerate() {
            for row in (0..places.run).step_by(ROWS) {
                let rows = ROWS.min(places.run - row);
                // SAFETY: the windows' runs lie within `read`, `wide` slopes are there for each of
                // them, and `wide` sums for each of their numbers.
                unsafe {
                    let read = read.as_ptr().add(start + row);
                    let sums = sums.as_mut_ptr().add((run * places.run + row) * wide + column);
                    outer(read, windows, maps.as_ptr().add(column), wide, sums, rows);
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
    let pixels: Vec<usize> = (0..windows.len()).map(|pixel| pixel * wide).collect();
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
                    for (sum, &window) in sums.iter().zip(windows) {
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

/// Sums over a window's numbers, four pixels by eight filters; `windows` has at most four.
///
/// # Safety
/// From each window on, the runs can be read, and the panel has eight numbers for each number of
/// them.
#[inline(always)]
unsafe fn product(
    from: *const f32,
    windows: &[usize],
    runs: Runs,
    panel: *const f32,
) -> [[F4; 2]; ROWS] {
    // SAFETY: as promised.
    unsafe {
        match windows.len() {
            4 => rows::<4>(from, windows, runs, panel),
            3 => rows::<3>(from, windows, runs, panel),
            2 => rows::<2>(from, windows, runs, panel),
            _ => rows::<1>(from, windows, runs, panel),
        }
    }
}

#[inline]
unsafe fn rows<const N: usize>(
    from: *const f32,
    windows: &[usize],
    runs: Runs,
    panel: *const f32,
) -> [[F4; 2]; ROWS] {
    // SAFETY: as promised to `product`.
    unsafe {
        let mut sums = [[F4::splat(0.0); 2]; N];
        let mut panel = panel;
        for &start in runs.starts {
            let mut at: [*const f32; N] = std::array::from_fn(|i| from.add(windows[i] + start));
            // Not unrolled: V8 would read far ahead, and spill.
            for _ in 0..runs.length {
                let [low, high] = [F4::load(panel), F4::load(panel.add(4))];
                for i in 0..N {
                    let value = F4::load_splat(at[i]);
                    sums[i][0] = sums[i][0].plus_product(value, low);
                    sums[i][1] = sums[i][1].plus_product(value, high);
                }
                at = at.map(|at| at.add(1));
                panel = panel.add(COLUMNS);
            }
        }
        let mut all = [[F4::splat(0.0); 2]; ROWS];
        all[..N].copy_from_slice(&sums);
        all
    }
}

/// Adds to `rows` rows of sums the products of what each window has at its beginning, `rows`
/// numbers, with the pixel's eight slopes.
///
/// # Safety
/// From each window on, `rows` numbers can be read, and from each pixel on eight slopes; the sums
/// have `rows` rows.
#[inline(always)]
unsafe fn outer(
    from: *const f32,
    windows: &[usize],
    slopes: *const f32,
    wide: usize,
    sums: *mut f32,
    rows: usize,
) {
    // SAFETY: as promised.
    unsafe {
        match rows {
            4 => outer_rows::<4>(from, windows, slopes, wide, sums),
            3 => outer_rows::<3>(from, windows, slopes, wide, sums),
            2 => outer_rows::<2>(from, windows, slopes, wide, sums),
            _ => outer_rows::<1>(from, windows, slopes, wide, sums),
        }
    }
}

#[inline]
unsafe fn outer_rows<const N: usize>(
    from: *const f32,
    windows: &[usize],
    mut slopes: *const f32,
    wide: usize,
    sums: *mut f32,
) {
    // SAFETY: as promised to `outer`.
    unsafe {
        let mut kept: [[F4; 2]; N] = std::array::from_fn(|row| {
            [F4::load(sums.add(row * wide)), F4::load(sums.add(row * wide + 4))]
        });
        for &window in windows {
            let [low, high] = [F4::load(slopes), F4::load(slopes.add(4))];
            let at = from.add(window);
            for (row, kept) in kept.iter_mut().enumerate() {
                let value = F4::load_splat(at.add(row));
                kept[0] = kept[0].plus_product(value, low);
                kept[1] = kept[1].plus_product(value, high);
            }
            slopes = slopes.add(wide);
        }
        for (row, kept) in kept.iter().enumerate() {
            kept[0].store(sums.add(row * wide));
            kept[1].store(sums.add(row * wide + 4));
        }
    }
}

/// Adds the first `columns` of eight numbers.
///
/// # Safety
/// `columns` numbers can be read and written from `to` on.
#[inline(always)]
unsafe fn add(to: *mut f32, sum: &[F4; 2], columns: usize) {
    // SAFETY: as promised.
    unsafe {
        if columns == COLUMNS {
            F4::load(to).plus(sum[0]).store(to);
            F4::load(to.add(4)).plus(sum[1]).store(to.add(4));
        } else {
            let mut eight = [0.0; COLUMNS];
            sum[0].store(eight.as_mut_ptr());
            sum[1].store(eight.as_mut_ptr().add(4));
            for (i, value) in eight[..columns].iter().enumerate() {
                *to.add(i) += value;
            }
        }
    }
}

/// Copies pictures into the middle of their borders.
fn pad(block: &Block, places: &Places, given: &[f32], padded: &mut [f32]) {
    each_row(block, places, given.len(), |inner, outer, length| {
        padded[outer..outer + length].copy_from_slice(&given[inner..inner + length]);
    });
}

/// Copies them back without.
fn crop(block: &Block, places: &Places, padded: &[f32], into: &mut [f32]) {
    each_row(block, places, into.len(), |inner, outer, length| {
        into[inner..inner + length].copy_from_slice(&padded[outer..outer + length]);
    });
}

/// Where each row of pictures begins without and with their borders, and its length.
fn each_row(
    block: &Block,
    places: &Places,
    numbers: usize,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let [height, width, channels] = block.input;
    let length = width * channels;
    for row in 0..numbers / length {
        let (picture, y) = (row / height, row % height);
        let outer = picture * places.picture
            + (y + block.padding[0][0]) * places.row
            + block.padding[1][0] * channels;
        visit(row * length, outer, length);
    }
}

/// Takes the first largest number of each window.
fn choose(block: &Block, pool: Pool, maps: &[f32], output: &mut [f32], chosen: &mut [f32]) {
    let [tall, across] = block.convolved();
    let [height, width, filters] = block.output();
    let wide = block.wide();
    let pixels = output.chunks_exact_mut(filters).zip(chosen.chunks_exact_mut(filters));
    for (pixel, (output, chosen)) in pixels.enumerate() {
        let (picture, y, x) = (pixel / (height * width), pixel / width % height, pixel % width);
        let corner = (picture * tall + y * pool.strides[0]) * across + x * pool.strides[1];
        let last = corner + (pool.size[0] - 1) * across + pool.size[1];
        assert!(maps.len() >= last * wide);
        let mut channel = 0;
        while channel < filters {
            // SAFETY: the window lies within the maps, whose pixels have `wide` numbers.
            let (best, which) = unsafe {
                let from = maps.as_ptr().add(corner * wide + channel);
                let mut best = F4::load(from);
                let mut which = F4::splat(0.0);
                for down in 0..pool.size[0] {
                    for side in 0..pool.size[1] {
                        let value = F4::load(from.add((down * across + side) * wide));
                        let number = F4::splat((down * pool.size[1] + side) as f32);
                        which = value.above(best, number, which);
                        best = value.above(best, value, best);
                    }
                }
                (best, which)
            };
            put(best, &mut output[channel..]);
            put(which, &mut chosen[channel..]);
            channel += 4;
        }
    }
}

/// The slopes of a convolution's output from those of the pooled one.
fn spread(
    block: &Block,
    pool: Pool,
    output: &[f32],
    chosen: &[f32],
    by_output: &[f32],
    maps: &mut [f32],
) {
    let [tall, across] = block.convolved();
    let [height, width, filters] = block.output();
    let wide = block.wide();
    maps.fill(0.0);
    let pixels = output.chunks_exact(filters).zip(chosen.chunks_exact(filters));
    let pixels = pixels.zip(by_output.chunks_exact(filters));
    let least = if block.rectify { 0.0 } else { f32::NEG_INFINITY };
    for (pixel, ((output, chosen), slopes)) in pixels.enumerate() {
        let (picture, y, x) = (pixel / (height * width), pixel / width % height, pixel % width);
        let corner = (picture * tall + y * pool.strides[0]) * across + x * pool.strides[1];
        let last = corner + (pool.size[0] - 1) * across + pool.size[1];
        assert!(maps.len() >= last * wide);
        let mut channel = 0;
        while channel < filters {
            let zero = F4::splat(0.0);
            let [value, which, slope] = [output, chosen, slopes].map(|from| get(&from[channel..]));
            let slope = value.above(F4::splat(least), slope, zero);
            // SAFETY: the window lies within the maps, whose pixels have `wide` numbers.
            unsafe {
                let to = maps.as_mut_ptr().add(corner * wide + channel);
                for down in 0..pool.size[0] {
                    for side in 0..pool.size[1] {
                        let to = to.add((down * across + side) * wide);
                        let number = F4::splat((down * pool.size[1] + side) as f32);
                        F4::load(to).plus(which.where_equal(number, slope)).store(to);
                    }
                }
            }
            channel += 4;
        }
    }
}

/// The first four numbers, with zeros where there are fewer.
#[inline(always)]
fn get(from: &[f32]) -> F4 {
    if from.len() >= 4 {
        // SAFETY: there are four.
        return unsafe { F4::load(from.as_ptr()) };
    }
    let mut four = [0.0; 4];
    four[..from.len()].copy_from_slice(from);
    // SAFETY: there are four.
    unsafe { F4::load(four.as_ptr()) }
}

/// Writes the first of four numbers, as many as there is room for.
#[inline(always)]
fn put(values: F4, to: &mut [f32]) {
    if to.len() >= 4 {
        // SAFETY: there are four.
        return unsafe { values.store(to.as_mut_ptr()) };
    }
    let mut four = [0.0; 4];
    // SAFETY: there are four.
    unsafe { values.store(four.as_mut_ptr()) };
    to.copy_from_slice(&four[..to.len()]);
}
