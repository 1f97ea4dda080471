/**
 * One line of a chart that grows while training runs. It never holds more than `capacity`
 * points: when it is full, neighbours are merged into their mean, so that a run of a hundred
 * thousand steps costs as little to draw as one of a hundred.
 */
export class Curve {
  readonly #x: number[] = [];
  readonly #y: number[] = [];
  readonly #capacity: number;
  /** How many added values a full point is the mean of. */
  #width = 1;
  #pending: { x: number; sum: number; count: number } | null = null;

  constructor(capacity = 600) {
    this.#capacity = capacity + (capacity % 2);
  }

  /** Adds a value; `x` must not fall. */
  add(x: number, y: number): void {
    const pending = (this.#pending ??= { x, sum: 0, count: 0 });
    pending.x = x;
    pending.sum += y;
    pending.count += 1;
    if (pending.count === this.#width) {
      this.#x.push(pending.x);
      this.#y.push(pending.sum / pending.count);
      this.#pending = null;
      if (this.#x.length === this.#capacity) {
        this.#merge();
      }
    }
  }

  #merge(): void {
    const half = this.#x.length / 2;
    for (let i = 0; i < half; i += 1) {
      // A point stands at the end of what it sums up, so a line never starts later than its data.
      this.#x[i] = this.#x[2 * i + 1] ?? NaN;
      this.#y[i] = ((this.#y[2 * i] ?? NaN) + (this.#y[2 * i + 1] ?? NaN)) / 2;
    }
    this.#x.length = half;
    this.#y.length = half;
    this.#width *= 2;
  }

  /** The points to draw, the unfinished last one included. */
  points(): Points {
    const x = this.#x.slice();
    const y = this.#y.slice();
    if (this.#pending) {
      x.push(this.#pending.x);
      y.push(this.#pending.sum / this.#pending.count);
    }
    return { x, y };
  }

  /** How many steps one point is the mean of. */
  get width(): number {
    return this.#width;
  }
}

/** Points of a line, by rising x. */
export type Points = { x: number[]; y: number[] };

/** The last point's value. */
export function last(points: Points): number | undefined {
  return points.y.at(-1);
}
