import type { ReactiveController, ReactiveControllerHost } from "lit";
import { isLost } from "../notices";
import type { Workbench } from "../workbench";

/**
 * Does something anew whenever what it is of has changed: the picture in hand, what the network
 * says of it (so, while training runs, whenever the panel looks again), or what was chosen. One at
 * a time, the latest wins, and only while its tab is shown.
 */
export class Follow implements ReactiveController {
  #done: readonly unknown[] = [];
  #busy = false;
  #here = false;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly bench: () => Workbench,
    /** What it is of; null: there is nothing to do. */
    private readonly of: () => readonly unknown[] | null,
    private readonly work: () => Promise<void>,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#here = true;
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#here = false;
  }

  hostUpdated(): void {
    const of = this.of();
    if (!this.#here || this.#busy || !of || (of.length === this.#done.length && of.every((one, i) => one === this.#done[i]))) {
      return;
    }
    this.#done = of;
    this.#busy = true;
    const { lab } = this.bench();
    void this.work()
      .catch((error: unknown) => {
        // While the lab, its network or the picture is changed, the next one is what counts.
        const now = this.of();
        if (lab === this.bench().lab && !isLost(error) && now?.every((one, i) => one === of[i])) {
          this.bench().fail(error);
        }
      })
      .finally(() => {
        this.#busy = false;
        this.host.requestUpdate();
      });
  }
}
