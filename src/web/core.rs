//! Devices, models, training and what comes of it, for JavaScript: the class [`Core`].

use js_sys::{Array, Object, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, predictions_to_js, set, to_js};
use super::look::Look;
use super::team::{Replicas, brief_to_js};
use crate::data::dataset::{Dataset, Split};
use crate::device::{self, Lost};
use crate::error::Error;
use crate::evaluate::Evaluator;
use crate::evaluate::cross_validation::{CrossValidation, FoldOptions};
use crate::evaluate::metrics::Measured;
use crate::explain;
use crate::model::base::Base;
use crate::model::preset::presets;
use crate::model::shape::{Summary, check_trainable, infer};
use crate::model::spec::ModelSpec;
use crate::store::{base, checkpoint};
use crate::train::finder::{Finder, FinderOptions};
use crate::train::options::{TrainOptions, TrainUpdate};
use crate::train::session::Session;

/// A session on a device, for JavaScript.
#[wasm_bindgen]
pub struct Core {
    pub(super) session: Session,
    device_name: String,
    lost: Option<Lost>,
    /// A data set that is being loaded beside the present one.
    pub(super) loading: Option<Dataset>,
    /// It is one that was kept: its pixels are put back.
    pub(super) restoring: bool,
    pub(super) evaluator: Option<Evaluator>,
    finder: Option<Finder>,
    cross_validation: Option<CrossValidation>,
    pub(super) look: Option<Look>,
}

#[wasm_bindgen]
impl Core {
    /// Opens a device, `cpu`, `flex`, `ndarray` or `webgpu`. WebGPU must also take a first training
    /// step with a finite loss.
    pub async fn create(device: String, seed: f64) -> JsResult<Core> {
        let seed = if seed >= 0.0 && seed.fract() == 0.0 && seed <= 9e15 {
            seed as u64
        } else {
            let error =
                Error::option(format!("The seed is a whole number of at least 0; it is {seed}."));
            return Err(error.field("seed").into());
        };
        let chosen = device::open(&device).await?;
        let mut session = Session::new(chosen.device, seed);
        session.fast = chosen.fast;
        session.cut = chosen.lost.is_none();
        if chosen.lost.is_some() {
            probe(&session, &chosen.name).await?;
        }
        Ok(Core {
            session,
            device_name: chosen.name,
            lost: chosen.lost,
            loading: None,
            restoring: false,
            evaluator: None,
            finder: None,
            cross_validation: None,
            look: None,
        })
    }

    /// What computes: burn-flex, with our kernels or without, burn-ndarray or the adapter's name.
    #[wasm_bindgen(js_name = deviceName)]
    pub fn device_name(&self) -> String {
        self.device_name.clone()
    }

    /// A promise of the reason why the GPU was lost; `undefined` on a CPU.
    #[wasm_bindgen(js_name = deviceLost)]
    pub fn device_lost(&self) -> Option<js_sys::Promise> {
        let lost = self.lost.clone()?;
        Some(wasm_bindgen_futures::future_to_promise(async move { Ok(lost.await.into()) }))
    }

    /// Takes a model with fresh weights.
    #[wasm_bindgen(js_name = setModel)]
    pub fn set_model(&mut self, spec: &str) -> JsResult<JsValue> {
        let summary = self.session.set_model(ModelSpec::from_json(spec)?)?;
        self.forget();
        to_js(&summary)
    }

    /// The name of the pretrained base whose weights the present model still lacks; `undefined`
    /// where there is none.
    #[wasm_bindgen(js_name = lackingBase)]
    pub fn lacking_base(&self) -> Option<String> {
        let network = self.session.network().ok()?;
        network.lacking.map(|base| base.name().to_owned())
    }

    /// Takes the weights of a pretrained base, for the present model and later ones.
    #[wasm_bindgen(js_name = takeBase)]
    pub fn take_base(&mut self, name: &str, bytes: &[u8]) -> JsResult<()> {
        let base = Base::of(name)
            .ok_or_else(|| Error::option(format!("There is no base {name}.")).field("base"))?;
        let weights = base::read(bytes, &self.session.network()?.device().clone())?;
        Ok(self.session.take_base(base, weights)?)
    }

    /// The names of the classes that the network's outputs stand for; empty where it knows none.
    #[wasm_bindgen(js_name = classNames)]
    pub fn class_names(&self) -> Array {
        self.session.class_names().iter().map(|name| JsValue::from_str(name)).collect()
    }

