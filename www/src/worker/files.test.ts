/**
 * Loading with readers and a core that do what a test tells them. The real ones are wasm,
 * which the end-to-end tests load with real files.
 */
import { beforeEach, expect, test } from "vitest";
import { toCnnLabError, type ErrorFields } from "../api/error";
import type { ReadFiles, ReadOptions } from "../api/protocol";
import type { DatasetInfo, Progress } from "../api/types";
import type { ChunkInfo, Core, PlanInfo, ReadPictures, SyncFile } from "./core";
import { addToDataset, BUDGET, Drop, inspectFiles, loadFiles, readPictures, type Place } from "./files";
import type { Port, ToReader } from "./reader-port";
import { SerialQueue } from "./serial-queue";
import type { Pages } from "./storage";

const shape: [number, number, number] = [2, 2, 1];

/** What the readers find, and what goes wrong with them. */
let chunks: ChunkInfo[];
let planError: ErrorFields | undefined;
/** How often reading a chunk brings its reader down. */
let deaths: Map<number, number>;
/** Chunks that are never read. */
let stuck: Set<number>;
let readers: FakeReader[];
let log: string[];
/** What `pushPictures` throws. */
let pushError: Error | undefined;
let pages: (Pages & { removed: boolean })[];

class FakeReader implements Port {
  readonly calls: ToReader[] = [];
  terminated = false;
  #listeners: Record<string, (event: never) => void> = {};

  addEventListener(type: string, listener: unknown): void {
    this.#listeners[type] = listener as (event: never) => void;
  }

  postMessage(message: unknown): void {
    const call = message as ToReader;
    this.calls.push(call);
    setTimeout(() => this.#answer(call), Math.random() * 3);
  }

  terminate(): void {
    this.terminated = true;
  }

  #answer({ id, method, arg }: ToReader): void {
    if (this.terminated) return;
    const say = (data: unknown): void => this.#listeners["message"]?.({ data } as never);
    if (method === "plan" && planError) {
      say({ id, error: planError });
    } else if (method === "plan") {
      say({ id, result: planOf(arg as ReadOptions) });
    } else if (method === "read" && stuck.has(arg as number)) {
      return;
    } else if (method === "read" && (deaths.get(arg as number) ?? 0) > 0) {
      deaths.set(arg as number, deaths.get(arg as number)! - 1);
      this.#listeners["error"]?.({ message: "unreachable", preventDefault: () => undefined } as never);
    } else {
      say({ id, result: method === "read" ? picturesOf(arg as number) : new Uint8Array(1) });
    }
  }

  get reads(): number[] {
    return this.calls.filter(({ method }) => method === "read").map(({ arg }) => arg as number);
  }
}

function planOf(options: ReadOptions): PlanInfo {
  const pictures = chunks.reduce((sum, chunk) => sum + chunk.pictures, 0);
  return {
    name: "photos",
    kind: "a folder of pictures",
    table: false,
    classes: ["cat", "dog"],
    shape: options.size ? [...options.size, 1] : shape,
    splits: { train: pictures, validation: 0, test: 0 },
    counts: { train: [pictures, 0], validation: [0, 0], test: [0, 0] },
    warnings: [{ file: "notes.txt", message: "It is no picture." }],
    bytes: 1000,
    chunks,
  };
}

/** Each picture of a chunk has the chunk's number as its name and pixels; the last of chunk 1 is damaged. */
function picturesOf(chunk: number): ReadPictures {
  const count = chunks[chunk]!.pictures - (chunk === 1 ? 1 : 0);
  return {
    labels: new Uint16Array(count),
    splits: new Uint8Array(count),
    names: Array.from({ length: count }, (_, i) => `${chunk}/${i}.jpg`),
    sizes: new Uint32Array(2 * count).fill(10),
    pixels: new Uint8Array(4 * count).fill(chunk),
    warnings: chunk === 1 ? [{ file: "1/broken.jpg", message: "It is cut off." }] : [],
  };
}

const core = {
  beginDataset: ({ name, pictures }: { name: string; pictures: number }, store?: SyncFile) =>
    log.push(`begin ${name} ${pictures}${store ? " on disk" : ""}`),
  pushPictures: (labels: Uint16Array, _: Uint8Array, names: string[], __: Uint32Array, pixels: Uint8Array) => {
    if (pushError) throw pushError;
    log.push(`push ${labels.length} ${names[0]} ${pixels[0]}`);
  },
  warnDataset: (warnings: { file: string }[]) => log.push(`warn ${warnings.map(({ file }) => file).join()}`),
  finishDataset: () => {
    log.push("finish");
    return { name: "photos" } as DatasetInfo;
  },
  cancelDataset: () => log.push("cancel"),
  addPictures: (classes: string[], labels: Uint16Array) => {
    log.push(`add ${labels.length} of ${classes[labels[0]!]} to ${classes.join()}`);
    return { name: "photos" } as DatasetInfo;
  },
} as unknown as Core;

