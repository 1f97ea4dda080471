/** What takes long inside a network, in slices, so that training, requests and Cancel get their turns between. */
import { isFatal } from "../api/protocol";
import { toCnnLabError } from "../api/error";
import type { LookKind, Looks } from "../api/look-types";
import type { Progress } from "../api/types";
import type { Core } from "./core";
import { macrotask } from "./macrotask";
import { Pace } from "./pace";
import type { Rgba } from "./picture";
import type { SerialQueue } from "./serial-queue";

const none: Rgba = { rgba: new Uint8Array(), width: 0, height: 0 };

export async function look<K extends LookKind>(
  { core, queue }: { core: Core; queue: SerialQueue },
  o: { kind: K; options: Looks[K]["options"]; picture?: Rgba | undefined; signal: AbortSignal; onProgress: (progress: Progress) => void },
): Promise<Looks[K]["found"]> {
  o.signal.throwIfAborted();
  const { rgba, width, height } = o.picture ?? none;
  let fatal = false;
  try {
    await queue.run(() => core.startLook(o.kind, o.options, rgba, width, height));
    const pace = new Pace();
    for (;;) {
      o.signal.throwIfAborted();
      const n = pace.n;
      const found = await queue.run(async () => {
        const began = performance.now();
        const result = await core.advanceLook(n);
        pace.took(performance.now() - began, n);
        if (!result) {
          const [done = 0, total = 0] = core.lookProgress();
          o.onProgress({ done, total, unit: o.kind === "dream" ? "steps" : "pictures" });
        }
        return result;
      });
      if (found) return found;
      await macrotask();
    }
  } catch (error) {
    fatal = isFatal(toCnnLabError(error));
    throw error;
  } finally {
    // A core that panicked is not asked again.
    if (!fatal) await queue.run(() => core.cancelLook());
  }
}
