//! Shares of batches, for JavaScript: the class [`Replica`], in workers of their own, and the
//! replicas as `Core` hands work to them.

use std::pin::Pin;

use js_sys::{Array, Float32Array, Object, Promise, Uint8Array, Uint16Array, Uint32Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::JsResult;
use super::convert::set;
use crate::data::prepare::Recipe;
use crate::device;
use crate::error::Error;
use crate::model::spec::ModelSpec;
use crate::train::team::{self, Brief, Found, Leader, Task, Team};

#[wasm_bindgen]
extern "C" {
    /// Those who compute the other shares: `www/src/worker/replicas.ts`.
    pub type Replicas;
    /// A place for so many weights.
    #[wasm_bindgen(method)]
    fn weights(this: &Replicas, length: usize) -> Float32Array;
    /// Hands out these tasks, at the weights that lie there; for each whether somebody took it.
    #[wasm_bindgen(method)]
    fn begin(this: &Replicas, tasks: Array) -> Array;
    /// For each of them the next that came of it, or `undefined`.
    #[wasm_bindgen(method)]
    fn gather(this: &Replicas) -> Promise;
    #[wasm_bindgen(method)]
    fn spread(this: &Replicas, numbers: Float32Array);
    #[wasm_bindgen(method)]
    fn leave(this: &Replicas);

    /// Who hands a replica its task.
    #[wasm_bindgen(js_name = Leader)]
    pub type JsLeader;
    /// What the whole batch's numbers are, or `undefined`.
    #[wasm_bindgen(method)]
    fn agree(this: &JsLeader, numbers: Float32Array) -> Promise;

    /// A task, as [`Replicas::begin`] got it.
    pub type ShareTask;
    #[wasm_bindgen(method, getter)]
    fn step(this: &ShareTask) -> f64;
    #[wasm_bindgen(method, getter)]
    fn epoch(this: &ShareTask) -> u32;
    #[wasm_bindgen(method, getter)]
    fn batch(this: &ShareTask) -> usize;
    #[wasm_bindgen(method, getter)]
    fn cuts(this: &ShareTask) -> Vec<u32>;
    #[wasm_bindgen(method, getter)]
    fn numbers(this: &ShareTask) -> Vec<u32>;
    #[wasm_bindgen(method, getter)]
    fn pictures(this: &ShareTask) -> Vec<u32>;
    #[wasm_bindgen(method, getter)]
    fn labels(this: &ShareTask) -> Vec<u16>;
    #[wasm_bindgen(method, getter)]
    fn pixels(this: &ShareTask) -> Vec<u8>;

    /// What is said once of a run, as [`brief_to_js`] writes it.
    pub type RunBrief;
    #[wasm_bindgen(method, getter)]
    fn spec(this: &RunBrief) -> String;
    #[wasm_bindgen(method, getter)]
    fn recipe(this: &RunBrief) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn shape(this: &RunBrief) -> Vec<u32>;
    #[wasm_bindgen(method, getter, js_name = count)]
    fn pictures_in_all(this: &RunBrief) -> usize;
    #[wasm_bindgen(method, getter, js_name = classWeights)]
    fn class_weights(this: &RunBrief) -> Vec<f32>;
    #[wasm_bindgen(method, getter)]
    fn frozen(this: &RunBrief) -> Vec<f32>;
}

impl Team for Replicas {
    fn begin(&mut self, weights: &[&[f32]], tasks: Vec<Task>) -> Vec<bool> {
        let to = self.weights(weights.iter().map(|part| part.len()).sum());
        let mut first = 0;
        for part in weights {
            let end = first + part.len() as u32;
            to.subarray(first, end).copy_from(part);
            first = end;
        }
        let tasks =
            tasks.iter().map(|task| task_to_js(task).map_or(JsValue::UNDEFINED, Into::into));
        Replicas::begin(self, tasks.collect()).iter().map(|taken| taken.is_truthy()).collect()
    }

    fn gather(&mut self) -> Pin<Box<dyn Future<Output = Found>>> {
        let found = JsFuture::from(Replicas::gather(self));
        Box::pin(async {
            let found = found.await.map(|found| Array::from(&found)).unwrap_or_default();
            let share = |found: JsValue| found.dyn_into::<Float32Array>().ok();
            found.iter().map(|found| Some(share(found)?.to_vec())).collect()
        })
    }

    fn spread(&mut self, numbers: &[f32]) {
        Replicas::spread(self, Float32Array::from(numbers));
    }

    fn leave(&mut self) {
        Replicas::leave(self);
    }
}

impl Leader for JsLeader {
    fn agree(&mut self, numbers: &[f32]) -> Pin<Box<dyn Future<Output = Option<Vec<f32>>>>> {
        let all = JsFuture::from(JsLeader::agree(self, Float32Array::from(numbers)));
        Box::pin(async { Some(all.await.ok()?.dyn_into::<Float32Array>().ok()?.to_vec()) })
    }
}

fn task_to_js(task: &Task) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "step", task.step as f64)?;
    set(&object, "epoch", task.epoch)?;
    set(&object, "batch", task.batch as f64)?;
    set(&object, "cuts", Uint32Array::from(task.cuts.as_slice()))?;
    set(&object, "numbers", Uint32Array::from(task.numbers.as_slice()))?;
    set(&object, "pictures", Uint32Array::from(task.pictures.as_slice()))?;
    set(&object, "labels", Uint16Array::from(task.labels.as_slice()))?;
    set(&object, "pixels", Uint8Array::from(task.pixels.as_slice()))?;
    Ok(object)
}

