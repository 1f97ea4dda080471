//! The session: a network, its data and a run that is pulled forward.
//!
//! Nothing here runs by itself. Whoever owns the session calls [`Session::advance`], gets
//! events, and decides when to call again; so pause, single step and stop need no flags
//! here. A run passes through [`Phase::Training`] and [`Phase::Validating`] once an epoch
//! and ends in [`Phase::Over`], from where it can be resumed if it was stopped.

use std::collections::BTreeMap;

use burn::tensor::Device;

use crate::data::augment::Augmentation;
use crate::data::batch;
use crate::data::dataset::{Dataset, DatasetInfo, Split, SplitOptions};
use crate::data::prepare::Recipe;
use crate::data::preprocess::Preprocessing;
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::model::network::Network;
use crate::model::shape::Summary;
use crate::model::spec::ModelSpec;
use crate::train::history::{Event, History, Reason};
use crate::train::monitor::{EarlyStopping, ReduceOnPlateau};
use crate::train::optimizer::Optimizer;
use crate::train::options::{
    Progress, RunInfo, TrainOptions, TrainUpdate, check_fit, check_memory, class_weights,
    learning_rate, whole,
};
use crate::train::schedule::LearningRate;

mod ahead;
mod choose;
mod run;

use choose::check_watchers;
use run::Good;

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
    /// Batches of earlier steps than this are not taken from elsewhere: they may have been
    /// planned before their size was changed.
    made_here: u64,
    /// The steps that may have been planned when it was changed.
    planned: u64,
    /// Where it goes back to when it diverges.
    good: Option<Good>,
    /// The same, from the next step with a finite loss on.
    next_good: Option<Good>,
    /// The network at the end of its best epoch, where early stopping keeps it.
    best: Option<Network>,
}

impl Run {
    /// A run that nothing is done of yet.
    fn new(progress: Progress, recipe: Recipe) -> Self {
        Self {
            progress,
            recipe,
            order: Vec::new(),
            steps_left: 0,
            phase: Phase::Over,
            supplied: BTreeMap::new(),
            made_here: 0,
            planned: 0,
            good: None,
            next_good: None,
            best: None,
        }
    }
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
        best: Option<Network>,
    ) {
        self.optimizer = Some(optimizer);
        self.history = history;
        let recipe = |progress: &Progress| self.recipe_of(progress, &network.preprocessing);
        self.run =
            progress.map(|progress| Run { best, ..Run::new(progress.clone(), recipe(&progress)) });
        self.network = Some(network);
    }

    /// The network at the end of the present run's best epoch, where early stopping keeps it.
    pub(crate) fn best(&self) -> Option<&Network> {
        self.run.as_ref().and_then(|run| run.best.as_ref())
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
        let early_stopping = options.early_stopping()?;
        let reduce_on_plateau = options.reduce_on_plateau()?;

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
            if !agree(&early_stopping, &progress.early_stopping, EarlyStopping::same_settings) {
                return Err(differs("earlyStopping"));
            }
            let kept = &progress.reduce_on_plateau;
            if !agree(&reduce_on_plateau, kept, ReduceOnPlateau::same_settings) {
                return Err(differs("reduceOnPlateau"));
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
                early_stopping,
                reduce_on_plateau,
                next_batch_size: None,
                learning_rate: None,
            }
        };
        let validated = progress.validate && dataset.len(Split::Validation) > 0;
        check_watchers(&progress, &optimizer, validated)?;
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
        let later = pictures.div_ceil(progress.next_batch_size.unwrap_or(progress.batch_size));
        let remaining = steps_per_epoch.saturating_sub(progress.step) as u64
            + u64::from(progress.epochs.saturating_sub(progress.epoch)) * later as u64;
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
        // What a resumed run would go back to, or end with, it still would.
        let mut run = match self.run.take().filter(|_| options.resume) {
            Some(before) => Run { progress, recipe, ..before },
            None => Run::new(progress, recipe),
        };
        (run.order, run.steps_left, run.phase) = (order, steps_left, phase);
        if run.good.is_none() {
            run.good = self.network.as_ref().map(|network| self.good(network, &run.progress));
        }
        self.run = Some(run);
        Ok(info)
    }

    /// Changes a run while it goes on: the step size, which ends a schedule; the last epoch
    /// (never below the present one); from the next epoch on, the pictures a step.
    ///
    /// # Errors
    /// `option` naming a wrong value, `state` where no run is under way. Nothing is changed
    /// then.
    pub fn update_training(&mut self, update: &TrainUpdate) -> Result<()> {
        let pictures = self.dataset.as_ref().map(|dataset| dataset.len(Split::Train));
        let (Some(run), Some(optimizer), Some(network)) =
            (&mut self.run, &mut self.optimizer, &self.network)
        else {
            return Err(Error::state("No run is under way."));
        };
        let rate = update.learning_rate.map(learning_rate).transpose()?;
        let epochs = update.epochs.map(|epochs| whole("epochs", epochs)).transpose()?;
        let size = update.batch_size.map(|size| whole("batchSize", size)).transpose()?;
        let size = size.map(|size| (size as usize).min(pictures.unwrap_or(usize::MAX).max(1)));
        if let Some(size) = size {
            check_memory(network, size)?;
        }
        if let Some(rate) = rate {
            optimizer.spec.learning_rate = LearningRate::Constant(rate);
        }
        if let Some(epochs) = epochs {
            let epochs = epochs.min(u64::from(u32::MAX)) as u32;
            run.progress.epochs = epochs.max(run.progress.epoch);
        }
        if let Some(size) = size {
            run.progress.next_batch_size = (size != run.progress.batch_size).then_some(size);
            run.planned = self.history.steps.len() as u64 + MOST_AHEAD;
        }
        Ok(())
    }

    /// Ends the run where it is. It can be resumed.
    pub fn stop_training(&mut self) -> Vec<Event> {
        if !self.is_training() {
            return Vec::new();
        }
        self.end(Reason::Stopped, None)
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

    fn order(&self, progress: &Progress) -> Result<Vec<u32>> {
        let pictures = self.dataset()?.len(Split::Train);
        Ok(batch::epoch_order(pictures, self.seed, u64::from(progress.epoch), progress.shuffle))
    }

    pub(crate) fn refuse_while_training(&self, what: &str) -> Result<()> {
        if self.is_training() {
            return Err(Error::state(format!("A run is under way; stop it before you {what}.")));
        }
        Ok(())
    }
}

/// Whether what is asked for, where anything is, is what is kept.
fn agree<T>(asked: &Option<T>, kept: &Option<T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (asked, kept) {
        (None, _) => true,
        (Some(asked), Some(kept)) => same(asked, kept),
        (Some(_), None) => false,
    }
}

fn no_data() -> Error {
    Error::state("There are no pictures yet; load a data set first.")
}
