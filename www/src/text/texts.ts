/**
 * What a language has: all that a person reads. English says which texts there are, and another
 * language has exactly those, which the compiler checks. What varies goes into a text through a
 * function, so that each language orders, bends and counts in its own way.
 */
import type { Numbers } from "../view/format";
import type { Language } from "./languages";

export type Texts = Numbers & { language: Language } & typeof import("./en/augment") &
  typeof import("./en/builder") &
  typeof import("./en/camera") &
  typeof import("./en/charts") &
  typeof import("./en/common") &
  typeof import("./en/core") &
  typeof import("./en/data") &
  typeof import("./en/deep") &
  typeof import("./en/evaluation") &
  typeof import("./en/exporting") &
  typeof import("./en/findings") &
  typeof import("./en/formulas") &
  typeof import("./en/importing") &
  typeof import("./en/inside") &
  typeof import("./en/kept") &
  typeof import("./en/lab") &
  typeof import("./en/layers") &
  typeof import("./en/look") &
  typeof import("./en/network") &
  typeof import("./en/options") &
  typeof import("./en/page") &
  typeof import("./en/pretrained") &
  typeof import("./en/runs") &
  typeof import("./en/sessions") &
  typeof import("./en/train") &
  typeof import("./en/views") &
  typeof import("./en/vitals");

/** A text that is looked up when it is shown: for lists that belong to no language. */
export type Phrase = (t: Texts) => string;

/** A title of such a list: looked up, or a name that is the same in every language. */
export function phrase(t: Texts, title: string | Phrase): string {
  return typeof title === "string" ? title : title(t);
}
