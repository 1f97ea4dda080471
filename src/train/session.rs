//! The session: a network, its data and a run that is pulled forward.
//!
//! Nothing here runs by itself. Whoever owns the session calls [`Session::advance`], gets
//! events, and decides when to call again; so pause, single step and stop need no flags
//! here. A run passes through [`Phase::Training`] and [`Phase::Validating`] once an epoch
//! and ends in [`Phase::Over`], from where it can be resumed if it was stopped. What has to be
//! fitted to the pictures before its first step keeps it a [`Start`] until then.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor};

use crate::data::batch;
use crate::data::dataset::{Dataset, DatasetInfo, Split, SplitOptions};
use crate::data::prepare::{Recipe, Target};
use crate::data::preprocess::{Fitted, Fitting};
use crate::device;
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::model::base::{Base, BaseWeights};
use crate::model::network::{Mode, Network};
use crate::model::shape::{Summary, find_layer};
use crate::model::spec::ModelSpec;
use crate::model::transfer::as_base;
use crate::train::features::Features;
use crate::train::history::{Event, History, Reason};
use crate::train::optimizer::Optimizer;
use crate::train::options::{
    Progress, RunInfo, TrainOptions, TrainUpdate, check_memory, learning_rate, whole,
};
use crate::train::schedule::LearningRate;
use crate::train::team::{Brief, Team};
#[cfg(feature = "webgpu")]
use crate::train::uploaded::Uploaded;

mod ahead;
mod choose;
mod run;
mod start;

use run::{Good, Room};
use start::Start;

/// Memory for so many steps' records is there from a run's beginning on, at the most.
const MOST_RESERVED: u64 = 100_000;

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
    /// Whether they are made of what frozen layers make of the pictures.
    by_features: bool,
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
    room: Room,
}

impl Run {
    /// A run that nothing is done of yet.
    fn new(progress: Progress, recipe: Recipe) -> Self {
        Self {
            progress,
            recipe,
            by_features: false,
            order: Vec::new(),
            steps_left: 0,
            phase: Phase::Over,
            supplied: BTreeMap::new(),
            made_here: 0,
            planned: 0,
            good: None,
            next_good: None,
            best: None,
            room: Room::default(),
        }
    }
}

/// A network, its data and its run, on one device.
pub struct Session {
    pub(crate) device: Device,
    pub(crate) seed: u64,
    /// Whether our own kernels compute what they cover; Burn's operations do all otherwise.
    pub fast: bool,
    /// Whether what frozen layers make of the pictures is computed once and kept; otherwise every
    /// step computes its own.
    pub keep_features: bool,
    /// Whether batches are computed in pieces, see [`team`](crate::train::team): not so on a
    /// graphics processor, which wants much at a time.
    pub cut: bool,
    /// Among how many the pieces are dealt at the most.
    pub workers: usize,
    /// Who computes the shares of those after the first; without one they are computed here.
    pub team: Option<Box<dyn Team>>,
    pub(crate) dataset: Option<Dataset>,
    /// Names of the classes that the weights know, from the data or the checkpoint.
    pub(crate) classes: Vec<String>,
    pub(crate) network: Option<Network>,
    pub(crate) optimizer: Option<Optimizer>,
    pub(crate) history: History,
    run: Option<Run>,
    /// The run to come, while something is being fitted for it.
    start: Option<Start>,
    /// The weights of the pretrained base that models may begin with.
    base: Option<(Base, BaseWeights)>,
    /// Where the weights of frozen layers come from: 0 as [`set_model`](Self::set_model) gives
    /// them, a number of its own wherever they came to be otherwise.
    source: u64,
    /// How often that was so.
    sources: u64,
    /// What frozen layers make of the pictures.
    features: Option<Features>,
    /// The pictures on a graphics processor, where batches are made there.
    #[cfg(feature = "webgpu")]
    uploaded: Option<Uploaded>,
}

