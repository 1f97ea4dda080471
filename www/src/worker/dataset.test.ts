/**
 * Loading against a real server and real shards. Only the core is a recorder here: the wasm
 * module does not run in Node; the end-to-end tests load into the real one.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { toCnnLabError } from "../api/error";
import type { DatasetInfo, Progress } from "../api/types";
import type { Core } from "./core";
import { bundled, loadBundled } from "./dataset";
import { SerialQueue } from "./serial-queue";

/** What the server does wrong with a file, how often. */
type Fault = { kind: "missing" | "refused" | "cut" | "damaged" | "slow"; times: number };

const payloads = [1, 2, 3, 4, 5].map((number) => new Uint8Array(2000).fill(number));
const files = payloads.map((payload) => gzipSync(payload));
const manifest = {
  version: 1,
  missing: [{ name: "cifar10", title: "CIFAR-10", reason: "It could not be downloaded." }],
  sets: [
    {
      name: "set",
      title: "A set",
      description: "Pictures.",
      source: "Nobody.",
      classes: ["a", "b"],
      shape: [1, 1, 1],
      train: 4000,
      test: 1000,
      bytes: files.reduce((sum, file) => sum + file.length, 0),
      shards: files.map((file, index) => ({
        file: `set/${index}.bin`,
        split: index < 4 ? "train" : "test",
        count: 1000,
        encoding: "pixels",
        compression: "gzip",
        bytes: file.length,
        rawBytes: 2000,
        crc32: 0,
      })),
    },
  ],
};

let server: Server;
let base: string;
let faults: Record<string, Fault> = {};
let asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const body = path.endsWith("manifest.json")
      ? Buffer.from(JSON.stringify(manifest))
      : Buffer.from(files[Number(/(\d)\.bin$/.exec(path)?.[1])]!);
    const fault = faults[path];
    const kind = fault && fault.times-- > 0 ? fault.kind : undefined;
    if (kind === "slow") return; // Answers when the test is long over.
    if (kind === "missing" || kind === "refused") response.writeHead(kind === "missing" ? 404 : 503);
    if (kind === "damaged") body.fill(0, 10);
    response.end(kind === "cut" ? body.subarray(0, body.length - 5) : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lab/`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  faults = {};
  asked = [];
});

/** Loads, and tells what the core was given. */
async function load(o: { name?: string; limit?: number; signal?: AbortSignal } = {}): Promise<{
  calls: string[];
  progress: Progress[];
  error: { code: string; file?: string } | undefined;
}> {
  const calls: string[] = [];
  const progress: Progress[] = [];
  const core = {
    beginDataset: ({ name }: { name: string }) => calls.push(`begin ${name}`),
    pushShard: ({ file }: { file: string }, payload: Uint8Array, take: number) => {
      calls.push(`push ${file}: ${take}`);
      expect(payload).toEqual(payloads[Number(/\d/.exec(file)?.[0])]);
    },
    finishDataset: () => calls.push("finish"),
    cancelDataset: () => calls.push("cancel"),
  } as unknown as Core;
  try {
    await loadBundled(
      { core, queue: new SerialQueue(), base },
      {
        name: o.name ?? "set",
        limit: o.limit,
        signal: o.signal ?? new AbortController().signal,
        onProgress: (told) => progress.push(told),
      },
    );
    return { calls, progress, error: undefined };
  } catch (thrown) {
    return { calls, progress, error: toCnnLabError(thrown) };
  }
}

const whole = [
  "begin set",
  ...[0, 1, 2, 3, 4].map((index) => `push set/${index}.bin: 1000`),
  "finish",
];

test("the list says what there is, and what is missing", async () => {
  const { sets, missing } = await bundled(base);
  expect(sets).toMatchObject([{ name: "set", cached: false, preview: null, train: 4000 }]);
  expect(sets[0]).not.toHaveProperty("shards");
  expect(missing).toEqual(manifest.missing);
});

test("shards come in order and progress counts the bytes of their files", async () => {
  const { calls, progress, error } = await load();
  expect(error).toBeUndefined();
  expect(calls).toEqual(whole);
  const total = manifest.sets[0]!.bytes;
  expect(progress.at(-1)).toEqual({ done: total, total, unit: "bytes" });
  expect(progress.map(({ done }) => done)).toEqual(progress.map(({ done }) => done).sort((a, b) => a - b));
});

test("a limit fetches no more than it needs", async () => {
  const { calls } = await load({ limit: 1200 });
  expect(calls).toEqual([
    "begin set",
    "push set/0.bin: 1000",
    "push set/1.bin: 200",
    "push set/4.bin: 1000",
    "finish",
  ]);
  expect(asked.filter((path) => path.endsWith(".bin"))).toHaveLength(3);
});

test.each([
  ["refused", "network"],
  ["cut", "shard-truncated"],
  ["damaged", "shard-corrupt"],
] as const)("a shard that is %s is tried twice and named", async (kind, code) => {
  faults["/lab/data/set/2.bin"] = { kind, times: 1 };
  expect((await load()).calls).toEqual(whole);
  faults["/lab/data/set/2.bin"] = { kind, times: 2 };
  const { calls, error } = await load();
  expect(error).toMatchObject({ code, file: "set/2.bin" });
  expect(calls).toEqual(["begin set", "push set/0.bin: 1000", "push set/1.bin: 1000", "cancel"]);
});

test("a missing file is asked for once and named", async () => {
  faults["/lab/data/set/2.bin"] = { kind: "missing", times: 9 };
  expect((await load()).error).toMatchObject({ code: "data-missing", file: "set/2.bin" });
  expect(asked.filter((path) => path.endsWith("2.bin"))).toHaveLength(1);
  faults["/lab/data/manifest.json"] = { kind: "missing", times: 1 };
  expect((await load()).error).toMatchObject({ code: "data-missing", file: "data/manifest.json" });
  expect((await load({ name: "cifar10" })).error).toMatchObject({ code: "data-missing" });
});

test("cancelling ends every download and leaves the core as it was", async () => {
  faults["/lab/data/set/1.bin"] = { kind: "slow", times: 9 };
  const controller = new AbortController();
  const loading = load({ signal: controller.signal });
  while (!asked.some((path) => path.endsWith("1.bin"))) await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  const { calls, error } = await loading;
  expect(error).toMatchObject({ code: "aborted" });
  expect(calls.at(-1)).toBe("cancel");
  expect(calls).not.toContain("finish");
});

test("what the core finds wrong is tried once more", async () => {
  const calls: string[] = [];
  let wrong = 1;
  const core = {
    beginDataset: () => undefined,
    pushShard: ({ file }: { file: string }) => {
      calls.push(file);
      if (file === "set/1.bin" && wrong-- > 0) throw Object.assign(new Error("checksum"), { code: "shard-corrupt", file });
    },
    finishDataset: () => ({ name: "set" }) as DatasetInfo,
    cancelDataset: () => calls.push("cancel"),
  } as unknown as Core;
  const o = { name: "set", limit: undefined, signal: new AbortController().signal, onProgress: () => undefined };
  expect(await loadBundled({ core, queue: new SerialQueue(), base }, o)).toEqual({ name: "set" });
  expect(calls).toEqual(["set/0.bin", "set/1.bin", "set/1.bin", "set/2.bin", "set/3.bin", "set/4.bin"]);
});
