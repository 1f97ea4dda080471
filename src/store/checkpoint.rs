//! A checkpoint: all that a run needs to go on exactly where it was.
//!
//! The container is safetensors, so other tools can open the weights: each parameter stands
//! under its own name (`conv2d/kernel`, filters first, as [`ParamInfo`] says; moving
//! statistics too, `batch_normalization/moving_mean`) and each
//! optimizer slot under `optimizer/SLOT/NAME`. Beside them, under the metadata key
//! `cnn-lab`, stands JSON with the spec, class names, preprocessing, seed, optimizer, run
//! and history. Numbers are written so that they read back to the last bit. Where the optimizer has
//! taken no step its slots may be missing, and so may it and the history.

use std::borrow::Cow;
use std::collections::HashMap;

use burn::tensor::{Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{KEY, VERSION, ZCA};
use crate::data::augment::Augmentation;
use crate::data::preprocess::Preprocessing;
use crate::device;
use crate::error::{Error, Result};
use crate::model::network::{Network, ParamInfo};
use crate::model::shape::Summary;
use crate::model::spec::ModelSpec;
use crate::train::history::History;
use crate::train::monitor::{EarlyStopping, ReduceOnPlateau};
use crate::train::optimizer::{Optimizer, OptimizerSpec};
use crate::train::options::Progress;
use crate::train::schedule::LearningRate;
use crate::train::session::Session;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    version: u32,
    spec: Value,
    classes: Vec<String>,
    preprocessing: Preparation,
    seed: u64,
    optimizer: Value,
    iterations: u64,
    /// Steps taken when the optimizer's schedule began.
    #[serde(default, skip_serializing_if = "is_zero")]
    schedule_start: i64,
    run: Option<Progress>,
    #[serde(default)]
    history: History,
}

fn is_zero(steps: &i64) -> bool {
    *steps == 0
}

/// What happens to a picture before the network sees it.
#[derive(Serialize, Deserialize)]
struct Preparation {
    /// How other sizes are fitted.
    fit: String,
    /// What happens to its values then.
    #[serde(flatten)]
    values: Preprocessing,
}

/// What a loaded checkpoint holds, for the page.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadedInfo {
    /// The model's summary.
    pub summary: Summary,
    /// The model's spec, as JSON text.
    pub spec: String,
    /// The classes' names; empty for weights that were never trained.
    pub classes: Vec<String>,
    /// The run that it was saved in.
    pub run: Option<LoadedRun>,
    /// What happened to the weights.
    pub history: History,
}

/// A run as a checkpoint holds it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoadedRun {
    /// The epoch it stands in, counted from 1.
    pub epoch: u32,
    /// Steps taken in that epoch.
    pub step: usize,
    /// Its last epoch.
    pub epochs: u32,
    /// Pictures a step.
    pub batch_size: usize,
    /// Whether nothing is left to do.
    pub finished: bool,
    /// The optimizer's name.
    pub optimizer: String,
    /// Its present step size.
    pub learning_rate: f64,
    /// The schedule that sets it.
    pub schedule: Option<Value>,
    /// What happens to its training pictures.
    pub augmentation: Option<Augmentation>,
    /// Its weights, one a class; empty where all count alike.
    pub class_weight: Vec<f32>,
    /// What may end it.
    pub early_stopping: Option<EarlyStopping>,
    /// What may reduce its step size.
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
}

