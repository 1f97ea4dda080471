//! What is inside a network, for JavaScript: maps, kernels, explanations, vital signs.

use js_sys::{Array, Float32Array, Object, Uint8Array, Uint16Array, Uint32Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::convert::{from_js, maps_to_js, set, to_js};
use super::{Core, JsResult};
use crate::data::dataset::Split;
use crate::data::decode;
use crate::error::{Error, Result};
use crate::explain::{
    self, Attribution, Attributor, Dream, Dreamer, Exciter, Exciting, Hidden, Hider, Move, Stage,
};

/// What takes long, under way; one at a time.
pub(super) enum Look {
    Attribution(Box<Attributor>),
    Dream(Box<Dreamer>),
    Exciting(Box<Exciter>),
    Hidden(Box<Hider>),
}

/// What is looked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Attribution,
    Dream,
    Exciting,
    Hidden,
}

#[derive(Deserialize)]
struct ExcitingOptions {
    split: Split,
    layer: String,
}

#[derive(Deserialize)]
struct HiddenOptions {
    split: Split,
    limit: usize,
}

#[wasm_bindgen]
impl Core {
    /// The maps of layers, given by their names, for a picture given as RGBA.
    #[wasm_bindgen(js_name = featureMaps)]
    pub async fn feature_maps(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        layers: Vec<String>,
    ) -> JsResult<Array> {
        let pixels = self.fitted(&rgba, width, height)?;
        let maps = explain::feature_maps(self.session.network()?, &layers, &pixels).await?;
        maps.into_iter().map(maps_to_js).collect()
    }

    /// The kernels of a convolution.
    pub async fn filters(&self, layer: &str) -> JsResult<Object> {
        maps_to_js(explain::filters(self.session.network()?, layer).await?)
    }

    /// Begins to look for something: `attribution` (of a picture given as RGBA), `dream`,
    /// `exciting` or `hidden`, with the present weights. What was looked for before is given up.
    #[wasm_bindgen(js_name = startLook)]
    pub async fn start_look(
        &mut self,
        kind: JsValue,
        options: JsValue,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
    ) -> JsResult<()> {
        self.look = None;
        let network = self.session.network()?;
        let kind: Kind = from_js(kind, "look")?;
        self.look = Some(match kind {
            Kind::Attribution => {
                let pixels = self.fitted(&rgba, width, height)?;
                let options = from_js(options, "explain")?;
                Look::Attribution(Attributor::new(network, &pixels, &options).await?.into())
            }
            Kind::Dream => Look::Dream(Dreamer::new(network, &from_js(options, "dream")?)?.into()),
            Kind::Exciting => {
                let ExcitingOptions { split, layer } = from_js(options, "exciting")?;
                let dataset = self.session.dataset()?;
                Look::Exciting(Exciter::new(network, dataset, split, &layer)?.into())
            }
            Kind::Hidden => {
                let HiddenOptions { split, limit } = from_js(options, "hidden")?;
                let dataset = self.session.dataset()?;
                Look::Hidden(Hider::new(network, dataset, split, limit)?.into())
            }
        });
        Ok(())
    }

    /// How much is done, and how much there is to do.
    #[wasm_bindgen(js_name = lookProgress)]
    pub fn look_progress(&self) -> Vec<usize> {
        let progress = match &self.look {
            None => [0, 0],
            Some(Look::Attribution(look)) => look.progress(),
            Some(Look::Dream(look)) => look.progress(),
            Some(Look::Exciting(look)) => look.progress(),
            Some(Look::Hidden(look)) => look.progress(),
        };
        progress.into()
    }

    /// Goes on by at most `n` batches or steps; what was found after the last, `undefined`
    /// before.
    #[wasm_bindgen(js_name = advanceLook)]
    pub async fn advance_look(&mut self, n: usize) -> JsResult<JsValue> {
        let Self { look, session, .. } = self;
        let look = look
            .as_mut()
            .ok_or_else(|| Error::state("Nothing is being looked for; start first."))?;
        for _ in 0..n.max(1) {
            let found = match look {
                Look::Attribution(look) => look.advance().await?.map(attribution),
                Look::Dream(look) => {
                    let channels = session.network()?.spec().input_shape[2];
                    look.advance(1).await?.map(|found| dream(&found, channels))
                }
                Look::Exciting(look) => look.advance(session.dataset()?).await?.map(exciting),
                Look::Hidden(look) => look.advance(session.dataset()?).await?.map(hidden),
            };
            if let Some(found) = found {
                self.look = None;
                return Ok(found?.into());
            }
        }
        Ok(JsValue::UNDEFINED)
    }

