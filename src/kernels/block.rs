//! What is computed: sizes, and where a picture's windows lie in memory.

use crate::product::COLUMNS;

/// Pictures are taken together until they have so many output pixels, which is enough to make
/// up for the beginning and the end of an inner loop, and few enough to stay in the cache.
const PIXELS_AT_ONCE: usize = 96;

/// What is computed, for pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// What becomes of values out of bounds.
    pub rectify: Rectify,
    /// The pooling after that.
    pub pool: Option<Pool>,
}

/// In which order a kernel's numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// Filters, channels, height, width.
    FiltersFirst,
    /// Height, width, channels, filters: a dense layer's matrix.
    FiltersLast,
}

/// Which values a rectifier lets through; the others become the bound next to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rectify {
    /// All of them.
    No,
    /// Those above 0.
    Relu,
    /// Those between 0 and 6.
    Relu6,
}

impl Rectify {
    /// The least and the most that comes out; at either, the slope is 0.
    pub(crate) fn bounds(self) -> [f32; 2] {
        match self {
            Self::No => [f32::NEG_INFINITY, f32::INFINITY],
            Self::Relu => [0.0, f32::INFINITY],
            Self::Relu6 => [0.0, 6.0],
        }
    }
}

/// The largest of each window, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Height and width of the window.
    pub size: [usize; 2],
    /// From window to window.
    pub strides: [usize; 2],
}

impl Block {
    /// A dense layer as a convolution of pictures of one pixel.
    pub fn dense(inputs: usize, units: usize, rectify: Rectify) -> Self {
        Self {
            input: [1, 1, inputs],
            filters: units,
            kernel: [1, 1],
            strides: [1, 1],
            dilation: [1, 1],
            padding: [[0, 0]; 2],
            order: Order::FiltersLast,
            rectify,
            pool: None,
        }
    }

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
    pub(crate) fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input[2]
    }

    /// Channels of what is computed with: whole registers.
    pub(crate) fn wide(&self) -> usize {
        self.filters.next_multiple_of(COLUMNS)
    }

    /// Numbers that a window takes side by side: a row of it, or a pixel where it is spread out.
    pub(crate) fn run(&self) -> usize {
        let [_, columns] = self.kernel;
        if self.dilation[1] == 1 { columns * self.input[2] } else { self.input[2] }
    }

    pub(crate) fn pads(&self) -> bool {
        self.padding != [[0, 0], [0, 0]]
    }
}

/// Where the windows lie in a picture with its border. It depends on the block alone and on how many
/// pictures there are at the most: whoever computes with a block again keeps it.
#[derive(Debug)]
pub struct Places {
    /// Numbers of a picture with its border.
    pub(crate) picture: usize,
    /// Numbers of a row of it.
    pub(crate) row: usize,
    /// Numbers that a window takes side by side.
    pub(crate) run: usize,
    /// Where the runs of a window begin, from its first number.
    pub(crate) runs: Vec<usize>,
    /// Where the window of each output pixel begins, picture after picture.
    pub(crate) windows: Vec<usize>,
    /// Where the maps of each of these pixels begin.
    pub(crate) maps: Vec<usize>,
    /// Pictures that are taken together.
    pub(crate) group: usize,
    /// Output pixels of one picture.
    pub(crate) pixels: usize,
}

/// The runs of a window: where they begin, from its first number, and their length.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a> {
    pub(crate) starts: &'a [usize],
    pub(crate) length: usize,
}

impl Places {
    /// Those of so many pictures, or of fewer.
    pub fn new(block: &Block, pictures: usize) -> Self {
        let [height, width, channels] = block.input;
        let [[top, bottom], [left, right]] = block.padding;
        let row = (width + left + right) * channels;
        let picture = (height + top + bottom) * row;
        let [rows, columns] = block.kernel;
        let [down, across] = block.dilation;
        let run = block.run();
        let each_row = columns * channels / run;
        let starts = (0..rows)
            .flat_map(|y| (0..each_row).map(move |x| y * down * row + x * across * channels));
        let runs = starts.collect();
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
        let maps = (0..windows.len()).map(|pixel| pixel * block.wide()).collect();
        Self { picture, row, run, runs, windows, maps, group, pixels }
    }

    /// How far these windows, the first of some pictures, reach.
    pub(crate) fn end(&self, windows: &[usize]) -> usize {
        let run = self.runs.last().map_or(0, |start| start + self.run);
        windows.iter().max().map_or(0, |window| window + run)
    }
}

/// The place of every number of a kernel in its order by windows: height, width, channels.
pub(crate) fn each_weight(block: &Block, mut visit: impl FnMut(usize, usize, usize)) {
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

/// Copies pictures into the middle of their borders.
pub(crate) fn pad(block: &Block, places: &Places, given: &[f32], padded: &mut [f32]) {
    each_row(block, places, given.len(), |inner, outer, length| {
        padded[outer..outer + length].copy_from_slice(&given[inner..inner + length]);
    });
}

/// Copies them back without.
pub(crate) fn crop(block: &Block, places: &Places, padded: &[f32], into: &mut [f32]) {
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