struct Floats {
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl View for Floats {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        // Made one tensor at a time, when it is written: all of them would be as much again.
        let mut bytes = Vec::with_capacity(self.data_len());
        self.values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        Cow::Owned(bytes)
    }
    fn data_len(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}

fn slot_name(slot: &str, param: &str) -> String {
    format!("optimizer/{slot}/{param}")
}

/// The weights of the best epoch, where early stopping keeps them.
fn best_name(param: &str) -> String {
    format!("best/{param}")
}

/// Writes a session's network, optimizer, run and history.
///
/// # Errors
/// `state` where there is no model, `device-lost` where the device fails.
pub async fn save(session: &Session) -> Result<Vec<u8>> {
    let network = session.network()?;
    let optimizer = session
        .optimizer
        .as_ref()
        .ok_or_else(|| Error::state("There is no model yet; set one first."))?;
    let infos = network.param_infos();
    let own = |info: &ParamInfo| (info.name.clone(), info.shape.clone());
    let mut places: Vec<_> = infos.iter().map(own).collect();
    let mut tensors = network.params.clone();
    for (slot, values) in optimizer.spec.rule.slots().iter().zip(&optimizer.slots) {
        places.extend(infos.iter().map(|info| (slot_name(slot, &info.name), info.shape.clone())));
        tensors.extend(values.iter().cloned());
    }
    places.extend(network.state_infos().iter().map(own));
    tensors.extend(network.state.iter().cloned());
    let unfinished = session.progress().is_some_and(|run| !run.finished());
    if let Some(best) = session.best().filter(|_| unfinished) {
        let all = infos.iter().chain(network.state_infos());
        places.extend(all.map(|info| (best_name(&info.name), info.shape.clone())));
        tensors.extend(best.params.iter().chain(&best.state).cloned());
    }
    let values = device::read(tensors).await?;
    let views = places.into_iter().zip(values);
    let views = views.map(|((name, shape), values)| (name, Floats { shape, values }));
    let zca = &network.preprocessing.zca;
    let side = zca.len().isqrt();
    let whitening = (side > 0)
        .then(|| (ZCA.to_owned(), Floats { shape: vec![side, side], values: zca.to_vec() }));
    let views = views.chain(whitening);
    let metadata = Metadata {
        version: VERSION,
        spec: network.spec().to_value(),
        classes: session.classes.clone(),
        preprocessing: Preparation { fit: "stretch".into(), values: network.preprocessing.clone() },
        seed: session.seed,
        optimizer: optimizer.spec.to_value(),
        iterations: optimizer.iterations,
        schedule_start: optimizer.schedule_start,
        run: session.progress().cloned(),
        history: session.history.clone(),
    };
    let write =
        |error: String| Error::checkpoint(format!("The checkpoint cannot be written: {error}."));
    let json = serde_json::to_string(&metadata).map_err(|error| write(error.to_string()))?;
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), json)])))
        .map_err(|error| write(error.to_string()))
}

