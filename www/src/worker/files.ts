/** Loads the user's own pictures into the core, with readers beside the training worker. */
import { abortedError, CnnLabError, stateError } from "../api/error";
import type { Added, DroppedFile, ReadFiles, ReadOptions } from "../api/protocol";
import { release } from "../api/release";
import type { DatasetInfo, FilesInfo, Progress, Shape, Split } from "../api/types";
import { mostReaders, readInOrder } from "./chunks";
import { splitNumbers, type Core, type PlanInfo, type ReadPictures } from "./core";
import { toNetpbm } from "./picture";
import { ReaderDied, ReaderPort, type Port } from "./reader-port";
import type { SerialQueue } from "./serial-queue";
import type { Pages } from "./storage";

/**
 * Pixels past this go to the browser's storage, and are read from there as they are needed.
 * While a set is loaded the present one stays, so memory can hold two: with this, a tab stays
 * near 1 GB, which small laptops and phones still give it, and WebAssembly's 4 GB are far.
 */
export const BUDGET = 512 * 2 ** 20;

/** More readers than this wait for the disk and for the core, and each takes memory. */
export const MOST_READERS = 4;

/** So many chunks a reader are read or wait; of about 8 MB of pixels at most. */
const AHEAD = 2;

/** What loading needs. */
export type Place = {
  core: Core;
  queue: SerialQueue;
  base: string;
  spawn: () => Port;
  /** How many readers there may be. */
  readers: number;
  budget: number;
  openPages: (bytes: number) => Promise<Pages>;
};

type Context = { signal: AbortSignal; onProgress: (progress: Progress) => void };

/** A reader, and the promise that it has its files. */
type Opening = { reader: ReaderPort; opened: Promise<void> };

/** Files that were handed over, and the reader that looks at them. */
export class Drop {
  readonly files: DroppedFile[] = [];
  #opening: Opening | null = null;

  constructor(readonly id: number) {}

