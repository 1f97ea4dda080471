/** Has the next batches prepared in another worker while the present one trains. */
import type { Core } from "./core";
import type { FromPreparer, ToPreparer } from "./preparer";
import type { SerialQueue } from "./serial-queue";

/** Steps beyond those of the coming turn that are prepared. */
const AHEAD = 2;
/** At most so many at a time: each holds a batch of pictures. */
const MOST_AHEAD = 8;

/** What of a `Worker` is used. */
export type PreparerPort = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

export type Place = { core: Core; queue: SerialQueue; base: string; spawn: () => PreparerPort };

export class Preparing {
  #core: Core;
  #port: PreparerPort;
  /** The last step that was asked for. */
  #asked = -1;
  #ended = false;

  /** Begins for the run that the core has just started. */
  constructor({ core, queue, base, spawn }: Place) {
    this.#core = core;
    this.#port = spawn();
    this.#port.addEventListener("message", ({ data }: MessageEvent<FromPreparer>) => {
      void queue.run(() => {
        if (!this.#ended) core.supply(data.step, data.values);
      });
    });
    // Nothing is lost without it: the core prepares its batches itself.
    this.#port.addEventListener("error", (event: ErrorEvent) => {
      event.preventDefault();
      this.end();
    });
    const recipe = core.recipe();
    if (recipe) this.#post({ base, recipe });
  }

  /** Asks for what comes after the `n` steps of the coming turn; `step` were taken so far. */
  ask(step: number, n: number): void {
    const end = step + Math.min(n + AHEAD, MOST_AHEAD);
    // The very next step begins at once: it would come too late.
    for (let wanted = Math.max(this.#asked, step) + 1; !this.#ended && wanted < end; wanted += 1) {
      const batch = this.#core.batchToPrepare(wanted - step);
      if (!batch) return;
      this.#asked = wanted;
      this.#post({ batch }, [batch.pixels.buffer]);
    }
  }

  end(): void {
    this.#ended = true;
    this.#port.terminate();
  }

  #post(message: ToPreparer, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
