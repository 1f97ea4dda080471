//! A run that is pulled forward: its steps, the end of an epoch, and its own end.

use std::ops::Range;

use burn::tensor::Tensor;

use crate::data::dataset::Dataset;
use crate::data::prepare::{Prepared, Recipe, StepPlan};
use crate::device;
use crate::error::Result;
use crate::evaluate::Evaluator;
use crate::evaluate::metrics::Measured;
use crate::model::network::{Mode, Network, Share};
#[cfg(feature = "cpu")]
use crate::train::compiled::{Compiled, Step};
use crate::train::features::Features;
use crate::train::history::{EpochRecord, Event, Reason, StepRecord};
use crate::train::monitor::Verdict;
use crate::train::optimizer::Optimizer;
use crate::train::options::Progress;
use crate::train::schedule::LearningRate;
use crate::train::team::{self, Batch, Task, pieces};
#[cfg(feature = "webgpu")]
use crate::train::uploaded::Uploaded;

use super::{Phase, Run, Session, Split};

/// What steps are taken in, kept from call to call so that none allocates it anew.
#[derive(Default)]
pub(super) struct Room {
    plan: StepPlan,
    /// Of a batch as large as the last one.
    pieces: Vec<Range<usize>>,
    /// The steps of this call.
    taken: Vec<Taken>,
    /// The network's step without tensors, where it was looked for and is covered.
    #[cfg(feature = "cpu")]
    compiled: Option<Option<Box<Compiled>>>,
    /// Pictures of the batches that it was looked for.
    #[cfg(feature = "cpu")]
    batch: usize,
}

/// A step that was taken: its examples, the step size, and what was found: the loss and the number
/// of correct examples.
struct Taken {
    examples: usize,
    rate: f64,
    found: [f32; 2],
}

impl Room {
    fn plan(&mut self, step: u64, epoch: u32, numbers: &[u32]) {
        (self.plan.step, self.plan.epoch) = (step, epoch);
        self.plan.numbers.clear();
        self.plan.numbers.extend_from_slice(numbers);
    }

    /// Gives back what is as large as the weights, until the next step.
    pub(super) fn slim(&mut self) {
        #[cfg(feature = "cpu")]
        if let Some(Some(compiled)) = &mut self.compiled {
            compiled.slim();
        }
    }

    /// Looks for the network's step without tensors, for an epoch of so many pictures in batches.
    #[cfg(feature = "cpu")]
    fn compile(&mut self, network: &Network, pictures: usize, batch: usize, cut: bool) {
        if self.compiled.is_some() && self.batch == batch {
            return;
        }
        self.batch = batch;
        // A last batch that is too small to be cut may be larger than the pieces of the others.
        let sizes = [batch.min(pictures), pictures % batch];
        let lengths = sizes.map(|size| pieces(network, size, cut).iter().map(Range::len).max());
        let most = lengths.into_iter().flatten().max().unwrap_or(0);
        let enough = match &self.compiled {
            None => false,
            Some(found) => found.as_ref().is_none_or(|compiled| compiled.most() >= most),
        };
        if !enough {
            self.compiled = Some(Compiled::new(network, most).map(Box::new));
        }
    }
}

/// The state that a run goes back to when its loss is no longer a number: that of the run's
/// beginning or of the end of an epoch, after which a step had a finite loss.
pub(super) struct Good {
    network: Network,
    progress: Progress,
    /// Entries of the history.
    steps: usize,
    epochs: usize,
    /// How far the schedule of the step size is.
    scheduled: u64,
}

impl Session {
    /// The present state, to go back to.
    pub(super) fn good(&self, network: &Network, progress: &Progress) -> Good {
        Good {
            network: network.clone(),
            progress: progress.clone(),
            steps: self.history.steps.len(),
            epochs: self.history.epochs.len(),
            scheduled: self.optimizer.as_ref().map_or(0, Optimizer::scheduled),
        }
    }

