/** Changes of a draft; each gives another draft, and leaves the one it was given. */
import type { ModelSpec } from "../../api/types";
import { known, merges } from "./catalogue";
import { type Draft, type DraftLayer, placeOf, type Source, sourcesAt, tidy } from "./draft";

function withLayers(draft: Draft, layers: readonly DraftLayer[]): Draft {
  return tidy({ ...draft, layers });
}

function change(draft: Draft, key: number, to: (layer: DraftLayer) => DraftLayer): Draft {
  return withLayers(draft, draft.layers.map((layer) => (layer.key === key ? to(layer) : layer)));
}

/** The same sources with some of them replaced, none of them twice because of that. */
function replace(sources: readonly Source[], old: Source, by: readonly Source[]): Source[] {
  return sources.flatMap((source) => (source === old ? by.filter((other) => !sources.includes(other)) : source));
}

/**
 * Puts a new layer behind another one, or behind the picture. Where the next layer of the list
 * took that one, it takes the new one; where only others did, by name, these do. A layer that
 * merges also takes the nearest one before of the same shape, as far as shapes are known.
 */
export function add(draft: Draft, layer: string, after: Source, shapeOf: (source: Source) => string | undefined = () => undefined): { draft: Draft; key: number } {
  const place = placeOf(draft, after) + 1;
  const key = draft.nextKey;
  const inputs = merges(layer) ? [after, ...partner(draft, place, after, shapeOf)] : null;
  const entry: DraftLayer = { key, layer, name: null, inputs, options: { ...known(layer)?.begin } };
  const follows = draft.layers[place]?.inputs === null;
  const rest = draft.layers.slice(place).map((other) =>
    follows || other.inputs === null ? other : { ...other, inputs: replace(other.inputs, after, [key]) },
  );
  const layers = [...draft.layers.slice(0, place), entry, ...rest];
  return { draft: tidy({ ...draft, layers, nextKey: key + 1 }), key };
}

/** What a merge behind `after` can take beside it. */
function partner(draft: Draft, place: number, after: Source, shapeOf: (source: Source) => string | undefined): Source[] {
  const wanted = shapeOf(after);
  const before: Source[] = ["input", ...draft.layers.slice(0, place).map(({ key }) => key)];
  // Two layers back, as in a residual block; the one right before made `after` and is its own.
  const fitting = before.filter((source) => source !== after && wanted !== undefined && shapeOf(source) === wanted);
  const [nearest] = fitting.length > 1 ? fitting.slice(-2) : fitting;
  return nearest === undefined ? [] : [nearest];
}

/** Takes a layer out; who took its values takes those that it took. */
export function remove(draft: Draft, key: number): Draft {
  const place = placeOf(draft, key);
  if (place < 0) {
    return draft;
  }
  const sources = sourcesAt(draft, place);
  const layers = draft.layers
    .map((layer, at) => ({ ...layer, inputs: replace(sourcesAt(draft, at), key, sources) }))
    .map((layer, at) => (draft.layers[at]?.inputs === null && at !== place + 1 ? { ...layer, inputs: null } : layer))
    .filter((layer) => layer.key !== key);
  return withLayers(draft, layers);
}

/** Options that decide what weights a layer has. */
const shaping = ["filters", "units", "kernel_size", "depth_multiplier", "groups", "use_bias", "center", "scale"];

/** What takes its weights from a pretrained network no longer does: they would not fit. */
function withoutBase({ base: _, ...options }: DraftLayer["options"]): DraftLayer["options"] {
  return options;
}

/** Freezes layers, or sets them free. */
export function setTrainable(draft: Draft, keys: readonly number[], trainable: boolean): Draft {
  return withLayers(draft, draft.layers.map((layer) => {
    if (!keys.includes(layer.key)) return layer;
    const { trainable: _, ...options } = layer.options;
    return { ...layer, options: trainable ? options : { ...options, trainable: false } };
  }));
}

/** A second layer of the same kind and options behind a layer. */
export function duplicate(draft: Draft, key: number): { draft: Draft; key: number } {
  const place = placeOf(draft, key);
  const old = draft.layers[place];
  if (!old) {
    return { draft, key };
  }
  const added = add(draft, old.layer, key);
  const inputs = merges(old.layer) ? sourcesAt(draft, place) : null;
  return { ...added, draft: change(added.draft, added.key, (layer) => ({ ...layer, inputs, options: withoutBase(old.options) })) };
}

/** Moves a layer to a place of the list. Layers that take the one before take the new one. */
export function move(draft: Draft, key: number, to: number): Draft {
  const from = placeOf(draft, key);
  const layer = draft.layers[from];
  const target = Math.max(0, Math.min(to, draft.layers.length - 1));
  if (!layer || from === target) {
    return draft;
  }
  const layers = draft.layers.filter((other) => other !== layer);
  layers.splice(target, 0, layer);
  return withLayers(draft, layers);
}

/** Gives an option a value; undefined leaves it at its default. */
export function setOption(draft: Draft, key: number, option: string, value: unknown): Draft {
  return change(draft, key, (layer) => {
    const options = { ...(shaping.includes(option) ? withoutBase(layer.options) : layer.options), [option]: value };
    if (value === undefined) {
      Reflect.deleteProperty(options, option);
    }
    return { ...layer, options };
  });
}

/** Names a layer; an empty name is made by Keras's rule. */
export function rename(draft: Draft, key: number, name: string): Draft {
  return change(draft, key, (layer) => ({ ...layer, name: name === "" ? null : name, options: withoutBase(layer.options) }));
}

/** Says what a layer takes; null: the layer before. */
export function setInputs(draft: Draft, key: number, inputs: readonly Source[] | null): Draft {
  return change(draft, key, (layer) => ({ ...layer, inputs }));
}

export function setInputShape(draft: Draft, inputShape: readonly unknown[]): Draft {
  return { ...draft, inputShape };
}

export function setCompile(draft: Draft, compile: NonNullable<ModelSpec["compile"]>): Draft {
  return { ...draft, compile: { ...draft.compile, ...compile } };
}
