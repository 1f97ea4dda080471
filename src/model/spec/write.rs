//! Layers as JSON, every option written out.

use serde_json::{Map, Value, json};

use super::read::INPUT;
use super::{
    Activation, BatchNorm, Conv, Dense, DepthwiseConv, Interpolation, LayerKind, LayerSpec,
    Padding, SeparableConv, WeightSpec, Window,
};
use crate::model::fields::name_of;
use crate::model::initializer::{Initializer, Regularizer};

/// The layer at `index` of `layers`. Its inputs are written only where they are not simply
/// the layer before it.
pub(super) fn layer(layer: &LayerSpec, index: usize, layers: &[LayerSpec]) -> Value {
    let mut map = Map::new();
    map.insert("layer".into(), layer.class().into());
    map.insert("name".into(), layer.name.clone().into());
    if layer.inputs != [index] {
        let name = |&input: &usize| match input {
            0 => INPUT,
            input => layers.get(input - 1).map_or("", |layer| layer.name.as_str()),
        };
        map.insert("inputs".into(), layer.inputs.iter().map(name).collect());
    }
    if let Some(base) = layer.base {
        map.insert("base".into(), base.name().into());
    }
    if !layer.trainable {
        map.insert("trainable".into(), false.into());
    }
    for options in options(&layer.kind) {
        if let Value::Object(options) = options {
            map.extend(options);
        }
    }
    Value::Object(map)
}

fn options(kind: &LayerKind) -> Vec<Value> {
    let activation = |function| json!({ "activation": name_of(&Activation::NAMES, function) });
    match kind {
        LayerKind::Conv2D(Conv { filters, window: w, groups, activation: a, kernel, bias: b }) => {
            let own = json!({ "filters": filters, "groups": groups });
            vec![own, window(w), activation(a), weight("kernel", kernel), bias(b)]
        }
        LayerKind::DepthwiseConv2D(DepthwiseConv {
            window: w,
            depth_multiplier,
            activation: a,
            depthwise,
            bias: b,
        }) => {
            let own = json!({ "depth_multiplier": depth_multiplier });
            vec![own, window(w), activation(a), weight("depthwise", depthwise), bias(b)]
        }
        LayerKind::SeparableConv2D(SeparableConv {
            filters,
            window: w,
            depth_multiplier,
            activation: a,
            depthwise,
            pointwise,
            bias: b,
        }) => {
            let own = json!({ "filters": filters, "depth_multiplier": depth_multiplier });
            let kernels = [weight("depthwise", depthwise), weight("pointwise", pointwise)];
            let mut options = vec![own, window(w), activation(a), bias(b)];
            options.extend(kernels);
            options
        }
        LayerKind::MaxPooling2D(pool) | LayerKind::AveragePooling2D(pool) => vec![json!({
            "pool_size": pool.pool_size, "strides": pool.strides,
            "padding": name_of(&Padding::NAMES, &pool.padding),
        })],
        LayerKind::GlobalMaxPooling2D { keepdims }
        | LayerKind::GlobalAveragePooling2D { keepdims } => vec![json!({ "keepdims": keepdims })],
        LayerKind::Dense(Dense { units, activation: a, kernel, bias: b }) => {
            vec![json!({ "units": units }), activation(a), weight("kernel", kernel), bias(b)]
        }
        LayerKind::Dropout { rate } | LayerKind::SpatialDropout2D { rate } => {
            // As a person wrote it: 0.2, and not what 32 bits make of it.
            let rate: f64 = rate.to_string().parse().unwrap_or_default();
            vec![json!({ "rate": rate })]
        }
        LayerKind::BatchNormalization(BatchNorm { momentum, epsilon, center, scale }) => {
            vec![json!({
                "momentum": momentum, "epsilon": epsilon, "center": center, "scale": scale,
            })]
        }
        LayerKind::Activation(function) => vec![activation(function)],
        LayerKind::ReLU { max_value, negative_slope, threshold } => vec![json!({
            "max_value": max_value, "negative_slope": negative_slope, "threshold": threshold,
        })],
        LayerKind::LeakyReLU { negative_slope } => {
            vec![json!({ "negative_slope": negative_slope })]
        }
        LayerKind::ELU { alpha } => vec![json!({ "alpha": alpha })],
        LayerKind::ZeroPadding2D { padding } => vec![json!({ "padding": padding })],
        LayerKind::UpSampling2D { size, interpolation } => vec![json!({
            "size": size, "interpolation": name_of(&Interpolation::NAMES, interpolation),
        })],
        LayerKind::Rescaling { scale, offset } => {
            vec![json!({ "scale": scale, "offset": offset })]
        }
        LayerKind::Normalization { mean, variance } => {
            let one = |values: &[f64]| match values {
                [one] => json!(one),
                values => json!(values),
            };
            vec![json!({ "mean": one(mean), "variance": one(variance) })]
        }
        LayerKind::Flatten | LayerKind::Softmax | LayerKind::Add | LayerKind::Concatenate => {
            Vec::new()
        }
    }
}

fn window(window: &Window) -> Value {
    json!({
        "kernel_size": window.kernel_size, "strides": window.strides,
        "padding": name_of(&Padding::NAMES, &window.padding),
        "dilation_rate": window.dilation_rate,
    })
}

fn weight(role: &str, weight: &WeightSpec) -> Value {
    json!({
        format!("{role}_initializer"): weight.initializer.to_value(),
        format!("{role}_regularizer"): weight.regularizer.to_value(),
    })
}

fn bias(bias: &Option<WeightSpec>) -> Value {
    let none = WeightSpec { initializer: Initializer::Zeros, regularizer: Regularizer::default() };
    let mut options = weight("bias", &bias.unwrap_or(none));
    options["use_bias"] = bias.is_some().into();
    options
}
