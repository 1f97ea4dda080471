/** A replica: a worker that computes shares of batches, with a copy of the network. */
import type { DeviceKind } from "../api/types";
import { loadReplica, type Brief, type Replica, type ShareTask } from "./core";

export type ToReplica =
  | { kind: "brief"; id: number; base: string; device: DeviceKind; brief: Brief }
  | {
      kind: "task";
      id: number;
      task: ShareTask;
      weights: Float32Array;
      /** Shared memory for what is found. */
      into: Float32Array | undefined;
    };
export type FromReplica =
  /** For the run of this number. */
  | { kind: "ready"; id: number }
  /** What was found, unless it lies in shared memory. */
  | { kind: "found"; id: number; found: Float32Array | undefined }
  | { kind: "failed"; reason: string };

const scope = self as unknown as {
  postMessage: (message: FromReplica, transfer: Transferable[]) => void;
};
const post = (message: FromReplica, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);

let replica: Replica | undefined;
/** One thing after another: a call of wasm must not begin inside another. */
let last = Promise.resolve();

async function take(message: ToReplica): Promise<void> {
  if (message.kind === "brief") {
    const { id, base, device, brief } = message;
    replica = await (await loadReplica(base, device)).create(device, brief);
    post({ kind: "ready", id });
    return;
  }
  if (!replica) return;
  const { id, task, weights, into } = message;
  const found = await replica.compute(weights, task, into);
  if (found === into) post({ kind: "found", id, found: undefined });
  else post({ kind: "found", id, found }, [found.buffer]);
}

const failed = (error: unknown): void =>
  post({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });

self.addEventListener("message", ({ data }: MessageEvent<ToReplica>) => {
  last = last.then(() => take(data)).catch(failed);
});
// A panic inside one of wasm's promises comes out here.
self.addEventListener("unhandledrejection", ({ reason }) => failed(reason));
