/**
 * The formulas of a lesson, filled in with a layer's own numbers: the size of its output, its
 * parameters, what it computes. In a rule, an underscore makes the rest of the word an index.
 */
import { dilated, pairOf } from "../../api/costs";
import type { LayerSpec } from "../../api/types";
import { count, decimal, plural, shape } from "../../view/format";

export type Formula = {
  /** What is computed. */
  title: string;
  /** With letters. */
  rule: string;
  /** With numbers. */
  filled: string;
  result: string;
  /** What the letters stand for, and what is worth knowing. */
  note?: string;
};

export type Numbers = {
  /** With every default written out. */
  layer: LayerSpec;
  /** The sizes of what it takes, without the batch. */
  inputs: readonly (readonly number[])[];
  output: readonly number[];
  params: number;
};

const times = " × ";

/** All that is worth computing for a layer. */
export function formulasOf(numbers: Numbers): Formula[] {
  const { layer, inputs, output } = numbers;
  const [input = []] = inputs;
  switch (layer.layer) {
    case "Conv2D":
      return [...windows(numbers, "kernel_size"), convParams(numbers), convWork(numbers)];
    case "DepthwiseConv2D":
      return [...windows(numbers, "kernel_size"), depthwiseChannels(numbers), depthwiseParams(numbers), depthwiseWork(numbers)];
    case "SeparableConv2D":
      return [...windows(numbers, "kernel_size"), separableParams(numbers), separableWork(numbers)];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [...windows(numbers, "pool_size"), noParams("It compares or averages; there is nothing to learn.")];
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return [
        { title: "Output", rule: "D", filled: count(input.at(-1) ?? 0), result: plural(input.at(-1) ?? 0, "value"), note: `One number for each of the ${plural(input.at(-1) ?? 0, "channel")}, from ${count((input[0] ?? 1) * (input[1] ?? 1))} pixels each.` },
        noParams("There is nothing to learn."),
      ];
    case "Flatten":
      return [
        { title: "Output", rule: "H × W × D", filled: input.map(count).join(times), result: plural(output[0] ?? 0, "value"), note: "All values in one row; none is changed." },
        noParams("There is nothing to learn."),
      ];
    case "Dense":
      return denseFormulas(numbers);
    case "BatchNormalization":
      return [batchNormParams(numbers)];
    case "Dropout":
    case "SpatialDropout2D":
      return [dropout(numbers), noParams("There is nothing to learn.")];
    case "ZeroPadding2D":
      return [...border(numbers), noParams("Zeros are not learned.")];
    case "UpSampling2D":
      return [...grow(numbers), noParams("There is nothing to learn.")];
    case "Add":
      return [
        { title: "Output", rule: inputs.map((_, i) => `x_${i + 1}`).join(" + "), filled: inputs.map((size) => shape(size)).join(" + "), result: shape(output), note: "All shapes are the same; values at the same place are added." },
        noParams("There is nothing to learn."),
      ];
    case "Concatenate":
      return [
        { title: "Channels", rule: inputs.map((_, i) => `D_${i + 1}`).join(" + "), filled: inputs.map((size) => count(size.at(-1) ?? 0)).join(" + "), result: count(output.at(-1) ?? 0), note: "The channels are put behind each other; height and width are the same." },
        noParams("There is nothing to learn."),
      ];
    case "Rescaling":
      return [
        { title: "Each value", rule: "scale × x + offset", filled: `${number(layer["scale"])} × x + ${number(layer["offset"] ?? 0)}`, result: `from 0…1 to ${number(layer["offset"] ?? 0)}…${number(Number(layer["scale"]) + Number(layer["offset"] ?? 0))}` },
        noParams("The numbers are given, not learned."),
      ];
    case "Normalization":
      return [noParams("Mean and variance are given, not learned.")];
    default:
      return [noParams("Its output has the shape of its input, and there is nothing to learn.")];
  }
}

function number(value: unknown): string {
  return decimal(Number(value), 4).replace(/\.?0+$/, "");
}

function noParams(note: string): Formula {
  return { title: "Parameters", rule: "", filled: "", result: "0", note };
}

