//! Principal components: the directions along which points vary most.
//!
//! Up to [`MOST_COVARIANCE`] dimensions they are the eigenvectors of the covariance matrix.
//! Of more dimensions only the first few are looked for, by iterating a subspace that is a
//! little larger. Source: Halko, Martinsson and Tropp 2011, "Finding structure with
//! randomness", section 4.5.

use super::{MILLISECOND, check, dot};
use crate::data::preprocess::eigen::Eigen;
use crate::error::Result;
use crate::random::{Purpose, Stream};

/// Dimensions up to which the whole covariance matrix is decomposed.
pub const MOST_COVARIANCE: usize = 256;

/// How many more directions a subspace has than components are asked for.
const MORE: usize = 10;
/// Rounds of the subspace at the most, for the two that are drawn; so many find two components
/// to four places where the tenth next is a fifth smaller.
const ROUNDS: usize = 40;
/// And where many are only to keep distances, most of which any round does.
const ROUGH_ROUNDS: usize = 5;
/// The subspace stands still where no variance changes by more than this share.
const STILL: f64 = 1e-8;
/// Points that are summed up in `f32` before `f64` takes the sum.
const BLOCK: usize = 64;

/// What a multiplication and addition takes, in about nanoseconds.
const IN_F64: f64 = 0.6;
const IN_F32: f64 = 0.25;

/// Points in the plane of their first two principal components.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Where each point is, about their mean.
    pub positions: Vec<[f32; 2]>,
    /// The share of the variance that each of the two components explains, 0 to 1; `None`
    /// where all points are the same.
    pub explained: Option<[f64; 2]>,
}

/// The first two principal components of `n` points of `d` dimensions. Each points to where
/// its largest entry is positive. Of one dimension the second component is 0.
///
/// # Errors
/// `data-missing` where there is no point, `option` naming `dimensions` where the values are
/// not those of `n` points of `d` dimensions, or `points` where one is not finite.
pub fn pca(points: &[f32], n: usize, d: usize) -> Result<Pca> {
    let mut reduction = Reduction::new(points.to_vec(), n, d, 2, 0)?;
    while !reduction.advance(f64::INFINITY) {}
    Ok(reduction.pca())
}

/// Principal components under way.
pub struct Reduction {
    n: usize,
    d: usize,
    /// Components that are looked for.
    components: usize,
    /// The points about their mean, divided by `scale`: from -1 to 1.
    points: Vec<f32>,
    scale: f64,
    /// The sum of all squares.
    total: f64,
    stage: Stage,
    /// The directions found, `[components][d]`, and the squares along them.
    directions: Vec<f64>,
    squares: Vec<f64>,
    /// The points along the directions, `[points][components]`.
    along: Vec<f64>,
    /// Work done, in nanoseconds.
    done: f64,
}

enum Stage {
    /// Rows of the matrix from the diagonal on, and the points that were added.
    Covariance(Vec<f64>, usize),
    Eigen(Box<Eigen>),
    Subspace(Subspace),
    Project,
    Over,
}

/// A subspace between two rounds, or in the middle of one.
struct Subspace {
    /// Its directions: orthonormal, `[directions][d]`.
    basis: Vec<f64>,
    /// The same, for the inner loop.
    rounded: Vec<f32>,
    /// What the scatter matrix makes of them, from the points up to `at`.
    image: Vec<f64>,
    block: Vec<f32>,
    at: usize,
    round: usize,
    squares: Vec<f64>,
}