/// Puts a checkpoint's contents into a session. Its data set stays; a run can be resumed
/// once the data that it was trained with is loaded.
///
/// # Errors
/// `checkpoint` where the bytes are none, are cut off, or do not fit together; `state` in
/// the middle of a run. The session stays as it was then.
pub fn load(session: &mut Session, bytes: &[u8]) -> Result<LoadedInfo> {
    if session.is_training() {
        return Err(Error::state("A run is under way; stop it before you load a checkpoint."));
    }
    let not_one = |reason: String| {
        Error::checkpoint(format!(
            "This file is not a checkpoint of this lab, or it was cut off ({reason}). Choose a \
             file that Save wrote."
        ))
    };
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| not_one(error.to_string()))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| not_one(error.to_string()))?;
    let json = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
    let json = json.ok_or_else(|| not_one("it holds tensors, but no training session".into()))?;
    let version: Value = serde_json::from_str(json).map_err(|error| not_one(error.to_string()))?;
    if version["version"] != VERSION {
        return Err(Error::checkpoint(format!(
            "This checkpoint is of version {}; this lab reads version {VERSION}.",
            version["version"]
        ))
        .field("version"));
    }
    let metadata: Metadata =
        serde_json::from_value(version).map_err(|error| not_one(error.to_string()))?;

    let inside = |error: Error| Error::checkpoint(format!("The checkpoint is damaged: {error}"));
    let spec = ModelSpec::from_value(metadata.spec).map_err(inside)?;
    let summary = Summary::of(&spec).map_err(inside)?;
    let mut network = Network::new(spec, metadata.seed, &session.device).map_err(inside)?;
    network.fast = session.fast;
    let infos = network.param_infos().to_vec();
    if !metadata.classes.is_empty() && metadata.classes.len() != network.classes() {
        return Err(Error::checkpoint("The checkpoint's class names do not fit its network."));
    }
    let floats = |name: &str, shape: &[usize]| -> Result<Vec<f32>> {
        let view = tensors.tensor(name).ok();
        let view = view.filter(|view| view.dtype() == Dtype::F32 && view.shape() == shape);
        let view = view.ok_or_else(|| {
            Error::checkpoint(format!("The checkpoint lacks {name} of shape {shape:?}."))
                .field(name)
        })?;
        let (values, _) = view.data().as_chunks::<4>();
        Ok(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    };
    let tensor = |name: &str, shape: &[usize]| -> Result<Tensor<1>> {
        let values = floats(name, shape)?;
        let length = values.len();
        Ok(Tensor::from_data(TensorData::new(values, [length]), &session.device))
    };
    let load_all =
        |infos: &[ParamInfo], named: &dyn Fn(&str) -> String| -> Result<Vec<Tensor<1>>> {
            infos.iter().map(|info| tensor(&named(&info.name), &info.shape)).collect()
        };
    let state = network.state_infos().to_vec();
    let own_name = |name: &str| name.to_owned();
    network.params = load_all(&infos, &own_name)?;
    network.state = load_all(&state, &own_name)?;
    network.lacking = None;
    let mut preprocessing = metadata.preprocessing.values;
    let input = network.spec().input_shape;
    if preprocessing.zca_epsilon.is_some() {
        let values: usize = input.iter().product();
        preprocessing.zca = floats(ZCA, &[values, values])?.into();
    }
    if !preprocessing.fits(input) {
        return Err(Error::checkpoint("The checkpoint's preprocessing does not fit its network.")
            .field("preprocessing"));
    }
    network.preprocessing = preprocessing;
    let optimizer = match metadata.optimizer {
        Value::Null => network.spec().compile.optimizer.clone(),
        value => OptimizerSpec::from_value(value).map_err(inside)?,
    };
    let mut optimizer = if metadata.iterations == 0 {
        // It remembers nothing yet; files made of other formats have no slots.
        Optimizer::new(optimizer, &network.params)
    } else {
        let slots = optimizer.rule.slots().iter();
        let slots = slots.map(|slot| load_all(&infos, &|name| slot_name(slot, name)));
        Optimizer::with_slots(optimizer, slots.collect::<Result<_>>()?)
    };
    optimizer.iterations = metadata.iterations;
    optimizer.schedule_start = metadata.schedule_start;
    let run = metadata.run;
    let nothing =
        |run: &Progress| run.batch_size == 0 || run.epoch == 0 || run.next_batch_size == Some(0);
    if run.as_ref().is_some_and(nothing) {
        return Err(
            Error::checkpoint("The checkpoint's run has no batch or no epoch.").field("run")
        );
    }

    let mut best = None;
    if let Some(run) = run.as_ref().filter(|run| run.keeps_best()) {
        let mut network = network.clone();
        if !run.finished() {
            network.params = load_all(&infos, &best_name)?;
            network.state = load_all(&state, &best_name)?;
        }
        best = Some(network);
    }

    let info = LoadedInfo {
        summary,
        spec: network.spec().to_value().to_string(),
        classes: metadata.classes.clone(),
        run: run.as_ref().map(|run| LoadedRun {
            epoch: run.epoch,
            step: run.step,
            epochs: run.epochs,
            batch_size: run.batch_size,
            finished: run.finished(),
            optimizer: optimizer.spec.name().into(),
            learning_rate: optimizer.learning_rate(),
            schedule: match &optimizer.spec.learning_rate {
                LearningRate::Schedule(schedule) => Some(schedule.to_value()),
                LearningRate::Constant(_) => None,
            },
            augmentation: run.augmentation.clone(),
            class_weight: run.class_weight.clone(),
            early_stopping: run.early_stopping.clone(),
            reduce_on_plateau: run.reduce_on_plateau.clone(),
        }),
        history: metadata.history.clone(),
    };
    session.seed = metadata.seed;
    session.classes = metadata.classes;
    session.restore(network, optimizer, metadata.history, run, best);
    Ok(info)
}
