/** An evaluation as files: tables for other programs, and figures. */
import type { Curves, Evaluation, Split } from "../../api/types";
import { recallOf } from "../../view/confused";
import { field } from "../../view/csv";
import type { Figure, Mark } from "../../view/figure";
import type { Texts } from "../../text/texts";

const lines = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows.map((row) => row.map((value) => (typeof value === "string" ? field(value) : (value ?? ""))).join(",")).join("\r\n") + "\r\n";

/** A row a class, then the means; what is not defined is empty. */
export function scoresCsv({ perClass, macroAverage, weightedAverage, count: all }: Evaluation): string {
  return lines([
    ["class", "precision", "recall", "f1", "support"],
    ...perClass.map(({ label, precision, recall, f1, support }) => [label, precision, recall, f1, support]),
    ["macro average", macroAverage.precision, macroAverage.recall, macroAverage.f1, all],
    ["weighted average", weightedAverage.precision, weightedAverage.recall, weightedAverage.f1, all],
  ]);
}

/** Everything but the single pictures. */
export function scoresJson(split: Split, { predictions: _predictions, worst: _worst, ...scores }: Evaluation): string {
  return JSON.stringify({ split, ...scores }, null, 2) + "\n";
}

/** A row for each true class, a column for each answer. */
export function confusionCsv(classes: readonly string[], confusion: readonly (readonly number[])[]): string {
  return lines([["true class", ...classes], ...confusion.map((row, i) => [classes[i] ?? i, ...row])]);
}

/** Every point of both curves. */
export function curvesCsv({ roc, precisionRecall }: Curves): string {
  const rows: (string | number)[][] = [["curve", "threshold", "false_positive_rate", "true_positive_rate", "precision", "recall"]];
  roc.thresholds.forEach((threshold, i) => rows.push(["roc", threshold, roc.falsePositiveRate[i] ?? "", roc.truePositiveRate[i] ?? "", "", ""]));
  precisionRecall.thresholds.forEach((threshold, i) => rows.push(["precision-recall", threshold, "", "", precisionRecall.precision[i] ?? "", precisionRecall.recall[i] ?? ""]));
  return lines(rows);
}

/** A name of at most so many letters. */
export function clip(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** How strongly a cell is tinted: mistakes are few, so theirs grows faster; both stay faint enough to read the number. */
export function tint(n: number, total: number, right: boolean): number {
  return total > 0 ? (right ? 0.3 * (n / total) : Math.min(0.3, 3 * (n / total))) : 0;
}

/** What a cell of the matrix says. */
export function cellText(t: Texts, n: number, total: number, right: boolean, normalised: boolean): string {
  if (n === 0 && !right) return "·";
  if (!normalised) return t.count(n);
  return total > 0 ? t.percent(n / total, n === total ? 0 : 1) : "–";
}

/** The matrix of these classes. */
export function confusionFigure(t: Texts, labels: readonly number[], classes: readonly string[], confusion: readonly (readonly number[])[], normalised: boolean): Figure {
  const [cell, tall, left, top] = [48, 24, 136, 136];
  const marks: Mark[] = [
    { kind: "text", x: 8, y: 20, text: t.common.rowsAre },
    { kind: "text", x: left + labels.length * cell + 8, y: top - 8, text: t.common.right, ink: "muted" },
  ];
  labels.forEach((actual, row) => {
    const of = confusion[actual] ?? [];
    const total = of.reduce((sum, n) => sum + n, 0);
    const y = top + row * tall;
    marks.push({ kind: "text", x: left - 8, y: y + 16, text: clip(classes[actual] ?? String(actual), 18), anchor: "end" });
    marks.push({ kind: "text", x: left + row * cell + cell / 2 + 4, y: top - 8, text: clip(classes[actual] ?? String(actual), 15), turned: true });
    labels.forEach((said, column) => {
      const n = of[said] ?? 0;
      const right = said === actual;
      const x = left + column * cell;
      marks.push({ kind: "rect", x: x + 0.5, y: y + 0.5, width: cell - 1, height: tall - 1, ink: right ? "accent" : "bad", opacity: Math.round(1000 * tint(n, total, right)) / 1000 });
      marks.push({ kind: "text", x: x + cell / 2, y: y + 16, text: cellText(t, n, total, right, normalised), anchor: "middle", strong: right, ink: n === 0 ? "muted" : "text" });
    });
    const recall = recallOf(confusion, actual);
    marks.push({ kind: "text", x: left + labels.length * cell + 8, y: y + 16, text: recall === null ? "–" : t.percent(recall) });
  });
  return { width: left + labels.length * cell + 72, height: top + labels.length * tall + 16, marks };
}
