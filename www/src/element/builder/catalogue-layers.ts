import type { CatalogueLayer, Option } from "./catalogue";

/** The data of the catalogue. */

export const activations = [
  "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "sigmoid", "tanh", "softmax",
  "relu6", "softplus", "exponential", "hard_sigmoid",
] as const;

export const initializers = [
  "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
  "random_uniform", "random_normal", "truncated_normal", "zeros", "ones",
] as const;

const activation: Option = {
  key: "activation", kind: "choice", rest: "linear", values: activations,
  help: "The function that every value goes through at the end. relu, which turns negative values into 0, is the usual one; softmax ends a network that tells classes apart.",
};
const padding: Option = {
  key: "padding", kind: "choice", rest: "valid", values: ["valid", "same"],
  help: "valid: the window stays inside, so the output shrinks. same: zeros are added around, so that with stride 1 it keeps its size.",
};
const strides: Option = {
  key: "strides", kind: "pair", rest: 1, unit: "px",
  help: "How far the window moves each time. 2 halves height and width.",
};
const kernelSize: Option = {
  key: "kernel_size", kind: "pair", unit: "px",
  help: "Height and width of the window that each filter looks through. One number for both, or two: 3, 5.",
};
const filters: Option = {
  key: "filters", kind: "whole", unit: "channels",
  help: "How many patterns the layer looks for. Each gives one channel of the output.",
};
const dilation: Option = {
  key: "dilation_rate", kind: "pair", rest: 1, unit: "px", rare: true,
  help: "Distance between the pixels that the window looks at. 2 leaves one out in between, and so sees farther with as many weights.",
};
const multiplier: Option = {
  key: "depth_multiplier", kind: "whole", rest: 1, unit: "per channel",
  help: "How many kernels each input channel has of its own.",
};
const bias: Option = { key: "use_bias", kind: "flag", rest: true, help: "Adds a number to each output channel that is learned too. Leave it out before BatchNormalization, which has its own." };

const initializer = (key: string, rest: string, of: string): Option => ({
  key, kind: "initializer", rest, rare: true,
  help: `How ${of} begin, before anything is learned.`,
});
const regularizer = (key: string, of: string): Option => ({
  key, kind: "regularizer", rest: null, rare: true,
  help: `Adds to the loss for large ${of}, so that they stay small: l1 times the sum of their sizes, l2 times the sum of their squares.`,
});
const weights = (kernel: string): readonly Option[] => [
  bias,
  initializer(`${kernel}_initializer`, "glorot_uniform", "the kernel's weights"),
  initializer("bias_initializer", "zeros", "the biases"),
  regularizer(`${kernel}_regularizer`, "weights of the kernel"),
  regularizer("bias_regularizer", "biases"),
];
const pool: readonly Option[] = [
  { key: "pool_size", kind: "pair", rest: 2, unit: "px", help: "Height and width of the window. One number for both, or two: 2, 3." },
  { key: "strides", kind: "pair", rest: null, instead: "as pool_size", unit: "px", help: "How far the window moves each time; as far as it is wide, unless given." },
  padding,
];
const keepdims: Option = { key: "keepdims", kind: "flag", rest: false, help: "Gives a picture of 1 × 1 instead of a vector." };
const slope = (rest: number): Option => ({ key: "negative_slope", kind: "number", rest, help: "What negative values are multiplied by." });
const rate = (what: string): Option => ({ key: "rate", kind: "number", help: `The share of ${what} that is dropped, from 0 up to 1.` });

