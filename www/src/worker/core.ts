/**
 * The wasm modules: what of them is used, and loading one.
 *
 * `pkg/` is built by wasm-pack and may be absent when types are checked, so the class is
 * declared here; the end-to-end tests meet the real one. Its calls must never overlap while
 * one of its promises is pending: everything goes through one `SerialQueue`.
 */
import { CnnLabError } from "../api/error";
import type { Curves, EmbedOptions, LookKind, Looks } from "../api/look-types";
import type { DroppedFile, Experiment, FinderRequest, FoldOptions, GalleryPixels, Pixels, ReadOptions, RunOptions } from "../api/protocol";
import type {
  Augmentation,
  CrossValidation,
  DatasetInfo,
  DatasetStatistics,
  DeviceKind,
  DoneEvent,
  EpochEvent,
  Evaluation,
  ExportFormat,
  ExportOptions,
  FeatureMaps,
  FileWarning,
  FinderPoint,
  FittingEvent,
  FoldScores,
  FoundLearningRate,
  History,
  ModelTextFormat,
  Prediction,
  RunInfo,
  SavedRun,
  Shape,
  SlowMotion,
  Split,
  SplitOptions,
  StepEvent,
  Summary,
  TrainUpdate,
  Vitals,
  WarningEvent,
} from "../api/types";

/** Events as the core tells them: it has no clock. */
export type CoreEvent =
  | FittingEvent
  | Omit<StepEvent, "imagesPerSecond">
  | Omit<EpochEvent, "seconds">
  | WarningEvent
  | DoneEvent;

/** What a cross-validation tells. */
export type FoldEvent =
  | { type: "fold"; fold: number; folds: number; train: number; heldOut: number; run: RunInfo }
  | { type: "training"; fold: number; event: CoreEvent }
  | ({ type: "scores" } & Omit<FoldScores, "seconds">)
  | ({ type: "done" } & Omit<CrossValidation, "warnings" | "seconds">);
/** What the learning-rate finder tells; nothing comes after `done`. */
export type FinderEvent = ({ type: "point" } & FinderPoint) | ({ type: "done" } & FoundLearningRate);

export type ShardHeader = {
  file: string;
  split: Split;
  count: number;
  encoding: "pixels" | "jpeg";
  rawBytes: number;
  crc32: number;
};

export type CorePreset = {
  name: string;
  title: string;
  description: string;
  /** JSON. */
  spec: string;
  epochs: number;
  batchSize: number;
};

export type InspectedModel = {
  summary: Summary;
  /** JSON. */
  spec: string;
  /** An error as the core throws it. */
  untrainable: Error | null;
};

export type LoadedInfo = {
  summary: Summary;
  /** JSON. */
  spec: string;
  classes: string[];
  run: SavedRun | null;
  history: History;
};

/** How a run's batches are made, whatever their pictures. */
export type Recipe = {
  recipe: Uint8Array<ArrayBuffer>;
  shape: Uint32Array<ArrayBuffer>;
  /** Training pictures. */
  count: number;
};

/** What is said once of a run, for replicas to compute shares of its batches. */
export type Brief = {
  /** JSON. */
  spec: string;
  recipe: Uint8Array<ArrayBuffer>;
  shape: Uint32Array<ArrayBuffer>;
  /** Training pictures. */
  count: number;
  classWeights: Float32Array<ArrayBuffer>;
  /** The weights of frozen layers, one after another. */
  frozen: Float32Array<ArrayBuffer>;
};

/** A share of a step's batch. */
export type ShareTask<Memory extends ArrayBufferLike = ArrayBuffer> = {
  step: number;
  epoch: number;
  /** Examples of the whole batch. */
  batch: number;
  /** Where its pieces begin in the batch, and where the last one ends. */
  cuts: Uint32Array<Memory>;
  numbers: Uint32Array<Memory>;
  pictures: Uint32Array<Memory>;
  labels: Uint16Array<Memory>;
  pixels: Uint8Array<Memory>;
};

/** Who computes shares, for the core: see `replicas.ts`. */
export type Replicas = {
  weights(length: number): Float32Array;
  begin(tasks: ShareTask[]): boolean[];
  gather(): Promise<(Float32Array | undefined)[]>;
  spread(numbers: Float32Array): void;
  leave(): void;
};

/** All that a batch's values are made of. */
export type BatchToPrepare = {
  /** Over the life of the weights. */
  step: number;
  epoch: number;
  numbers: Uint32Array<ArrayBuffer>;
  pictures: Uint32Array<ArrayBuffer>;
  pixels: Uint8Array<ArrayBuffer>;
};

