/** How much to do in one go, and how fast it went. Times are in milliseconds. */

/** One go should take about so long: Pause answers at its end, and so does everything else. */
const TARGET_MS = 50;

/** The most steps in one go; past it, the cost of a go is nothing beside its steps. */
const MOST = 256;

/** Adapts the number of steps in one go so that it takes about 50 ms. */
export class Pace {
  /** How many to do next. */
  n = 1;

  /** Learns from `n` that took `elapsed`. Grows at most twofold, in case the next are slower. */
  took(elapsed: number, n = this.n): void {
    const fitting = Math.floor((n * TARGET_MS) / Math.max(elapsed, 0.01));
    this.n = Math.max(1, Math.min(fitting, 2 * n, MOST));
  }

  /** Starts anew, for work of another kind. */
  reset(): void {
    this.n = 1;
  }
}

/** A speed, smoothed over about the last second. */
export class Speed {
  #perSecond = 0;
  #seen = 0;

  /** Adds what was done in `elapsed` and returns the smoothed number per second. */
  add(done: number, elapsed: number): number {
    const milliseconds = Math.max(elapsed, 0.01);
    const now = (1000 * done) / milliseconds;
    // The first second is a plain mean; after that the past fades with a time constant of 1 s.
    this.#seen = Math.min(this.#seen + milliseconds, 1000);
    this.#perSecond += Math.min(1, milliseconds / this.#seen) * (now - this.#perSecond);
    return this.#perSecond;
  }
}
