/** What is different in a network that is being built, beside the one in use. */
import type { ModelInfo, Summary } from "../../api/types";
import { brief, type Draft } from "./draft";
import type { Texts } from "../../text/texts";

type Row = Summary["layers"][number];

export type Change =
  | { kind: "same" }
  | { kind: "new" }
  /** Its output's shape or number of parameters was another. */
  | { kind: "changed"; before: Row }
  /** Only its options are others. */
  | { kind: "edited"; before: string };

/** A network that the core has checked, with the draft that it is made of: a row a layer. */
export type Checked = { draft: Draft; info: ModelInfo };

export type Comparison = {
  /** By row of the new summary. */
  rows: Change[];
  removed: Row[];
  /** Parameters more, or fewer. */
  params: number;
};

export function compare(t: Texts, { draft, info }: Checked, used: Checked | null): Comparison {
  if (!used) {
    return { rows: draft.layers.map(() => ({ kind: "same" })), removed: [], params: 0 };
  }
  const places = new Map(used.draft.layers.map(({ key }, place) => [key, place]));
  const rows = draft.layers.map((layer, place): Change => {
    const at = places.get(layer.key);
    const old = at === undefined ? undefined : used.draft.layers[at];
    const before = used.info.summary.layers[at ?? -1];
    const now = info.summary.layers[place];
    if (!old || !before || !now || old.layer !== layer.layer) {
      return { kind: "new" };
    }
    if (before.params !== now.params || String(before.outputShape) !== String(now.outputShape)) {
      return { kind: "changed", before };
    }
    return JSON.stringify([old.options, old.inputs]) === JSON.stringify([layer.options, layer.inputs])
      ? { kind: "same" }
      : { kind: "edited", before: brief(t, old) };
  });
  const kept = new Set(draft.layers.map(({ key }) => key));
  return {
    rows,
    removed: used.info.summary.layers.filter((_, place) => !kept.has(used.draft.layers[place]?.key ?? -1)),
    params: info.summary.totalParams - used.info.summary.totalParams,
  };
}
