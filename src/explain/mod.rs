//! What a network sees: its prediction for one picture, the maps inside, its filters.

use burn::tensor::Tensor;
use serde::Serialize;

use crate::data::batch;
use crate::device;
use crate::error::{Error, Result};
use crate::evaluate::metrics::softmax;
use crate::model::network::{Network, Value};
use crate::model::shape::find_layer;

/// A class and how sure the network is of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The class's name.
    pub label: String,
    /// 0 to 1.
    pub probability: f64,
}

/// Pictures inside the network: `count` of `height` x `width`, one after another.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureMaps {
    /// The layer that they belong to.
    pub layer: String,
    /// How many.
    pub count: usize,
    /// Rows of each.
    pub height: usize,
    /// Columns of each.
    pub width: usize,
    /// `count * height * width` values.
    pub data: Vec<f32>,
}

/// One picture as the network takes it.
fn upload(network: &Network, pixels: &[u8]) -> Tensor<4> {
    let shape = network.spec().input_shape;
    batch::upload_one(pixels, shape, &network.preprocessing, network.device())
}

/// Classifies one picture, given as pixels of the network's input shape; best class first.
///
/// # Errors
/// `device-lost` where the device fails.
pub async fn predict(
    network: &Network,
    names: &[String],
    pixels: &[u8],
) -> Result<Vec<Probability>> {
    let picture = upload(network, pixels);
    let logits = device::read(vec![network.logits(picture).flatten(0, 1)]).await?;
    let name = |class| names.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let mut classes: Vec<_> = softmax(&logits[0])
        .into_iter()
        .enumerate()
        .map(|(class, probability)| Probability { label: name(class), probability })
        .collect();
    classes.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    Ok(classes)
}

/// The output of a layer, its activation applied, for one picture: one map a channel.
///
/// # Errors
/// `option` for a layer that is not there or gives no pictures, `device-lost` where the
/// device fails.
pub async fn feature_maps(network: &Network, layer: &str, pixels: &[u8]) -> Result<FeatureMaps> {
    let index = find_layer(&network.spec().layers, layer)?;
    let name = &network.spec().layers[index].name;
    let picture = upload(network, pixels);
    let Value::Image(maps) = network.tap(picture, index) else {
        return Err(Error::option(
            "This layer gives a vector, not pictures; choose a layer before Flatten.",
        )
        .layer(name)
        .field("layer"));
    };
    let [_, count, height, width] = maps.dims();
    let data = device::read(vec![maps.flatten(0, 3)]).await?.swap_remove(0);
    Ok(FeatureMaps { layer: name.clone(), count, height, width, data })
}

/// The kernels of a convolution: one picture for each filter and input channel, filter by
/// filter. A depthwise or separable one has a picture for each channel and multiplier.
///
/// # Errors
/// `option` for a layer that is not there or is no convolution, `device-lost` where the
/// device fails.
pub async fn filters(network: &Network, layer: &str) -> Result<FeatureMaps> {
    let index = find_layer(&network.spec().layers, layer)?;
    let name = &network.spec().layers[index].name;
    // A separable convolution's filters are those that slide.
    let kernels = [format!("{name}/kernel"), format!("{name}/depthwise_kernel")];
    let place = network.param_infos().iter().position(|info| kernels.contains(&info.name));
    let shape = place.map(|place| network.param_infos()[place].shape.as_slice());
    let (Some(place), Some(&[filters, channels, height, width])) = (place, shape) else {
        return Err(Error::option("This layer has no filters; choose a convolution.")
            .layer(name)
            .field("layer"));
    };
    let data = device::read(vec![network.params[place].clone()]).await?.swap_remove(0);
    Ok(FeatureMaps { layer: name.clone(), count: filters * channels, height, width, data })
}
