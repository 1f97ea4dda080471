//! t-SNE: points of the plane that have the neighbours that they have in many dimensions.
//!
//! Sources: van der Maaten and Hinton 2008, "Visualizing Data using t-SNE"; van der Maaten
//! 2014, "Accelerating t-SNE using Tree-Based Algorithms", for the nearest neighbours and the
//! tree. Where it begins, and the learning rate, are scikit-learn's defaults.

use serde::Deserialize;

use super::pca::Reduction;
use super::tree::Tree;
use super::{MILLISECOND, square_distance};
use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};

/// Points at the most. The search for neighbours compares all with all: half a minute for so
/// many, and a second for a fifth of them.
pub const MOST_POINTS: usize = 50_000;
/// Fewer points are only turned to their principal components.
const FEWEST: usize = 4;
/// Dimensions that the points are first reduced to, by principal components.
const DIMENSIONS: usize = 50;
/// For so many iterations neighbours pull this much harder.
const EXAGGERATED: usize = 250;
const EXAGGERATION: f32 = 12.0;
/// Momentum in these iterations, and later.
const MOMENTUM: [f32; 2] = [0.5, 0.8];
/// What a step's own factor is at least.
const LEAST_GAIN: f32 = 0.01;
/// Deviation along the first axis at the beginning, and how far chance moves each point, so
/// that points on one spot, or on one line, can part.
const SPAN: f32 = 1e-4;
const CHANCE: f32 = 1e-6;
/// Points that are done in one piece.
const PIECE: usize = 256;

/// What one of each takes, in about nanoseconds: a value of a distance, the choice of a
/// neighbour among all points, an exponential, a point that pulls, and for one point all that
/// push it, which grow with the logarithm of the points.
const DISTANCE: f64 = 0.3;
const CHOOSING: f64 = 5.0;
const EXPONENTIAL: f64 = 5.0;
const PULLING: f64 = 2.0;
const PUSHING: f64 = 200.0;

/// How a t-SNE is made.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TsneOptions {
    /// About how many neighbours a point has, 1 or more; 30. At most a third of the other
    /// points, or the points would all be neighbours: more is taken as that.
    pub perplexity: f64,
    /// Says how far each point is moved at the beginning.
    pub seed: u64,
    /// How coarse what is far away is seen, 0 to 1; 0.5. With 0 every point is seen.
    pub theta: f64,
    /// Iterations; 750, and at most 10,000.
    pub iterations: usize,
}

impl Default for TsneOptions {
    fn default() -> Self {
        Self { perplexity: 30.0, seed: 0, theta: 0.5, iterations: 750 }
    }
}

/// A t-SNE under way.
pub struct Tsne {
    options: TsneOptions,
    n: usize,
    /// Neighbours of each point.
    neighbours: usize,
    stage: Stage,
    positions: Vec<[f32; 2]>,
    /// Work done, in nanoseconds.
    done: f64,
}

enum Stage {
    Reducing(Box<Reduction>),
    Searching(Search),
    Moving(Box<Motion>),
    Over(Option<Affinities>),
}

/// The search for each point's neighbours.
struct Search {
    /// Dimensions, and the points in them.
    d: usize,
    points: Vec<f32>,
    /// `[points][neighbours]`, by number, and how near they are: each row sums to 1.
    near: Vec<u32>,
    shares: Vec<f32>,
    /// Distances of a point, with the others' numbers.
    distances: Vec<(f32, u32)>,
}

/// How strongly points pull each other, for the pairs where one is a neighbour of the other:
/// symmetric, and 1 in sum.
#[derive(Default)]
struct Affinities {
    /// Where the pairs of each point begin, and where the last ends.
    starts: Vec<usize>,
    others: Vec<u32>,
    values: Vec<f32>,
}

/// The iterations, between two of them or in the middle of one.
struct Motion {
    affinities: Affinities,
    iteration: usize,
    tree: Tree,
    /// Points that were pushed, in the tree's order.
    at: usize,
    /// What pushes each, and later the gradient.
    gradient: Vec<[f32; 2]>,
    /// The sum of all q; see [`Tree::repulsion`].
    sum: f64,
    velocity: Vec<[f32; 2]>,
    gains: Vec<[f32; 2]>,
}

