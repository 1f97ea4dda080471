//! The session: a network, its data and a run that is pulled forward.
//!
//! Nothing here runs by itself. Whoever owns the session calls [`Session::advance`], gets
//! events, and decides when to call again; so pause, single step and stop need no flags
//! here. A run passes through [`Phase::Training`] and [`Phase::Validating`] once an epoch
//! and ends in [`Phase::Over`], from where it can be resumed if it was stopped.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use crate::data::augment::Augmentation;
use crate::data::batch;
use crate::data::dataset::{Dataset, DatasetInfo, Split, SplitOptions};
use crate::data::prepare::{Prepared, Recipe, StepPlan, Target};
use crate::data::preprocess::Preprocessing;
use crate::device;
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::model::network::{Mode, Network, Share};
use crate::model::shape::Summary;
use crate::model::spec::ModelSpec;
use crate::train::history::{EpochRecord, Event, History, Reason, StepRecord};
use crate::train::optimizer::{Optimizer, OptimizerSpec};
use crate::train::options::{
    Progress, RunInfo, TrainOptions, check_fit, check_memory, class_weights, learning_rate, whole,
};

/// Batches made elsewhere are kept for so many steps ahead at the most.
const MOST_AHEAD: u64 = 64;

enum Phase {
    Training,
    Validating(Box<Evaluator>),
    Over,
}

struct Run {
    progress: Progress,
    /// The order of the present epoch.
    order: Vec<u32>,
    /// Steps until this call's `steps` are done.
    steps_left: u64,
    phase: Phase,
    /// How its batches are made.
    recipe: Recipe,
    /// Values of batches that were made elsewhere, by their step over the life of the weights.
    supplied: BTreeMap<u64, Vec<f32>>,
}

/// A network, its data and its run, on one device.
pub struct Session {
    pub(crate) device: Device,
    pub(crate) seed: u64,
    pub(crate) dataset: Option<Dataset>,
    /// Names of the classes that the weights know, from the data or the checkpoint.
    pub(crate) classes: Vec<String>,
    pub(crate) network: Option<Network>,
    pub(crate) optimizer: Option<Optimizer>,
    pub(crate) history: History,
    run: Option<Run>,
}

impl Session {
    /// An empty session. The same seed, device and calls give the same losses.
    pub fn new(device: Device, seed: u64) -> Self {
        Self {
            device,
            seed,
            dataset: None,
            classes: Vec::new(),
            network: None,
            optimizer: None,
            history: History::default(),
            run: None,
        }
    }

    /// Takes a data set in place of the present one.
    ///
    /// # Errors
    /// `state` in the middle of a run, `data-missing` where there is nothing to train on.
    pub fn set_dataset(&mut self, dataset: Dataset) -> Result<DatasetInfo> {
        self.refuse_while_training("load other data")?;
        if dataset.len(Split::Train) == 0 {
            return Err(
                Error::data_missing("The set holds no training pictures.").file(dataset.name())
            );
        }
        let info = dataset.info();
        self.dataset = Some(dataset);
        Ok(info)
    }

    /// Divides the data set anew. See [`Dataset::split`].
    ///
    /// # Errors
    /// `state` without data or in the middle of a run, `option` for wrong shares.
    pub fn split(&mut self, options: SplitOptions) -> Result<DatasetInfo> {
        self.refuse_while_training("divide the data anew")?;
        let dataset = self.dataset.as_mut().ok_or_else(no_data)?;
        dataset.split(options)?;
        Ok(dataset.info())
    }

    /// Changes the data set. Where the network was trained on its classes and there are as
    /// many afterwards, it knows them by their new names.
    ///
    /// # Errors
    /// `state` without data or in the middle of a run; what the change says.
    pub fn edit(&mut self, change: impl FnOnce(&mut Dataset) -> Result<()>) -> Result<DatasetInfo> {
        self.refuse_while_training("change the data")?;
        let dataset = self.dataset.as_mut().ok_or_else(no_data)?;
        let knows_them = self.classes == dataset.classes();
        change(dataset)?;
        if knows_them && self.classes.len() == dataset.classes().len() {
            self.classes = dataset.classes().to_vec();
        }
        Ok(dataset.info())
    }

