/** The loop that pulls training forward, a few steps a turn, and tells what happened. */
import { fieldsOf, stateError, toCnnLabError } from "../api/error";
import { isFatal, type FromWorker, type RunOptions } from "../api/protocol";
import type { RunInfo, TrainEvent, TrainUpdate } from "../api/types";
import type { Core, CoreEvent } from "./core";
import { macrotask } from "./macrotask";
import { Pace, Speed } from "./pace";
import type { Preparing } from "./preparing";
import type { Replicas } from "./replicas";
import type { SerialQueue } from "./serial-queue";

/**
 * While training, the page gets a checkpoint to recover from, and to keep, about so often. At most
 * ten seconds of work may be lost, and making it, handing it over and writing it take some of them.
 */
const CHECKPOINT_MS = 6000;
/** Epochs that are shorter than this do not each give one. */
const SHORT_EPOCH_MS = 1000;
/** More often than that, checkpoints take at most about a twentieth of the time. */
const CHECKPOINT_SHARE = 20;

export type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** One run, from `train` to its `done` event. */
export class Training {
  #core: Core;
  #queue: SerialQueue;
  #post: Post;
  /** Prepares batches beside the run, where that takes any work. */
  #preparing: Preparing | undefined;
  #prepare: (() => Preparing) | undefined;
  #replicas: Pick<Replicas, "tell" | "forget"> | undefined;
  /** Something is being fitted before the first step; the core is as it was before the run. */
  #fitting: boolean;

  #over = false;
  /** The step that the core goes back to where the run diverges, and that of an epoch's end which becomes it with the next step. */
  #good: number;
  #nextGood: number | null = null;
  #paused: boolean;
  /** Wakes the loop where it waits in a pause. */
  #wake: (() => void) | undefined;

  #pace = new Pace();
  #speed = new Speed();
  /** Steps over the life of the weights. */
  #step: number;
  /** Time that the present epoch has taken, and since when it is being counted. */
  #epochMs = 0;
  #since = performance.now();
  /** The last checkpoint: when and after which step it was made, and how long that took. */
  #saved = { at: -Infinity, step: -1, took: 0 };
  /** An epoch has ended since then. */
  #epochEnded = false;

  private constructor(core: Core, queue: SerialQueue, post: Post, info: RunInfo, paused: boolean) {
    this.#core = core;
    this.#queue = queue;
    this.#post = post;
    this.#step = info.step;
    this.#good = info.step;
    this.#fitting = info.fitting;
    this.#paused = paused;
  }

  /** Begins a run; its events are posted. */
  static async start(
    {
      core,
      queue,
      post,
      prepare,
      replicas,
    }: { core: Core; queue: SerialQueue; post: Post; prepare?: () => Preparing; replicas?: Pick<Replicas, "tell" | "forget"> | undefined },
    { options, paused }: { options: RunOptions; paused: boolean },
  ): Promise<{ training: Training; info: RunInfo }> {
    const info = await queue.run(() => core.startTraining(options));
    const training = new Training(core, queue, post, info, paused);
    if (options.augmentation) training.#prepare = prepare;
    training.#replicas = replicas;
    if (!info.fitting) training.#begin();
    // After the answer to `train`, so that the page knows its run when the first event comes.
    void macrotask().then(() => training.#loop());
    return { training, info };
  }

  /** Nothing has to be fitted any more: steps follow. */
  #begin(): void {
    this.#fitting = false;
    this.#epochMs = 0;
    // Who computes a share prepares it too.
    const brief = this.#replicas && this.#core.brief();
    if (brief) {
      this.#replicas?.tell(brief);
      return;
    }
    // What they know of an earlier run is not so of this one, whose batches may become large enough to be shared.
    this.#replicas?.forget();
    this.#preparing = this.#prepare?.();
  }

  get over(): boolean {
    return this.#over;
  }

  /** Pauses after the step, or the piece of fitting, under way. */
  async pause(): Promise<void> {
    this.#paused = true;
    await this.#queue.run(() => undefined);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#since = performance.now();
    this.#wake?.();
  }

  /** Pauses and takes one training step, with the fitting or validation that comes before it. */
  async step(): Promise<void> {
    if (this.#over) throw stateError("There is no run to take a step of; start one.");
    await this.pause();
    this.#since = performance.now();
    const before = this.#step;
    while (!this.over && this.#step === before) {
      await this.#queue.run(() => this.#advance(1));
      await macrotask();
    }
    // The loop stands still meanwhile.
    if (!this.over) await this.#queue.run(() => this.#saveWhenDue());
  }

  /** Ends the run where it is; it can be resumed. */
  async stop(): Promise<void> {
    await this.#queue.run(() => {
      if (!this.#over) this.#tell(this.#core.stopTraining(), 0);
    });
    this.#wake?.();
  }

