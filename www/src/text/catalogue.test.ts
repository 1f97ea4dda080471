import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { german } from "./de";
import { english } from "./en";

// Everything that English has; a page imports what it says.
for (const file of readdirSync(new URL("./en", import.meta.url))) await import(`./en/${file.replace(".ts", "")}.ts`);

type Text = string | ((...values: never[]) => string) | { [key: string]: Text };

/** Each text by its way through the catalogue, with how many values go into it. */
function flat(text: Text, way = ""): [way: string, values: number | null, text: Text][] {
  if (typeof text === "string") return [[way, null, text]];
  if (typeof text === "function") return [[way, text.length, text]];
  return Object.entries(text).flatMap(([key, inner]) => flat(inner, way === "" ? key : `${way}.${key}`));
}

const texts = (catalogue: object): [string, number | null, Text][] => flat(catalogue as Text).filter(([way]) => way.includes("."));
const byWay = (catalogue: object): [string, number | null][] => texts(catalogue).map(([way, values]): [string, number | null] => [way, values]).sort();

test("German has exactly English's texts, with as many values each", () => {
  expect(byWay(german)).toEqual(byWay(english));
});

/** Which value of a text is a shape. */
const sized = new Map([["deep.kernelsAll", 1], ["deep.seesPart", 4], ["deep.shownWhere", 0], ["importing.theyTake", 0], ["look.hereEvery", 0], ["pretrained.smallPictures", 0]]);

/** The values that a text is tried with: numbers, of which one is another. */
const given = (values: number, other: number): number[] => Array.from({ length: values }, (_, i) => (i === other ? 7000 : 3000) + i);

test.each([["English", english], ["German", german]])("no text in %s loses one of its values", (_, catalogue) => {
  for (const [way, values, text] of texts(catalogue)) {
    // What is said of the core's words is no template; see `messages.test.ts`.
    if (typeof text !== "function" || values === null || way.startsWith("core.")) continue;
    const tell = text as (...values: unknown[]) => string;
    // The sizes of a shape are a list.
    const said = (other: number): string => {
      const numbers = given(values, other);
      return sized.has(way) ? tell(...numbers.map((value, i) => (i === sized.get(way) ? [value] : value))) : tell(...numbers);
    };
    for (let i = 0; i < values; i += 1) expect(said(i), `${way}, value ${i}`).not.toBe(said(-1));
  }
});

test("begins and ends as in English: spaces and full stops join texts", () => {
  for (const [way, values, text] of texts(english)) {
    const other = way.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], german) as Text;
    if (values !== null || typeof text !== "string" || typeof other !== "string") continue;
    // Short ones may be abbreviated.
    if (other.length < 14) continue;
    const ends = (said: string): boolean[] => [said.startsWith(" "), said.endsWith(" "), said.trim().endsWith(".")];
    expect(ends(other), `${way}: ${other}`).toEqual(ends(text));
  }
});

test("both languages count rightly", () => {
  expect([0, 1, 2000].map(english.common.count.pictures)).toEqual(["0 pictures", "1 picture", "2\u202f000 pictures"]);
  expect([0, 1, 2000].map(german.common.count.pictures)).toEqual(["0 Bilder", "1 Bild", "2\u202f000 Bilder"]);
});
