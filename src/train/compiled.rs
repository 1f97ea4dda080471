//! A training step of a whole network without tensors: the graph that our kernels compute, the loss,
//! the sum over pieces, the optimizer. After the first steps it allocates nothing, but for what goes to
//! other workers.
//!
//! Where a network normalises by the batch's statistics, its pieces are computed side by side, each in
//! a graph of its own: at a normalisation, forward and backward, they agree about the moments or the
//! gradients of the whole batch, along the same tree and with those who compute the other shares.
//!
//! It is the fast twin of [`Network::gradients`] and [`Optimizer::update`], which do the same over
//! Burn's tensors for every network on every device; `tests/fast/networks.rs` compares the two.

use std::ops::Range;

use burn::tensor::Tensor;
use cnn_lab_kernels::graph::{Graph, Weights};
use cnn_lab_kernels::{norm, softmax};

use crate::data::prepare::{Prepared, Target};
use crate::error::{Error, Result};
use crate::fast::{self, Held};
use crate::model::draw_factors;
use crate::model::graph::Draft;
use crate::model::initializer::Regularizer;
use crate::model::loss::weights_of;
use crate::model::network::Network;
use crate::model::spec::Activation;
use crate::train::optimizer::Optimizer;
use crate::train::team::{Leader, Task, Team, deal, halves};

/// Loss and correct examples, which stand before the gradients.
const METRICS: usize = 2;

/// Makes a piece's pictures, with what is wanted of them.
pub type Prepare<'a> = dyn FnMut(&Range<usize>, &mut Prepared) -> Result<()> + 'a;

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

/// Weights that are there for a moment: between two normalisations others may want to see them.
trait Lend {
    fn lend(&mut self, to: &mut dyn FnMut(&dyn Weights));
}

impl Lend for Flat<'_> {
    fn lend(&mut self, to: &mut dyn FnMut(&dyn Weights)) {
        to(self);
    }
}

/// A network's, taken in hand.
struct Own<'a> {
    held: &'a mut Held,
    params: &'a mut Vec<Tensor<1>>,
}

impl Lend for Own<'_> {
    fn lend(&mut self, to: &mut dyn FnMut(&dyn Weights)) {
        self.held.take(self.params);
        to(self.held);
        self.held.give_back(self.params);
    }
}

/// Those who compute the shares of a batch that are not computed here.
enum Others<'a> {
    Nobody,
    /// Of the shares after the first, as they were dealt to so many workers.
    Team(&'a mut (dyn Team + 'static), usize),
    Leader(&'a mut (dyn Leader + 'static)),
}

/// The shares of a batch's pieces.
struct Shares<'a> {
    pieces: &'a [Range<usize>],
    /// Which pieces each share has, and whether it is computed here.
    dealt: &'a [(Range<usize>, bool)],
}

impl Shares<'_> {
    /// The pieces that are computed here, share by share.
    fn own(&self) -> impl Iterator<Item = &[Range<usize>]> {
        let own = self.dealt.iter().filter(|(_, here)| *here);
        own.map(|(share, _)| &self.pieces[share.clone()])
    }

    /// For each share the number of its first graph, where it is computed here.
    fn firsts(&self) -> impl Iterator<Item = Option<usize>> {
        let mut next = 0;
        self.dealt.iter().map(move |(share, here)| {
            let first = next;
            next += if *here { share.len() } else { 0 };
            here.then_some(first)
        })
    }
}

/// What the pieces agree about.
#[derive(Clone, Copy)]
enum About {
    Moments,
    Slopes,
}

impl About {
    /// Joins the numbers of two branches of so many examples, in place of the first's.
    fn join(self, first: &mut [f32], second: &[f32], examples: [usize; 2]) {
        match self {
            Self::Moments => norm::join(first, second, examples),
            Self::Slopes => first.iter_mut().zip(second).for_each(|(sum, part)| *sum += part),
        }
    }
}

/// Examples in these pieces.
fn examples(pieces: &[Range<usize>]) -> usize {
    pieces.iter().map(Range::len).sum()
}

/// What a piece of a batch is computed with, besides the weights.
#[derive(Debug)]
struct Parts {
    /// One, and as many as there are pieces where these have to agree.
    graphs: Vec<Graph>,
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
    /// Of each graph: its piece's pictures, and what came of it, as in `sums`.
    prepared: Vec<Prepared>,
    found: Vec<Vec<f32>>,
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
    /// Whether there is one for a network.
    pub(super) fn covers(network: &Network) -> bool {
        Self::draft(network).is_some()
    }