    /// Gives up what is being looked for.
    #[wasm_bindgen(js_name = cancelLook)]
    pub fn cancel_look(&mut self) {
        self.look = None;
    }

    /// The vital signs of the present weights.
    pub async fn vitals(&self) -> JsResult<JsValue> {
        to_js(&explain::vitals(&self.session).await?)
    }

    /// A training step on a picture given as RGBA, of class `label`, that is taken back.
    #[wasm_bindgen(js_name = slowMotion)]
    pub async fn slow_motion(
        &self,
        rgba: Vec<u8>,
        width: usize,
        height: usize,
        label: usize,
    ) -> JsResult<Object> {
        let pixels = self.fitted(&rgba, width, height)?;
        let found = explain::slow_motion(&self.session, &pixels, label).await?;
        let object = Object::new();
        set(&object, "loss", found.loss)?;
        set(&object, "lossAfter", found.loss_after)?;
        set(&object, "probabilities", to_js(&found.probabilities)?)?;
        set(&object, "probabilitiesAfter", to_js(&found.probabilities_after)?)?;
        set(&object, "optimizer", found.optimizer)?;
        set(&object, "learningRate", found.learning_rate)?;
        set(&object, "stages", found.stages.iter().map(stage).collect::<JsResult<Array>>()?)?;
        set(&object, "moves", found.moves.iter().map(moved).collect::<JsResult<Array>>()?)?;
        Ok(object)
    }
}

impl Core {
    /// A picture given as RGBA in the size and colours of the network's input.
    pub(super) fn fitted(&self, rgba: &[u8], width: usize, height: usize) -> Result<Vec<u8>> {
        decode::fit(rgba, width, height, self.session.network()?.spec().input_shape)
    }
}

fn floats(values: &[f32]) -> Float32Array {
    Float32Array::from(values)
}

fn attribution(found: Attribution) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "method", to_js(&found.method)?)?;
    set(&object, "label", found.label as f64)?;
    set(&object, "layer", to_js(&found.layer)?)?;
    set(&object, "height", found.height as f64)?;
    set(&object, "width", found.width as f64)?;
    set(&object, "data", floats(&found.data))?;
    set(&object, "probability", found.probability)?;
    set(&object, "completeness", to_js(&found.completeness)?)?;
    Ok(object)
}

fn dream(found: &Dream, channels: usize) -> JsResult<Object> {
    let object = Object::new();
    let rgba = decode::to_rgba(&found.pixels, channels);
    set(&object, "pixels", Uint8Array::from(rgba.as_slice()))?;
    set(&object, "scores", to_js(&found.scores)?)?;
    Ok(object)
}

fn exciting(found: Exciting) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "layer", found.layer)?;
    set(&object, "filters", found.filters as f64)?;
    set(&object, "kept", found.kept as f64)?;
    set(&object, "indices", Uint32Array::from(found.indices.as_slice()))?;
    set(&object, "values", floats(&found.values))?;
    Ok(object)
}

fn hidden(found: Hidden) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "layer", to_js(&found.layer)?)?;
    set(&object, "length", found.length as f64)?;
    set(&object, "indices", Uint32Array::from(found.indices.as_slice()))?;
    set(&object, "labels", Uint16Array::from(found.labels.as_slice()))?;
    set(&object, "data", floats(&found.data))?;
    Ok(object)
}

fn stage(stage: &Stage) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "layer", stage.layer.as_str())?;
    for (key, size) in ["count", "height", "width"].into_iter().zip(stage.size) {
        set(&object, key, size as f64)?;
    }
    set(&object, "values", floats(&stage.values))?;
    set(&object, "gradients", floats(&stage.gradients))?;
    Ok(object)
}

fn moved(one: &Move) -> JsResult<Object> {
    let object = Object::new();
    set(&object, "name", one.name.as_str())?;
    set(&object, "shape", to_js(&one.shape)?)?;
    set(&object, "before", floats(&one.before))?;
    set(&object, "gradients", floats(&one.gradients))?;
    set(&object, "after", floats(&one.after))?;
    Ok(object)
}
