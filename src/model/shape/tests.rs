//! Shapes, counts and refusals, by Keras's rules.

use super::*;

fn summary(layers: &str, input: &str) -> Result<Summary> {
    let spec =
        ModelSpec::from_json(&format!(r#"{{"input_shape": {input}, "layers": [{layers}]}}"#))?;
    let summary = Summary::of(&spec)?;
    check_trainable(&spec, &infer(&spec)?).map(|()| summary)
}

#[test]
fn what_cannot_be_trained_is_counted() {
    let spec = ModelSpec::from_json(
        r#"{"input_shape": [200, 200, 1],
            "layers": [{"layer": "Conv2D", "filters": 16, "kernel_size": 2, "strides": 2}]}"#,
    )
    .unwrap();
    let summary = Summary::of(&spec).unwrap();
    assert_eq!(summary.layers[0].output_shape, [None, Some(100), Some(100), Some(16)]);
    assert_eq!(summary.total_params, 80);
    let error = check_trainable(&spec, &infer(&spec).unwrap()).unwrap_err();
    assert_eq!((error.layer_name(), error.field_name()), (Some("conv2d"), Some("layer")));
}

#[test]
fn keras_shapes_and_counts() {
    // The lesson's formula: K*F*F*D_in + K, and (W - F) / S + 1.
    let summary = summary(
        r#"{"layer": "Conv2D", "filters": 16, "kernel_size": 2, "strides": 2},
           {"layer": "MaxPooling2D", "padding": "same", "pool_size": 3, "strides": 2},
           {"layer": "Flatten"}, {"layer": "Dense", "units": 10}"#,
        "[200, 201, 1]",
    )
    .unwrap();
    assert_eq!(summary.layers[0].output_shape, [None, Some(100), Some(100), Some(16)]);
    assert_eq!(summary.layers[0].params, 80);
    assert_eq!(summary.layers[1].output_shape, [None, Some(50), Some(50), Some(16)]);
    assert_eq!(summary.layers[2].output_shape, [None, Some(40_000)]);
    assert_eq!(summary.total_params, 80 + 400_010);
}

#[test]
fn same_padding_puts_the_odd_pixel_at_the_end() {
    // tf.nn: input 5, window 2, stride 2 -> 3 outputs, one zero, at the end.
    assert_eq!(same_padding([5, 6], [2, 3], [2, 1], Padding::Same), [(0, 1), (1, 1)]);
    assert_eq!(same_padding([5, 6], [2, 3], [2, 1], Padding::Valid), [(0, 0), (0, 0)]);
    // A stride that skips pixels needs no padding at all.
    assert_eq!(same_padding([6, 6], [1, 1], [2, 2], Padding::Same), [(0, 0), (0, 0)]);
}

#[test]
fn errors_name_the_layer_and_the_field() {
    let cases = [
        (r#"{"layer": "Conv3D"}"#, "conv3d", "layer"),
        (r#"{"layer": "Conv2D", "filters": 0, "kernel_size": 3}"#, "conv2d", "filters"),
        (r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 9}"#, "conv2d", "kernel_size"),
        (r#"{"layer": "Conv2D", "filters": 4}"#, "conv2d", "kernel_size"),
        (
            r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3, "pading": "same"}"#,
            "conv2d",
            "pading",
        ),
        (r#"{"layer": "Dense", "units": 4}"#, "dense", "layer"),
        (r#"{"layer": "Flatten"}, {"layer": "MaxPooling2D"}"#, "max_pooling2d", "layer"),
        (
            r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1, "activation": "softmax"}"#,
            "dense",
            "activation",
        ),
        (
            r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1}, {"layer": "Softmax"}"#,
            "softmax",
            "layer",
        ),
        (r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3, "groups": 2}"#, "conv2d", "groups"),
        (
            r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 2, "strides": 2, "dilation_rate": 2}"#,
            "conv2d",
            "dilation_rate",
        ),
        (
            r#"{"layer": "DepthwiseConv2D", "kernel_size": 3, "dilation_rate": 4}"#,
            "depthwise_conv2d",
            "dilation_rate",
        ),
        (
            r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 500, "padding": "same"}"#,
            "conv2d",
            "kernel_size",
        ),
        (r#"{"layer": "Add"}"#, "add", "inputs"),
        (
            r#"{"layer": "MaxPooling2D"}, {"layer": "Add", "inputs": ["input", "max_pooling2d"]}"#,
            "add",
            "inputs",
        ),
        (
            r#"{"layer": "Flatten"}, {"layer": "Concatenate", "inputs": ["flatten", "input"]}"#,
            "concatenate",
            "inputs",
        ),
        (
            r#"{"layer": "ReLU"}, {"layer": "Flatten", "inputs": ["input"]}, {"layer": "Dense", "units": 2}"#,
            "re_lu",
            "inputs",
        ),
        (r#"{"layer": "ReLU", "inputs": ["later"]}"#, "re_lu", "inputs"),
        (r#"{"layer": "ReLU", "name": "input"}"#, "input", "name"),
        (r#"{"layer": "Flatten"}"#, "flatten", "layer"),
        (r#"{"layer": "Normalization", "mean": [1, 2], "variance": 1}"#, "normalization", "mean"),
        (r#"{"layer": "ZeroPadding2D", "padding": 1048576}"#, "zero_padding2d", "padding"),
        (r#"{"layer": "Flatten"}, {"layer": "Dropout", "rate": 1}"#, "dropout", "rate"),
        (
            r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1048576}, {"layer": "Dense", "units": 1048576}"#,
            "dense_1",
            "units",
        ),
        (r#"{"layer": "Conv2D", "filters": 4, "kernel_size": 3}"#, "conv2d", "layer"),
    ];
    for (layers, layer, field) in cases {
        let error = summary(layers, "[8, 8, 1]").unwrap_err();
        assert_eq!(error.code(), "spec", "{layers}: {error}");
        assert_eq!(error.layer_name(), Some(layer), "{layers}: {error}");
        assert_eq!(error.field_name(), Some(field), "{layers}: {error}");
    }
}

/// The last layer and the loss must mean the same number of classes.
#[test]
fn the_loss_fits_the_head() {
    let with = |units: usize, loss: &str| {
        let text = format!(
            r#"{{"input_shape": [8, 8, 1], "compile": {{"loss": "{loss}"}},
                 "layers": [{{"layer": "Flatten"}}, {{"layer": "Dense", "units": {units}}}]}}"#
        );
        let spec = ModelSpec::from_json(&text).unwrap();
        check_trainable(&spec, &infer(&spec).unwrap())
    };
    with(1, "binary_crossentropy").unwrap();
    with(2, "sparse_categorical_crossentropy").unwrap();
    for (units, loss) in [(1, "sparse_categorical_crossentropy"), (2, "binary_crossentropy")] {
        let error = with(units, loss).unwrap_err();
        assert_eq!((error.layer_name(), error.field_name()), (Some("dense"), Some("units")));
    }
    // Without a loss, one unit means two classes.
    summary(r#"{"layer": "Flatten"}, {"layer": "Dense", "units": 1}"#, "[8, 8, 1]").unwrap();
}

/// Keras's rows: 4 parameters a channel, half of which training changes.
#[test]
fn a_batch_normalisation_counts_its_moving_statistics() {
    let summary = summary(
        r#"{"layer": "Conv2D", "filters": 8, "kernel_size": 3, "use_bias": false},
           {"layer": "BatchNormalization"}, {"layer": "Activation", "activation": "relu"},
           {"layer": "BatchNormalization", "center": false, "scale": false},
           {"layer": "GlobalAveragePooling2D"}, {"layer": "Dense", "units": 10}"#,
        "[28, 28, 1]",
    )
    .unwrap();
    let rows: Vec<_> = summary.layers.iter().map(|layer| (layer.params, layer.trainable)).collect();
    assert_eq!(rows[..4], [(72, true), (32, true), (0, true), (16, false)]);
    assert_eq!((summary.total_params, summary.trainable_params), (210, 178));
}

#[test]
fn a_normalised_spec_reads_back_the_same() {
    let spec = ModelSpec::from_json(
        r#"{"input_shape": [28, 28, 1], "layers": [
            {"layer": "Conv2D", "filters": 8.0, "kernel_size": [3, 2], "activation": "relu"},
            {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
            {"layer": "AveragePooling2D"}, {"layer": "Flatten"},
            {"layer": "Dropout", "rate": 0.25},
            {"layer": "Dense", "units": 4, "activation": "swish", "name": "wide",
             "kernel_initializer": "HeNormal", "kernel_regularizer": "l1",
             "bias_initializer": {"name": "random_normal", "stddev": 0.1}},
            {"layer": "Dense", "units": 4, "inputs": ["dropout"], "use_bias": false},
            {"layer": "Add", "inputs": ["wide", "dense"]},
            {"layer": "ReLU", "max_value": 6, "inputs": ["add"]},
            {"layer": "Dense", "units": 10, "activation": "softmax", "name": "head"}],
           "compile": {"optimizer": {"name": "sgd", "momentum": 0.9, "learning_rate": 0.1},
                       "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
                       "metrics": ["acc"]}}"#,
    )
    .unwrap();
    let names: Vec<_> = spec.layers.iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "conv2d",
            "conv2d_1",
            "average_pooling2d",
            "flatten",
            "dropout",
            "wide",
            "dense",
            "add",
            "re_lu",
            "head"
        ]
    );
    let value = spec.to_value();
    assert_eq!(value["layers"][5]["activation"], "silu");
    assert_eq!(value["layers"][5]["kernel_initializer"], "he_normal");
    assert_eq!(value["layers"][6]["inputs"], serde_json::json!(["dropout"]));
    // The layer before needs no name.
    assert!(value["layers"][8]["inputs"].is_null());
    assert_eq!(ModelSpec::from_value(spec.to_value()).unwrap(), spec);
}
