/** Evaluation in slices, so that training, requests and Cancel get their turns between. */
import type { Evaluation, Progress, Split } from "../api/types";
import type { Core } from "./core";
import { macrotask } from "./macrotask";
import { Pace } from "./pace";
import type { SerialQueue } from "./serial-queue";

export async function evaluate(
  { core, queue }: { core: Core; queue: SerialQueue },
  o: { split: Split; signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<Evaluation> {
  o.signal.throwIfAborted();
  const total = await queue.run(() => core.startEvaluation(o.split));
  const pace = new Pace();
  let done = 0;
  for (;;) {
    if (o.signal.aborted) {
      await queue.run(() => core.cancelEvaluation());
      o.signal.throwIfAborted();
    }
    const n = pace.n;
    const result = await queue.run(async () => {
      const began = performance.now();
      const evaluation = await core.advanceEvaluation(n);
      pace.took(performance.now() - began);
      return evaluation;
    });
    done = Math.min(total, done + n);
    o.onProgress({ done, total, unit: "batches" });
    if (result) return result;
    await macrotask();
  }
}
