/** A reader as the training worker sees it. */
import { CnnLabError, type ErrorFields } from "../api/error";
import type { DroppedFile, ReadOptions } from "../api/protocol";
import type { Shape } from "../api/types";
import type { PlanInfo, ReadPictures } from "./core";

/** The calls that a reader answers, one after another. */
export type ReaderCalls = {
  open: (o: { base: string; files: DroppedFile[] }) => void;
  plan: (options: Omit<ReadOptions, "decoder">) => PlanInfo;
  planBytes: (nothing: undefined) => Uint8Array<ArrayBuffer>;
  adopt: (plan: Uint8Array) => void;
  decodeWith: (o: { decoder: "core" | "browser"; shape: Shape }) => void;
  read: (chunk: number) => ReadPictures;
};

type Method = keyof ReaderCalls;

export type ToReader = { id: number; method: Method; arg: unknown };
export type FromReader = { id: number; result: unknown } | { id: number; error: ErrorFields };

/** What of a `Worker` is used. */
export type Port = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

/** A reader came to an end by itself; another one may do better. */
export class ReaderDied extends Error {}

export class ReaderPort {
  #port: Port;
  #pending = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #ended: Error | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<FromReader>) => this.#receive(data));
    port.addEventListener("error", (event: ErrorEvent) => {
      // Else the page would hear of it too, as a failure of the training worker.
      event.preventDefault();
      this.end(new ReaderDied(event.message || "it could not be loaded"));
    });
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  call<M extends Method>(method: M, arg: Parameters<ReaderCalls[M]>[0]): Promise<ReturnType<ReaderCalls[M]>> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#port.postMessage({ id, method, arg } satisfies ToReader);
    });
  }

  /** Ends the reader at once; what it was asked for rejects with `error`. */
  end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#port.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #receive(message: FromReader): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ("result" in message) {
      pending?.resolve(message.result as never);
    } else if (message.error.code === "panic") {
      // Its memory cannot be trusted any more.
      const died = new ReaderDied(message.error.message);
      pending?.reject(died);
      this.end(died);
    } else {
      pending?.reject(new CnnLabError(message.error));
    }
  }
}
