//! What a run is asked for, how it stands, and whether network, data and options fit.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::data::augment::Augmentation;
use crate::data::dataset::{Dataset, Split};
use crate::error::{Error, Result};
use crate::model::cost::step_bytes;
use crate::model::network::Network;
use crate::model::shape::size_field;
use crate::train::monitor::{EarlyStopping, ReduceOnPlateau};
use crate::train::team::pieces;

/// What `train` was asked for. Fields that are left out have the defaults given with them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TrainOptions {
    /// Epochs to train for; 1, or as many as `steps` needs.
    pub epochs: Option<f64>,
    /// Pictures a step; 32, as in Keras.
    pub batch_size: Option<f64>,
    /// Stop after so many steps; the run can be resumed.
    pub steps: Option<f64>,
    /// Another optimizer than the model's: a name or an object in Keras's terms.
    pub optimizer: Option<Value>,
    /// Another step size than the optimizer's.
    pub learning_rate: Option<f64>,
    /// A schedule of the step size, in Keras's terms ([`Schedule`]), counted from the run's
    /// first step; where it leaves out `initial_learning_rate`, it begins at `learning_rate`.
    ///
    /// [`Schedule`]: crate::train::schedule::Schedule
    pub schedule: Option<Value>,
    /// End the run when a figure stops improving ([`EarlyStopping`]); never.
    pub early_stopping: Option<Value>,
    /// Reduce the step size when a figure stops improving ([`ReduceOnPlateau`]); never.
    pub reduce_on_plateau: Option<Value>,
    /// What happens to training pictures, in Keras's names ([`Augmentation`]); nothing. What
    /// of it holds for all pictures, rescaling and standardising, belongs to the weights from
    /// then on.
    pub augmentation: Option<Value>,
    /// `"balanced"`, or one weight a class, as Keras has it: weighted losses are summed and
    /// divided by the number of pictures. All count alike without.
    pub class_weight: Option<Value>,
    /// Shuffle every epoch; true.
    pub shuffle: Option<bool>,
    /// Measure the validation split after every epoch; true.
    pub validate: Option<bool>,
    /// Go on with the run that was stopped or loaded.
    pub resume: bool,
}

impl TrainOptions {
    /// What may end the run, as it was asked for.
    ///
    /// # Errors
    /// `option` naming the field at fault.
    pub fn early_stopping(&self) -> Result<Option<EarlyStopping>> {
        let read = self.early_stopping.clone().map(EarlyStopping::from_value);
        read.transpose().map(Option::flatten)
    }

    /// What may reduce the run's step size, as it was asked for.
    ///
    /// # Errors
    /// `option` naming the field at fault.
    pub fn reduce_on_plateau(&self) -> Result<Option<ReduceOnPlateau>> {
        let read = self.reduce_on_plateau.clone().map(ReduceOnPlateau::from_value);
        read.transpose().map(Option::flatten)
    }
}

/// What may be changed while a run goes on. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TrainUpdate {
    /// Another step size, from the next step on.
    pub learning_rate: Option<f64>,
    /// Another last epoch.
    pub epochs: Option<f64>,
    /// Pictures a step, from the next epoch on.
    pub batch_size: Option<f64>,
}

/// Where a run begins and how long it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunInfo {
    /// The epoch it begins in, counted from 1 over the life of the weights.
    pub epoch: u32,
    /// Its last epoch.
    pub epochs: u32,
    /// Steps taken before.
    pub step: u64,
    /// Steps in an epoch.
    pub steps_per_epoch: usize,
    /// Steps still to take.
    pub total_steps: u64,
    /// Pictures a step.
    pub batch_size: usize,
    /// Batches of validation after each epoch; 0 without validation.
    pub validation_batches: usize,
    /// Whether something has to be fitted to the pictures before the first step.
    pub fitting: bool,
}

/// How a run goes, as a checkpoint keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The present epoch, counted from 1 over the life of the weights.
    pub epoch: u32,
    /// The last epoch of the run.
    pub epochs: u32,
    /// Steps taken in the present epoch.
    pub step: usize,
    /// Pictures a step.
    pub batch_size: usize,
    /// Whether every epoch is shuffled.
    pub shuffle: bool,
    /// Whether the validation split is measured after every epoch.
    pub validate: bool,
    /// Losses of the present epoch so far, summed over pictures.
    pub loss_sum: f64,
    /// Pictures of the present epoch so far that were classified rightly.
    pub correct: f64,
    /// Pictures of the present epoch so far.
    pub seen: u64,
    /// [`Dataset::fingerprint`] of the training pictures.
    pub fingerprint: u32,
    /// What happens to training pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augmentation: Option<Augmentation>,
    /// One weight a class; empty where all count alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_weight: Vec<f32>,
    /// What may end it, and how near that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// What may reduce its step size, and how near that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
    /// Pictures a step from the next epoch on, where they are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_batch_size: Option<usize>,
    /// The step size of the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
}

impl Progress {
    /// Whether nothing is left of the run.
    pub fn finished(&self) -> bool {
        self.epoch > self.epochs
    }

    /// Whether the weights of the best epoch are kept: until the run is finished, beside the
    /// present ones; then they are the present ones.
    pub fn keeps_best(&self) -> bool {
        let stopping = self.early_stopping.as_ref();
        stopping.is_some_and(|kept| kept.restore_best_weights && kept.best_epoch.is_some())
    }
}

