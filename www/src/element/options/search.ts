/** The search for a learning rate, as the dialog shows it. */
import type { FinderPoint, FoundLearningRate } from "../../api/types";
import { trainOptions } from "../settings";
import type { Workbench } from "../workbench";
import { short } from "./schedule";
import "../../text/en/options";

export class Search {
  /** Where it looks: the first rate, the last, and in how many steps. */
  from = 1e-6;
  to = 10;
  steps = 100;

  points: FinderPoint[] = [];
  found: FoundLearningRate | null = null;
  /** Pictures are being loaded for it. */
  loading = false;
  #cancel: AbortController | null = null;
  /** The rates between which the points lie; what is typed for the next search changes no chart. */
  span: [number, number] = [1e-6, 10];

  constructor(private readonly bench: Workbench, private readonly changed: () => void) {}

  get active(): boolean {
    return this.#cancel !== null;
  }

  /** The rate that is suggested, in three figures. */
  get suggestion(): number | null {
    const suggestion = this.found?.suggestion ?? null;
    return suggestion === null ? null : short(suggestion);
  }

  /** What the chart ends at above: the rise at the end is cut off, or the fall before it could not be seen. */
  get ceiling(): number | null {
    const smoothed = this.points.map((point) => point.smoothed);
    const least = smoothed.reduce((at, value, i) => (value < (smoothed[at] ?? Infinity) ? i : at), 0);
    return smoothed.length === 0 ? null : 1.25 * Math.max(...smoothed.slice(0, least + 1));
  }

  /** What it came to, in a sentence. */
  get outcome(): string {
    const t = this.bench.text;
    const { found, suggestion } = this;
    if (this.loading) return t.common.loadingThePictures;
    if (this.active || !found) return "";
    if (suggestion === null) return t.options.didNotFall;
    const smoothed = this.points.map((point) => point.smoothed);
    const rises = (smoothed.at(-1) ?? 0) > 1.25 * Math.min(...smoothed);
    return found.diverged || rises ? "" : t.options.didNotRise;
  }

  async start(): Promise<void> {
    const { bench } = this;
    if (this.active) return;
    const cancel = (this.#cancel = new AbortController());
    this.points = [];
    this.found = null;
    this.span = [this.from, this.to];
    this.loading = !bench.data.upToDate;
    this.changed();
    await bench.try(async () => {
      const lab = await bench.ready;
      if (!(await bench.data.load()) || cancel.signal.aborted) return;
      this.loading = false;
      this.changed();
      const { batchSize, optimizer, augmentation, classWeight } = trainOptions(bench.settings);
      this.found = await lab.findLearningRate({
        batchSize, optimizer, augmentation, classWeight,
        minLearningRate: this.from, maxLearningRate: this.to, steps: this.steps, signal: cancel.signal,
        onProgress: ({ points }) => {
          this.points = [...this.points, ...points];
          this.changed();
        },
      });
    });
    this.#cancel = null;
    this.loading = false;
    this.changed();
  }

  cancel(): void {
    if (this.loading) this.bench.data.cancel();
    this.#cancel?.abort();
  }
}
