import type { Distribution } from "../api/types";

/** From the smallest to the largest of all values; null where there are none. */
export function rangeOf(all: readonly (Distribution | null)[]): [low: number, high: number] | null {
  let [low, high] = [Infinity, -Infinity];
  for (const one of all) {
    if (one?.bars.some((bar) => bar > 0)) {
      low = Math.min(low, one.low);
      high = Math.max(high, one.high);
    }
  }
  if (!(Number.isFinite(low) && Number.isFinite(high))) {
    return null;
  }
  // Values that are all the same lie in the middle.
  const room = high > low ? 0 : Math.abs(high) * 0.5 || 1;
  return [low - room, high + room];
}

/** How many values lie in each of `rows` equal parts of a range, from its low end up; a bar counts for each part as far as it lies there. */
export function rowsOf({ low, high, bars }: Distribution, [from, to]: readonly [number, number], rows: number): Float32Array {
  const found = new Float32Array(rows);
  const scale = rows / (to - from);
  const width = ((high - low) / bars.length) * scale;
  bars.forEach((bar, i) => {
    if (bar === 0) {
      return;
    }
    const start = (low - from) * scale + i * width;
    const first = Math.min(rows - 1, Math.max(0, Math.floor(start)));
    const last = Math.min(rows - 1, Math.max(first, Math.ceil(start + width) - 1));
    for (let row = first; row <= last; row += 1) {
      const share = width > 0 ? (Math.min(row + 1, start + width) - Math.max(row, start)) / width : 1;
      // A bar thinner than a row, and one at the very end, still counts.
      found[row] = (found[row] ?? 0) + bar * (first === last ? 1 : Math.max(0, share));
    }
  });
  return found;
}

/** Which of the rising `steps` is the nearest to one; -1 where there are none. */
export function nearest(steps: readonly number[], at: number): number {
  let found = -1;
  steps.forEach((step, i) => {
    if (found < 0 || Math.abs(step - at) < Math.abs((steps[found] ?? 0) - at)) found = i;
  });
  return found;
}

/** A few round values from `low` to `high`. */
export function ticksOf(low: number, high: number, most: number): number[] {
  const least = (high - low) / Math.max(1, most);
  if (!(least > 0) || !Number.isFinite(least)) {
    return [low];
  }
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((n) => n * power >= least * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const ticks: number[] = [];
  for (let i = first; i * step <= high + step * 1e-9 && ticks.length <= most; i += 1) {
    // The smallest may be a zero with a sign.
    ticks.push(i * step + 0);
  }
  return ticks;
}

/** The powers of ten from `low` to `high`, thinned to at most so many. */
export function powersOf(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const powers: number[] = [];
  for (let power = Math.ceil(first / every) * every; power <= last; power += every) {
    // As it is written: 10 ** -4 is a little less.
    powers.push(Number(`1e${power}`));
  }
  return powers;
}
