/**
 * Going on after a panic or a lost graphics device: when to try again and where, and what a
 * fresh worker needs to stand where the old one stood.
 */
import type { Connection } from "./connection";
import { toCnnLabError, type CnnLabError } from "./error";
import { handOver } from "./hand-over";
import { isFatal, type DroppedFile, type Edit, type Loaded, type Model, type ReadOptions, type Result, type Taken } from "./protocol";
import type { DatasetInfo, DeviceKind, FileWarning, History, SavedRun } from "./types";

/** So many failures without a new step between them end a run; steps that are only repeated
 * after a failure do not count, or a step that always fails would be tried for ever. */
const MOST_IN_A_ROW = 3;
/** After so many failures on the graphics device, the CPU takes over. */
const MOST_ON_GPU = 2;

/** Counts failures. */
export class Failures {
  #onGpu = 0;
  #inARow = 0;

  /** Notes a failure on a device; null: of something else, such as a download. */
  add(device: DeviceKind | null): void {
    this.#inARow += 1;
    if (isGpu(device)) this.#onGpu += 1;
  }

  /** A new step was finished, or there is no run to fail again. */
  clear(): void {
    this.#inARow = 0;
  }

  get hopeless(): boolean {
    return this.#inARow >= MOST_IN_A_ROW;
  }

  /** Where to try next. */
  next(device: DeviceKind): DeviceKind {
    return isGpu(device) && this.#onGpu >= MOST_ON_GPU ? "cpu" : device;
  }
}

/** How data was loaded. */
export type Source =
  | { kind: "bundled"; name: string; limit: number | undefined }
  | { kind: "files"; files: DroppedFile[]; options: ReadOptions; warnings: FileWarning[] }
  | { kind: "remembered"; name: string }
  /** Begun by the first of the edits. */
  | { kind: "begun" };

/** All that the page holds of a lab. A worker can be lost; this is not. */
export type Memory = {
  /** How the data was loaded. */
  source: Source | null;
  /** What was changed in it since, in order. */
  edits: Edit[];
  /** The set under whose name it was remembered since, after so many of the edits; null: it was not. */
  remembered: { name: string; edits: number } | null;
  dataset: DatasetInfo | null;
  model: Model | null;
  /** What the model's outputs stand for, as far as that was known when it was taken. */
  classes: readonly string[];
  history: History;
  savedRun: SavedRun | null;
  /** The latest weights with all that belongs to them; null where they are still those that the seed gave. */
  checkpoint: { bytes: Uint8Array<ArrayBuffer>; step: number } | null;
};

export function emptyMemory(): Memory {
  return {
    source: null,
    edits: [],
    remembered: null,
    dataset: null,
    model: null,
    classes: [],
    history: { steps: [], epochs: [] },
    savedRun: null,
    checkpoint: null,
  };
}

/**
 * Brings a fresh worker to where the memory stands. Bundled data comes from the browser's
 * cache, own pictures from their files; where those cannot be had any more, the network goes
 * on without data and `onMissing` is told why.
 */
export async function restore(
  connection: Connection,
  memory: Memory,
  onMissing: (error: CnnLabError) => void,
): Promise<void> {
  const { source, model, checkpoint } = memory;
  if (source) {
    try {
      memory.dataset = await restoreData(connection, source, memory.edits);
    } catch (thrown) {
      const error = toCnnLabError(thrown);
      // A download may succeed next time; a file that is gone stays away.
      if (isFatal(error) || source.kind === "bundled") throw error;
      Object.assign(memory, { source: null, edits: [], remembered: null, dataset: null });
      onMissing(error);
    }
  }
  if (checkpoint) {
    const { steps } = memory.history;
    takeLoaded(memory, await connection.call("load", [checkpoint.bytes]));
    // A checkpoint does not say with which rate each step was taken.
    memory.history.steps.forEach((step, i) => Object.assign(step, steps[i]));
  } else if (model) {
    takeModel(memory, await connection.call("setModel", [JSON.stringify(model.spec)]));
  }
}

async function restoreData(
  connection: Connection,
  source: Source,
  edits: Edit[],
): Promise<DatasetInfo | null> {
  let dataset: DatasetInfo | null = null;
  switch (source.kind) {
    case "bundled": {
      const { name, limit } = source;
      dataset = await connection.call("loadBundled", [{ name, limit }]);
      break;
    }
    case "files": {
      const { files, options, warnings } = source;
      const drop = await handOver((...call) => connection.call(...call), files);
      dataset = await connection.call("loadFiles", [{ drop, options, warnings }]);
      break;
    }
    case "remembered":
      dataset = await connection.call("loadRemembered", [source.name]);
      break;
    case "begun":
      break;
  }
  for (const edit of edits) dataset = await connection.call("edit", [edit]);
  return dataset;
}

/** Notes a model with fresh weights. */
export function takeModel(memory: Memory, { classes, ...model }: Taken): void {
  memory.model = model;
  memory.classes = classes;
  memory.history = { steps: [], epochs: [] };
  memory.savedRun = null;
  memory.checkpoint = null;
}

/** Notes which layers are frozen now: in the spec, and where the weights have learned something in their checkpoint. */
export function takeTrainable(memory: Memory, { summary, spec, checkpoint }: Result<"setTrainable">): void {
  memory.model = { summary, spec };
  memory.savedRun = null;
  if (checkpoint) memory.checkpoint = { bytes: checkpoint, step: memory.history.steps.length };
}

/** Notes a model that began with what another had learned. */
export function takeRebuilt(memory: Memory, { checkpoint, ...model }: Result<"useAsBase">): void {
  takeModel(memory, model);
  memory.checkpoint = { bytes: checkpoint, step: 0 };
}

/** Notes what a checkpoint held. */
export function takeLoaded(memory: Memory, { summary, spec, classes, history, run }: Loaded): void {
  memory.model = { summary, spec };
  memory.classes = classes;
  memory.history = history;
  memory.savedRun = run;
}

/** Whether a device failed, as opposed to a download or a wrong value. */
export function isDeviceFailure(error: { code: string }): boolean {
  return isFatal(error) || error.code === "webgpu-failed" || error.code === "webgpu-unavailable";
}

const isGpu = (device: DeviceKind | null): boolean => device === "webgpu" || device === "wgpu";