impl Tsne {
    /// Begins with `n` points of `d` dimensions, `[points][dimensions]`.
    ///
    /// # Errors
    /// As [`pca`](super::pca()), and `option` naming `points` where they are more than
    /// [`MOST_POINTS`], or an option that is out of its range.
    pub fn new(points: Vec<f32>, n: usize, d: usize, options: TsneOptions) -> Result<Self> {
        let TsneOptions { perplexity, theta, iterations, .. } = options;
        if !(perplexity >= 1.0 && perplexity.is_finite()) {
            let message = format!("The perplexity is a number of at least 1; it is {perplexity}.");
            return Err(Error::option(message).field("perplexity"));
        }
        if !(0.0..=1.0).contains(&theta) {
            let message = format!("theta is a number from 0 to 1; it is {theta}.");
            return Err(Error::option(message).field("theta"));
        }
        if iterations > 10_000 {
            let message = format!("There are at most 10,000 iterations; not {iterations}.");
            return Err(Error::option(message).field("iterations"));
        }
        if n > MOST_POINTS {
            let message = format!("A map has at most {MOST_POINTS} points; not {n}.");
            return Err(Error::option(message).field("points"));
        }
        let components = if n < FEWEST { 2 } else { DIMENSIONS };
        let reduction = Reduction::new(points, n, d, components, options.seed)?;
        let perplexity = perplexity.min(n.saturating_sub(1) as f64 / 3.0);
        let neighbours = ((3.0 * perplexity) as usize + 1).min(n.saturating_sub(1));
        Ok(Self {
            options: TsneOptions { perplexity, ..options },
            n,
            neighbours,
            stage: Stage::Reducing(Box::new(reduction)),
            positions: Vec::new(),
            done: 0.0,
        })
    }

