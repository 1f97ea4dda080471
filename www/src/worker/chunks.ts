/** Chunks of pictures: read side by side, taken in order. */

/** Which chunk a reader reads next. */
export class Schedule {
  #lanes: (number | null)[];
  #ahead: number;
  #started: boolean[];
  #owners = new Map<number, number>();
  /** The chunk that is taken next. */
  #taken = 0;
  /** All before it were started. */
  #low = 0;

  /**
   * `ahead`: so many chunks are read or wait at most. It bounds memory, whatever the size of
   * the set and however long one chunk takes.
   */
  constructor(lanes: (number | null)[], ahead: number) {
    this.#lanes = lanes;
    this.#ahead = ahead;
    this.#started = lanes.map(() => false);
  }

  /**
   * The next chunk for a reader, always the first that it may read: so the chunk that is
   * taken next is never left waiting by a reader that could have it. "wait": not before
   * others are taken; "over": never again.
   */
  next(reader: number): number | "wait" | "over" {
    while (this.#started[this.#low]) this.#low += 1;
    for (let chunk = this.#low; chunk < this.#lanes.length; chunk++) {
      const lane = this.#lanes[chunk] ?? null;
      const mine = lane === null || (this.#owners.get(lane) ?? reader) === reader;
      if (this.#started[chunk] || !mine) continue;
      if (chunk >= this.#taken + this.#ahead) return "wait";
      this.#started[chunk] = true;
      if (lane !== null) this.#owners.set(lane, reader);
      return chunk;
    }
    return "over";
  }

  /** The next chunk was taken. */
  took(): void {
    this.#taken += 1;
  }
}

/** How many readers can have work at once. */
export function mostReaders(lanes: (number | null)[]): number {
  const streams = new Set(lanes.filter((lane) => lane !== null));
  return lanes.filter((lane) => lane === null).length + streams.size;
}

/**
 * Reads chunks with several readers, and takes what they read one by one in the chunks'
 * order, so that the same comes out whatever the number of readers. Rejects with the first
 * failure; whoever called ends the readers then.
 */
export function readInOrder<T>(o: {
  lanes: (number | null)[];
  readers: number;
  ahead: number;
  read: (reader: number, chunk: number) => Promise<T>;
  take: (result: T, chunk: number) => Promise<void>;
}): Promise<void> {
  const schedule = new Schedule(o.lanes, o.ahead);
  const ready = new Map<number, T>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let taking = false;
  let failed = false;

  const wakeAll = (): void => {
    for (const wake of waiting.splice(0)) wake();
  };
  const takeReady = async (): Promise<void> => {
    if (taking) return;
    taking = true;
    for (let next = ready.get(taken); next !== undefined && !failed; next = ready.get(taken)) {
      ready.delete(taken);
      await o.take(next, taken);
      taken += 1;
      schedule.took();
      wakeAll();
    }
    taking = false;
  };

  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      failed = true;
      reject(error instanceof Error ? error : new Error(String(error)));
      wakeAll();
    };
    const work = async (reader: number): Promise<void> => {
      while (!failed) {
        const chunk = schedule.next(reader);
        if (chunk === "over") return;
        if (chunk === "wait") {
          await new Promise<void>((wake) => waiting.push(wake));
          continue;
        }
        ready.set(chunk, await o.read(reader, chunk));
        // Not waited for: the reader goes on with its next while this is taken.
        takeReady().then(() => {
          if (taken === o.lanes.length) resolve();
        }, fail);
      }
    };
    if (o.lanes.length === 0) resolve();
    for (let reader = 0; reader < o.readers; reader++) work(reader).catch(fail);
  });
}