    fn draft(network: &Network) -> Option<Draft> {
        if !network.fast || !fast::on_cpu(network.device()) {
            return None;
        }
        let one_unit = network.shapes().last()?.len() == 1;
        let covered = match network.spec().layers.last()?.kind.activation() {
            None | Some(Activation::Linear | Activation::Sigmoid) => true,
            Some(activation) => activation == Activation::Softmax && !one_unit,
        };
        network.draft().filter(|_| covered)
    }

    /// The training step of a network, for pieces of at most so many pictures; nothing where a layer
    /// is not covered, or the device is another.
    pub fn new(network: &Network, most: usize) -> Option<Self> {
        let draft = Self::draft(network)?;
        let (spec, one_unit) = (network.spec(), network.shapes().last()?.len() == 1);
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
            graphs: vec![graph],
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
            prepared: vec![Prepared::default()],
            found: vec![Vec::new()],
            sums: Vec::new(),
            length: METRICS + end + statistics,
        };
        let (params, state, slots) = Default::default();
        Some(Self { parts, momenta: draft.momenta, params, state, slots })
    }

    /// The most pictures of a piece.
    pub fn most(&self) -> usize {
        self.parts.graphs[0].most()
    }

    /// Gives back the memory that is as large as the weights, until the next step.
    pub fn slim(&mut self) {
        self.parts.graphs.iter_mut().for_each(Graph::slim);
        self.parts.found.iter_mut().for_each(|found| *found = Vec::new());
        self.parts.sums.clear();
    }

    /// Loss and correct examples, gradients and statistics of these pieces at `weights`, which lie
    /// one after another as the parameters do. `prepare` makes a piece's pictures. Where pieces have
    /// to agree, it is with the others of the `leader`; nothing where these went on without this
    /// share.
    ///
    /// # Errors
    /// What `prepare` gives; `option` where the weights are not so many.
    pub async fn share(
        &mut self,
        weights: &[f32],
        step: Step<'_>,
        pieces: &[Range<usize>],
        prepare: &mut Prepare<'_>,
        leader: &mut (dyn Leader + 'static),
    ) -> Result<Option<&[f32]>> {
        let places = self.parts.places.clone();
        if places.last().map_or(0, |place| place.end) != weights.len() {
            return Err(Error::option("These weights are another network's."));
        }
        let mut weights = Flat { numbers: weights, places: &places };
        if self.parts.graphs[0].normalises() {
            let shares = Shares { pieces, dealt: &[(0..pieces.len(), true)] };
            let others = Others::Leader(leader);
            let done = self.parts.together(&mut weights, step, shares, prepare, others).await?;
            return Ok(done.then_some(&self.parts.found[0]));
        }
        self.parts.graphs[0].change();
        self.parts.share(&weights, step, pieces, prepare, 0)?;
        Ok(Some(&self.parts.sums[0]))
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
        (prepare, task): (&mut Prepare<'_>, impl Fn(&[Range<usize>]) -> Result<Task>),
        (workers, team): (usize, Option<&mut (dyn Team + 'static)>),
    ) -> Result<[f32; 2]> {
        let agree = self.parts.graphs[0].normalises() && pieces.len() > 1;
        let mut done = false;
        if let Some(team) = team.filter(|_| workers > 1 && pieces.len() > 1) {
            let shares = deal(0..pieces.len(), workers);
            let tasks = shares[1..].iter().map(|share| task(&pieces[share.clone()]));
            let tasks = tasks.collect::<Result<_>>()?;
            self.params.take(&mut network.params);
            let weights = (0..self.parts.places.len()).map(|place| self.params.of(place));
            let taken = team.begin(&weights.collect::<Vec<_>>(), tasks);
            self.params.give_back(&mut network.params);
            let taken = taken.into_iter().chain(std::iter::repeat(false));
            let here = [true].into_iter().chain(taken.map(|taken| !taken));
            let dealt: Vec<_> = shares.into_iter().zip(here).collect();
            done = if !agree {
                self.apart(network, step, pieces, &dealt, prepare, (workers, team)).await?;
                true
            } else if dealt.iter().all(|(_, here)| *here) {
                false
            } else {
                let mut own = Own { held: &mut self.params, params: &mut network.params };
                let shares = Shares { pieces, dealt: &dealt };
                let others = Others::Team(&mut *team, workers);
                let mut done = self.parts.together(&mut own, step, shares, prepare, others).await;
                if matches!(done, Ok(true)) {
                    let found = team.gather().await;
                    done = Ok(self.parts.total_of(pieces, &dealt, found, workers));
                } else {
                    team.leave();
                }
                done?
            };
        }
        if !done && agree {
            let mut own = Own { held: &mut self.params, params: &mut network.params };
            let shares = Shares { pieces, dealt: &[(0..pieces.len(), true)] };
            self.parts.together(&mut own, step, shares, prepare, Others::Nobody).await?;
            self.parts.sum(0);
            std::mem::swap(&mut self.parts.sums[0], &mut self.parts.found[0]);
        } else if !done {
            self.parts.graphs[0].change();
            self.params.take(&mut network.params);
            let done = self.parts.share(&self.params, step, pieces, prepare, 0);
            self.params.give_back(&mut network.params);
            done?;
        }
        self.update(network, optimizer);
        let sum = &self.parts.sums[0];
        Ok([sum[0], sum[1]])
    }

    /// The sum over the shares of a step whose pieces need not agree about anything.
    async fn apart(
        &mut self,
        network: &mut Network,
        step: Step<'_>,
        pieces: &[Range<usize>],
        dealt: &[(Range<usize>, bool)],
        prepare: &mut Prepare<'_>,
        (workers, team): (usize, &mut (dyn Team + 'static)),
    ) -> Result<()> {
        let first = &pieces[dealt[0].0.clone()];
        self.parts.graphs[0].change();
        self.params.take(&mut network.params);
        let done = self.parts.share(&self.params, step, first, prepare, 0);
        self.params.give_back(&mut network.params);
        done?;
        let found = team.gather().await;
        self.params.take(&mut network.params);
        let found = [None].into_iter().chain(found).chain(std::iter::repeat_with(|| None));
        let mut shares = dealt.iter().zip(found);
        let mut first = true;
        let done = self.parts.total(0..pieces.len(), workers, 0, &mut |parts, level| {
            let ((share, _), found) = shares.next().expect("as many shares as were dealt");
            if std::mem::take(&mut first) {
                return Ok(());
            }
            parts.sum(level);
            match found.filter(|found: &Vec<f32>| found.len() == parts.length) {
                Some(mut found) => std::mem::swap(&mut parts.sums[level], &mut found),
                None => {
                    let own = &pieces[share.clone()];
                    parts.share(&self.params, step, own, prepare, level)?;
                }
            }
            Ok(())
        });
        self.params.give_back(&mut network.params);
        done
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
        weights: &dyn Weights,
        step: Step,
        pieces: &[Range<usize>],
        prepare: &mut Prepare<'_>,
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
        self.take_in(0, step, piece, prepare)?;
        self.sum(level);
        let mut into = std::mem::take(&mut self.sums[level]);
        let whole = self.ahead(0, weights, step, piece.start);
        debug_assert!(whole, "pieces that have to agree are computed together");
        self.score(0, step, &mut into);
        self.back(0, weights, &mut into);
        self.end(0, weights, step, &mut into);
        self.sums[level] = into;
        Ok(())
    }

    /// The sum over the pieces of each share that is computed here, in `found` where the first of its
    /// graphs is. The pieces go side by side from one normalisation to the next, where they agree
    /// with each other and with the others. Gives whether these were there.
    async fn together(
        &mut self,
        weights: &mut dyn Lend,
        step: Step<'_>,
        shares: Shares<'_>,
        prepare: &mut Prepare<'_>,
        mut others: Others<'_>,
    ) -> Result<bool> {
        let count = shares.own().map(<[_]>::len).sum();
        // The first has room for a batch that is not cut, too; the others for a piece.
        let most = shares.own().flatten().map(Range::len).max().unwrap_or(0);
        if self.graphs[1..].iter().any(|graph| graph.most() < most) {
            self.graphs.truncate(1);
        }
        while self.graphs.len() < count {
            self.graphs.push(self.graphs[0].another(most));
        }
        self.prepared.resize_with(self.graphs.len(), Prepared::default);
        self.found.resize_with(self.graphs.len(), Vec::new);
        for (at, piece) in shares.own().flatten().enumerate() {
            self.graphs[at].change();
            self.found[at].resize(self.length, 0.0);
            self.take_in(at, step, piece, prepare)?;
        }
        for about in [About::Moments, About::Slopes] {
            loop {
                let mut done = true;
                weights.lend(&mut |weights| {
                    for (at, piece) in shares.own().flatten().enumerate() {
                        let mut into = std::mem::take(&mut self.found[at]);
                        done &= match about {
                            About::Moments => self.ahead(at, weights, step, piece.start),
                            About::Slopes => self.back(at, weights, &mut into),
                        };
                        self.found[at] = into;
                    }
                });
                if done {
                    break;
                }
                if !self.agree(about, &shares, &mut others).await {
                    return Ok(false);
                }
            }
            if matches!(about, About::Moments) {
                for at in 0..count {
                    let mut into = std::mem::take(&mut self.found[at]);
                    self.score(at, step, &mut into);
                    self.found[at] = into;
                }
            }
        }
        weights.lend(&mut |weights| {
            for at in 0..count {
                let mut into = std::mem::take(&mut self.found[at]);
                self.end(at, weights, step, &mut into);
                self.found[at] = into;
            }
        });
        for (first, own) in shares.firsts().flatten().zip(shares.own()) {
            self.sum_up(first, own);
        }
        Ok(true)
    }

    /// At a normalisation: brings the pieces' numbers to those of the whole batch. Gives whether all
    /// were there.
    async fn agree(&mut self, about: About, shares: &Shares<'_>, others: &mut Others<'_>) -> bool {
        for (first, own) in shares.firsts().flatten().zip(shares.own()) {
            self.join(about, first, own);
        }
        let length = self.graphs[0].numbers().len();
        let all = match others {
            Others::Nobody => None,
            Others::Leader(leader) => {
                let all = leader.agree(self.graphs[0].numbers()).await;
                let Some(all) = all.filter(|all| all.len() == length) else { return false };
                Some(all)
            }
            Others::Team(team, workers) => {
                let found = [None].into_iter().chain(team.gather().await);
                let mut found = shares.firsts().zip(found);
                let range = 0..shares.pieces.len();
                let all = join_all(about, shares.pieces, range, *workers, &mut || {
                    let (own, found) = found.next()?;
                    let own = own.map(|first| self.graphs[first].numbers().to_vec());
                    own.or(found).filter(|numbers| numbers.len() == length)
                });
                let Some(all) = all else { return false };
                team.spread(&all);
                Some(all)
            }
        };
        let (root, rest) = self.graphs.split_first_mut().expect("a graph");
        if let Some(all) = all {
            root.numbers().copy_from_slice(&all);
        }
        let own: usize = shares.own().map(<[_]>::len).sum();
        for graph in &mut rest[..own - 1] {
            graph.numbers().copy_from_slice(root.numbers());
        }
        true
    }

    /// Joins the numbers of these pieces, the first of which is in this graph.
    fn join(&mut self, about: About, first: usize, pieces: &[Range<usize>]) {
        let Some([left, right]) = halves(&(0..pieces.len())) else { return };
        let second = first + left.len();
        let [left, right] = [&pieces[left], &pieces[right]];
        self.join(about, first, left);
        self.join(about, second, right);
        let (before, after) = self.graphs.split_at_mut(second);
        let counts = [left, right].map(examples);
        about.join(before[first].numbers(), after[0].numbers(), counts);
    }

    /// Adds up what was found of these pieces, the first of which is in this graph.
    fn sum_up(&mut self, first: usize, pieces: &[Range<usize>]) {
        let Some([left, right]) = halves(&(0..pieces.len())) else { return };
        let second = first + left.len();
        self.sum_up(first, &pieces[left]);
        self.sum_up(second, &pieces[right]);
        let added = METRICS + self.weights();
        let (before, after) = self.found.split_at_mut(second);
        let sums = before[first][..added].iter_mut().zip(&after[0][..added]);
        sums.for_each(|(sum, part)| *sum += part);
    }

    /// Of shares that were computed together the sum, with what the others found; gives whether that
    /// is there.
    fn total_of(
        &mut self,
        pieces: &[Range<usize>],
        dealt: &[(Range<usize>, bool)],
        found: Vec<Option<Vec<f32>>>,
        workers: usize,
    ) -> bool {
        let mut found = [None].into_iter().chain(found);
        let shares = Shares { pieces, dealt };
        let mut firsts = shares.firsts();
        let total = self.total(0..pieces.len(), workers, 0, &mut |parts, level| {
            let (own, mut found) = (firsts.next().flatten(), found.next().flatten());
            parts.sum(level);
            match (own, &mut found) {
                (Some(first), _) => {
                    std::mem::swap(&mut parts.sums[level], &mut parts.found[first]);
                }
                (None, Some(found)) if found.len() == parts.length => {
                    std::mem::swap(&mut parts.sums[level], found);
                }
                _ => return Err(Error::state("A share is missing.")),
            }
            Ok(())
        });
        total.is_ok()
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

    /// Makes the pictures of a piece, for a graph.
    fn take_in(
        &mut self,
        at: usize,
        step: Step,
        piece: &Range<usize>,
        prepare: &mut Prepare<'_>,
    ) -> Result<()> {
        let prepared = &mut self.prepared[at];
        prepare(piece, prepared)?;
        let input = self.graphs[at].input(prepared.targets.len(), step.examples);
        into_channels_last(&prepared.values, self.shape, input);
        Ok(())
    }

    /// A graph's way forward with the piece that begins at the batch's example `first`, as
    /// [`Graph::forward`].
    fn ahead(&mut self, at: usize, weights: &dyn Weights, step: Step, first: usize) -> bool {
        let Self { graphs, drops, prepared, .. } = self;
        let count = prepared[at].targets.len();
        graphs[at].forward(weights, &mut |node, factors| {
            let drop = drops.iter().find(|(own, ..)| *own == node);
            let Some(&(_, layer, rate)) = drop else { return factors.fill(1.0) };
            let first = first * (factors.len() / count.max(1));
            draw_factors([step.seed, step.number], layer, rate, first, factors);
        })
    }

    /// Its loss and correct examples, and the slopes of its output.
    fn score(&mut self, at: usize, step: Step, into: &mut [f32]) {
        let Self { graphs, prepared, classes, rows, labels, .. } = self;
        let targets = &prepared[at].targets;
        weights_of(targets, *classes, step.class_weights, self.smoothing, rows);
        labels.clear();
        labels.extend(targets.iter().map(Target::leading));
        let (output, slopes) = graphs[at].output();
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
        let loss = found.loss / step.examples as f32;
        into[..METRICS].copy_from_slice(&[loss, found.correct as f32]);
    }

    /// Its way back, as [`Graph::backward`].
    fn back(&mut self, at: usize, weights: &dyn Weights, into: &mut [f32]) -> bool {
        let gradient = &mut into[METRICS..METRICS + self.weights()];
        self.graphs[at].backward(weights, gradient)
    }

    /// Adds its part of the penalties, and what its normalisations saw.
    fn end(&mut self, at: usize, weights: &dyn Weights, step: Step, into: &mut [f32]) {
        let Self { graphs, places, prepared, .. } = self;
        let all = places.last().map_or(0, |place| place.end);
        let (metrics, rest) = into.split_at_mut(METRICS);
        let (gradient, mut statistics) = rest.split_at_mut(all);
        for &(weight, Regularizer { l1, l2 }) in &self.penalties {
            // Each share brings its part, so that their sum is the batch's.
            let part = prepared[at].targets.len() as f64 / step.examples as f64;
            let [l1, l2] = [l1 * part, l2 * part];
            let values = weights.of(weight);
            let sizes = values.iter().map(|&value| {
                let value = f64::from(value);
                l1 * value.abs() + l2 * value * value
            });
            metrics[0] += sizes.sum::<f64>() as f32;
            let (l1, twice) = (l1 as f32, (2.0 * l2) as f32);
            for (slope, &value) in gradient[places[weight].clone()].iter_mut().zip(values) {
                let sign = if value == 0.0 { 0.0 } else { value.signum() };
                *slope += l1 * sign + twice * value;
            }
        }
        for moments in graphs[at].moments() {
            let (own, rest) = statistics.split_at_mut(moments.len());
            own.copy_from_slice(moments);
            statistics = rest;
        }
    }
}

/// The numbers of the whole batch of these pieces, from those of the shares, as they were dealt to
/// `workers`; nothing where one is missing.
fn join_all(
    about: About,
    pieces: &[Range<usize>],
    range: Range<usize>,
    workers: usize,
    next: &mut impl FnMut() -> Option<Vec<f32>>,
) -> Option<Vec<f32>> {
    match halves(&range) {
        Some([left, right]) if workers > 1 => {
            let counts = [left.clone(), right.clone()].map(|half| examples(&pieces[half]));
            let mut all = join_all(about, pieces, left, workers.div_ceil(2), next)?;
            about.join(&mut all, &join_all(about, pieces, right, workers / 2, next)?, counts);
            Some(all)
        }
        _ => next(),
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