    /// The data set.
    ///
    /// # Errors
    /// `state` where none is loaded.
    pub fn dataset(&self) -> Result<&Dataset> {
        self.dataset.as_ref().ok_or_else(no_data)
    }

    /// The network.
    ///
    /// # Errors
    /// `state` where no model is set.
    pub fn network(&self) -> Result<&Network> {
        self.network.as_ref().ok_or_else(|| Error::state("There is no model yet; set one first."))
    }

    /// The names of the classes that the network's outputs stand for: those that it was
    /// trained on or, before its first step, those of the data, where they are as many.
    pub fn class_names(&self) -> &[String] {
        let outputs = self.network.as_ref().map(Network::classes);
        match &self.dataset {
            Some(dataset)
                if self.classes.is_empty() && outputs == Some(dataset.classes().len()) =>
            {
                dataset.classes()
            }
            _ => &self.classes,
        }
    }

    /// What happened to the weights since they were drawn.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// How the present run goes, if there is one.
    pub fn progress(&self) -> Option<&Progress> {
        self.run.as_ref().map(|run| &run.progress)
    }

    /// Whether a run is under way: started, and neither over nor stopped.
    pub fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !matches!(run.phase, Phase::Over))
    }

    /// Takes a model with fresh weights; what was trained before is gone.
    ///
    /// # Errors
    /// `state` in the middle of a run, `spec` for a model that cannot be; the present model
    /// stays then.
    pub fn set_model(&mut self, spec: ModelSpec) -> Result<Summary> {
        self.refuse_while_training("change the model")?;
        let summary = Summary::of(&spec)?;
        let optimizer = spec.compile.optimizer.clone();
        let network = Network::new(spec, self.seed, &self.device)?;
        self.optimizer = Some(Optimizer::new(optimizer, &network.params));
        self.network = Some(network);
        self.history = History::default();
        self.classes = Vec::new();
        self.run = None;
        Ok(summary)
    }

    /// Puts a network, its optimizer, history and run in place, as a checkpoint has them.
    pub(crate) fn restore(
        &mut self,
        network: Network,
        optimizer: Optimizer,
        history: History,
        progress: Option<Progress>,
    ) {
        self.optimizer = Some(optimizer);
        self.history = history;
        let recipe = |progress: &Progress| self.recipe_of(progress, &network.preprocessing);
        self.run = progress.map(|progress| Run {
            recipe: recipe(&progress),
            progress,
            order: Vec::new(),
            steps_left: 0,
            phase: Phase::Over,
            supplied: BTreeMap::new(),
        });
        self.network = Some(network);
    }

    /// Begins a run, or goes on with one.
    ///
    /// # Errors
    /// `option` naming a wrong option, `state` where data, model or the run to resume is
    /// missing or another run is under way, `input-shape` and `class-count` where model and
    /// data do not fit. Nothing is changed then.
    pub fn start_training(&mut self, options: &TrainOptions) -> Result<RunInfo> {
        self.refuse_while_training("start another run")?;
        let dataset = self.dataset()?;
        let network = self.network()?;
        if dataset.classes().len() < 2 {
            return Err(Error::data_missing(
                "All pictures are of one class, so there is nothing to tell apart. Add pictures \
                 of another class.",
            )
            .file(dataset.name()));
        }
        check_fit(network, dataset)?;
        let fingerprint = dataset.fingerprint();
        let pictures = dataset.len(Split::Train);
        if pictures == 0 {
            return Err(Error::data_missing("The training split is empty; leave pictures in it.")
                .field("split"));
        }
        let steps = options.steps.map(|steps| whole("steps", steps)).transpose()?;
        let epochs = options.epochs.map(|epochs| whole("epochs", epochs)).transpose()?;
        let batch_size = options.batch_size.map(|size| whole("batchSize", size)).transpose()?;
        let optimizer = self.choose_optimizer(options)?;
        let augmentation = options.augmentation.as_ref().map(Augmentation::from_value);
        let augmentation = augmentation.transpose()?;
        let class_weight = options.class_weight.as_ref();
        let class_weight = class_weight.map(|asked| class_weights(asked, dataset)).transpose()?;

        let done = self.history.epochs.last().map_or(0, |epoch| epoch.epoch);
        let progress = if options.resume {
            let progress =
                self.progress().filter(|progress| !progress.finished()).ok_or_else(|| {
                    Error::state("There is no unfinished run to resume; train without resume.")
                })?;
            if progress.fingerprint != fingerprint {
                return Err(Error::state(
                    "The data is not what the run was trained with: load the same set with the \
                     same limit and division, or train without resume.",
                ));
            }
            if batch_size.is_some_and(|size| size as usize != progress.batch_size) {
                return Err(Error::option(format!(
                    "The run to resume has batches of {}; leave batchSize out.",
                    progress.batch_size
                ))
                .field("batchSize"));
            }
            let differs = |field: &str| {
                Error::option(format!("The run to resume has another {field}; leave it out."))
                    .field(field)
            };
            if augmentation.is_some() && augmentation != progress.augmentation {
                return Err(differs("augmentation"));
            }
            if class_weight.is_some_and(|weights| weights != progress.class_weight) {
                return Err(differs("classWeight"));
            }
            progress.clone()
        } else {
            let batch_size = (batch_size.unwrap_or(32) as usize).min(pictures);
            check_memory(network, batch_size)?;
            let steps_per_epoch = pictures.div_ceil(batch_size) as u64;
            let wanted =
                epochs.unwrap_or_else(|| steps.map_or(1, |steps| steps.div_ceil(steps_per_epoch)));
            Progress {
                epoch: done + 1,
                epochs: done.saturating_add(wanted.min(u64::from(u32::MAX)) as u32),
                step: 0,
                batch_size,
                shuffle: options.shuffle.unwrap_or(true),
                validate: options.validate.unwrap_or(true),
                loss_sum: 0.0,
                correct: 0.0,
                seen: 0,
                fingerprint,
                augmentation,
                class_weight: class_weight.unwrap_or_default(),
            }
        };
        let settings = progress.augmentation.clone().unwrap_or_default();
        settings.check(dataset.shape())?;
        let preprocessing = if options.resume {
            network.preprocessing.clone()
        } else {
            let picture = |index| Ok(dataset.picture(Split::Train, index)?.0);
            let (shape, present) = (dataset.shape(), &network.preprocessing);
            Preprocessing::fit(&settings, shape, pictures, fingerprint, present, picture)?
        };
        let classes = dataset.classes().to_vec();
        let validation = if progress.validate { dataset.len(Split::Validation) } else { 0 };
        let steps_per_epoch = pictures.div_ceil(progress.batch_size);
        let remaining = u64::from(progress.epochs + 1 - progress.epoch) * steps_per_epoch as u64
            - progress.step as u64;
        let steps_left = steps.unwrap_or(u64::MAX);
        let info = RunInfo {
            epoch: progress.epoch,
            epochs: progress.epochs,
            step: self.history.steps.len() as u64,
            steps_per_epoch,
            total_steps: steps_left.min(remaining),
            batch_size: progress.batch_size,
            validation_batches: validation.div_ceil(Evaluator::BATCH),
        };
        let order = self.order(&progress)?;
        let recipe = self.recipe_of(&progress, &preprocessing);
        if let Some(network) = &mut self.network {
            network.preprocessing = preprocessing;
        }
        self.optimizer = Some(optimizer);
        self.classes = classes;
        // A run that was stopped between its last step and its validation goes on there.
        let evaluator = match progress.step {
            step if step >= steps_per_epoch => self.validation(&progress)?,
            _ => None,
        };
        let phase = evaluator.map_or(Phase::Training, Phase::Validating);
        self.run =
            Some(Run { progress, order, steps_left, phase, recipe, supplied: BTreeMap::new() });
        Ok(info)
    }

    /// Changes a run while it goes on: the step size, and the last epoch (never below the
    /// present one).
    ///
    /// # Errors
    /// `option` naming a wrong value, `state` where no run is under way.
    pub fn update_training(&mut self, rate: Option<f64>, epochs: Option<f64>) -> Result<()> {
        let (Some(run), Some(optimizer)) = (&mut self.run, &mut self.optimizer) else {
            return Err(Error::state("No run is under way."));
        };
        let rate = rate.map(learning_rate).transpose()?;
        let epochs = epochs.map(|epochs| whole("epochs", epochs)).transpose()?;
        if let Some(rate) = rate {
            optimizer.spec.learning_rate = rate;
        }
        if let Some(epochs) = epochs {
            let epochs = epochs.min(u64::from(u32::MAX)) as u32;
            run.progress.epochs = epochs.max(run.progress.epoch);
        }
        Ok(())
    }

    /// Ends the run where it is. It can be resumed.
    pub fn stop_training(&mut self) -> Vec<Event> {
        if !self.is_training() {
            return Vec::new();
        }
        self.end(Reason::Stopped)
    }

    /// How the present run's batches are made: with it and the training pictures, another
    /// worker can make the next ones and [`supply`](Self::supply) them.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.run.as_ref().map(|run| &run.recipe)
    }

    /// The next `n` training steps of the run under way, fewer where it ends before.
    ///
    /// # Errors
    /// `state` where no run is under way.
    pub fn upcoming(&self, n: usize) -> Result<Vec<StepPlan>> {
        let (Some(run), true) = (&self.run, self.is_training()) else {
            return Err(Error::state("No run is under way."));
        };
        let now = self.history.steps.len() as u64;
        let n = usize::try_from(run.steps_left).map_or(n, |left| left.min(n));
        let mut order = (run.progress.epoch, run.order.clone());
        let mut plans = Vec::with_capacity(n);
        for step in now..now + n as u64 {
            let Some((epoch, places)) = self.places(run, step)? else { break };
            if order.0 != epoch {
                order = (epoch, self.order(&Progress { epoch, ..run.progress.clone() })?);
            }
            plans.push(StepPlan { step, epoch, numbers: order.1[places].to_vec() });
        }
        Ok(plans)
    }

    /// Takes the values of the batch of a `step` over the life of the weights, made elsewhere
    /// from this run's [`recipe`](Self::recipe). False where it is of no use: the step is
    /// done, far ahead, or not one of this run.
    ///
    /// # Errors
    /// `option` where it has not as many values as the step's pictures.
    pub fn supply(&mut self, step: u64, values: Vec<f32>) -> Result<bool> {
        let now = self.history.steps.len() as u64;
        let places = match &self.run {
            Some(run) if self.is_training() && (now..now + MOST_AHEAD).contains(&step) => {
                self.places(run, step)?
            }
            _ => None,
        };
        let Some((_, places)) = places else { return Ok(false) };
        let wanted = places.len() * self.dataset()?.picture_bytes();
        if values.len() != wanted {
            return Err(Error::option(format!(
                "The batch of step {step} has {wanted} values; {} were given.",
                values.len()
            ))
            .field("values"));
        }
        if let Some(run) = &mut self.run {
            run.supplied.insert(step, values);
        }
        Ok(true)
    }

    /// The epoch of a coming step over the life of the weights, and its places in that
    /// epoch's order; nothing past the run's end.
    fn places(&self, run: &Run, step: u64) -> Result<Option<(u32, std::ops::Range<usize>)>> {
        let pictures = self.dataset()?.len(Split::Train);
        let Progress { epoch, epochs, step: done, batch_size, .. } = run.progress;
        let steps_per_epoch = pictures.div_ceil(batch_size).max(1) as u64;
        let step = step.saturating_sub(self.history.steps.len() as u64) + done as u64;
        let epoch = u64::from(epoch) + step / steps_per_epoch;
        if epoch > u64::from(epochs) {
            return Ok(None);
        }
        let first = (step % steps_per_epoch) as usize * batch_size;
        Ok(Some((epoch as u32, first..pictures.min(first + batch_size))))
    }

    fn recipe_of(&self, progress: &Progress, preprocessing: &Preprocessing) -> Recipe {
        Recipe {
            seed: self.seed,
            augmentation: progress.augmentation.clone().unwrap_or_default(),
            preprocessing: preprocessing.clone(),
        }
    }

    /// Goes on by at most `n` training steps or validation batches and tells what happened.
    /// Stops short at the end of an epoch's steps, so that one call never mixes both. Empty
    /// where no run is under way.
    ///
    /// # Errors
    /// `device-lost` where the device fails; the weights are not to be trusted then.
    pub async fn advance(&mut self, n: usize) -> Result<Vec<Event>> {
        match self.run.as_ref().map(|run| &run.phase) {
            None | Some(Phase::Over) => Ok(Vec::new()),
            Some(Phase::Training) => self.advance_training(n.max(1)).await,
            Some(Phase::Validating(_)) => self.advance_validation(n.max(1)).await,
        }
    }

    async fn advance_training(&mut self, n: usize) -> Result<Vec<Event>> {
        let (Some(run), Some(dataset), Some(network), Some(optimizer)) =
            (&mut self.run, &self.dataset, &mut self.network, &mut self.optimizer)
        else {
            return Ok(Vec::new());
        };
        let size = run.progress.batch_size;
        let steps_per_epoch = run.order.len().div_ceil(size);
        let left = usize::try_from(run.steps_left).unwrap_or(usize::MAX);
        let n = n.min(steps_per_epoch - run.progress.step).min(left);
        let mut metrics = Vec::with_capacity(n);
        let mut counts = Vec::with_capacity(n);
        for step in run.progress.step..run.progress.step + n {
            let numbers = &run.order[step * size..run.order.len().min((step + 1) * size)];
            let life_step = (self.history.steps.len() + metrics.len()) as u64;
            let supplied = run.supplied.remove(&life_step);
            let Prepared { values, targets } =
                prepare(dataset, &run.recipe, run.progress.epoch, numbers, supplied)?;
            let pictures = batch::upload_values(values, dataset.shape(), &self.device);
            let mode = Mode::Training { seed: self.seed, step: life_step, first: 0 };
            counts.push(targets.len());
            let weights = &run.progress.class_weight;
            metrics.push(train_step(network, optimizer, pictures, &targets, weights, mode));
        }
        let metrics = device::read(metrics).await?;
        let mut events = Vec::with_capacity(n + 2);
        for (metrics, images) in metrics.iter().zip(counts) {
            let (loss, correct) = (metrics[0], metrics[1]);
            let progress = &mut run.progress;
            if !loss.is_finite() {
                events.push(Event::Warning {
                    code: "diverged".into(),
                    message: format!(
                        "The loss is no longer a number after step {} of epoch {}: the learning \
                         rate {} is too high. Lower it and train again.",
                        progress.step + 1,
                        progress.epoch,
                        optimizer.spec.learning_rate
                    ),
                });
                events.extend(self.end(Reason::Diverged));
                return Ok(events);
            }
            progress.step += 1;
            progress.seen += images as u64;
            progress.loss_sum += f64::from(loss) * images as f64;
            progress.correct += f64::from(correct);
            run.steps_left = run.steps_left.saturating_sub(1);
            let accuracy = correct / images as f32;
            self.history.steps.push(StepRecord { epoch: progress.epoch, loss, accuracy });
            events.push(Event::Step {
                epoch: progress.epoch,
                step: progress.step,
                steps: steps_per_epoch,
                global_step: self.history.steps.len() as u64,
                loss,
                accuracy,
                images,
            });
        }
        if run.progress.step == steps_per_epoch {
            let progress = run.progress.clone();
            match (self.validation(&progress)?, &mut self.run) {
                (Some(evaluator), Some(run)) => run.phase = Phase::Validating(evaluator),
                _ => events.extend(self.end_epoch(None)?),
            }
        } else if run.steps_left == 0 {
            events.extend(self.end(Reason::Finished));
        }
        Ok(events)
    }

    async fn advance_validation(&mut self, n: usize) -> Result<Vec<Event>> {
        let (Some(dataset), Some(Run { phase: Phase::Validating(evaluator), .. })) =
            (&self.dataset, &mut self.run)
        else {
            return Ok(Vec::new());
        };
        match evaluator.advance(dataset, n).await? {
            None => Ok(Vec::new()),
            Some(evaluation) => self.end_epoch(Some((evaluation.loss, evaluation.accuracy))),
        }
    }

    /// Closes the epoch's books and begins the next, or ends the run.
    fn end_epoch(&mut self, validation: Option<(f64, f64)>) -> Result<Vec<Event>> {
        let Some(run) = &mut self.run else { return Ok(Vec::new()) };
        let progress = &mut run.progress;
        let record = EpochRecord {
            epoch: progress.epoch,
            loss: progress.loss_sum / progress.seen as f64,
            accuracy: progress.correct / progress.seen as f64,
            val_loss: validation.map(|(loss, _)| loss),
            val_accuracy: validation.map(|(_, accuracy)| accuracy),
        };
        self.history.epochs.push(record);
        progress.epoch += 1;
        (progress.step, progress.seen) = (0, 0);
        (progress.loss_sum, progress.correct) = (0.0, 0.0);
        let progress = progress.clone();
        let over = progress.finished() || run.steps_left == 0;
        let mut events = vec![Event::Epoch(record)];
        if over {
            events.extend(self.end(Reason::Finished));
        } else {
            let order = self.order(&progress)?;
            if let Some(run) = &mut self.run {
                run.order = order;
                run.phase = Phase::Training;
            }
        }
        Ok(events)
    }

    fn end(&mut self, reason: Reason) -> Vec<Event> {
        if let Some(run) = &mut self.run {
            run.phase = Phase::Over;
            run.order = Vec::new();
            run.supplied = BTreeMap::new();
        }
        vec![Event::Done { reason }]
    }

    /// The evaluation that follows an epoch's last step, where there is something to
    /// validate with.
    fn validation(&self, progress: &Progress) -> Result<Option<Box<Evaluator>>> {
        let dataset = self.dataset()?;
        if !progress.validate || dataset.len(Split::Validation) == 0 {
            return Ok(None);
        }
        Evaluator::new(self.network()?, dataset, Split::Validation).map(Box::new).map(Some)
    }

    fn order(&self, progress: &Progress) -> Result<Vec<u32>> {
        let pictures = self.dataset()?.len(Split::Train);
        Ok(batch::epoch_order(pictures, self.seed, u64::from(progress.epoch), progress.shuffle))
    }

    /// The optimizer that the options ask for. The present one goes on with what it
    /// remembers unless another rule is asked for.
    fn choose_optimizer(&self, options: &TrainOptions) -> Result<Optimizer> {
        let network = self.network()?;
        let present = self.optimizer.clone();
        let mut optimizer = match (&options.optimizer, present) {
            (Some(value), present) => {
                let spec = OptimizerSpec::from_value(value.clone()).map_err(Error::of_option)?;
                match present {
                    Some(mut present) if present.spec.rule == spec.rule => {
                        present.spec = spec;
                        present
                    }
                    _ => Optimizer::new(spec, &network.params),
                }
            }
            (None, Some(present)) => present,
            (None, None) => {
                Optimizer::new(network.spec().compile.optimizer.clone(), &network.params)
            }
        };
        if let Some(rate) = options.learning_rate {
            optimizer.spec.learning_rate = learning_rate(rate)?;
        }
        Ok(optimizer)
    }

    fn refuse_while_training(&self, what: &str) -> Result<()> {
        if self.is_training() {
            return Err(Error::state(format!("A run is under way; stop it before you {what}.")));
        }
        Ok(())
    }
}