impl Reduction {
    /// Begins to look for the first `components` of `n` points of `d` dimensions, or as many
    /// as there are dimensions. The seed says where a subspace begins.
    ///
    /// # Errors
    /// As [`pca()`].
    pub fn new(
        mut points: Vec<f32>,
        n: usize,
        d: usize,
        components: usize,
        seed: u64,
    ) -> Result<Self> {
        check(&points, n, d)?;
        let mut mean = vec![0.0; d];
        for point in points.chunks_exact(d) {
            mean.iter_mut().zip(point).for_each(|(mean, value)| *mean += f64::from(*value));
        }
        mean.iter_mut().for_each(|mean| *mean /= n as f64);
        let centred = |point: &[f32]| -> f64 {
            let pairs = point.iter().zip(&mean);
            pairs.map(|(value, mean)| (f64::from(*value) - mean).abs()).fold(0.0, f64::max)
        };
        let scale = points.chunks_exact(d).map(centred).fold(0.0, f64::max);
        let divisor = if scale > 0.0 { scale } else { 1.0 };
        let mut total = 0.0;
        for point in points.chunks_exact_mut(d) {
            for (value, mean) in point.iter_mut().zip(&mean) {
                *value = ((f64::from(*value) - mean) / divisor) as f32;
                total += f64::from(*value) * f64::from(*value);
            }
        }
        let components = components.min(d);
        let stage = if d <= MOST_COVARIANCE {
            Stage::Covariance(vec![0.0; d * d], 0)
        } else {
            Stage::Subspace(Subspace::new(d, (components + MORE).min(d), seed))
        };
        Ok(Self {
            n,
            d,
            components,
            points,
            scale,
            total,
            stage,
            directions: Vec::new(),
            squares: Vec::new(),
            along: Vec::new(),
            done: 0.0,
        })
    }

    /// Goes on by about so many milliseconds of work, or by one piece; true where all is done.
    pub fn advance(&mut self, milliseconds: f64) -> bool {
        let end = self.done + milliseconds * MILLISECOND;
        while !self.is_over() {
            self.done += self.step();
            if self.done >= end {
                break;
            }
        }
        self.is_over()
    }

    /// The share of the work that is done, as far as one can know, 0 to 1: 1 where all is done,
    /// and only there.
    pub fn share(&self) -> f64 {
        if self.is_over() { 1.0 } else { (self.done() / self.total()).clamp(0.0, 0.999) }
    }

    /// Whether all is done.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// The work done so far, in milliseconds.
    pub fn done(&self) -> f64 {
        self.done / MILLISECOND
    }

    /// The work in all, as far as one can know, in milliseconds.
    pub fn total(&self) -> f64 {
        let (n, d, found) = (self.n as f64, self.d as f64, self.components as f64);
        let project = IN_F64 * n * d * found;
        let left = match &self.stage {
            Stage::Covariance(_, at) => {
                let left = (self.n - at) as f64;
                IN_F64 * left * d * d / 2.0 + Eigen::new(self.d).left() + project
            }
            Stage::Eigen(eigen) => eigen.left() + project,
            Stage::Subspace(subspace) => {
                let left = (self.rounds() - subspace.round) as f64 - subspace.at as f64 / n;
                left * (n * subspace.cost(self.d) + subspace.turning(self.d)) + project
            }
            Stage::Project => project * (1.0 - self.along.len() as f64 / (n * found)),
            Stage::Over => 0.0,
        };
        (self.done + left) / MILLISECOND
    }

    /// Positions along the first two components; of use once [it is over](Self::is_over).
    pub fn pca(&self) -> Pca {
        let position = |along: &[f64]| {
            let at = |place: usize| (along.get(place).unwrap_or(&0.0) * self.scale) as f32;
            [at(0), at(1)]
        };
        let share = |place| self.squares.get(place).map_or(0.0, |square| square / self.total);
        Pca {
            positions: self.along.chunks_exact(self.components).map(position).collect(),
            explained: (self.total > 0.0 && self.is_over()).then(|| [share(0), share(1)]),
        }
    }

    /// Components that are looked for.
    pub(super) fn components(&self) -> usize {
        self.components
    }

    /// How many components there are, and the points along them, `[points][components]`, divided
    /// by the largest value that any point had about the mean.
    pub(super) fn into_along(self) -> (usize, Vec<f32>) {
        (self.components, self.along.into_iter().map(|value| value as f32).collect())
    }

    fn rounds(&self) -> usize {
        if self.components <= 2 { ROUNDS } else { ROUGH_ROUNDS }
    }

