/**
 * What each layer of a network costs and sees, by arithmetic on the shapes that the core
 * gives: the core decides whether a network is right, and so nothing is checked here.
 */
import type { LayerCost, LayerSpec, ModelSpec, Summary } from "./types";

/** Stands for the model's own input among the places of layers. */
export const modelInput = -1;

/** Which layers each layer takes: their places in the list, or `modelInput`. */
export function sourcesOf(layers: readonly LayerSpec[]): number[][] {
  const places = new Map(layers.map(({ name }, place) => [name, place]));
  return layers.map(({ inputs }, place) =>
    Array.isArray(inputs)
      ? (inputs as string[]).map((name) => (name === "input" ? modelInput : (places.get(name) ?? modelInput)))
      : [place - 1],
  );
}

/** A shape without the batch. */
export function sizeOf(shape: readonly (number | null)[]): number[] {
  return shape.slice(1).map((size) => size ?? 1);
}

/** A number for both directions, or a pair. */
export function pairOf(value: unknown, missing: [number, number] = [1, 1]): [number, number] {
  if (Array.isArray(value)) {
    const [height, width] = value as number[];
    return [height ?? missing[0], width ?? missing[1]];
  }
  return typeof value === "number" ? [value, value] : missing;
}

/** The part of the picture that a value sees, and how many pixels lie between neighbours. */
type View = { field: [number, number]; step: [number, number] };

/** A cost a layer. `spec` has every default written out, as the core normalises it. */
export function costsOf(spec: ModelSpec, { layers }: Summary): LayerCost[] {
  const [height = 1, width = 1, channels = 1] = spec.input_shape;
  const sources = sourcesOf(spec.layers);
  const views: View[] = [];
  return spec.layers.map((layer, place) => {
    const inputs = sources[place] ?? [];
    const output = sizeOf(layers[place]?.outputShape ?? []);
    const taken = inputs.map((from) => (from === modelInput ? [height, width, channels] : sizeOf(layers[from]?.outputShape ?? [])));
    const before = join(inputs.map((from) => views[from] ?? { field: [1, 1], step: [1, 1] }));
    const view = viewOf(layer, before, [height, width]);
    views.push(view);
    return {
      receptiveField: [Math.min(height, Math.ceil(view.field[0])), Math.min(width, Math.ceil(view.field[1]))],
      multiplyAdds: multiplyAdds(layer, taken[0] ?? [], output),
      values: product(output),
    };
  });
}

/** Where branches meet, a value sees what any of them does. */
function join(views: View[]): View {
  const most = (pick: (view: View) => number): number => Math.max(1, ...views.map(pick));
  return {
    field: [most(({ field }) => field[0]), most(({ field }) => field[1])],
    step: [views[0]?.step[0] ?? 1, views[0]?.step[1] ?? 1],
  };
}

function viewOf(layer: LayerSpec, { field, step }: View, picture: [number, number]): View {
  const slide = (size: [number, number], strides: [number, number]): View => ({
    field: [field[0] + (size[0] - 1) * step[0], field[1] + (size[1] - 1) * step[1]],
    step: [step[0] * strides[0], step[1] * strides[1]],
  });
  switch (layer.layer) {
    case "Conv2D":
    case "DepthwiseConv2D":
    case "SeparableConv2D":
      return slide(dilated(layer), pairOf(layer["strides"]));
    case "MaxPooling2D":
    case "AveragePooling2D": {
      const size = pairOf(layer["pool_size"], [2, 2]);
      return slide(size, pairOf(layer["strides"], size));
    }
    case "Dense":
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return { field: picture, step };
    case "UpSampling2D": {
      const [down, across] = pairOf(layer["size"], [2, 2]);
      // Between two neighbours a value is mixed from both.
      const reach = layer["interpolation"] === "bilinear" ? 1 : 0;
      return {
        field: [field[0] + reach * step[0], field[1] + reach * step[1]],
        step: [step[0] / down, step[1] / across],
      };
    }
    default:
      return { field, step };
  }
}

/** A kernel's height and width with the gaps that dilation makes. */
export function dilated(layer: LayerSpec): [number, number] {
  const kernel = pairOf(layer["kernel_size"]);
  const rate = pairOf(layer["dilation_rate"]);
  return [(kernel[0] - 1) * rate[0] + 1, (kernel[1] - 1) * rate[1] + 1];
}

/** Layers without weights only compare, add or copy; that is not counted. */
function multiplyAdds(layer: LayerSpec, input: number[], output: number[]): number {
  const channels = input.at(-1) ?? 1;
  const window = product(pairOf(layer["kernel_size"]));
  const pixels = product(output.slice(0, -1));
  const made = output.at(-1) ?? 1;
  switch (layer.layer) {
    case "Conv2D":
      return (pixels * made * window * channels) / (Number(layer["groups"] ?? 1) || 1);
    case "DepthwiseConv2D":
      return pixels * made * window;
    case "SeparableConv2D": {
      const between = channels * (Number(layer["depth_multiplier"] ?? 1) || 1);
      return pixels * between * window + pixels * between * made;
    }
    case "Dense":
      return product(input) * made;
    case "BatchNormalization":
    case "Rescaling":
    case "Normalization":
      return product(output);
    default:
      return 0;
  }
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