    pub(super) async fn advance_training(
        &mut self,
        n: usize,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        let (Some(run), Some(dataset), Some(network), Some(optimizer)) =
            (&mut self.run, &self.dataset, &mut self.network, &mut self.optimizer)
        else {
            return Ok(());
        };
        let size = run.progress.batch_size;
        let steps_per_epoch = run.order.len().div_ceil(size);
        let left = usize::try_from(run.steps_left).unwrap_or(usize::MAX);
        let n = n.min(steps_per_epoch - run.progress.step).min(left);
        // What fails takes this with it; it is only memory.
        let mut room = std::mem::take(&mut run.room);
        #[cfg(feature = "cpu")]
        if !run.by_features {
            room.compile(network, run.order.len(), size, self.cut);
        }
        room.taken.clear();
        let mut metrics = Vec::new();
        for step in run.progress.step..run.progress.step + n {
            let numbers = &run.order[step * size..run.order.len().min((step + 1) * size)];
            let life_step = (self.history.steps.len() + room.taken.len()) as u64;
            let supplied = run.supplied.remove(&life_step);
            room.plan(life_step, run.progress.epoch, numbers);
            if room.pieces.last().is_none_or(|last| last.end != numbers.len()) {
                room.pieces = pieces(network, numbers.len(), self.cut);
            }
            let (recipe, plan, weights) = (&run.recipe, &room.plan, &run.progress.class_weight);
            let mut prepare = |piece: &_, into: &mut _| {
                prepare(dataset, recipe, plan, piece, supplied.as_deref(), into)
            };
            let task = |pieces: &_| Task::new(dataset, recipe, plan, pieces);
            let team = self.team.as_deref_mut();
            let (examples, rate) = (numbers.len(), optimizer.learning_rate());
            let taken = |found| Taken { examples, rate, found };
            #[cfg(feature = "cpu")]
            if let Some(Some(compiled)) = &mut room.compiled {
                let (seed, class_weights) = (self.seed, &weights[..]);
                let step = Step { seed, number: life_step, examples, class_weights };
                let (pieces, workers) = (&room.pieces, self.workers);
                let found = compiled.step(
                    (network, optimizer),
                    step,
                    pieces,
                    (&mut prepare, task),
                    (workers, team),
                );
                room.taken.push(taken(found.await?));
                continue;
            }
            let batch = Batch {
                network,
                shape: dataset.shape(),
                weights,
                seed: self.seed,
                step: life_step,
                examples,
            };
            let known = match &self.features {
                Some(features) if run.by_features => {
                    by_features(&batch, features, dataset, recipe, plan)?
                }
                _ => None,
            };
            #[cfg(feature = "webgpu")]
            let known = match (known, &self.uploaded) {
                (None, Some(uploaded)) if room.pieces.len() == 1 => {
                    Some(gathered(&batch, uploaded, dataset, recipe, plan)?)
                }
                (known, _) => known,
            };
            let share = match known {
                Some(share) => share,
                None => {
                    let pieces = &room.pieces;
                    team::gradients(&batch, pieces, &mut prepare, task, self.workers, team).await?
                }
            };
            let Share { metrics: measured, gradients, statistics } = share;
            optimizer.update(&mut network.params, gradients, network.fast);
            network.follow(statistics);
            metrics.push(measured);
            // Told by the device after the last step.
            room.taken.push(taken([f32::NAN; 2]));
        }
        // No later loss tells of the last step before a pause; its weights do.
        if run.progress.step + n == steps_per_epoch || n == left {
            metrics.extend(size_of(&network.params));
        }
        let metrics = device::read(metrics).await?;
        for (taken, found) in room.taken.iter_mut().zip(metrics.iter().filter(|one| one.len() == 2))
        {
            taken.found = [found[0], found[1]];
        }
        let size = metrics.last().filter(|last| last.len() == 1).map(|last| last[0]);
        events.reserve(n + 2);
        for &Taken { examples, rate, found: [loss, correct] } in &room.taken {
            let progress = &mut run.progress;
            if !loss.is_finite() {
                let when =
                    format!("The loss is no longer a number after step {}", progress.step + 1);
                events.extend(self.diverge(&when));
                return Ok(());
            }
            // The state that it began with is one to go back to.
            if let Some(next) = run.next_good.take() {
                run.good = Some(next);
            }
            progress.step += 1;
            progress.seen += examples as u64;
            progress.loss_sum += f64::from(loss) * examples as f64;
            progress.correct += f64::from(correct);
            progress.learning_rate = Some(rate);
            run.steps_left = run.steps_left.saturating_sub(1);
            let accuracy = correct / examples as f32;
            self.history.steps.push(StepRecord { epoch: progress.epoch, loss, accuracy });
            events.push(Event::Step {
                epoch: progress.epoch,
                step: progress.step,
                steps: steps_per_epoch,
                global_step: self.history.steps.len() as u64,
                loss,
                accuracy,
                images: examples,
                learning_rate: rate,
            });
        }
        run.room = room;
        if size.is_some_and(|size| !size.is_finite()) {
            let when =
                format!("The weights are no longer numbers after step {}", run.progress.step);
            events.extend(self.diverge(&when));
        } else if run.progress.step == steps_per_epoch {
            let progress = run.progress.clone();
            match (self.validation(&progress)?, &mut self.run) {
                (Some(evaluator), Some(run)) => {
                    // Validation takes as much memory of its own.
                    run.room = Room::default();
                    run.phase = Phase::Validating(evaluator);
                }
                _ => events.extend(self.end_epoch(None)?),
            }
        } else if run.steps_left == 0 {
            events.extend(self.end(Reason::Finished, None));
        }
        Ok(())
    }

