import type { Evaluation, Progress, Split } from "../api/types";
import type { Workbench } from "./workbench";

/** How the network did on a split, and when that was. */
export type Measured = {
  split: Split;
  evaluation: Evaluation;
  /** The data's revision: after another change its pictures may stand at other places. */
  revision: number;
  /** Training steps that had been seen by then. */
  learned: number;
  /** Pictures that were given another class since, which moves none. */
  corrected: Map<number, number>;
};

/** How good the network is: what was measured of each split, until there are fresh weights. */
export class MeasureStep {
  progress: Progress | null = null;
  /** The split that is being measured. */
  measuring: Split | null = null;
  readonly #found = new Map<Split, Measured>();
  /** The revision that a correction under way began at: the next one has all pictures where they were. */
  #correcting: number | null = null;
  #learned = 0;
  #weights = 0;
  #cancel: AbortController | null = null;

  constructor(private readonly bench: Workbench) {}

  of(split: Split): Measured | null {
    return this.#found.get(split) ?? null;
  }

  /** The network has learned on since. */
  isOld({ learned }: Measured): boolean {
    return learned !== this.#learned;
  }

  /** The set was edited since, or is another: the places may be others'. */
  isOfOtherData({ revision }: Measured): boolean {
    return revision !== this.bench.data.revision && revision !== this.#correcting;
  }

  learnedOn(): void {
    this.#learned += 1;
  }

  /** There are fresh weights. */
  forget(): void {
    this.#weights += 1;
    this.#found.clear();
  }

  async evaluate(split: Split): Promise<void> {
    const lab = await this.bench.ready;
    const cancel = (this.#cancel = new AbortController());
    this.progress = { done: 0, total: 0, unit: "batches" };
    this.measuring = split;
    this.bench.changed();
    const weights = this.#weights;
    const learned = this.#learned;
    const { revision } = this.bench.data;
    await this.bench.try(async () => {
      const evaluation = await lab.evaluate(split, {
        signal: cancel.signal,
        onProgress: (progress) => {
          this.progress = progress;
          this.bench.changedSoon();
        },
      });
      if (weights === this.#weights) {
        const { loss, accuracy, count } = evaluation;
        this.bench.tell({ name: "evaluate", detail: { split, loss, accuracy, count } });
        this.#found.set(split, { split, evaluation, revision, learned, corrected: new Map() });
      }
    });
    this.progress = null;
    this.measuring = null;
    this.bench.changed();
  }

  cancel(): void {
    this.#cancel?.abort();
  }

  /** Gives a picture another class. What was measured stands, since no picture moves. */
  async correct(split: Split, index: number, label: number): Promise<boolean> {
    const { data } = this.bench;
    const before = data.revision;
    this.#correcting = before;
    const done = await data.edit((lab) => lab.relabel(split, index, label));
    this.#correcting = null;
    if (done) {
      for (const measured of this.#found.values()) {
        if (measured.revision === before) measured.revision = data.revision;
      }
      this.of(split)?.corrected.set(index, label);
      this.bench.changed();
    }
    return done;
  }
}
