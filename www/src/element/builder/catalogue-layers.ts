import type { CatalogueLayer, Option } from "./catalogue";
import type { Phrase } from "../../text/texts";

/** The data of the catalogue. */

export const activations = [
  "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softmax",
  "relu6", "softplus", "exponential", "hard_sigmoid",
] as const;

export const initializers = [
  "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
  "random_uniform", "random_normal", "truncated_normal", "zeros", "ones",
] as const;

/** The same in every language. */
const px: Phrase = () => "px";

const activation: Option = {
  key: "activation", kind: "choice", rest: "linear", values: activations,
  help: (t) => t.layers.activation,
};
const padding: Option = {
  key: "padding", kind: "choice", rest: "valid", values: ["valid", "same"],
  help: (t) => t.layers.padding,
};
const strides: Option = {
  key: "strides", kind: "pair", rest: 1, unit: px,
  help: (t) => t.layers.strides,
};
const kernelSize: Option = {
  key: "kernel_size", kind: "pair", unit: px,
  help: (t) => t.layers.kernelSize,
};
const filters: Option = {
  key: "filters", kind: "whole", unit: (t) => t.layers.channelsUnit,
  help: (t) => t.layers.filters,
};
const dilation: Option = {
  key: "dilation_rate", kind: "pair", rest: 1, unit: px, rare: true,
  help: (t) => t.layers.dilation,
};
const multiplier: Option = {
  key: "depth_multiplier", kind: "whole", rest: 1, unit: (t) => t.layers.perChannel,
  help: (t) => t.layers.depthMultiplier,
};
const bias: Option = { key: "use_bias", kind: "flag", rest: true, help: (t) => t.layers.useBias };

const initializer = (key: string, rest: string, of: Phrase): Option => ({
  key, kind: "initializer", rest, rare: true,
  help: (t) => t.layers.initializer(of(t)),
});
const regularizer = (key: string, of: Phrase): Option => ({
  key, kind: "regularizer", rest: null, rare: true,
  help: (t) => t.layers.regularizer(of(t)),
});
const weights = (kernel: string): readonly Option[] => [
  bias,
  initializer(`${kernel}_initializer`, "glorot_uniform", (t) => t.layers.kernelWeights),
  initializer("bias_initializer", "zeros", (t) => t.layers.biases),
  regularizer(`${kernel}_regularizer`, (t) => t.layers.weightsOfKernel),
  regularizer("bias_regularizer", (t) => t.layers.biasesAlone),
];
const pool: readonly Option[] = [
  { key: "pool_size", kind: "pair", rest: 2, unit: px, help: (t) => t.layers.poolSize },
  { key: "strides", kind: "pair", rest: null, instead: (t) => t.layers.asPoolSize, unit: px, help: (t) => t.layers.poolStrides },
  padding,
];
const keepdims: Option = { key: "keepdims", kind: "flag", rest: false, help: (t) => t.layers.keepdims };
const slope = (rest: number): Option => ({ key: "negative_slope", kind: "number", rest, help: (t) => t.layers.slope });
const rate = (what: Phrase): Option => ({ key: "rate", kind: "number", help: (t) => t.layers.rate(what(t)) });

