/** Rates are taken over about the last seconds, since the first files may be smaller or larger. */
const span = 6000;
/** Before so many milliseconds a rate is a guess. */
const least = 800;

/** How long something will still take, from how far it has come. */
export class TimeLeft {
  #samples: { done: number; at: number }[] = [];
  #total = 0;

  /** Notes how far it is at a time in milliseconds. Going back, or another total, begins anew. */
  add(done: number, total: number, at: number): void {
    const last = this.#samples.at(-1);
    if (total !== this.#total || (last && done < last.done)) {
      this.#samples = [];
      this.#total = total;
    }
    this.#samples.push({ done, at });
    // One sample from before the span stays, so that a slow rate is still seen.
    while ((this.#samples[1]?.at ?? Infinity) < at - span) {
      this.#samples.shift();
    }
  }

  /** In seconds; null while that cannot be told. */
  get seconds(): number | null {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || this.#total === 0 || last.at - first.at < least || last.done === first.done) {
      return null;
    }
    return ((this.#total - last.done) * (last.at - first.at)) / (last.done - first.done) / 1000;
  }
}
