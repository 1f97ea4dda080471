/**
 * Sets that are remembered in this browser, a file each: eight letters, the lengths of two
 * parts as little-endian 32-bit numbers, a few words about the set as JSON, the core's header,
 * and all pixels. It is named by a digest, because a set's name may be no file name.
 */
import { CnnLabError, stateError } from "../api/error";
import type { DatasetInfo, Progress, RememberedSet } from "../api/types";
import type { Core } from "./core";
import type { SerialQueue } from "./serial-queue";
import { checkRoom, noStorage, openFolder, writeWhole, type Pages } from "./storage";

const SUFFIX = ".set";
const MAGIC = "cnnlab01";
const PREFIX_BYTES = 16;
/** Pixels are written and read in pieces of about so many bytes. */
const PIECE = 8 * 2 ** 20;

type Place = { core: Core; queue: SerialQueue };
/** What a file begins with. */
type Start = { set: RememberedSet; pixelBytes: number; headerAt: number; pixelsAt: number };

/** Writes the present set. The pixels go piece by piece, so that training goes on meanwhile. */
export async function remember({ core, queue }: Place, info: DatasetInfo | null): Promise<void> {
  if (!info) throw stateError("There are no pictures to remember; load some first.");
  const folder = await openFolder();
  if (!folder) throw noStorage("Pictures cannot be remembered");
  const pictureBytes = info.shape.reduce((product, side) => product * side, 1);
  const pictures = Math.round(info.bytes / pictureBytes);
  const header = await queue.run(() => core.exportDataset());
  await checkRoom(info.bytes + header.length);
  await writeWhole(folder, await fileName(info.name), async (append) => {
    const { name, shape, classes, bytes } = info;
    const shown = Object.values(info.splits).reduce((sum, count) => sum + count, 0);
    const words = new TextEncoder().encode(
      JSON.stringify({ name, shape, classes, pictures: shown, pixelBytes: bytes }),
    );
    const prefix = new DataView(new ArrayBuffer(PREFIX_BYTES));
    for (let i = 0; i < MAGIC.length; i++) prefix.setUint8(i, MAGIC.charCodeAt(i));
    prefix.setUint32(8, words.length, true);
    prefix.setUint32(12, header.length, true);
    append(new Uint8Array(prefix.buffer));
    append(words);
    append(header);
    const piece = Math.max(1, Math.floor(PIECE / pictureBytes));
    for (let first = 0; first < pictures; first += piece) {
      const count = Math.min(piece, pictures - first);
      append(await queue.run(() => core.exportPixels(first, count)));
    }
    const after = await queue.run(() => core.exportDataset());
    if (!same(header, after)) {
      throw stateError("The set was changed while it was being remembered; remember it again.");
    }
  });
}

/** All remembered sets, by name. A file that cannot be read is passed over. */
export async function remembered(): Promise<RememberedSet[]> {
  const folder = await openFolder();
  const sets: RememberedSet[] = [];
  if (!folder) return sets;
  for await (const [name, handle] of folder.entries()) {
    if (!name.endsWith(SUFFIX) || handle.kind !== "file") continue;
    try {
      const file = await (handle).getFile();
      sets.push((await readStart(file, name)).set);
    } catch {
      // Nobody can load it; remembering a set of its name replaces it.
    }
  }
  return sets.sort((a, b) => a.name.localeCompare(b.name));
}

/** Loads a set as it was when it was remembered. The present one stays until it is complete. */
export async function loadRemembered(
  { core, queue }: Place,
  name: string,
  o: {
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
    /** Opens a file for pixels where so many do not fit into memory. */
    pagesFor: (bytes: number) => Promise<Pages | undefined>;
  },
): Promise<{ dataset: DatasetInfo; pages: Pages | undefined }> {
  const file = await find(name);
  const start = await readStart(file, name);
  const header = await bytesOf(file.slice(start.headerAt, start.pixelsAt), name);
  o.signal.throwIfAborted();
  const pages = await o.pagesFor(start.pixelBytes);
  try {
    await queue.run(() => core.importDataset(header, pages?.file));
    const pictureBytes = start.set.shape.reduce((product, side) => product * side, 1);
    const piece = Math.max(1, Math.floor(PIECE / pictureBytes)) * pictureBytes;
    const total = start.pixelBytes / pictureBytes;
    for (let at = 0; at < start.pixelBytes; at += piece) {
      const end = Math.min(at + piece, start.pixelBytes);
      const pixels = await bytesOf(file.slice(start.pixelsAt + at, start.pixelsAt + end), name);
      await queue.run(() => {
        o.signal.throwIfAborted();
        core.importPixels(pixels);
      });
      o.onProgress({ done: end / pictureBytes, total, unit: "pictures" });
    }
    o.signal.throwIfAborted();
    const dataset = await queue.run(() => core.finishDataset());
    return { dataset, pages };
  } catch (error) {
    await queue.run(() => core.cancelDataset());
    await pages?.remove();
    throw error;
  }
}

export async function forget(name: string): Promise<void> {
  const folder = await openFolder();
  await find(name);
  await folder?.removeEntry(await fileName(name));
}

async function find(name: string): Promise<File> {
  const folder = await openFolder();
  try {
    const handle = await folder?.getFileHandle(await fileName(name));
    if (handle) return await handle.getFile();
  } catch {
    // Not there.
  }
  throw new CnnLabError({
    code: "data-missing",
    file: name,
    message: `No set of the name ${name} is remembered in this browser.`,
  });
}

/** Reads what a file begins with, and checks that the rest is as long as it says. */
async function readStart(file: File, name: string): Promise<Start> {
  const prefix = new DataView((await bytesOf(file.slice(0, PREFIX_BYTES), name)).buffer);
  if (prefix.byteLength < PREFIX_BYTES) throw damaged(name);
  const letters = Array.from({ length: MAGIC.length }, (_, i) => prefix.getUint8(i));
  if (String.fromCharCode(...letters) !== MAGIC) throw damaged(name);
  const headerAt = PREFIX_BYTES + prefix.getUint32(8, true);
  const pixelsAt = headerAt + prefix.getUint32(12, true);
  const words = new TextDecoder().decode(await bytesOf(file.slice(PREFIX_BYTES, headerAt), name));
  try {
    const { pixelBytes, ...set } = JSON.parse(words) as Omit<RememberedSet, "bytes"> & { pixelBytes: number };
    const whole = file.size === pixelsAt + pixelBytes && Array.isArray(set.classes);
    if (whole) return { set: { ...set, bytes: file.size }, pixelBytes, headerAt, pixelsAt };
  } catch {
    // No JSON, or other JSON.
  }
  throw damaged(name);
}

async function bytesOf(part: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch {
    throw damaged(name);
  }
}

function damaged(name: string): CnnLabError {
  return new CnnLabError({
    code: "storage",
    file: name,
    message: `What this browser keeps of ${name} is damaged. Forget it, and load the pictures from their files.`,
  });
}

async function fileName(set: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(set)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") + SUFFIX;
}

function same(these: Uint8Array, those: Uint8Array): boolean {
  return these.length === those.length && these.every((byte, i) => byte === those[i]);
}
