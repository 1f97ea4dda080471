//! The inner loops: outer products of four numbers with eight.

use crate::block::Runs;
use crate::simd::F4;

/// Output pixels, or rows of a kernel, of one pass through the inner loop. Six would do with fewer
/// reads, but V8 keeps some of SSE's sixteen registers to itself and then spills.
pub(crate) const ROWS: usize = 4;
/// Numbers of the other side: two registers.
pub(crate) const COLUMNS: usize = 8;

/// Sums over a window's numbers, four pixels by eight filters; `windows` has at most four.
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
    unsafe {
        match rows {
            4 => outer_rows::<4>(from, windows, slopes, sums, wide, fresh),
            3 => outer_rows::<3>(from, windows, slopes, sums, wide, fresh),
            2 => outer_rows::<2>(from, windows, slopes, sums, wide, fresh),
            _ => outer_rows::<1>(from, windows, slopes, sums, wide, fresh),
        }
    }
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
        let mut kept = [[F4::splat(0.0); 2]; N];
        if !fresh {
            for (row, kept) in kept.iter_mut().enumerate() {
                *kept = [F4::load(sums.add(row * wide)), F4::load(sums.add(row * wide + 4))];
            }
        }
        for &window in windows {
            let [low, high] = [F4::load(slopes), F4::load(slopes.add(4))];
            let at = from.add(window);
            for (row, kept) in kept.iter_mut().enumerate() {
                let value = F4::load_splat(at.add(row));
                kept[0] = kept[0].plus_product(value, low);
                kept[1] = kept[1].plus_product(value, high);
            }
            slopes = slopes.add(step);
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
pub(crate) unsafe fn add(to: *mut f32, sum: &[F4; 2], columns: usize) {
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
