/** Looks inside the network: the methods of the class that are loaded when first asked for. */
import { checkFunction, checkLayer, checkOneOf, checkOptions, checkPlace, checkSeed, checkSignal, checkWhole } from "./check";
import { optionError } from "./error";
import type { Host } from "./host";
import type { LookKind, Looks } from "./look-types";
import { toPicture } from "./own-pictures";
import type { LookRequest } from "./protocol";
import type { Attribution, AttributionOptions, EvaluateOptions, Exciting, ExcitingOptions, Hidden, HiddenOptions, MaximizeOptions, Maximized, SlowMotion, Split } from "./types";

type Image = Blob | ImageBitmapSource;

const methods = ["grad-cam", "grad-cam++", "saliency", "smooth-grad", "integrated-gradients", "occlusion"] as const;
const splits = ["train", "validation", "test"] as const;

/** What every look can be given. */
const common = ["signal", "onProgress"];

function checkCommon(o: EvaluateOptions, known: readonly string[]): void {
  checkOptions(o, [...known, ...common]);
  checkSignal(o.signal);
  checkFunction("onProgress", o.onProgress);
}

async function ask<K extends LookKind>(host: Host, kind: K, options: Looks[K]["options"], o: EvaluateOptions, image?: Image): Promise<Looks[K]["found"]> {
  const picture = image === undefined ? undefined : await toPicture(image);
  const transfer = picture instanceof ImageBitmap ? [picture] : [];
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const request = { kind, options: given, ...(picture && { image: picture }) } as LookRequest;
  const { signal, onProgress } = o;
  return (await host.call("look", [request], { signal, onProgress, transfer }));
}

export async function explain(host: Host, image: Image, o: AttributionOptions): Promise<Attribution> {
  checkCommon(o, ["method", "label", "layer", "samples", "noise", "steps", "size", "stride", "seed"]);
  const { method, label, layer, samples, noise, steps, size, stride, seed } = o;
  if (method !== undefined) checkOneOf("method", method, methods);
  if (label !== undefined) checkPlace("label", label);
  for (const [name, value] of Object.entries({ samples, steps, size, stride })) checkWhole(name, value, 1);
  checkSeed(seed);
  const named = layer === undefined ? undefined : String(checkLayer(layer));
  const options = { method, label, layer: named, samples, noise, steps, size, stride, seed } as Looks["attribution"]["options"];
  return ask(host, "attribution", options, o, image);
}

export async function maximize(host: Host, o: MaximizeOptions): Promise<Maximized> {
  checkCommon(o, ["label", "layer", "filter", "steps", "seed"]);
  const { label, layer, filter, steps, seed } = o;
  if ((label === undefined) === (layer === undefined)) throw optionError("layer", "Give either a label or a layer.");
  if (label !== undefined) checkPlace("label", label);
  if (filter !== undefined) checkPlace("filter", filter);
  checkWhole("steps", steps, 1);
  checkSeed(seed);
  const named = layer === undefined ? undefined : String(checkLayer(layer));
  const shape = host.memory.model?.spec.input_shape;
  const { pixels, scores } = await ask(host, "dream", { label, layer: named, filter, steps, seed } as Looks["dream"]["options"], o);
  const [height = 1, width = 1] = shape ?? [];
  return { pixels: new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), scores };
}

export async function exciting(host: Host, layer: string | number, o: ExcitingOptions): Promise<Exciting> {
  checkCommon(o, ["split"]);
  const split = checkOneOf("split", o.split ?? "test", splits);
  return ask(host, "exciting", { split, layer: String(checkLayer(layer)) }, o);
}

export async function hidden(host: Host, split: Split, o: HiddenOptions): Promise<Hidden> {
  checkOneOf("split", split, splits);
  checkCommon(o, ["limit"]);
  checkWhole("limit", o.limit, 1);
  return ask(host, "hidden", { split, limit: o.limit ?? 2000 }, o);
}

export async function slowMotion(host: Host, image: Image, label: number): Promise<SlowMotion> {
  checkPlace("label", label);
  const picture = await toPicture(image);
  const transfer = picture instanceof ImageBitmap ? [picture] : [];
  return host.call("slowMotion", [{ image: picture, label }], { transfer });
}
