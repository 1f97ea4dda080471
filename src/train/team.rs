//! A step's batch in pieces, each computed wherever there is a core for it.
//!
//! A batch is cut into pieces, always at the same places, and their gradients are summed along
//! the same tree. Whoever computes a piece, this thread or a [`Replica`] on another, gets the same
//! numbers to the last bit: a run depends neither on the number of workers nor on who was quick. So
//! a replica that is late or gone costs time and nothing else: its share is computed here. Pieces
//! also take a quarter of the memory that the whole batch would.
//!
//! A share is the pieces that one worker computes, a branch of the tree. What it needs is small:
//! its pictures' pixels, the weights of the step, and what was said once about the run.
//! Augmentation and conversion are the worker's part too.

use std::ops::Range;
use std::pin::Pin;

use burn::tensor::{Device, Tensor, TensorData};

use crate::data::batch;
use crate::data::dataset::{Dataset, Split};
use crate::data::prepare::{Prepared, Recipe, StepPlan};
use crate::device;
use crate::error::{Error, Result};
#[cfg(feature = "cpu")]
use crate::fast::KeepPanels;
use crate::model::network::{Mode, Network, Share};
use crate::model::spec::ModelSpec;
#[cfg(feature = "cpu")]
use crate::train::compiled::{Compiled, Step};

/// Pieces of a batch that is cut: a power of two, so that two and four workers get equal shares.
/// More would serve more cores, but each costs a pass over all weights.
const PIECES: usize = 4;
/// A piece has at least so many pictures,
const LEAST_PICTURES: usize = 4;
/// and costs at least so many multiplications forward: a millisecond or so of work.
const LEAST_WORK: u64 = 4_000_000;

/// Where pieces have to agree each has a graph of its own, with two arrangements of the weights and
/// their gradients: three times these, and so 500 MB in all for a network of so many weights. Larger
/// ones are not cut.
#[cfg(feature = "cpu")]
const MOST_WEIGHTS: usize = 10 << 20;

/// What is said once of a run, for a replica to compute shares of its batches.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The model.
    pub spec: ModelSpec,
    /// How batches are made.
    pub recipe: Recipe,
    /// Height, width and channels of the data's pictures.
    pub shape: [usize; 3],
    /// Training pictures.
    pub pictures: usize,
    /// A weight for each class, or none.
    pub class_weights: Vec<f32>,
    /// Whether our own kernels compute what they cover.
    pub fast: bool,
    /// What the weights are that no step changes, those of frozen layers and moving statistics, one
    /// after another.
    pub frozen: Vec<f32>,
}

/// One share of one step's batch, for another worker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// The step, over the life of the weights.
    pub step: u64,
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// Examples of the whole batch.
    pub batch: usize,
    /// Where the share's pieces begin in the batch, and where the last one ends.
    pub cuts: Vec<u32>,
    /// The share's pictures, as places in the training split.
    pub numbers: Vec<u32>,
    /// All pictures that go into it, in order: those that others are blended with, too.
    pub pictures: Vec<u32>,
    /// Their labels.
    pub labels: Vec<u16>,
    /// Their pixels, one after another.
    pub pixels: Vec<u8>,
}

/// What came of some shares, in their order: nothing where it did not come in time.
pub type Found = Vec<Option<Vec<f32>>>;

/// Those who compute the shares that this thread does not.
pub trait Team {
    /// Hands out the shares of a step after the first, with the weights of it, parameter by
    /// parameter. Gives which ones somebody took.
    fn begin(&mut self, weights: &[&[f32]], tasks: Vec<Task>) -> Vec<bool>;

    /// The next that comes of them: what [`Replica::compute`] gives, or before that what it asks its
    /// [`Leader`] about.
    fn gather(&mut self) -> Pin<Box<dyn Future<Output = Found>>>;

    /// Answers all who asked.
    fn spread(&mut self, numbers: &[f32]);

    /// The step goes on without them: who asked is not answered any more.
    fn leave(&mut self);
}