    /// Goes on by about so many milliseconds of work, or by one piece; true where all is done.
    /// However the calls fall, the positions are the same to the last bit.
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
        matches!(self.stage, Stage::Over(_))
    }

    /// The work done so far, in milliseconds.
    pub fn done(&self) -> f64 {
        self.done / MILLISECOND
    }

    /// The work in all, as far as one can know, in milliseconds.
    pub fn total(&self) -> f64 {
        if self.is_over() {
            return self.done();
        }
        let n = self.n as f64;
        let moving = self.options.iterations as f64 * n * self.cost_of_moving();
        let left = match &self.stage {
            Stage::Reducing(reduction) => {
                let reducing = (reduction.total() - reduction.done()) * MILLISECOND;
                let rest = n * self.cost_of_searching(reduction.components()) + moving;
                reducing + if self.n < FEWEST { 0.0 } else { rest }
            }
            Stage::Searching(search) => {
                let left = (self.n - search.near.len() / self.neighbours) as f64;
                left * self.cost_of_searching(search.d) + moving
            }
            Stage::Moving(motion) => {
                let moved = (motion.iteration * self.n + motion.at) as f64;
                moving - moved * self.cost_of_moving()
            }
            Stage::Over(_) => 0.0,
        };
        (self.done + left) / MILLISECOND
    }

    /// Where the points are; empty until they are reduced to few dimensions.
    pub fn positions(&self) -> &[[f32; 2]] {
        &self.positions
    }

    /// The divergence of Kullback and Leibler between neighbourhoods in many dimensions and
    /// in the plane, as the tree sees it: what the iterations make small. `None` until they
    /// begin, and where there are fewer than four points. Takes as long as half an iteration.
    pub fn kl(&self) -> Option<f64> {
        let affinities = match &self.stage {
            Stage::Moving(motion) => &motion.affinities,
            Stage::Over(affinities) => affinities.as_ref()?,
            Stage::Reducing(_) | Stage::Searching(_) => return None,
        };
        let tree = Tree::new(&self.positions);
        let theta = self.options.theta as f32;
        let sum = |at: &[f32; 2]| f64::from(tree.repulsion(*at, theta).1);
        Some(affinities.divergence(&self.positions, self.positions.iter().map(sum).sum()))
    }

    /// What the search for one point's neighbours takes.
    fn cost_of_searching(&self, d: usize) -> f64 {
        (DISTANCE * d as f64 + CHOOSING) * self.n as f64
            + 30.0 * EXPONENTIAL * self.neighbours as f64
    }

    /// What one point takes in an iteration.
    fn cost_of_moving(&self) -> f64 {
        PUSHING * (self.n as f64).log2() + PULLING * 1.5 * self.neighbours as f64
    }

    /// The next small piece, and how much work it was.
    fn step(&mut self) -> f64 {
        let (n, neighbours) = (self.n, self.neighbours);
        let (searching, moving) = match &self.stage {
            Stage::Searching(search) => (self.cost_of_searching(search.d), 0.0),
            _ => (0.0, self.cost_of_moving()),
        };
        match &mut self.stage {
            Stage::Reducing(reduction) => {
                let before = reduction.done();
                let over = reduction.advance(0.0);
                let work = (reduction.done() - before) * MILLISECOND;
                if over {
                    self.search();
                }
                work
            }
            Stage::Searching(search) => {
                let found = search.near.len() / neighbours;
                let end = n.min(found + PIECE / 16);
                (found..end).for_each(|at| search.find(at, neighbours, self.options.perplexity));
                if end == n {
                    let affinities = Affinities::new(&search.near, &search.shares, neighbours);
                    self.stage = Stage::Moving(Box::new(Motion::new(affinities, n)));
                }
                searching * (end - found) as f64
            }
            Stage::Moving(motion) if motion.iteration == self.options.iterations => {
                let affinities = std::mem::take(&mut motion.affinities);
                self.stage = Stage::Over(Some(affinities));
                0.0
            }
            Stage::Moving(motion) => {
                let before = motion.at;
                motion.push(&self.positions, self.options.theta as f32);
                let work = moving * (motion.at - before) as f64;
                if motion.at == n {
                    let early = motion.iteration < EXAGGERATED;
                    motion.turn(&self.positions, if early { EXAGGERATION } else { 1.0 });
                    motion.shift(&mut self.positions, MOMENTUM[usize::from(!early)]);
                }
                work
            }
            Stage::Over(_) => 0.0,
        }
    }

    /// From the reduced points to the search, or to the end where they are few.
    fn search(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Over(None));
        let Stage::Reducing(reduction) = stage else { return };
        if self.n < FEWEST {
            self.positions = reduction.pca().positions;
            return;
        }
        let (d, points) = reduction.into_along();
        // Their mean is 0.
        let square: f64 = points.iter().step_by(d).map(|x| f64::from(*x) * f64::from(*x)).sum();
        let deviation = (square / self.n as f64).sqrt() as f32;
        let factor = if deviation > 0.0 { SPAN / deviation } else { 0.0 };
        let mut stream = Stream::new(self.options.seed, Purpose::Embedding, 1, 0);
        let begin = |point: &[f32]| {
            [0, 1].map(|axis| {
                let at = point.get(axis).copied().unwrap_or(0.0) * factor;
                at + stream.uniform(-CHANCE, CHANCE)
            })
        };
        self.positions = points.chunks_exact(d).map(begin).collect();
        self.stage = Stage::Searching(Search {
            d,
            points,
            near: Vec::with_capacity(self.n * self.neighbours),
            shares: Vec::with_capacity(self.n * self.neighbours),
            distances: Vec::with_capacity(self.n),
        });
    }
}