    pub(super) async fn advance_validation(&mut self, n: usize) -> Result<Vec<Event>> {
        let (Some(dataset), Some(Run { phase: Phase::Validating(evaluator), .. })) =
            (&self.dataset, &mut self.run)
        else {
            return Ok(Vec::new());
        };
        match evaluator.advance(dataset, n).await? {
            None => Ok(Vec::new()),
            Some(Measured { evaluation: found, .. }) if !found.loss.is_finite() => {
                Ok(self.diverge("The loss of the validation pictures is no number at the end"))
            }
            Some(Measured { evaluation: found, .. }) => {
                self.end_epoch(Some((found.loss, found.accuracy)))
            }
        }
    }

    /// Closes the epoch's books and begins the next, or ends the run.
    fn end_epoch(&mut self, validation: Option<(f64, f64)>) -> Result<Vec<Event>> {
        let (Some(run), Some(network), Some(optimizer)) =
            (&mut self.run, &self.network, &mut self.optimizer)
        else {
            return Ok(Vec::new());
        };
        let progress = &mut run.progress;
        let record = EpochRecord {
            epoch: progress.epoch,
            loss: progress.loss_sum / progress.seen as f64,
            accuracy: progress.correct / progress.seen as f64,
            val_loss: validation.map(|(loss, _)| loss),
            val_accuracy: validation.map(|(_, accuracy)| accuracy),
            learning_rate: progress.learning_rate,
        };
        self.history.epochs.push(record);
        let mut events = vec![Event::Epoch(record)];
        events.extend(reduce(progress, optimizer, &record));
        let stopping = progress.early_stopping.as_mut();
        let verdict = stopping.map(|stopping| (stopping.end_epoch(&record), stopping));
        let mut stop = false;
        match verdict {
            Some((Verdict::Improved, stopping)) if stopping.restore_best_weights => {
                run.best = Some(network.clone());
            }
            Some((Verdict::Stop, _)) => stop = true,
            _ => {}
        }
        progress.epoch += 1;
        (progress.step, progress.seen) = (0, 0);
        (progress.loss_sum, progress.correct) = (0.0, 0.0);
        if let Some(size) = progress.next_batch_size.take() {
            progress.batch_size = size;
            // Batches of the old size may still be under way.
            run.made_here = run.planned;
            run.supplied.clear();
        }
        let reason = match stop && !progress.finished() {
            true => Reason::EarlyStopping,
            false => Reason::Finished,
        };
        if reason == Reason::EarlyStopping {
            progress.epochs = progress.epoch - 1;
        }
        let progress = progress.clone();
        if progress.finished() {
            events.extend(self.finish(reason));
            return Ok(events);
        }
        let next_good = self.network.as_ref().map(|network| self.good(network, &progress));
        let order = self.order(&progress)?;
        let Some(run) = &mut self.run else { return Ok(events) };
        run.next_good = next_good;
        if run.steps_left == 0 {
            events.extend(self.end(Reason::Finished, None));
        } else {
            run.order = order;
            run.phase = Phase::Training;
        }
        Ok(events)
    }