impl Session {
    /// An empty session. The same seed, device and calls give the same losses.
    pub fn new(device: Device, seed: u64) -> Self {
        Self {
            device,
            seed,
            fast: true,
            cut: true,
            keep_features: true,
            workers: 1,
            team: None,
            dataset: None,
            classes: Vec::new(),
            network: None,
            optimizer: None,
            history: History::default(),
            run: None,
            start: None,
            base: None,
            source: 0,
            sources: 0,
            features: None,
            #[cfg(feature = "webgpu")]
            uploaded: None,
        }
    }

    /// An empty session that computes as this one does, alone, and has the same base.
    pub fn alike(&self, seed: u64) -> Self {
        let base = self.base.clone();
        Self { fast: self.fast, cut: self.cut, base, ..Self::new(self.device.clone(), seed) }
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
        self.forget_pictures();
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
        self.forget_pictures();
        let dataset = self.dataset.as_mut().ok_or_else(no_data)?;
        let knows_them = self.classes == dataset.classes();
        change(dataset)?;
        if knows_them && self.classes.len() == dataset.classes().len() {
            self.classes = dataset.classes().to_vec();
        }
        Ok(dataset.info())
    }

    /// Lets go of what was made of the pictures so far.
    fn forget_pictures(&mut self) {
        self.features = None;
        #[cfg(feature = "webgpu")]
        {
            self.uploaded = None;
        }
    }

    /// Whether batches are made on a graphics processor, which nobody can do ahead.
    fn gathers(&self) -> bool {
        #[cfg(feature = "webgpu")]
        return self.uploaded.is_some();
        #[cfg(not(feature = "webgpu"))]
        false
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

    /// The names of the classes that the network's outputs stand for: those that it, or the base
    /// whose head it has, was trained on or, before its first step, those of the data, where they are
    /// as many.
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
        self.start.is_some() || self.is_stepping()
    }

    /// Whether a run is under way for which all is fitted.
    fn is_stepping(&self) -> bool {
        self.start.is_none()
            && self.run.as_ref().is_some_and(|run| !matches!(run.phase, Phase::Over))
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
        let mut network = Network::new(spec, self.seed, &self.device)?;
        network.fast = self.fast;
        if let Some((base, weights)) = &self.base {
            network.take(*base, weights)?;
        }
        self.optimizer = Some(Optimizer::new(optimizer, &network.params));
        self.network = Some(network);
        self.history = History::default();
        self.classes = self.classes_of_base();
        self.run = None;
        self.source = 0;
        Ok(summary)
    }

    /// The classes that a network with its base's own head was trained on; empty for others.
    fn classes_of_base(&self) -> Vec<String> {
        let (Some(network), Some((base, weights))) = (&self.network, &self.base) else {
            return Vec::new();
        };
        let head = network.spec().layers.last().is_some_and(|layer| layer.base == Some(*base));
        match head && weights.classes.len() == network.classes() {
            true => weights.classes.clone(),
            false => Vec::new(),
        }
    }

    /// Takes the weights of a pretrained base, for those of the present model's layers that lack
    /// them and for those of later models. What has learned, such as a checkpoint's layers, stays.
    ///
    /// # Errors
    /// `state` in the middle of a run, `checkpoint` where the weights are not those of the base; the
    /// model stays as it is then.
    pub fn take_base(&mut self, base: Base, weights: BaseWeights) -> Result<()> {
        self.refuse_while_training("load a pretrained base")?;
        let lacking = self.network.as_mut().filter(|network| network.lacking == Some(base));
        let took = lacking.map(|network| network.take(base, &weights)).transpose()?;
        self.base = Some((base, weights));
        if took.is_some() {
            self.classes = self.classes_of_base();
        }
        Ok(())
    }

    /// Freezes layers, or lets training change them again. The weights stay; the optimizer forgets
    /// what it remembered, as after Keras's `compile`.
    ///
    /// # Errors
    /// `state` in the middle of a run or without a model, `option` where a layer is unknown, `spec`
    /// where nothing would be left to train; nothing is changed then.
    pub fn set_trainable(&mut self, layers: &[String], trainable: bool) -> Result<Summary> {
        self.refuse_while_training("freeze layers")?;
        let network = self.network()?;
        let mut spec = network.spec().clone();
        for name in layers {
            let place = find_layer(&spec.layers, name)?;
            spec.layers[place].trainable = trainable;
        }
        let network = network.with_spec(spec, 0)?;
        let summary = Summary::of(network.spec())?;
        let before = self.optimizer.as_ref().map(|optimizer| optimizer.spec.clone());
        let optimizer = before.unwrap_or_else(|| network.spec().compile.optimizer.clone());
        self.optimizer = Some(Optimizer::new(optimizer, &network.params));
        self.network = Some(network);
        // What a run kept of the weights has another order.
        self.run = None;
        if !trainable {
            self.weights_came();
        }
        Ok(summary)
    }