impl Search {
    /// Finds the neighbours of a point, the first of equally distant ones, and weighs them so
    /// that the entropy is that of as many equal ones as the perplexity says.
    fn find(&mut self, at: usize, neighbours: usize, perplexity: f64) {
        let point = &self.points[at * self.d..(at + 1) * self.d];
        let others = self.points.chunks_exact(self.d).zip(0u32..);
        self.distances.clear();
        self.distances.extend(
            others
                .filter(|(_, other)| *other as usize != at)
                .map(|(other, number)| (square_distance(point, other), number)),
        );
        self.distances
            .select_nth_unstable_by(neighbours - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.distances.truncate(neighbours);
        self.distances.sort_unstable_by_key(|(_, number)| *number);
        self.near.extend(self.distances.iter().map(|(_, number)| number));
        let distances: Vec<f64> = self.distances.iter().map(|(d, _)| f64::from(*d)).collect();
        let shares = weigh(&distances, perplexity);
        self.shares.extend(shares.into_iter().map(|share| share as f32));
    }
}

/// Shares that fall with the distance as a Gaussian does, whose width is sought by bisection.
fn weigh(distances: &[f64], perplexity: f64) -> Vec<f64> {
    let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let beyond: Vec<f64> = distances.iter().map(|distance| distance - least).collect();
    let mean = beyond.iter().sum::<f64>() / beyond.len() as f64;
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut precision = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    let mut powers: Vec<f64> = Vec::new();
    let mut sum = 1.0;
    for _ in 0..60 {
        powers = beyond.iter().map(|distance| (-precision * distance).exp()).collect();
        sum = powers.iter().sum();
        let weighted: f64 = powers.iter().zip(&beyond).map(|(power, d)| power * d).sum();
        let excess = sum.ln() + precision * weighted / sum - perplexity.ln();
        if excess.abs() < 1e-5 {
            break;
        }
        if excess > 0.0 {
            low = precision;
            precision = if high == f64::INFINITY { 2.0 * low } else { (low + high) / 2.0 };
        } else {
            high = precision;
            precision = (low + high) / 2.0;
        }
    }
    powers.iter().map(|power| power / sum).collect()
}

impl Affinities {
    /// From each point's neighbours and their shares, `[points][neighbours]`, by number: a
    /// pair's value is the mean of both shares, divided by the number of points.
    fn new(near: &[u32], shares: &[f32], neighbours: usize) -> Self {
        let n = near.len() / neighbours;
        let factor = 0.5 / n as f32;
        // Who has each point for a neighbour, by number.
        let mut begins = vec![0; n + 1];
        near.iter().for_each(|other| begins[*other as usize + 1] += 1);
        (0..n).for_each(|at| begins[at + 1] += begins[at]);
        let mut ends = begins.clone();
        let mut back = vec![(0u32, 0f32); near.len()];
        for (place, (other, share)) in near.iter().zip(shares).enumerate() {
            let end = &mut ends[*other as usize];
            back[*end] = ((place / neighbours) as u32, *share);
            *end += 1;
        }
        let mut made = Self { starts: vec![0], others: Vec::new(), values: Vec::new() };
        for at in 0..n {
            let row = at * neighbours..(at + 1) * neighbours;
            let mut forth = near[row.clone()].iter().zip(&shares[row]).peekable();
            let mut back = back[begins[at]..begins[at + 1]].iter().peekable();
            loop {
                let next = [forth.peek().map(|(other, _)| **other), back.peek().map(|one| one.0)];
                let Some(other) = next.into_iter().flatten().min() else { break };
                let one = forth.next_if(|(number, _)| **number == other).map(|(_, share)| *share);
                let two = back.next_if(|one| one.0 == other).map(|one| one.1);
                made.others.push(other);
                made.values.push((one.unwrap_or(0.0) + two.unwrap_or(0.0)) * factor);
            }
            made.starts.push(made.others.len());
        }
        made
    }

    /// The pairs of a point: the others, and their values.
    fn of(&self, at: usize) -> impl Iterator<Item = (usize, f32)> {
        let row = self.starts[at]..self.starts[at + 1];
        let others = self.others[row.clone()].iter().map(|other| *other as usize);
        others.zip(self.values[row].iter().copied())
    }

    /// What pulls a point back: the sum of value times q times the way from each other point.
    fn pull(&self, at: usize, positions: &[[f32; 2]]) -> [f32; 2] {
        let here = positions[at];
        let mut pull = [0f32; 2];
        for (other, value) in self.of(at) {
            let there = positions[other];
            let way = [here[0] - there[0], here[1] - there[1]];
            let strength = value / (1.0 + way[0] * way[0] + way[1] * way[1]);
            pull[0] += strength * way[0];
            pull[1] += strength * way[1];
        }
        pull
    }

