//! Eigenvalues and eigenvectors of a symmetric matrix, a piece at a time.
//!
//! Source: Golub and Van Loan, "Matrix Computations": Householder's tridiagonal form, then
//! implicit QL steps.

/// A decomposition under way. How far it is, its loops' indices say.
pub(crate) struct Eigen {
    /// Rows and columns.
    n: usize,
    /// The matrix, to be filled in before the first [`advance`](Self::advance); later, the
    /// reflections.
    pub(crate) a: Vec<f64>,
    /// Once all is done, its rows are the eigenvectors.
    q: Vec<f64>,
    /// Once all is done, the eigenvalues.
    diagonal: Vec<f64>,
    beside: Vec<f64>,
    /// Size of the tridiagonal matrix, for what is small beside it.
    size: f64,
    /// Rotations that were gathered: the upper row, sine and cosine.
    turns: Vec<(usize, f64, f64)>,
    /// Rows that were reflected.
    reflected: usize,
    /// Reflections that were multiplied into `q`.
    multiplied: usize,
    /// Eigenvalues that stand alone.
    alone: usize,
    /// QL steps for the next one.
    steps: usize,
    /// Columns of `q` that have been rotated by the present `turns`.
    turned: usize,
}

/// Rotations are gathered up to about so many, and then done to a few columns at a time, which
/// stay in the processor's cache.
const MOST_TURNS: usize = 1 << 16;
/// So many columns.
const COLUMNS: usize = 32;
/// Thirty steps an eigenvalue are more than any matrix of numbers needs.
const MOST_STEPS: usize = 30;

