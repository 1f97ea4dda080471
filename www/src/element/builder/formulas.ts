/**
 * The formulas of a lesson, filled in with a layer's own numbers: the size of its output, its
 * parameters, what it computes. In a rule, an underscore makes the rest of the word an index.
 */
import { dilated, pairOf } from "../../api/costs";
import type { LayerSpec } from "../../api/types";
import "../../text/en/formulas";
import type { Texts } from "../../text/texts";

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
export function formulasOf(t: Texts, numbers: Numbers): Formula[] {
  const { layer, inputs, output } = numbers;
  const [input = []] = inputs;
  switch (layer.layer) {
    case "Conv2D":
      return [...windows(t, numbers, "kernel_size"), convParams(t, numbers), convWork(t, numbers)];
    case "DepthwiseConv2D":
      return [...windows(t, numbers, "kernel_size"), depthwiseChannels(t, numbers), depthwiseParams(t, numbers), depthwiseWork(t, numbers)];
    case "SeparableConv2D":
      return [...windows(t, numbers, "kernel_size"), separableParams(t, numbers), separableWork(t, numbers)];
    case "MaxPooling2D":
    case "AveragePooling2D":
      return [...windows(t, numbers, "pool_size"), noParams(t, t.formulas.comparesOnly)];
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
      return [
        { title: t.common.output, rule: "D", filled: t.count(input.at(-1) ?? 0), result: t.common.count.values(input.at(-1) ?? 0), note: t.formulas.onePerChannel(input.at(-1) ?? 0, (input[0] ?? 1) * (input[1] ?? 1)) },
        noParams(t, t.formulas.nothingToLearn),
      ];
    case "Flatten":
      return [
        { title: t.common.output, rule: "H × W × D", filled: input.map(t.count).join(times), result: t.common.count.values(output[0] ?? 0), note: t.formulas.inOneRow },
        noParams(t, t.formulas.nothingToLearn),
      ];
    case "Dense":
      return denseFormulas(t, numbers);
    case "BatchNormalization":
      return [batchNormParams(t, numbers)];
    case "Dropout":
    case "SpatialDropout2D":
      return [dropout(t, numbers), noParams(t, t.formulas.nothingToLearn)];
    case "ZeroPadding2D":
      return [...border(t, numbers), noParams(t, t.formulas.zerosNotLearned)];
    case "UpSampling2D":
      return [...grow(t, numbers), noParams(t, t.formulas.nothingToLearn)];
    case "Add":
      return [
        { title: t.common.output, rule: inputs.map((_, i) => `x_${i + 1}`).join(" + "), filled: inputs.map((size) => t.shape(size)).join(" + "), result: t.shape(output), note: t.formulas.addsAll },
        noParams(t, t.formulas.nothingToLearn),
      ];
    case "Concatenate":
      return [
        { title: t.formulas.channels, rule: inputs.map((_, i) => `D_${i + 1}`).join(" + "), filled: inputs.map((size) => t.count(size.at(-1) ?? 0)).join(" + "), result: t.count(output.at(-1) ?? 0), note: t.formulas.putBehind },
        noParams(t, t.formulas.nothingToLearn),
      ];
    case "Rescaling":
      return [
        { title: t.formulas.eachValue, rule: "scale × x + offset", filled: `${number(t, layer["scale"])} × x + ${number(t, layer["offset"] ?? 0)}`, result: t.formulas.fromTo(number(t, layer["offset"] ?? 0), number(t, Number(layer["scale"]) + Number(layer["offset"] ?? 0))) },
        noParams(t, t.formulas.givenNotLearned),
      ];
    case "Normalization":
      return [noParams(t, t.formulas.momentsGiven)];
    default:
      return [noParams(t, t.formulas.sameShape)];
  }
}

function number(t: Texts, value: unknown): string {
  return t.decimal(Number(value), 4).replace(/[.,]?0+$/, "");
}

function noParams(t: Texts, note: string): Formula {
  return { title: t.common.parameters, rule: "", filled: "", result: "0", note };
}

