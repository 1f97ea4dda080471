//! Keras's layers: their arguments in Keras's order, what each may be, and its default.

/// A class of layers.
#[derive(Debug)]
pub(crate) struct Class {
    pub name: &'static str,
    /// Other names that Keras has or had for it.
    pub also: &'static [&'static str],
    pub kind: Kind,
    pub parameters: &'static [Parameter],
}

/// What becomes of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A layer of the spec.
    Plain,
    /// A layer of the spec that has weights, and so may be used once.
    Weights,
    /// A layer of the spec with two inputs or more.
    Merge,
    /// Acts in training only: becomes augmentation.
    Augment,
    /// Says what goes in: `Input`, or a layer that brings pictures to a size.
    Entry,
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub name: &'static str,
    pub what: What,
    /// JSON; empty where it must be given.
    pub default: &'static str,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A whole number, or several in a list.
    Size,
    /// As [`Size`](Self::Size), and written as a pair in a normalised spec.
    Pair,
    Number,
    /// A number or a list of numbers.
    Numbers,
    Flag,
    Text,
    Activation,
    Initializer,
    Regularizer,
    /// Must be one of these where it is given, and is left out: the spec knows no other.
    Only(&'static [&'static str]),
    /// Changes nothing here.
    Ignored,
}

const fn p(name: &'static str, what: What, default: &'static str) -> Parameter {
    Parameter { name, what, default }
}

const LAST: What = What::Only(&["null", "\"channels_last\""]);
const NONE: What = What::Only(&["null"]);
const AXIS: What = What::Only(&["-1", "3", "[-1]", "[3]", "null"]);

const CONV: &[Parameter] = &[
    p("filters", What::Size, ""),
    p("kernel_size", What::Pair, ""),
    p("strides", What::Pair, "1"),
    p("padding", What::Text, "\"valid\""),
    p("data_format", LAST, "null"),
    p("dilation_rate", What::Pair, "1"),
    p("groups", What::Size, "1"),
    p("activation", What::Activation, "\"linear\""),
    p("use_bias", What::Flag, "true"),
    p("kernel_initializer", What::Initializer, "\"glorot_uniform\""),
    p("bias_initializer", What::Initializer, "\"zeros\""),
    p("kernel_regularizer", What::Regularizer, "null"),
    p("bias_regularizer", What::Regularizer, "null"),
    p("activity_regularizer", NONE, "null"),
    p("kernel_constraint", NONE, "null"),
    p("bias_constraint", NONE, "null"),
];

const DEPTHWISE: &[Parameter] = &[
    p("kernel_size", What::Pair, ""),
    p("strides", What::Pair, "1"),
    p("padding", What::Text, "\"valid\""),
    p("depth_multiplier", What::Size, "1"),
    p("data_format", LAST, "null"),
    p("dilation_rate", What::Pair, "1"),
    p("activation", What::Activation, "\"linear\""),
    p("use_bias", What::Flag, "true"),
    p("depthwise_initializer", What::Initializer, "\"glorot_uniform\""),
    p("bias_initializer", What::Initializer, "\"zeros\""),
    p("depthwise_regularizer", What::Regularizer, "null"),
    p("bias_regularizer", What::Regularizer, "null"),
    p("activity_regularizer", NONE, "null"),
    p("depthwise_constraint", NONE, "null"),
    p("bias_constraint", NONE, "null"),
    p("groups", What::Only(&["1"]), "1"),
    p("kernel_initializer", What::Ignored, "null"),
    p("kernel_regularizer", NONE, "null"),
    p("kernel_constraint", NONE, "null"),
];

const SEPARABLE: &[Parameter] = &[
    p("filters", What::Size, ""),
    p("kernel_size", What::Pair, ""),
    p("strides", What::Pair, "1"),
    p("padding", What::Text, "\"valid\""),
    p("data_format", LAST, "null"),
    p("dilation_rate", What::Pair, "1"),
    p("depth_multiplier", What::Size, "1"),
    p("activation", What::Activation, "\"linear\""),
    p("use_bias", What::Flag, "true"),
    p("depthwise_initializer", What::Initializer, "\"glorot_uniform\""),
    p("pointwise_initializer", What::Initializer, "\"glorot_uniform\""),
    p("bias_initializer", What::Initializer, "\"zeros\""),
    p("depthwise_regularizer", What::Regularizer, "null"),
    p("pointwise_regularizer", What::Regularizer, "null"),
    p("bias_regularizer", What::Regularizer, "null"),
    p("activity_regularizer", NONE, "null"),
    p("depthwise_constraint", NONE, "null"),
    p("pointwise_constraint", NONE, "null"),
    p("bias_constraint", NONE, "null"),
    p("groups", What::Only(&["1"]), "1"),
    p("kernel_initializer", What::Ignored, "null"),
    p("kernel_regularizer", NONE, "null"),
    p("kernel_constraint", NONE, "null"),
];

