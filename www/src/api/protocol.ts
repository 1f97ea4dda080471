/**
 * What the page and its worker say to each other. Both sides are written against this file.
 *
 * The page calls with an id and gets one answer to it, with progress before that where the
 * call has any. What happens in a run comes unasked, as events in the order they happened.
 */
import type { ErrorFields } from "./error";
import type { LookKind, Looks } from "./look-types";
import type { DatasetEdit } from "./session-types";
import type {
  Augmentation,
  Base,
  BundledSet,
  CrossValidation,
  CrossValidationOptions,
  CrossValidationProgress,
  DatasetInfo,
  DatasetStatistics,
  Device,
  DeviceChoice,
  Evaluation,
  FeatureMaps,
  FilesInfo,
  FitOptions,
  FileWarning,
  FinderOptions,
  FinderProgress,
  FoundLearningRate,
  History,
  LoadFilesOptions,
  MissingSet,
  ModelSpec,
  ModelTextFormat,
  Prediction,
  Preset,
  Progress,
  RememberedSet,
  RunInfo,
  SavedRun,
  Shape,
  SlowMotion,
  Split,
  Summary,
  TrainEvent,
  TrainOptions,
  TrainUpdate,
  Vitals,
} from "./types";

/** A run's options without what only the page can hold. */
export type RunOptions = Omit<TrainOptions, "signal">;

/** A cross-validation's options without what only the page can hold. */
export type FoldOptions = Omit<CrossValidationOptions, "signal" | "onProgress">;
/** The same of the learning-rate finder. */
export type FinderRequest = Omit<FinderOptions, "signal" | "onProgress">;

export type Model = { summary: Summary; spec: ModelSpec };

/** A network that was checked, and not taken. */
export type InspectedModel = Model & { untrainable: ErrorFields | null };

/** A model and how it is to be trained, as a text has it. */
export type Experiment = {
  spec: ModelSpec;
  epochs?: number;
  batchSize?: number;
  validationSplit?: number;
  augmentation?: Augmentation;
  /** Other options of a run. */
  train: FitOptions;
  notes: string[];
  /** Each layer's name and its line, where there are lines. */
  lines: [name: string, line: number][];
};

/** A model that was taken, and the names of the classes that its outputs stand for, where it knows them. */
export type Taken = Model & { classes: string[] };

/** What a checkpoint held. */
export type Loaded = Taken & { run: SavedRun | null; history: History };

/** A file and where it lay: "photos/train/cat/1.jpg". */
export type DroppedFile = { path: string; file: Blob };

/** How to read files: what the reader takes, and who decodes. */
export type ReadOptions = Omit<LoadFilesOptions, "signal" | "onProgress">;

/** Files that were handed over by `takeFiles`, and how to read them. */
export type ReadFiles = {
  drop: number;
  options: ReadOptions;
  /** What was passed over while the files were found. */
  warnings: FileWarning[];
};

/** Pictures of the set's own size, as the core takes them; kept to be added again on a fresh worker. */
export type Added<Bytes> = {
  /** The set that was begun with them. */
  begin: { name: string; shape: Shape } | null;
  /** All classes, those that were there before first. */
  classes: string[];
  labels: Uint16Array<ArrayBuffer>;
  splits: Uint8Array<ArrayBuffer>;
  names: string[];
  /** Heights and widths of the files' pictures, in turn. */
  sizes: Uint32Array<ArrayBuffer>;
  pixels: Bytes;
  warnings: FileWarning[];
};

/** A change to the loaded set. */
export type Edit = DatasetEdit | { kind: "add"; added: Added<Blob> };

/** What is looked for inside the network; of which picture, where it is of one. */
export type LookRequest = {
  [K in LookKind]: { kind: K; options: Looks[K]["options"]; image?: Blob | ImageBitmap };
}[LookKind];