    /// The next small piece, and how much work it was.
    fn step(&mut self) -> f64 {
        let (n, d, rounds) = (self.n, self.d, self.rounds());
        match &mut self.stage {
            Stage::Covariance(sums, at) if *at < n => {
                let end = n.min(*at + BLOCK / 4);
                for point in self.points[*at * d..end * d].chunks_exact(d) {
                    let point: Vec<f64> = point.iter().map(|value| f64::from(*value)).collect();
                    for (row, value) in point.iter().enumerate() {
                        let sums = &mut sums[row * d + row..(row + 1) * d];
                        sums.iter_mut().zip(&point[row..]).for_each(|(sum, x)| *sum += value * x);
                    }
                }
                let work = IN_F64 * (end - *at) as f64 * (d * d) as f64 / 2.0;
                *at = end;
                work
            }
            Stage::Covariance(sums, _) => {
                let mut eigen = Eigen::new(d);
                for row in 0..d {
                    for column in 0..d {
                        eigen.a[row * d + column] = sums[row.min(column) * d + row.max(column)];
                    }
                }
                self.stage = Stage::Eigen(Box::new(eigen));
                (d * d) as f64
            }
            Stage::Eigen(eigen) => {
                if let Some(work) = eigen.advance() {
                    return work;
                }
                let (values, vectors) = eigen.found();
                let mut order: Vec<usize> = (0..d).collect();
                order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
                for place in order.into_iter().take(self.components) {
                    self.squares.push(values[place].max(0.0));
                    self.directions.extend(&vectors[place * d..(place + 1) * d]);
                }
                self.begin_projection();
                0.0
            }
            Stage::Subspace(subspace) if subspace.at < n => {
                let end = n.min(subspace.at + BLOCK);
                subspace.add(&self.points[subspace.at * d..end * d], d);
                let work = subspace.cost(d) * (end - subspace.at) as f64;
                subspace.at = end;
                work
            }
            Stage::Subspace(subspace) => {
                let work = subspace.turning(d);
                if subspace.turn(d, self.components) || subspace.round == rounds {
                    self.directions = subspace.basis[..self.components * d].to_vec();
                    self.squares = subspace.squares[..self.components].to_vec();
                    self.begin_projection();
                } else {
                    subspace.again(d);
                }
                work
            }
            Stage::Project => {
                let from = self.along.len() / self.components;
                let end = n.min(from + BLOCK / 4);
                for point in self.points[from * d..end * d].chunks_exact(d) {
                    for direction in self.directions.chunks_exact(d) {
                        let pairs = point.iter().zip(direction);
                        self.along.push(pairs.map(|(value, x)| f64::from(*value) * x).sum());
                    }
                }
                if end == n {
                    self.points = Vec::new();
                    self.stage = Stage::Over;
                }
                IN_F64 * ((end - from) * d * self.components) as f64
            }
            Stage::Over => 0.0,
        }
    }

    /// Turns each direction to where its largest entry is positive.
    fn begin_projection(&mut self) {
        for direction in self.directions.chunks_exact_mut(self.d) {
            let larger = |a: f64, b: f64| if b.abs() > a.abs() { b } else { a };
            if direction.iter().copied().fold(0.0, larger) < 0.0 {
                direction.iter_mut().for_each(|value| *value = -*value);
            }
        }
        self.along.reserve(self.n * self.components);
        self.stage = Stage::Project;
    }
}