    /// The sum of p ln(p / q), where the q of all pairs have this `sum`.
    fn divergence(&self, positions: &[[f32; 2]], sum: f64) -> f64 {
        let of_pair = |at: usize, other: usize, p: f64| {
            let way = [0, 1].map(|axis| f64::from(positions[at][axis] - positions[other][axis]));
            let q = 1.0 / (1.0 + way[0] * way[0] + way[1] * way[1]) / sum;
            // As p goes to 0, so does its term.
            if p > 0.0 { p * (p / q).ln() } else { 0.0 }
        };
        let of_point =
            |at: usize| self.of(at).map(move |(other, p)| of_pair(at, other, f64::from(p)));
        (0..positions.len()).flat_map(of_point).sum()
    }
}

impl Motion {
    fn new(affinities: Affinities, n: usize) -> Self {
        Self {
            affinities,
            iteration: 0,
            tree: Tree::default(),
            at: 0,
            gradient: vec![[0.0; 2]; n],
            sum: 0.0,
            velocity: vec![[0.0; 2]; n],
            gains: vec![[1.0; 2]; n],
        }
    }

    /// Notes what pushes the next few points.
    fn push(&mut self, positions: &[[f32; 2]], theta: f32) {
        if self.at == 0 {
            self.tree = Tree::new(positions);
            self.sum = 0.0;
        }
        let end = positions.len().min(self.at + PIECE);
        for point in self.tree.points(self.at..end) {
            let (push, sum) = self.tree.repulsion(positions[point], theta);
            self.gradient[point] = push;
            self.sum += f64::from(sum);
        }
        self.at = end;
    }

    /// Makes the gradient of what pushes and what pulls, the latter times `exaggeration`.
    fn turn(&mut self, positions: &[[f32; 2]], exaggeration: f32) {
        let factor = (1.0 / self.sum.max(f64::MIN_POSITIVE)) as f32;
        for (at, gradient) in self.gradient.iter_mut().enumerate() {
            let pull = self.affinities.pull(at, positions);
            for axis in 0..2 {
                gradient[axis] = 4.0 * (exaggeration * pull[axis] - factor * gradient[axis]);
            }
        }
    }