    /// Freezes layers, by their names, or lets training change them again.
    #[wasm_bindgen(js_name = setTrainable)]
    pub fn set_trainable(&mut self, layers: Vec<String>, trainable: bool) -> JsResult<JsValue> {
        let summary = self.session.set_trainable(&layers, trainable)?;
        self.forget();
        to_js(&summary)
    }

    /// Takes the network's layers up to one, or all but its head, frozen, with a fresh head.
    #[wasm_bindgen(js_name = useAsBase)]
    pub fn use_as_base(
        &mut self,
        last: Option<String>,
        classes: Option<usize>,
    ) -> JsResult<JsValue> {
        let summary = self.session.use_as_base(last.as_deref(), classes)?;
        self.forget();
        to_js(&summary)
    }

    /// Has the device compile what a run of the present model needs.
    pub async fn warm(&self) -> JsResult<()> {
        Ok(self.session.warm().await?)
    }

    /// Checks a spec, counts, writes every option out, and says why it cannot be trained where
    /// it cannot; changes nothing.
    #[wasm_bindgen(js_name = inspectModel)]
    pub fn inspect_model(&self, spec: &str) -> JsResult<Object> {
        let spec = ModelSpec::from_json(spec)?;
        let summary = Summary::of(&spec)?;
        let object = Object::new();
        set(&object, "summary", to_js(&summary)?)?;
        set(&object, "spec", spec.to_value().to_string())?;
        let untrainable = check_trainable(&spec, &infer(&spec)?).err();
        set(&object, "untrainable", untrainable.map_or(JsValue::NULL, JsValue::from))?;
        Ok(object)
    }

    /// The present model's spec, every option written out.
    pub fn spec(&self) -> JsResult<String> {
        Ok(self.session.network()?.spec().to_value().to_string())
    }

    /// The nets of the lessons for pictures of a shape in so many classes.
    pub fn presets(&self, shape: Vec<usize>, classes: usize) -> JsResult<JsValue> {
        let shape: [usize; 3] = shape
            .try_into()
            .map_err(|_| Error::option("A shape is [height, width, channels].").field("shape"))?;
        to_js(&presets(shape, classes))
    }

    /// Begins a run or goes on with one.
    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(&mut self, options: JsValue) -> JsResult<JsValue> {
        let options: TrainOptions = from_js(options, "train")?;
        to_js(&self.session.start_training(&options)?)
    }

    /// Goes on by at most `n` training steps or validation batches, or by a piece of fitting.
    pub async fn advance(&mut self, n: usize) -> JsResult<JsValue> {
        to_js(&self.session.advance(n).await?)
    }

    /// What a `Preparer` of the present run's batches is made with: the recipe, the shape of
    /// the pictures and the number of training pictures. `undefined` without a run.
    pub fn recipe(&self) -> JsResult<JsValue> {
        let Some(recipe) = self.session.recipe() else { return Ok(JsValue::UNDEFINED) };
        let dataset = self.session.dataset()?;
        let shape = dataset.shape().map(|side| side as u32);
        let object = Object::new();
        set(&object, "recipe", Uint8Array::from(recipe.to_bytes().as_slice()))?;
        set(&object, "shape", Uint32Array::from(&shape[..]))?;
        set(&object, "count", dataset.len(Split::Train) as f64)?;
        Ok(object.into())
    }

    /// Deals the pieces of every batch among so many workers; those after the first are these
    /// replicas.
    #[wasm_bindgen(js_name = setTeam)]
    pub fn set_team(&mut self, workers: usize, replicas: Replicas) {
        self.session.workers = workers.max(1);
        self.session.team = Some(Box::new(replicas));
    }

    /// What a `Replica` for the present run is made with; `undefined` without a run, and where its
    /// batches are not cut.
    pub fn brief(&self) -> JsResult<JsValue> {
        self.session.brief().map_or(Ok(JsValue::UNDEFINED), |brief| Ok(brief_to_js(&brief)?.into()))
    }