    /// Takes a network with what the present one has learned: its layers up to the one called `last`,
    /// or all but its head, frozen, and a fresh head for the classes of the data set, or for so many.
    /// See [`as_base`].
    ///
    /// # Errors
    /// `state` in the middle of a run, without a model, or where the number of classes is not known;
    /// `option` where there is no such layer, `spec` where nothing up to it has weights; the present
    /// network stays then.
    pub fn use_as_base(&mut self, last: Option<&str>, classes: Option<usize>) -> Result<Summary> {
        self.refuse_while_training("use the network as a base")?;
        let classes = match classes {
            Some(classes) => classes,
            None => self.dataset()?.classes().len(),
        };
        let network = self.network()?;
        let spec = as_base(network.spec(), last, classes)?;
        let summary = Summary::of(&spec)?;
        let network = network.with_spec(spec, self.seed)?;
        let optimizer = network.spec().compile.optimizer.clone();
        self.optimizer = Some(Optimizer::new(optimizer, &network.params));
        self.network = Some(network);
        self.history = History::default();
        self.classes = Vec::new();
        self.run = None;
        self.weights_came();
        Ok(summary)
    }

    /// Gives the frozen layers the weights that they have in another network.
    pub(crate) fn keep_frozen(&mut self, of: &Network) {
        if let Some(network) = &mut self.network {
            network.keep_frozen(of);
            self.weights_came();
        }
    }

    /// Frozen layers have weights of another source from now on.
    fn weights_came(&mut self) {
        self.sources += 1;
        self.source = self.sources;
    }

    /// Gives back memory that steps keep for the next ones, as much as the weights take a few times:
    /// whoever is to copy those has it meanwhile.
    pub fn slim(&mut self) {
        if let Some(run) = &mut self.run {
            run.room.slim();
        }
    }

    /// Takes a step with copies of the weights and forgets it. What a graphics processor has to
    /// compile before a run's first step is compiled then, but for what gathers its pictures.
    ///
    /// # Errors
    /// `state` without a model, `device-lost` where the device no longer answers.
    pub async fn warm(&self) -> Result<()> {
        let network = self.network()?;
        let [height, width, channels] = network.spec().input_shape;
        let pictures = Tensor::zeros([1, channels, height, width], &self.device);
        let mode = Mode::Training { seed: 0, step: 0, first: 0 };
        let share = network.gradients(pictures, &[Target::from(0)], &[], 1, mode);
        if let Some(mut optimizer) = self.optimizer.clone() {
            optimizer.update(&mut network.params.clone(), share.gradients, self.fast);
        }
        device::read(vec![share.metrics]).await.map(|_| ())
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
        self.weights_came();
        let recipe = |progress: &Progress| self.recipe_of(progress, &network.preprocessing);
        self.run =
            progress.map(|progress| Run { best, ..Run::new(progress.clone(), recipe(&progress)) });
        self.network = Some(network);
    }

    /// The network at the end of the present run's best epoch, where early stopping keeps it.
    pub(crate) fn best(&self) -> Option<&Network> {
        self.run.as_ref().and_then(|run| run.best.as_ref())
    }

    /// Begins a run, or goes on with one. Where fitting something to the pictures takes more
    /// than a moment, [`advance`](Self::advance) does that first, and nothing is changed until
    /// it is done.
    ///
    /// # Errors
    /// `option` naming a wrong option, `state` where data, model or the run to resume is
    /// missing or another run is under way, `input-shape` and `class-count` where model and
    /// data do not fit, `storage` where a picture cannot be read. Nothing is changed then.
    pub fn start_training(&mut self, options: &TrainOptions) -> Result<RunInfo> {
        self.refuse_while_training("start another run")?;
        let (start, info) = Start::new(self, options)?;
        if start.fitting.is_over() {
            self.begin(start)?;
        } else {
            self.start = Some(start);
        }
        Ok(info)
    }

