/**
 * Whether the German lessons, and the German page about embedding, have what the English ones have:
 * the same elements in the same order with the same attributes, above all the same questions with
 * the same answers and the same labs; the same code; the same numbers; and no sentence in English.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { german as germanTexts } from "./de";
import { known } from "./de/core";
import { english as englishTexts } from "./en";

for (const file of readdirSync(new URL("./en", import.meta.url))) await import(`./en/${file.replace(".ts", "")}.ts`);

const root = new URL("../../public/", import.meta.url);
const english = ["embed.html", ...readdirSync(new URL("lessons/", root)).filter((name) => name.endsWith(".html")).map((name) => `lessons/${name}`)];
const germanOf = (page: string): string => (page === "embed.html" ? "embed.de.html" : page.replace("lessons/", "lessons/de/"));

/** Where a link leads, as in the English site. */
function target(address: string, page: string): string {
  const { pathname, search } = new URL(address, `http://site/${page}`);
  return pathname.replace("/lessons/de/", "/lessons/").replace("/embed.de.html", "/embed.html") + search;
}

/** Attributes that are read or read out: each language has its own. */
const words = ["data-hint", "data-right", "aria-label", "title"];
/** Of which language something is. */
const tongues = ["lang", "hreflang", "language"];

type Tag = { name: string; attributes: [string, string][] };

