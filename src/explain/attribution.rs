//! Which pixels a decision rests on: the methods under one roof, pulled forward batch by batch.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::evaluate::metrics::argmax;
use crate::explain::grad_cam::GradCam;
use crate::explain::occlusion::Occlusion;
use crate::explain::saliency::{IntegratedGradients, Saliency};
use crate::explain::{Found, check_label, convolves, picture_layer, probabilities};
use crate::model::cost::evaluation_batch;
use crate::model::network::Network;
use crate::model::shape::Shape;

/// How a decision is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A layer's maps, weighed by their mean gradients (Selvaraju and others 2017).
    GradCam,
    /// The same with weights for several things of a kind in one picture (Chattopadhay and
    /// others 2018).
    #[serde(rename = "grad-cam++")]
    GradCamPlusPlus,
    /// The gradient by each pixel (Simonyan and others 2014).
    Saliency,
    /// Its mean over noisy copies of the picture (Smilkov and others 2017).
    SmoothGrad,
    /// The gradients on the way from a black picture to this one (Sundararajan and others 2017).
    IntegratedGradients,
    /// What covering a part of the picture takes from the class's probability (Zeiler and
    /// Fergus 2014).
    Occlusion,
}

/// What is to be explained, and how. What is left out is chosen.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AttributionOptions {
    /// `grad-cam` where it is left out.
    pub method: Option<Method>,
    /// The class; the likeliest.
    pub label: Option<usize>,
    /// For Grad-CAM: whose maps; those of the last convolution.
    pub layer: Option<String>,
    /// For SmoothGrad: noisy copies, 25.
    pub samples: Option<usize>,
    /// For SmoothGrad: the noise's deviation as a share of the picture's range of values, 0.15.
    pub noise: Option<f32>,
    /// For integrated gradients: steps of the way at first, 64. They are doubled, up to 1,024,
    /// until what they add up to is within 1 % of what it should be.
    pub steps: Option<usize>,
    /// For occlusion: the side of the square that covers, in pixels; a seventh of the picture's.
    pub size: Option<usize>,
    /// For occlusion: pixels from one place to the next; half the side.
    pub stride: Option<usize>,
    /// Repeats the noise.
    pub seed: Option<u32>,
}