/// What one pass over an entry takes, in about nanoseconds; see [`Eigen::advance`].
const REFLECTING: f64 = 2.3;
const MULTIPLYING: f64 = 1.4;
const GATHERING: f64 = 40.0;
const TURNING: f64 = 1.0;
/// Rotations are about so many times the square of the eigenvalues to come.
const TURNS: f64 = 0.8;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Eigen {
    /// For a matrix of `n` rows, empty so far.
    pub(crate) fn new(n: usize) -> Self {
        let mut q = vec![0.0; n * n];
        (0..n).for_each(|row| q[row * n + row] = 1.0);
        Self {
            n,
            a: vec![0.0; n * n],
            q,
            diagonal: vec![0.0; n],
            beside: vec![0.0; n],
            size: 0.0,
            turns: Vec::with_capacity(MOST_TURNS + n),
            reflected: 0,
            multiplied: 0,
            alone: 0,
            steps: 0,
            turned: 0,
        }
    }

    /// Goes on by a small piece and tells how much work that was, in nanoseconds on a common
    /// processor of 2020; `None` where nothing was left.
    pub(crate) fn advance(&mut self) -> Option<f64> {
        if self.reflected < self.n {
            Some(self.reflect())
        } else if self.multiplied < self.n.saturating_sub(2) {
            Some(self.multiply())
        } else if !self.turns.is_empty() {
            Some(self.turn())
        } else if self.alone < self.n {
            Some(self.gather())
        } else {
            None
        }
    }

    /// The work that is left, as far as one can know.
    pub(crate) fn left(&self) -> f64 {
        let cube = |rows: usize| (rows as f64).powi(3) / 3.0;
        let (n, coupled) = (self.n as f64, (self.n - self.alone) as f64);
        REFLECTING * cube(self.n - self.reflected)
            + MULTIPLYING * (cube(self.n.saturating_sub(2)) - cube(self.multiplied))
            + TURNING * (self.turns.len() * (self.n - self.turned)) as f64
            + TURNS * coupled * coupled * (GATHERING + TURNING * n)
    }

    /// The eigenvalues and the eigenvectors, one a row.
    pub(crate) fn found(&self) -> (&[f64], &[f64]) {
        (&self.diagonal, &self.q)
    }

    /// Householder: reflections that leave all but three diagonals empty. The reflection of
    /// row k has its vector there from column k + 1 on, scaled so that H = I - v v^T.
    fn reflect(&mut self) -> f64 {
        let (n, k, a) = (self.n, self.reflected, &mut self.a);
        self.reflected += 1;
        let from = k + 1;
        self.diagonal[k] = a[k * n + k];
        if from + 1 >= n {
            if from < n {
                self.beside[k] = a[k * n + from];
            }
            if from == n {
                let pairs = self.diagonal.iter().zip(&self.beside);
                self.size = pairs.map(|(d, b)| d.abs() + b.abs()).fold(0.0, f64::max);
            }
            return 0.0;
        }
        let mut v = a[k * n + from..(k + 1) * n].to_vec();
        let norm = dot(&v, &v).sqrt();
        if norm == 0.0 {
            a[k * n + from..(k + 1) * n].fill(0.0);
            return 0.0;
        }
        let target = if v[0] > 0.0 { -norm } else { norm };
        self.beside[k] = target;
        v[0] -= target;
        let scale = (2.0 / dot(&v, &v)).sqrt();
        v.iter_mut().for_each(|value| *value *= scale);
        // A <- H A H on what is left: A - v w^T - w v^T with w = A v - v (v^T A v) / 2.
        let mut w: Vec<f64> =
            (from..n).map(|row| dot(&a[row * n + from..(row + 1) * n], &v)).collect();
        let half = dot(&v, &w) / 2.0;
        w.iter_mut().zip(&v).for_each(|(w, v)| *w -= half * v);
        for row in from..n {
            let (v_row, w_row) = (v[row - from], w[row - from]);
            let values = &mut a[row * n + from..(row + 1) * n];
            let pairs = values.iter_mut().zip(v.iter().zip(&w));
            pairs.for_each(|(value, (v, w))| *value -= v_row * w + w_row * v);
        }
        a[k * n + from..(k + 1) * n].copy_from_slice(&v);
        REFLECTING * ((n - from) as f64).powi(2)
    }

    /// The product of the reflections, transposed, last one first: its rows become the
    /// eigenvectors.
    fn multiply(&mut self) -> f64 {
        let n = self.n;
        self.multiplied += 1;
        let from = n - 1 - self.multiplied;
        let k = from - 1;
        let v = &self.a[k * n + from..(k + 1) * n];
        for row in from..n {
            let values = &mut self.q[row * n + from..(row + 1) * n];
            let along = dot(values, v);
            values.iter_mut().zip(v).for_each(|(value, v)| *value -= along * v);
        }
        if k == 0 {
            self.a = Vec::new();
        }
        MULTIPLYING * ((n - from) as f64).powi(2)
    }

    /// Implicit QL steps with Wilkinson's shift, until enough rotations are gathered or each
    /// eigenvalue stands alone.
    fn gather(&mut self) -> f64 {
        let (n, size) = (self.n, self.size);
        while self.alone < n && self.turns.len() <= MOST_TURNS {
            let l = self.alone;
            let small = |m: &usize| self.beside[*m].abs() <= f64::EPSILON * size;
            let m = (l..n - 1).find(small).unwrap_or(n - 1);
            if m == l || self.steps == MOST_STEPS {
                self.alone += 1;
                self.steps = 0;
            } else {
                self.steps += 1;
                self.ql_step(l, m);
            }
        }
        GATHERING * self.turns.len() as f64
    }

    /// One step on the rows `l` to `m`.
    fn ql_step(&mut self, l: usize, m: usize) {
        let Self { diagonal, beside, turns, .. } = self;
        let g = (diagonal[l + 1] - diagonal[l]) / (2.0 * beside[l]);
        let r = g.hypot(1.0);
        let mut g = diagonal[m] - diagonal[l] + beside[l] / (g + r.copysign(g));
        let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
        for i in (l..m).rev() {
            let (f, b) = (s * beside[i], c * beside[i]);
            let r = f.hypot(g);
            beside[i + 1] = r;
            if r == 0.0 {
                diagonal[i + 1] -= p;
                beside[m] = 0.0;
                return;
            }
            (s, c) = (f / r, g / r);
            let g_old = diagonal[i + 1] - p;
            let r = (diagonal[i] - g_old) * s + 2.0 * c * b;
            p = s * r;
            diagonal[i + 1] = g_old + p;
            g = c * r - b;
            turns.push((i, s, c));
        }
        diagonal[l] -= p;
        beside[l] = g;
        beside[m] = 0.0;
    }

    /// Rotates some columns of rows `i` and `i + 1` by the sine and cosine of each turn that
    /// was gathered, one after another.
    fn turn(&mut self) -> f64 {
        let (n, from) = (self.n, self.turned);
        let to = n.min(from + COLUMNS);
        for &(i, s, c) in &self.turns {
            let (upper, lower) = self.q[i * n + from..(i + 1) * n + to].split_at_mut(n);
            for (upper, lower) in upper[..to - from].iter_mut().zip(lower) {
                (*upper, *lower) = (c * *upper - s * *lower, s * *upper + c * *lower);
            }
        }
        self.turned = to;
        let work = TURNING * (self.turns.len() * (to - from)) as f64;
        if to == n {
            self.turns.clear();
            self.turned = 0;
        }
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// A V = V L and V orthogonal, for a full matrix, one of low rank, and ones whose form
    /// leaves steps out.
    #[test]
    fn eigenvectors_are_orthogonal_and_turn_the_matrix_into_its_eigenvalues() {
        let mut stream = Stream::new(1, Purpose::Weights, 0, 0);
        for (n, rank) in [(1, 1), (2, 2), (3, 3), (40, 40), (40, 7), (9, 0)] {
            let mut a = vec![0.0; n * n];
            for _ in 0..rank {
                let v: Vec<f64> = (0..n).map(|_| f64::from(stream.uniform(-1.0, 1.0))).collect();
                (0..n * n).for_each(|place| a[place] += v[place / n] * v[place % n]);
            }
            a[0] += 3.0;
            let mut eigen = Eigen::new(n);
            eigen.a.copy_from_slice(&a);
            while eigen.advance().is_some() {}
            assert_eq!(eigen.left(), 0.0);
            let (values, vectors) = eigen.found();
            let rows: Vec<&[f64]> = vectors.chunks_exact(n).collect();
            for (i, v) in rows.iter().enumerate() {
                for (j, w) in rows.iter().enumerate() {
                    assert!((dot(v, w) - f64::from(u8::from(i == j))).abs() < 1e-12, "{n} {rank}");
                }
                for (row, x) in a.chunks_exact(n).zip(*v) {
                    assert!((dot(row, v) - values[i] * x).abs() < 1e-11, "{n} {rank}");
                }
            }
        }
    }
}
