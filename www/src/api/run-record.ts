/** What is kept of a run, from what happened to its weights. */
import type { Best, History, RunInfo, RunRecord } from "./types";

/** Steps are thinned to at most so many points: enough for a chart, and small to keep. */
const MOST_POINTS = 300;

/** What a record says of how its run went. */
export type Course = Pick<RunRecord, "epochs" | "steps" | "best">;

/** How a run went that began as `start` says, from the history of its weights. */
export function courseOf(history: History, start: Pick<RunInfo, "epoch" | "step">, stepsPerEpoch: number): Course {
  const epochs = history.epochs.filter(({ epoch }) => epoch >= start.epoch);
  const best: RunRecord["best"] = {};
  for (const figure of ["loss", "accuracy", "valLoss", "valAccuracy"] as const) {
    const rises = figure.endsWith("ccuracy");
    let found: Best | undefined;
    for (const { epoch, [figure]: value } of epochs) {
      // What is no number is never the best; of equals the first is.
      const better = value !== undefined && (found === undefined ? !Number.isNaN(value) : rises ? value > found.value : value < found.value);
      if (better) found = { value, epoch };
    }
    if (found) best[figure] = found;
  }
  return { epochs, steps: thinned(history, start.step, stepsPerEpoch), best };
}

/** The steps after the first so many, neighbours merged into their mean where there are many. */
function thinned({ steps, epochs }: History, from: number, stepsPerEpoch: number): RunRecord["steps"] {
  const inEpoch = new Map<number, number>();
  for (const { epoch } of steps) inEpoch.set(epoch, (inEpoch.get(epoch) ?? 0) + 1);
  // The last epoch may not be over yet; the batch size, and so its steps, may have changed.
  const finished = new Set(epochs.map(({ epoch }) => epoch));
  const width = Math.max(1, Math.ceil((steps.length - from) / MOST_POINTS));
  const points: RunRecord["steps"] = [];
  let inside = 0;
  let group = { loss: 0, accuracy: 0, count: 0 };
  steps.forEach(({ epoch, loss, accuracy }, i) => {
    inside = steps[i - 1]?.epoch === epoch ? inside + 1 : 1;
    if (i < from) return;
    group.loss += loss;
    group.accuracy += accuracy;
    group.count += 1;
    if (group.count < width && i < steps.length - 1) return;
    const taken = inEpoch.get(epoch) ?? inside;
    points.push({
      step: i + 1,
      at: epoch - 1 + inside / (finished.has(epoch) ? taken : Math.max(stepsPerEpoch, taken)),
      loss: group.loss / group.count,
      accuracy: group.accuracy / group.count,
    });
    group = { loss: 0, accuracy: 0, count: 0 };
  });
  return points;
}
