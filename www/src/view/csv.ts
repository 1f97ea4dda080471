import type { FileWarning, History } from "../api/types";

/** A value as a field: in quotes where it holds a comma, a quote or a line break. */
export function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** What was passed over, as CSV: a row for each file. */
export function warningsCsv(warnings: readonly FileWarning[]): string {
  return ["file,message", ...warnings.map(({ file, message }) => `${field(file)},${field(message)}`)].join("\r\n") + "\r\n";
}

/**
 * The history of a run as CSV: a row for each step and one for each epoch, told apart by the
 * first column. Numbers are written in full, with a point, so that any program reads them.
 */
export function historyCsv(history: History): string {
  const rows = ["kind,epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate"];
  history.steps.forEach((step, index) => {
    rows.push(`step,${step.epoch},${index + 1},${step.loss},${step.accuracy},,,${step.learningRate ?? ""}`);
  });
  for (const epoch of history.epochs) {
    rows.push(
      `epoch,${epoch.epoch},,${epoch.loss},${epoch.accuracy},${epoch.valLoss ?? ""},${epoch.valAccuracy ?? ""},${epoch.learningRate ?? ""}`,
    );
  }
  return rows.join("\r\n") + "\r\n";
}
