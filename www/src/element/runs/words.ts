/** What a run is asked for, in words. */
import type { TrainOptions } from "../../api/types";
import { plural } from "../../view/format";
import { changes } from "../augment";
import { optimizers } from "../settings";

/** "RMSprop at 0.001, 64 pictures a step, 5 epochs, with 2 augmentations". */
export function optionsInWords(options: TrainOptions): string {
  const { epochs, batchSize, steps, augmentation, classWeight, shuffle } = options;
  const changed = augmentation ? changes(augmentation) : 0;
  return [
    optimizerInWords(options),
    `${plural(batchSize ?? 32, "picture")} a step`,
    ...(steps !== undefined && epochs === undefined ? [plural(steps, "step")] : [plural(epochs ?? 1, "epoch")]),
    ...(changed > 0 ? [`${plural(changed, "change")} of augmentation`] : []),
    ...(classWeight === undefined ? [] : [classWeight === "balanced" ? "balanced classes" : "classes weighted by hand"]),
    ...(shuffle === false ? ["not shuffled"] : []),
    ...others(options),
  ].join(", ");
}

/** "RMSprop at 0.001". */
export function optimizerInWords({ optimizer, learningRate }: TrainOptions): string {
  const name = typeof optimizer === "string" ? optimizer : optimizer?.name;
  const rate = learningRate ?? (typeof optimizer === "object" ? optimizer.learning_rate : undefined);
  const title = name === undefined ? "the network’s optimizer" : (optimizers.find((known) => known.name === name)?.title ?? name);
  const shown = typeof rate === "object" ? rate.name : rate;
  return shown === undefined ? title : `${title} at ${shown}`;
}

/** What watches or steers the run from epoch to epoch, by the name it goes by. */
function others(options: object): string[] {
  const given = options as Record<string, unknown>;
  const schedule = given["schedule"];
  const name = (schedule as { name?: unknown } | null)?.name;
  return [
    ...(schedule ? [`schedule ${typeof name === "string" ? name : "of the learning rate"}`] : []),
    ...(given["reduceOnPlateau"] ? ["reduced on a plateau"] : []),
    ...(given["earlyStopping"] ? ["early stopping"] : []),
  ];
}
