import type { History } from "../api/types";

/**
 * The history of a run as CSV: a row for each step and one for each epoch, told apart by the
 * first column. Numbers are written in full, with a point, so that any program reads them.
 */
export function historyCsv(history: History): string {
  const rows = ["kind,epoch,step,loss,accuracy,val_loss,val_accuracy"];
  history.steps.forEach((step, index) => {
    rows.push(`step,${step.epoch},${index + 1},${step.loss},${step.accuracy},,`);
  });
  for (const epoch of history.epochs) {
    rows.push(
      `epoch,${epoch.epoch},,${epoch.loss},${epoch.accuracy},${epoch.valLoss ?? ""},${epoch.valAccuracy ?? ""}`,
    );
  }
  return rows.join("\r\n") + "\r\n";
}
