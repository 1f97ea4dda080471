/**
 * A network while it is being built. It may be wrong; the core says so. Layers have a key of
 * their own, so that one can be followed while it moves and while its name changes.
 */
import type { FitOptions, LayerSpec, ModelSpec } from "../../api/types";
import { specText } from "../spec-text";
import { baseName, withoutDefaults } from "./catalogue";
import type { Texts } from "../../text/texts";

/** Where a layer takes its values from: another layer, by its key, or the picture. */
export type Source = number | "input";

export type DraftLayer = {
  readonly key: number;
  readonly layer: string;
  /** Given by a person; null: made by Keras's rule. */
  readonly name: string | null;
  /** Null: the layer before. */
  readonly inputs: readonly Source[] | null;
  /** As written, so possibly wrong; what is at its default is left out. */
  readonly options: Readonly<Record<string, unknown>>;
};

export type Draft = {
  readonly inputShape: readonly unknown[];
  readonly compile: Readonly<NonNullable<ModelSpec["compile"]>>;
  readonly layers: readonly DraftLayer[];
  /** The next new layer's key. */
  readonly nextKey: number;
  /** What the code that it was read from says of training, its optimizer in `compile` too: taken over with it. */
  readonly said?: Said;
};

/** How code trains its network. */
export type Said = {
  readonly fit: FitOptions;
  /** The share of the pictures to validate with; null: it says nothing. */
  readonly validation: number | null;
};

/**
 * A checked spec as a draft. Layers that were in `before` under the same name keep their keys,
 * so that it can be told what changed.
 */
export function draftOf(spec: ModelSpec, before: Draft | null = null): Draft {
  const names = namesOf(spec.layers.map(({ layer, name }) => ({ layer, name: name ?? null })));
  const former = before ? layerNames(before) : [];
  const keys = names.map((name, place) => {
    const old = before?.layers[former.indexOf(name)];
    return old && old.layer === spec.layers[place]?.layer ? old.key : undefined;
  });
  let nextKey = before?.nextKey ?? 0;
  const given = keys.map((key) => key ?? nextKey++);
  const byName = new Map<string, Source>(names.map((name, place) => [name, given[place] ?? 0]));
  byName.set("input", "input");
  const layers = spec.layers.map(({ layer, name, inputs, ...options }, place): DraftLayer => {
    const sources = Array.isArray(inputs) ? (inputs as string[]).map((from) => byName.get(from) ?? "input") : null;
    return {
      key: given[place] ?? 0,
      layer,
      name: name === undefined || isAutomatic(layer, name) ? null : name,
      inputs: sources,
      options: withoutDefaults(layer, options),
    };
  });
  return tidy({ inputShape: spec.input_shape, compile: spec.compile ?? {}, layers, nextKey });
}

/** Whether a name is one that Keras's rule makes, such as `conv2d_3`: it may be made anew. */
function isAutomatic(layer: string, name: string): boolean {
  const base = baseName(layer);
  return name === base || (name.startsWith(`${base}_`) && /^\d+$/.test(name.slice(base.length + 1)));
}

/** A name for each layer: its own, or by Keras's rule the first that is free. */
function namesOf(layers: readonly { layer: string; name: string | null }[]): string[] {
  const taken = new Set(layers.flatMap(({ name }) => name ?? []));
  return layers.map(({ layer, name }) => {
    if (name !== null) {
      return name;
    }
    const base = baseName(layer);
    let free = base;
    for (let number = 1; taken.has(free); number += 1) {
      free = `${base}_${number}`;
    }
    taken.add(free);
    return free;
  });
}

/** The place of the layer that an error of the core names, in a list of layers that may be any JSON; -1 for none. */
export function placeNamed(name: string, layers: readonly unknown[]): number {
  const counted = /^(\d+) of the list$/.exec(name);
  if (counted) {
    return Number(counted[1]) - 1;
  }
  const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
  const known = layers.map((layer) => {
    const { layer: kind, name: own } = (layer ?? {}) as { layer?: unknown; name?: unknown };
    return { layer: text(kind) ?? "", name: text(own) };
  });
  return namesOf(known).indexOf(name);
}

/** The names of a draft's layers, in order. */
export function layerNames(draft: Draft): string[] {
  return namesOf(draft.layers);
}

/** Without inputs that only say what goes without saying. */
export function tidy(draft: Draft): Draft {
  const layers = draft.layers.map((layer, place): DraftLayer => {
    const [only, another] = layer.inputs ?? [];
    const before = draft.layers[place - 1]?.key ?? "input";
    return only !== undefined && another === undefined && only === before ? { ...layer, inputs: null } : layer;
  });
  return { ...draft, layers };
}

/** What a layer takes, those that go without saying included. */
export function sourcesAt(draft: Draft, place: number): readonly Source[] {
  return draft.layers[place]?.inputs ?? [draft.layers[place - 1]?.key ?? "input"];
}

/** The place of a key; -1 for the picture, and for what is gone. */
export function placeOf(draft: Draft, source: Source): number {
  return source === "input" ? -1 : draft.layers.findIndex(({ key }) => key === source);
}

/**
 * As a spec, for the core: every layer with its name, so that its errors can be told apart.
 * `short` leaves out the names that Keras's rule makes, where nothing refers to them.
 */
export function specOf(draft: Draft, { short = false } = {}): ModelSpec {
  const names = layerNames(draft);
  const nameOf = (source: Source): string => (source === "input" ? "input" : (names[placeOf(draft, source)] ?? "gone"));
  const referred = new Set(draft.layers.flatMap(({ inputs }) => inputs ?? []));
  const layers = draft.layers.map(({ key, layer, name, inputs, options }, place): LayerSpec => ({
    layer,
    ...((!short || name !== null || referred.has(key)) && { name: names[place] ?? "" }),
    ...(inputs && { inputs: inputs.map(nameOf) }),
    ...options,
  }));
  return { input_shape: draft.inputShape as number[], layers, compile: { ...draft.compile } };
}

/** As JSON text that a person reads. */
export function textOf(draft: Draft): string {
  return specText(specOf(draft, { short: true }));
}

/** Whether two drafts make the same network, whatever the keys of their layers. */
export function equal(one: Draft, other: Draft): boolean {
  return JSON.stringify(specOf(one)) === JSON.stringify(specOf(other));
}

/** A layer in a few words: "32 · 3×3 · relu". */
export function brief(t: Texts, { layer, options }: DraftLayer): string {
  const size = (value: unknown): string => (Array.isArray(value) ? value.map(size).join("×") : String(value));
  const square = (value: unknown): string => (Array.isArray(value) ? size(value) : `${size(value)}×${size(value)}`);
  const given = (key: string, write: (value: unknown) => string, missing?: unknown): string[] => {
    const value = options[key] ?? missing;
    return value === undefined ? [] : [write(value)];
  };
  const pools = layer === "MaxPooling2D" || layer === "AveragePooling2D";
  return [
    ...given("filters", size),
    ...given("units", size),
    ...given("kernel_size", square),
    ...given("pool_size", square, pools ? 2 : undefined),
    ...given("size", square, layer === "UpSampling2D" ? 2 : undefined),
    ...given("rate", size),
    ...given("strides", (value) => t.network.stride(size(value))),
    ...given("padding", size, layer === "ZeroPadding2D" ? 1 : undefined),
    ...given("activation", size),
  ].join(" · ");
}
