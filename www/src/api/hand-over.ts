/** The way of files from the page to a worker. */
import type { CallOptions } from "./connection";
import { abortedError } from "./error";
import type { Args, DroppedFile, Method, Result } from "./protocol";

/**
 * Handing over a file takes the page's thread from some microseconds to a fifth of a
 * millisecond, for Chromium asks the disk for the size of what a file input gave. All of a big
 * folder at once would make the page stand still, so it goes in pieces of about so long.
 */
const PIECE_MS = 10;
/** Files in the first piece. */
const FIRST_PIECE = 32;
const MOST_IN_PIECE = 1024;

/** How a worker is called. */
export type Call = <M extends Method>(method: M, args: Args<M>, o?: CallOptions<M>) => Promise<Result<M>>;

/** Numbers drops over all labs of a page. */
let lastDrop = 0;

/** Hands files over, piece by piece, and gives the number that they then go by. */
export async function handOver(call: Call, files: DroppedFile[], signal?: AbortSignal): Promise<number> {
  const drop = ++lastDrop;
  let piece = FIRST_PIECE;
  for (let first = 0; first < files.length; ) {
    if (signal?.aborted) throw abortedError();
    const some = files.slice(first, first + piece);
    const onSent = (took: number): void => {
      const fitting = Math.floor((some.length * PIECE_MS) / Math.max(took, 0.01));
      piece = Math.max(1, Math.min(MOST_IN_PIECE, 2 * piece, fitting));
    };
    // Waits for the answer, and so the page has its turns between.
    await call("takeFiles", [{ drop, files: some }], { onSent });
    first += some.length;
  }
  return drop;
}