export interface Core {
  deviceName(): string;
  /** Resolves with the reason when the graphics device is lost; `undefined` on a CPU. */
  deviceLost(): Promise<string> | undefined;
  /** With `pictures`, room for so many is made at once; with a store, their pixels go there. */
  beginDataset(
    header: { name: string; classes: string[]; shape: Shape; pictures?: number },
    store?: SyncFile,
  ): void;
  pushShard(shard: ShardHeader, payload: Uint8Array, take: number): number;
  pushPictures(
    labels: Uint16Array,
    splits: Uint8Array,
    names: string[],
    sizes: Uint32Array,
    pixels: Uint8Array,
  ): void;
  warnDataset(warnings: FileWarning[]): void;
  finishDataset(): DatasetInfo;
  cancelDataset(): void;
  /** Into the present set; `classes` is the whole new list, the old ones first. */
  addPictures(
    classes: string[],
    labels: Uint16Array,
    splits: Uint8Array,
    names: string[],
    sizes: Uint32Array,
    pixels: Uint8Array,
  ): DatasetInfo;
  gallery(o: { split: Split; label?: number; offset: number; count: number }): GalleryPixels;
  renameClass(label: number, name: string): DatasetInfo;
  mergeClasses(from: number, into: number): DatasetInfo;
  dropClass(label: number): DatasetInfo;
  exclude(split: Split, index: number): DatasetInfo;
  relabel(split: Split, index: number, label: number): DatasetInfo;
  statistics(): DatasetStatistics;
  /** All of the set but its pixels. */
  exportDataset(): Uint8Array<ArrayBuffer>;
  exportPixels(first: number, count: number): Uint8Array<ArrayBuffer>;
  /** Begins a set that was exported; its pixels follow, then `finishDataset`. */
  importDataset(header: Uint8Array, store?: SyncFile): void;
  importPixels(pixels: Uint8Array): void;
  augmented(
    index: number,
    count: number,
    augmentation: Augmentation,
    seed: number,
  ): Uint8Array<ArrayBuffer>[];
  split(options: SplitOptions): DatasetInfo;
  image(split: Split, index: number): Pixels;
  setModel(spec: string): Summary;
  /** Takes the weights of a pretrained base, for the present model and later ones. */
  takeBase(name: string, bytes: Uint8Array): void;
  /** What the network's outputs stand for; empty where it knows no names. */
  classNames(): string[];
  /** Freezes layers or sets them free; the weights stay. */
  setTrainable(layers: string[], trainable: boolean): Summary;
  /** Keeps the layers up to one, or all but the head, frozen, under a fresh head. */
  useAsBase(last: string | undefined, classes: number | undefined): Summary;
  /** Has the device compile what a run of the present model needs. */
  warm(): Promise<void>;
  inspectModel(spec: string): InspectedModel;
  spec(): string;
  presets(shape: Shape, classes: number): CorePreset[];
  startTraining(options: RunOptions): RunInfo;
  /** Deals the pieces of batches among so many workers; those after the first are these. */
  setTeam(workers: number, replicas: Replicas): void;
  /** What the replicas are told of the run; `undefined` where its batches are not cut. */
  brief(): Brief | undefined;
  /** What a preparer of the run's batches is made with. */
  recipe(): Recipe | undefined;
  /** What the batch of the step so many after the next is made of; `undefined` past the end. */
  batchToPrepare(ahead: number): BatchToPrepare | undefined;
  /** Takes a prepared batch; false where it comes too late. */
  supply(step: number, values: Float32Array): boolean;
  advance(n: number): Promise<CoreEvent[]>;
  updateTraining(options: TrainUpdate): void;
  stopTraining(): CoreEvent[];
  startEvaluation(split: Split): number;
  advanceEvaluation(n: number): Promise<Evaluation | undefined>;
  cancelEvaluation(): void;
  startCrossValidation(options: FoldOptions): { folds: number; pictures: number; warnings: string[] };
  /** At most `n` steps or batches; with the last, a `done` event. */
  advanceCrossValidation(n: number): Promise<FoldEvent[]>;
  cancelCrossValidation(): void;
  /** Returns the steps to take at the most. */
  startLearningRateFinder(options: FinderRequest): number;
  advanceLearningRateFinder(n: number): Promise<FinderEvent[]>;
  cancelLearningRateFinder(): void;
  predict(rgba: Uint8Array, width: number, height: number): Promise<Prediction>;
  featureMaps(
    rgba: Uint8Array,
    width: number,
    height: number,
    layers: string[],
  ): Promise<FeatureMaps[]>;
  filters(layer: string): Promise<FeatureMaps>;
  /** Without a picture its sides are 0. */
  startLook(kind: LookKind, options: Looks[LookKind]["options"], rgba: Uint8Array, width: number, height: number): Promise<void>;
  /** What is done, and what there is to do. */
  lookProgress(): Uint32Array;
  /** At most `n` batches or steps more; what was found after the last. */
  advanceLook(n: number): Promise<Looks[LookKind]["found"] | undefined>;
  cancelLook(): void;
  vitals(): Promise<Vitals>;
  slowMotion(rgba: Uint8Array, width: number, height: number, label: number): Promise<SlowMotion>;
  save(): Promise<Uint8Array<ArrayBuffer>>;
  load(bytes: Uint8Array): LoadedInfo;
}

