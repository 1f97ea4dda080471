/** A pretrained network has some 150 layers: in lists and pictures they are shown as one, until somebody wants to see them. */
import type { Texts } from "../../text/texts";

/** A row of a list: the layers from `first` up to `last`, all of one pretrained network; or a single layer of none. */
export type Row = { first: number; last: number; base: string | null };

const titles: Readonly<Record<string, string>> = { "mobilenet-v2": "MobileNetV2", "efficientnet-lite0": "EfficientNet-Lite0" };

/** What a person calls a pretrained network. */
export function titleOf(base: string): string {
  return titles[base] ?? base;
}

/** The rows of a list of layers; each layer is given by the pretrained network that it is of. */
export function fold(bases: readonly (string | null | undefined)[]): Row[] {
  const rows: Row[] = [];
  bases.forEach((base, place) => {
    const before = rows.at(-1);
    if (base && before?.base === base) before.last = place;
    else rows.push({ first: place, last: place, base: base ?? null });
  });
  return rows;
}

/** How many of some layers training changes, in words; only layers with weights count. */
export function frozenText(t: Texts, layers: readonly { params: number; trainable: boolean }[]): string {
  const weighty = layers.filter(({ params }) => params > 0);
  const free = weighty.filter(({ trainable }) => trainable).length;
  return free === 0 ? t.network.frozen : free === weighty.length ? t.network.free : t.network.someFree(free);
}

/** What each row takes, by the places of rows; `sources` has it by the places of layers, negative ones for the picture. */
export function foldSources(sources: readonly (readonly number[])[], rows: readonly Row[]): number[][] {
  const rowAt = (place: number): number => (place < 0 ? place : rows.findIndex(({ first, last }) => first <= place && place <= last));
  return rows.map(({ first, last }, at) => {
    const taken = sources.slice(first, last + 1).flat().map(rowAt);
    return [...new Set(taken)].filter((from) => from !== at);
  });
}
