//! A quadtree over points of the plane, for the repulsion of all by all in n log n.
//!
//! Source: Barnes and Hut 1986; van der Maaten 2014, "Accelerating t-SNE using Tree-Based
//! Algorithms". The points are sorted along a Z-shaped curve (Morton 1966), on which each cell
//! is one stretch; the cells are kept in the order in which they are visited, each with the
//! place to go on at where it is not opened.

use std::ops::Range;

/// Levels: cells of the last hold any number of points, which are as good as one there.
const LEVELS: u32 = 21;

struct Cell {
    /// The mean of its points.
    centre: [f32; 2],
    /// How many there are.
    mass: f32,
    /// The square of its side; 0 where it is never opened.
    square: f32,
    /// The next cell that is not inside of it.
    next: u32,
}

/// See above.
#[derive(Default)]
pub(super) struct Tree {
    cells: Vec<Cell>,
    /// Each point's cell of the last level, then its number: sorted.
    keys: Vec<u64>,
}

/// Bits of a key that are a point's number.
const NUMBER: u32 = 64 - 2 * LEVELS;

/// Puts a zero before each of the 32 lower bits.
fn spread(bits: u64) -> u64 {
    let steps = [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ];
    steps.into_iter().fold(bits, |bits, (by, mask)| (bits | bits << by) & mask)
}

/// The number of a key's point.
fn number(key: u64) -> usize {
    (key & ((1 << NUMBER) - 1)) as usize
}

impl Tree {
    /// Over points that are finite, at most 4 million of them.
    pub(super) fn new(points: &[[f32; 2]]) -> Self {
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for point in points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        let side = (high[0] - low[0]).max(high[1] - low[1]).max(f32::MIN_POSITIVE);
        let steps = f64::from((1u32 << LEVELS) - 1) / f64::from(side);
        let step = |value: f32, low: f32| (f64::from(value - low) * steps) as u64;
        let mut keys: Vec<u64> = points
            .iter()
            .zip(0u64..)
            .map(|(point, number)| {
                let [x, y] = [step(point[0], low[0]), step(point[1], low[1])];
                (spread(x) | spread(y) << 1) << NUMBER | number
            })
            .collect();
        keys.sort_unstable();
        let mut tree = Self { cells: Vec::with_capacity(2 * points.len()), keys };
        if !points.is_empty() {
            tree.build(points, 0, points.len(), side);
        }
        tree
    }

    /// The numbers of some points, counted so that neighbours are near each other.
    pub(super) fn points(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        self.keys.get(range).unwrap_or_default().iter().map(|key| number(*key))
    }

    /// Adds the cell of the points from `from` to `to`, which are at least one, and those
    /// inside of it. Returns the sum of its points.
    fn build(&mut self, points: &[[f32; 2]], from: usize, to: usize, side: f32) -> [f64; 2] {
        let cell = self.cells.len();
        self.cells.push(Cell { centre: [0.0; 2], mass: (to - from) as f32, square: 0.0, next: 0 });
        // The first level where not all are in one cell; those between would all be the same.
        let differ = self.keys[from] ^ self.keys[to - 1];
        let level = differ.leading_zeros() / 2;
        let mut sum = [0.0; 2];
        if to - from == 1 || level >= LEVELS {
            for key in &self.keys[from..to] {
                let point = points[number(*key)];
                (0..2).for_each(|axis| sum[axis] += f64::from(point[axis]));
            }
        } else {
            let side_here = side / (1u32 << level) as f32;
            self.cells[cell].square = side_here * side_here;
            let digit = |key: u64| key >> (62 - 2 * level) & 3;
            let mut begin = from;
            while begin < to {
                let here = digit(self.keys[begin]);
                let end = begin + self.keys[begin..to].partition_point(|key| digit(*key) == here);
                let part = self.build(points, begin, end, side);
                (0..2).for_each(|axis| sum[axis] += part[axis]);
                begin = end;
            }
        }
        let next = self.cells.len() as u32;
        let built = &mut self.cells[cell];
        built.centre = sum.map(|sum| (sum / (to - from) as f64) as f32);
        built.next = next;
        sum
    }

    /// What pushes a point at `at` away: the sum of q^2 times the way from each other point,
    /// and that of q, with q = 1 / (1 + distance^2). A cell counts as one point where its side
    /// is less than theta times its distance. The point itself, which is in the tree, counts
    /// in neither.
    pub(super) fn repulsion(&self, at: [f32; 2], theta: f32) -> ([f32; 2], f32) {
        let theta = theta * theta;
        let (mut push, mut sum) = ([0f32; 2], 0f32);
        let mut place = 0;
        while let Some(cell) = self.cells.get(place) {
            let way = [at[0] - cell.centre[0], at[1] - cell.centre[1]];
            let square = way[0] * way[0] + way[1] * way[1];
            if cell.square > 0.0 && cell.square >= theta * square {
                place += 1;
                continue;
            }
            let q = 1.0 / (1.0 + square);
            // Where there is no way at all the cell is that of the point itself.
            let others = if square == 0.0 { cell.mass - 1.0 } else { cell.mass };
            let weight = others * q;
            sum += weight;
            push[0] += weight * q * way[0];
            push[1] += weight * q * way[1];
            place = cell.next as usize;
        }
        (push, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn opened_all_over_it_is_the_sum_over_all_points() {
        let mut stream = Stream::new(1, Purpose::Embedding, 2, 0);
        for n in [1, 2, 3, 50, 400] {
            let mut points: Vec<[f32; 2]> =
                (0..n).map(|_| [stream.uniform(-9.0, 30.0), stream.uniform(-2.0, 2.0)]).collect();
            points.extend(points.clone().iter().take(5));
            let tree = Tree::new(&points);
            let mut order: Vec<usize> = tree.points(0..points.len()).collect();
            order.sort_unstable();
            assert!(order.into_iter().eq(0..points.len()));
            for (number, at) in points.iter().enumerate() {
                let (mut push, mut sum) = ([0f64; 2], 0f64);
                for (other, place) in points.iter().zip(0..) {
                    if number == place {
                        continue;
                    }
                    let way = [0, 1].map(|axis| f64::from(at[axis]) - f64::from(other[axis]));
                    let q = 1.0 / (1.0 + way[0] * way[0] + way[1] * way[1]);
                    sum += q;
                    (0..2).for_each(|axis| push[axis] += q * q * way[axis]);
                }
                for (theta, bound) in [(0.0, 1e-5), (0.5, 0.03)] {
                    let (found, total) = tree.repulsion(*at, theta);
                    assert!((f64::from(total) - sum).abs() <= bound * sum, "{n} {theta}");
                    for axis in 0..2 {
                        let difference = f64::from(found[axis]) - push[axis];
                        assert!(difference.abs() <= bound * sum, "{n} {theta}: {difference}");
                    }
                }
            }
        }
    }

    #[test]
    fn points_on_one_spot_are_one_cell() {
        let tree = Tree::new(&[[2.0, 3.0]; 1000]);
        assert_eq!(tree.cells.len(), 1);
        assert_eq!(tree.repulsion([2.0, 3.0], 0.5), ([0.0; 2], 999.0));
        assert_eq!(Tree::new(&[]).repulsion([0.0; 2], 0.5), ([0.0; 2], 0.0));
        assert_eq!(NUMBER, 22);
    }
}