export type CoreClass = { create(device: DeviceKind, seed: number): Promise<Core> };

/** What of a `FileSystemSyncAccessHandle` is used; the types of workers are not in force. */
export type SyncFile = {
  write(bytes: Uint8Array, o: { at: number }): number;
  flush(): void;
  close(): void;
};

/** What a reader found, and everything that it takes to read it. */
export type PlanInfo = {
  name: string;
  kind: string;
  table: boolean;
  classes: string[];
  shape: Shape;
  splits: Record<Split, number>;
  counts: Record<Split, number[]>;
  warnings: FileWarning[];
  bytes: number;
  chunks: ChunkInfo[];
};

export type ChunkInfo = {
  /** Chunks of one lane are a stream: one reader reads them, in order. Null: any reader, any time. */
  lane: number | null;
  pictures: number;
};

/** The pictures of a chunk, with their pixels one after another. */
export type ReadPictures = {
  labels: Uint16Array<ArrayBuffer>;
  /** 0 train, 1 validation, 2 test. */
  splits: Uint8Array<ArrayBuffer>;
  names: string[];
  /** Heights and widths before they were fitted, in turn. */
  sizes: Uint32Array<ArrayBuffer>;
  pixels: Uint8Array<ArrayBuffer>;
  warnings: FileWarning[];
};

/** Splits as the core numbers them. */
export const splitNumbers: Record<Split, number> = { train: 0, validation: 1, test: 2 };

export interface Reader {
  plan(options: Omit<ReadOptions, "decoder">): PlanInfo;
  planBytes(): Uint8Array<ArrayBuffer>;
  /** Takes the plan of another reader of the same files. */
  adopt(plan: Uint8Array): void;
  read(chunk: number): ReadPictures;
  /** The files of a chunk, undecoded; `undefined` where it has no pictures of their own. */
  encoded(
    chunk: number,
  ): { name: string; label: number; split: number; bytes: Uint8Array<ArrayBuffer> }[] | undefined;
  /** A decoded picture in the plan's shape. */
  fit(rgba: Uint8Array, width: number, height: number): Uint8Array;
}

/** Makes batches beside training; the same to the last bit as the core makes them. */
export interface Preparer {
  prepare(epoch: number, numbers: Uint32Array, pictures: Uint32Array, pixels: Uint8Array): Float32Array<ArrayBuffer>;
}

export type PreparerClass = new (recipe: Uint8Array, shape: Uint32Array, count: number) => Preparer;

/** Computes shares of a run's batches. */
export interface Replica {
  free(): void;
  /**
   * Loss and correct examples, then the gradients, at these weights; put `into` memory, where it is given and long enough.
   * `undefined` where the leader went on without it.
   */
  compute(weights: Float32Array, task: ShareTask<ArrayBufferLike>, into: Float32Array | undefined, leader: Leader): Promise<Float32Array | undefined>;
}

/** Whom a replica asks what a batch's normalisation is by: for its share's numbers those of the whole batch. */
export type Leader = { agree(numbers: Float32Array): Promise<Float32Array | undefined> };

export type ReplicaClass = { create(device: string, brief: Brief): Promise<Replica> };

export type ReaderClass = new (files: DroppedFile[]) => Reader;

/** Loads the small module for the CPU, in the quickest build that the browser can run, or the full one for WebGPU and ndarray. */
export async function loadCore(base: string, device: DeviceKind): Promise<CoreClass> {
  return (await loadModule<{ Core: CoreClass }>(base, folderOf(device))).Core;
}

/** Loads the same module, for a replica. */
export async function loadReplica(base: string, device: DeviceKind): Promise<ReplicaClass> {
  return (await loadModule<{ Replica: ReplicaClass }>(base, folderOf(device))).Replica;
}

function folderOf(device: DeviceKind): string {
  return device === "cpu" || device === "flex" ? cpuFolder() : "full";
}

/** The build for the CPU that this browser runs. */
export function cpuFolder(): string {
  if (hasRelaxedSimd()) return "cpu-relaxed";
  return hasSimd() ? "cpu" : "cpu-plain";
}

/** The build of what loads without the network that this browser runs. */
export function buildOf(name: "data" | "analysis"): string {
  return hasSimd() ? name : `${name}-plain`;
}

