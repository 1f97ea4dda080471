/** A replica: a worker that computes shares of batches, with a copy of the network. */
import type { DeviceKind } from "../api/types";
import { loadReplica, type Brief, type Replica, type ShareTask } from "./core";
import { Mailbox } from "./mailbox";

export type ToReplica =
  | { kind: "brief"; id: number; base: string; device: DeviceKind; brief: Brief }
  | {
      kind: "task";
      id: number;
      task: ShareTask;
      weights: Float32Array;
      /** Shared memory to tell of what is found, with room for so many numbers, and to be given the next task; without it, messages do. */
      mailbox: { memory: SharedArrayBuffer; length: number } | undefined;
    }
  /** To what was asked in the task of this number. */
  | { kind: "answer"; id: number; numbers: Float32Array }
  /** This task is done without it. */
  | { kind: "leave"; id: number };
export type FromReplica =
  /** For the run of this number. */
  | { kind: "ready"; id: number }
  | { kind: "found"; id: number; numbers: Float32Array }
  /** What the whole batch's numbers are, of which these are its own. */
  | { kind: "asks"; id: number; numbers: Float32Array }
  /** The task was done without it. */
  | { kind: "left"; id: number }
  | { kind: "failed"; reason: string };

/** So long it waits in place for the next task of a run, deaf to messages, and after so many it hears them. */
const NEXT_MS = 50;
const MOST_IN_PLACE = 64;

const scope = self as unknown as {
  postMessage: (message: FromReplica, transfer: Transferable[]) => void;
};
const post = (message: FromReplica, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);

let replica: Replica | undefined;
let mailbox: Mailbox | undefined;
/** One thing after another: a call of wasm must not begin inside another. */
let last = Promise.resolve();
/** What it waits for, and the last task that it was told to leave. */
let asked: { id: number; answer: (numbers: Float32Array | undefined) => void } | undefined;
let left = -1;

function ask(id: number, numbers: Float32Array): Promise<Float32Array | undefined> {
  if (id <= left) return Promise.resolve(undefined);
  return new Promise((answer) => {
    asked = { id, answer };
    post({ kind: "asks", id, numbers }, [numbers.buffer]);
  });
}

function answer(numbers: Float32Array | undefined): void {
  asked?.answer(numbers);
  asked = undefined;
}

async function take(message: ToReplica): Promise<void> {
  if (message.kind === "brief") {
    const { id, base, device, brief } = message;
    replica?.free();
    replica = undefined;
    replica = await (await loadReplica(base, device)).create(device, brief);
    post({ kind: "ready", id });
    return;
  }
  if (!replica || message.kind !== "task") return;
  const { id, task, weights } = message;
  if (!message.mailbox) {
    const found = await replica.compute(weights, task, undefined, { agree: (numbers) => ask(id, numbers) });
    if (!found) post({ kind: "left", id });
    else post({ kind: "found", id, numbers: found }, [found.buffer]);
    return;
  }
  const { memory, length } = message.mailbox;
  const shared = memory === mailbox?.memory ? mailbox : (mailbox = new Mailbox(memory, length));
  let next: ReturnType<Mailbox["next"]> = { id, task };
  for (let taken = 1; next; taken += 1) {
    const { id, task } = next;
    const found = await replica.compute(weights, task, shared.numbers, { agree: (numbers) => Promise.resolve(shared.ask(id, numbers)) });
    shared.say(found ? "found" : "left", id, found?.length);
    next = shared.next(taken < MOST_IN_PLACE ? NEXT_MS : 0);
  }
}

const failed = (error: unknown): void =>
  post({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });

self.addEventListener("message", ({ data }: MessageEvent<ToReplica>) => {
  if (data.kind === "answer") {
    if (asked?.id === data.id) answer(data.numbers);
    return;
  }
  if (data.kind === "leave") {
    left = data.id;
    if (asked?.id === data.id) answer(undefined);
    return;
  }
  // Nobody answers any more what was asked before.
  answer(undefined);
  last = last.then(() => take(data)).catch(failed);
});
// A panic inside one of wasm's promises comes out here.
self.addEventListener("unhandledrejection", ({ reason }) => failed(reason));
