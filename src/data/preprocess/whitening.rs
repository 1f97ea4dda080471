//! The whitening matrix of some pictures, a piece at a time.

use super::eigen::Eigen;
use crate::error::Result;

/// Keras's `(u * sqrt(n) / (s + epsilon)) u^T` under way, where `u` and `s` are the left
/// singular vectors and the singular values of the matrix that has the `n` centred pictures,
/// of `values` values each, as columns. How far it is, its loops' indices say.
pub(super) struct Whitening {
    values: usize,
    n: usize,
    epsilon: f64,
    /// Pictures that were taken in.
    taken: usize,
    /// The pictures themselves, where they are fewer than their values.
    pictures: Vec<Vec<f32>>,
    /// Rows of the symmetric matrix whose other half is there too.
    mirrored: usize,
    eigen: Eigen,
    /// Singular vectors that were added to the sum.
    added: usize,
    /// The upper half of what is asked for.
    sum: Vec<f64>,
    /// What is asked for, row by row.
    matrix: Vec<f32>,
}

/// Singular values below this share of the largest are noise: the training pictures do not
/// differ in that direction. Keras multiplies such a direction by up to a million; here it
/// is left out.
const NOISE: f64 = 1e-6;

/// So many pictures are added in single precision, and these sums in double.
const BLOCK: usize = 16;

/// What one pass over an entry takes, in about nanoseconds; see [`Eigen::advance`].
const MULTIPLYING: f64 = 0.9;
const BLOCK_ADDING: f64 = 1.2;
const MIRRORING: f64 = 6.0;
const ADDING: f64 = 1.0;
const ADDING_PICTURE: f64 = 0.6;
const ROUNDING: f64 = 9.0;

impl Whitening {
    pub(super) fn new(values: usize, n: usize, epsilon: f64) -> Self {
        // The singular vectors are the eigenvectors of the pictures' covariances where there
        // are more pictures than values, and else follow from those of the pictures' inner
        // products.
        let eigen = Eigen::new(n.min(values));
        let (pictures, sum, matrix) = (Vec::new(), Vec::new(), Vec::new());
        Self { values, n, epsilon, taken: 0, pictures, mirrored: 0, eigen, added: 0, sum, matrix }
    }

    /// Goes on by a small piece and tells how much work that was, as [`Eigen::advance`] does;
    /// `None` where nothing was left.
    ///
    /// # Errors
    /// What `centred` gives, which is asked for pictures less their mean, each once and in
    /// order.
    pub(super) fn advance(
        &mut self,
        mut centred: impl FnMut(usize) -> Result<Vec<f32>>,
    ) -> Result<Option<f64>> {
        let side = self.side();
        if self.taken < self.n {
            return if self.few() {
                let picture = centred(self.taken)?;
                Ok(Some(self.multiply(picture)))
            } else {
                let block = self.taken..self.n.min(self.taken + BLOCK);
                let block = block.map(centred).collect::<Result<Vec<_>>>()?;
                Ok(Some(self.add_block(&block)))
            };
        }
        if self.mirrored < side {
            return Ok(Some(self.mirror()));
        }
        if let Some(work) = self.eigen.advance() {
            return Ok(Some(work));
        }
        if self.added < side {
            return Ok(Some(self.add()));
        }
        let whole = self.values * self.values;
        Ok((self.matrix.len() < whole).then(|| self.round()))
    }

    /// The work that is left, as far as one can know.
    pub(super) fn left(&self) -> f64 {
        let (n, values, side) = (self.n as f64, self.values as f64, self.side() as f64);
        let taken = self.taken as f64;
        let taking = if self.few() {
            MULTIPLYING * values * (n * n - taken * taken) / 2.0
        } else {
            self.block_work() * ((n - taken) / BLOCK as f64).ceil()
        };
        taking
            + MIRRORING * (side * side - (self.mirrored as f64).powi(2)) / 2.0
            + self.eigen.left()
            + self.adding_one() * (side - self.added as f64)
            + ROUNDING * (values * values - self.matrix.len() as f64)
    }

