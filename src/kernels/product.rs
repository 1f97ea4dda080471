//! The inner loops: outer products of a few numbers with eight.

use crate::block::Runs;
use crate::simd::F8;

/// Output pixels, or rows of a kernel, of one pass through the inner loop. Six would do with fewer
/// reads, but V8 keeps some of SSE's sixteen registers to itself and then spills.
#[cfg(not(all(target_arch = "x86_64", target_feature = "fma")))]
pub(crate) const ROWS: usize = 4;
/// A register a row: eight sums are as many as two units with four cycles a sum keep busy.
#[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
pub(crate) const ROWS: usize = 8;
/// Numbers of the other side: two registers, or one.
pub(crate) const COLUMNS: usize = 8;

/// Calls a function of so many rows, at least one and at most [`ROWS`].
macro_rules! each_number {
    ($rows:expr, $call:ident $arguments:tt) => {
        match $rows {
            #[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
            8 => $call::<8> $arguments,
            #[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
            7 => $call::<7> $arguments,
            #[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
            6 => $call::<6> $arguments,
            #[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
            5 => $call::<5> $arguments,
            4 => $call::<4> $arguments,
            3 => $call::<3> $arguments,
            2 => $call::<2> $arguments,
            _ => $call::<1> $arguments,
        }
    };
}
pub(crate) use each_number;

/// Sums over a window's numbers, a few pixels by eight filters; `windows` has at most [`ROWS`].
///
/// # Safety
/// From each window on, the runs can be read, and the panel has eight numbers for each number of
/// them.
#[inline(always)]
pub(crate) unsafe fn product(
    from: *const f32,
    windows: &[usize],
    runs: Runs,
    panel: *const f32,
) -> [F8; ROWS] {
    // SAFETY: as promised.
    unsafe { each_number!(windows.len(), rows(from, windows, runs, panel)) }
}

#[inline]
unsafe fn rows<const N: usize>(
    from: *const f32,
    windows: &[usize],
    runs: Runs,
    panel: *const f32,
) -> [F8; ROWS] {
    // SAFETY: as promised to `product`.
    unsafe {
        let mut sums = [F8::splat(0.0); N];
        let mut panel = panel;
        for &start in runs.starts {
            let mut at: [*const f32; N] = std::array::from_fn(|i| from.add(windows[i] + start));
            // Not unrolled: V8 would read far ahead, and spill.
            for _ in 0..runs.length {
                let eight = F8::load(panel);
                for i in 0..N {
                    sums[i] = sums[i].plus_times(at[i], eight);
                }
                at = at.map(|at| at.add(1));
                panel = panel.add(COLUMNS);
            }
        }
        let mut all = [F8::splat(0.0); ROWS];
        all[..N].copy_from_slice(&sums);
        all
    }
}

/// Adds to `rows` rows of sums, each `wide` numbers after the last, the products of what each
/// window has at its beginning, `rows` numbers, with the pixel's eight slopes, which lie a step
/// apart; where the sums are `fresh`, writes them.
///
/// # Safety
/// From each window on, `rows` numbers can be read, and eight slopes are there for each; the sums
/// have `rows` rows.
#[inline(always)]
pub(crate) unsafe fn outer(
    from: *const f32,
    windows: &[usize],
    slopes: (*const f32, usize),
    sums: *mut f32,
    wide: usize,
    rows: usize,
    fresh: bool,
) {
    // SAFETY: as promised.
    unsafe { each_number!(rows, outer_rows(from, windows, slopes, sums, wide, fresh)) }
}

#[inline]
unsafe fn outer_rows<const N: usize>(
    from: *const f32,
    windows: &[usize],
    (mut slopes, step): (*const f32, usize),
    sums: *mut f32,
    wide: usize,
    fresh: bool,
) {
    // SAFETY: as promised to `outer`.
    unsafe {
        let mut kept = [F8::splat(0.0); N];
        if !fresh {
            for (row, kept) in kept.iter_mut().enumerate() {
                *kept = F8::load(sums.add(row * wide));
            }
        }
        for &window in windows {
            let eight = F8::load(slopes);
            let at = from.add(window);
            for (row, kept) in kept.iter_mut().enumerate() {
                *kept = kept.plus_times(at.add(row), eight);
            }
            slopes = slopes.add(step);
        }
        for (row, kept) in kept.iter().enumerate() {
            kept.store(sums.add(row * wide));
        }
    }
}

/// Adds the first `columns` of eight numbers.
///
/// # Safety
/// `columns` numbers can be read and written from `to` on.
#[inline(always)]
pub(crate) unsafe fn add(to: *mut f32, sum: F8, columns: usize) {
    // SAFETY: as promised.
    unsafe {
        if columns == COLUMNS {
            F8::load(to).plus(sum).store(to);
        } else {
            let mut eight = [0.0; COLUMNS];
            sum.store(eight.as_mut_ptr());
            for (i, value) in eight[..columns].iter().enumerate() {
                *to.add(i) += value;
            }
        }
    }
}