    /// All is fitted: the run has the weights from now on.
    fn begin(&mut self, start: Start) -> Result<()> {
        let Start { progress, optimizer, steps_left, resume, fitting } = start;
        let dataset = self.dataset()?;
        let classes = dataset.classes().to_vec();
        let steps_per_epoch = dataset.len(Split::Train).div_ceil(progress.batch_size);
        let order = self.order(&progress)?;
        let preprocessing = fitting.into_fitted();
        let recipe = self.recipe_of(&progress, &preprocessing);
        let kept = self.features.clone();
        let network = self.network()?;
        // Augmented pictures are others in every epoch.
        let features = match self.keep_features && recipe.augmentation.does_nothing() {
            true => Features::of(network, self.source, &preprocessing, dataset, kept),
            false => None,
        };
        let by_features = features.is_some();
        #[cfg(feature = "webgpu")]
        let uploaded = match self.fast && !by_features && Uploaded::covers(&recipe) {
            true => Uploaded::of(dataset, network.device(), self.uploaded.clone())?,
            false => None,
        };
        #[cfg(feature = "webgpu")]
        {
            self.uploaded = uploaded;
        }
        self.features = features.or(self.features.take());
        if let Some(network) = &mut self.network {
            network.preprocessing = preprocessing;
        }
        self.optimizer = Some(optimizer);
        self.classes = classes;
        let steps = u64::from(progress.epochs).saturating_mul(steps_per_epoch as u64);
        self.history.steps.reserve(steps.min(steps_left).min(MOST_RESERVED) as usize);
        // A run that was stopped between its last step and its validation goes on there.
        let evaluator = match progress.step {
            step if step >= steps_per_epoch => self.validation(&progress)?,
            _ => None,
        };
        let phase = evaluator.map_or(Phase::Training, Phase::Validating);
        // What a resumed run would go back to, or end with, it still would.
        let mut run = match self.run.take().filter(|_| resume) {
            Some(before) => Run { progress, recipe, ..before },
            None => Run::new(progress, recipe),
        };
        (run.order, run.steps_left, run.phase) = (order, steps_left, phase);
        run.room = Room::default();
        run.by_features = by_features;
        if run.good.is_none() {
            run.good = self.network.as_ref().map(|network| self.good(network, &run.progress));
        }
        self.run = Some(run);
        Ok(())
    }

    /// Changes a run while it goes on: the step size, which ends a schedule; the last epoch
    /// (never below the present one); from the next epoch on, the pictures a step.
    ///
    /// # Errors
    /// `option` naming a wrong value, `state` where there has been no run. Nothing is changed
    /// then. Of a run that is over the changes hold for what follows: a later last epoch makes
    /// it one to resume, and the rate stays the optimizer's.
    pub fn update_training(&mut self, update: &TrainUpdate) -> Result<()> {
        let pictures = self.dataset.as_ref().map(|dataset| dataset.len(Split::Train));
        let Some(network) = &self.network else {
            return Err(Error::state("No run is under way."));
        };
        let rate = update.learning_rate.map(learning_rate).transpose()?;
        let epochs = update.epochs.map(|epochs| whole("epochs", epochs)).transpose()?;
        let size = update.batch_size.map(|size| whole("batchSize", size)).transpose()?;
        let size = size.map(|size| (size as usize).min(pictures.unwrap_or(usize::MAX).max(1)));
        if let Some(size) = size {
            check_memory(network, size, self.cut)?;
        }
        // A run that is still waiting for what is fitted has nothing behind it to keep.
        let (progress, optimizer) = match (&mut self.start, &mut self.run, &mut self.optimizer) {
            (Some(start), ..) => {
                if let Some(size) = size {
                    start.progress.batch_size = size;
                }
                (&mut start.progress, &mut start.optimizer)
            }
            (None, Some(run), Some(optimizer)) => {
                if let Some(size) = size {
                    run.progress.next_batch_size =
                        (size != run.progress.batch_size).then_some(size);
                    run.planned = self.history.steps.len() as u64 + MOST_AHEAD;
                }
                (&mut run.progress, optimizer)
            }
            _ => return Err(Error::state("No run is under way.")),
        };
        if let Some(rate) = rate {
            optimizer.spec.learning_rate = LearningRate::Constant(rate);
        }
        if let Some(epochs) = epochs {
            let epochs = epochs.min(u64::from(u32::MAX)) as u32;
            progress.epochs = epochs.max(progress.epoch);
        }
        Ok(())
    }

