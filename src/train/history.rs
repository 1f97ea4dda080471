//! What happened, per step and per epoch; and the events that tell it as it happens.

use serde::{Deserialize, Serialize};

use crate::data::preprocess::Fitted;

/// One training step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The epoch it belongs to, counted from 1.
    pub epoch: u32,
    /// Mean loss of its batch.
    pub loss: f32,
    /// Share of its batch that was classified rightly, 0 to 1.
    pub accuracy: f32,
}

/// One epoch: means over its steps, as Keras prints them, and over the validation split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: u32,
    /// Mean loss of the training pictures, each at the step it was trained in.
    pub loss: f64,
    /// Share of them classified rightly, 0 to 1.
    pub accuracy: f64,
    /// Mean loss of the validation pictures, after the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub val_loss: Option<f64>,
    /// Share of them classified rightly, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub val_accuracy: Option<f64>,
    /// The learning rate of its last step; runs of an older version do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub learning_rate: Option<f64>,
}

/// Everything that happened to the weights since they were drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Every step.
    pub steps: Vec<StepRecord>,
    /// Every finished epoch.
    pub epochs: Vec<EpochRecord>,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It did what it was asked for.
    Finished,
    /// Somebody stopped it; it can be resumed.
    Stopped,
    /// What it watched stopped improving.
    EarlyStopping,
    /// The loss is no longer a number.
    Diverged,
}

/// What a run tells while it goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Event {
    /// What is fitted to the training pictures before the first step has come this far.
    Fitting {
        /// What it is.
        what: Fitted,
        /// The pictures that it is fitted to.
        pictures: usize,
        /// The share of the work that is done: 1 where steps follow.
        share: f64,
    },
    /// A training step is done; its figures are those of its batch.
    Step {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The step within the epoch, counted from 1.
        step: usize,
        /// Steps in an epoch.
        steps: usize,
        /// Steps over the life of the weights.
        global_step: u64,
        /// Mean loss of the batch.
        loss: f32,
        /// Share of the batch classified rightly, 0 to 1.
        accuracy: f32,
        /// Pictures in the batch.
        images: usize,
        /// The rate that the step was taken with.
        learning_rate: f64,
    },
    /// An epoch is done, its validation included.
    Epoch(EpochRecord),
    /// Something that the user should know and that stops nothing.
    Warning {
        /// A stable name.
        code: String,
        /// A sentence.
        message: String,
    },
    /// The run is over; no event follows.
    Done {
        /// Why.
        reason: Reason,
        /// The epoch whose weights were put back, the best; nothing where the last ones stand.
        #[serde(skip_serializing_if = "Option::is_none")]
        restored_epoch: Option<u32>,
    },
}