const DENSE: &[Parameter] = &[
    p("units", What::Size, ""),
    p("activation", What::Activation, "\"linear\""),
    p("use_bias", What::Flag, "true"),
    p("kernel_initializer", What::Initializer, "\"glorot_uniform\""),
    p("bias_initializer", What::Initializer, "\"zeros\""),
    p("kernel_regularizer", What::Regularizer, "null"),
    p("bias_regularizer", What::Regularizer, "null"),
    p("activity_regularizer", NONE, "null"),
    p("kernel_constraint", NONE, "null"),
    p("bias_constraint", NONE, "null"),
    p("lora_rank", NONE, "null"),
    p("lora_alpha", NONE, "null"),
    p("quantization_config", NONE, "null"),
];

const POOL: &[Parameter] = &[
    p("pool_size", What::Pair, "2"),
    p("strides", What::Pair, "null"),
    p("padding", What::Text, "\"valid\""),
    p("data_format", LAST, "null"),
];

const GLOBAL_POOL: &[Parameter] =
    &[p("data_format", LAST, "null"), p("keepdims", What::Flag, "false")];

const BATCH_NORM: &[Parameter] = &[
    p("axis", AXIS, "-1"),
    p("momentum", What::Number, "0.99"),
    p("epsilon", What::Number, "0.001"),
    p("center", What::Flag, "true"),
    p("scale", What::Flag, "true"),
    p("beta_initializer", What::Only(&["\"zeros\""]), "\"zeros\""),
    p("gamma_initializer", What::Only(&["\"ones\""]), "\"ones\""),
    p("moving_mean_initializer", What::Only(&["\"zeros\""]), "\"zeros\""),
    p("moving_variance_initializer", What::Only(&["\"ones\""]), "\"ones\""),
    p("beta_regularizer", NONE, "null"),
    p("gamma_regularizer", NONE, "null"),
    p("beta_constraint", NONE, "null"),
    p("gamma_constraint", NONE, "null"),
    p("synchronized", What::Ignored, "false"),
    p("renorm", What::Only(&["false"]), "false"),
    p("renorm_clipping", NONE, "null"),
    p("renorm_momentum", What::Ignored, "0.99"),
    p("fused", What::Ignored, "null"),
    p("virtual_batch_size", NONE, "null"),
    p("adjustment", NONE, "null"),
];