/** Whether the browser computes with vectors. */
export function hasSimd(): boolean {
  return has(popcnt);
}

/** Whether the browser multiplies and adds in one instruction. */
export function hasRelaxedSimd(): boolean {
  return has(fusedMultiplyAdd);
}

/** Loads the module without the network, for what prepares batches. */
export async function loadPreparer(base: string): Promise<PreparerClass> {
  return (await loadModule<{ Preparer: PreparerClass }>(base, buildOf("data"))).Preparer;
}

/** Models as text, in and out. */
export type Texts = {
  readModel(text: string, options: { inputShape: Shape | null; classes: number | null }): Experiment;
  writeModel(format: ModelTextFormat, experiment: Partial<Experiment>): string;
};

/** Loads the module that reads and writes models as text. */
export async function loadTexts(base: string): Promise<Texts> {
  return loadModule<Texts>(base, "text");
}

/** What becomes of an evaluation, and of points. */
export type Analysis = {
  curves(labels: Uint16Array, probabilities: Float32Array, classes: number, label: number): Curves;
  Embedding: new (points: Float32Array, dimensions: number, options: AnalysisOptions) => {
    /** About so many milliseconds of work; the share that is done, 1 at the end only. */
    advance(n: number): number;
    positions(): Float32Array<ArrayBuffer>;
    explained(): [number, number] | null;
  };
};
export type AnalysisOptions = Pick<EmbedOptions, "method" | "perplexity" | "iterations" | "seed">;

/** Loads the module of curves and maps. */
export async function loadAnalysis(base: string): Promise<Analysis> {
  return loadModule<Analysis>(base, buildOf("analysis"));
}

/** A trained network in the formats of others. */
export type Formats = {
  /** As a checkpoint; weights without a model are those of `present`. */
  readFormat(bytes: Uint8Array, present: Uint8Array | undefined): Uint8Array<ArrayBuffer>;
  /** `network` is a checkpoint of the network alone. */
  writeFormat(format: Exclude<ExportFormat, "html"> | "network", checkpoint: Uint8Array, options: ExportOptions): Uint8Array<ArrayBuffer>;
};

/** Loads the module that writes them. */
export async function loadFormats(base: string): Promise<Formats> {
  return loadModule<Formats>(base, "formats");
}

/** What a shard of JPEG files is as one of pixels; what could not be decoded is left out. */
export type Unpacked = { header: ShardHeader; payload: Uint8Array; warnings: { file: string; message: string }[] };

/** Makes pixels of a shard's JPEG files. */
export type Unpack = (shard: ShardHeader, shape: Shape, payload: Uint8Array, take: number) => Unpacked;

/** Loads what decodes a shard's pictures: the module that reads files. */
export async function loadUnpack(base: string): Promise<Unpack> {
  return (await loadModule<{ unpackShard: Unpack }>(base, buildOf("data"))).unpackShard;
}

/** Loads the module that reads files. */
export async function loadReader(base: string): Promise<ReaderClass> {
  return (await loadModule<{ Reader: ReaderClass }>(base, buildOf("data"))).Reader;
}

/** i32.const 0, i8x16.splat: a vector. */
const vector = [65, 0, 253, 15];
/** i8x16.popcnt of one: SIMD. */
const popcnt = [...vector, 253, 98];
/** f32x4.relaxed_madd of three: relaxed SIMD. */
const fusedMultiplyAdd = [...vector, ...vector, ...vector, 253, 133, 2];

/** Whether the browser has some instructions that give a vector: only then a module with them is valid. */
function has(instructions: readonly number[]): boolean {
  const body = [0, ...instructions, 11];
  return WebAssembly.validate(
    Uint8Array.of(
      0, 97, 115, 109, 1, 0, 0, 0, // the magic number and the version
      1, 5, 1, 96, 0, 1, 123, // a type: nothing to v128
      3, 2, 1, 0, // a function of it
      10, body.length + 2, 1, body.length, ...body, // and its code
    ),
  );
}

async function loadModule<M>(base: string, folder: string): Promise<M> {
  const file = `pkg/${folder}/cnn_lab.js`;
  try {
    // wasm-pack wrote it, and it finds its .wasm beside itself: Vite leaves it alone.
    const module = (await import(/* @vite-ignore */ new URL(file, base).href)) as M & {
      default: () => Promise<unknown>;
    };
    await module.default();
    return module;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof WebAssembly.CompileError) {
      throw new CnnLabError({
        code: "unsupported",
        message: `The lab's program could not be compiled (${why}). Reload the page in case the download was damaged; else this browser is too old, so update it or use another one.`,
        file,
      });
    }
    throw new CnnLabError({
      code: "network",
      message: `The lab's program could not be loaded (${why}). Check the connection and reload the page.`,
      file,
    });
  }
}
