/** Options as a person types them. What cannot be read is kept as text, for the core to refuse. */
import type { Option } from "./catalogue";

/** What stands in a field for a value. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) {
    return "";
  }
  if (Array.isArray(value)) {
    return value.map((part) => (Array.isArray(part) ? `(${shown(part)})` : shown(part))).join(", ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What a field says; undefined where it says nothing, which means the default. */
export function read({ kind }: Pick<Option, "kind">, text: string): unknown {
  const typed = text.trim();
  if (typed === "") {
    return undefined;
  }
  switch (kind) {
    case "whole":
    case "number":
      return numberOf(typed) ?? typed;
    case "pair":
    case "numbers":
    case "border":
      return listOf(typed) ?? typed;
    default:
      return typed;
  }
}

/** A number as people write it: also 1/255, 1e-3 and a real minus sign. */
export function numberOf(text: string): number | null {
  const [above, below, ...rest] = text.trim().replaceAll("\u2212", "-").split("/").map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = below === undefined ? above : (above ?? NaN) / below;
  return rest.length > 0 || value === undefined || !Number.isFinite(value) ? null : value;
}

/** One number, or a list of numbers or pairs: "3", "3, 2", "3 x 2", "(1, 0), (1, 0)". */
function listOf(text: string): unknown {
  const one = numberOf(text);
  if (one !== null) {
    return one;
  }
  const json = text
    .replaceAll("\u2212", "-")
    .replaceAll("(", "[")
    .replaceAll(")", "]")
    .replace(/(\d)\s*[x×]\s*(?=[-\d.])/g, "$1, ")
    .replace(/([\d.])\s+(?=[-\d.])/g, "$1, ");
  for (const attempt of [json, `[${json}]`]) {
    try {
      const value: unknown = JSON.parse(attempt);
      if (Array.isArray(value) && value.flat(2).every((part) => typeof part === "number")) {
        return value;
      }
    } catch {
      // Not this way.
    }
  }
  return null;
}

/** An initialiser's name, whether it has options or not. */
export function initializerName(value: unknown): string | null {
  if (typeof value === "string") {
    return value;
  }
  const { name } = (value ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : null;
}

/** The options of an initialiser: "stddev 0.05". */
export function initializerOptions(value: unknown): string {
  return value !== null && typeof value === "object"
    ? Object.entries(value).flatMap(([key, option]) => (key === "name" || option === null ? [] : `${key} ${shown(option)}`)).join(", ")
    : "";
}

/** Both shares of a regulariser, as Keras reads it: a name means 0.01, a number is l2. */
export function regularizerOf(value: unknown): { l1: unknown; l2: unknown } {
  switch (value) {
    case "l1":
      return { l1: 0.01, l2: 0 };
    case "l2":
      return { l1: 0, l2: 0.01 };
    case "l1_l2":
      return { l1: 0.01, l2: 0.01 };
  }
  if (value !== null && typeof value === "object") {
    const { l1, l2 } = value as { l1?: unknown; l2?: unknown };
    return { l1: l1 ?? 0, l2: l2 ?? 0 };
  }
  return { l1: 0, l2: value ?? 0 };
}

/** A regulariser of two shares; undefined where both are nothing. */
export function withShare(value: unknown, share: "l1" | "l2", text: string): unknown {
  const shares = { ...regularizerOf(value), [share]: read({ kind: "number" }, text) ?? 0 };
  return shares.l1 === 0 && shares.l2 === 0 ? undefined : shares;
}
