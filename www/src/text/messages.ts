/**
 * Messages from below the page in another language, by a table of templates. A message is found by
 * the template with the most words of its own that fits; what goes into it is kept as it is, or said
 * in the other language too, from the inside out.
 */

/** A hole of a template in the other language: `{1}`, `{1:one|many}` or `<1>`. */
const hole = /\{(\d+)(?::([^|{}]*)\|([^{}]*))?\}|<(\d+)>/g;
/** How a template begins that goes on from what stands before it. */
const goesOn = /^[,;:]? /;

type Template = {
  english: string;
  foreign: string;
  /** The longest of its words side by side: a message without them needs no closer look. */
  words: string;
  /** How many signs are its own. */
  own: number;
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** The parts of a message: what stands before it, its values, and what it goes before. */
function patternOf({ english, foreign }: Template): RegExp {
  // A first value is a name; what ends in a colon or a full stop before the rest is a message around it.
  const name = "((?:(?!: |\\. )[^])*?)";
  const parts = english.split("{}").map(escaped);
  const [first = "", ...others] = parts;
  const before = goesOn.test(english) ? "([^]*?)" : "()";
  const after = english.endsWith(" ") ? "([^]*)" : "()";
  const one = first === "" && !foreign.includes("<1>") ? name : "([^]*?)";
  return new RegExp(`^${before}${[first, ...others].join("([^]*?)").replace("([^]*?)", () => one)}${after}$`);
}

/** Whether an unknown text is words rather than a value or a list of names. */
const isWords = (text: string): boolean => /[^,] \p{Ll}{2}/u.test(text);

/** A text in the other language, and whether all of it is: a part may be words that nobody knows. */
type Said = { text: string; whole: boolean };

/** Says a text in the language of the table; what is not in it stays as it is. */
export function translator(table: Readonly<Record<string, string>>): (text: string) => string {
  const templates = Object.entries(table)
    .map(([english, foreign]): Template => {
      const parts = english.split("{}");
      return { english, foreign, words: parts.reduce((longest, part) => (part.length > longest.length ? part : longest)), own: parts.join("").length };
    })
    .sort((a, b) => b.own - a.own);
  const patterns = new Map<Template, RegExp>();
  const heard = new Map<string, Said | null>();

  /** What goes into a message, or stands around it. */
  const part = (text: string): Said => known(text) ?? { text, whole: !isWords(text) };

  const filled = (template: Template, text: string): Said | null => {
    let pattern = patterns.get(template);
    if (!pattern) patterns.set(template, (pattern = patternOf(template)));
    const match = pattern.exec(text);
    if (!match) return null;
    const [, before = "", ...values] = match;
    const parts = [part(before), part(values.pop() ?? "")] as const;
    const inside: Said[] = [];
    // A value of more words than the template has, or with a colon, is likely to be of another message.
    const fits = (value: string): boolean => (value.length <= template.own || !isWords(value)) && !/[^"']: /.test(value);
    const middle = template.foreign.replace(hole, (_, number?: string, one?: string, many?: string, inner?: string) => {
      const value = values[Number(number ?? inner) - 1] ?? "";
      const said = inner === undefined ? { text: value, whole: fits(value) } : part(value);
      inside.push(said);
      return many === undefined ? said.text : `${value} ${(value === "1" ? one : many) ?? ""}`;
    });
    // Words that nobody knows do not go on in another language.
    if (!parts[0].whole) return null;
    return { text: parts[0].text + middle + parts[1].text, whole: [...parts, ...inside].every(({ whole }) => whole) };
  };

  /** By the template of which all is known, with the most words of its own; else by one of which a part is. */
  const byTemplate = (text: string): Said | null => {
    let best: Said | null = null;
    for (const template of templates) {
      const found = text.includes(template.words) ? filled(template, text) : null;
      if (found?.whole && found.text !== text) return found;
      if (found && found.text !== text) best ??= found;
    }
    return best;
  };

  const bySentences = (text: string): Said | null => {
    const sentences = text.split(/(?<=[.?!]) (?=[\p{Lu}“])/u);
    const said = sentences.length > 1 ? sentences.map(known) : [];
    if (said.every((one) => one === null)) return null;
    return { text: said.map((one, i) => one?.text ?? sentences[i]).join(" "), whole: said.every((one) => one?.whole) };
  };

  /** Null: not one word of it is known. */
  const known = (given: string): Said | null => {
    const text = given.trim();
    if (text === "") return null;
    let said = heard.get(given);
    if (said === undefined) {
      said = byTemplate(given);
      if (!said?.whole && given !== text) said = around(given, text, known(text)) ?? said;
      if (!said?.whole) {
        const each = bySentences(given);
        if (!said || each?.whole) said = each;
      }
      // Within another a sentence has lost its full stop.
      if (!said && !text.endsWith(".")) said = cut(byTemplate(`${given}.`));
      // A screen shows few; a set with a thousand warnings must not fill the memory.
      if (heard.size > 1000) heard.clear();
      heard.set(given, said);
    }
    return said;
  };
  return (text) => known(text)?.text ?? text;
}

const around = (given: string, text: string, said: Said | null): Said | null => said && { ...said, text: given.replace(text, () => said.text) };
const cut = (said: Said | null): Said | null => said && { ...said, text: said.text.replace(/\.$/, "") };
