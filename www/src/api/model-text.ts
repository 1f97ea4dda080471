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
  const json = specJson(model);
  if (json !== null) {
    return { ...withoutForeign(json), fit: {}, validationSplit: null, locate: (error) => error };
  }
  const experiment = await host.call("readModel", [
    { text: model as string, inputShape: dataset?.shape ?? null, classes: dataset?.classes.length ?? null },
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

/**
 * The spec as JSON where no reading is needed: of an object, of a spec's own text, and of JSON
 * with a mistake, of which the core tells the line. Null: a text to be read. Random layers are
 * no layers of a spec; the reader makes them an augmentation.
 */
function specJson(model: unknown): string | null {
  if (model !== null && typeof model === "object") {
    try {
      return JSON.stringify(model);
    } catch {
      // It refers to itself, or holds what JSON has no word for.
    }
  }
  if (typeof model !== "string") {
    throw optionError("spec", "A model is an object with layers, the same as JSON text, or Keras code.");
  }
  if (!model.trimStart().startsWith("{")) return null;
  try {
    const spec = JSON.parse(model) as Partial<ModelSpec> | null;
    const layers = spec?.layers;
    if (!Array.isArray(layers) && ["class_name", "cells", "config"].some((key) => key in (spec ?? {}))) return null;
    const isRandom = ({ layer }: { layer?: unknown }): boolean => typeof layer === "string" && layer.startsWith("Random");
    return Array.isArray(layers) && layers.some((layer) => isRandom(Object(layer) as object)) ? null : model;
  } catch {
    return model;
  }
}