/** Where a window fits, once for both directions where they are alike. */
function windows(t: Texts, { layer, inputs: [input = []], output }: Numbers, key: "kernel_size" | "pool_size"): Formula[] {
  const size = key === "kernel_size" ? dilated(layer) : pairOf(layer[key], [2, 2]);
  const strides = pairOf(layer["strides"], key === "pool_size" ? size : [1, 1]);
  const plainSize = pairOf(layer[key], [2, 2]);
  const rate = pairOf(layer["dilation_rate"]);
  const one = (axis: 0 | 1, title: string): Formula => {
    const [W, F, S, O] = [input[axis] ?? 1, size[axis], strides[axis], output[axis] ?? 1];
    const stretched = F === plainSize[axis] ? "" : t.formulas.dilated(plainSize[axis], rate[axis], F);
    const letters = t.formulas.letters(W, F, S, stretched);
    if (layer["padding"] === "same") {
      const zeros = Math.max(0, (O - 1) * S + F - W);
      const before = Math.floor(zeros / 2);
      return {
        title, rule: "⌈W / S⌉", filled: `⌈${t.count(W)} / ${S}⌉`, result: t.count(O),
        note: t.formulas.same(O, S, F, W, (O - 1) * S + F - W, zeros === 0 ? t.formulas.noZeros : t.formulas.zerosAdded(zeros, before, zeros - before), letters),
      };
    }
    return {
      title, rule: "⌊(W − F) / S⌋ + 1", filled: `⌊(${t.count(W)} − ${F}) / ${S}⌋ + 1`, result: t.count(O),
      note: t.formulas.valid(letters),
    };
  };
  const alike = input[0] === input[1] && size[0] === size[1] && strides[0] === strides[1];
  return alike ? [one(0, t.formulas.heightAndWidth)] : [one(0, t.common.height), one(1, t.common.width)];
}

/** Letters and numbers of a window: F × F where it is square. */
function square(value: unknown): { letters: string; numbers: string; area: number; square: boolean } {
  const [height, width] = pairOf(value);
  const letters = height === width ? "F × F" : "F_h × F_w";
  return { letters, numbers: `${height}${times}${width}`, area: height * width, square: height === width };
}

function convParams(t: Texts, { layer, inputs: [input = []], params }: Numbers): Formula {
  const K = Number(layer["filters"]);
  const channels = input.at(-1) ?? 1;
  const groups = Number(layer["groups"] ?? 1);
  const F = square(layer["kernel_size"]);
  const biased = layer["use_bias"] !== false;
  const depth = groups > 1 ? "D_in / G" : "D_in";
  return {
    title: t.common.parameters,
    rule: `K × ${F.letters} × ${depth}${biased ? " + K" : ""}`,
    filled: `${t.count(K)} × ${F.numbers} × ${t.count(channels)}${groups > 1 ? ` / ${groups}` : ""}${biased ? ` + ${t.count(K)}` : ""}`,
    result: t.count(params),
    note: t.formulas.filters(K, F.square ? pairOf(layer["kernel_size"])[0] : pairOf(layer["kernel_size"]).join(t.formulas.and), groups > 1 ? t.formulas.depthOfGroup(channels / groups) : t.formulas.depthOfAll(channels), biased ? t.formulas.addsBias : t.formulas.noBiases),
  };
}

function convWork(t: Texts, { layer, inputs: [input = []], output }: Numbers): Formula {
  const [height = 1, width = 1, K = 1] = output;
  const groups = Number(layer["groups"] ?? 1);
  const channels = (input.at(-1) ?? 1) / groups;
  const F = square(layer["kernel_size"]);
  return {
    title: t.formulas.multiplyAdds,
    rule: `H × W × K × ${F.letters} × ${groups > 1 ? "D_in / G" : "D_in"}`,
    filled: [height, width, K].map(t.count).join(times) + ` × ${F.numbers} × ${t.count(channels)}`,
    result: t.count(height * width * K * F.area * channels),
    note: t.formulas.everyPlace,
  };
}

function depthwiseChannels(t: Texts, { layer, inputs: [input = []], output }: Numbers): Formula {
  const M = Number(layer["depth_multiplier"] ?? 1);
  return { title: t.formulas.channels, rule: "D_in × M", filled: `${t.count(input.at(-1) ?? 1)} × ${M}`, result: t.count(output.at(-1) ?? 0), note: t.formulas.depthMultiplier(M) };
}

function depthwiseParams(t: Texts, { layer, inputs: [input = []], output, params }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const M = Number(layer["depth_multiplier"] ?? 1);
  const biased = layer["use_bias"] !== false;
  return {
    title: t.common.parameters,
    rule: `${F.letters} × D_in × M${biased ? " + D_in × M" : ""}`,
    filled: `${F.numbers} × ${t.count(input.at(-1) ?? 1)} × ${M}${biased ? ` + ${t.count(output.at(-1) ?? 0)}` : ""}`,
    result: t.count(params),
    note: t.formulas.ownKernels,
  };
}

function depthwiseWork(t: Texts, { layer, output }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const all = output.reduce((product, size) => product * size, 1);
  return { title: t.formulas.multiplyAdds, rule: `H × W × D_out × ${F.letters}`, filled: `${output.map(t.count).join(times)} × ${F.numbers}`, result: t.count(all * F.area) };
}

