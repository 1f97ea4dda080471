import type { DatasetStatistics } from "../api/types";
import type { Texts } from "../text/texts";

/** What is uneven or stands twice in a set. */

/** How uneven classes are, in a sentence; null where they are about even. */
export function imbalance(t: Texts, counts: readonly number[]): string | null {
  const most = counts.reduce((top, n) => Math.max(top, n), 0);
  const least = counts.reduce((low, n) => Math.min(low, n), Infinity);
  if (counts.length < 2 || most === 0 || most < 1.5 * least) {
    return null;
  }
  return least === 0
    ? t.data.classEmpty
    : t.data.uneven(most / least);
}

/** The training pictures of groups that stand in another split too, the last first. */
export function trainingCopies(groups: DatasetStatistics["duplicates"]["groups"]): number[] {
  const copies = groups
    .filter((group) => group.some(({ split }) => split !== "train"))
    .flatMap((group) => group.filter(({ split }) => split === "train").map(({ index }) => index));
  return [...new Set(copies)].sort((a, b) => b - a);
}
