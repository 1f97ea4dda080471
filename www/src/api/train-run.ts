import { stateError } from "./error";
import type { Host } from "./host";
import type { RunState } from "./run-state";
import type { DoneEvent, RunInfo, TrainEvent, TrainUpdate } from "./types";
import { checkUpdate } from "./check-training";

/**
 * A training run. It goes on by itself, iterated or not:
 *
 * ```ts
 * for await (const event of lab.train({ epochs: 5, batchSize: 64 })) {
 *   if (event.type === "epoch") console.log(event.valAccuracy);
 * }
 * ```
 *
 * Events wait from the start on; of the step events about the latest thousand do, of the
 * others all. Each is given once, so two loops over one run share its events. Leaving a loop
 * leaves the run going. An error ends the loop by throwing a `CnnLabError`.
 *
 * After a failure of the worker or the graphics device (a `warning` event with code `panic`
 * or `device-lost`) the run goes on from its last checkpoint: steps since then come again.
 */
export class TrainRun implements AsyncIterable<TrainEvent> {
  #state: RunState;
  #host: Host;

  /** Made by `CnnLab.train`. @internal */
  constructor(state: RunState, host: Host) {
    this.#state = state;
    this.#host = host;
  }

  /** Where the run begins and how long it is, once it has begun; rejects where it cannot. */
  get started(): Promise<RunInfo> {
    return this.#state.started;
  }

  /** The last event; rejects where the run failed or was aborted. */
  get done(): Promise<DoneEvent> {
    return this.#state.done;
  }

  /** Where the run begins and how long it is; null until it has begun. */
  get info(): RunInfo | null {
    return this.#state.info;
  }

  get paused(): boolean {
    return this.#state.paused && !this.#state.over;
  }

  /**
   * Pauses after the step under way, or within a fifth of a second where something is being
   * fitted, and resolves then. Does nothing to a run that is over.
   */
  async pause(): Promise<void> {
    await this.#begun();
    if (this.#state.over) return;
    this.#state.paused = true;
    await this.#host.control("pause", []);
  }

  /** Goes on after a pause. */
  resume(): void {
    if (!this.#state.paused) return;
    this.#state.paused = false;
    // A failure ends the run, and is told there.
    if (!this.#state.over) this.#host.control("resume", []).catch(() => undefined);
  }

  /**
   * Pauses, takes one training step, with the fitting before it, and resolves after its event.
   * Rejects with code `state` where the run is over.
   */
  async step(): Promise<void> {
    await this.#begun();
    if (this.#state.over) throw stateError("The run is over; start another, or resume it with train.");
    this.#state.paused = true;
    await this.#host.call("step", []);
  }

  /**
   * Ends the run where it is, and resolves after its `done` event. `train({ resume: true })`
   * goes on; not where something was still being fitted, for then all is as it was before.
   */
  async stop(): Promise<void> {
    await this.#begun();
    if (this.#state.over) return;
    await this.#host.control("stop", []);
  }

  /**
   * Changes the learning rate, which ends a schedule, the last epoch or, from the next epoch
   * on, the batch size while the run goes on. Rejects with code `option` for a wrong value,
   * `state` where the run is over.
   */
  async update(o: TrainUpdate = {}): Promise<void> {
    checkUpdate(o);
    await this.#begun();
    if (this.#state.over) throw stateError("The run is over; there is nothing to change.");
    await this.#host.control("update", [o]);
    Object.assign(this.#state.changes, o);
    this.#state.epochs = o.epochs ?? this.#state.epochs;
  }

  [Symbol.asyncIterator](): AsyncIterator<TrainEvent, undefined> {
    return { next: () => this.#state.events.next() };
  }

  /** Waits for the run to begin; a run that could not is over. */
  async #begun(): Promise<void> {
    await this.#state.started.catch(() => undefined);
  }
}