    /// What the batch of the step `ahead` of the next is made of, for a `Preparer`;
    /// `undefined` past the run's end.
    #[wasm_bindgen(js_name = batchToPrepare)]
    pub fn batch_to_prepare(&self, ahead: usize) -> JsResult<JsValue> {
        let (Some(recipe), Some(plan)) =
            (self.session.recipe(), self.session.upcoming(ahead + 1)?.into_iter().nth(ahead))
        else {
            return Ok(JsValue::UNDEFINED);
        };
        let dataset = self.session.dataset()?;
        let pictures = recipe.pictures(dataset.len(Split::Train), plan.epoch, &plan.numbers);
        let mut pixels = Vec::with_capacity(pictures.len() * dataset.picture_bytes());
        for &picture in &pictures {
            pixels.extend_from_slice(&dataset.picture(Split::Train, picture as usize)?.0);
        }
        let object = Object::new();
        set(&object, "step", plan.step as f64)?;
        set(&object, "epoch", plan.epoch)?;
        set(&object, "numbers", Uint32Array::from(plan.numbers.as_slice()))?;
        set(&object, "pictures", Uint32Array::from(pictures.as_slice()))?;
        set(&object, "pixels", Uint8Array::from(pixels.as_slice()))?;
        Ok(object.into())
    }

    /// Takes the values of a step's batch, made by a `Preparer`. False where they are of no
    /// use any more.
    pub fn supply(&mut self, step: f64, values: Vec<f32>) -> JsResult<bool> {
        Ok(self.session.supply(step as u64, values)?)
    }

    /// Changes a run while it goes on.
    #[wasm_bindgen(js_name = updateTraining)]
    pub fn update_training(&mut self, options: JsValue) -> JsResult<()> {
        let update: TrainUpdate = from_js(options, "update")?;
        Ok(self.session.update_training(&update)?)
    }

    /// Ends the run where it is.
    #[wasm_bindgen(js_name = stopTraining)]
    pub fn stop_training(&mut self) -> JsResult<JsValue> {
        to_js(&self.session.stop_training())
    }

    /// Begins to measure a split on a snapshot of the weights; returns the batches to do.
    #[wasm_bindgen(js_name = startEvaluation)]
    pub fn start_evaluation(&mut self, split: JsValue) -> JsResult<usize> {
        let split: Split = from_js(split, "split")?;
        let evaluator = self.session.evaluator(split)?;
        Ok(self.evaluator.insert(evaluator.keeping_predictions()).batches())
    }

    /// Measures at most `n` batches more; the result after the last, `undefined` before. Its
    /// property `predictions` has what was predicted for every picture, as typed arrays.
    #[wasm_bindgen(js_name = advanceEvaluation)]
    pub async fn advance_evaluation(&mut self, n: usize) -> JsResult<JsValue> {
        let evaluator = self
            .evaluator
            .as_mut()
            .ok_or_else(|| Error::state("No evaluation is under way; start one first."))?;
        match evaluator.advance(self.session.dataset()?, n).await? {
            None => Ok(JsValue::UNDEFINED),
            Some(Measured { evaluation, predictions }) => {
                self.evaluator = None;
                let object = Object::from(to_js(&evaluation)?);
                if let Some(predictions) = predictions {
                    set(&object, "predictions", predictions_to_js(&predictions)?)?;
                }
                Ok(object.into())
            }
        }
    }

    /// Forgets the evaluation that is under way.
    #[wasm_bindgen(js_name = cancelEvaluation)]
    pub fn cancel_evaluation(&mut self) {
        self.evaluator = None;
    }

    /// Begins to look for a learning rate on a copy of the weights; returns the steps to take.
    #[wasm_bindgen(js_name = startLearningRateFinder)]
    pub fn start_learning_rate_finder(&mut self, options: JsValue) -> JsResult<usize> {
        let options: FinderOptions = from_js(options, "findLearningRate")?;
        let finder = Finder::new(&mut self.session, &options)?;
        Ok(self.finder.insert(finder).steps())
    }

    /// Takes at most `n` of its steps more and tells what they gave: `point` events and, with
    /// the last, `done`.
    #[wasm_bindgen(js_name = advanceLearningRateFinder)]
    pub async fn advance_learning_rate_finder(&mut self, n: usize) -> JsResult<JsValue> {
        let finder = self
            .finder
            .as_mut()
            .ok_or_else(|| Error::state("No learning rate is being looked for; start first."))?;
        to_js(&finder.advance(&mut self.session, n).await?)
    }

    /// Forgets the copy that a learning rate is being looked for with.
    #[wasm_bindgen(js_name = cancelLearningRateFinder)]
    pub fn cancel_learning_rate_finder(&mut self) {
        self.finder = None;
    }

