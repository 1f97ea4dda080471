/** The search for a learning rate in slices, so that requests and Cancel get their turns between. */
import { stateError, toCnnLabError } from "../api/error";
import { type FinderRequest, isFatal } from "../api/protocol";
import type { FinderPoint, FinderProgress, FoundLearningRate } from "../api/types";
import type { Core } from "./core";
import { macrotask } from "./macrotask";
import { Pace } from "./pace";
import type { SerialQueue } from "./serial-queue";

export async function findLearningRate(
  { core, queue }: { core: Core; queue: SerialQueue },
  o: { options: FinderRequest; signal: AbortSignal; onProgress: (progress: FinderProgress) => void },
): Promise<FoundLearningRate> {
  o.signal.throwIfAborted();
  const total = await queue.run(() => core.startLearningRateFinder(o.options));
  const pace = new Pace();
  let fatal = false;
  try {
    for (;;) {
      o.signal.throwIfAborted();
      const n = pace.n;
      const events = await queue.run(async () => {
        const began = performance.now();
        const told = await core.advanceLearningRateFinder(n);
        pace.took(performance.now() - began, n);
        return told;
      });
      const points: FinderPoint[] = [];
      for (const event of events) {
        if (event.type === "done") {
          const { points: all, suggestion, diverged } = event;
          o.onProgress({ done: all.length, total, unit: "steps", points });
          return { points: all, suggestion, diverged };
        }
        const { type: _, ...point } = event;
        points.push(point);
      }
      o.onProgress({ done: points.at(-1)?.step ?? 0, total, unit: "steps", points });
      await macrotask();
    }
  } catch (error) {
    const { code } = toCnnLabError(error);
    fatal = isFatal({ code });
    // Nothing else makes a call of it senseless once it has begun.
    if (code === "state") throw stateError("The data or the network was changed meanwhile, which ended the search. Begin it again with what they are now.");
    throw error;
  } finally {
    // Ended or cancelled, its copy of the network is of no use any more. A core that panicked is not asked again.
    if (!fatal) await queue.run(() => core.cancelLearningRateFinder());
  }
}
