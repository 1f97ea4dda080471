/**
 * The wasm modules: what of them is used, and loading one.
 *
 * `pkg/` is built by wasm-pack and may be absent when types are checked, so the class is
 * declared here; the end-to-end tests meet the real one. Its calls must never overlap while
 * one of its promises is pending: everything goes through one `SerialQueue`.
 */
import { CnnLabError } from "../api/error";
import type { Pixels, RunOptions } from "../api/protocol";
import type {
  DatasetInfo,
  DeviceKind,
  DoneEvent,
  EpochEvent,
  Evaluation,
  FeatureMaps,
  History,
  Prediction,
  RunInfo,
  SavedRun,
  Shape,
  Split,
  SplitOptions,
  StepEvent,
  Summary,
  TrainUpdate,
  WarningEvent,
} from "../api/types";

/** Events as the core tells them: it has no clock. */
export type CoreEvent =
  | Omit<StepEvent, "imagesPerSecond">
  | Omit<EpochEvent, "seconds">
  | WarningEvent
  | DoneEvent;

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

export type LoadedInfo = {
  summary: Summary;
  /** JSON. */
  spec: string;
  classes: string[];
  run: SavedRun | null;
  history: History;
};

export interface Core {
  deviceName(): string;
  /** Resolves with the reason when the graphics device is lost; `undefined` on a CPU. */
  deviceLost(): Promise<string> | undefined;
  beginDataset(header: { name: string; classes: string[]; shape: Shape }): void;
  pushShard(shard: ShardHeader, payload: Uint8Array, take: number): number;
  finishDataset(): DatasetInfo;
  cancelDataset(): void;
  split(options: SplitOptions): DatasetInfo;
  image(split: Split, index: number): Pixels;
  setModel(spec: string): Summary;
  summarize(spec: string): Summary;
  spec(): string;
  presets(shape: Shape, classes: number): CorePreset[];
  startTraining(options: RunOptions): RunInfo;
  advance(n: number): Promise<CoreEvent[]>;
  updateTraining(options: TrainUpdate): void;
  stopTraining(): CoreEvent[];
  startEvaluation(split: Split): number;
  advanceEvaluation(n: number): Promise<Evaluation | undefined>;
  cancelEvaluation(): void;
  predict(rgba: Uint8Array, width: number, height: number): Promise<Prediction>;
  featureMaps(
    rgba: Uint8Array,
    width: number,
    height: number,
    layer: string | number,
  ): Promise<FeatureMaps>;
  filters(layer: string | number): Promise<FeatureMaps>;
  save(): Promise<Uint8Array<ArrayBuffer>>;
  load(bytes: Uint8Array): LoadedInfo;
}

export type CoreClass = { create(device: DeviceKind, seed: number): Promise<Core> };

type Module = { default: () => Promise<unknown>; Core: CoreClass };

/** Loads the small module for the CPU, or the full one for WebGPU and ndarray. */
export async function loadModule(base: string, device: DeviceKind): Promise<CoreClass> {
  const file = `pkg/${device === "cpu" ? "cpu" : "full"}/cnn_lab.js`;
  try {
    // wasm-pack wrote it, and it finds its .wasm beside itself: Vite leaves it alone.
    const module = (await import(/* @vite-ignore */ new URL(file, base).href)) as Module;
    await module.default();
    return module.Core;
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