function tagOf(page: string, name: string, rest: string): Tag {
  const attributes = [...rest.matchAll(/([\w-]+)(?:=("[^"]*"|'[^']*'))?/g)]
    .map(([, key = "", quoted = ""]): [string, string] => [key, quoted.slice(1, -1)])
    .filter(([key]) => !tongues.includes(key))
    .map(([key, value]): [string, string] => {
      if (words.includes(key)) return [key, value === "" ? "" : "…"];
      return [key, ["href", "src"].includes(key) ? target(value, page) : value];
    });
  return { name, attributes };
}

/** What stands within a sentence, where a language has its own order. */
const inline = ["a", "code", "em", "strong", "sub", "sup", "var"];

/** Code says the same in every language, but for its comments and the sentence in its slot. */
function codeOf(text: string): string {
  return text.replace(/(?<!:)\/\/.*/g, "//").replace(/(slot="train"&gt;).*?(&lt;)/g, "$1$2").replaceAll('language="de" ', "").trim();
}

/** A tag that is not within a sentence, with those after it that are, and with code. */
type Block = { tag: Tag; within: string[] };

const opening = /^<([a-z][\w-]*)((?:\s+[\w-]+(?:=(?:"[^"]*"|'[^']*'))?)*)\s*\/?>([^<]*)/;

function blocks(page: string): Block[] {
  const all: Block[] = [];
  for (const part of readFileSync(new URL(page, root), "utf8").split(/(?=<[a-z])/).slice(1)) {
    const [whole, name = "", rest = "", text = ""] = opening.exec(part) ?? [];
    if (whole === undefined) throw new Error(`${page}: ${part}`);
    const tag = tagOf(page, name, rest);
    const code = ["code", "cnn-lab"].includes(name) ? codeOf(text) : "";
    if (inline.includes(name)) all.at(-1)?.within.push(`${JSON.stringify(tag)} ${code}`);
    else all.push({ tag, within: [code] });
  }
  return all.map(({ tag, within }) => ({ tag, within: within.sort() }));
}

/** Said in a language: its attributes, and its text without code. */
function sentences(page: string): string[] {
  const html = readFileSync(new URL(page, root), "utf8");
  const said = [...html.matchAll(/\s(?:data-hint|data-right|aria-label)="([^"]*)"/g)].map(([, text = ""]) => text);
  // Keras code of a lab, code in a text, and the link to the other language.
  const shown = html.replace(/<(cnn-lab|code)\b[^>]*>.*?<\/\1>/gs, "").replace(/<a [^>]*hreflang[^>]*>\w+<\/a>/, "");
  return [...said, ...shown.split(/<\/?(?:p|li|h\d|label|summary|t[dh]|d[dt]|title|span|button|output|pre)\b[^>]*>/).map((text) => text.replace(/<[^>]*>/g, ""))].map((text) => text.trim());
}

/** The numbers of a text, whichever way they are written; sorted, for a sentence may turn them round. */
function numbers(text: string, german: boolean): string[] {
  const plain = text.replace(/&nbsp;/g, " ");
  const written = german ? plain.replace(/(\d)(?:&#8239;|\u202f)(?=\d{3})/g, "$1").replace(/(\d),(?=\d)/g, "$1.") : plain.replace(/(\d),(?=\d{3}(?!\d))/g, "$1");
  return [...written.replace(/&#?\w+;/g, " ").matchAll(/\d+(?:\.\d+)?/g)].map(([number]) => number).sort();
}

/** Words that no German sentence has. */
const englishWord = /\b(the|and|with|your|you|of|is|are|pictures?|which|whether|weights|epochs?|how|what|press)\b/i;

test.each(english)("the German page has all that %s has", (page) => {
  const german = germanOf(page);
  expect(existsSync(new URL(german, root)), `${german} is missing`).toBe(true);
  const [here, there] = [blocks(page), blocks(german)];
  // The first that differs says more than all of them.
  here.forEach((block, i) => expect(there[i], `${german}, element ${i}`).toEqual(block));
  expect(there).toHaveLength(here.length);
});

test.each(english)("the German page has the numbers of %s", (page) => {
  const [here, there] = [sentences(page), sentences(germanOf(page))];
  here.forEach((text, i) => expect(numbers(there[i] ?? "", true), `${text}\n${there[i]}`).toEqual(numbers(text, false)));
});

test.each(english)("no sentence of the German page is that of %s", (page) => {
  expect(sentences(germanOf(page)).filter((text) => englishWord.test(text.replace(/\w+\.html\S*|Horses or Humans|Dogs vs\. Cats/g, "")))).toEqual([]);
  // Names and formulas are the same.
  const same = sentences(page).filter((text) => /\p{L}+ \p{L}+ \p{L}+/u.test(text));
  expect(same.length).toBeGreaterThan(10);
  expect(sentences(germanOf(page)).filter((text) => same.includes(text))).toEqual([]);
});

/** What the lab calls something in German, by what it calls it in English; some words have two uses. */
const called = new Map<string, Set<string>>();
function call(here: unknown, there: unknown): void {
  if (typeof here === "string" && typeof there === "string") called.set(here, (called.get(here) ?? new Set()).add(there));
  else if (typeof here === "object" && here !== null) for (const [key, inner] of Object.entries(here)) call(inner, (there as Record<string, unknown>)[key]);
}
call(englishTexts, germanTexts);
for (const [here, there] of Object.entries(known)) call(here, there);

test.each(english)("what is to be pressed is called on the German page of %s as the German lab calls it", (page) => {
  const emphasised = (of: string): string[] => [...readFileSync(new URL(of, root), "utf8").matchAll(/<em>([^<]*)<\/em>/g)].map(([, name = ""]) => name);
  const there = emphasised(germanOf(page));
  // What begins small is stressed, and no name.
  for (const name of emphasised(page).filter((one) => /^\p{Lu}/u.test(one))) {
    const names = [...(called.get(name) ?? [])];
    if (names.length > 0) expect(there, name).toContainEqual(expect.toBeOneOf(names));
  }
});

test.each(english.flatMap((page) => [page, germanOf(page)]))("%s says its language, has its labs speak it, and leads to the other", (page) => {
  const html = readFileSync(new URL(page, root), "utf8");
  const [mine, other] = english.includes(page) ? ["en", "de"] : ["de", "en"];
  expect(html).toContain(`<html lang="${mine}">`);
  expect(html).not.toMatch(new RegExp(`<cnn-lab [^>]*language="${other}"`));
  const leads = (tag: string, language: string): string => {
    const [, address = ""] = new RegExp(`<${tag} [^>]*hreflang="${language}"[^>]*href="([^"]*)"|$`).exec(html) ?? [];
    return new URL(address, `http://site/${page}`).pathname.slice(1);
  };
  const [inEnglish, inGerman] = mine === "en" ? [page, germanOf(page)] : [english.find((one) => germanOf(one) === page)!, page];
  expect([leads("link", "en"), leads("link", "de")]).toEqual([inEnglish, inGerman]);
  const [, link = ""] = new RegExp(`<a href="([^"]*)" hreflang="${other}" lang="${other}">`).exec(html) ?? [];
  expect(new URL(link, `http://site/${page}`).pathname.slice(1)).toBe(mine === "en" ? inGerman : inEnglish);
});

test("what the lessons' scripts say is there in both languages", async () => {
  // No module of the bundle: the lessons load it as it stands.
  const file = new URL("lessons/texts.js", root).href;
  const { texts } = (await import(/* @vite-ignore */ file)) as { texts: Record<"en" | "de", Record<string, unknown>> };
  const shape = (text: unknown): unknown => {
    if (typeof text === "function") return text.length;
    if (Array.isArray(text)) return text.map(shape);
    return typeof text === "object" && text !== null ? Object.fromEntries(Object.entries(text).map(([key, inner]) => [key, shape(inner)])) : typeof text;
  };
  expect(shape(texts.de)).toEqual(shape(texts.en));
  const same = Object.entries(texts.en).filter(([key, text]) => typeof text === "string" && text === texts.de[key]);
  expect(same).toEqual([]);
});
