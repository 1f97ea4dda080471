/** Writes a trained network in the formats of others, in a worker of its own. */
import type { FromExporter, ToExporter } from "../worker/exporter";
import { ask } from "./ask";
import { siteBase } from "./base";
import { checkFlag, checkOptions, checkSignal, checkText } from "./check";
import type { ExportFormat, ExportOptions } from "./types";

/** The kinds of files, as servers and file choosers know them. */
const types: Record<ExportFormat, string> = {
  safetensors: "application/octet-stream",
  keras: "application/zip",
  "keras-weights": "application/x-hdf5",
  onnx: "application/octet-stream",
  "tensorflow-js": "application/zip",
  html: "text/html",
};

/** The names that `save` takes besides `checkpoint`. */
export const exportFormats = Object.keys(types) as ExportFormat[];

export function checkExport(o: ExportOptions): void {
  checkOptions(o, ["preprocessing", "softmax", "title", "signal"]);
  checkFlag("preprocessing", o.preprocessing);
  checkFlag("softmax", o.softmax);
  if (o.title !== undefined) checkText("title", o.title);
  checkSignal(o.signal);
}

/** Writes a checkpoint's network as `format`. */
export async function exported(checkpoint: Uint8Array<ArrayBuffer>, format: ExportFormat, { title = "Image classifier", signal, ...options }: ExportOptions): Promise<Blob> {
  const spawn = (): Worker => new Worker(new URL("../worker/exporter.ts", import.meta.url), { type: "module", name: "cnn-lab exporter" });
  const question: ToExporter = { base: siteBase(), format, checkpoint, title, options };
  const bytes = await ask<FromExporter>(spawn, question, { what: "Writing the file", signal });
  return new Blob([bytes], { type: types[format] });
}
