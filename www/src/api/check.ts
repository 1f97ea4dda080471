/** Checks of arguments, before anything is asked of the worker. Each error names its option. */
import { optionError } from "./error";

/** What is written for a value in a sentence. */
function show(value: unknown): string {
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

export function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === "function") return;
  throw optionError(name, `${name} is a function; it is ${show(value)}.`);
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
