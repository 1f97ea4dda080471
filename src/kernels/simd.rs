//! Four numbers at a time: what every CPU that runs this has, and no more; as an array, where it
//! has no vectors or is not known here.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::*;

    /// Four numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct F4(v128);

    impl F4 {
        #[inline(always)]
        pub(crate) fn splat(value: f32) -> Self {
            Self(f32x4_splat(value))
        }

        /// # Safety
        /// Four numbers can be read from `from` on.
        #[inline(always)]
        pub(crate) unsafe fn load(from: *const f32) -> Self {
            // SAFETY: as promised; WebAssembly asks for no alignment.
            Self(unsafe { v128_load(from.cast()) })
        }

        /// # Safety
        /// A number can be read from `from`.
        #[inline(always)]
        pub(crate) unsafe fn load_splat(from: *const f32) -> Self {
            // SAFETY: as promised.
            Self(unsafe { v128_load32_splat(from.cast()) })
        }

        /// # Safety
        /// Four numbers can be written from `to` on.
        #[inline(always)]
        pub(crate) unsafe fn store(self, to: *mut f32) {
            // SAFETY: as promised; WebAssembly asks for no alignment.
            unsafe { v128_store(to.cast(), self.0) }
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }

        #[cfg(not(target_feature = "relaxed-simd"))]
        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(f32x4_add(self.0, f32x4_mul(a.0, b.0)))
        }

        /// Rounded once or twice, as the machine has it.
        #[cfg(target_feature = "relaxed-simd")]
        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(f32x4_relaxed_madd(a.0, b.0, self.0))
        }

        /// The larger of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(f32x4_pmax(other.0, self.0))
        }

        /// The smaller of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn smaller(self, other: Self) -> Self {
            Self(f32x4_pmin(other.0, self.0))
        }

        /// Of `yes` where `self` is above `other`, of `no` elsewhere.
        #[inline(always)]
        pub(crate) fn above(self, other: Self, yes: Self, no: Self) -> Self {
            Self(v128_bitselect(yes.0, no.0, f32x4_gt(self.0, other.0)))
        }

        /// Of `yes` where `self` equals `other`, 0 elsewhere.
        #[inline(always)]
        pub(crate) fn where_equal(self, other: Self, yes: Self) -> Self {
            Self(v128_and(yes.0, f32x4_eq(self.0, other.0)))
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod lanes {
    use core::arch::x86_64::*;

    /// Four numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct F4(__m128);

    // SAFETY of all: SSE is a part of x86_64.
    impl F4 {
        #[inline(always)]
        pub(crate) fn splat(value: f32) -> Self {
            Self(unsafe { _mm_set1_ps(value) })
        }

        /// # Safety
        /// Four numbers can be read from `from` on.
        #[inline(always)]
        pub(crate) unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm_loadu_ps(from) })
        }

        /// # Safety
        /// A number can be read from `from`.
        #[cfg_attr(target_feature = "fma", allow(dead_code))] // only where two make eight
        #[inline(always)]
        pub(crate) unsafe fn load_splat(from: *const f32) -> Self {
            Self(unsafe { _mm_set1_ps(*from) })
        }

        /// # Safety
        /// Four numbers can be written from `to` on.
        #[inline(always)]
        pub(crate) unsafe fn store(self, to: *mut f32) {
            unsafe { _mm_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(unsafe { _mm_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm_add_ps(self.0, _mm_mul_ps(a.0, b.0)) })
        }

        /// The larger of each two; of `other`, where one is no number.
        #[cfg_attr(target_feature = "fma", allow(dead_code))] // only where two make eight
        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(unsafe { _mm_max_ps(self.0, other.0) })
        }

        /// The smaller of each two; of `other`, where one is no number.
        #[cfg_attr(target_feature = "fma", allow(dead_code))] // only where two make eight
        #[inline(always)]
        pub(crate) fn smaller(self, other: Self) -> Self {
            Self(unsafe { _mm_min_ps(self.0, other.0) })
        }

        /// Of `yes` where `self` is above `other`, of `no` elsewhere.
        #[inline(always)]
        pub(crate) fn above(self, other: Self, yes: Self, no: Self) -> Self {
            unsafe {
                let mask = _mm_cmpgt_ps(self.0, other.0);
                Self(_mm_or_ps(_mm_and_ps(mask, yes.0), _mm_andnot_ps(mask, no.0)))
            }
        }

        /// Of `yes` where `self` equals `other`, 0 elsewhere.
        #[inline(always)]
        pub(crate) fn where_equal(self, other: Self, yes: Self) -> Self {
            Self(unsafe { _mm_and_ps(_mm_cmpeq_ps(self.0, other.0), yes.0) })
        }
    }
}

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), target_arch = "x86_64")))]
mod lanes {
    use core::array::from_fn;

    /// Four numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct F4([f32; 4]);

    impl F4 {
        #[inline(always)]
        pub(crate) fn splat(value: f32) -> Self {
            Self([value; 4])
        }

        /// # Safety
        /// Four numbers can be read from `from` on.
        #[inline(always)]
        pub(crate) unsafe fn load(from: *const f32) -> Self {
            // SAFETY: as promised.
            Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
        }

