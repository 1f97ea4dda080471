//! How fast this machine can multiply and add at all, to measure the kernels against.

use crate::simd::F4;

/// Multiplies and adds on twelve registers, each four numbers, so many times: 96 operations a
/// round, none of which waits for memory. The sum keeps the compiler from leaving it out.
pub fn multiply_adds(rounds: u32) -> f32 {
    let [factor, addend] = [F4::splat(0.999_999), F4::splat(1e-6)];
    let mut sums = [F4::splat(0.5); 12];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = addend.plus_product(*sum, factor);
        }
    }
    let sum = sums.into_iter().fold(F4::splat(0.0), F4::plus);
    let mut four = [0.0; 4];
    // SAFETY: there are four.
    unsafe { sum.store(four.as_mut_ptr()) };
    four.iter().sum()
}
