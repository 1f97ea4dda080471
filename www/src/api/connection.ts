/** One worker: calls by id, and what it tells unasked. */
import { abortedError, CnnLabError, optionError, type ErrorFields } from "./error";
import { isFatal, type Args, type FromWorker, type Method, type ProgressOf, type Result, type ToWorker } from "./protocol";

/** What of a `Worker` is used. */
export type Port = Pick<Worker, "postMessage" | "terminate" | "addEventListener">;

export type CallOptions<M extends Method = Method> = {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ProgressOf<M>) => void) | undefined;
  transfer?: Transferable[] | undefined;
  /** Told for how many milliseconds handing the message over held up this thread. */
  onSent?: ((milliseconds: number) => void) | undefined;
};

/** What a connection tells its owner. */
export type Listener = {
  message: (message: Extract<FromWorker, { kind: "events" | "checkpoint" | "failed" }>) => void;
  /** The worker is finished; pending calls were rejected with the error. Told once. */
  fatal: (error: CnnLabError) => void;
};

type Pending = {
  resolve: (result: unknown) => void;
  reject: (error: CnnLabError) => void;
  /** Of a kind that the call's method says. */
  onProgress: ((progress: never) => void) | undefined;
};

export class Connection {
  #port: Port;
  #listener: Listener;
  #pending = new Map<number, Pending>();
  #lastId = 0;
  #closed: CnnLabError | undefined;

  constructor(port: Port, listener: Listener) {
    this.#port = port;
    this.#listener = listener;
    port.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    port.addEventListener("error", (event: ErrorEvent) => {
      // A script that could not be loaded has nothing to say.
      const why = event.message;
      this.#fail(
        why
          ? { code: "panic", message: `The lab's worker stopped with an internal error (${why}).` }
          : { code: "network", message: "The lab's worker could not be loaded. Check the connection and reload the page." },
      );
    });
    port.addEventListener("messageerror", () =>
      this.#fail({ code: "panic", message: "The lab's worker sent something that cannot be read." }),
    );
  }

  /** Calls the worker. Aborting asks it to stop; the promise settles with what it answers. */
  call<M extends Method>(method: M, args: Args<M>, o: CallOptions<M> = {}): Promise<Result<M>> {
    if (this.#closed) return Promise.reject(this.#closed);
    if (o.signal?.aborted) return Promise.reject(abortedError());
    const id = ++this.#lastId;
    const abort = (): void => this.#send({ kind: "abort", id });
    return new Promise<unknown>((resolve, reject) => {
      try {
        const began = performance.now();
        this.#send({ kind: "call", id, method, args }, o.transfer);
        o.onSent?.(performance.now() - began);
      } catch (error) {
        // A function among the options, say.
        const why = error instanceof Error ? error.message : String(error);
        reject(optionError("options", `This cannot be handed to the worker (${why}).`));
        return;
      }
      this.#pending.set(id, { resolve, reject, onProgress: o.onProgress });
      o.signal?.addEventListener("abort", abort);
    }).finally(() => o.signal?.removeEventListener("abort", abort)) as Promise<Result<M>>;
  }

  /** Ends the worker; pending and later calls reject with `error`. */
  close(error: CnnLabError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#port.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    // What was on its way when the worker was ended concerns nobody.
    if (this.#closed) return;
    switch (message.kind) {
      case "result":
        this.#take(message.id)?.resolve(message.result);
        break;
      case "error":
        // The other calls under way go down with a core that cannot be trusted any more.
        if (isFatal(message.error)) this.#fail(message.error);
        else this.#take(message.id)?.reject(new CnnLabError(message.error));
        break;
      case "progress":
        this.#pending.get(message.id)?.onProgress?.(message.progress as never);
        break;
      case "fatal":
        this.#fail(message.error);
        break;
      case "failed":
        if (isFatal(message.error)) this.#fail(message.error);
        else this.#listener.message(message);
        break;
      default:
        this.#listener.message(message);
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #fail(fields: ErrorFields): void {
    if (this.#closed) return;
    const error = new CnnLabError(fields);
    this.close(error);
    this.#listener.fatal(error);
  }
}