  async update(options: TrainUpdate): Promise<void> {
    await this.#queue.run(() => this.#core.updateTraining(options));
  }

  async #loop(): Promise<void> {
    try {
      while (!this.#over) {
        await this.#queue.run(() => this.#saveWhenDue());
        // Stopped while that was being done: nobody would wake it from a pause.
        if (this.over) break;
        if (this.#paused && !this.#fitting && this.#saved.step !== this.#step) {
          // Who pauses may close the tab. Resumed or stopped meanwhile, it must not wait.
          await this.#queue.run(() => this.#save());
        } else if (this.#paused) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          this.#wake = undefined;
        } else {
          await this.#queue.run(async () => {
            // Paused or stopped while it waited for its turn.
            if (!this.#paused && !this.#over) await this.#advance(this.#pace.n);
          });
          await macrotask();
        }
      }
      // What was learned, for a later failure.
      if (!this.#fitting) await this.#queue.run(() => this.#save());
    } catch (thrown) {
      this.#over = true;
      const error = toCnnLabError(thrown);
      if (!isFatal(error)) await this.#queue.run(() => this.#core.stopTraining());
      this.#post({ kind: "failed", error: fieldsOf(error) });
    } finally {
      this.#preparing?.end();
    }
  }

  /** One turn: at most `n` steps or batches of validation, or a piece of fitting. */
  async #advance(n: number): Promise<void> {
    if (this.#fitting) {
      this.#tell(await this.#core.advance(1), 0);
      return;
    }
    const began = performance.now();
    this.#preparing?.ask(this.#step, n);
    const events = await this.#core.advance(n);
    const elapsed = performance.now() - began;
    this.#tell(events, elapsed);
    // Between an epoch's steps and its validation the work changes its kind.
    const turned = events.some(
      (event) => event.type === "epoch" || (event.type === "step" && event.step === event.steps),
    );
    if (turned) this.#pace.reset();
    else this.#pace.took(elapsed, n);
  }

  async #saveWhenDue(): Promise<void> {
    // Nothing is new; and from a checkpoint without it, the run could not be resumed.
    if (this.#fitting) return;
    const wait = this.#epochEnded ? SHORT_EPOCH_MS : CHECKPOINT_MS;
    const age = performance.now() - this.#saved.at;
    if (age >= Math.max(wait, Math.min(CHECKPOINT_SHARE * this.#saved.took, CHECKPOINT_MS))) await this.#save();
  }

  /** Posts a checkpoint, unless the last one holds the same. */
  async #save(): Promise<void> {
    const step = this.#step;
    if (step === this.#saved.step) return;
    const began = performance.now();
    const bytes = await this.#core.save();
    const at = performance.now();
    this.#saved = { at, step, took: at - began };
    this.#epochEnded = false;
    this.#post({ kind: "checkpoint", bytes, step }, [bytes.buffer]);
  }

  /** Posts events, with the times that the core does not know. */
  #tell(events: CoreEvent[], elapsed: number): void {
    const now = performance.now();
    this.#epochMs += now - this.#since;
    this.#since = now;
    let images = 0;
    for (const event of events) if (event.type === "step") images += event.images;
    const imagesPerSecond = images > 0 ? this.#speed.add(images, elapsed) : 0;
    const told = events.map((event): TrainEvent => {
      switch (event.type) {
        case "fitting":
          if (event.share === 1) this.#begin();
          return event;
        case "step":
          this.#step = event.globalStep;
          this.#good = this.#nextGood ?? this.#good;
          this.#nextGood = null;
          return { ...event, imagesPerSecond };
        case "epoch": {
          const seconds = this.#epochMs / 1000;
          this.#epochMs = 0;
          this.#epochEnded = true;
          this.#nextGood = this.#step;
          return { ...event, seconds };
        }
        case "done":
          this.#over = true;
          if (event.reason === "diverged") this.#step = this.#good;
          // Other weights were put back than a checkpoint of this step may hold.
          if (event.reason === "diverged" || event.restoredEpoch !== undefined) this.#saved.step = -1;
          return event;
        case "warning":
          return event;
      }
    });
    if (told.length > 0) this.#post({ kind: "events", events: told });
  }
}
