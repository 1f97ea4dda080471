/** Bars of a histogram: pictures from `from` up to, not including, `to`. */
export type Bin = { from: number; to: number; count: number };

/** At most so many bars. */
const most = 24;

/** The smallest of 1, 2, 5, 10, 20, 50 ... that is at least `size`. */
export function niceStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(size, 1)));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= size) ?? 10 * power;
}

/** Counts values into bars of equal, round width. Values are whole numbers of at least 0. */
export function binsOf(values: readonly { value: number; count: number }[]): Bin[] {
  if (values.length === 0) {
    return [];
  }
  const low = Math.min(...values.map(({ value }) => value));
  const high = Math.max(...values.map(({ value }) => value));
  const step = niceStep((high - low + 1) / most);
  const start = Math.floor(low / step) * step;
  const bins: Bin[] = [];
  for (let from = start; from <= high; from += step) {
    bins.push({ from, to: from + step, count: 0 });
  }
  for (const { value, count } of values) {
    const bin = bins[Math.floor((value - start) / step)];
    if (bin) {
      bin.count += count;
    }
  }
  return bins;
}