    /// Ends a run of which nothing is left; with its best weights, where they were kept.
    fn finish(&mut self, reason: Reason) -> Vec<Event> {
        let mut restored = None;
        if let Some(run) = &mut self.run {
            (run.good, run.next_good) = (None, None);
            // Kept, should the run be made longer; it is the same memory.
            if let Some(best) = &run.best {
                self.network = Some(best.clone());
                restored = run.progress.early_stopping.as_ref().and_then(|kept| kept.best_epoch);
            }
        }
        self.end(reason, restored)
    }

    /// Ends the run because of what happened, `when`, and puts back the last weights that were
    /// good, with the run and the history that belong to them. The optimizer starts afresh,
    /// for what it remembers are no numbers either; its schedule goes on from where it was.
    fn diverge(&mut self, when: &str) -> Vec<Event> {
        let (Some(run), Some(optimizer)) = (&mut self.run, &self.optimizer) else {
            return Vec::new();
        };
        let epoch = run.progress.epoch;
        let rate = optimizer.learning_rate();
        let clipped = optimizer.spec.clip.is_some();
        let mut message = format!("{when} of epoch {epoch}.");
        run.next_good = None;
        if let Some(good) = &run.good {
            let steps = self.history.steps.len();
            let before = std::mem::replace(&mut run.progress, good.progress.clone());
            run.progress.epochs = before.epochs;
            run.progress.next_batch_size = before.next_batch_size;
            self.history.steps.truncate(good.steps);
            self.history.epochs.truncate(good.epochs);
            let after = match (good.progress.step, self.history.epochs.last()) {
                (0, Some(last)) => format!("after epoch {}", last.epoch),
                _ => "when the run began".into(),
            };
            message += &if steps > good.steps {
                let clip = if clipped { "" } else { ", or clip the gradients (clipnorm: 1)" };
                let (rate, lower) = (short(rate), short(rate / 10.0));
                format!(
                    " The learning rate {rate} is probably too high: train again with \
                     {lower}{clip}. The weights are again what they were {after}."
                )
            } else {
                format!(
                    " It is so with the weights as they were {after}: they, or the values of the \
                     pictures, are too large. Look at rescale, or set the model again for fresh \
                     weights."
                )
            };
            let mut fresh = Optimizer::new(optimizer.spec.clone(), &good.network.params);
            fresh.schedule_start = -(good.scheduled as i64);
            self.optimizer = Some(fresh);
            self.network = Some(good.network.clone());
        }
        let mut events = vec![Event::Warning { code: "diverged".into(), message }];
        events.extend(self.end(Reason::Diverged, None));
        events
    }

    pub(super) fn end(&mut self, reason: Reason, restored_epoch: Option<u32>) -> Vec<Event> {
        if let Some(run) = &mut self.run {
            run.phase = Phase::Over;
            run.order = Vec::new();
            run.room = Room::default();
            run.supplied.clear();
        }
        vec![Event::Done { reason, restored_epoch }]
    }

    /// The evaluation that follows an epoch's last step, where there is something to
    /// validate with.
    pub(super) fn validation(&self, progress: &Progress) -> Result<Option<Box<Evaluator>>> {
        let dataset = self.dataset()?;
        if !progress.validate || dataset.len(Split::Validation) == 0 {
            return Ok(None);
        }
        let evaluator = self.evaluator(Split::Validation)?;
        let by_features = self.run.as_ref().is_some_and(|run| run.by_features);
        let features = self.features.clone().filter(|_| by_features);
        Ok(Some(Box::new(evaluator.with_features(features))))
    }