/** Where a window fits, once for both directions where they are alike. */
function windows({ layer, inputs: [input = []], output }: Numbers, key: "kernel_size" | "pool_size"): Formula[] {
  const size = key === "kernel_size" ? dilated(layer) : pairOf(layer[key], [2, 2]);
  const strides = pairOf(layer["strides"], key === "pool_size" ? size : [1, 1]);
  const plainSize = pairOf(layer[key], [2, 2]);
  const rate = pairOf(layer["dilation_rate"]);
  const one = (axis: 0 | 1, title: string): Formula => {
    const [W, F, S, O] = [input[axis] ?? 1, size[axis], strides[axis], output[axis] ?? 1];
    const stretched = F === plainSize[axis] ? "" : ` The kernel of ${plainSize[axis]} reaches over (${plainSize[axis]} − 1) × ${rate[axis]} + 1 = ${F} pixels.`;
    const letters = `W = ${count(W)} pixels in, F = ${F} the window, S = ${S} the stride.${stretched}`;
    if (layer["padding"] === "same") {
      const zeros = Math.max(0, (O - 1) * S + F - W);
      const before = Math.floor(zeros / 2);
      return {
        title, rule: "⌈W / S⌉", filled: `⌈${count(W)} / ${S}⌉`, result: count(O),
        note: `same: (O − 1) × S + F − W = (${count(O)} − 1) × ${S} + ${F} − ${count(W)} = ${(O - 1) * S + F - W}, so ${zeros === 0 ? "no zeros are added" : `${plural(zeros, "zero is", "zeros are")} added, ${before} before and ${zeros - before} after`}. ${letters}`,
      };
    }
    return {
      title, rule: "⌊(W − F) / S⌋ + 1", filled: `⌊(${count(W)} − ${F}) / ${S}⌋ + 1`, result: count(O),
      note: `valid: no zeros are added. ${letters}`,
    };
  };
  const alike = input[0] === input[1] && size[0] === size[1] && strides[0] === strides[1];
  return alike ? [one(0, "Height and width")] : [one(0, "Height"), one(1, "Width")];
}

/** Letters and numbers of a window: F × F where it is square. */
function square(value: unknown): { letters: string; numbers: string; area: number; square: boolean } {
  const [height, width] = pairOf(value);
  const letters = height === width ? "F × F" : "F_h × F_w";
  return { letters, numbers: `${height}${times}${width}`, area: height * width, square: height === width };
}

function convParams({ layer, inputs: [input = []], params }: Numbers): Formula {
  const K = Number(layer["filters"]);
  const channels = input.at(-1) ?? 1;
  const groups = Number(layer["groups"] ?? 1);
  const F = square(layer["kernel_size"]);
  const biased = layer["use_bias"] !== false;
  const depth = groups > 1 ? "D_in / G" : "D_in";
  return {
    title: "Parameters",
    rule: `K × ${F.letters} × ${depth}${biased ? " + K" : ""}`,
    filled: `${count(K)} × ${F.numbers} × ${count(channels)}${groups > 1 ? ` / ${groups}` : ""}${biased ? ` + ${count(K)}` : ""}`,
    result: count(params),
    note: `K = ${plural(K, "filter")}, each looks through F = ${F.square ? pairOf(layer["kernel_size"])[0] : pairOf(layer["kernel_size"]).join(" and ")} pixels at ${groups > 1 ? `D_in / G = ${count(channels / groups)}` : `D_in = ${plural(channels, "channel")}`}${biased ? " and adds a bias" : "; without biases"}.`,
  };
}

function convWork({ layer, inputs: [input = []], output }: Numbers): Formula {
  const [height = 1, width = 1, K = 1] = output;
  const groups = Number(layer["groups"] ?? 1);
  const channels = (input.at(-1) ?? 1) / groups;
  const F = square(layer["kernel_size"]);
  return {
    title: "Multiply-adds",
    rule: `H × W × K × ${F.letters} × ${groups > 1 ? "D_in / G" : "D_in"}`,
    filled: [height, width, K].map(count).join(times) + ` × ${F.numbers} × ${count(channels)}`,
    result: count(height * width * K * F.area * channels),
    note: "Every filter is laid on every place of the output.",
  };
}

function depthwiseChannels({ layer, inputs: [input = []], output }: Numbers): Formula {
  const M = Number(layer["depth_multiplier"] ?? 1);
  return { title: "Channels", rule: "D_in × M", filled: `${count(input.at(-1) ?? 1)} × ${M}`, result: count(output.at(-1) ?? 0), note: `M = ${M}, the depth_multiplier.` };
}

function depthwiseParams({ layer, inputs: [input = []], output, params }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const M = Number(layer["depth_multiplier"] ?? 1);
  const biased = layer["use_bias"] !== false;
  return {
    title: "Parameters",
    rule: `${F.letters} × D_in × M${biased ? " + D_in × M" : ""}`,
    filled: `${F.numbers} × ${count(input.at(-1) ?? 1)} × ${M}${biased ? ` + ${count(output.at(-1) ?? 0)}` : ""}`,
    result: count(params),
    note: "Each channel has kernels of its own, and no filter looks at two channels.",
  };
}

function depthwiseWork({ layer, output }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const all = output.reduce((product, size) => product * size, 1);
  return { title: "Multiply-adds", rule: `H × W × D_out × ${F.letters}`, filled: `${output.map(count).join(times)} × ${F.numbers}`, result: count(all * F.area) };
}

