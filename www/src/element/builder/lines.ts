/** Where in JSON text a layer and its fields stand: the core names these, and a person looks for a line. */

/** A string, or one sign that matters; all else lies between. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

type Open = { kind: "{" | "["; /** Of the value in a list. */ index: number; /** The key whose value comes. */ key: string };

/** The line, from 1, of a layer of the list or of one of its fields; of a field outside where `layer` is null. */
export function lineOf(text: string, layer: number | null, field: string | null): number | null {
  const path: Open[] = [];
  let found: number | null = null;
  let line = 1;
  let from = 0;
  let expectsKey = false;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    line += count(text, from, index);
    from = index;
    const at = path.at(-1);
    if (token === "{" || token === "[") {
      // A list at `layers`, and the object at its place.
      if (layer !== null && token === "{" && isPlace(path, layer)) {
        found = line;
      }
      path.push({ kind: token, index: 0, key: "" });
      expectsKey = token === "{";
    } else if (token === "}" || token === "]") {
      path.pop();
      expectsKey = false;
    } else if (token === ",") {
      if (at) at.index += 1;
      expectsKey = at?.kind === "{";
    } else if (token === ":") {
      expectsKey = false;
    } else if (expectsKey && at) {
      at.key = nameOf(token);
      const here = layer === null ? field !== null && path.length <= 2 : isPlace(path.slice(0, -1), layer) && path.length === 3;
      if (here && at.key === field) {
        return line;
      }
    }
  }
  return found;
}

function isPlace(path: readonly Open[], layer: number): boolean {
  const [model, list] = path;
  return path.length === 2 && model?.key === "layers" && list?.kind === "[" && list.index === layer;
}

function nameOf(token: string): string {
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

function count(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) {
    lines += 1;
  }
  return lines;
}

/** Where a line begins and ends in a text. */
export function rangeOf(text: string, line: number): [start: number, end: number] {
  const lines = text.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
  return [start, start + (lines[line - 1]?.length ?? 0)];
}
