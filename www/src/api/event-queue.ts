/** The events of a run, kept until somebody asks for them. */
import type { TrainEvent } from "./types";

/**
 * A run goes on whether or not anybody iterates it, for hours perhaps. So of the step
 * events only about the latest this many wait; all others are few, and all of them wait.
 */
const MOST_STEPS = 1024;

type Waiter = {
  resolve: (result: IteratorResult<TrainEvent, undefined>) => void;
  reject: (error: unknown) => void;
};

export class EventQueue {
  #events: TrainEvent[] = [];
  #steps = 0;
  #waiting: Waiter[] = [];
  #end: { error: unknown } | "done" | undefined;

  push(event: TrainEvent): void {
    const waiter = this.#waiting.shift();
    if (waiter) {
      waiter.resolve({ value: event, done: false });
      return;
    }
    this.#events.push(event);
    if (event.type !== "step") return;
    this.#steps += 1;
    // Dropped in bulk, so that each event costs little.
    if (this.#steps > 2 * MOST_STEPS) this.#dropOldSteps();
  }

  /** No event follows; who waits is told so, or gets the error. */
  end(error?: { error: unknown }): void {
    this.#end ??= error ?? "done";
    for (const waiter of this.#waiting.splice(0)) this.#settle(waiter);
  }

  /** The next event, in order; each event is given once. */
  next(): Promise<IteratorResult<TrainEvent, undefined>> {
    const event = this.#events.shift();
    if (event) {
      if (event.type === "step") this.#steps -= 1;
      return Promise.resolve({ value: event, done: false });
    }
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      if (this.#end) this.#settle(waiter);
      else this.#waiting.push(waiter);
    });
  }

  #settle(waiter: Waiter): void {
    if (typeof this.#end === "object") waiter.reject(this.#end.error);
    else waiter.resolve({ value: undefined, done: true });
  }

  #dropOldSteps(): void {
    let surplus = this.#steps - MOST_STEPS;
    this.#events = this.#events.filter((event) => event.type !== "step" || surplus-- <= 0);
    this.#steps = MOST_STEPS;
  }
}