/// Every layer that is known.
pub(super) const CLASSES: &[Class] = &[
    Class { name: "Conv2D", also: &["Convolution2D"], kind: Kind::Weights, parameters: CONV },
    Class {
        name: "DepthwiseConv2D",
        also: &["DepthwiseConvolution2D"],
        kind: Kind::Weights,
        parameters: DEPTHWISE,
    },
    Class {
        name: "SeparableConv2D",
        also: &["SeparableConvolution2D"],
        kind: Kind::Weights,
        parameters: SEPARABLE,
    },
    Class { name: "MaxPooling2D", also: &["MaxPool2D"], kind: Kind::Plain, parameters: POOL },
    Class { name: "AveragePooling2D", also: &["AvgPool2D"], kind: Kind::Plain, parameters: POOL },
    Class {
        name: "GlobalMaxPooling2D",
        also: &["GlobalMaxPool2D"],
        kind: Kind::Plain,
        parameters: GLOBAL_POOL,
    },
    Class {
        name: "GlobalAveragePooling2D",
        also: &["GlobalAvgPool2D"],
        kind: Kind::Plain,
        parameters: GLOBAL_POOL,
    },
    Class {
        name: "Flatten",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("data_format", LAST, "null")],
    },
    Class {
        name: "Dropout",
        also: &[],
        kind: Kind::Plain,
        parameters: &[
            p("rate", What::Number, ""),
            p("noise_shape", NONE, "null"),
            p("seed", What::Ignored, "null"),
        ],
    },
    Class {
        name: "SpatialDropout2D",
        also: &[],
        kind: Kind::Plain,
        parameters: &[
            p("rate", What::Number, ""),
            p("data_format", LAST, "null"),
            p("seed", What::Ignored, "null"),
            p("noise_shape", NONE, "null"),
        ],
    },
    Class { name: "Dense", also: &[], kind: Kind::Weights, parameters: DENSE },
    Class {
        name: "BatchNormalization",
        also: &["SyncBatchNormalization"],
        kind: Kind::Weights,
        parameters: BATCH_NORM,
    },
    Class {
        name: "Activation",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("activation", What::Activation, "")],
    },
    Class {
        name: "ReLU",
        also: &[],
        kind: Kind::Plain,
        parameters: &[
            p("max_value", What::Number, "null"),
            p("negative_slope", What::Number, "0.0"),
            p("threshold", What::Number, "0.0"),
        ],
    },
    Class {
        name: "LeakyReLU",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("negative_slope", What::Number, "0.3")],
    },
    Class {
        name: "ELU",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("alpha", What::Number, "1.0")],
    },
    Class { name: "Softmax", also: &[], kind: Kind::Plain, parameters: &[p("axis", AXIS, "-1")] },
    Class {
        name: "ZeroPadding2D",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("padding", What::Size, "1"), p("data_format", LAST, "null")],
    },
    Class {
        name: "UpSampling2D",
        also: &[],
        kind: Kind::Plain,
        parameters: &[
            p("size", What::Pair, "2"),
            p("data_format", LAST, "null"),
            p("interpolation", What::Text, "\"nearest\""),
        ],
    },
    Class {
        name: "Rescaling",
        also: &[],
        kind: Kind::Plain,
        parameters: &[p("scale", What::Number, ""), p("offset", What::Number, "0.0")],
    },
    Class {
        name: "Normalization",
        also: &[],
        kind: Kind::Plain,
        parameters: &[
            p("axis", AXIS, "-1"),
            p("mean", What::Numbers, ""),
            p("variance", What::Numbers, ""),
            p("invert", What::Only(&["false"]), "false"),
        ],
    },
    Class { name: "Add", also: &[], kind: Kind::Merge, parameters: &[] },
    Class {
        name: "Concatenate",
        also: &[],
        kind: Kind::Merge,
        parameters: &[p("axis", AXIS, "-1")],
    },
    Class {
        name: "RandomFlip",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("mode", What::Text, "\"horizontal_and_vertical\""),
            p("seed", What::Ignored, "null"),
        ],
    },
    Class {
        name: "RandomRotation",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("factor", What::Numbers, ""),
            p("fill_mode", What::Text, "\"reflect\""),
            p("interpolation", What::Ignored, "\"bilinear\""),
            p("seed", What::Ignored, "null"),
            p("fill_value", What::Number, "0.0"),
            p("value_range", What::Ignored, "null"),
        ],
    },
    Class {
        name: "RandomZoom",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("height_factor", What::Numbers, ""),
            p("width_factor", What::Numbers, "null"),
            p("fill_mode", What::Text, "\"reflect\""),
            p("interpolation", What::Ignored, "\"bilinear\""),
            p("seed", What::Ignored, "null"),
            p("fill_value", What::Number, "0.0"),
        ],
    },
    Class {
        name: "RandomTranslation",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("height_factor", What::Numbers, ""),
            p("width_factor", What::Numbers, ""),
            p("fill_mode", What::Text, "\"reflect\""),
            p("interpolation", What::Ignored, "\"bilinear\""),
            p("seed", What::Ignored, "null"),
            p("fill_value", What::Number, "0.0"),
        ],
    },
    Class {
        name: "RandomContrast",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("factor", What::Numbers, ""),
            p("value_range", What::Ignored, "null"),
            p("seed", What::Ignored, "null"),
        ],
    },
    Class {
        name: "RandomBrightness",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("factor", What::Numbers, ""),
            p("value_range", What::Numbers, "[0, 255]"),
            p("seed", What::Ignored, "null"),
        ],
    },
    Class {
        name: "RandomCrop",
        also: &[],
        kind: Kind::Augment,
        parameters: &[
            p("height", What::Size, ""),
            p("width", What::Size, ""),
            p("seed", What::Ignored, "null"),
        ],
    },
    Class {
        name: "Input",
        also: &["InputLayer"],
        kind: Kind::Entry,
        parameters: &[
            p("batch_size", What::Ignored, "null"),
            p("sparse", What::Ignored, "null"),
            p("ragged", What::Ignored, "null"),
            p("tensor", NONE, "null"),
            p("input_tensor", NONE, "null"),
            p("optional", What::Ignored, "null"),
        ],
    },
    Class {
        name: "Resizing",
        also: &[],
        kind: Kind::Entry,
        parameters: &[
            p("height", What::Size, ""),
            p("width", What::Size, ""),
            p("interpolation", What::Ignored, "\"bilinear\""),
            p("crop_to_aspect_ratio", What::Ignored, "false"),
            p("pad_to_aspect_ratio", What::Ignored, "false"),
            p("fill_mode", What::Ignored, "\"constant\""),
            p("fill_value", What::Ignored, "0.0"),
            p("antialias", What::Ignored, "false"),
            p("data_format", LAST, "null"),
        ],
    },
    Class {
        name: "Reshape",
        also: &[],
        kind: Kind::Entry,
        parameters: &[p("target_shape", What::Size, "")],
    },
];

/// Whether training changes a layer's weights.
pub(super) const TRAINABLE: Parameter = p("trainable", What::Flag, "true");

/// What every layer takes and no spec needs.
pub(super) const EVERYWHERE: &[Parameter] = &[
    p("dtype", What::Ignored, "null"),
    p("dtype_policy", What::Ignored, "null"),
    p("batch_size", What::Ignored, "null"),
    p("weights", NONE, "null"),
    p("autocast", What::Ignored, "true"),
    p("rng_type", What::Ignored, "null"),
    p("data_format", LAST, "null"),
];
