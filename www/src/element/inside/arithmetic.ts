/** The multiply-and-add that makes one pixel of a map, in numbers that a person can follow. */
import { type Window, windowOf } from "../../api/receptive-field";
import type { FeatureMaps, LayerSpec } from "../../api/types";

/** Maps, one after another, row by row. */
export type Values = Pick<FeatureMaps, "count" | "height" | "width"> & { data: Float32Array };

/** One input channel's share of a pixel. */
export type Part = {
  channel: number;
  /** What the window sees; NaN beyond the edge, where it counts as 0. */
  patch: Float32Array;
  kernel: Float32Array;
  sum: number;
};

export type Convolved = {
  window: Window;
  parts: Part[];
  bias: number;
  /** Of all parts, and the bias. */
  sum: number;
  activation: string;
  /** After the activation; null where that depends on other channels too. */
  result: number | null;
};

export type Pooled = { window: Window; /** NaN beyond the edge. */ patch: Float32Array; takes: "largest" | "mean"; result: number };

/** What Keras's activations make of one value; null for softmax, which looks at all channels. */
export function activate(name: string, x: number): number | null {
  switch (name) {
    case "linear": return x;
    case "relu": return Math.max(0, x);
    case "leaky_relu": return x > 0 ? x : 0.2 * x;
    case "elu": return x > 0 ? x : Math.expm1(x);
    case "selu": return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
    case "gelu": return 0.5 * x * (1 + erf(x * Math.SQRT1_2));
    case "silu": return x / (1 + Math.exp(-x));
    case "sigmoid": return 1 / (1 + Math.exp(-x));
    case "tanh": return Math.tanh(x);
    case "relu6": return Math.min(6, Math.max(0, x));
    case "softplus": return Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
    case "exponential": return Math.exp(x);
    case "hard_sigmoid": return Math.min(6, Math.max(0, x + 3)) / 6;
    default: return null;
  }
}

/** Abramowitz and Stegun 7.1.26: right to 1.5e-7. */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
}

/** What a window at a place sees of a channel. */
function patchOf({ size, rate, strides, before }: Window, input: Values, channel: number, row: number, column: number): Float32Array {
  const patch = new Float32Array(size[0] * size[1]).fill(NaN);
  for (let down = 0; down < size[0]; down += 1) {
    for (let across = 0; across < size[1]; across += 1) {
      const y = row * strides[0] - before[0] + down * rate[0];
      const x = column * strides[1] - before[1] + across * rate[1];
      if (y >= 0 && x >= 0 && y < input.height && x < input.width) {
        patch[down * size[1] + across] = input.data[(channel * input.height + y) * input.width + x] ?? NaN;
      }
    }
  }
  return patch;
}

/** How a Conv2D or DepthwiseConv2D makes a pixel of a map; null for other layers. */
export function convolvedAt(
  layer: LayerSpec,
  input: Values,
  kernels: Values & { bias?: Float32Array },
  filter: number,
  row: number,
  column: number,
): Convolved | null {
  const window = windowOf(layer, [input.height, input.width]);
  const depthwise = layer.layer === "DepthwiseConv2D";
  if (!window || !(depthwise || layer.layer === "Conv2D")) {
    return null;
  }
  const groups = Number(layer["groups"] ?? 1) || 1;
  const each = depthwise ? 1 : input.count / groups;
  const filters = kernels.count / each;
  const first = depthwise
    ? Math.floor(filter / (filters / input.count))
    : Math.floor(filter / (filters / groups)) * each;
  const area = window.size[0] * window.size[1];
  const parts = Array.from({ length: each }, (_, i): Part => {
    const patch = patchOf(window, input, first + i, row, column);
    const from = (filter * each + i) * area;
    const kernel = kernels.data.slice(from, from + area);
    const sum = patch.reduce((all, value, at) => all + (Number.isNaN(value) ? 0 : value * (kernel[at] ?? 0)), 0);
    return { channel: first + i, patch, kernel, sum };
  });
  const bias = kernels.bias?.[filter] ?? 0;
  const sum = parts.reduce((all, part) => all + part.sum, bias);
  const activation = typeof layer["activation"] === "string" ? layer["activation"] : "linear";
  return { window, parts, bias, sum, activation, result: activate(activation, sum) };
}

/** What a pooling makes a pixel of; null for other layers. */
export function pooledAt(layer: LayerSpec, input: Values, map: number, row: number, column: number): Pooled | null {
  const window = layer.layer.endsWith("Pooling2D") ? windowOf(layer, [input.height, input.width]) : null;
  if (!window) {
    return null;
  }
  const patch = patchOf(window, input, map, row, column);
  const inside = patch.filter((value) => !Number.isNaN(value));
  const takes = layer.layer === "MaxPooling2D" ? "largest" : "mean";
  const result = takes === "largest" ? Math.max(...inside) : inside.reduce((sum, value) => sum + value, 0) / inside.length;
  return { window, patch, takes, result };
}

/** The parts that count most, and what all others come to. */
export function largest(parts: readonly Part[], most: number): { shown: Part[]; others: number; rest: number } {
  const sorted = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const shown = sorted.slice(0, most);
  return { shown, others: parts.length - shown.length, rest: sorted.slice(most).reduce((sum, part) => sum + part.sum, 0) };
}

/** The picture as a network takes it that only multiplies its pixels; transparent ones lie on white. */
export function pictureValues({ data, width, height }: ImageData, channels: number, rescale: number): Values {
  const area = width * height;
  const values = new Float32Array(channels * area);
  for (let i = 0; i < area; i += 1) {
    const alpha = data[4 * i + 3] ?? 255;
    for (let channel = 0; channel < channels; channel += 1) {
      values[channel * area + i] = Math.floor(((data[4 * i + channel] ?? 0) * alpha + 255 * (255 - alpha) + 127) / 255) * rescale;
    }
  }
  return { count: channels, height, width, data: values };
}

/** Whether two numbers are the same but for rounding. */
export function agree(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b));
}

/**
 * Whether these inputs, and a convolution's kernels, make these maps, tried at some places. A
 * picture may have gone through more than the page knows of, such as whitening, and then its values
 * are not known.
 */
export function explains(layer: LayerSpec, input: Values, kernels: (Values & { bias?: Float32Array }) | null, maps: Values): boolean {
  const total = maps.data.length;
  const tries = Math.min(total, 97);
  return Array.from({ length: tries }, (_, i) => Math.floor((i * total) / tries)).every((at) => {
    const area = maps.width * maps.height;
    const [map, place] = [Math.floor(at / area), at % area];
    const [row, column] = [Math.floor(place / maps.width), place % maps.width];
    const made = kernels ? convolvedAt(layer, input, kernels, map, row, column) : pooledAt(layer, input, map, row, column);
    return made !== null && (made.result === null || agree(made.result, maps.data[at] ?? NaN));
  });
}
