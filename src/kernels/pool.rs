//! Max pooling of what a convolution has just computed, and the way back.

use crate::block::{Block, Pool};
use crate::simd::F4;

/// Takes the first largest number of each window.
pub(crate) fn choose(
    block: &Block,
    pool: Pool,
    maps: &[f32],
    output: &mut [f32],
    chosen: &mut [f32],
) {
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
pub(crate) fn spread(
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
    let [least, most] = block.rectify.bounds().map(F4::splat);
    for (pixel, ((output, chosen), slopes)) in pixels.enumerate() {
        let (picture, y, x) = (pixel / (height * width), pixel / width % height, pixel % width);
        let corner = (picture * tall + y * pool.strides[0]) * across + x * pool.strides[1];
        let last = corner + (pool.size[0] - 1) * across + pool.size[1];
        assert!(maps.len() >= last * wide);
        let mut channel = 0;
        while channel < filters {
            let zero = F4::splat(0.0);
            let [value, which, slope] = [output, chosen, slopes].map(|from| get(&from[channel..]));
            let slope = most.above(value, value.above(least, slope, zero), zero);
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