    /// Begins a cross-validation with the present model and data; returns what is known of its
    /// folds. The options are those of training, and `folds`.
    #[wasm_bindgen(js_name = startCrossValidation)]
    pub fn start_cross_validation(&mut self, options: JsValue) -> JsResult<JsValue> {
        let folds: FoldOptions = from_js(options.clone(), "crossValidate")?;
        let options: TrainOptions = from_js(options, "crossValidate")?;
        let begun = CrossValidation::new(&mut self.session, &folds, &options)?;
        to_js(&self.cross_validation.insert(begun).info())
    }

    /// Goes on by at most `n` of its steps or batches and tells what they gave: `fold`,
    /// `training` and `scores` events and, with the last, `done`.
    #[wasm_bindgen(js_name = advanceCrossValidation)]
    pub async fn advance_cross_validation(&mut self, n: usize) -> JsResult<JsValue> {
        let begun = self
            .cross_validation
            .as_mut()
            .ok_or_else(|| Error::state("No cross-validation is under way; start one first."))?;
        to_js(&begun.advance(&mut self.session, n).await?)
    }

    /// Forgets the cross-validation that is under way.
    #[wasm_bindgen(js_name = cancelCrossValidation)]
    pub fn cancel_cross_validation(&mut self) {
        self.cross_validation = None;
    }

    /// Classifies a picture given as RGBA.
    pub async fn predict(&self, rgba: Vec<u8>, width: usize, height: usize) -> JsResult<JsValue> {
        let pixels = self.fitted(&rgba, width, height)?;
        let network = self.session.network()?;
        to_js(&explain::predict(network, self.session.class_names(), &pixels).await?)
    }

    /// The session as a checkpoint's bytes.
    pub async fn save(&mut self) -> JsResult<Uint8Array> {
        self.session.slim();
        Ok(checkpoint::save(&self.session).await?.as_slice().into())
    }

    /// Puts a checkpoint's contents into the session.
    pub fn load(&mut self, bytes: &[u8]) -> JsResult<JsValue> {
        let info = checkpoint::load(&mut self.session, bytes)?;
        self.forget();
        to_js(&info)
    }

    /// What was under way with another model.
    fn forget(&mut self) {
        (self.evaluator, self.finder, self.cross_validation) = (None, None, None);
        self.look = None;
    }
}

/// One training step of a small net on the device: whether it computes at all.
async fn probe(session: &Session, name: &str) -> Result<(), Error> {
    let failed = |reason: String| {
        Error::webgpu_failed(format!(
            "WebGPU ({name}) failed at its first training step: {reason}. Choose the device cpu."
        ))
    };
    let classes = vec!["0".to_owned(), "1".to_owned()];
    let mut dataset = Dataset::new("probe".into(), classes, [8, 8, 1])?;
    let pixels: Vec<u8> = (0..=255).collect();
    dataset.push(Split::Train, &[0, 1, 0, 1], &pixels)?;
    let mut probe = Session::new(session.device.clone(), 1);
    probe.set_dataset(dataset)?;
    probe.set_model(ModelSpec::from_json(
        r#"{"input_shape": [8, 8, 1], "layers": [
            {"layer": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"},
            {"layer": "MaxPooling2D"}, {"layer": "Flatten"},
            {"layer": "Dense", "units": 2, "activation": "softmax"}]}"#,
    )?)?;
    probe.start_training(&TrainOptions { batch_size: Some(4.0), ..TrainOptions::default() })?;
    probe.advance(1).await.map_err(|error| failed(error.to_string()))?;
    match probe.history().steps.first() {
        Some(step) if step.loss.is_finite() => Ok(()),
        _ => Err(failed("its loss is not a number".into())),
    }
}

/// The devices that this build has.
#[wasm_bindgen(js_name = availableDevices)]
pub fn available_devices() -> Array {
    device::AVAILABLE.iter().map(|name| JsValue::from_str(name)).collect()
}

/// Does so many rounds of 96 multiplications and additions, as fast as the machine can: what
/// `cargo xtask bench training` measures the kernels against.
#[cfg(feature = "cpu")]
#[wasm_bindgen(js_name = multiplyAdds)]
pub fn multiply_adds(rounds: u32) -> f32 {
    cnn_lab_kernels::peak::multiply_adds(rounds)
}