impl Subspace {
    /// Some subspace of so many directions.
    fn new(d: usize, directions: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Embedding, 0, 0);
        let size = directions * d;
        let mut basis: Vec<f64> = (0..size).map(|_| f64::from(stream.uniform(-1.0, 1.0))).collect();
        orthonormalize(&mut basis, d);
        let mut begun = Self {
            basis,
            rounded: Vec::new(),
            image: vec![0.0; size],
            block: vec![0.0; size],
            at: 0,
            round: 0,
            squares: vec![0.0; directions],
        };
        begun.begin();
        begun
    }

    /// What a point takes, in nanoseconds.
    fn cost(&self, d: usize) -> f64 {
        2.0 * IN_F32 * (self.squares.len() * d) as f64
    }

    /// What the end of a round takes.
    fn turning(&self, d: usize) -> f64 {
        4.0 * IN_F64 * (self.squares.len().pow(2) * d) as f64
    }

    /// Adds points to the image: each times its share along each direction.
    fn add(&mut self, points: &[f32], d: usize) {
        self.block.fill(0.0);
        for point in points.chunks_exact(d) {
            let rows = self.rounded.chunks_exact(d).zip(self.block.chunks_exact_mut(d));
            for (direction, sums) in rows {
                let along = dot(direction, point);
                sums.iter_mut().zip(point).for_each(|(sum, value)| *sum += along * value);
            }
        }
        let sums = self.image.iter_mut().zip(&self.block);
        sums.for_each(|(sum, value)| *sum += f64::from(*value));
    }

    /// Ends a round. Within the subspace the directions become those of the largest squares,
    /// largest first; true where the first `components` of these stand still. Otherwise their
    /// image is the next subspace.
    fn turn(&mut self, d: usize, components: usize) -> bool {
        let m = self.squares.len();
        let mut eigen = Eigen::new(m);
        for (row, direction) in self.basis.chunks_exact(d).enumerate() {
            for (column, image) in self.image.chunks_exact(d).enumerate() {
                let product: f64 = direction.iter().zip(image).map(|(a, b)| a * b).sum();
                // Rounding alone tells the two halves apart.
                eigen.a[row * m + column] += product / 2.0;
                eigen.a[column * m + row] += product / 2.0;
            }
        }
        while eigen.advance().is_some() {}
        let (values, vectors) = eigen.found();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        let turned = |of: &[f64]| {
            let mut turned = vec![0.0; m * d];
            for (row, place) in turned.chunks_exact_mut(d).zip(&order) {
                let factors = &vectors[place * m..(place + 1) * m];
                for (factor, old) in factors.iter().zip(of.chunks_exact(d)) {
                    row.iter_mut().zip(old).for_each(|(sum, value)| *sum += factor * value);
                }
            }
            turned
        };
        let squares: Vec<f64> = order.iter().map(|place| values[*place].max(0.0)).collect();
        let before = std::mem::replace(&mut self.squares, squares);
        self.basis = turned(&self.basis);
        self.image = turned(&self.image);
        self.round += 1;
        let mut pairs = before.iter().zip(&self.squares).take(components);
        pairs.all(|(old, new)| (old - new).abs() <= STILL * new)
    }

    /// The image becomes the basis of the next round.
    fn again(&mut self, d: usize) {
        self.basis.copy_from_slice(&self.image);
        orthonormalize(&mut self.basis, d);
        self.begin();
    }

    fn begin(&mut self) {
        self.rounded = self.basis.iter().map(|value| *value as f32).collect();
        self.image.fill(0.0);
        self.at = 0;
    }
}