    /// The matrix, row by row.
    pub(super) fn into_matrix(self) -> Vec<f32> {
        self.matrix
    }

    fn few(&self) -> bool {
        self.n < self.values
    }

    fn side(&self) -> usize {
        self.n.min(self.values)
    }

    fn block_work(&self) -> f64 {
        BLOCK_ADDING * (self.values as f64).powi(2)
    }

    fn adding_one(&self) -> f64 {
        let (n, values) = (self.n as f64, self.values as f64);
        let pictures = if self.few() { ADDING_PICTURE * n * values } else { 0.0 };
        ADDING * values * values / 2.0 + pictures
    }

    /// The inner products of the next of a few pictures with those before and itself.
    fn multiply(&mut self, picture: Vec<f32>) -> f64 {
        let row = self.taken;
        self.pictures.push(picture);
        let a = &self.pictures[row];
        for (column, b) in self.pictures.iter().enumerate() {
            let product: f64 = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            self.eigen.a[column * self.n + row] = product;
        }
        self.taken += 1;
        MULTIPLYING * (self.taken * self.values) as f64
    }

    /// Adds the products of all values of some pictures.
    fn add_block(&mut self, block: &[Vec<f32>]) -> f64 {
        let values = self.values;
        let mut sums = vec![0f32; values];
        for row in 0..values {
            sums[row..].fill(0.0);
            block.iter().for_each(|x| super::add_scaled(&mut sums[row..], x[row], &x[row..]));
            let totals = &mut self.eigen.a[row * values + row..(row + 1) * values];
            totals.iter_mut().zip(&sums[row..]).for_each(|(a, b)| *a += f64::from(*b));
        }
        self.taken += block.len();
        self.block_work()
    }

    fn mirror(&mut self) -> f64 {
        let (row, side, a) = (self.mirrored, self.side(), &mut self.eigen.a);
        for column in 0..row {
            a[row * side + column] = a[column * side + row];
        }
        self.mirrored += 1;
        MIRRORING * row as f64
    }

    /// Adds the next singular vector's share.
    fn add(&mut self) -> f64 {
        let (values, n) = (self.values, self.n);
        if self.sum.is_empty() {
            self.sum = vec![0.0; values * values];
        }
        let (squares, vectors) = self.eigen.found();
        let largest = squares.iter().copied().fold(0.0, f64::max).sqrt();
        let singular = squares[self.added].max(0.0).sqrt();
        let side = squares.len();
        let vector = &vectors[self.added * side..(self.added + 1) * side];
        self.added += 1;
        if singular <= NOISE * largest {
            return 0.0;
        }
        let direction: Vec<f64> = if n < values {
            let mut sum = vec![0f64; values];
            for (weight, picture) in vector.iter().zip(&self.pictures) {
                let weight = weight / singular;
                sum.iter_mut().zip(picture).for_each(|(sum, x)| *sum += weight * f64::from(*x));
            }
            sum
        } else {
            vector.to_vec()
        };
        let factor = (n as f64).sqrt() / (singular + self.epsilon);
        for (row, sums) in self.sum.chunks_exact_mut(values).enumerate() {
            let weight = factor * direction[row];
            let sums = sums[row..].iter_mut().zip(&direction[row..]);
            sums.for_each(|(sum, x)| *sum += weight * x);
        }
        self.adding_one()
    }

    /// The next row in single precision, the lower half from the upper.
    fn round(&mut self) -> f64 {
        let values = self.values;
        self.matrix.reserve_exact(values * values - self.matrix.len());
        let row = self.matrix.len() / values;
        let at = |column: usize| self.sum[row.min(column) * values + row.max(column)] as f32;
        self.matrix.extend((0..values).map(at));
        ROUNDING * values as f64
    }
}