/// Whom a replica asks where the pieces of a batch have to agree about something.
pub trait Leader {
    /// For its share's numbers those of the whole batch; nothing where the step went on without it.
    fn agree(&mut self, numbers: &[f32]) -> Pin<Box<dyn Future<Output = Option<Vec<f32>>>>>;
}

/// The pieces of a batch of `batch` pictures: equal ones, the first ones one longer where it does
/// not come out even. It is one piece where nothing is to be `cut`, where batch or network are
/// small, and where it is normalised by its own statistics, which no piece has: only in the compiled
/// step the pieces agree about them, where the network is not so large that this takes too much memory.
pub fn pieces(network: &Network, batch: usize, cut: bool) -> Vec<Range<usize>> {
    #[cfg(feature = "cpu")]
    let agree = network.follows() && network.weights() <= MOST_WEIGHTS && Compiled::covers(network);
    #[cfg(not(feature = "cpu"))]
    let agree = false;
    let whole = !cut
        || network.follows() && !agree
        || batch < PIECES * LEAST_PICTURES
        || network.multiplications() * (batch as u64) < PIECES as u64 * LEAST_WORK;
    let pieces = if whole { 1 } else { PIECES };
    let begin = |piece: usize| piece * (batch / pieces) + piece.min(batch % pieces);
    (0..pieces).map(|piece| begin(piece)..begin(piece + 1)).collect()
}

/// Which of these pieces each of so many workers computes, at most one a worker.
pub fn deal(pieces: Range<usize>, workers: usize) -> Vec<Range<usize>> {
    match halves(&pieces) {
        Some([left, right]) if workers > 1 => {
            [deal(left, workers.div_ceil(2)), deal(right, workers / 2)].concat()
        }
        _ => vec![pieces],
    }
}

/// The sum of the shares of these pieces, as [`deal`] gave them to `workers`.
fn total(
    pieces: Range<usize>,
    workers: usize,
    of: &mut impl FnMut() -> Result<Share>,
) -> Result<Share> {
    match halves(&pieces) {
        Some([left, right]) if workers > 1 => {
            let left = total(left, workers.div_ceil(2), of)?;
            Ok(sum(left, total(right, workers / 2, of)?))
        }
        _ => of(),
    }
}

pub(super) fn halves(pieces: &Range<usize>) -> Option<[Range<usize>; 2]> {
    let middle = pieces.start + pieces.len() / 2;
    (pieces.len() > 1).then_some([pieces.start..middle, middle..pieces.end])
}

impl Task {
    /// The task of a share of a step, with its pictures: these pieces of the batch of `numbers`.
    ///
    /// # Errors
    /// `storage` where a picture cannot be read.
    pub fn new(
        dataset: &Dataset,
        recipe: &Recipe,
        plan: &StepPlan,
        pieces: &[Range<usize>],
    ) -> Result<Self> {
        let (first, last) = ends(pieces);
        let numbers = plan.numbers[first..last].to_vec();
        let cuts = pieces.iter().map(|piece| piece.start).chain([last]);
        let cuts = cuts.map(|cut| cut as u32).collect();
        let pictures = recipe.pictures(dataset.len(Split::Train), plan.epoch, &numbers);
        let mut labels = Vec::with_capacity(pictures.len());
        let mut pixels = Vec::with_capacity(pictures.len() * dataset.picture_bytes());
        for &picture in &pictures {
            let (bytes, label) = dataset.picture(Split::Train, picture as usize)?;
            pixels.extend_from_slice(&bytes);
            labels.push(label);
        }
        let (step, epoch, batch) = (plan.step, plan.epoch, plan.numbers.len());
        Ok(Self { step, epoch, batch, cuts, numbers, pictures, labels, pixels })
    }
}

fn ends(pieces: &[Range<usize>]) -> (usize, usize) {
    (pieces.first().map_or(0, |piece| piece.start), pieces.last().map_or(0, |piece| piece.end))
}

/// One step's batch, as any worker computes pieces of it.
pub(super) struct Batch<'a> {
    pub(super) network: &'a Network,
    pub(super) shape: [usize; 3],
    /// Of the classes, or none.
    pub(super) weights: &'a [f32],
    pub(super) seed: u64,
    /// The step, over the life of the weights.
    pub(super) step: u64,
    /// Examples in it.
    pub(super) examples: usize,
}

