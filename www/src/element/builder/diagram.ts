/**
 * Where the boxes of a network's picture stand: from top to bottom by how many layers lie
 * before them at most, the longest way down in the first column, branches beside it.
 */
import { modelInput } from "../../api/costs";
import "../../text/en/builder";
import type { Texts } from "../../text/texts";

export type Box = {
  /** The layer's place in the list; `modelInput` for the picture. */
  place: number;
  row: number;
  column: number;
};

export type Arrow = {
  from: number;
  to: number;
  /** The column in which it goes down between the two boxes. */
  column: number;
};

export type Diagram = { rows: number; columns: number; boxes: Box[]; arrows: Arrow[] };

/** `sources`: the places that each layer takes, `modelInput` among them. All come before it. */
export function layOut(sources: readonly (readonly number[])[]): Diagram {
  const rowOf = new Map([[modelInput, 0]]);
  sources.forEach((from, place) => rowOf.set(place, 1 + Math.max(0, ...from.map((at) => rowOf.get(at) ?? 0))));
  const row = (place: number): number => rowOf.get(place) ?? 0;
  const taken = new Set<string>();
  const free = (column: number, first: number, last: number): boolean => {
    for (let at = first; at <= last; at += 1) {
      if (taken.has(`${column},${at}`)) return false;
    }
    return true;
  };
  const take = (column: number, first: number, last: number): number => {
    for (let at = first; at <= last; at += 1) taken.add(`${column},${at}`);
    return column;
  };
  /** The wished column, or the nearest to the right of the first that is free all the way. */
  const find = (wishes: readonly number[], first: number, last: number): number => {
    const wish = wishes.find((column) => free(column, first, last));
    if (wish !== undefined) return take(wish, first, last);
    let column = 1;
    while (!free(column, first, last)) column += 1;
    return take(column, first, last);
  };

  const columns = new Map<number, number>();
  const column = (place: number): number => columns.get(place) ?? 0;
  // The longest way from the last layer up.
  for (let place = sources.length - 1; ; ) {
    columns.set(place, take(0, row(place), row(place)));
    const [next] = (sources[place] ?? []).filter((from) => row(from) === row(place) - 1);
    if (place === modelInput || next === undefined) break;
    place = next;
  }
  if (!columns.has(modelInput)) columns.set(modelInput, take(0, 0, 0));
  sources.forEach((from, place) => {
    if (!columns.has(place)) {
      const wishes = from.map(column).filter((at) => at > 0);
      columns.set(place, find(wishes, row(place), row(place)));
    }
  });
  const arrows = sources.flatMap((from, to) =>
    from.map((start): Arrow => {
      const [first, last] = [row(start) + 1, row(to) - 1];
      // An arrow to the next row needs no column of its own.
      const own = first > last ? column(to) : find([column(start), column(to)].filter((at) => at > 0), first, last);
      return { from: start, to, column: own };
    }),
  );
  const boxes = [modelInput, ...sources.keys()].map((place) => ({ place, row: row(place), column: column(place) }));
  const used = [...boxes.map((box) => box.column), ...arrows.map((arrow) => arrow.column)];
  return { rows: 1 + Math.max(...boxes.map((box) => box.row)), columns: 1 + Math.max(...used), boxes, arrows };
}

/** The network in words, for who does not see its picture. */
export function describe(t: Texts, names: readonly string[], classes: readonly string[], shapes: readonly string[], sources: readonly (readonly number[])[], picture: string): string {
  const nameAt = (place: number): string => (place === modelInput ? t.builder.thePicture : (names[place] ?? ""));
  const parts = names.map((name, place) => {
    const from = sources[place] ?? [];
    const plain = from.length === 1 && from[0] === place - 1;
    const taking = plain ? "" : t.builder.ofInputs(from.map(nameAt).join(t.builder.and));
    return t.builder.boxInWords(name, classes[place] ?? "", taking, shapes[place] ?? "");
  });
  return [t.builder.pictureInWords(picture), ...parts].join(t.builder.then);
}