    /// Begins to measure a split on a snapshot of the weights.
    ///
    /// # Errors
    /// `state` without data or model, and as [`Evaluator::new`].
    pub fn evaluator(&self, split: Split) -> Result<Evaluator> {
        let evaluator = Evaluator::new(self.network()?, self.dataset()?, split)?;
        #[cfg(feature = "webgpu")]
        let evaluator = evaluator.with_uploaded(self.uploaded.clone());
        Ok(evaluator)
    }
}

/// Reduces the learning rate where nothing has improved for long enough, and tells of it.
fn reduce(
    progress: &mut Progress,
    optimizer: &mut Optimizer,
    record: &EpochRecord,
) -> Option<Event> {
    let plateau = progress.reduce_on_plateau.as_mut()?;
    let rate = plateau.end_epoch(record, optimizer.learning_rate())?;
    optimizer.spec.learning_rate = LearningRate::Constant(rate);
    let message = format!(
        "{} has not improved for {} epochs: the learning rate is {} from now on.",
        plateau.monitor.name(),
        plateau.patience,
        short(rate)
    );
    Some(Event::Warning { code: "learning-rate-reduced".into(), message })
}

/// A rate with three digits, as a person would write it.
fn short(rate: f64) -> String {
    let rounded = format!("{rate:.2e}").parse().unwrap_or(rate);
    if (1e-4..1e6).contains(&rounded) || rounded == 0.0 {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// The sum of all weights' absolute values, on the device: finite where they all are.
fn size_of(params: &[Tensor<1>]) -> Option<Tensor<1>> {
    params.iter().map(|param| param.clone().abs().sum()).reduce(|sum, next| sum + next)
}

/// What a step's batch gives, computed from what the frozen layers made of its pictures; nothing
/// where that is not known.
fn by_features(
    batch: &Batch,
    features: &Features,
    dataset: &Dataset,
    recipe: &Recipe,
    plan: &StepPlan,
) -> Result<Option<Share>> {
    let of_split = dataset.numbers(Split::Train);
    let numbers: Vec<u32> = plan.numbers.iter().map(|&place| of_split[place as usize]).collect();
    let Some(value) = features.value(&numbers, batch.network) else { return Ok(None) };
    let label = |index| dataset.label_of(Split::Train, index);
    let targets = recipe.targets(label, of_split.len(), plan.epoch, &plan.numbers)?;
    let mode = Mode::Training { seed: batch.seed, step: batch.step, first: 0 };
    let network = batch.network;
    let (place, weights, examples) = (features.place, batch.weights, batch.examples);
    Ok(Some(network.gradients_after(place, value, &targets, weights, examples, mode)))
}

/// What a step's batch gives, made on the graphics processor of the pictures that are there.
#[cfg(feature = "webgpu")]
fn gathered(
    batch: &Batch,
    uploaded: &Uploaded,
    dataset: &Dataset,
    recipe: &Recipe,
    plan: &StepPlan,
) -> Result<Share> {
    let label = |index| dataset.label_of(Split::Train, index);
    let targets = recipe.targets(label, dataset.len(Split::Train), plan.epoch, &plan.numbers)?;
    let pictures = uploaded.batch(dataset, recipe, plan);
    let mode = Mode::Training { seed: batch.seed, step: batch.step, first: 0 };
    Ok(batch.network.gradients(pictures, &targets, batch.weights, batch.examples, mode))
}

/// A piece of a step's batch: made here, or only its targets where the batch's values were
/// supplied.
fn prepare(
    dataset: &Dataset,
    recipe: &Recipe,
    plan: &StepPlan,
    piece: &Range<usize>,
    supplied: Option<&[f32]>,
    into: &mut Prepared,
) -> Result<()> {
    let (count, numbers) = (dataset.len(Split::Train), &plan.numbers[piece.clone()]);
    if let Some(values) = supplied {
        let label = |index| dataset.label_of(Split::Train, index);
        into.targets = recipe.targets(label, count, plan.epoch, numbers)?;
        let bytes = dataset.picture_bytes();
        into.values.clear();
        into.values.extend_from_slice(&values[piece.start * bytes..piece.end * bytes]);
        return Ok(());
    }
    let picture = |index| dataset.picture(Split::Train, index);
    recipe.prepare_into(picture, dataset.shape(), count, plan.epoch, numbers, into)
}