        /// # Safety
        /// A number can be read from `from`.
        #[inline(always)]
        pub(crate) unsafe fn load_splat(from: *const f32) -> Self {
            // SAFETY: as promised.
            Self([unsafe { *from }; 4])
        }

        /// # Safety
        /// Four numbers can be written from `to` on.
        #[inline(always)]
        pub(crate) unsafe fn store(self, to: *mut f32) {
            // SAFETY: as promised.
            unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(from_fn(|i| self.0[i] + other.0[i]))
        }

        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
        }

        /// The larger of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
        }

        /// The smaller of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn smaller(self, other: Self) -> Self {
            Self(from_fn(|i| if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] }))
        }

        /// Of `yes` where `self` is above `other`, of `no` elsewhere.
        #[inline(always)]
        pub(crate) fn above(self, other: Self, yes: Self, no: Self) -> Self {
            Self(from_fn(|i| if self.0[i] > other.0[i] { yes.0[i] } else { no.0[i] }))
        }

        /// Of `yes` where `self` equals `other`, 0 elsewhere.
        #[inline(always)]
        pub(crate) fn where_equal(self, other: Self, yes: Self) -> Self {
            Self(from_fn(|i| if self.0[i] == other.0[i] { yes.0[i] } else { 0.0 }))
        }
    }
}

/// Eight numbers, as the products take them: two registers.
#[cfg(not(all(target_arch = "x86_64", target_feature = "fma")))]
mod eight {
    use super::F4;

    /// Eight numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct F8(F4, F4);

    impl F8 {
        #[inline(always)]
        pub(crate) fn splat(value: f32) -> Self {
            Self(F4::splat(value), F4::splat(value))
        }

        /// # Safety
        /// Eight numbers can be read from `from` on.
        #[inline(always)]
        pub(crate) unsafe fn load(from: *const f32) -> Self {
            // SAFETY: as promised.
            unsafe { Self(F4::load(from), F4::load(from.add(4))) }
        }

        /// # Safety
        /// Eight numbers can be written from `to` on.
        #[inline(always)]
        pub(crate) unsafe fn store(self, to: *mut f32) {
            // SAFETY: as promised.
            unsafe {
                self.0.store(to);
                self.1.store(to.add(4));
            }
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(self.0.plus(other.0), self.1.plus(other.1))
        }

        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(self.0.plus_product(a.0, b.0), self.1.plus_product(a.1, b.1))
        }

        /// The sum with `other` times the one number at `factor`.
        ///
        /// # Safety
        /// It can be read.
        #[inline(always)]
        pub(crate) unsafe fn plus_times(self, factor: *const f32, other: Self) -> Self {
            // SAFETY: as promised.
            let factor = unsafe { F4::load_splat(factor) };
            Self(self.0.plus_product(factor, other.0), self.1.plus_product(factor, other.1))
        }

        /// The larger of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(self.0.larger(other.0), self.1.larger(other.1))
        }

        /// The smaller of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn smaller(self, other: Self) -> Self {
            Self(self.0.smaller(other.0), self.1.smaller(other.1))
        }
    }
}

/// Eight numbers in one register, where a native build is told that there are such.
#[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
mod eight {
    use core::arch::x86_64::*;

    /// Eight numbers.
    #[derive(Clone, Copy)]
    pub(crate) struct F8(__m256);

    // SAFETY of all: the build says that the machine has FMA, and so AVX.
    impl F8 {
        #[inline(always)]
        pub(crate) fn splat(value: f32) -> Self {
            Self(unsafe { _mm256_set1_ps(value) })
        }

        /// # Safety
        /// Eight numbers can be read from `from` on.
        #[inline(always)]
        pub(crate) unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm256_loadu_ps(from) })
        }

        /// # Safety
        /// Eight numbers can be written from `to` on.
        #[inline(always)]
        pub(crate) unsafe fn store(self, to: *mut f32) {
            unsafe { _mm256_storeu_ps(to, self.0) }
        }

        #[inline(always)]
        pub(crate) fn plus(self, other: Self) -> Self {
            Self(unsafe { _mm256_add_ps(self.0, other.0) })
        }

        /// Rounded once.
        #[inline(always)]
        pub(crate) fn plus_product(self, a: Self, b: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(a.0, b.0, self.0) })
        }

        /// The sum with `other` times the one number at `factor`, rounded once.
        ///
        /// # Safety
        /// It can be read.
        #[inline(always)]
        pub(crate) unsafe fn plus_times(self, factor: *const f32, other: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(_mm256_broadcast_ss(&*factor), other.0, self.0) })
        }

        /// The larger of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn larger(self, other: Self) -> Self {
            Self(unsafe { _mm256_max_ps(self.0, other.0) })
        }

        /// The smaller of each two; of `other`, where one is no number.
        #[inline(always)]
        pub(crate) fn smaller(self, other: Self) -> Self {
            Self(unsafe { _mm256_min_ps(self.0, other.0) })
        }
    }
}

pub(crate) use eight::F8;
pub(crate) use lanes::F4;

/// As many numbers as one register holds.
#[cfg(all(target_arch = "x86_64", target_feature = "fma"))]
pub(crate) type One = F8;
/// As many numbers as one register holds.
#[cfg(not(all(target_arch = "x86_64", target_feature = "fma")))]
pub(crate) type One = F4;
pub(crate) const LANES: usize = size_of::<One>() / size_of::<f32>();
