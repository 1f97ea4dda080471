/** One question to a worker of its own, which ends with its answer. */
import { abortedError, CnnLabError, type ErrorFields } from "./error";

/** What such a worker says; progress as often as it likes, and one of the others at the end. */
export type Answer<T, P> =
  | { kind: "progress"; progress: P }
  | { kind: "result"; result: T }
  | { kind: "error"; error: ErrorFields };

type ProgressOf<A> = Extract<A, { kind: "progress" }> extends { progress: infer P } ? P : never;
type ResultOf<A> = Extract<A, { kind: "result" }> extends { result: infer T } ? T : never;

/** Asks, and ends the worker when it has answered or nobody wants to know any more; `what` failed is said where it could not. */
export async function ask<A extends Answer<unknown, unknown>>(
  spawn: () => Worker,
  question: unknown,
  o: { what: string; signal?: AbortSignal | undefined; onProgress?: ((progress: ProgressOf<A>) => void) | undefined },
): Promise<ResultOf<A>> {
  if (o.signal?.aborted) throw abortedError();
  const worker = spawn();
  let abort = (): void => undefined;
  try {
    return await new Promise((resolve, reject) => {
      abort = (): void => reject(abortedError());
      o.signal?.addEventListener("abort", abort);
      worker.addEventListener("message", ({ data }: MessageEvent<A>) => {
        if (data.kind === "progress") o.onProgress?.(data.progress as ProgressOf<A>);
        else if (data.kind === "result") resolve(data.result as ResultOf<A>);
        else reject(new CnnLabError(data.error));
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        const message = `${o.what} failed (${event.message || "the worker could not be started"}). Reload the page and try again.`;
        reject(new CnnLabError({ code: "panic", message }));
      });
      worker.postMessage(question);
    });
  } finally {
    o.signal?.removeEventListener("abort", abort);
    worker.terminate();
  }
}
