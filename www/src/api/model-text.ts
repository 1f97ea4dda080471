/** Models as people paste them: which text is the lab's own spec, and what any other says. */
import { CnnLabError, optionError } from "./error";
import { withoutForeign } from "./foreign";
import type { Host } from "./host";
import type { Experiment } from "./protocol";
import type { DatasetInfo, FitOptions, ModelInfo, ModelSpec } from "./types";

/** A model that was read, to be checked by the core. */
export type ReadModel = Pick<ModelInfo, "fit" | "validationSplit" | "notes"> & {
  /** The spec as JSON. */
  json: string;
  /** An error of the core about the spec, with the line of the layer that it names. */
  locate: (error: unknown) => unknown;
};

/** Reads an object, a spec's JSON, or Keras's Python or JSON; the data says what a text leaves open. */
export async function readModel(host: Host, model: unknown, dataset: DatasetInfo | null): Promise<ReadModel> {
  const text = textOf(model);
  if (isSpec(text)) {
    return { ...withoutForeign(text), fit: {}, validationSplit: null, locate: (error) => error };
  }
  const experiment = await host.call("readModel", [
    { text, inputShape: dataset?.shape ?? null, classes: dataset?.classes.length ?? null },
  ]);
  const { spec, notes, lines, validationSplit } = experiment;
  const locate = (error: unknown): unknown => {
    if (!(error instanceof CnnLabError) || error.line !== undefined) return error;
    const line = lines.find(([name]) => name === error.layer)?.[1];
    return line === undefined ? error : new CnnLabError({ ...fields(error), line, message: `line ${line}: ${error.message}` });
  };
  const own = withoutForeign(JSON.stringify(spec));
  return { json: own.json, fit: fitOf(experiment), validationSplit: validationSplit ?? null, notes: [...notes, ...own.notes], locate };
}

function fields({ code, message, file, layer, field }: CnnLabError): ConstructorParameters<typeof CnnLabError>[0] {
  return { code, message, ...(file && { file }), ...(layer && { layer }), ...(field && { field }) };
}

function fitOf({ epochs, batchSize, augmentation, train }: Experiment): FitOptions {
  return {
    ...train,
    ...(epochs !== undefined && { epochs }),
    ...(batchSize !== undefined && { batchSize }),
    ...(augmentation !== undefined && { augmentation }),
  };
}

/** A model as text, whatever it came as. */
function textOf(model: unknown): string {
  if (typeof model === "string") return model;
  try {
    if (model !== null && typeof model === "object") return JSON.stringify(model);
  } catch {
    // It refers to itself, or holds what JSON has no word for.
  }
  throw optionError("spec", "A model is an object with layers, the same as JSON text, or Keras code.");
}

/**
 * Whether the core takes a text as it is: a spec's JSON, or JSON with a mistake, of which it
 * tells the line. Any other is read first. Random layers are no layers of a spec; the reader
 * makes them an augmentation.
 */
export function isSpec(text: string): boolean {
  if (!text.trimStart().startsWith("{")) return false;
  try {
    const spec = JSON.parse(text) as Partial<ModelSpec> | null;
    const layers = spec?.layers;
    if (!Array.isArray(layers)) return !["class_name", "cells", "config"].some((key) => key in (spec ?? {}));
    const isRandom = ({ layer }: { layer?: unknown }): boolean => typeof layer === "string" && layer.startsWith("Random");
    return !layers.some((layer) => isRandom(Object(layer) as object));
  } catch {
    return true;
  }
}