/// Gram and Schmidt's method on the rows, twice, since once leaves what rounding brings in. A
/// row that depends on those before it becomes 0.
fn orthonormalize(rows: &mut [f64], d: usize) {
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for place in 0..rows.len() / d {
        let (before, row) = rows.split_at_mut(place * d);
        let row = &mut row[..d];
        let length = dot(row, row).sqrt();
        for _ in 0..2 {
            for other in before.chunks_exact(d) {
                let along = dot(row, other);
                row.iter_mut().zip(other).for_each(|(value, x)| *value -= along * x);
            }
        }
        let rest = dot(row, row).sqrt();
        let factor = if rest > 1e-12 * length { 1.0 / rest } else { 0.0 };
        row.iter_mut().for_each(|value| *value *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waves of falling strength along random directions, about a mean far from 0.
    fn cloud(n: usize, d: usize, seed: u64) -> Vec<f32> {
        let mut stream = Stream::new(seed, Purpose::Embedding, 1, 0);
        let rank = 30.min(d);
        let directions: Vec<f32> = (0..rank * d).map(|_| stream.uniform(-1.0, 1.0)).collect();
        let mut points = vec![5.0; n * d];
        for point in points.chunks_exact_mut(d) {
            let mut strength = 3.0;
            for direction in directions.chunks_exact(d) {
                let along = strength * stream.uniform(-1.0, 1.0);
                point.iter_mut().zip(direction).for_each(|(value, x)| *value += along * x);
                strength *= 0.7;
            }
        }
        points
    }

    fn whole(mut reduction: Reduction) -> Reduction {
        while !reduction.advance(0.0) {}
        reduction
    }

    #[test]
    fn the_subspace_finds_what_the_covariance_matrix_has() {
        for (n, d) in [(300, 200), (40, 120), (500, 256)] {
            let points = cloud(n, d, 3);
            let exact = whole(Reduction::new(points.clone(), n, d, 2, 0).unwrap());
            let mut other = Reduction::new(points, n, d, 2, 0).unwrap();
            other.stage = Stage::Subspace(Subspace::new(d, 12, 7));
            let other = whole(other);
            let (exact, other) = (exact.pca(), other.pca());
            for place in 0..2 {
                let [a, b] = [&exact, &other].map(|pca| pca.explained.unwrap()[place]);
                assert!((a - b).abs() < 1e-6, "{n} {d}: {a} {b}");
            }
            let largest = exact.positions.iter().flatten().fold(0f32, |top, x| top.max(x.abs()));
            for (a, b) in exact.positions.iter().flatten().zip(other.positions.iter().flatten()) {
                assert!((a - b).abs() < 1e-4 * largest, "{n} {d}: {a} {b}");
            }
        }
    }

    #[test]
    fn slices_do_not_matter_and_their_share_grows_to_1() {
        for (n, d) in [(100, 30), (100, 300)] {
            let points = cloud(n, d, 4);
            let at_once = pca(&points, n, d).unwrap();
            let mut sliced = Reduction::new(points, n, d, 2, 0).unwrap();
            while !sliced.advance(0.0) {
                assert!(sliced.done() < sliced.total() + 1e-9);
                assert_eq!(sliced.pca().explained, None);
            }
            assert_eq!((sliced.share(), sliced.done()), (1.0, sliced.total()));
            assert_eq!(sliced.pca(), at_once);
            let [first, second] = at_once.explained.unwrap();
            assert!(first > second && second > 0.0 && first + second < 1.0);
        }
    }

    #[test]
    fn few_and_flat_and_wrong_points() {
        let one = pca(&[3.0, 4.0, 5.0], 1, 3).unwrap();
        assert_eq!(one, Pca { positions: vec![[0.0; 2]], explained: None });
        assert_eq!(pca(&[2.0; 600], 2, 300).unwrap().positions, [[0.0; 2]; 2]);
        let line = pca(&[1.0, 3.0, 8.0], 3, 1).unwrap();
        assert_eq!(line.positions, [[-3.0, 0.0], [-1.0, 0.0], [4.0, 0.0]]);
        assert_eq!(line.explained, Some([1.0, 0.0]));
        // As large as numbers are.
        let large = pca(&[f32::MAX, 0.0, -f32::MAX, 0.0], 2, 2).unwrap();
        assert!(large.positions.iter().flatten().all(|value| value.is_finite()), "{large:?}");
        let wide: Vec<f32> = (0..900).map(|place| (place % 300 == place / 300).into()).collect();
        let wide: Vec<f32> = wide.iter().map(|one: &f32| one * 7.0).collect();
        let shares = pca(&wide, 3, 300).unwrap().explained.unwrap();
        assert!((shares[0] + shares[1] - 1.0).abs() < 1e-5, "{shares:?}");
        let field = |points: &[f32], n, d| {
            let error = pca(points, n, d).unwrap_err();
            (error.code(), error.field_name().unwrap_or_default().to_owned())
        };
        assert_eq!(field(&[], 0, 3).0, "data-missing");
        assert_eq!(field(&[1.0], 1, 0), ("option", "dimensions".into()));
        assert_eq!(field(&[1.0; 5], 2, 3), ("option", "dimensions".into()));
        assert_eq!(field(&[1.0, f32::NAN], 2, 1), ("option", "points".into()));
        assert_eq!(field(&[f32::INFINITY], 1, 1), ("option", "points".into()));
    }
}
