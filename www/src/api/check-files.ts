/** Checks of how the user's pictures are to be read. */
import { checkFunction, checkName, checkObject, checkOneOf, checkOptions, checkPlace, checkSignal, checkSize, checkWhole } from "./check";
import type { AddPicturesOptions, LoadFilesOptions } from "./types";

const colors = ["rgb", "grayscale"] as const;
const fits = ["stretch", "crop", "pad"] as const;
const filters = ["triangle", "nearest", "catmull-rom", "lanczos3"] as const;
const decoders = ["core", "browser"] as const;

/** Files and how to read them. */
export function checkFiles(files: unknown, o: LoadFilesOptions): void {
  checkObject("files", files, "a list of files, a DataTransfer or a folder's handle");
  checkOptions(o, [
    "size",
    "color",
    "fit",
    "filter",
    "labelColumn",
    "className",
    "limit",
    "decoder",
    "signal",
    "onProgress",
  ]);
  checkReading(o);
  if (o.className !== undefined) checkName("className", o.className);
  if (typeof o.labelColumn === "number") checkPlace("labelColumn", o.labelColumn);
  else if (o.labelColumn !== undefined) checkName("labelColumn", o.labelColumn);
  checkWhole("limit", o.limit, 1);
  if (o.decoder !== undefined) checkOneOf("decoder", o.decoder, decoders);
}

/** How pictures are to be read. */
export function checkReading(o: AddPicturesOptions | LoadFilesOptions): void {
  checkSize("size", o.size);
  if (o.color !== undefined) checkOneOf("color", o.color, colors);
  if (o.fit !== undefined) checkOneOf("fit", o.fit, fits);
  if (o.filter !== undefined) checkOneOf("filter", o.filter, filters);
  checkSignal(o.signal);
  checkFunction("onProgress", o.onProgress);
}