/** The calls that the worker answers. */
export type Calls = {
  open: (o: { base: string; device: DeviceChoice; seed: number; workers: number | undefined }) => Device;
  bundled: () => { sets: BundledSet[]; missing: MissingSet[] };
  /** Has progress, can be aborted. */
  loadBundled: (o: { name: string; limit: number | undefined }) => DatasetInfo;
  /** Hands over files, piece by piece; those of an earlier drop are forgotten. */
  takeFiles: (o: { drop: number; files: DroppedFile[] }) => void;
  /** Can be aborted. */
  inspectFiles: (o: ReadFiles) => FilesInfo;
  /** Has progress, can be aborted. */
  loadFiles: (o: ReadFiles) => DatasetInfo;
  /** Has progress, can be aborted. What was added comes back, for a later `edit`. */
  addPictures: (o: {
    pictures: (Blob | ImageBitmap)[];
    className: string;
    split: Split;
    /** The set to begin with them; null: they are added to the present one. */
    begin: { name: string; shape: Shape } | null;
    options: ReadOptions;
  }) => { dataset: DatasetInfo; added: Added<Uint8Array<ArrayBuffer>> };
  edit: (edit: Edit) => DatasetInfo;
  gallery: (o: { split: Split; label?: number; offset: number; count: number }) => GalleryPixels;
  statistics: () => DatasetStatistics;
  /** RGBA, one after another. */
  augmented: (o: {
    index: number;
    count: number;
    augmentation: Augmentation;
    seed: number;
  }) => Uint8Array<ArrayBuffer>[];
  remember: () => void;
  remembered: () => RememberedSet[];
  /** Has progress, can be aborted. */
  loadRemembered: (name: string) => DatasetInfo;
  forget: (name: string) => void;
  image: (o: { split: Split; index: number }) => Pixels;
  presets: (o: { shape: Shape; classes: number }) => Preset[];
  inspectModel: (spec: string) => InspectedModel;
  /** Reads a model from Keras's Python or JSON. */
  readModel: (o: { text: string; inputShape: Shape | null; classes: number | null }) => Experiment;
  writeModel: (o: { format: ModelTextFormat; experiment: Partial<Experiment> }) => string;
  bases: () => Base[];
  /** Has progress where a pretrained base is downloaded for it, can be aborted meanwhile. */
  setModel: (spec: string) => Taken;
  /** `save`: a checkpoint is wanted too. */
  setTrainable: (o: { layers: string[]; trainable: boolean; save: boolean }) => Model & { checkpoint: Uint8Array<ArrayBuffer> | null };
  useAsBase: (o: { upTo: string | undefined; classes: number | undefined }) => Taken & { checkpoint: Uint8Array<ArrayBuffer> };
  /** Begins a run and answers at once. `paused`: waits for `resume` or `step`. */
  train: (o: { options: RunOptions; paused: boolean }) => RunInfo;
  /** Answers once the step, or the piece of fitting, under way is done. */
  pause: () => void;
  resume: () => void;
  /** Pauses, takes one training step, answers after its events. */
  step: () => void;
  /** Answers after the run's `done` event; does nothing without a run. */
  stop: () => void;
  update: (o: TrainUpdate) => void;
  /** Has progress, can be aborted. */
  findLearningRate: (o: FinderRequest) => FoundLearningRate;
  /** Has progress, can be aborted. */
  evaluate: (split: Split) => Evaluation;
  /** Has progress of its own kind, can be aborted. */
  crossValidate: (o: FoldOptions) => CrossValidation;
  predict: (image: Blob | ImageBitmap) => Prediction;
  featureMaps: (o: { image: Blob | ImageBitmap; layers: string[] }) => FeatureMaps[];
  filters: (layer: string) => FeatureMaps;
  /** Has progress, can be aborted. What it gives goes with the kind. */
  look: (o: LookRequest) => Looks[LookKind]["found"];
  vitals: () => Vitals;
  slowMotion: (o: { image: Blob | ImageBitmap; label: number }) => SlowMotion;
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

/** Pictures as the core gives them: RGBA, one after another. */
export type GalleryPixels = {
  total: number;
  width: number;
  height: number;
  indices: Uint32Array;
  labels: Uint16Array;
  /** Heights and widths of the files' pictures, in turn. */
  sizes: Uint32Array;
  names: string[];
  pixels: Uint8Array<ArrayBuffer>;
};

export type Method = keyof Calls;
export type Args<M extends Method> = Parameters<Calls[M]>;
export type Result<M extends Method> = ReturnType<Calls[M]>;

/** What is told of a call while it goes on, where that is more than how far it is. */
type OwnProgress = { findLearningRate: FinderProgress; crossValidate: CrossValidationProgress };
export type ProgressOf<M extends Method> = M extends keyof OwnProgress ? OwnProgress[M] : Progress;

export type ToWorker =
  | { kind: "call"; id: number; method: Method; args: unknown[] }
  | { kind: "abort"; id: number };

export type FromWorker =
  | { kind: "result"; id: number; result: unknown }
  | { kind: "error"; id: number; error: ErrorFields }
  | { kind: "progress"; id: number; progress: ProgressOf<Method> }
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
