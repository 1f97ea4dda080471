import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Something that parts of the page look at, and are told of when it changed. */
export class Observable {
  readonly #watchers = new Set<() => void>();
  #due = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
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

/** Draws a Lit element again whenever what it watches has changed. */
export class Watch implements ReactiveController {
  #stop: (() => void) | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly watched: () => Observable,
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.#stop = this.watched().watch(() => this.host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#stop?.();
  }
}