function place(o: { readers?: number; budget?: number } = {}): Place {
  return {
    core,
    queue: new SerialQueue(),
    base: "https://lab.example/",
    spawn: () => {
      const reader = new FakeReader();
      readers.push(reader);
      return reader;
    },
    readers: o.readers ?? 2,
    budget: o.budget ?? BUDGET,
    openPages: () => {
      const opened = { file: {} as SyncFile, removed: false, remove: () => Promise.resolve(void (opened.removed = true)) };
      pages.push(opened);
      return Promise.resolve(opened);
    },
  };
}

const request = (options: ReadOptions = {}): ReadFiles => ({
  drop: 1,
  options,
  warnings: [{ file: "gone.jpg", message: "It is not there any more." }],
});

function dropped(): Drop {
  const drop = new Drop(1);
  drop.files.push({ path: "photos/cat/1.jpg", file: new Blob(["x"]) });
  return drop;
}

async function load(
  o: { place?: Place; drop?: Drop; signal?: AbortSignal; options?: ReadOptions } = {},
): Promise<{ error: { code: string; message: string } | undefined; progress: Progress[]; paged: boolean }> {
  const progress: Progress[] = [];
  const context = { signal: o.signal ?? new AbortController().signal, onProgress: (told: Progress) => progress.push(told) };
  try {
    const loaded = await loadFiles(o.place ?? place(), o.drop ?? dropped(), request(o.options), context);
    return { error: undefined, progress, paged: loaded.pages !== undefined };
  } catch (thrown) {
    return { error: toCnnLabError(thrown), progress, paged: false };
  }
}

const free = (count: number): ChunkInfo[] => Array.from({ length: count }, () => ({ lane: null, pictures: 10 }));

/** What a core hears of ten free chunks. */
const whole = [
  "begin photos 100",
  "warn gone.jpg,notes.txt",
  "push 10 0/0.jpg 0",
  "push 9 1/0.jpg 1",
  "warn 1/broken.jpg",
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((chunk) => `push 10 ${chunk}/0.jpg ${chunk}`),
  "finish",
];

beforeEach(() => {
  chunks = free(10);
  planError = undefined;
  deaths = new Map();
  stuck = new Set();
  readers = [];
  log = [];
  pushError = undefined;
  pages = [];
});

test("the set is the same for any number of readers, and all of them are ended", async () => {
  for (const count of [1, 2, 4]) {
    log = [];
    readers = [];
    const { error, progress } = await load({ place: place({ readers: count }) });
    expect(error).toBeUndefined();
    expect(log).toEqual(whole);
    expect(readers).toHaveLength(count);
    expect(readers.every(({ terminated }) => terminated)).toBe(true);
    expect(progress[0]).toEqual({ done: 0, total: 100, unit: "pictures" });
    expect(progress.at(-1)).toEqual({ done: 100, total: 100, unit: "pictures" });
  }
});

test("one plan, made once, is what all readers read by", async () => {
  await load({ options: { size: [4, 4], decoder: "browser" } });
  const calls = readers.flatMap(({ calls }) => calls);
  expect(calls.filter(({ method }) => method === "plan").map(({ arg }) => arg)).toEqual([{ size: [4, 4] }]);
  expect(readers[1]!.calls.map(({ method }) => method).slice(0, 3)).toEqual(["open", "adopt", "decodeWith"]);
  expect(readers.map(({ calls }) => calls.find(({ method }) => method === "decodeWith")!.arg)).toEqual([
    { decoder: "browser", shape: [4, 4, 1] },
    { decoder: "browser", shape: [4, 4, 1] },
  ]);
});

test("a stream needs one reader only", async () => {
  chunks = chunks.map((chunk) => ({ ...chunk, lane: 0 }));
  await load({ place: place({ readers: 4 }) });
  expect(log).toEqual(whole);
  expect(readers).toHaveLength(1);
});

test("a look gives what loading would, and its reader loads", async () => {
  const drop = dropped();
  const here = place({ budget: 399 });
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  const info = await inspectFiles(here, drop, request(), context);
  expect(info).toMatchObject({
    kind: "a folder of pictures",
    table: false,
    warnings: [{ file: "gone.jpg" }, { file: "notes.txt" }],
    memory: { bytes: 400, budget: 399, paged: true },
  });
  expect(info).not.toHaveProperty("chunks");
  await inspectFiles(here, drop, request({ size: [1, 1] }), context);
  expect(readers).toHaveLength(1);
  expect((await load({ place: here, drop })).paged).toBe(true);
  expect(readers).toHaveLength(2);
  expect(log).toEqual(["begin photos 100 on disk", ...whole.slice(1)]);
});

