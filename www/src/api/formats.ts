/** Writes trained networks in the formats of others, and reads theirs, in a worker of its own. */
import type { FromConverter, ToConverter } from "../worker/converter";
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

function convert(question: ToConverter, o: { what: string; signal?: AbortSignal | undefined }): Promise<Uint8Array<ArrayBuffer>> {
  const spawn = (): Worker => new Worker(new URL("../worker/converter.ts", import.meta.url), { type: "module", name: "cnn-lab converter" });
  return ask<FromConverter>(spawn, question, o);
}

/** Writes a checkpoint's network as `format`. */
export async function exported(checkpoint: Uint8Array<ArrayBuffer>, format: ExportFormat, { title = "Image classifier", signal, ...options }: ExportOptions): Promise<Blob> {
  const question = { kind: "write", base: siteBase(), format, checkpoint, title, options } as const;
  return new Blob([await convert(question, { what: "Writing the file", signal })], { type: types[format] });
}

/** Reads a network of others as a checkpoint; weights without a model are those of `present`, a checkpoint. */
export async function imported(bytes: Uint8Array<ArrayBuffer>, present: Uint8Array<ArrayBuffer> | undefined): Promise<Uint8Array<ArrayBuffer>> {
  return convert({ kind: "read", base: siteBase(), bytes, present }, { what: "Reading the file" });
}

/** Whether a file is a network, but no checkpoint of this lab: one of Keras's, or safetensors of others. */
export function isForeign(bytes: Uint8Array): boolean {
  const begins = (...with_: number[]): boolean => with_.every((byte, at) => bytes[at] === byte);
  // A zip, and HDF5.
  if (begins(0x50, 0x4b) || begins(0x89, 0x48, 0x44, 0x46)) return true;
  if (bytes.length < 16 || bytes[8] !== 0x7b) return false;
  // Safetensors begin with the length of their header; a checkpoint's tells the optimizer's steps.
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) return false;
  return !new TextDecoder().decode(bytes.subarray(8, 8 + length)).includes('\\"iterations\\"');
}