export const layers: readonly CatalogueLayer[] = [
  {
    layer: "Dense", group: "Core", begin: { units: 64, activation: "relu" },
    about: (t) => t.layers.dense,
    options: [
      { key: "units", kind: "whole", unit: (t) => t.layers.valuesUnit, help: (t) => t.layers.units },
      activation, ...weights("kernel"),
    ],
  },
  {
    layer: "Activation", group: "Core", begin: { activation: "relu" },
    about: (t) => t.layers.activationLayer,
    options: [{ ...activation, help: (t) => t.layers.theFunction }],
  },
  {
    layer: "Conv2D", group: "Convolution", begin: { filters: 32, kernel_size: 3, activation: "relu" },
    about: (t) => t.layers.conv,
    options: [
      filters, kernelSize, strides, padding, activation, ...weights("kernel"), dilation,
      { key: "groups", kind: "whole", rest: 1, rare: true, help: (t) => t.layers.groups },
    ],
  },
  {
    layer: "DepthwiseConv2D", group: "Convolution", begin: { kernel_size: 3, activation: "relu" },
    about: (t) => t.layers.depthwise,
    options: [kernelSize, strides, padding, multiplier, activation, ...weights("depthwise"), dilation],
  },
  {
    layer: "SeparableConv2D", group: "Convolution", begin: { filters: 32, kernel_size: 3, activation: "relu" },
    about: (t) => t.layers.separable,
    options: [
      filters, kernelSize, strides, padding, { ...multiplier, rare: true }, activation, bias, dilation,
      initializer("depthwise_initializer", "glorot_uniform", (t) => t.layers.firstWeights),
      initializer("pointwise_initializer", "glorot_uniform", (t) => t.layers.secondWeights),
      initializer("bias_initializer", "zeros", (t) => t.layers.biases),
      regularizer("depthwise_regularizer", (t) => t.layers.weightsOfFirst),
      regularizer("pointwise_regularizer", (t) => t.layers.weightsOfSecond),
      regularizer("bias_regularizer", (t) => t.layers.biasesAlone),
    ],
  },
  {
    layer: "MaxPooling2D", group: "Pooling", begin: { pool_size: 2 },
    about: (t) => t.layers.maxPooling, options: pool,
  },
  {
    layer: "AveragePooling2D", group: "Pooling", begin: { pool_size: 2 },
    about: (t) => t.layers.averagePooling, options: pool,
  },
  {
    layer: "GlobalMaxPooling2D", group: "Pooling", begin: {},
    about: (t) => t.layers.globalMax, options: [keepdims],
  },
  {
    layer: "GlobalAveragePooling2D", group: "Pooling", begin: {},
    about: (t) => t.layers.globalAverage, options: [keepdims],
  },
  {
    layer: "BatchNormalization", group: "Normalization", begin: {},
    about: (t) => t.layers.batchNorm,
    options: [
      { key: "momentum", kind: "number", rest: 0.99, help: (t) => t.layers.momentum },
      { key: "epsilon", kind: "number", rest: 0.001, help: (t) => t.layers.epsilon },
      { key: "center", kind: "flag", rest: true, help: (t) => t.layers.center },
      { key: "scale", kind: "flag", rest: true, help: (t) => t.layers.scale },
    ],
  },
  {
    layer: "Dropout", group: "Regularization", begin: { rate: 0.25 },
    about: (t) => t.layers.dropout, options: [rate((t) => t.layers.theValues)],
  },
  {
    layer: "SpatialDropout2D", group: "Regularization", begin: { rate: 0.25 },
    about: (t) => t.layers.spatialDropout, options: [rate((t) => t.layers.theChannels)],
  },
  {
    layer: "Rescaling", group: "Preprocessing", begin: { scale: 2, offset: -1 },
    about: (t) => t.layers.rescaling,
    options: [
      { key: "scale", kind: "number", help: (t) => t.layers.rescalingScale },
      { key: "offset", kind: "number", rest: 0, help: (t) => t.layers.rescalingOffset },
    ],
  },
  {
    layer: "Normalization", group: "Preprocessing", begin: { mean: 0.5, variance: 0.0625 },
    about: (t) => t.layers.normalization,
    options: [
      { key: "mean", kind: "numbers", help: (t) => t.layers.normalizationMean },
      { key: "variance", kind: "numbers", help: (t) => t.layers.normalizationVariance },
    ],
  },
  {
    layer: "Flatten", group: "Reshaping", begin: {},
    about: (t) => t.layers.flatten, options: [],
  },
  {
    layer: "UpSampling2D", group: "Reshaping", begin: { size: 2 },
    about: (t) => t.layers.upSampling,
    options: [
      { key: "size", kind: "pair", rest: 2, unit: (t) => t.layers.times, help: (t) => t.layers.upSamplingSize },
      { key: "interpolation", kind: "choice", rest: "nearest", values: ["nearest", "bilinear"], help: (t) => t.layers.interpolation },
    ],
  },
  {
    layer: "ZeroPadding2D", group: "Reshaping", begin: { padding: 1 },
    about: (t) => t.layers.zeroPadding,
    options: [
      { key: "padding", kind: "border", rest: 1, unit: px, help: (t) => t.layers.zeroPaddingSize },
    ],
  },
  {
    layer: "Add", group: "Merging", merges: true, begin: {},
    about: (t) => t.layers.add, options: [],
  },
  {
    layer: "Concatenate", group: "Merging", merges: true, begin: {},
    about: (t) => t.layers.concatenate, options: [],
  },
  {
    layer: "ReLU", group: "Activation", begin: {},
    about: (t) => t.layers.relu,
    options: [
      { key: "max_value", kind: "number", rest: null, instead: (t) => t.layers.noLimit, help: (t) => t.layers.reluMax },
      slope(0),
      { key: "threshold", kind: "number", rest: 0, help: (t) => t.layers.reluThreshold },
    ],
  },
  {
    layer: "LeakyReLU", group: "Activation", begin: {},
    about: (t) => t.layers.leakyRelu, options: [slope(0.3)],
  },
  {
    layer: "ELU", group: "Activation", begin: {},
    about: (t) => t.layers.elu, options: [{ key: "alpha", kind: "number", rest: 1, help: (t) => t.layers.eluAlpha }],
  },
  {
    layer: "Softmax", group: "Activation", begin: {},
    about: (t) => t.layers.softmax, options: [],
  },
];

/** What a network can be judged by. */
export const losses = [
  { name: "sparse_categorical_crossentropy", about: (t) => t.layers.sparseLoss },
  { name: "categorical_crossentropy", about: (t) => t.layers.categoricalLoss },
  { name: "binary_crossentropy", about: (t) => t.layers.binaryLoss },
] satisfies { name: string; about: Phrase }[];