function separableParams(t: Texts, { layer, inputs: [input = []], params }: Numbers): Formula {
  const F = square(layer["kernel_size"]);
  const M = Number(layer["depth_multiplier"] ?? 1);
  const D = input.at(-1) ?? 1;
  const K = Number(layer["filters"]);
  const biased = layer["use_bias"] !== false;
  const whole = K * F.area * D + (biased ? K : 0);
  return {
    title: t.common.parameters,
    rule: `${F.letters} × D_in × M + D_in × M × K${biased ? " + K" : ""}`,
    filled: `${F.numbers} × ${t.count(D)} × ${M} + ${t.count(D * M)} × ${t.count(K)}${biased ? ` + ${t.count(K)}` : ""}`,
    result: t.count(params),
    note: t.formulas.separable(whole),
  };
}

function separableWork(t: Texts, { layer, inputs: [input = []], output }: Numbers): Formula {
  const [height = 1, width = 1, K = 1] = output;
  const F = square(layer["kernel_size"]);
  const between = (input.at(-1) ?? 1) * Number(layer["depth_multiplier"] ?? 1);
  return {
    title: t.formulas.multiplyAdds,
    rule: `H × W × (${F.letters} × D_in × M + D_in × M × K)`,
    filled: `${t.count(height)} × ${t.count(width)} × (${F.numbers} × ${t.count(between)} + ${t.count(between)} × ${t.count(K)})`,
    result: t.count(height * width * between * (F.area + K)),
  };
}

function denseFormulas(t: Texts, { layer, inputs: [input = []], params }: Numbers): Formula[] {
  const N = input[0] ?? 1;
  const U = Number(layer["units"]);
  const biased = layer["use_bias"] !== false;
  return [
    {
      title: t.common.parameters, rule: `N × U${biased ? " + U" : ""}`, filled: `${t.count(N)} × ${t.count(U)}${biased ? ` + ${t.count(U)}` : ""}`, result: t.count(params),
      note: t.formulas.units(U, N, biased ? t.formulas.andBias : t.formulas.noBiases),
    },
    { title: t.formulas.multiplyAdds, rule: "N × U", filled: `${t.count(N)} × ${t.count(U)}`, result: t.count(N * U) },
  ];
}

function batchNormParams(t: Texts, { layer, inputs: [input = []], params }: Numbers): Formula {
  const D = input.at(-1) ?? 1;
  const learned = Number(layer["scale"] !== false) + Number(layer["center"] !== false);
  const rows = learned + 2;
  const names = [...(layer["scale"] === false ? [] : ["gamma"]), ...(layer["center"] === false ? [] : ["beta"])];
  return {
    title: t.common.parameters, rule: `${rows} × D`, filled: `${rows} × ${t.count(D)}`, result: t.count(params),
    note: t.formulas.perChannel(D, [...names, t.formulas.movingMean, t.formulas.movingVariance].join(", "), learned > 0 ? t.formulas.areTrained(learned * D) : "", 2 * D),
  };
}

function dropout(t: Texts, { layer, output }: Numbers): Formula {
  const rate = Number(layer["rate"]);
  const whole = layer.layer === "SpatialDropout2D";
  const all = whole ? (output.at(-1) ?? 1) : output.reduce((product, size) => product * size, 1);
  return {
    title: t.formulas.droppedEachStep, rule: whole ? t.formulas.rateChannels : t.formulas.rateValues, filled: `${number(t, rate)} × ${t.count(all)}`,
    result: t.formulas.aboutOf(t.common.count[whole ? "channels" : "values"](Math.round(rate * all))),
    note: t.formulas.restScaled(number(t, rate), number(t, 1 / (1 - rate))),
  };
}

function border(t: Texts, { layer, inputs: [input = []], output }: Numbers): Formula[] {
  const given = layer["padding"];
  const sides = (Array.isArray(given) ? given : [given, given]).map((side: unknown) => pairOf(side));
  return ([0, 1] as const).map((axis) => {
    const [before, after] = sides[axis] ?? [1, 1];
    return {
      title: axis === 0 ? t.common.height : t.common.width, rule: axis === 0 ? t.formulas.heightPadded : t.formulas.widthPadded,
      filled: `${t.count(input[axis] ?? 1)} + ${before} + ${after}`, result: t.count(output[axis] ?? 1),
    };
  });
}

function grow(t: Texts, { layer, inputs: [input = []], output }: Numbers): Formula[] {
  const size = pairOf(layer["size"], [2, 2]);
  return ([0, 1] as const).map((axis) => ({
    title: axis === 0 ? t.common.height : t.common.width, rule: axis === 0 ? t.formulas.heightTimes : t.formulas.widthTimes,
    filled: `${t.count(input[axis] ?? 1)} × ${size[axis]}`, result: t.count(output[axis] ?? 1),
  }));
}
