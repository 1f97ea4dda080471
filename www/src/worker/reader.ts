/**
 * A reader: a worker that turns dropped files into pictures, one chunk a call. It loads a
 * module without the network, so it starts fast and takes little memory.
 */
import { CnnLabError, fieldsOf, toCnnLabError } from "../api/error";
import type { FileWarning } from "../api/types";
import { loadReader, type Reader, type ReadPictures } from "./core";
import { SerialQueue } from "./serial-queue";
import { transferables } from "./transferables";
import type { FromReader, ReaderCalls, ToReader } from "./reader-port";

/** As the core refuses them: more would take more memory than a picture is worth. */
const MOST_PIXELS = 64_000_000;

const scope = self as unknown as {
  postMessage: (message: FromReader, transfer: Transferable[]) => void;
};

let reader: Reader | undefined;
/** The pictures' height x width x channels. */
let pictureBytes = 0;
let decoder: "core" | "browser" = "core";

function opened(): Reader {
  if (!reader) throw new Error("the reader has no files yet");
  return reader;
}

const handlers: { [M in keyof ReaderCalls]: (o: Parameters<ReaderCalls[M]>[0]) => unknown } = {
  open: async ({ base, files }) => {
    const Reader = await loadReader(base);
    reader = new Reader(files);
  },
  plan: (options) => opened().plan(options),
  planBytes: () => opened().planBytes(),
  adopt: (plan) => opened().adopt(plan),
  decodeWith: (o) => {
    decoder = o.decoder;
    pictureBytes = o.shape.reduce((product, side) => product * side, 1);
  },
  read: (chunk) =>
    decoder === "browser" ? readWithBrowser(opened(), chunk) : opened().read(chunk),
};

/** Reads a chunk with the browser's own decoder; tables have nothing for it to decode. */
async function readWithBrowser(from: Reader, chunk: number): Promise<ReadPictures> {
  const files = from.encoded(chunk);
  if (!files) return from.read(chunk);
  const warnings: FileWarning[] = [];
  const sizes: number[] = [];
  const pixels = new Uint8Array(files.length * pictureBytes);
  const read: typeof files = [];
  for (const file of files) {
    try {
      const { rgba, width, height } = await decode(file.bytes);
      pixels.set(from.fit(rgba, width, height), read.length * pictureBytes);
      sizes.push(height, width);
      read.push(file);
    } catch (error) {
      const { code, message } = toCnnLabError(error);
      if (code === "panic") throw error;
      warnings.push({ file: file.name, message });
    }
  }
  return {
    labels: Uint16Array.from(read, ({ label }) => label),
    splits: Uint8Array.from(read, ({ split }) => split),
    names: read.map(({ name }) => name),
    sizes: Uint32Array.from(sizes),
    pixels: pixels.slice(0, read.length * pictureBytes),
    warnings,
  };
}

let canvas: OffscreenCanvas | undefined;

/** Decodes as our own decoder does: upright, and the file's numbers whatever its colour profile. */
async function decode(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ rgba: Uint8Array; width: number; height: number }> {
  const image = (message: string): CnnLabError => new CnnLabError({ code: "image", message });
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      imageOrientation: "from-image",
    });
  } catch {
    throw image("The browser cannot read this picture, so it was passed over.");
  }
  const { width, height } = bitmap;
  try {
    if (width * height > MOST_PIXELS) {
      throw image(`This picture has ${width} x ${height} pixels, which is too many, so it was passed over.`);
    }
    canvas ??= new OffscreenCanvas(width, height);
    if (canvas.width < width) canvas.width = width;
    if (canvas.height < height) canvas.height = height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw image("This browser gives no canvas to read pictures with.");
    context.globalCompositeOperation = "copy";
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { rgba: new Uint8Array(data.buffer), width, height };
  } finally {
    bitmap.close();
  }
}

/** A call can wait for the module or for the browser's decoder; the next one waits with it. */
const queue = new SerialQueue();

self.addEventListener("message", ({ data }: MessageEvent<ToReader>) => {
  void queue.run(() => answer(data));
});

async function answer({ id, method, arg }: ToReader): Promise<void> {
  try {
    // `ReaderCalls` gives method and argument their types; over the wire they are only data.
    const result = await (handlers[method] as (arg: unknown) => unknown)(arg);
    scope.postMessage({ id, result }, transferables(result));
  } catch (error) {
    scope.postMessage({ id, error: fieldsOf(toCnnLabError(error)) }, []);
  }
}
