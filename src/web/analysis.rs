//! Curves and maps of what an evaluation found, for JavaScript: in a module of its own, which
//! is loaded when they are opened.

use js_sys::{Float32Array, Float64Array, Object};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, set, to_js};
use crate::error::Error;
use crate::evaluate::curves::{one_vs_rest, thin};
use crate::evaluate::embedding::{Reduction, Tsne, TsneOptions};

/// Points of a curve that are handed out, about: more than a page has pixels.
const MOST_POINTS: usize = 1000;

/// Some of the numbers, by place.
fn chosen(numbers: &[f64], places: &[usize]) -> Float64Array {
    let chosen: Vec<f64> = places.iter().filter_map(|place| numbers.get(*place).copied()).collect();
    Float64Array::from(chosen.as_slice())
}

/// The curves of one class against all others: `labels`, and `probabilities`
/// `[labels][classes]`, as an evaluation's `predictions` have them.
///
/// `roc` has `thresholds`, `falsePositiveRate`, `truePositiveRate` and `area`;
/// `precisionRecall` has `thresholds`, `precision`, `recall` and `average`. Without pictures
/// that they need they are empty, and the number is null. They are thinned to about a
/// thousand points; the last of `precisionRecall`, where recall is 0, has the threshold
/// infinity.
#[wasm_bindgen]
pub fn curves(
    labels: Vec<u16>,
    probabilities: Vec<f32>,
    classes: usize,
    class: usize,
) -> JsResult<Object> {
    let (roc, pr) = one_vs_rest(&labels, &probabilities, classes, class)?;
    let wide = |thresholds: &[f32]| -> Vec<f64> {
        thresholds.iter().map(|threshold| f64::from(*threshold)).collect()
    };
    let (rate, kept) = (&roc.false_positive_rate, &roc.true_positive_rate);
    let places = thin(rate, kept, MOST_POINTS);
    let first = Object::new();
    set(&first, "thresholds", chosen(&wide(&roc.thresholds), &places))?;
    set(&first, "falsePositiveRate", chosen(rate, &places))?;
    set(&first, "truePositiveRate", chosen(kept, &places))?;
    set(&first, "area", roc.area.map_or(JsValue::NULL, JsValue::from))?;
    let mut thresholds = wide(&pr.thresholds);
    if !thresholds.is_empty() {
        thresholds.push(f64::INFINITY);
    }
    let places = thin(&pr.recall, &pr.precision, MOST_POINTS);
    let second = Object::new();
    set(&second, "thresholds", chosen(&thresholds, &places))?;
    set(&second, "precision", chosen(&pr.precision, &places))?;
    set(&second, "recall", chosen(&pr.recall, &places))?;
    set(&second, "average", pr.average.map_or(JsValue::NULL, JsValue::from))?;
    let object = Object::new();
    set(&object, "roc", first)?;
    set(&object, "precisionRecall", second)?;
    Ok(object)
}

/// What an [`Embedding`] is made with; what is left out is as [`TsneOptions`] has it.
#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Options {
    /// `pca` or `tsne`.
    method: String,
    perplexity: f64,
    seed: f64,
    theta: f64,
    iterations: f64,
}

impl Default for Options {
    fn default() -> Self {
        let TsneOptions { perplexity, seed, theta, iterations } = TsneOptions::default();
        let (seed, iterations) = (seed as f64, iterations as f64);
        Self { method: "tsne".into(), perplexity, seed, theta, iterations }
    }
}

enum Method {
    Pca(Reduction),
    Tsne(Tsne),
}

/// A map of points under way.
#[wasm_bindgen]
pub struct Embedding {
    method: Method,
    /// The largest share that was told.
    share: f64,
}

#[wasm_bindgen]
impl Embedding {
    /// Takes `points`, `[points][dimensions]` row by row, and `options`: `method`, `pca` or
    /// `tsne`, and for the latter `perplexity`, `seed`, `theta` and `iterations`.
    #[wasm_bindgen(constructor)]
    pub fn new(points: Vec<f32>, dimensions: usize, options: JsValue) -> JsResult<Embedding> {
        let Options { method, perplexity, seed, theta, iterations } = from_js(options, "embed")?;
        for (name, number) in [("seed", seed), ("iterations", iterations)] {
            if !(number >= 0.0 && number.fract() == 0.0 && number <= 9e15) {
                let message = format!("{name} is a whole number of at least 0; it is {number}.");
                return Err(Error::option(message).field(name).into());
            }
        }
        let (seed, iterations) = (seed as u64, iterations as usize);
        let count = points.len().checked_div(dimensions).unwrap_or(points.len());
        let method = match method.as_str() {
            "pca" => Method::Pca(Reduction::new(points, count, dimensions, 2, seed)?),
            "tsne" => {
                let options = TsneOptions { perplexity, seed, theta, iterations };
                Method::Tsne(Tsne::new(points, count, dimensions, options)?)
            }
            _ => {
                let message = format!("The method is pca or tsne, not {method}.");
                return Err(Error::option(message).field("method").into());
            }
        };
        Ok(Self { method, share: 0.0 })
    }

    /// Goes on by about `n` milliseconds of work, or by one piece; returns the share of it that
    /// is done, which never falls and is 1 where all is done, and only there.
    pub fn advance(&mut self, n: f64) -> f64 {
        let share = match &mut self.method {
            Method::Pca(reduction) => {
                reduction.advance(n.max(0.0));
                reduction.share()
            }
            Method::Tsne(tsne) => {
                tsne.advance(n.max(0.0));
                tsne.share()
            }
        };
        self.share = self.share.max(share);
        self.share
    }

    /// Where the points are, `[points][2]`: empty as long as none has a place.
    pub fn positions(&self) -> Float32Array {
        match &self.method {
            Method::Pca(reduction) if !reduction.is_over() => Float32Array::new_with_length(0),
            Method::Pca(reduction) => Float32Array::from(reduction.pca().positions.as_flattened()),
            Method::Tsne(tsne) => Float32Array::from(tsne.positions().as_flattened()),
        }
    }

    /// The shares of variance that the two components explain; null before all is done, where
    /// all points are the same, and for t-SNE.
    pub fn explained(&self) -> JsResult<JsValue> {
        match &self.method {
            Method::Pca(reduction) => to_js(&reduction.pca().explained),
            Method::Tsne(_) => Ok(JsValue::NULL),
        }
    }

    /// How far the map is from the neighbourhoods that it shows, as the divergence of Kullback
    /// and Leibler; null for principal components, and until it is known.
    pub fn divergence(&self) -> JsValue {
        match &self.method {
            Method::Pca(_) => JsValue::NULL,
            Method::Tsne(tsne) => tsne.kl().map_or(JsValue::NULL, JsValue::from),
        }
    }
}
