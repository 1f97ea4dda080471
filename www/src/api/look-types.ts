/** What is inside a network: how it is asked for, and what it is. */
import type { EvaluateOptions, Split } from "./types";

/**
 * `grad-cam` (Selvaraju and others 2017) and `grad-cam++` weigh a layer's maps; `saliency` is the
 * gradient by each pixel, `smooth-grad` its mean over noisy copies, `integrated-gradients` its sum
 * on the way from a black picture; `occlusion` covers a part of the picture at a time.
 */
export type AttributionMethod = "grad-cam" | "grad-cam++" | "saliency" | "smooth-grad" | "integrated-gradients" | "occlusion";

export type AttributionOptions = EvaluateOptions & {
  /** Default `grad-cam`. */
  method?: AttributionMethod | undefined;
  /** The class. Default: the likeliest. */
  label?: number | undefined;
  /** For Grad-CAM: whose maps, by name or place. Default: the last convolution's. */
  layer?: string | number | undefined;
  /** For `smooth-grad`: noisy copies. Default 25. */
  samples?: number | undefined;
  /** For `smooth-grad`: the noise's deviation as a share of the picture's range. Default 0.15. */
  noise?: number | undefined;
  /** For `integrated-gradients`: steps at first, doubled until their sum is within 1 %. Default 64. */
  steps?: number | undefined;
  /** For `occlusion`: the side of the square that covers, in pixels. Default: a seventh of the picture's. */
  size?: number | undefined;
  /** For `occlusion`: pixels from one place to the next. Default: half the side. */
  stride?: number | undefined;
  /** Repeats the noise. Default 0. */
  seed?: number | undefined;
};

/** What a decision rests on. */
export type Attribution = {
  method: AttributionMethod;
  /** The class that it speaks for. */
  label: number;
  /** Whose maps were weighed; null for the other methods. */
  layer: string | null;
  height: number;
  width: number;
  /** Row by row. Those of integrated gradients and occlusion have a sign: what is below zero speaks against the class. */
  data: Float32Array<ArrayBuffer>;
  /** The class's probability. */
  probability: number;
  /** For integrated gradients: the sum of all, and what it should be: the difference of the class's score to that of a black picture. */
  completeness: [sum: number, difference: number] | null;
};

/** Either a class, or a filter (or unit) of a layer. */
export type MaximizeOptions = EvaluateOptions & {
  label?: number | undefined;
  layer?: string | number | undefined;
  /** Default 0, the first. */
  filter?: number | undefined;
  /** Steps of gradient ascent. Default 160. */
  steps?: number | undefined;
  seed?: number | undefined;
};

/** The picture that a class or a filter answers to most. */
export type Maximized = {
  pixels: ImageData;
  /** The class's logit, or the filter's mean before its activation: of noise, and of this picture. */
  scores: [first: number, last: number];
};

export type ExcitingOptions = EvaluateOptions & {
  /** Default `test`. */
  split?: Split | undefined;
};

/** The pictures of a split that excite each filter, or unit, of a layer most. */
export type Exciting = {
  layer: string;
  filters: number;
  /** Pictures a filter. */
  kept: number;
  /** `filters * kept` places in the split, each filter's most exciting first. */
  indices: Uint32Array<ArrayBuffer>;
  /** The largest value in the filter's map of each. */
  values: Float32Array<ArrayBuffer>;
};

export type HiddenOptions = EvaluateOptions & {
  /** At most so many pictures, spread evenly. Default 2,000. */
  limit?: number | undefined;
};

/** What the last hidden layer makes of each picture of a split. */
export type Hidden = {
  /** Null where the last layer takes the pictures themselves. */
  layer: string | null;
  /** Values of each vector. */
  length: number;
  /** The pictures' places in the split. */
  indices: Uint32Array<ArrayBuffer>;
  labels: Uint16Array<ArrayBuffer>;
  /** One vector after another. */
  data: Float32Array<ArrayBuffer>;
};