export const layers: readonly CatalogueLayer[] = [
  {
    layer: "Dense", group: "Core", begin: { units: 64, activation: "relu" },
    about: "Every output is a weighted sum of all inputs. It takes a vector, so Flatten or a global pooling comes before it.",
    options: [
      { key: "units", kind: "whole", unit: "values", help: "How many values it gives. The last layer has one a class." },
      activation, ...weights("kernel"),
    ],
  },
  {
    layer: "Activation", group: "Core", begin: { activation: "relu" },
    about: "Puts every value through a function.",
    options: [{ ...activation, help: "The function." }],
  },
  {
    layer: "Conv2D", group: "Convolution", begin: { filters: 32, kernel_size: 3, activation: "relu" },
    about: "Slides small filters over the picture; each says where its pattern is.",
    options: [
      filters, kernelSize, strides, padding, activation, ...weights("kernel"), dilation,
      { key: "groups", kind: "whole", rest: 1, rare: true, help: "Divides the channels into so many groups, each with filters of its own. It divides both the input's channels and the filters." },
    ],
  },
  {
    layer: "DepthwiseConv2D", group: "Convolution", begin: { kernel_size: 3, activation: "relu" },
    about: "A convolution of each channel by itself, without mixing them.",
    options: [kernelSize, strides, padding, multiplier, activation, ...weights("depthwise"), dilation],
  },
  {
    layer: "SeparableConv2D", group: "Convolution", begin: { filters: 32, kernel_size: 3, activation: "relu" },
    about: "First each channel by itself, then 1 × 1 over all channels: nearly a convolution, with far fewer weights.",
    options: [
      filters, kernelSize, strides, padding, { ...multiplier, rare: true }, activation, bias, dilation,
      initializer("depthwise_initializer", "glorot_uniform", "the first step's weights"),
      initializer("pointwise_initializer", "glorot_uniform", "the second step's weights"),
      initializer("bias_initializer", "zeros", "the biases"),
      regularizer("depthwise_regularizer", "weights of the first step"),
      regularizer("pointwise_regularizer", "weights of the second step"),
      regularizer("bias_regularizer", "biases"),
    ],
  },
  {
    layer: "MaxPooling2D", group: "Pooling", begin: { pool_size: 2 },
    about: "Keeps the largest value of each window, and so makes the picture smaller.", options: pool,
  },
  {
    layer: "AveragePooling2D", group: "Pooling", begin: { pool_size: 2 },
    about: "Keeps the mean of each window, and so makes the picture smaller.", options: pool,
  },
  {
    layer: "GlobalMaxPooling2D", group: "Pooling", begin: {},
    about: "Keeps the largest value of each channel: a vector that tells what is there, not where.", options: [keepdims],
  },
  {
    layer: "GlobalAveragePooling2D", group: "Pooling", begin: {},
    about: "Keeps the mean of each channel: a vector, with no weights to learn by heart with.", options: [keepdims],
  },
  {
    layer: "BatchNormalization", group: "Normalization", begin: {},
    about: "Brings each channel to mean 0 and deviation 1 over the batch, then scales it anew: deep networks learn faster.",
    options: [
      { key: "momentum", kind: "number", rest: 0.99, help: "How slowly the moving mean and variance, which are used for prediction, follow the batches." },
      { key: "epsilon", kind: "number", rest: 0.001, help: "Added to the variance, so that nothing is divided by 0." },
      { key: "center", kind: "flag", rest: true, help: "Adds an offset a channel that is learned: beta." },
      { key: "scale", kind: "flag", rest: true, help: "Multiplies by a factor a channel that is learned: gamma." },
    ],
  },
  {
    layer: "Dropout", group: "Regularization", begin: { rate: 0.25 },
    about: "While training, sets a random share of the values to 0, so that the network cannot rely on any one.", options: [rate("the values")],
  },
  {
    layer: "SpatialDropout2D", group: "Regularization", begin: { rate: 0.25 },
    about: "While training, drops whole channels at random.", options: [rate("the channels")],
  },
  {
    layer: "Rescaling", group: "Preprocessing", begin: { scale: 2, offset: -1 },
    about: "Multiplies every value and adds to it. Pixels come here from 0 to 1 already, unless rescale in Augmentation says otherwise.",
    options: [
      { key: "scale", kind: "number", help: "What every value is multiplied by." },
      { key: "offset", kind: "number", rest: 0, help: "What is added after that." },
    ],
  },
  {
    layer: "Normalization", group: "Preprocessing", begin: { mean: 0.5, variance: 0.0625 },
    about: "Takes a mean away and divides by a deviation, both given. “Look through” in Data tells them.",
    options: [
      { key: "mean", kind: "numbers", help: "One number, or one a channel: 0.49, 0.48, 0.45." },
      { key: "variance", kind: "numbers", help: "The square of the deviation: one number, or one a channel." },
    ],
  },
  {
    layer: "Flatten", group: "Reshaping", begin: {},
    about: "Writes all values of the picture in one row, for Dense to take.", options: [],
  },
  {
    layer: "UpSampling2D", group: "Reshaping", begin: { size: 2 },
    about: "Makes the picture larger by repeating or blending its pixels.",
    options: [
      { key: "size", kind: "pair", rest: 2, unit: "times", help: "How many times higher and wider. One number for both, or two: 2, 1." },
      { key: "interpolation", kind: "choice", rest: "nearest", values: ["nearest", "bilinear"], help: "nearest repeats each pixel, bilinear blends neighbours." },
    ],
  },
  {
    layer: "ZeroPadding2D", group: "Reshaping", begin: { padding: 1 },
    about: "Puts a border of zeros around the picture.",
    options: [
      { key: "padding", kind: "border", rest: 1, unit: "px", help: "How wide the border is: one number, two for above and below, left and right: 1, 2. Or four: (1, 0), (1, 0) for top, bottom, left, right." },
    ],
  },
  {
    layer: "Add", group: "Merging", merges: true, begin: {},
    about: "Adds two or more layers of the same shape, value by value: the short cut of a residual network.", options: [],
  },
  {
    layer: "Concatenate", group: "Merging", merges: true, begin: {},
    about: "Puts the channels of two or more layers behind each other.", options: [],
  },
  {
    layer: "ReLU", group: "Activation", begin: {},
    about: "Turns negative values into 0.",
    options: [
      { key: "max_value", kind: "number", rest: null, instead: "none", help: "Larger values become this one." },
      slope(0),
      { key: "threshold", kind: "number", rest: 0, help: "Values below this count as negative." },
    ],
  },
  {
    layer: "LeakyReLU", group: "Activation", begin: {},
    about: "Leaves negative values a small slope, so that they still learn.", options: [slope(0.3)],
  },
  {
    layer: "ELU", group: "Activation", begin: {},
    about: "Negative values go smoothly to −alpha.", options: [{ key: "alpha", kind: "number", rest: 1, help: "Where negative values end." }],
  },
  {
    layer: "Softmax", group: "Activation", begin: {},
    about: "Turns the values into shares that sum to 1.", options: [],
  },
];

/** What a network can be judged by. */
export const losses = [
  { name: "sparse_categorical_crossentropy", about: "One class a picture, its label a number. The usual one." },
  { name: "categorical_crossentropy", about: "One class a picture. In Keras labels are rows of 0 and 1 then; here it is the same." },
  { name: "binary_crossentropy", about: "Two classes, for a network that ends in one sigmoid unit." },
] as const;
