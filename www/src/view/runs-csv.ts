/** Runs and folds as CSV, numbers in full and with a point. */
import type { CrossValidation, FoldScores, RunRecord } from "../api/types";
import { field } from "./csv";

const figures = ["loss", "accuracy", "valLoss", "valAccuracy"] as const;

function lines(rows: readonly (readonly (string | number | null | undefined)[])[]): string {
  return rows.map((row) => row.map((value) => field(String(value ?? ""))).join(",")).join("\r\n") + "\r\n";
}

/** A row a run; its network and options are JSON. */
export function runsCsv(runs: readonly RunRecord[]): string {
  return lines([
    [
      "id", "name", "started", "dataset", "pictures", "device", "seed", "parameters", "epochs", "seconds", "reason",
      ...figures.flatMap((figure) => [`best_${snake(figure)}`, `best_${snake(figure)}_epoch`]),
      "options", "spec",
    ],
    ...runs.map((run) => [
      run.id, run.name, run.started, run.dataset, run.pictures, run.device, run.seed, run.parameters, run.epochs.length, run.seconds, run.reason,
      ...figures.flatMap((figure) => [run.best[figure]?.value, run.best[figure]?.epoch]),
      JSON.stringify(run.options), JSON.stringify(run.spec),
    ]),
  ]);
}

/** A row for each epoch of each run. */
export function curvesCsv(runs: readonly RunRecord[]): string {
  return lines([
    ["id", "name", "epoch", ...figures.map(snake), "learning_rate"],
    ...runs.flatMap(({ id, name, epochs }) =>
      epochs.map((epoch) => [id, name, epoch.epoch, ...figures.map((figure) => epoch[figure]), (epoch as { learningRate?: number }).learningRate]),
    ),
  ]);
}

/** A row a fold, then mean and standard deviation where all are there. */
export function foldsCsv(folds: readonly FoldScores[], whole: CrossValidation | null): string {
  return lines([
    ["fold", "train", "held_out", "loss", "accuracy", "epochs", "reason", "seconds"],
    ...folds.map(({ fold, train, heldOut, loss, accuracy, epochs, reason, seconds }) => [fold, train, heldOut, loss, accuracy, epochs.length, reason, seconds]),
    ...(whole
      ? [
          ["mean", "", "", whole.loss.mean, whole.accuracy.mean, "", "", whole.seconds / whole.folds.length],
          ["population standard deviation", "", "", whole.loss.std, whole.accuracy.std, "", "", ""],
        ]
      : []),
  ]);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
