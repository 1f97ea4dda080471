/** The way to the keeper, which reads and writes sessions in a worker of its own. */
import type { FromKeeper, KeeperArg, KeeperMethod, KeeperResult, ToKeeper } from "../worker/keeper";
import { CnnLabError } from "./error";

/** Copying so many bytes takes the page's thread less than a millisecond. */
const PIECE = 2 ** 20;

export class Keeper {
  #worker: Worker | null = null;
  #pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: CnnLabError) => void }>();
  #lastId = 0;

  call<M extends KeeperMethod>(method: M, arg: KeeperArg<M>, transfer: Transferable[] = []): Promise<KeeperResult<M>> {
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ id, method, arg } satisfies ToKeeper, transfer);
    }) as Promise<KeeperResult<M>>;
  }

  /**
   * Hands bytes over for the next `write`, a copy, piece by piece: all of a large network at once
   * would hold the page up. False: their owner let go of them meanwhile.
   */
  async hand(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const { length } = bytes;
    for (let at = 0; at < length; at += PIECE) {
      if (bytes.length === 0) return false;
      const piece = bytes.slice(at, at + PIECE);
      // Each waits for its answer: a message, which is not held back in a tab that is in the background.
      await this.call("piece", { at, length, bytes: piece }, [piece.buffer]);
    }
    return true;
  }

  #start(): Worker {
    const worker = new Worker(new URL("../worker/keeper.ts", import.meta.url), { type: "module", name: "cnn-lab keeper" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromKeeper>) => {
      const waiting = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ("error" in data) waiting?.reject(new CnnLabError(data.error));
      else waiting?.resolve(data.result);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const why = event.message || "its program could not be loaded";
      this.#end(new CnnLabError({ code: "storage", message: `What keeps training in this browser stopped (${why}). It is tried again; “Save” in Train keeps it in a file.` }));
    });
    return worker;
  }

  #end(error: CnnLabError): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  close(): void {
    this.#end(new CnnLabError({ code: "aborted", message: "The lab was disposed of." }));
  }
}
