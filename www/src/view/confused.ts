/** Which classes are taken for which, in order. */

export type ClassOrder = "loaded" | "name" | "recall" | "confused";

/** Mistakes that a class has a part in: its pictures taken for others, and others taken for it. */
export function mistakesOf(confusion: readonly (readonly number[])[]): number[] {
  const mistakes = confusion.map(() => 0);
  // Of a thousand classes this is a million cells, so nothing is called for each.
  for (let actual = 0; actual < confusion.length; actual += 1) {
    const row = confusion[actual] ?? [];
    for (let said = 0; said < row.length; said += 1) {
      const n = row[said] ?? 0;
      if (n > 0 && said !== actual) {
        mistakes[actual] = (mistakes[actual] ?? 0) + n;
        mistakes[said] = (mistakes[said] ?? 0) + n;
      }
    }
  }
  return mistakes;
}

/** The `n` classes with the most mistakes, in their own order. */
export function mostConfused(confusion: readonly (readonly number[])[], n: number): number[] {
  if (confusion.length <= n) {
    return confusion.map((_, i) => i);
  }
  const mistakes = mistakesOf(confusion);
  const by = confusion.map((_, i) => i).sort((a, b) => (mistakes[b] ?? 0) - (mistakes[a] ?? 0) || a - b);
  return by.slice(0, n).sort((a, b) => a - b);
}

/** The share of a class's pictures that is right; null where it has none. */
export function recallOf(confusion: readonly (readonly number[])[], label: number): number | null {
  const row = confusion[label] ?? [];
  const total = row.reduce((sum, n) => sum + n, 0);
  return total > 0 ? (row[label] ?? 0) / total : null;
}

/** These classes in another order: by name, the lowest recall first, or the most mistakes first. */
export function orderClasses(labels: readonly number[], classes: readonly string[], confusion: readonly (readonly number[])[], order: ClassOrder): number[] {
  const sorted = [...labels];
  if (order === "name") {
    const { compare } = new Intl.Collator(undefined, { numeric: true });
    sorted.sort((a, b) => compare(classes[a] ?? "", classes[b] ?? ""));
  } else if (order === "recall") {
    const recall = new Map(labels.map((label) => [label, recallOf(confusion, label) ?? 2]));
    sorted.sort((a, b) => (recall.get(a) ?? 2) - (recall.get(b) ?? 2) || a - b);
  } else if (order === "confused") {
    const mistakes = mistakesOf(confusion);
    sorted.sort((a, b) => (mistakes[b] ?? 0) - (mistakes[a] ?? 0) || a - b);
  }
  return sorted;
}

/** A class that was taken for another. */
export type Pair = { actual: number; said: number; count: number; /** Of the true class's pictures. */ share: number };

const before = (a: Pair, b: Pair): boolean => a.count > b.count || (a.count === b.count && a.share > b.share);

/** The `n` most frequent mistakes. */
export function confusedPairs(confusion: readonly (readonly number[])[], n: number): Pair[] {
  const pairs: Pair[] = [];
  for (let actual = 0; actual < confusion.length; actual += 1) {
    const row = confusion[actual] ?? [];
    let total = 0;
    for (const count of row) total += count;
    for (let said = 0; said < row.length; said += 1) {
      const count = row[said] ?? 0;
      const last = pairs[n - 1];
      if (count === 0 || said === actual || (last && count < last.count)) continue;
      const pair = { actual, said, count, share: count / total };
      if (!last || before(pair, last)) {
        const place = pairs.findIndex((other) => before(pair, other));
        pairs.splice(place < 0 ? pairs.length : place, 0, pair);
        pairs.length = Math.min(pairs.length, n);
      }
    }
  }
  return pairs;
}
