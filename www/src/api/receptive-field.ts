/** Where the values of a layer look: the part of the picture, or of the layer before, that each is made of. */
import { dilated, modelInput, pairOf, sourcesOf } from "./costs";
import type { LayerSpec, ModelSpec } from "./types";

/** Rows and columns from `top` and `left` up to, not with, `bottom` and `right`. */
export type Region = { top: number; left: number; bottom: number; right: number };

export type Size = [height: number, width: number];

/** A window that slides: its cells, the gaps between them, how far it moves, and the zeros above and at the left. */
export type Window = { size: Size; rate: Size; strides: Size; before: Size };

const convolutions = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D"];
const poolings = ["MaxPooling2D", "AveragePooling2D"];

/** The window of a convolution or pooling over an input of this size; null for other layers. */
export function windowOf(layer: LayerSpec, input: Size): Window | null {
  const convolves = convolutions.includes(layer.layer);
  if (!convolves && !poolings.includes(layer.layer)) {
    return null;
  }
  const size = convolves ? pairOf(layer["kernel_size"]) : pairOf(layer["pool_size"], [2, 2]);
  const rate: Size = convolves ? pairOf(layer["dilation_rate"]) : [1, 1];
  const strides = pairOf(layer["strides"], convolves ? [1, 1] : size);
  const span = convolves ? dilated(layer) : size;
  // TensorFlow's rule for `same`: the odd one comes below and at the right.
  const before = (axis: 0 | 1): number =>
    layer["padding"] === "same"
      ? Math.floor(Math.max((Math.ceil(input[axis] / strides[axis]) - 1) * strides[axis] + span[axis] - input[axis], 0) / 2)
      : 0;
  return { size, rate, strides, before: [before(0), before(1)] };
}

/** Height and width of what each layer gives; null for a vector. `spec` has every default written out. */
export function sizesOf(spec: ModelSpec): (Size | null)[] {
  const sizes: (Size | null)[] = [];
  const sources = sourcesOf(spec.layers);
  spec.layers.forEach((layer, place) => {
    const input = inputSize(spec, sizes, sources[place]?.[0] ?? modelInput);
    sizes.push(input && outputSize(layer, input));
  });
  return sizes;
}

function inputSize({ input_shape: [height = 1, width = 1] }: ModelSpec, sizes: readonly (Size | null)[], from: number): Size | null {
  return from === modelInput ? [height, width] : (sizes[from] ?? null);
}

function outputSize(layer: LayerSpec, input: Size): Size | null {
  const window = windowOf(layer, input);
  if (window) {
    const along = (axis: 0 | 1): number => {
      const span = (window.size[axis] - 1) * window.rate[axis] + 1;
      const room = layer["padding"] === "same" ? input[axis] : input[axis] - span + 1;
      return Math.ceil(room / window.strides[axis]);
    };
    return [along(0), along(1)];
  }
  switch (layer.layer) {
    case "ZeroPadding2D": {
      const [[top, bottom], [left, right]] = border(layer);
      return [input[0] + top + bottom, input[1] + left + right];
    }
    case "UpSampling2D": {
      const [down, across] = pairOf(layer["size"], [2, 2]);
      return [input[0] * down, input[1] * across];
    }
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return layer["keepdims"] === true ? [1, 1] : null;
    case "Flatten":
    case "Dense":
      return null;
    default:
      return input;
  }
}

/** Rows of zeros above and below, and columns left and right. */
function border(layer: LayerSpec): [Size, Size] {
  const given = layer["padding"];
  if (Array.isArray(given)) {
    const [rows, columns] = given as unknown[];
    return [pairOf(rows, [0, 0]), pairOf(columns, [0, 0])];
  }
  const all = typeof given === "number" ? given : 1;
  return [[all, all], [all, all]];
}

/**
 * The part of the picture that a value of a layer is made of. It may lie partly outside the
 * picture, where padding has zeros; a value of a vector sees all that is before it.
 */
export function receptiveFieldOf(spec: ModelSpec, layer: string | number, row: number, column: number): Region {
  const place = typeof layer === "number" ? layer : spec.layers.findIndex(({ name }) => name === layer);
  const sizes = sizesOf(spec);
  const sources = sourcesOf(spec.layers);
  // From the end to the beginning: what each layer's part has to be for the value.
  const wanted = new Map<number, Region>([[place, { top: row, left: column, bottom: row + 1, right: column + 1 }]]);
  for (let at = place; at >= 0; at -= 1) {
    const region = wanted.get(at);
    const step = spec.layers[at];
    if (!region || !step) {
      continue;
    }
    for (const from of sources[at] ?? []) {
      const before = reach(step, inputSize(spec, sizes, from), sizes[at] ?? null, region);
      const known = wanted.get(from);
      wanted.set(from, known ? union(known, before) : before);
    }
  }
  return wanted.get(modelInput) ?? { top: 0, left: 0, bottom: 0, right: 0 };
}

/** The part of a layer's input that a part of its output is made of. */
function reach(layer: LayerSpec, input: Size | null, output: Size | null, region: Region): Region {
  if (!input) {
    return { top: 0, left: 0, bottom: 1, right: 1 };
  }
  const window = windowOf(layer, input);
  if (window) {
    const from = (axis: 0 | 1, first: number): number => first * window.strides[axis] - window.before[axis];
    const span = (axis: 0 | 1): number => (window.size[axis] - 1) * window.rate[axis] + 1;
    return {
      top: from(0, region.top),
      left: from(1, region.left),
      bottom: from(0, region.bottom - 1) + span(0),
      right: from(1, region.right - 1) + span(1),
    };
  }
  if (!output || layer.layer.startsWith("Global")) {
    return { top: 0, left: 0, bottom: input[0], right: input[1] };
  }
  switch (layer.layer) {
    case "ZeroPadding2D": {
      const [[top], [left]] = border(layer);
      return { top: region.top - top, left: region.left - left, bottom: region.bottom - top, right: region.right - left };
    }
    case "UpSampling2D": {
      const [down, across] = pairOf(layer["size"], [2, 2]);
      const blends = layer["interpolation"] === "bilinear";
      const first = (at: number, times: number): number => Math.max(0, Math.floor(blends ? (at + 0.5) / times - 0.5 : at / times));
      const end = (at: number, times: number, size: number): number =>
        Math.min(size, (blends ? Math.ceil((at - 0.5) / times - 0.5) : Math.floor((at - 1) / times)) + 1);
      return {
        top: first(region.top, down),
        left: first(region.left, across),
        bottom: end(region.bottom, down, input[0]),
        right: end(region.right, across, input[1]),
      };
    }
    default:
      return region;
  }
}

function union(a: Region, b: Region): Region {
  return {
    top: Math.min(a.top, b.top),
    left: Math.min(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom),
    right: Math.max(a.right, b.right),
  };
}