pub(super) fn brief_to_js(brief: &Brief) -> JsResult<Object> {
    let object = Object::new();
    let shape = brief.shape.map(|side| side as u32);
    set(&object, "spec", brief.spec.to_value().to_string())?;
    set(&object, "recipe", Uint8Array::from(brief.recipe.to_bytes().as_slice()))?;
    set(&object, "shape", Uint32Array::from(&shape[..]))?;
    set(&object, "count", brief.pictures as f64)?;
    set(&object, "classWeights", Float32Array::from(brief.class_weights.as_slice()))?;
    set(&object, "frozen", Float32Array::from(brief.frozen.as_slice()))?;
    Ok(object)
}

/// Computes shares of a run's batches.
#[wasm_bindgen]
pub struct Replica(team::Replica);

#[wasm_bindgen]
impl Replica {
    /// A replica on a device of this name, for the run that `Core.brief` told of.
    pub async fn create(device: String, brief: RunBrief) -> JsResult<Replica> {
        let chosen = device::open(&device).await?;
        let shape: [u32; 3] = brief
            .shape()
            .try_into()
            .map_err(|_| Error::option("A shape is [height, width, channels].").field("shape"))?;
        let brief = Brief {
            spec: ModelSpec::from_json(&brief.spec())?,
            recipe: Recipe::from_bytes(&brief.recipe())?,
            shape: shape.map(|side| side as usize),
            pictures: brief.pictures_in_all(),
            class_weights: brief.class_weights(),
            frozen: brief.frozen(),
            fast: chosen.fast,
        };
        Ok(Self(team::Replica::new(brief, &chosen.device)?))
    }

    /// A share's loss and correct examples, its gradients and its statistics, one after another:
    /// put `into` memory, where it is given and long enough, else into fresh memory. `undefined` where
    /// the `leader` went on without it.
    pub async fn compute(
        &mut self,
        weights: Vec<f32>,
        task: ShareTask,
        into: Option<Float32Array>,
        mut leader: JsLeader,
    ) -> JsResult<Option<Float32Array>> {
        let task = Task {
            step: task.step() as u64,
            epoch: task.epoch(),
            batch: task.batch(),
            cuts: task.cuts(),
            numbers: task.numbers(),
            pictures: task.pictures(),
            labels: task.labels(),
            pixels: task.pixels(),
        };
        let Some(found) = self.0.compute(weights, &task, &mut leader).await? else {
            return Ok(None);
        };
        let length = found.len() as u32;
        let into = into.filter(|into| into.length() >= length);
        let into = into.map(|into| into.subarray(0, length));
        let into = into.unwrap_or_else(|| Float32Array::new_with_length(length));
        into.copy_from(found);
        Ok(Some(into))
    }
}
