//! What a run begins with, from what was asked for.

use super::Session;
use super::choose::check_watchers;
use crate::data::augment::Augmentation;
use crate::data::dataset::Split;
use crate::data::preprocess::Fitting;
use crate::error::{Error, Result};
use crate::model::cost::evaluation_batch;
use crate::train::monitor::{EarlyStopping, ReduceOnPlateau};
use crate::train::optimizer::Optimizer;
use crate::train::options::{
    Progress, RunInfo, TrainOptions, check_fit, check_memory, class_weights, whole,
};

/// A run that has not begun: all that takes the place of what the session has once it does.
pub(super) struct Start {
    pub(super) progress: Progress,
    pub(super) optimizer: Optimizer,
    /// Steps until this call's `steps` are done.
    pub(super) steps_left: u64,
    /// Whether it goes on with the run before.
    pub(super) resume: bool,
    /// What its pictures go through; being fitted, perhaps.
    pub(super) fitting: Fitting,
}

impl Start {
    /// Checks what was asked for; changes nothing.
    ///
    /// # Errors
    /// Those of [`Session::start_training`].
    pub(super) fn new(session: &Session, options: &TrainOptions) -> Result<(Self, RunInfo)> {
        let dataset = session.dataset()?;
        let network = session.network()?;
        if dataset.classes().len() < 2 {
            return Err(Error::data_missing(
                "All pictures are of one class, so there is nothing to tell apart. Add pictures \
                 of another class.",
            )
            .file(dataset.name()));
        }
        check_fit(network, dataset)?;
        if let Some(base) = network.lacking {
            return Err(Error::state(format!(
                "The weights of the pretrained base {} are not loaded yet. Set the model again.",
                base.name()
            )));
        }
        let fingerprint = dataset.fingerprint();
        let pictures = dataset.len(Split::Train);
        if pictures == 0 {
            return Err(Error::data_missing("The training split is empty; leave pictures in it.")
                .field("split"));
        }
        let steps = options.steps.map(|steps| whole("steps", steps)).transpose()?;
        let epochs = options.epochs.map(|epochs| whole("epochs", epochs)).transpose()?;
        let batch_size = options.batch_size.map(|size| whole("batchSize", size)).transpose()?;
        let optimizer = session.choose_optimizer(options)?;
        let augmentation = options.augmentation.as_ref().map(Augmentation::from_value);
        let augmentation = augmentation.transpose()?;
        let class_weight = options.class_weight.as_ref();
        let class_weight = class_weight.map(|asked| class_weights(asked, dataset)).transpose()?;
        let early_stopping = options.early_stopping()?;
        let reduce_on_plateau = options.reduce_on_plateau()?;

        let done = session.history.epochs.last().map_or(0, |epoch| epoch.epoch);
        let progress = if options.resume {
            let progress =
                session.progress().filter(|progress| !progress.finished()).ok_or_else(|| {
                    Error::state("There is no unfinished run to resume; train without resume.")
                })?;
            if progress.fingerprint != fingerprint {
                return Err(Error::state(
                    "The data is not what the run was trained with: load the same set with the \
                     same limit and division, or train without resume.",
                ));
            }
            if progress.step > pictures.div_ceil(progress.batch_size.max(1)) {
                return Err(Error::checkpoint(
                    "The run to resume is past the end of its epoch; train without resume.",
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
            check_memory(network, batch_size, session.cut)?;
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
        // A run that goes on has what was fitted when it began.
        let mut fitting = if options.resume {
            Fitting::over(network.preprocessing.clone())
        } else {
            let present = &network.preprocessing;
            Fitting::new(&settings, dataset.shape(), pictures, fingerprint, present)?
        };
        // Where a single piece is all, nobody has to wait for it.
        fitting.advance(|index| Ok(dataset.picture(Split::Train, index)?.0))?;
        let validation = if progress.validate { dataset.len(Split::Validation) } else { 0 };
        let steps_per_epoch = pictures.div_ceil(progress.batch_size);
        let later = pictures.div_ceil(progress.next_batch_size.unwrap_or(progress.batch_size));
        let remaining = steps_per_epoch.saturating_sub(progress.step) as u64
            + u64::from(progress.epochs.saturating_sub(progress.epoch)) * later as u64;
        let steps_left = steps.unwrap_or(u64::MAX);
        let info = RunInfo {
            epoch: progress.epoch,
            epochs: progress.epochs,
            step: session.history.steps.len() as u64,
            steps_per_epoch,
            total_steps: steps_left.min(remaining),
            batch_size: progress.batch_size,
            validation_batches: validation.div_ceil(evaluation_batch(network)),
            fitting: !fitting.is_over(),
        };
        Ok((Self { progress, optimizer, steps_left, resume: options.resume, fitting }, info))
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
