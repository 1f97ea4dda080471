/**
 * A preparer: a worker that augments the next batches while the present one trains. Where it
 * is late or fails, the core prepares a batch itself, to the last bit the same.
 */
import { loadPreparer, type BatchToPrepare, type Preparer, type Recipe } from "./core";

export type ToPreparer = { base: string; recipe: Recipe } | { batch: BatchToPrepare };
export type FromPreparer = { step: number; values: Float32Array<ArrayBuffer> };

const scope = self as unknown as {
  postMessage: (message: FromPreparer, transfer: Transferable[]) => void;
};

let preparer: Promise<Preparer> | undefined;

self.addEventListener("message", ({ data }: MessageEvent<ToPreparer>) => {
  if ("recipe" in data) {
    const { recipe, shape, count } = data.recipe;
    preparer = loadPreparer(data.base).then((Preparer) => new Preparer(recipe, shape, count));
    return;
  }
  const { step, epoch, numbers, pictures, pixels } = data.batch;
  void preparer?.then((ready) => {
    const values = ready.prepare(epoch, numbers, pictures, pixels);
    scope.postMessage({ step, values }, [values.buffer]);
  });
});