/** One class against all others, as the threshold on its probability falls. Thinned to about a thousand points. */
export type Curves = {
  /** Empty, and the area null, where the pictures are all, or none, of the class. */
  roc: {
    thresholds: Float64Array<ArrayBuffer>;
    falsePositiveRate: Float64Array<ArrayBuffer>;
    truePositiveRate: Float64Array<ArrayBuffer>;
    area: number | null;
  };
  /** The last point, where recall is 0, has the threshold infinity. */
  precisionRecall: {
    thresholds: Float64Array<ArrayBuffer>;
    precision: Float64Array<ArrayBuffer>;
    recall: Float64Array<ArrayBuffer>;
    /** Average precision. */
    average: number | null;
  };
};

export type EmbedOptions = {
  /** Principal components, or t-SNE (van der Maaten 2014). Default `pca`. */
  method?: "pca" | "tsne" | undefined;
  /** For t-SNE: about how many neighbours count. Default 30. */
  perplexity?: number | undefined;
  /** For t-SNE. Default 750. */
  iterations?: number | undefined;
  seed?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The share that is done, and where the points are by then; without places while neighbours are looked for. */
  onProgress?: ((progress: { share: number; positions: Float32Array<ArrayBuffer> }) => void) | undefined;
};

/** Points on a plane. */
export type Embedded = {
  /** x and y of each point in turn. */
  positions: Float32Array<ArrayBuffer>;
  /** For principal components: the share of variance of each; null where all points are the same. */
  explained: [number, number] | null;
};

/** How values are distributed. */
export type Distribution = {
  low: number;
  high: number;
  mean: number;
  std: number;
  /** Values that are no numbers; they count for nothing else here. */
  wrong: number;
  /** Values in equal parts between `low` and `high`. */
  bars: number[];
};

/** A layer's vital signs; null: it has no such thing. */
export type LayerVitals = {
  layer: string;
  weights: Distribution | null;
  /** The loss's gradient by the weights. */
  gradients: Distribution | null;
  activations: Distribution;
  /** Filters, or units, that are zero for every picture and place. */
  dead: number | null;
  units: number;
  /** The length of a step's update divided by that of the weights. */
  updateRatio: number | null;
};

export type Vitals = {
  /** Over the life of the weights. */
  step: number;
  /** The training pictures that they are of. */
  pictures: number;
  layers: LayerVitals[];
};

/** What a layer gives for one picture, and the loss's gradient by it; a vector has as many maps of one pixel. */
export type Stage = {
  layer: string;
  count: number;
  height: number;
  width: number;
  /** Of the last layer, before its activation. */
  values: Float32Array<ArrayBuffer>;
  gradients: Float32Array<ArrayBuffer>;
};

/** A weight before and after a step. */
export type Move = {
  /** Such as `conv2d/kernel`. */
  name: string;
  /** A kernel is [filters, channels, height, width], a dense one [inputs, units]. */
  shape: number[];
  /** Its values, or the first 65,536. */
  before: Float32Array<ArrayBuffer>;
  gradients: Float32Array<ArrayBuffer>;
  after: Float32Array<ArrayBuffer>;
};

/** One training step on one picture, which was taken back. */
export type SlowMotion = {
  /** Without what regularisers add. */
  loss: number;
  lossAfter: number;
  /** Of every class. */
  probabilities: number[];
  probabilitiesAfter: number[];
  optimizer: string;
  learningRate: number;
  stages: Stage[];
  moves: Move[];
};

/** What can be looked for in slices: what it is asked with, and what it gives. */
export type Looks = {
  attribution: { options: Omit<AttributionOptions, keyof EvaluateOptions | "layer"> & { layer?: string }; found: Attribution };
  dream: { options: Omit<MaximizeOptions, keyof EvaluateOptions | "layer"> & { layer?: string }; found: { pixels: Uint8Array<ArrayBuffer>; scores: [number, number] } };
  exciting: { options: { split: Split; layer: string }; found: Exciting };
  hidden: { options: { split: Split; limit: number }; found: Hidden };
};
export type LookKind = keyof Looks;

