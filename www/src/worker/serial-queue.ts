/** Runs one task at a time, in the order they were asked for. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs `task` after all that were asked for before it, whether those failed or not. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    // Only the order is kept: neither a result nor a failure is held on to.
    this.#tail = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }
}
