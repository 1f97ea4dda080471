//! Batches made beside training, for JavaScript: one class, [`Preparer`], in a worker of its
//! own.

use std::borrow::Cow;

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use crate::data::prepare::Recipe;
use crate::error::Error;

/// Makes the batches of one run.
#[wasm_bindgen]
pub struct Preparer {
    recipe: Recipe,
    shape: [usize; 3],
    count: usize,
}

#[wasm_bindgen]
impl Preparer {
    /// Takes the run's recipe, the shape of its pictures (height, width, channels) and the
    /// number of training pictures.
    #[wasm_bindgen(constructor)]
    pub fn new(recipe: &[u8], shape: &[u32], count: usize) -> JsResult<Preparer> {
        let &[height, width, channels] = shape else {
            let error = Error::option("A shape is [height, width, channels].");
            return Err(error.field("shape").into());
        };
        let shape = [height, width, channels].map(|side| side as usize);
        Ok(Self { recipe: Recipe::from_bytes(recipe)?, shape, count })
    }

    /// The values of the batch of these `numbers`; `pixels` are those of `pictures`, which
    /// `Core.batchToPrepare` lists.
    pub fn prepare(
        &self,
        epoch: u32,
        numbers: &[u32],
        pictures: &[u32],
        pixels: &[u8],
    ) -> JsResult<Float32Array> {
        let bytes = self.shape.iter().product::<usize>();
        let picture = |number: usize| {
            let place = pictures.binary_search(&(number as u32)).ok();
            let found = place.and_then(|place| pixels.get(place * bytes..(place + 1) * bytes));
            // Labels are known where the batch is used.
            found.map(|pixels| (Cow::Borrowed(pixels), 0)).ok_or_else(|| {
                Error::option(format!("Picture {number} is missing.")).field("pictures")
            })
        };
        let batch = self.recipe.prepare(picture, self.shape, self.count, epoch, numbers)?;
        Ok(batch.values.as_slice().into())
    }
}
