import type { ReactiveController, ReactiveControllerHost } from "lit";
import { inTurn } from "../view/in-turn";

/** While a dialog covers them, the panels are drawn so long after a change, in milliseconds, so that they do not delay what one looks at. */
const behindEvery = 1000;

/** Something that parts of the page look at, and are told of when it changed. */
export class Observable {
  readonly #watchers = new Set<() => unknown>();
  readonly #behind = new Set<() => unknown>();
  #due = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #behindTimer: ReturnType<typeof setTimeout> | undefined;

  /** Whether a dialog covers the panels. */
  protected covered(): boolean {
    return false;
  }

  /** `behind`: for what a dialog covers; the watcher then returns a promise of its drawing. */
  watch(watcher: () => unknown, behind = false): () => void {
    const watchers = behind ? this.#behind : this.#watchers;
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }

  /** Shows a change with the next frame: many changes cost one drawing. */
  changed(): void {
    if (!this.#due) {
      this.#due = true;
      requestAnimationFrame(() => {
        this.#due = false;
        clearTimeout(this.#timer);
        this.#timer = undefined;
        for (const watcher of this.#watchers) {
          watcher();
        }
        if (this.covered()) {
          this.#behindTimer ??= setTimeout(() => {
            this.#behindTimer = undefined;
            // One after the other: each panel may have changed from top to bottom.
            this.#behind.forEach(inTurn);
          }, behindEvery);
        } else {
          clearTimeout(this.#behindTimer);
          this.#behindTimer = undefined;
          this.#behind.forEach((watcher) => watcher());
        }
      });
    }
  }

  /** Shows a change at a calm rate, for what changes many times a second. */
  changedSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.changed();
    }, 150);
  }
}

/** Draws a Lit element again whenever what it watches has changed; at a calm rate where it is `behind` a dialog. */
export class Watch implements ReactiveController {
  #stop: (() => void) | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly watched: () => Observable,
    private readonly behind = false,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = this.watched().watch(() => {
      this.host.requestUpdate();
      return this.host.updateComplete;
    }, this.behind);
  }

  hostDisconnected(): void {
    this.#stop?.();
  }
}
