/** What goes to the worker of the user's files and when, and what is kept to go on with. */
import { beforeEach, expect, test } from "vitest";
import type { CallOptions } from "./connection";
import { abortedError } from "./error";
import { handOver } from "./hand-over";
import type { Host } from "./host";
import { OwnPictures } from "./own-pictures";
import type { DroppedFile, Edit, Method } from "./protocol";
import { emptyMemory } from "./recovery";

type Told = { method: Method; arg: never };

let told: Told[];
/** Loads wait for this; by default they answer at once. */
let hold: Promise<void> | undefined;

function fakeHost(): Host {
  return {
    memory: emptyMemory(),
    worker: 1,
    call: async (method: Method, [arg]: [never], o?: CallOptions) => {
      told.push({ method, arg });
      if (method === "loadFiles") {
        await new Promise<void>((resolve, reject) => {
          o?.signal?.addEventListener("abort", () => reject(abortedError()));
          void (hold ?? Promise.resolve()).then(resolve);
        });
      }
      const dataset = { name: method };
      return method === "addPictures" ? { dataset, added: { pixels: new Uint8Array([1, 2]) } } : dataset;
    },
  } as unknown as Host;
}

let host: Host;
let own: OwnPictures;

beforeEach(() => {
  told = [];
  hold = undefined;
  host = fakeHost();
  own = new OwnPictures(host);
});

const files = (count: number): File[] => Array.from({ length: count }, (_, i) => new File(["x"], `${i}.jpg`));
const methods = (): Method[] => told.map(({ method }) => method);

test("many files go in pieces, and only once for a look and a load", async () => {
  const source = files(600);
  await own.inspect(source, { size: [10, 10] });
  await own.load(source, { size: [10, 10], className: undefined });
  expect(methods().filter((method) => method !== "takeFiles")).toEqual(["inspectFiles", "loadFiles"]);
  const pieces = told.slice(0, -2).map(({ arg }) => (arg as { files: DroppedFile[] }).files);
  expect(pieces.flat().map(({ path }) => path)).toEqual(source.map(({ name }) => name));
  expect(pieces.length).toBeGreaterThan(3);
  expect(told.at(-1)!.arg).toMatchObject({ options: { size: [10, 10] }, warnings: [] });
  expect((told.at(-1)!.arg as { options: object }).options).not.toHaveProperty("className");
});

test("pieces shrink where handing over is slow", async () => {
  const sizes: number[] = [];
  await handOver((_, [arg], o) => {
    const { length } = (arg as { files: DroppedFile[] }).files;
    sizes.push(length);
    o?.onSent?.(length);
    return Promise.resolve() as never;
  }, Array.from({ length: 100 }, (_, i) => ({ path: String(i), file: new Blob() })));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(100);
  expect(Math.max(...sizes.slice(1))).toBe(10);
});

test("other files, and the same after another worker took over, go again", async () => {
  const source = files(2);
  await own.load(source, {});
  await own.load([...source, ...files(1)], {});
  await own.load([...source], {});
  (host as { worker: number }).worker = 2;
  await own.load([...source], {});
  expect(methods().filter((method) => method === "takeFiles")).toHaveLength(4);
});

test("a second load aborts the first, and the second is what is kept", async () => {
  let release = (): void => undefined;
  hold = new Promise((resolve) => (release = resolve));
  const first = own.load(files(1), {});
  const second = own.load(files(2), {});
  await expect(first).rejects.toMatchObject({ code: "aborted" });
  release();
  await second;
  expect(host.memory.source).toMatchObject({ kind: "files", files: [{ path: "0.jpg" }, { path: "1.jpg" }] });
});

test("what a drop held is kept for later calls with it", async () => {
  let over = false;
  const source = {
    items: [{ kind: "file", webkitGetAsEntry: () => null, getAsFile: () => (over ? null : new File(["x"], "a.zip")) }],
    files: [],
    getData: () => "",
  } as unknown as DataTransfer;
  const look = own.inspect(source, {});
  over = true;
  await look;
  await own.load(source, {});
  await own.load(source, {});
  expect(host.memory.source).toMatchObject({ kind: "files", files: [{ path: "a.zip" }] });
});

test("an older look ends when a newer one begins", async () => {
  const older = own.inspect(files(600), {});
  const newer = own.inspect(files(1), {});
  await expect(older).rejects.toMatchObject({ code: "aborted" });
  await newer;
});

test("changes are kept in order; a division replaces the one before it", async () => {
  await own.load(files(1), {});
  const edits: Edit[] = [
    { kind: "split", options: { validation: 0.1 } },
    { kind: "split", options: { validation: 0.2 } },
    { kind: "rename", label: 0, name: "cat" },
    { kind: "split", options: { validation: 0.3 } },
  ];
  for (const edit of edits) await own.edit(edit);
  expect(host.memory.edits).toEqual(edits.slice(1));
  await own.load(files(1), {});
  expect(host.memory.edits).toEqual([]);
});

test("added pictures begin a set where there is none, and are kept with their pixels", async () => {
  await own.add([new Blob(["x"])], { className: "cat" });
  expect(told[0]!.arg).toMatchObject({ begin: { shape: [64, 64, 3] }, split: "train", options: { fit: "crop" } });
  expect(host.memory.source).toEqual({ kind: "begun" });
  await own.add([new Blob(["x"])], { className: "dog" });
  expect(told[1]!.arg).toMatchObject({ begin: null });
  expect(host.memory.edits.map(({ kind }) => kind)).toEqual(["add", "add"]);
  const [edit] = host.memory.edits as Extract<Edit, { kind: "add" }>[];
  expect(edit!.added.pixels).toBeInstanceOf(Blob);
  expect(edit!.added.pixels.size).toBe(2);
});

test("added pictures are fitted as the set was", async () => {
  await own.load(files(1), { fit: "pad" });
  await own.add([new Blob(["x"])], { className: "dog" });
  expect(told.at(-1)!.arg).toMatchObject({ begin: null, options: { fit: "pad", filter: "triangle" } });
  await own.add([new Blob(["x"])], { className: "dog", begin: true, size: [32, 48], color: "grayscale" });
  expect(told.at(-1)!.arg).toMatchObject({ begin: { shape: [32, 48, 1] } });
});