function separableParams({ layer, inputs: [input = []], params }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const M = Number(layer["depth_multiplier"] ?? 1);
  const D = input.at(-1) ?? 1;
  const K = Number(layer["filters"]);
  const biased = layer["use_bias"] !== false;
  const whole = K * F.area * D + (biased ? K : 0);
  return {
    title: "Parameters",
    rule: `${F.letters} × D_in × M + D_in × M × K${biased ? " + K" : ""}`,
    filled: `${F.numbers} × ${count(D)} × ${M} + ${count(D * M)} × ${count(K)}${biased ? ` + ${count(K)}` : ""}`,
    result: count(params),
    note: `First each channel by itself, then 1 × 1 over all. A Conv2D of this size has ${count(whole)}.`,
  };
}

function separableWork({ layer, inputs: [input = []], output }: Numbers): Formula {
  const [height = 1, width = 1, K = 1] = output;
  const F = square(layer["kernel_size"]);
  const between = (input.at(-1) ?? 1) * Number(layer["depth_multiplier"] ?? 1);
  return {
    title: "Multiply-adds",
    rule: `H × W × (${F.letters} × D_in × M + D_in × M × K)`,
    filled: `${count(height)} × ${count(width)} × (${F.numbers} × ${count(between)} + ${count(between)} × ${count(K)})`,
    result: count(height * width * between * (F.area + K)),
  };
}

function denseFormulas({ layer, inputs: [input = []], params }: Numbers): Formula[] {
  const N = input[0] ?? 1;
  const U = Number(layer["units"]);
  const biased = layer["use_bias"] !== false;
  return [
    {
      title: "Parameters", rule: `N × U${biased ? " + U" : ""}`, filled: `${count(N)} × ${count(U)}${biased ? ` + ${count(U)}` : ""}`, result: count(params),
      note: `Each of the U = ${plural(U, "unit")} has a weight for each of the N = ${plural(N, "input")}${biased ? " and a bias" : "; without biases"}.`,
    },
    { title: "Multiply-adds", rule: "N × U", filled: `${count(N)} × ${count(U)}`, result: count(N * U) },
  ];
}

function batchNormParams({ layer, inputs: [input = []], params }: Numbers): Formula {
  const D = input.at(-1) ?? 1;
  const learned = Number(layer["scale"] !== false) + Number(layer["center"] !== false);
  const rows = learned + 2;
  const names = [...(layer["scale"] === false ? [] : ["gamma"]), ...(layer["center"] === false ? [] : ["beta"])];
  return {
    title: "Parameters", rule: `${rows} × D`, filled: `${rows} × ${count(D)}`, result: count(params),
    note: `For each of the D = ${plural(D, "channel")}: ${[...names, "moving mean", "moving variance"].join(", ")}. ${learned > 0 ? `${count(learned * D)} are trained; ` : ""}${count(2 * D)}, the moving ones, follow the batches and are not.`,
  };
}

function dropout({ layer, output }: Numbers): Formula {
  const rate = Number(layer["rate"]);
  const whole = layer.layer === "SpatialDropout2D";
  const all = whole ? (output.at(-1) ?? 1) : output.reduce((product, size) => product * size, 1);
  return {
    title: "Dropped in each step", rule: whole ? "rate × D" : "rate × values", filled: `${number(rate)} × ${count(all)}`,
    result: `about ${plural(Math.round(rate * all), whole ? "channel" : "value")}`,
    note: `The rest is multiplied by 1 / (1 − ${number(rate)}) = ${number(1 / (1 - rate))}, so that the sum stays alike. Only while training.`,
  };
}

function border({ layer, inputs: [input = []], output }: Numbers): Formula[] {
  const given = layer["padding"];
  const sides = (Array.isArray(given) ? given : [given, given]).map((side: unknown) => pairOf(side));
  return ([0, 1] as const).map((axis) => {
    const [before, after] = sides[axis] ?? [1, 1];
    return {
      title: axis === 0 ? "Height" : "Width", rule: axis === 0 ? "H + top + bottom" : "W + left + right",
      filled: `${count(input[axis] ?? 1)} + ${before} + ${after}`, result: count(output[axis] ?? 1),
    };
  });
}

function grow({ layer, inputs: [input = []], output }: Numbers): Formula[] {
  const size = pairOf(layer["size"], [2, 2]);
  return ([0, 1] as const).map((axis) => ({
    title: axis === 0 ? "Height" : "Width", rule: axis === 0 ? "H × size" : "W × size",
    filled: `${count(input[axis] ?? 1)} × ${size[axis]}`, result: count(output[axis] ?? 1),
  }));
}
