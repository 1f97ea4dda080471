//! The maps between the layers, and the kernels that make them.

use crate::device;
use crate::error::{Error, Result};
use crate::explain::{picture_layer, pictures, upload};
use crate::model::network::Network;
use crate::model::shape::find_layer;

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
    /// Of kernels: what is added to each filter's sums; empty where nothing is, and for maps.
    pub bias: Vec<f32>,
}

/// The outputs of these layers, activations applied, for one picture, in one pass: one map a
/// channel.
///
/// # Errors
/// `option` for a layer that is not there or gives no pictures, `device-lost` where the
/// device fails.
pub async fn feature_maps(
    network: &Network,
    layers: &[String],
    pixels: &[u8],
) -> Result<Vec<FeatureMaps>> {
    let layers: Vec<usize> =
        layers.iter().map(|layer| picture_layer(network, layer)).collect::<Result<_>>()?;
    let taps: Vec<_> =
        network.taps(upload(network, pixels), &layers).into_iter().map(pictures).collect();
    let sizes: Vec<_> = taps.iter().map(|maps| maps.dims()).collect();
    let read = device::read(taps.into_iter().map(|maps| maps.flatten(0, 3)).collect()).await?;
    let named = layers.iter().map(|&index| network.spec().layers[index].name.clone());
    Ok(named
        .zip(sizes)
        .zip(read)
        .map(|((layer, [_, count, height, width]), data)| FeatureMaps {
            layer,
            count,
            height,
            width,
            data,
            bias: Vec::new(),
        })
        .collect())
}

/// The kernels of a convolution: one picture for each filter and input channel, filter by
/// filter, and the filters' biases. A depthwise or separable one has a picture for each
/// channel and multiplier; a separable one's biases belong to what follows them.
///
/// # Errors
/// `option` for a layer that is not there or is no convolution, `device-lost` where the
/// device fails.
pub async fn filters(network: &Network, layer: &str) -> Result<FeatureMaps> {
    let index = find_layer(&network.spec().layers, layer)?;
    let name = &network.spec().layers[index].name;
    let weight = |role: &str| network.weight(&format!("{name}/{role}"));
    // A separable convolution's filters are those that slide.
    let (kernel, slides) = (weight("kernel"), weight("depthwise_kernel"));
    let shape = kernel.or(slides).map(|(info, kernel)| (info.shape.as_slice(), kernel));
    let Some((&[filters, channels, height, width], kernel)) = shape else {
        return Err(Error::option("This layer has no filters; choose a convolution.")
            .layer(name)
            .field("layer"));
    };
    let bias = weight("bias").filter(|_| slides.is_none()).map(|(_, bias)| bias);
    let weights = [Some(kernel), bias].into_iter().flatten();
    let mut read = device::read(weights.cloned().collect()).await?;
    let bias = if bias.is_some() { read.pop().unwrap_or_default() } else { Vec::new() };
    let data = read.pop().unwrap_or_default();
    Ok(FeatureMaps { layer: name.clone(), count: filters * channels, height, width, data, bias })
}