    /// Ends the run where it is. It can be resumed, unless something was still being fitted:
    /// then all is as it was before it was started.
    pub fn stop_training(&mut self) -> Vec<Event> {
        if self.start.take().is_some() {
            return vec![Event::Done { reason: Reason::Stopped, restored_epoch: None }];
        }
        if !self.is_training() {
            return Vec::new();
        }
        self.end(Reason::Stopped, None)
    }

    /// Goes on by at most `n` training steps or validation batches and tells what happened.
    /// Stops short at the end of an epoch's steps, so that one call never mixes both. Where
    /// something has to be fitted first, a call is a piece of that, of some 10 ms. Empty where
    /// no run is under way.
    ///
    /// # Errors
    /// `device-lost` where the device fails; the weights are not to be trusted then. `storage`
    /// where a picture cannot be read.
    pub async fn advance(&mut self, n: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        self.advance_into(n, &mut events).await?;
        Ok(events)
    }

    /// The same, with the events after those that are there already.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub async fn advance_into(&mut self, n: usize, events: &mut Vec<Event>) -> Result<()> {
        if self.start.is_some() {
            events.extend(self.advance_fitting()?);
            return Ok(());
        }
        if let Some(event) = self.advance_features().await? {
            events.push(event);
            return Ok(());
        }
        match self.run.as_ref().map(|run| &run.phase) {
            None | Some(Phase::Over) => {}
            Some(Phase::Training) => self.advance_training(n.max(1), events).await?,
            Some(Phase::Validating(_)) => events.extend(self.advance_validation(n.max(1)).await?),
        }
        Ok(())
    }

    fn advance_fitting(&mut self) -> Result<Vec<Event>> {
        let (Some(dataset), Some(start)) = (&self.dataset, &mut self.start) else {
            return Ok(Vec::new());
        };
        let fitting = &mut start.fitting;
        // A thousand events tell as much as a hundred thousand.
        let told = |fitting: &Fitting| (fitting.share() * 1000.0) as u32;
        let before = told(fitting);
        let over = fitting.advance(|index| Ok(dataset.picture(Split::Train, index)?.0))?;
        let (what, pictures, share) = (fitting.what(), fitting.pictures(), fitting.share());
        let news = told(fitting) > before;
        if let Some(start) = self.start.take_if(|_| over) {
            self.begin(start)?;
        }
        Ok(if news { vec![Event::Fitting { what, pictures, share }] } else { Vec::new() })
    }

    /// Computes what the frozen layers make of the next few pictures; nothing where that is done,
    /// or each step computes its own.
    async fn advance_features(&mut self) -> Result<Option<Event>> {
        let (Some(run), Some(features), Some(network), Some(dataset)) =
            (&self.run, &mut self.features, &self.network, &self.dataset)
        else {
            return Ok(None);
        };
        if !run.by_features || matches!(run.phase, Phase::Over) {
            return Ok(None);
        }
        let splits = match run.progress.validate {
            true => &[Split::Train, Split::Validation][..],
            false => &[Split::Train],
        };
        let [done, pictures] = features.progress(dataset, splits);
        if done == pictures {
            return Ok(None);
        }
        features.advance(network, dataset, splits).await?;
        let [done, pictures] = features.progress(dataset, splits);
        let share = done as f64 / pictures as f64;
        Ok(Some(Event::Fitting { what: Fitted::Features, pictures, share }))
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

fn no_data() -> Error {
    Error::state("There are no pictures yet; load a data set first.")
}
