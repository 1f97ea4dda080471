//! A kernel's numbers in the order in which the inner loops read them.

use crate::block::{Block, Order, each_weight};
use crate::product::COLUMNS;

/// Rows of a matrix that are put into panels together: few enough to stay in the cache.
const ROWS_AT_ONCE: usize = 16;

/// A kernel in panels of eight columns: all the first panel's rows, then all the next one's.
///
/// As long as the kernel stays what it is, so do its panels: whoever computes with it several times
/// keeps them.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    pub(crate) numbers: Vec<f32>,
    /// What they are panels of.
    block: Option<Block>,
    inputs: bool,
}

impl Panels {
    /// Whether these are a kernel's of such a block, by inputs or by filters.
    pub fn is_for(&self, block: &Block, inputs: bool) -> bool {
        let same = |own: &Block| {
            (own.input[2], own.kernel, own.dilation)
                == (block.input[2], block.kernel, block.dilation)
                && (own.filters, own.order) == (block.filters, block.order)
        };
        self.inputs == inputs && self.block.as_ref().is_some_and(same)
    }

    /// Numbers that there is memory for.
    pub fn capacity(&self) -> usize {
        self.numbers.capacity()
    }

    /// Room for panels of so many numbers, in what memory there is; zeros where a panel has
    /// columns that the kernel has not.
    fn room(&mut self, block: &Block, inputs: bool, length: usize, ragged: bool) -> &mut [f32] {
        if ragged {
            self.numbers.clear();
        }
        self.numbers.resize(length, 0.0);
        (self.block, self.inputs) = (Some(block.clone()), inputs);
        &mut self.numbers
    }
}

/// Puts a kernel into panels of eight filters, whose rows are the numbers of a window.
///
/// # Panics
/// Where the kernel is shorter than the block says.
pub fn by_filters(block: &Block, kernel: &[f32], panels: &mut Panels) {
    let (depth, wide, filters) = (block.depth(), block.wide(), block.filters);
    assert!(kernel.len() >= depth * filters, "the kernel is too short");
    let to = panels.room(block, false, depth * wide, wide != filters);
    if block.order == Order::FiltersLast {
        for first in (0..depth).step_by(ROWS_AT_ONCE) {
            for column in (0..filters).step_by(COLUMNS) {
                let columns = COLUMNS.min(filters - column);
                for row in first..depth.min(first + ROWS_AT_ONCE) {
                    let at = column * depth + row * COLUMNS;
                    let from = row * filters + column;
                    to[at..at + columns].copy_from_slice(&kernel[from..from + columns]);
                }
            }
        }
        return;
    }
    each_weight(block, |at, depth_at, filter| {
        to[(filter / COLUMNS * depth + depth_at) * COLUMNS + filter % COLUMNS] = kernel[at];
    });
}

/// Puts a kernel into panels of eight numbers of a window's run, whose rows are the filters; run
/// after run.
///
/// # Panics
/// Where the kernel is shorter than the block says.
pub fn by_inputs(block: &Block, kernel: &[f32], panels: &mut Panels) {
    let (depth, filters) = (block.depth(), block.filters);
    assert!(kernel.len() >= depth * filters, "the kernel is too short");
    let run = block.run();
    let strips = run.div_ceil(COLUMNS);
    let length = depth / run * strips * filters * COLUMNS;
    let to = panels.room(block, true, length, !run.is_multiple_of(COLUMNS));
    if block.order == Order::FiltersLast && depth == run {
        for (strip, to) in to.chunks_exact_mut(filters * COLUMNS).enumerate() {
            let rows =
                &kernel[strip * COLUMNS * filters..depth.min((strip + 1) * COLUMNS) * filters];
            for (number, row) in rows.chunks_exact(filters).enumerate() {
                for (to, &value) in to[number..].iter_mut().step_by(COLUMNS).zip(row) {
                    *to = value;
                }
            }
        }
        return;
    }
    each_weight(block, |at, depth_at, filter| {
        let (run_at, in_run) = (depth_at / run, depth_at % run);
        let panel = run_at * strips + in_run / COLUMNS;
        to[(panel * filters + filter) * COLUMNS + in_run % COLUMNS] = kernel[at];
    });
}
