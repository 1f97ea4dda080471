/** What a run is asked for, in words. */
import type { TrainOptions } from "../../api/types";
import { changes } from "../augment";
import { optimizers } from "../settings";
import "../../text/en/runs";
import type { Texts } from "../../text/texts";

/** "RMSprop at 0.001, 64 pictures a step, 5 epochs, with 2 augmentations". */
export function optionsInWords(t: Texts, options: TrainOptions): string {
  const { epochs, batchSize, steps, augmentation, classWeight, shuffle } = options;
  const changed = augmentation ? changes(augmentation) : 0;
  return [
    optimizerInWords(t, options),
    t.runs.picturesAStep(batchSize ?? 32),
    ...(steps !== undefined && epochs === undefined ? [t.common.count.steps(steps)] : [t.common.count.epochs(epochs ?? 1)]),
    ...(changed > 0 ? [t.runs.augmented(changed)] : []),
    ...(classWeight === undefined ? [] : [classWeight === "balanced" ? t.runs.balanced : t.runs.weighted]),
    ...(shuffle === false ? [t.runs.notShuffled] : []),
    ...others(t, options),
  ].join(", ");
}

/** "RMSprop at 0.001". */
export function optimizerInWords(t: Texts, { optimizer, learningRate }: TrainOptions): string {
  const name = typeof optimizer === "string" ? optimizer : optimizer?.name;
  const rate = learningRate ?? (typeof optimizer === "object" ? optimizer.learning_rate : undefined);
  const title = name === undefined ? t.runs.networksOptimizer : (optimizers.find((known) => known.name === name)?.title ?? name);
  const shown = typeof rate === "object" ? rate.name : rate;
  return shown === undefined ? title : t.runs.optimizerAt(title, shown);
}

/** What watches or steers the run from epoch to epoch, by the name it goes by. */
function others(t: Texts, options: object): string[] {
  const given = options as Record<string, unknown>;
  const schedule = given["schedule"];
  const name = (schedule as { name?: unknown } | null)?.name;
  return [
    ...(schedule ? [t.runs.schedule(typeof name === "string" ? name : t.runs.ofRate)] : []),
    ...(given["reduceOnPlateau"] ? [t.runs.onPlateau] : []),
    ...(given["earlyStopping"] ? [t.common.earlyStopping] : []),
  ];
}