impl Batch<'_> {
    /// The sum over these pieces, whose pictures `prepare` gives.
    pub(super) fn share(
        &self,
        pieces: &[Range<usize>],
        prepare: &mut impl FnMut(&Range<usize>, &mut Prepared) -> Result<()>,
    ) -> Result<Share> {
        if let Some([left, right]) = halves(&(0..pieces.len())) {
            let left = self.share(&pieces[left], prepare)?;
            return Ok(sum(left, self.share(&pieces[right], prepare)?));
        }
        let Some(piece) = pieces.first() else {
            return Err(Error::option("A share has at least one piece."));
        };
        let mut prepared = Prepared::default();
        prepare(piece, &mut prepared)?;
        let Prepared { values, targets } = prepared;
        let pictures = batch::upload_values(values, self.shape, self.network.device());
        let mode = Mode::Training { seed: self.seed, step: self.step, first: piece.start };
        Ok(self.network.gradients(pictures, &targets, self.weights, self.examples, mode))
    }
}

/// The gradient of a whole batch: the first share is computed here, of the others what the team
/// gives, and the rest here too.
pub(super) async fn gradients(
    batch: &Batch<'_>,
    pieces: &[Range<usize>],
    prepare: &mut impl FnMut(&Range<usize>, &mut Prepared) -> Result<()>,
    task: impl Fn(&[Range<usize>]) -> Result<Task>,
    workers: usize,
    team: Option<&mut (dyn Team + 'static)>,
) -> Result<Share> {
    #[cfg(feature = "cpu")]
    let _kept = KeepPanels::new();
    let shares = deal(0..pieces.len(), workers);
    let mut found = Vec::new().into_iter();
    let mut first = None;
    if let Some(team) = team.filter(|_| shares.len() > 1) {
        let tasks = shares[1..].iter().map(|share| task(&pieces[share.clone()]));
        let tasks = tasks.collect::<Result<_>>()?;
        let weights = device::read(batch.network.params.clone()).await?;
        team.begin(&weights.iter().map(Vec::as_slice).collect::<Vec<_>>(), tasks);
        first = Some(batch.share(&pieces[shares[0].clone()], prepare)?);
        found = team.gather().await.into_iter();
    }
    let mut shares = shares.into_iter();
    total(0..pieces.len(), workers, &mut || {
        let own = shares.next().unwrap_or_default();
        if let Some(first) = first.take() {
            return Ok(first);
        }
        let found = found.next().flatten();
        match found.and_then(|numbers| share_of(batch.network, numbers)) {
            Some(share) => Ok(share),
            None => batch.share(&pieces[own], prepare),
        }
    })
}

/// A copy of the network that computes shares.
#[derive(Debug)]
pub struct Replica {
    brief: Brief,
    network: Network,
    device: Device,
    /// Its training step without tensors, where that is covered.
    #[cfg(feature = "cpu")]
    compiled: Option<Compiled>,
    /// What was found last.
    found: Vec<f32>,
}

impl Replica {
    /// A replica for a run.
    ///
    /// # Errors
    /// `spec` for a model that cannot be, `option` where frozen weights are missing.
    pub fn new(mut brief: Brief, device: &Device) -> Result<Self> {
        let mut network = Network::new(brief.spec.clone(), 0, device)?;
        network.fast = brief.fast;
        let mut frozen = Parts::new(std::mem::take(&mut brief.frozen), device);
        for weights in &mut network.state {
            let own = frozen.next(weights.dims()[0]);
            *weights =
                own.ok_or_else(|| Error::option("The weights of a frozen layer are missing."))?;
        }
        Ok(Self {
            #[cfg(feature = "cpu")]
            compiled: None,
            brief,
            network,
            device: device.clone(),
            found: Vec::new(),
        })
    }

    /// A share's loss and correct examples, its gradients and its statistics, one after another, at
    /// these `weights`: all parameters, one after another. Nothing where the `leader` went on without
    /// it.
    ///
    /// # Errors
    /// `option` where weights or task are not of this run.
    pub async fn compute(
        &mut self,
        weights: Vec<f32>,
        task: &Task,
        leader: &mut (dyn Leader + 'static),
    ) -> Result<Option<&[f32]>> {
        let Brief { recipe, shape, pictures, class_weights, .. } = &self.brief;
        let bytes = shape.iter().product::<usize>();
        let picture = |number: usize| {
            let place = task.pictures.binary_search(&(number as u32)).ok();
            let found = place.and_then(|place| {
                let pixels = task.pixels.get(place * bytes..(place + 1) * bytes)?;
                Some((pixels.into(), *task.labels.get(place)?))
            });
            found.ok_or_else(|| Error::option(format!("Picture {number} is missing.")))
        };
        let pieces = task.cuts.windows(2).map(|ends| ends[0] as usize..ends[1] as usize);
        let pieces: Vec<_> = pieces.collect();
        let (first, _) = ends(&pieces);
        let mut prepare = |piece: &Range<usize>, into: &mut Prepared| {
            let numbers = task.numbers.get(piece.start - first..piece.end - first);
            let numbers = numbers.ok_or_else(|| Error::option("A piece lacks its pictures."))?;
            recipe.prepare_into(picture, *shape, *pictures, task.epoch, numbers, into)
        };
        #[cfg(feature = "cpu")]
        {
            let most = pieces.iter().map(Range::len).max().unwrap_or(0);
            if self.compiled.as_ref().is_none_or(|compiled| compiled.most() < most) {
                self.compiled = Compiled::new(&self.network, most);
            }
            if let Some(compiled) = &mut self.compiled {
                let (seed, number, examples) = (recipe.seed, task.step, task.batch);
                let step = Step { seed, number, examples, class_weights };
                return compiled.share(&weights, step, &pieces, &mut prepare, leader).await;
            }
        }
        // Over tensors no piece depends on another.
        let _ = leader;
        let wrong = || Error::option("These weights are another network's.");
        let mut parts = Parts::new(weights, &self.device);
        for param in &mut self.network.params {
            *param = parts.next(param.dims()[0]).ok_or_else(wrong)?;
        }
        let batch = Batch {
            network: &self.network,
            shape: *shape,
            weights: class_weights,
            seed: recipe.seed,
            step: task.step,
            examples: task.batch,
        };
        #[cfg(feature = "cpu")]
        let _kept = KeepPanels::new();
        let Share { metrics, gradients, statistics } = batch.share(&pieces, &mut prepare)?;
        let all = [metrics].into_iter().chain(gradients).chain(statistics).collect();
        self.found = device::read(all).await?.concat();
        Ok(Some(&self.found))
    }
}

/// What a replica computed, as a share of this network; nothing where it is not one.
fn share_of(network: &Network, numbers: Vec<f32>) -> Option<Share> {
    let mut parts = Parts::new(numbers, network.device());
    let metrics = parts.next(2)?;
    let gradients = network.params.iter().map(|param| parts.next(param.dims()[0])).collect();
    let gradients: Option<Vec<_>> = gradients;
    // Nothing is cut that has statistics of its own.
    Some(Share { metrics, gradients: gradients?, statistics: Vec::new() })
}

/// Tensors that lie one after another in one.
struct Parts {
    all: Tensor<1>,
    taken: usize,
}

impl Parts {
    fn new(numbers: Vec<f32>, device: &Device) -> Self {
        let length = numbers.len();
        Self { all: Tensor::from_data(TensorData::new(numbers, [length]), device), taken: 0 }
    }

    /// The next one, of so many numbers; nothing where there are not so many.
    fn next(&mut self, length: usize) -> Option<Tensor<1>> {
        let end = self.taken + length;
        let part = (end <= self.all.dims()[0]).then(|| self.all.clone().slice(self.taken..end))?;
        self.taken = end;
        Some(part)
    }
}

/// The sum of two shares' losses and gradients.
fn sum(first: Share, second: Share) -> Share {
    let gradients = first.gradients.into_iter().zip(second.gradients);
    Share {
        metrics: first.metrics + second.metrics,
        gradients: gradients.map(|(one, other)| one + other).collect(),
        statistics: first.statistics,
    }
}
