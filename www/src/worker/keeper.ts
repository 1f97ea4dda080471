/** A keeper: the worker that reads and writes sessions, so that neither the page nor training waits for the disk. */
import { fieldsOf, toCnnLabError, type ErrorFields } from "../api/error";
import type { Head, Save, Saving } from "../api/session-record";
import { change, list, read, remove, write } from "./session-store";
import { SerialQueue } from "./serial-queue";

export type KeeperCalls = {
  list: () => Head[];
  /** The next part of the bytes to be written; `at` 0 begins anew. */
  piece: (o: { at: number; length: number; bytes: Uint8Array<ArrayBuffer> }) => void;
  /** Writes the bytes that came piece by piece. */
  write: (o: { id: string; started: string; saving: Saving }) => Head;
  change: (o: { id: string; name?: string; unfinished?: boolean }) => Head | null;
  read: (id: string) => { head: Head; save: Save; bytes: Uint8Array<ArrayBuffer> } | null;
  remove: (id: string) => void;
};
export type KeeperMethod = keyof KeeperCalls;
export type KeeperArg<M extends KeeperMethod> = Parameters<KeeperCalls[M]>[0];
export type KeeperResult<M extends KeeperMethod> = ReturnType<KeeperCalls[M]>;

export type ToKeeper = { id: number; method: KeeperMethod; arg: unknown };
export type FromKeeper = { id: number; result: unknown } | { id: number; error: ErrorFields };

const scope = self as unknown as { postMessage: (message: FromKeeper, transfer: Transferable[]) => void };
const queue = new SerialQueue();
let pieces = new Uint8Array(0);

const handlers: { [M in KeeperMethod]: (arg: KeeperArg<M>) => KeeperResult<M> | Promise<KeeperResult<M>> } = {
  list,
  piece: ({ at, length, bytes }) => {
    if (at === 0 && bytes.length === length) {
      pieces = bytes;
      return;
    }
    if (at === 0) pieces = new Uint8Array(length);
    pieces.set(bytes, at);
  },
  write: (o) => write({ ...o, bytes: pieces }),
  change: ({ id, ...by }) => change(id, by),
  read,
  remove,
};

async function reply({ id, method, arg }: ToKeeper): Promise<void> {
  try {
    const handler = handlers[method] as (arg: unknown) => unknown;
    const result = await handler(arg);
    const { bytes } = (result ?? {}) as { bytes?: unknown };
    scope.postMessage({ id, result }, bytes instanceof Uint8Array ? [bytes.buffer] : []);
  } catch (error) {
    scope.postMessage({ id, error: fieldsOf(toCnnLabError(error)) }, []);
  }
}

// One after another: what is being written is there for who asks next.
self.addEventListener("message", ({ data }: MessageEvent<ToKeeper>) => void queue.run(() => reply(data)));
