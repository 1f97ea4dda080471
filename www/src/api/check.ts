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

/** A layer's name or its place, counted from 0. */
export function checkLayer(value: unknown): string | number {
  if (typeof value === "string") return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw optionError("layer", `layer is a layer's name or its place, counted from 0; it is ${show(value)}.`);
}

/** How training pictures are changed, or nothing; the core checks the values in detail. */
export function checkAugmentation(value: unknown): void {
  if (value === undefined) return;
  checkObject("augmentation", value, "an object with Keras's names, such as { rotation_range: 40 }");
  checkOptions(value, augmentations);
  for (const [name, given] of Object.entries(value as object) as [string, unknown][]) {
    const fine = typeof given === "number" ? Number.isFinite(given) : typeof given !== "bigint" && typeof given !== "function";
    if (!fine) throw optionError(name, `${name} is a number, a pair, or true or false; it is ${show(given)}.`);
  }
}

const augmentations = [
  "rotation_range",
  "width_shift_range",
  "height_shift_range",
  "shear_range",
  "zoom_range",
  "horizontal_flip",
  "vertical_flip",
  "brightness_range",
  "channel_shift_range",
  "fill_mode",
  "cval",
  "rescale",
  "samplewise_center",
  "samplewise_std_normalization",
  "featurewise_center",
  "featurewise_std_normalization",
  "zca_whitening",
  "zca_epsilon",
  "random_crop",
  "cutout",
  "mixup",
  "color_jitter",
] as const satisfies readonly (keyof Augmentation)[];

/** `balanced`, or a number of at least 0 a class, or nothing. */
export function checkClassWeight(value: unknown): void {
  if (value === undefined || value === "balanced") return;
  const fine = Array.isArray(value) && value.every((weight) => typeof weight === "number" && Number.isFinite(weight) && weight >= 0);
  if (!fine) {
    throw optionError("classWeight", `classWeight is "balanced" or a list with a number of at least 0 a class; it is ${show(value)}.`);
  }
}
