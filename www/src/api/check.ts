/** Checks of arguments, before anything is asked of the worker. Each error names its option. */
import { optionError } from "./error";
import type { Augmentation } from "./types";

/** The longest side of a picture that the core takes. */
const MOST_PIXELS = 4096;

/** What is written for a value in a sentence. */
export function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

/** An options object, or nothing, with known names only: a misspelt option is no default. */
export function checkOptions(value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  if (value === null || typeof value !== "object") {
    throw optionError("options", `Options are an object; this is ${show(value)}.`);
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue;
    throw optionError(name, `There is no option ${name} here; there is ${known.join(", ")}.`);
  }
}

export function checkOneOf<T extends string>(name: string, value: unknown, all: readonly T[]): T {
  if ((all as readonly unknown[]).includes(value)) return value as T;
  throw optionError(name, `${name} is one of ${all.join(", ")}; it is ${show(value)}.`);
}

/** A whole number of at least `least`, or nothing. */
export function checkWhole(name: string, value: unknown, least: number): void {
  if (value === undefined) return;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return;
  throw optionError(name, `${name} is a whole number of at least ${least}; it is ${show(value)}.`);
}

/** A larger seed is no number of its own in the core. */
export const largestSeed = 9e15;

/** What draws are repeated by, or nothing. */
export function checkSeed(value: unknown): void {
  checkWhole("seed", value, 0);
  if ((value as number) > largestSeed) throw optionError("seed", `seed is a whole number from 0 to ${largestSeed}; it is ${show(value)}.`);
}

/** A place in a list: a whole number from 0. */
export function checkPlace(name: string, value: unknown): void {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return;
  throw optionError(name, `${name} is a whole number from 0; it is ${show(value)}.`);
}

/** A height and a width in pixels, or nothing. */
export function checkSize(name: string, value: unknown): void {
  if (value === undefined) return;
  const sides: unknown[] = Array.isArray(value) ? value : [];
  const fine = sides.length === 2 && sides.every((side) => Number.isInteger(side) && (side as number) >= 1 && (side as number) <= MOST_PIXELS);
  if (!fine) {
    throw optionError(name, `${name} is [height, width], each from 1 to ${MOST_PIXELS} pixels; it is ${show(value)}.`);
  }
}

/** A finite number of at least 0, or nothing. */
export function checkNumber(name: string, value: unknown): void {
  if (value === undefined) return;
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return;
  throw optionError(name, `${name} is a number of at least 0; it is ${show(value)}.`);
}

export function checkFlag(name: string, value: unknown): void {
  if (value === undefined || typeof value === "boolean") return;
  throw optionError(name, `${name} is true or false; it is ${show(value)}.`);
}

export function checkText(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw optionError(name, `${name} is a text; it is ${show(value)}.`);
}

/** A list of texts with something in it. */
export function checkTexts(name: string, value: unknown): string[] {
  const fine = Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === "string");
  if (!fine) throw optionError(name, `${name} is a text, or a list of them; it is ${show(value)}.`);
  return value;
}

/** A text with something in it. */
export function checkName(name: string, value: unknown): string {
  if (checkText(name, value).trim() !== "") return value as string;
  throw optionError(name, `${name} is empty; write a name.`);
}

export function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw optionError(name, `${name} is a function; it is ${show(value)}.`);
}

/** A file list or anything else that pictures can be taken from one by one or all at once. */
export function checkObject(name: string, value: unknown, what: string): void {
  if (value !== null && typeof value === "object") return;
  throw optionError(name, `${name} is ${what}; it is ${show(value)}.`);
}

export function checkSignal(value: unknown): void {
  if (value === undefined || value instanceof AbortSignal) return;
  throw optionError("signal", `signal is an AbortSignal; it is ${show(value)}.`);
}

/** Options of what only tells how far it is, and can be ended. */
export function checkWatched(o: { signal?: unknown; onProgress?: unknown }): void {
  checkOptions(o, ["signal", "onProgress"]);
  checkSignal(o.signal);
  checkFunction("onProgress", o.onProgress);
}

/** A layer's name or its place, counted from 0. */
export function checkLayer(value: unknown): string | number {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw optionError("layer", `layer is a layer's name or its place, counted from 0; it is ${show(value)}.`);
}

/** How training pictures are changed, or nothing: names and kinds; the core checks the values. */
export function checkAugmentation(value: unknown): void {
  if (value === undefined) return;
  checkObject("augmentation", value, "an object with Keras's names, such as { rotation_range: 40 }");
  if (Array.isArray(value)) throw optionError("augmentation", "augmentation is an object with Keras's names, such as { rotation_range: 40 }; it is a list.");
  checkOptions(value, Object.keys(augmentations));
  for (const [name, given] of Object.entries(value as object) as [keyof Augmentation, unknown][]) {
    if (given === undefined) continue;
    const [fits, what] = kinds[augmentations[name]];
    if (!fits(given)) throw optionError(name, `${name} is ${what}; it is ${show(given)}.`);
  }
}

const finite = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);
const list = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > 0 && value.every(finite);
const pair = (value: unknown): boolean => list(value) && value.length === 2;
const fillModes: readonly unknown[] = ["nearest", "constant", "reflect", "wrap"];
const jitters = ["brightness", "contrast", "saturation", "hue"];

const kinds = {
  number: [finite, "a number"],
  shift: [(value: unknown) => finite(value) || list(value), "a number, or a list of them"],
  span: [(value: unknown) => finite(value) || pair(value), "a number or a pair of numbers"],
  // As in Keras, null stands for the default.
  pair: [(value: unknown) => value === null || pair(value), "a pair of numbers"],
  flag: [(value: unknown) => typeof value === "boolean", "true or false"],
  fill: [(value: unknown) => fillModes.includes(value), `one of ${fillModes.join(", ")}`],
  jitter: [
    (value: unknown) =>
      value !== null && typeof value === "object" && !Array.isArray(value) && Object.entries(value).every(([name, by]) => jitters.includes(name) && (by === undefined || finite(by))),
    `an object with a number for any of ${jitters.join(", ")}`,
  ],
} as const;

const augmentations = {
  rotation_range: "number",
  width_shift_range: "shift",
  height_shift_range: "shift",
  shear_range: "number",
  zoom_range: "span",
  horizontal_flip: "flag",
  vertical_flip: "flag",
  brightness_range: "pair",
  channel_shift_range: "number",
  fill_mode: "fill",
  cval: "number",
  rescale: "number",
  samplewise_center: "flag",
  samplewise_std_normalization: "flag",
  featurewise_center: "flag",
  featurewise_std_normalization: "flag",
  zca_whitening: "flag",
  zca_epsilon: "number",
  random_crop: "number",
  cutout: "number",
  mixup: "number",
  color_jitter: "jitter",
} as const satisfies Record<keyof Required<Augmentation>, keyof typeof kinds>;

/** `balanced`, or a number of at least 0 a class, or nothing. */
export function checkClassWeight(value: unknown): void {
  if (value === undefined || value === "balanced") return;
  const fine = Array.isArray(value) && value.every((weight) => typeof weight === "number" && Number.isFinite(weight) && weight >= 0);
  if (!fine) {
    throw optionError("classWeight", `classWeight is "balanced" or a list with a number of at least 0 a class; it is ${show(value)}.`);
  }
}
