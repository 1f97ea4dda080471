/** A training step as a row of slides: forward, the loss, backward, the update, and what came of it. */
import type { FeatureMaps, Move, SlowMotion, Stage } from "../../api/types";
import "../../text/en/deep";
import type { Phrase, Texts } from "../../text/texts";

export type Slide =
  | { part: "forward" | "backward"; stage: Stage; /** The values, or the gradients. */ maps: FeatureMaps; /** It is of the last layer. */ last: boolean }
  | { part: "loss" }
  | { part: "update"; layer: string; moves: Move[] }
  | { part: "after" };

export const parts = ["forward", "loss", "backward", "update", "after"] as const;
export type Part = (typeof parts)[number];
export const partTitles: Record<Part, Phrase> = { forward: (t) => t.deep.forward, loss: (t) => t.common.loss, backward: (t) => t.deep.backward, update: (t) => t.deep.update, after: (t) => t.common.after };

export function slidesOf({ stages, moves }: Pick<SlowMotion, "stages" | "moves">): Slide[] {
  const layers = new Map<string, Move[]>();
  for (const move of moves) {
    const layer = move.name.slice(0, Math.max(0, move.name.lastIndexOf("/")));
    layers.set(layer, [...(layers.get(layer) ?? []), move]);
  }
  const slide = (part: "forward" | "backward", stage: Stage): Slide => {
    const { layer, count, height, width } = stage;
    const data = part === "forward" ? stage.values : stage.gradients;
    return { part, stage, maps: { layer, count, height, width, data }, last: stage === stages.at(-1) };
  };
  return [
    ...stages.map((stage) => slide("forward", stage)),
    { part: "loss" },
    ...[...stages].reverse().map((stage) => slide("backward", stage)),
    ...[...layers].map(([layer, of]): Slide => ({ part: "update", layer, moves: of })),
    { part: "after" },
  ];
}

/** The part of a weight that is shown: where it begins, and its rows and columns. */
export type Excerpt = { from: number; rows: number; columns: number; /** Which part it is, in words. */ where: string; /** The value whose gradient is the largest. */ most: number };

/** Of a kernel the window that the step moves most, of other weights some values about the one that it does. */
export function excerptOf(t: Texts, { shape, before, gradients }: Pick<Move, "shape" | "before" | "gradients">): Excerpt {
  const most = gradients.reduce((best, value, i) => (Math.abs(value) > Math.abs(gradients[best] ?? 0) ? i : best), 0);
  const [filters = 1, channels = 1, height, width] = shape;
  if (height !== undefined && width !== undefined) {
    const area = height * width;
    const at = Math.floor(most / area);
    // What is told of a large weight may end within a window.
    const whole = (at + 1) * area <= before.length ? at : Math.max(0, at - 1);
    return {
      from: whole * area, rows: height, columns: width, most,
      where: t.deep.filterChannel(Math.floor(whole / channels) + 1, filters, (whole % channels) + 1, channels),
    };
  }
  const columns = Math.min(8, before.length);
  const from = Math.max(0, Math.min(before.length - columns, most - (most % 8)));
  return { from, rows: 1, columns, most, where: before.length <= 8 ? t.deep.allValues : t.deep.valuesFromTo(from + 1, from + columns) };
}

/** What an optimizer does with a gradient, in words. */
export function ruleOf(t: Texts, optimizer: string): string {
  switch (optimizer) {
    case "sgd": return t.deep.sgd;
    case "rmsprop": return t.deep.rmsprop;
    case "adam":
    case "nadam": return t.deep.adam;
    case "adamw": return t.deep.adamw;
    case "adagrad": return t.deep.adagrad;
    case "adadelta": return t.deep.adadelta;
    default: return t.deep.otherOptimizer;
  }
}

/** A power of ten to write small values in, so that they have figures to show. */
export function unitOf(values: Float32Array): number {
  const reach = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return reach > 0 && reach < 0.1 ? Number(`1e${Math.floor(Math.log10(reach))}`) : 1;
}
