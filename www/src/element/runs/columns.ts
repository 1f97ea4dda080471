/** The table of runs: what its columns say, how they are sorted, and which figures are the best. */
import type { RunRecord } from "../../api/types";
import { count, duration, loss, percent } from "../../view/format";
import { optimizerInWords } from "./words";

export type ColumnKey = "name" | "started" | "dataset" | "network" | "options" | "epochs" | "accuracy" | "valAccuracy" | "valLoss" | "seconds" | "reason";

export type Column = {
  key: ColumnKey;
  title: string;
  /** Read out and shown when pointed at. */
  about: string;
  number: boolean;
  /** What rows are sorted by; a missing figure comes last either way. */
  value: (run: RunRecord) => string | number | undefined;
  text: (run: RunRecord) => string;
};

const figure = (value: number | undefined, write: (value: number) => string): string => (value === undefined ? "–" : write(value));

const ends: Record<string, string> = { finished: "finished", stopped: "stopped", "early-stopping": "stopped early", diverged: "diverged", failed: "failed" };

export const columns: readonly Column[] = [
  { key: "name", title: "Name", about: "Name", number: false, value: ({ name }) => name.toLowerCase(), text: ({ name }) => name },
  { key: "started", title: "Started", about: "Started", number: false, value: ({ started }) => started, text: ({ started }) => when(started) },
  { key: "dataset", title: "Data", about: "Data set", number: false, value: ({ dataset }) => dataset.toLowerCase(), text: ({ dataset }) => dataset },
  { key: "network", title: "Parameters", about: "Parameters of the network", number: true, value: ({ parameters }) => parameters, text: ({ parameters }) => count(parameters) },
  { key: "options", title: "Optimizer", about: "Optimizer and learning rate", number: false, value: (run) => optimizerInWords(run.options), text: (run) => optimizerInWords(run.options) },
  { key: "epochs", title: "Epochs", about: "Finished epochs", number: true, value: ({ epochs }) => epochs.length, text: ({ epochs }) => count(epochs.length) },
  { key: "accuracy", title: "Accuracy", about: "Best training accuracy", number: true, value: ({ best }) => best.accuracy?.value, text: ({ best }) => figure(best.accuracy?.value, (value) => percent(value, 2)) },
  { key: "valAccuracy", title: "Val. accuracy", about: "Best validation accuracy", number: true, value: ({ best }) => best.valAccuracy?.value, text: ({ best }) => figure(best.valAccuracy?.value, (value) => percent(value, 2)) },
  { key: "valLoss", title: "Val. loss", about: "Best validation loss, in nats", number: true, value: ({ best }) => best.valLoss?.value, text: ({ best }) => figure(best.valLoss?.value, loss) },
  { key: "seconds", title: "Time", about: "Time that it ran", number: true, value: ({ seconds }) => seconds, text: ({ seconds }) => duration(seconds) },
  { key: "reason", title: "Ended", about: "How it ended", number: false, value: ({ reason }) => reason ?? "", text: ({ reason }) => (reason === null ? "not ended" : (ends[reason] ?? reason)) },
];

export type Sorting = { key: ColumnKey; down: boolean };

/** Sorted rows; where two are alike, the later run comes first. */
export function sorted(runs: readonly RunRecord[], { key, down }: Sorting): RunRecord[] {
  const column = columns.find((other) => other.key === key);
  const order = (a: RunRecord, b: RunRecord): number => {
    const [x, y] = [column?.value(a), column?.value(b)];
    if (x === undefined || y === undefined) return x === y ? 0 : x === undefined ? 1 : -1;
    const rising = typeof x === "string" && typeof y === "string" ? x.localeCompare(y, undefined, { numeric: true }) : Number(x) - Number(y);
    return down ? -rising : rising;
  };
  return runs.toSorted((a, b) => order(a, b) || b.started.localeCompare(a.started));
}

const compared = ["accuracy", "valAccuracy", "valLoss"] as const;

/** The best figures of each data set, as "id:column"; one run alone is not the best of anything. */
export function bestOf(runs: readonly RunRecord[]): Set<string> {
  const best = new Set<string>();
  for (const dataset of new Set(runs.map((run) => run.dataset))) {
    for (const key of compared) {
      const known = runs.flatMap(({ id, dataset: other, best }) => (other === dataset && best[key] ? [{ id, value: best[key].value }] : []));
      if (known.length < 2) continue;
      const values = known.map(({ value }) => value);
      const top = key === "valLoss" ? Math.min(...values) : Math.max(...values);
      for (const { id, value } of known) if (value === top) best.add(`${id}:${key}`);
    }
  }
  return best;
}

/** "21 Nov, 14:58"; with the year where it is another. */
function when(iso: string): string {
  const date = new Date(iso);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleString("en-GB", { day: "numeric", month: "short", ...(thisYear ? {} : { year: "numeric" as const }), hour: "2-digit", minute: "2-digit" });
}