/// A whole number of at least 1.
pub(crate) fn whole(field: &str, value: f64) -> Result<u64> {
    if value >= 1.0 && value.fract() == 0.0 && value <= 9e15 {
        return Ok(value as u64);
    }
    Err(Error::option(format!("{field} is a whole number of at least 1; it is {value}."))
        .field(field))
}

/// The seed that was asked for, or the session's.
pub(crate) fn seed_or(asked: Option<f64>, session: u64) -> Result<u64> {
    match asked {
        None => Ok(session),
        Some(seed) if seed >= 0.0 && seed.fract() == 0.0 && seed <= 9e15 => Ok(seed as u64),
        Some(seed) => {
            Err(Error::option(format!("The seed is a whole number of at least 0; it is {seed}."))
                .field("seed"))
        }
    }
}

pub(crate) fn learning_rate(rate: f64) -> Result<f64> {
    if rate.is_finite() && rate >= 0.0 {
        return Ok(rate);
    }
    Err(Error::option(format!("The learning rate is a number of at least 0; it is {rate}."))
        .field("learningRate"))
}

/// One weight a class from what was asked for: `"balanced"` makes every class count as much
/// as every other, with pictures / (classes * pictures of the class), as scikit-learn has it.
pub(crate) fn class_weights(asked: &Value, dataset: &Dataset) -> Result<Vec<f32>> {
    let classes = dataset.classes().len();
    let wrong = || {
        Error::option(format!(
            "classWeight is \"balanced\" or a list of {classes} numbers of at least 0, one a \
             class and not all 0; it is {asked}."
        ))
        .field("classWeight")
    };
    match asked {
        Value::String(name) if name == "balanced" => {
            let counts = dataset.info().counts[Split::Train].clone();
            let pictures = counts.iter().sum::<usize>() as f64;
            let present = counts.iter().filter(|count| **count > 0).count() as f64;
            // A class without pictures is never asked for its weight.
            let weight = |count: usize| pictures / (present * count.max(1) as f64);
            Ok(counts.into_iter().map(|count| weight(count) as f32).collect())
        }
        Value::Array(values) if values.len() == classes => {
            let number = |value: &Value| value.as_f64().map(|weight| weight as f32);
            let weights: Vec<f32> =
                values.iter().map(number).collect::<Option<_>>().ok_or_else(wrong)?;
            let sane = weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0);
            let some = weights.iter().any(|weight| *weight > 0.0);
            if sane && some { Ok(weights) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

/// Whether a network takes a data set's pictures and knows as many classes.
pub(crate) fn check_fit(network: &Network, dataset: &Dataset) -> Result<()> {
    let (wanted, given) = (network.spec().input_shape, dataset.shape());
    if wanted != given {
        return Err(Error::input_shape(format!(
            "The network takes pictures of {wanted:?} (height, width, channels), but {} has \
             {given:?}. Change input_shape to {given:?}.",
            dataset.name()
        ))
        .field("input_shape"));
    }
    let (outputs, classes) = (network.classes(), dataset.classes().len());
    if outputs != classes {
        let layers = &network.spec().layers;
        let last = layers.iter().rev().find(|layer| size_field(&layer.kind) != "layer");
        let last = last.or(layers.last());
        let name = last.map_or("", |layer| layer.name.as_str());
        let field = last.map_or("layer", |layer| size_field(&layer.kind));
        let name_of_set = dataset.name();
        let message = if network.spec().compile.loss.is_binary() {
            format!(
                "The network ends with one unit, for two classes, but {name_of_set} has \
                 {classes}. Change {field} to {classes}, the activation to softmax and the loss \
                 to categorical_crossentropy."
            )
        } else {
            format!(
                "The network has {outputs} outputs, but {name_of_set} has {classes} classes. \
                 Change {field} to {classes}."
            )
        };
        return Err(Error::class_count(message).layer(name).field(field));
    }
    Ok(())
}

/// Refuses a batch that cannot fit into a browser's memory, piece by piece where it is `cut` and its
/// pieces need not be there at once, before it is tried.
pub(crate) fn check_memory(network: &Network, batch_size: usize, cut: bool) -> Result<()> {
    const MOST_BYTES: u64 = 3 << 30;
    let [weights, picture] = step_bytes(network);
    let at_once = network.follows();
    let pieces = pieces(network, batch_size, cut).len() as u64;
    // Each piece has a graph of its own then: two arrangements of the weights, and their gradients.
    let graphs = if at_once { 3 * 4 * (pieces - 1) * network.weights() as u64 } else { 0 };
    let weights = weights.saturating_add(graphs);
    let pieces = if at_once { 1 } else { pieces };
    let pictures = picture.saturating_mul((batch_size as u64).div_ceil(pieces));
    let bytes = weights.saturating_add(pictures);
    if bytes > MOST_BYTES {
        let fits = MOST_BYTES.saturating_sub(weights) / picture.max(1) * pieces;
        return Err(Error::option(format!(
            "A step with {batch_size} pictures needs about {} MB, {} of them for the pictures and \
             {} for the weights, more than a tab can hold; at most {fits} pictures fit.",
            bytes / 1_000_000,
            pictures / 1_000_000,
            weights / 1_000_000,
        ))
        .field("batchSize"));
    }
    Ok(())
}
