import type { Distribution, LayerVitals, Vitals } from "../../api/types";
import { field } from "../../view/csv";

/** What has a distribution in each layer. */
export const signs = ["weights", "gradients", "activations"] as const;
export type Sign = (typeof signs)[number];

/** The layers of any of the snapshots, in order. */
export function layersOf(snapshots: readonly Vitals[]): string[] {
  return (snapshots.at(-1)?.layers ?? []).map(({ layer }) => layer);
}

/** What each snapshot has of a layer. */
export function courseOf(snapshots: readonly Vitals[], layer: string): (LayerVitals | null)[] {
  return snapshots.map(({ layers }) => layers.find((one) => one.layer === layer) ?? null);
}

/** The share of a layer's units that are silent; null where none can be. */
export function deadShare(layer: LayerVitals | null): number | null {
  const { dead = null, units = 0 } = layer ?? {};
  return dead === null || units === 0 ? null : dead / units;
}

const parts = ["low", "high", "mean", "std", "wrong"] as const;

/** The snapshots as CSV: a row for each layer of each. Bars are counts of equal parts from low to high, parted by spaces. */
export function vitalsCsv(snapshots: readonly Vitals[]): string {
  const head = ["step", "pictures", "layer", "units", "dead", "update_ratio", ...signs.flatMap((sign) => [...parts, "bars"].map((part) => `${sign}_${part}`))];
  const of = (found: Distribution | null): (string | number)[] =>
    found ? [...parts.map((part) => found[part]), found.bars.join(" ")] : [...parts.map(() => ""), ""];
  const rows = snapshots.flatMap(({ step, pictures, layers }) =>
    layers.map((one) =>
      [step, pictures, field(one.layer), one.units, one.dead ?? "", one.updateRatio ?? "", ...signs.flatMap((sign) => of(one[sign]))].join(","),
    ),
  );
  return [head.join(","), ...rows].join("\r\n") + "\r\n";
}
