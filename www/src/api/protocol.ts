/**
 * What the page and its worker say to each other. Both sides are written against this file.
 *
 * The page calls with an id and gets one answer to it, with progress before that where the
 * call has any. What happens in a run comes unasked, as events in the order they happened.
 */
import type { ErrorFields } from "./error";
import type {
  BundledSet,
  DatasetInfo,
  Device,
  DeviceChoice,
  Evaluation,
  FeatureMaps,
  History,
  MissingSet,
  ModelSpec,
  Prediction,
  Preset,
  Progress,
  RunInfo,
  SavedRun,
  Shape,
  Split,
  SplitOptions,
  Summary,
  TrainEvent,
  TrainOptions,
  TrainUpdate,
} from "./types";

/** A run's options without what only the page can hold. */
export type RunOptions = Omit<TrainOptions, "signal">;

export type Model = { summary: Summary; spec: ModelSpec };

/** What a checkpoint held. */
export type Loaded = Model & { classes: string[]; run: SavedRun | null; history: History };

/** The calls that the worker answers. */
export type Calls = {
  open: (o: { base: string; device: DeviceChoice; seed: number }) => Device;
  bundled: () => { sets: BundledSet[]; missing: MissingSet[] };
  /** Has progress, can be aborted. */
  loadBundled: (o: { name: string; limit: number | undefined }) => DatasetInfo;
  split: (o: SplitOptions) => DatasetInfo;
  image: (o: { split: Split; index: number }) => Pixels;
  presets: (o: { shape: Shape; classes: number }) => Preset[];
  summarize: (spec: string) => Summary;
  setModel: (spec: string) => Model;
  /** Begins a run and answers at once. `paused`: waits for `resume` or `step`. */
  train: (o: { options: RunOptions; paused: boolean }) => RunInfo;
  /** Answers once the step under way is done. */
  pause: () => void;
  resume: () => void;
  /** Pauses, takes one training step, answers after its events. */
  step: () => void;
  /** Answers after the run's `done` event; does nothing without a run. */
  stop: () => void;
  update: (o: TrainUpdate) => void;
  /** Has progress, can be aborted. */
  evaluate: (split: Split) => Evaluation;
  predict: (image: Blob | ImageBitmap) => Prediction;
  featureMaps: (o: { image: Blob | ImageBitmap; layer: string | number }) => FeatureMaps;
  filters: (layer: string | number) => FeatureMaps;
  save: () => Uint8Array<ArrayBuffer>;
  load: (bytes: Uint8Array) => Loaded;
};

/** A picture as the core gives it: RGBA, row by row. */
export type Pixels = {
  pixels: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  label: number;
  name: string;
};

export type Method = keyof Calls;
export type Args<M extends Method> = Parameters<Calls[M]>;
export type Result<M extends Method> = ReturnType<Calls[M]>;

export type ToWorker =
  | { kind: "call"; id: number; method: Method; args: unknown[] }
  | { kind: "abort"; id: number };

export type FromWorker =
  | { kind: "result"; id: number; result: unknown }
  | { kind: "error"; id: number; error: ErrorFields }
  | { kind: "progress"; id: number; progress: Progress }
  | { kind: "events"; events: TrainEvent[] }
  /** The run can go on from these bytes. `step`: over the life of the weights. */
  | { kind: "checkpoint"; bytes: Uint8Array<ArrayBuffer>; step: number }
  /** The run ended with an error instead of a `done` event. */
  | { kind: "failed"; error: ErrorFields }
  /** Nothing more can be asked of this worker. */
  | { kind: "fatal"; error: ErrorFields };

/** Codes after which a worker's core cannot be trusted: a fresh worker has to take over. */
export function isFatal(error: { code: string }): boolean {
  return error.code === "panic" || error.code === "device-lost";
}
