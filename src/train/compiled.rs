//! A training step of a whole network without tensors: the graph that our kernels compute, the loss,
//! the sum over pieces, the optimizer. After the first step nothing is allocated.
//!
//! It is the fast twin of [`Network::gradients`] and [`Optimizer::update`], which do the same over
//! Burn's tensors for every network on every device; `tests/compiled.rs` compares the two.

use std::ops::Range;

use burn::tensor::Tensor;
use cnn_lab_kernels::graph::{Graph, Weights};
use cnn_lab_kernels::softmax;

use crate::data::prepare::{Prepared, Target};
use crate::error::{Error, Result};
use crate::fast::{self, Held};
use crate::model::draw_factors;
use crate::model::initializer::Regularizer;
use crate::model::loss::weights_of;
use crate::model::network::Network;
use crate::model::spec::Activation;
use crate::train::optimizer::Optimizer;
use crate::train::team::{Task, Team, deal, halves};

/// Loss and correct examples, which stand before the gradients.
const METRICS: usize = 2;

/// What a step is of.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The run's seed.
    pub seed: u64,
    /// The step, over the life of the weights.
    pub number: u64,
    /// Examples of the whole batch.
    pub examples: usize,
    /// A weight for each class, or none.
    pub class_weights: &'a [f32],
}

/// Weights that lie one after another.
struct Flat<'a> {
    numbers: &'a [f32],
    places: &'a [Range<usize>],
}

impl Weights for Flat<'_> {
    fn of(&self, number: usize) -> &[f32] {
        &self.numbers[self.places[number].clone()]
    }
}

/// What a piece of a batch is computed with, besides the weights.
#[derive(Debug)]
struct Parts {
    graph: Graph,
    /// The dropouts: their nodes, layers and rates.
    drops: Vec<(usize, usize, f32)>,
    /// Where each weight stands among all.
    places: Vec<Range<usize>>,
    penalties: Vec<(usize, Regularizer)>,
    smoothing: f64,
    /// Classes, and whether they are a single unit's two.
    classes: usize,
    one_unit: bool,
    /// Height, width and channels of a picture.
    shape: [usize; 3],
    /// How much each class counts for each example, and the class that counts as right.
    rows: Vec<f32>,
    labels: Vec<u16>,
    /// A single unit's logits as two, and their slopes.
    logits: [Vec<f32>; 2],
    prepared: Prepared,
    /// Sums over pieces, one for each level of the tree along which they are made: metrics,
    /// gradients, and what normalisations saw.
    sums: Vec<Vec<f32>>,
    /// Numbers of such a sum.
    length: usize,
}

/// A network's training step.
#[derive(Debug)]
pub struct Compiled {
    parts: Parts,
    /// How slowly moving statistics follow.
    momenta: Vec<f64>,
    /// The weights, the moving statistics and what the optimizer remembers, while they are used.
    params: Held,
    state: Held,
    slots: Vec<Held>,
}

impl Compiled {
    /// The training step of a network, for pieces of at most so many pictures; nothing where a layer
    /// is not covered, or the device is another.
    pub fn new(network: &Network, most: usize) -> Option<Self> {
        if !network.fast || !fast::on_cpu(network.device()) {
            return None;
        }
        let spec = network.spec();
        let one_unit = network.shapes().last()?.len() == 1;
        let covered = match spec.layers.last()?.kind.activation() {
            None | Some(Activation::Linear | Activation::Sigmoid) => true,
            Some(activation) => activation == Activation::Softmax && !one_unit,
        };
        let draft = network.draft().filter(|_| covered)?;
        let infos = network.param_infos().iter();
        let lengths: Vec<usize> = infos.map(|info| info.shape.iter().product()).collect();
        let mut end = 0;
        let places = lengths.iter().map(|length| {
            end += length;
            end - length..end
        });
        let places = places.collect();
        let statistics = network.state_infos().iter();
        let statistics: usize = statistics.map(|info| info.shape.iter().product::<usize>()).sum();
        let shape = spec.input_shape;
        let penalties = network.regularizers();
        let penalties = penalties.filter(|(_, one)| *one != Regularizer::default());
        let graph = Graph::new(draft.nodes, shape.iter().product(), &lengths, most);
        let parts = Parts {
            graph,
            drops: draft.drops,
            places,
            penalties: penalties.collect(),
            smoothing: spec.compile.loss.label_smoothing,
            classes: network.classes(),
            one_unit,
            shape,
            rows: Vec::new(),
            labels: Vec::new(),
            logits: Default::default(),
            prepared: Prepared::default(),
            sums: Vec::new(),
            length: METRICS + end + statistics,
        };
        let (params, state, slots) = Default::default();
        Some(Self { parts, momenta: draft.momenta, params, state, slots })
    }

