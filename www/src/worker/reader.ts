/**
 * A reader: a worker that turns dropped files into pictures, one chunk a call. It loads a
 * module without the network, so it starts fast and takes little memory.
 */
import { fieldsOf, toCnnLabError } from "../api/error";
import { loadReader, type Reader, type ReadPictures } from "./core";
import { SerialQueue } from "./serial-queue";
import { transferables } from "./transferables";
import type { FromReader, ReaderCalls, ToReader } from "./reader-port";

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

/**
 * Reads a chunk with the browser's own decoder; tables have nothing for it to decode. What it
 * cannot read, our own decoder reads, or says why not.
 */
async function readWithBrowser(from: Reader, chunk: number): Promise<ReadPictures> {
  const files = from.encoded(chunk);
  if (!files) return from.read(chunk);
  let ours: ReadPictures | undefined;
  const read: typeof files = [];
  const sizes: number[] = [];
  const pixels = new Uint8Array(files.length * pictureBytes);
  for (const file of files) {
    const picture = file.bytes.length > 0 ? await decode(file.bytes) : null;
    if (picture) {
      const { rgba, width, height } = picture;
      pixels.set(from.fit(rgba, width, height), read.length * pictureBytes);
      sizes.push(height, width);
    } else {
      ours ??= from.read(chunk);
      const place = ours.names.indexOf(file.name);
      if (place < 0) continue;
      pixels.set(ours.pixels.subarray(place * pictureBytes, (place + 1) * pictureBytes), read.length * pictureBytes);
      sizes.push(...ours.sizes.subarray(2 * place, 2 * place + 2));
    }
    read.push(file);
  }
  const there = new Set(read.map(({ name }) => name));
  return {
    labels: Uint16Array.from(read, ({ label }) => label),
    splits: Uint8Array.from(read, ({ split }) => split),
    names: read.map(({ name }) => name),
    sizes: Uint32Array.from(sizes),
    pixels: pixels.slice(0, read.length * pictureBytes),
    warnings: ours ? ours.warnings.filter(({ file }) => !there.has(file)) : [],
  };
}

let canvas: OffscreenCanvas | undefined;

/**
 * Decodes as our own decoder does: upright, and the file's numbers whatever its colour
 * profile. Null where the browser cannot.
 */
async function decode(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<{ rgba: Uint8Array; width: number; height: number } | null> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes]), {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
      imageOrientation: "from-image",
    });
  } catch {
    return null;
  }
  const { width, height } = bitmap;
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context) {
    context.globalCompositeOperation = "copy";
    context.drawImage(bitmap, 0, 0);
  }
  bitmap.close();
  const data = context?.getImageData(0, 0, width, height).data;
  return data ? { rgba: new Uint8Array(data.buffer), width, height } : null;
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
