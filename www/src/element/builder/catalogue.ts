/**
 * The layers that the builder offers: each in the group where Keras's documentation has it,
 * with one sentence, and its options with Keras's names and defaults. Which values are right
 * is the core's business; it also refuses a layer that it does not know.
 */
import { layers } from "./catalogue-layers";
import type { Phrase } from "../../text/texts";

type Common = {
  key: string;
  /** One or two sentences for a person. */
  help: Phrase;
  unit?: Phrase;
  /** Seldom changed: shown behind "More options". */
  rare?: true;
};

export type Option = Common &
  (
    | { kind: "whole"; /** Absent: it has to be given. */ rest?: number }
    /** One whole number for both directions or a pair, height first. `rest` null: `instead` says what it is then. */
    | { kind: "pair"; rest?: number | null; instead?: Phrase }
    | { kind: "number"; rest?: number | null; instead?: Phrase }
    /** One number, or one a channel. */
    | { kind: "numbers"; rest?: number }
    /** Zeros on each side. */
    | { kind: "border"; rest: number }
    | { kind: "flag"; rest: boolean }
    | { kind: "choice"; rest: string; values: readonly string[] }
    | { kind: "initializer"; rest: string }
    | { kind: "regularizer"; rest: null }
  );

export type Group =
  | "Core"
  | "Convolution"
  | "Pooling"
  | "Normalization"
  | "Regularization"
  | "Preprocessing"
  | "Reshaping"
  | "Merging"
  | "Activation";

export type CatalogueLayer = {
  /** Keras's class. */
  layer: string;
  group: Group;
  /** One sentence. */
  about: Phrase;
  /** What a new one begins with, where that is not Keras's default. */
  begin: Readonly<Record<string, unknown>>;
  options: readonly Option[];
  /** It takes two inputs or more. */
  merges?: true;
};

/** The groups in the order of Keras's documentation, with their layers. */
export const groups: readonly { group: Group; layers: readonly CatalogueLayer[] }[] = (
  [
    "Core",
    "Convolution",
    "Pooling",
    "Normalization",
    "Regularization",
    "Preprocessing",
    "Reshaping",
    "Merging",
    "Activation",
  ] as const
).map((group) => ({ group, layers: layers.filter((entry) => entry.group === group) }));

const byName = new Map(layers.map((entry) => [entry.layer, entry]));

/** What is known of a layer; undefined for one that only the core knows. */
export function known(layer: string): CatalogueLayer | undefined {
  return byName.get(layer);
}

/** Whether a layer takes two inputs or more. */
export function merges(layer: string): boolean {
  return known(layer)?.merges ?? false;
}

/** Keras's automatic name: the class in snake case. */
export function baseName(layer: string): string {
  return layer.replace(/(\p{Ll})(?=\p{Lu})/gu, "$1_").toLowerCase();
}

/** Whether two values of an option mean the same: 3 is [3, 3], and nothing is the default. */
export function same(option: Option, one: unknown, other: unknown): boolean {
  return plain(option, one) === plain(option, other);
}

function plain(option: Option, value: unknown): string {
  const given = value ?? option.rest ?? null;
  if ((option.kind === "pair" || option.kind === "border") && typeof given === "number") {
    return option.kind === "pair" ? JSON.stringify([given, given]) : JSON.stringify([[given, given], [given, given]]);
  }
  if (option.kind === "border" && Array.isArray(given)) {
    return JSON.stringify(given.map((side: unknown): unknown => (Array.isArray(side) ? side : [side, side])));
  }
  if (option.kind === "numbers" && typeof given === "number") {
    return JSON.stringify([given]);
  }
  return JSON.stringify(given);
}

/** The options of a layer that are not at their defaults, in the order of the catalogue; unknown ones last. */
export function withoutDefaults(layer: string, options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entry = known(layer);
  if (!entry) {
    return { ...options };
  }
  const kept: Record<string, unknown> = {};
  for (const option of entry.options) {
    const value = options[option.key];
    // Pooling strides over its own window unless told otherwise.
    const instead = option.key === "strides" && option.kind === "pair" && option.rest === null ? (options["pool_size"] ?? 2) : undefined;
    const resting = option.rest !== undefined && (same(option, value, undefined) || (instead !== undefined && same(option, value, instead)));
    if (value !== undefined && !resting) {
      kept[option.key] = even(value);
    }
  }
  for (const [key, value] of Object.entries(options)) {
    if (!entry.options.some((option) => option.key === key)) {
      kept[key] = value;
    }
  }
  return kept;
}

/** A pair of two equal numbers as one. */
function even(value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 2) {
    return value;
  }
  const [one, other] = value.map(even);
  return JSON.stringify(one) === JSON.stringify(other) ? one : [one, other];
}