/// The batch of a step: made here, or only its targets where its values were supplied.
fn prepare(
    dataset: &Dataset,
    recipe: &Recipe,
    epoch: u32,
    numbers: &[u32],
    supplied: Option<Vec<f32>>,
) -> Result<Prepared> {
    let count = dataset.len(Split::Train);
    if let Some(values) = supplied {
        let label = |index| dataset.label_of(Split::Train, index);
        let targets = recipe.targets(label, count, epoch, numbers)?;
        return Ok(Prepared { values, targets });
    }
    let picture = |index| dataset.picture(Split::Train, index);
    recipe.prepare(picture, dataset.shape(), count, epoch, numbers)
}

/// One training step: the gradient of each share of the batch, their sum in a fixed order,
/// the update. One worker has one share.
fn train_step(
    network: &mut Network,
    optimizer: &mut Optimizer,
    pictures: Tensor<4>,
    targets: &[Target],
    class_weights: &[f32],
    mode: Mode,
) -> Tensor<1> {
    let whole = targets.len();
    let share = network.gradients(pictures, targets, class_weights, whole, mode);
    let Share { metrics, gradients, statistics } = share;
    optimizer.update(&mut network.params, gradients);
    network.follow(statistics);
    metrics
}

fn no_data() -> Error {
    Error::state("There are no pictures yet; load a data set first.")
}