test("a look during a load has a reader of its own", async () => {
  const drop = dropped();
  const here = place();
  const loading = load({ place: here, drop });
  const context = { signal: new AbortController().signal, onProgress: () => undefined };
  await inspectFiles(here, drop, request({ size: [1, 1] }), context);
  expect((await loading).error).toBeUndefined();
  expect(log).toEqual(whole);
});

test("cancelling ends the readers and leaves the core as it was, at every moment", async () => {
  for (const wait of [0, 2, 5, 10, 15]) {
    log = [];
    readers = [];
    stuck = new Set([5]);
    const controller = new AbortController();
    const loading = load({ place: place({ budget: 0 }), signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, wait));
    controller.abort();
    expect((await loading).error?.code).toBe("aborted");
    expect(readers.every(({ terminated }) => terminated)).toBe(true);
    expect(log).not.toContain("finish");
    if (log.length > 0) expect(log.at(-1)).toBe("cancel");
    expect(pages.every(({ removed }) => removed)).toBe(true);
    const before = log.length;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(log).toHaveLength(before);
  }
});

test("a reader that dies is replaced, and nothing of the set is lost", async () => {
  deaths = new Map([[4, 1]]);
  const { error } = await load();
  expect(error).toBeUndefined();
  expect(log).toEqual(whole);
  expect(readers).toHaveLength(3);
});

test("the rest of a stream goes to the reader that replaces its own", async () => {
  chunks = chunks.map((chunk) => ({ ...chunk, lane: 0 }));
  deaths = new Map([[3, 1]]);
  await load();
  expect(log).toEqual(whole);
  expect(readers.map(({ reads }) => reads)).toEqual([
    [0, 1, 2, 3],
    [3, 4, 5, 6, 7, 8, 9],
  ]);
});

test("readers that keep dying are an error, and the present set stays", async () => {
  deaths = new Map([[4, 9]]);
  const { error } = await load({ place: place({ readers: 1 }) });
  expect(error).toMatchObject({ code: "files", message: expect.stringContaining("unreachable") as string });
  expect(log.at(-1)).toBe("cancel");
  expect(readers.every(({ terminated }) => terminated)).toBe(true);
});

test("files that nothing can be learned from touch nothing", async () => {
  planError = { code: "files", message: "There is only one class.", file: "photos" };
  expect((await load()).error).toMatchObject({ code: "files", file: "photos" });
  expect(log).toEqual([]);
  expect(readers.every(({ terminated }) => terminated)).toBe(true);
});

test("a full disk is told, and its file is removed", async () => {
  pushError = new DOMException("full", "QuotaExceededError");
  expect((await load({ place: place({ budget: 0 }) })).error).toMatchObject({ code: "quota" });
  expect(log.at(-1)).toBe("cancel");
  expect(pages.map(({ removed }) => removed)).toEqual([true]);
});

const context = { signal: new AbortController().signal, onProgress: () => undefined };
const adding = { className: "bird", split: "test" as const, shape, classes: ["cat", "dog"], options: {} };

test("added pictures are read in the set's shape, into their class or a new one", async () => {
  chunks = free(2);
  const pictures = [new File(["x"], "sparrow.jpg"), new Blob(["y"], { type: "image/webp" })];
  const added = await readPictures(place({ readers: 1 }), { ...adding, pictures }, context);
  expect(readers[0]!.calls[0]).toMatchObject({ method: "open", arg: { files: [{ path: "sparrow.jpg" }, { path: "picture 2.webp" }] } });
  expect(readers[0]!.calls[1]).toMatchObject({ method: "plan", arg: { size: [2, 2], color: "grayscale", className: "bird" } });
  expect(added).toMatchObject({ classes: ["cat", "dog", "bird"], warnings: [{ file: "notes.txt" }, { file: "1/broken.jpg" }] });
  expect([...added.labels]).toEqual(Array.from({ length: 19 }, () => 2));
  expect([...added.splits]).toEqual(Array.from({ length: 19 }, () => 2));
  expect([...added.pixels]).toEqual([...new Array<number>(40).fill(0), ...new Array<number>(36).fill(1)]);
  addToDataset(core, { begin: null, ...added });
  expect(log).toEqual(["add 19 of bird to cat,dog,bird"]);

  const known = await readPictures(place(), { ...adding, className: "dog", pictures }, context);
  expect([known.classes, known.labels[0]]).toEqual([["cat", "dog"], 1]);
});

test("pictures can begin a set; where none can be read, that is an error", async () => {
  chunks = free(1);
  const added = await readPictures(place(), { ...adding, classes: [], pictures: [new Blob(["x"])] }, context);
  addToDataset(core, { begin: { name: "My pictures", shape }, ...added });
  expect(log).toEqual(["begin My pictures 10", "push 10 0/0.jpg 0", "warn notes.txt", "finish"]);
  chunks = [];
  await expect(readPictures(place(), { ...adding, pictures: [new Blob(["x"])] }, context)).rejects.toMatchObject({ code: "files", file: "notes.txt" });
});
