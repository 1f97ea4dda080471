/** The table of runs: what its columns say, how they are sorted, and which figures are the best. */
import type { RunRecord } from "../../api/types";
import { optimizerInWords } from "./words";
import "../../text/en/runs";
import type { Texts } from "../../text/texts";

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

export const columns = (t: Texts): readonly Column[] => [
  { key: "name", title: t.common.name, about: t.common.name, number: false, value: ({ name }) => name.toLowerCase(), text: ({ name }) => name },
  { key: "started", title: t.runs.started, about: t.runs.started, number: false, value: ({ started }) => started, text: ({ started }) => when(t, started) },
  { key: "dataset", title: t.runs.data, about: t.runs.dataSet, number: false, value: ({ dataset }) => dataset.toLowerCase(), text: ({ dataset }) => dataset },
  { key: "network", title: t.common.parameters, about: t.runs.parametersOf, number: true, value: ({ parameters }) => parameters, text: ({ parameters }) => t.count(parameters) },
  { key: "options", title: t.common.optimizer, about: t.runs.optimizerAndRate, number: false, value: (run) => optimizerInWords(t, run.options), text: (run) => optimizerInWords(t, run.options) },
  { key: "epochs", title: t.common.epochs, about: t.runs.finishedEpochs, number: true, value: ({ epochs }) => epochs.length, text: ({ epochs }) => t.count(epochs.length) },
  { key: "accuracy", title: t.common.accuracy, about: t.runs.bestAccuracy, number: true, value: ({ best }) => best.accuracy?.value, text: ({ best }) => figure(best.accuracy?.value, (value) => t.percent(value, 2)) },
  { key: "valAccuracy", title: t.runs.valAccuracy, about: t.runs.bestValAccuracy, number: true, value: ({ best }) => best.valAccuracy?.value, text: ({ best }) => figure(best.valAccuracy?.value, (value) => t.percent(value, 2)) },
  { key: "valLoss", title: t.runs.valLoss, about: t.runs.bestValLoss, number: true, value: ({ best }) => best.valLoss?.value, text: ({ best }) => figure(best.valLoss?.value, t.loss) },
  { key: "seconds", title: t.common.time, about: t.runs.timeHelp, number: true, value: ({ seconds }) => seconds, text: ({ seconds }) => t.duration(seconds) },
  { key: "reason", title: t.runs.ended, about: t.runs.howEnded, number: false, value: ({ reason }) => reason ?? "", text: ({ reason }) => (reason === null ? t.runs.notEnded : (t.runs.ends[reason])) },
];

export type Sorting = { key: ColumnKey; down: boolean };

/** Sorted rows; where two are alike, the later run comes first. */
export function sorted(t: Texts, runs: readonly RunRecord[], { key, down }: Sorting): RunRecord[] {
  const column = columns(t).find((other) => other.key === key);
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
function when(t: Texts, iso: string): string {
  const date = new Date(iso);
  const thisYear = date.getFullYear() === new Date().getFullYear();
  return date.toLocaleString(t.dates, { day: "numeric", month: "short", ...(thisYear ? {} : { year: "numeric" as const }), hour: "2-digit", minute: "2-digit" });
}
