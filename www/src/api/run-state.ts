/** What the lab knows of a run; `TrainRun` is the public view of it. */
import { abortedError, type CnnLabError } from "./error";
import { EventQueue } from "./event-queue";
import type { RunOptions } from "./protocol";
import type { DoneEvent, RunInfo, TrainEvent, TrainUpdate } from "./types";

export class RunState {
  readonly options: RunOptions;
  readonly events = new EventQueue();
  readonly started: Promise<RunInfo>;
  readonly done: Promise<DoneEvent>;
  info: RunInfo | null = null;
  over = false;
  /** The furthest step it got to, over the life of the weights; a recovery goes back. */
  furthest = 0;
  /** Its signal was aborted, and it is being stopped. */
  aborted = false;
  /** Steps over the life of the weights at its last checkpoint; none yet: null. */
  checkpoint: number | null = null;
  /** What was changed while it went on. */
  changes: TrainUpdate = {};
  /** Its last epoch, also where that was changed; null until it has begun. */
  epochs: number | null = null;
  /** Told of each event, before whoever iterates the run. */
  readonly listeners: ((event: TrainEvent) => void)[] = [];

  #paused = false;
  /** Milliseconds that it ran until it was paused last, and since when it runs; null: it does not. */
  #ran = 0;
  #since: number | null = null;
  #begin!: (info: RunInfo) => void;
  #finish!: (event: DoneEvent) => void;
  #failStart!: (error: CnnLabError) => void;
  #failEnd!: (error: CnnLabError) => void;

  constructor(options: RunOptions) {
    this.options = options;
    this.started = new Promise((resolve, reject) => {
      this.#begin = resolve;
      this.#failStart = reject;
    });
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#failEnd = reject;
    });
    // Who iterates learns of a failure there, and need not look at these too.
    this.started.catch(() => undefined);
    this.done.catch(() => undefined);
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#time();
  }

  /** Time that it ran, pauses left out. */
  get seconds(): number {
    return (this.#ran + (this.#since === null ? 0 : performance.now() - this.#since)) / 1000;
  }

  /** Starts or stops the watch. */
  #time(): void {
    const now = performance.now();
    if (this.#since !== null) this.#ran += now - this.#since;
    this.#since = this.info && !this.#paused && !this.over ? now : null;
  }

  /** The worker has begun with it; after a recovery, once more. */
  begin(info: RunInfo): void {
    this.info ??= info;
    this.epochs ??= info.epochs;
    this.#time();
    this.#begin(info);
  }

  push(event: TrainEvent): void {
    if (this.over) return;
    for (const listener of this.listeners) listener(event);
    if (event.type === "done" && event.reason === "stopped" && this.aborted) {
      this.fail(abortedError("Training was cancelled; it can be resumed."));
      return;
    }
    this.events.push(event);
    if (event.type !== "done") return;
    this.over = true;
    this.#time();
    this.events.end();
    this.#finish(event);
  }

  fail(error: CnnLabError): void {
    if (this.over) return;
    this.over = true;
    this.#time();
    this.#failStart(error);
    this.#failEnd(error);
    this.events.end({ error });
  }

  /**
   * The options to go on with after a failure: those of the run itself where it has no
   * checkpoint yet, else what is left of it.
   */
  optionsToGoOn(): RunOptions {
    if (this.checkpoint === null || this.info === null) return this.options;
    if (this.options.steps === undefined) return { resume: true };
    const taken = this.checkpoint - this.info.step;
    return { resume: true, steps: this.info.totalSteps - taken };
  }
}