    /// The most pictures of a piece.
    pub fn most(&self) -> usize {
        self.parts.graph.most()
    }

    /// Gives back the memory that is as large as the weights, until the next step.
    pub fn slim(&mut self) {
        self.parts.graph.slim();
        self.parts.sums.clear();
    }

    /// Loss and correct examples, gradients and statistics of these pieces at `weights`, which lie
    /// one after another as the parameters do. `prepare` makes a piece's pictures.
    ///
    /// # Errors
    /// What `prepare` gives; `option` where the weights are not so many.
    pub fn share(
        &mut self,
        weights: &[f32],
        step: Step,
        pieces: &[Range<usize>],
        prepare: &mut impl FnMut(&Range<usize>, &mut Prepared) -> Result<()>,
    ) -> Result<&[f32]> {
        let places = self.parts.places.clone();
        if places.last().map_or(0, |place| place.end) != weights.len() {
            return Err(Error::option("These weights are another network's."));
        }
        self.parts.graph.change();
        self.parts.share(&Flat { numbers: weights, places: &places }, step, pieces, prepare, 0)?;
        Ok(&self.parts.sums[0])
    }

    /// Takes a training step of the `network` with the batch of these `pieces`, dealt to so many
    /// `workers`: the first share is computed here, of the others what the team gives, and the rest
    /// here too. Gives the loss and the number of correct examples.
    ///
    /// # Errors
    /// What `prepare` and `task` give; nothing is changed then.
    pub(super) async fn step(
        &mut self,
        (network, optimizer): (&mut Network, &mut Optimizer),
        step: Step<'_>,
        pieces: &[Range<usize>],
        (prepare, task): (
            &mut impl FnMut(&Range<usize>, &mut Prepared) -> Result<()>,
            impl Fn(&[Range<usize>]) -> Result<Task>,
        ),
        (workers, team): (usize, Option<&mut (dyn Team + 'static)>),
    ) -> Result<[f32; 2]> {
        self.parts.graph.change();
        match team.filter(|_| workers > 1 && pieces.len() > 1) {
            None => {
                self.params.take(&mut network.params);
                let done = self.parts.share(&self.params, step, pieces, prepare, 0);
                self.params.give_back(&mut network.params);
                done?;
            }
            Some(team) => {
                let shares = deal(0..pieces.len(), workers);
                let tasks = shares[1..].iter().map(|share| task(&pieces[share.clone()]));
                let tasks = tasks.collect::<Result<_>>()?;
                self.params.take(&mut network.params);
                let weights = (0..self.parts.places.len()).map(|place| self.params.of(place));
                team.begin(&weights.collect::<Vec<_>>(), tasks);
                let first = &pieces[shares[0].clone()];
                let done = self.parts.share(&self.params, step, first, prepare, 0);
                self.params.give_back(&mut network.params);
                done?;
                let found = team.finish().await;
                self.params.take(&mut network.params);
                let mut found = [None].into_iter().chain(found);
                let mut shares = shares.into_iter();
                let mut first = true;
                let done = self.parts.total(0..pieces.len(), workers, 0, &mut |parts, level| {
                    let (share, found) =
                        (shares.next().unwrap_or_default(), found.next().flatten());
                    if std::mem::take(&mut first) {
                        return Ok(());
                    }
                    match found.filter(|found: &Vec<f32>| found.len() == parts.length) {
                        Some(found) => parts.sum(level).copy_from_slice(&found),
                        None => parts.share(&self.params, step, &pieces[share], prepare, level)?,
                    }
                    Ok(())
                });
                self.params.give_back(&mut network.params);
                done?;
            }
        }
        self.update(network, optimizer);
        let sum = &self.parts.sums[0];
        Ok([sum[0], sum[1]])
    }

    /// Takes the optimizer's step, and lets moving statistics follow.
    fn update(&mut self, network: &mut Network, optimizer: &mut Optimizer) {
        let Self { parts, momenta, params, state, slots } = self;
        let (gradient, statistics) = parts.sums[0][METRICS..].split_at(parts.weights());
        params.take(&mut network.params);
        slots.resize_with(optimizer.slots.len(), Held::default);
        for (held, slot) in slots.iter_mut().zip(&mut optimizer.slots) {
            held.take(slot);
        }
        let done = optimizer.update_in_place(&parts.places, params, gradient, slots);
        for (held, slot) in slots.iter_mut().zip(&mut optimizer.slots) {
            held.give_back(slot);
        }
        params.give_back(&mut network.params);
        if !done {
            let tensor = |place: &Range<usize>| {
                Tensor::from_data(&gradient[place.clone()], network.device())
            };
            let gradients: Vec<_> = parts.places.iter().map(tensor).collect();
            optimizer.update(&mut network.params, gradients, true);
        }
        state.take(&mut network.state);
        let mut rest = statistics;
        for place in 0..2 * momenta.len() {
            let momentum = momenta[place / 2];
            let [kept, new] = [momentum, 1.0 - momentum].map(|share| share as f32);
            let moving = state.of_mut(place);
            let (batch, after) = rest.split_at(moving.len());
            for (moving, batch) in moving.iter_mut().zip(batch) {
                *moving = *moving * kept + batch * new;
            }
            rest = after;
        }
        state.give_back(&mut network.state);
    }
}

impl Parts {
    fn weights(&self) -> usize {
        self.places.last().map_or(0, |place| place.end)
    }

    /// The sum of a level, which may hold anything.
    fn sum(&mut self, level: usize) -> &mut [f32] {
        while self.sums.len() <= level {
            self.sums.push(vec![0.0; self.length]);
        }
        &mut self.sums[level]
    }

    /// Adds a level's loss and gradients to those of the level before it.
    fn add(&mut self, level: usize) {
        let added = METRICS + self.weights();
        let (before, after) = self.sums.split_at_mut(level);
        let sums = before[level - 1][..added].iter_mut().zip(&after[0][..added]);
        sums.for_each(|(sum, part)| *sum += part);
    }

    /// The sum over these pieces, at this level.
    fn share(
        &mut self,
        weights: &impl Weights,
        step: Step,
        pieces: &[Range<usize>],
        prepare: &mut impl FnMut(&Range<usize>, &mut Prepared) -> Result<()>,
        level: usize,
    ) -> Result<()> {
        if let Some([left, right]) = halves(&(0..pieces.len())) {
            self.share(weights, step, &pieces[left], prepare, level)?;
            self.share(weights, step, &pieces[right], prepare, level + 1)?;
            self.add(level + 1);
            return Ok(());
        }
        let Some(piece) = pieces.first() else {
            return Err(Error::option("A share has at least one piece."));
        };
        prepare(piece, &mut self.prepared)?;
        self.piece(weights, step, piece.start, level);
        Ok(())
    }

    /// The sum over the shares of these pieces, as [`deal`] gave them to `workers`, at this level.
    fn total(
        &mut self,
        pieces: Range<usize>,
        workers: usize,
        level: usize,
        of: &mut impl FnMut(&mut Self, usize) -> Result<()>,
    ) -> Result<()> {
        match halves(&pieces) {
            Some([left, right]) if workers > 1 => {
                self.total(left, workers.div_ceil(2), level, of)?;
                self.total(right, workers / 2, level + 1, of)?;
                self.add(level + 1);
                Ok(())
            }
            _ => of(self, level),
        }
    }

    /// What the piece that was prepared gives, which begins at the batch's example `first`.
    fn piece(&mut self, weights: &impl Weights, step: Step, first: usize, level: usize) {
        self.sum(level);
        let Self { graph, drops, prepared, sums, places, classes, rows, labels, .. } = self;
        let Prepared { values, targets } = prepared;
        let count = targets.len();
        into_channels_last(values, self.shape, graph.input(count));
        graph.forward(weights, |node, factors| {
            let drop = drops.iter().find(|(own, ..)| *own == node);
            let Some(&(_, layer, rate)) = drop else { return factors.fill(1.0) };
            let first = first * (factors.len() / count.max(1));
            draw_factors([step.seed, step.number], layer, rate, first, factors);
        });
        weights_of(targets, *classes, step.class_weights, self.smoothing, rows);
        labels.clear();
        labels.extend(targets.iter().map(Target::leading));
        let (output, slopes) = graph.output();
        let found = if self.one_unit {
            let [logits, by_logits] = &mut self.logits;
            logits.clear();
            logits.extend(output.iter().flat_map(|&logit| [0.0, logit]));
            by_logits.clear();
            by_logits.resize(logits.len(), 0.0);
            let found = softmax::cross_entropy(logits, rows, labels, by_logits);
            let seconds = by_logits.iter().skip(1).step_by(2);
            slopes.iter_mut().zip(seconds).for_each(|(slope, by)| *slope = *by);
            found
        } else {
            softmax::cross_entropy(output, rows, labels, slopes)
        };
        let share = 1.0 / step.examples as f32;
        slopes.iter_mut().for_each(|slope| *slope *= share);
        let all = places.last().map_or(0, |place| place.end);
        let (metrics, rest) = sums[level].split_at_mut(METRICS);
        let (gradient, mut statistics) = rest.split_at_mut(all);
        graph.backward(weights, gradient);
        let mut loss = found.loss / step.examples as f32;
        for &(weight, Regularizer { l1, l2 }) in &self.penalties {
            // Each share brings its part, so that their sum is the batch's.
            let part = count as f64 / step.examples as f64;
            let [l1, l2] = [l1 * part, l2 * part];
            let values = weights.of(weight);
            let sizes = values.iter().map(|&value| {
                let value = f64::from(value);
                l1 * value.abs() + l2 * value * value
            });
            loss += sizes.sum::<f64>() as f32;
            let (l1, twice) = (l1 as f32, (2.0 * l2) as f32);
            for (slope, &value) in gradient[places[weight].clone()].iter_mut().zip(values) {
                let sign = if value == 0.0 { 0.0 } else { value.signum() };
                *slope += l1 * sign + twice * value;
            }
        }
        metrics.copy_from_slice(&[loss, found.correct as f32]);
        for moments in graph.moments() {
            let (own, rest) = statistics.split_at_mut(moments.len());
            own.copy_from_slice(moments);
            statistics = rest;
        }
    }
}

/// Pictures whose channels lie one after another, with the channels of each pixel side by side.
fn into_channels_last(values: &[f32], [height, width, channels]: [usize; 3], into: &mut [f32]) {
    if channels == 1 {
        return into.copy_from_slice(values);
    }
    let each = height * width * channels;
    for (from, to) in values.chunks_exact(each).zip(into.chunks_exact_mut(each)) {
        for (channel, from) in from.chunks_exact(height * width).enumerate() {
            for (to, &value) in to[channel..].iter_mut().step_by(channels).zip(from) {
                *to = value;
            }
        }
    }
}