/// What a decision rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// How it was found.
    pub method: Method,
    /// The class that it speaks for.
    pub label: usize,
    /// The layer whose maps were weighed.
    pub layer: Option<String>,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height * width` values. Those of integrated gradients and occlusion have a sign.
    pub data: Vec<f32>,
    /// The class's probability.
    pub probability: f64,
    /// For integrated gradients: the sum of all of them, and the difference that it should be,
    /// between the class's score for this picture and for a black one.
    pub completeness: Option<[f64; 2]>,
}

enum Work {
    GradCam(GradCam),
    Saliency(Saliency),
    Integrated(IntegratedGradients),
    Occlusion(Occlusion),
}

/// An explanation under way. It holds the weights as they were when it began, so training may
/// go on beside it.
pub struct Attributor {
    network: Network,
    method: Method,
    label: usize,
    layer: Option<String>,
    probability: f64,
    /// Pictures a batch.
    batch: usize,
    work: Work,
}

impl Attributor {
    /// Begins to explain what the network makes of a picture, given as pixels of its input
    /// shape.
    ///
    /// # Errors
    /// `option` naming a wrong option, `device-lost` where the device fails.
    pub async fn new(
        network: &Network,
        pixels: &[u8],
        options: &AttributionOptions,
    ) -> Result<Self> {
        let probabilities = probabilities(network, pixels).await?;
        let rounded: Vec<f32> = probabilities.iter().map(|&one| one as f32).collect();
        let label = check_label(network, options.label.unwrap_or_else(|| argmax(&rounded)))?;
        let method = options.method.unwrap_or(Method::GradCam);
        let whole = |field: &str, given: Option<usize>, least, most, usual| match given {
            None => Ok(usual),
            Some(given) if (least..=most).contains(&given) => Ok(given),
            Some(given) => {
                let message =
                    format!("{field} is a whole number from {least} to {most}, not {given}.");
                Err(Error::option(message).field(field))
            }
        };
        let mut layer = None;
        let work = match method {
            Method::GradCam | Method::GradCamPlusPlus => {
                let index = match &options.layer {
                    Some(layer) => picture_layer(network, layer)?,
                    None => last_maps(network)?,
                };
                layer = Some(network.spec().layers[index].name.clone());
                Work::GradCam(GradCam::new(pixels, index, method == Method::GradCamPlusPlus))
            }
            Method::Saliency => Work::Saliency(Saliency::new(network, pixels, 1, 0.0, 0)),
            Method::SmoothGrad => {
                let noise = options.noise.unwrap_or(0.15);
                if !(0.0..=1.0).contains(&noise) {
                    let message = format!("noise is a share from 0 to 1, not {noise}.");
                    return Err(Error::option(message).field("noise"));
                }
                let samples = whole("samples", options.samples, 1, 1000, 25)?;
                let seed = options.seed.unwrap_or(0);
                Work::Saliency(Saliency::new(network, pixels, samples, noise, seed))
            }
            Method::IntegratedGradients => {
                let steps = whole("steps", options.steps, 1, 1024, 64)?;
                Work::Integrated(IntegratedGradients::new(network, pixels, steps))
            }
            Method::Occlusion => {
                let [height, width, _] = network.spec().input_shape;
                let side = height.min(width);
                let size = whole("size", options.size, 1, side, side.div_ceil(7))?;
                let stride = whole("stride", options.stride, 1, size, size.div_ceil(2))?;
                Work::Occlusion(Occlusion::new(network, pixels, size, stride))
            }
        };
        // A pass back needs about as much again, and other calls wait for a batch to end.
        let batch = evaluation_batch(network).div_ceil(4);
        let probability = probabilities[label];
        Ok(Self { network: network.clone(), method, label, layer, probability, batch, work })
    }

    /// Pictures that went through the network, and those that will have at the end. That grows
    /// where integrated gradients need smaller steps.
    pub fn progress(&self) -> [usize; 2] {
        match &self.work {
            Work::GradCam(_) => [0, 1],
            Work::Saliency(work) => work.progress(),
            Work::Integrated(work) => work.progress(),
            Work::Occlusion(work) => work.progress(),
        }
    }

    /// Goes on by a batch; the result after the last.
    ///
    /// # Errors
    /// `device-lost` where the device fails.
    pub async fn advance(&mut self) -> Result<Option<Attribution>> {
        let Self { network, label, batch, probability, work, .. } = self;
        let (label, batch) = (*label, *batch);
        let found = match work {
            Work::GradCam(work) => Some(work.find(network, label).await?),
            Work::Saliency(work) => work.advance(network, label, batch).await?,
            Work::Integrated(work) => work.advance(network, label, batch).await?,
            Work::Occlusion(work) => work.advance(network, label, batch, *probability).await?,
        };
        Ok(found.map(|Found { height, width, data, completeness }| Attribution {
            method: self.method,
            label,
            layer: self.layer.clone(),
            height,
            width,
            data,
            probability: self.probability,
            completeness,
        }))
    }
}

/// The last convolution or, without one, the last layer that gives pictures.
fn last_maps(network: &Network) -> Result<usize> {
    let layers = &network.spec().layers;
    let picture = |index: &usize| matches!(network.shapes()[*index], Shape::Image(_));
    let convolution = (0..layers.len()).rev().find(|&index| convolves(&layers[index].kind));
    convolution.or_else(|| (0..layers.len()).rev().find(picture)).ok_or_else(|| {
        Error::option("This network has no layer with maps, which Grad-CAM needs.").field("method")
    })
}