  /** The reader for looks at the files; it stays for the next one, or for loading. */
  look(place: Place): Opening {
    if (!this.#opening || this.#opening.reader.ended) this.#opening = open(place, this.files);
    return this.#opening;
  }

  /** Whether a reader is still the one for looks. */
  looksWith(reader: ReaderPort): boolean {
    return this.#opening?.reader === reader;
  }

  /** Gives the reader away. */
  take(): Opening | null {
    const opening = this.#opening;
    this.#opening = null;
    return opening?.reader.ended ? null : opening;
  }

  /** Ends the reader; the files are forgotten with this. */
  end(): void {
    this.take()?.reader.end(abortedError());
  }
}

function open({ spawn, base }: Place, files: DroppedFile[]): Opening {
  const reader = new ReaderPort(spawn());
  const opened = reader.call("open", { base, files });
  opened.catch((error: unknown) => reader.end(error as Error));
  return { reader, opened };
}

/** What loading a drop would give. */
export async function inspectFiles(
  place: Place,
  drop: Drop,
  { options, warnings }: ReadFiles,
  { signal }: Context,
): Promise<FilesInfo> {
  // A look that is given up goes on in its reader, and the next one waits for it: most are
  // brief, and a fresh reader would have to be given all files again.
  const { reader, opened } = drop.look(place);
  await notDead(opened);
  signal.throwIfAborted();
  // A load took it, and works by its own plan.
  if (!drop.looksWith(reader)) throw abortedError();
  const info = await notDead(reader.call("plan", planOptions(options)));
  signal.throwIfAborted();
  const { name, kind, table, classes, shape, splits, counts, bytes } = info;
  return {
    name,
    kind,
    table,
    classes,
    shape,
    splits,
    counts,
    bytes,
    warnings: [...warnings, ...info.warnings],
    memory: memoryOf(place, info),
  };
}

/** Loads a drop in place of the present set, which stays until the new one is complete. */
export async function loadFiles(
  place: Place,
  drop: Drop,
  { options, warnings }: ReadFiles,
  { signal, onProgress }: Context,
): Promise<{ dataset: DatasetInfo; pages: Pages | undefined }> {
  const { core, queue } = place;
  signal.throwIfAborted();
  // From here on the reader is this load's: another look at the files gets its own.
  return withReaders(place, drop.files, { first: drop.take(), options, signal }, async ({ info, readAll }) => {
    const { bytes, paged } = memoryOf(place, info);
    const pictures = pictureCount(info);
    const pages = paged ? await place.openPages(bytes) : undefined;
    const { name, classes, shape } = info;
    try {
      await queue.run(() => {
        signal.throwIfAborted();
        core.beginDataset({ name, classes, shape, pictures }, pages?.file);
        core.warnDataset([...warnings, ...info.warnings]);
      });
      let done = 0;
      onProgress({ done, total: pictures, unit: "pictures" });
      await readAll(async (read, planned) => {
        await queue.run(() => {
          signal.throwIfAborted();
          core.pushPictures(read.labels, read.splits, read.names, read.sizes, read.pixels);
          release(read.pixels);
          if (read.warnings.length > 0) core.warnDataset(read.warnings);
        });
        done += planned;
        onProgress({ done, total: pictures, unit: "pictures" });
      });
      const dataset = await queue.run(() => {
        signal.throwIfAborted();
        return core.finishDataset();
      });
      return { dataset, pages };
    } catch (error) {
      // A chunk that is on its way to the core comes before this, or not at all.
      await queue.run(() => core.cancelDataset());
      await pages?.remove();
      throw error;
    }
  });
}

/**
 * Reads pictures, one file each, in the shape of a set, as what `addToDataset` takes. Those
 * that cannot be read are warnings; where none can, that is an error.
 */
export async function readPictures(
  place: Place,
  o: {
    pictures: (Blob | ImageBitmap)[];
    className: string;
    split: Split;
    shape: Shape;
    classes: string[];
    options: ReadOptions;
  },
  { signal, onProgress }: Context,
): Promise<Omit<Added<Uint8Array<ArrayBuffer>>, "begin">> {
  const total = o.pictures.length;
  const digits = String(total).length;
  const files: DroppedFile[] = [];
  for (const [i, picture] of o.pictures.entries()) {
    signal.throwIfAborted();
    const number = String(i + 1).padStart(digits, "0");
    if (picture instanceof File) files.push({ path: picture.name, file: picture });
    else if (picture instanceof Blob) files.push({ path: `picture ${number}.${endingOf(picture)}`, file: picture });
    else files.push({ path: `frame ${number}.ppm`, file: toNetpbm(picture) });
  }
  const [height, width, channels] = o.shape;
  const options: ReadOptions = {
    ...o.options,
    size: [height, width],
    color: channels === 1 ? "grayscale" : "rgb",
    className: o.className,
  };
  const parts: ReadPictures[] = [];
  let done = 0;
  return withReaders(place, files, { first: null, options, signal }, async ({ info, readAll }) => {
    await readAll((read, planned) => {
      parts.push(read);
      done += planned;
      onProgress({ done, total, unit: "pictures" });
      return Promise.resolve();
    });
    const names = parts.flatMap((part) => part.names);
    const warnings = [...info.warnings, ...parts.flatMap((part) => part.warnings)];
    if (names.length === 0) {
      const [why] = warnings;
      throw new CnnLabError({
        code: "files",
        ...(why && { file: why.file }),
        message: `None of the pictures can be read: ${why?.message ?? "they hold none."}`,
      });
    }
    const known = o.classes.indexOf(o.className);
    const label = known < 0 ? o.classes.length : known;
    return {
      classes: known < 0 ? [...o.classes, o.className] : o.classes,
      labels: new Uint16Array(names.length).fill(label),
      splits: new Uint8Array(names.length).fill(splitNumbers[o.split]),
      names,
      sizes: Uint32Array.from(parts.flatMap((part) => [...part.sizes])),
      pixels: joined(parts.map((part) => part.pixels)),
      warnings,
    };
  });
}

/** Adds pictures that were read to the present set, or begins one with them. */
export function addToDataset(core: Core, added: Added<Uint8Array<ArrayBuffer>>): DatasetInfo {
  const { begin, classes, labels, splits, names, sizes, pixels, warnings } = added;
  if (!begin) return core.addPictures(classes, labels, splits, names, sizes, pixels);
  core.beginDataset({ ...begin, classes, pictures: names.length });
  try {
    core.pushPictures(labels, splits, names, sizes, pixels);
    core.warnDataset(warnings);
    return core.finishDataset();
  } catch (error) {
    core.cancelDataset();
    throw error;
  }
}

type Reading = {
  info: PlanInfo;
  /** Reads all chunks; each is taken in order, with the number of pictures that it was to have. */
  readAll: (take: (read: ReadPictures, planned: number) => Promise<void>) => Promise<void>;
};

/** Plans how to read files and lends the readers to a task; they are ended after it. */
async function withReaders<T>(
  place: Place,
  files: DroppedFile[],
  o: { first: Opening | null; options: ReadOptions; signal: AbortSignal },
  task: (reading: Reading) => Promise<T>,
): Promise<T> {
  const readers: ReaderPort[] = [];
  const replaced = new Set<number>();
  const endAll = (): void => {
    for (const reader of readers) reader.end(abortedError());
  };
  o.signal.addEventListener("abort", endAll);
  try {
    const { reader: first, opened } = o.first ?? open(place, files);
    readers[0] = first;
    await notDead(opened);
    const info = await notDead(first.call("plan", planOptions(o.options)));
    const plan = await notDead(first.call("planBytes", undefined));
    const lanes = info.chunks.map(({ lane }) => lane);
    const decoder = o.options.decoder ?? "core";
    const decode = { decoder, shape: info.shape };
    await notDead(first.call("decodeWith", decode));

    const openFor = async (slot: number): Promise<ReaderPort> => {
      o.signal.throwIfAborted();
      const { reader, opened } = open(place, files);
      readers[slot] = reader;
      await opened;
      await reader.call("adopt", plan);
      await reader.call("decodeWith", decode);
      return reader;
    };
    const read = async (slot: number, chunk: number): Promise<ReadPictures> => {
      try {
        const reader = readers[slot] ?? (await openFor(slot));
        return await reader.call("read", chunk);
      } catch (error) {
        if (!(error instanceof ReaderDied)) throw error;
        if (replaced.has(slot)) throw cannotRead(info.name, error);
        replaced.add(slot);
      }
      // A chunk says where it lies, so a fresh reader finds it in a stream too.
      return notDead(openFor(slot).then((reader) => reader.call("read", chunk)), info.name);
    };
    const count = Math.max(1, Math.min(place.readers, mostReaders(lanes)));
    return await task({
      info,
      readAll: (take) =>
        readInOrder({
          lanes,
          readers: count,
          ahead: AHEAD * count,
          read,
          take: (pictures, chunk) => take(pictures, info.chunks[chunk]?.pictures ?? 0),
        }),
    });
  } finally {
    o.signal.removeEventListener("abort", endAll);
    endAll();
  }
}

/** A reader's end as an error for a person, where no other reader takes its place. */
async function notDead<T>(answer: Promise<T>, name = "These files"): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof ReaderDied ? cannotRead(name, error) : error;
  }
}

function cannotRead(name: string, error: ReaderDied): CnnLabError {
  return new CnnLabError({
    code: "files",
    message: `${name} could not be read, because the program that reads files stopped (${error.message}). Nothing was changed. Try with fewer files, to find the one at fault.`,
  });
}

function memoryOf(place: Place, info: PlanInfo): FilesInfo["memory"] {
  const [height, width, channels] = info.shape;
  const bytes = pictureCount(info) * height * width * channels;
  return { bytes, budget: place.budget, paged: bytes > place.budget };
}

function pictureCount({ splits }: PlanInfo): number {
  return splits.train + splits.validation + splits.test;
}

function planOptions({ decoder, ...options }: ReadOptions): Omit<ReadOptions, "decoder"> {
  return options;
}

function endingOf(picture: Blob): string {
  return /^image\/(\w+)/.exec(picture.type)?.[1] ?? "png";
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** No drop of that number is there. */
export function unknownDrop(): CnnLabError {
  return stateError("The files were given up for others; hand them over again.");
}
