import type { CnnLab } from "../api/cnn-lab";
import type { DoneEvent, EpochEvent, Split, Summary } from "../api/types";

/** The figures of the last epoch that was measured, and of the network: what a page's quiz asks about. */
export type Figures = Partial<Omit<EpochEvent, "type">> & { parameters: number };

/** What the workbench tells the element, which fires it as events. */
export type Told =
  | { name: "ready"; detail: { lab: CnnLab } }
  | { name: "model"; detail: Summary }
  | { name: "epoch"; detail: EpochEvent }
  | { name: "done"; detail: DoneEvent & Figures }
  | { name: "evaluate"; detail: { split: Split; loss: number; accuracy: number; count: number } }
  | { name: "predict"; detail: { label: string; probability: number }[] }
  | { name: "error"; detail: { error: unknown; code: string; message: string } };

/** The events of the element; each bubbles and leaves the shadow root. */
export type CnnLabEvents = {
  [T in Told as `cnn-lab-${T["name"]}`]: CustomEvent<T["detail"]>;
};