    /// Moves all points, each coordinate at its own pace (Jacobs 1988), and their mean to 0.
    fn shift(&mut self, positions: &mut [[f32; 2]], momentum: f32) {
        let n = positions.len();
        let rate = (n as f32 / EXAGGERATION / 4.0).max(50.0);
        let mut mean = [0f64; 2];
        for (at, position) in positions.iter_mut().enumerate() {
            let (gradient, velocity) = (self.gradient[at], &mut self.velocity[at]);
            for axis in 0..2 {
                let gain = &mut self.gains[at][axis];
                let onwards = velocity[axis] * gradient[axis] < 0.0;
                *gain = if onwards { *gain + 0.2 } else { (*gain * 0.8).max(LEAST_GAIN) };
                velocity[axis] = momentum * velocity[axis] - rate * *gain * gradient[axis];
                position[axis] += velocity[axis];
                mean[axis] += f64::from(position[axis]);
            }
        }
        let mean = mean.map(|sum| (sum / n as f64) as f32);
        for position in positions {
            (0..2).for_each(|axis| position[axis] -= mean[axis]);
        }
        self.at = 0;
        self.iteration += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many points in three groups.
    fn groups(n: usize, d: usize) -> Vec<f32> {
        let mut stream = Stream::new(9, Purpose::Embedding, 2, 0);
        (0..n * d)
            .map(|place| {
                let (point, axis) = (place / d, place % d);
                stream.uniform(-1.0, 1.0) + if axis == point % 3 { 6.0 } else { 0.0 }
            })
            .collect()
    }

    fn whole(points: Vec<f32>, n: usize, d: usize, options: TsneOptions) -> Tsne {
        let mut tsne = Tsne::new(points, n, d, options).unwrap();
        while !tsne.advance(5.0) {}
        tsne
    }

    fn affinities(n: usize, d: usize, perplexity: f64) -> Affinities {
        let options = TsneOptions { perplexity, iterations: 0, ..TsneOptions::default() };
        match whole(groups(n, d), n, d, options).stage {
            Stage::Over(Some(affinities)) => affinities,
            _ => unreachable!(),
        }
    }

    fn places(n: usize, span: f32) -> Vec<[f32; 2]> {
        let mut stream = Stream::new(3, Purpose::Embedding, 3, 0);
        (0..n).map(|_| [stream.uniform(-span, span), stream.uniform(-span, span)]).collect()
    }

    /// All q of all pairs, one by one.
    fn all(positions: &[[f64; 2]]) -> impl Iterator<Item = (usize, usize, f64)> {
        let pairs = (0..positions.len()).flat_map(|a| (0..positions.len()).map(move |b| (a, b)));
        pairs.filter(|(a, b)| a != b).map(|(a, b)| {
            let way = [0, 1].map(|axis| positions[a][axis] - positions[b][axis]);
            (a, b, 1.0 / (1.0 + way[0] * way[0] + way[1] * way[1]))
        })
    }

    /// The slow twin: the divergence and its gradient, in `f64`.
    fn exact(affinities: &Affinities, positions: &[[f64; 2]]) -> (f64, Vec<[f64; 2]>) {
        let n = positions.len();
        let sum: f64 = all(positions).map(|(_, _, q)| q).sum();
        let mut p = vec![0.0; n * n];
        for at in 0..n {
            affinities.of(at).for_each(|(other, value)| p[at * n + other] = f64::from(value));
        }
        let (mut divergence, mut gradient) = (0.0, vec![[0.0; 2]; n]);
        for (a, b, q) in all(positions) {
            let p = p[a * n + b];
            divergence += if p > 0.0 { p * (p * sum / q).ln() } else { 0.0 };
            for axis in 0..2 {
                let way = positions[a][axis] - positions[b][axis];
                gradient[a][axis] += 4.0 * (p - q / sum) * q * way;
            }
        }
        (divergence, gradient)
    }

    #[test]
    fn affinities_are_symmetric_and_1_in_sum_and_as_wide_as_the_perplexity() {
        for (n, d, perplexity) in [(60, 7, 10.0), (40, 60, 5.0), (5, 3, 1.0)] {
            let found = affinities(n, d, perplexity);
            let sum: f32 = found.values.iter().sum();
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            for at in 0..n {
                for (other, value) in found.of(at) {
                    assert!(other != at && value >= 0.0);
                    assert!(found.of(other).any(|back| back == (at, value)));
                }
            }
        }
        let shares = weigh(&[1.0, 2.0, 2.5, 4.0, 9.0, 9.5], 3.0);
        let entropy: f64 = shares.iter().map(|share| -share * share.ln()).sum();
        assert!((entropy.exp() - 3.0).abs() < 1e-4);
        assert_eq!(weigh(&[2.0; 4], 1.5), [0.25; 4]);
    }

    #[test]
    fn the_exact_gradient_is_the_slope_of_the_divergence() {
        let found = affinities(20, 5, 4.0);
        let positions: Vec<[f64; 2]> = places(20, 3.0).iter().map(|at| at.map(f64::from)).collect();
        let (_, gradient) = exact(&found, &positions);
        for at in 0..20 {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut positions = positions.clone();
                    positions[at][axis] += by;
                    exact(&found, &positions).0
                };
                // The sum of the values is 1 but for the rounding of `f32`.
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - gradient[at][axis]).abs() < 1e-6, "{slope} {:?}", gradient[at]);
            }
        }
    }

    #[test]
    fn the_tree_gives_the_exact_gradient_or_nearly() {
        for (n, span) in [(20, 3.0), (300, 20.0), (300, 1e-4)] {
            let found = affinities(n, 6, 5.0);
            let positions = places(n, span);
            let as_f64: Vec<[f64; 2]> = positions.iter().map(|at| at.map(f64::from)).collect();
            let (divergence, gradient) = exact(&found, &as_f64);
            let largest = gradient.iter().flatten().fold(0f64, |top, x| top.max(x.abs()));
            let mut motion = Motion::new(found, n);
            for (theta, bound) in [(0.0, 1e-4), (0.5, 0.05)] {
                motion.at = 0;
                while motion.at < n {
                    motion.push(&positions, theta);
                }
                motion.turn(&positions, 1.0);
                for (ours, exact) in motion.gradient.iter().flatten().zip(gradient.iter().flatten())
                {
                    let difference = (f64::from(*ours) - exact).abs();
                    assert!(difference < bound * largest, "{n} {span} {theta}: {ours} {exact}");
                }
                let ours = motion.affinities.divergence(&positions, motion.sum);
                assert!((ours - divergence).abs() < bound * divergence, "{ours} {divergence}");
            }
        }
    }

    #[test]
    fn slices_do_not_matter_the_seed_does_and_groups_come_apart() {
        let (n, d) = (90, 8);
        let options =
            TsneOptions { perplexity: 10.0, iterations: 500, seed: 5, ..TsneOptions::default() };
        let at_once = whole(groups(n, d), n, d, options);
        let mut sliced = Tsne::new(groups(n, d), n, d, options).unwrap();
        let mut share = 0.0;
        assert_eq!(sliced.kl(), None);
        while !sliced.advance(0.0) {
            let now = sliced.share();
            assert!((0.0..1.0).contains(&now), "{now}");
            assert!(now > share - 0.05, "{share} {now}");
            share = now;
        }
        assert_eq!((sliced.share(), sliced.done()), (1.0, sliced.total()));
        assert_eq!(sliced.positions(), at_once.positions());
        let other = whole(groups(n, d), n, d, TsneOptions { seed: 6, ..options });
        assert_ne!(other.positions(), at_once.positions());
        let begun = whole(groups(n, d), n, d, TsneOptions { iterations: 0, ..options });
        let [end, begin] = [&at_once, &begun].map(|tsne| tsne.kl().unwrap());
        assert!(end < 0.6 * begin, "{end} of {begin}");
        // The nearest of each is of its group.
        let positions = at_once.positions();
        for (at, here) in positions.iter().enumerate() {
            let distance = |other: &usize| square_distance(here, &positions[*other]);
            let nearest = (0..n).filter(|other| *other != at);
            let nearest = nearest.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap();
            assert_eq!(nearest % 3, at % 3);
        }
    }

    #[test]
    fn any_number_of_points_has_places_even_on_one_spot_or_line() {
        for n in 1..=9 {
            for points in [groups(n, 3), vec![2.0; n * 3]] {
                for iterations in [0, 260] {
                    let options = TsneOptions { iterations, ..TsneOptions::default() };
                    let tsne = whole(points.clone(), n, 3, options);
                    assert_eq!(tsne.positions().len(), n);
                    assert!(tsne.positions().iter().flatten().all(|at| at.is_finite()));
                    assert_eq!(tsne.kl().is_some(), n >= FEWEST);
                    assert!(tsne.kl().is_none_or(f64::is_finite));
                }
            }
        }
        let line = (0..30).map(|place| place as f32).collect();
        let tsne = whole(line, 30, 1, TsneOptions::default());
        assert!(tsne.positions().iter().any(|at| at[1].abs() > 0.1), "{:?}", tsne.positions());
    }

    #[test]
    fn wrong_options_name_their_field() {
        let field = |options| {
            let error = Tsne::new(vec![0.0; 12], 6, 2, options).map(|_| ()).unwrap_err();
            error.field_name().map(String::from)
        };
        let usual = TsneOptions::default();
        for perplexity in [0.0, f64::NAN, f64::INFINITY] {
            assert_eq!(field(TsneOptions { perplexity, ..usual }).as_deref(), Some("perplexity"));
        }
        assert_eq!(field(TsneOptions { theta: 1.5, ..usual }).as_deref(), Some("theta"));
        let many = TsneOptions { iterations: 20_000, ..usual };
        assert_eq!(field(many).as_deref(), Some("iterations"));
        assert_eq!(Tsne::new(vec![], 0, 2, usual).err().unwrap().code(), "data-missing");
        let error = Tsne::new(vec![0.0; 3], 2, 2, usual).err().unwrap();
        assert_eq!(error.field_name(), Some("dimensions"));
    }
}
