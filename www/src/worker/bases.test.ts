import { createHash } from "node:crypto";
import { beforeEach, expect, test, vi } from "vitest";
import { bases, getBase, readBases, setModelOn } from "./bases";
import type { Core } from "./core";

const site = "https://host.example/lab/";
const weights = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const entry = {
  name: "mobilenet-v2", title: "MobileNetV2", layer: "MobileNetV2", side: 224, classes: null, file: "bases/net.safetensors", bytes: weights.length, trainedOn: "ImageNet", source: "somebody", licence: "MIT",
  sha256: createHash("sha256").update(weights).digest("hex"),
};
const list = `${site}data/bases/bases.json`;
const file = `${site}data/bases/net.safetensors`;

/** What the server answers, by address, the last answer for ever; none: it cannot be reached. */
let server: Map<string, (() => Response)[]>;
let asked: string[];
let stored: Map<string, Response>;

beforeEach(() => {
  asked = [];
  stored = new Map();
  server = new Map([
    [list, [() => Response.json([entry])]],
    [file, [() => new Response(weights)]],
  ]);
  vi.stubGlobal("fetch", (url: string, { cache, signal }: RequestInit) => {
    asked.push(`${url.slice(site.length)} ${cache}`);
    signal?.throwIfAborted();
    const answers = server.get(url) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError("Failed to fetch"));
  });
  vi.stubGlobal("caches", {
    open: () =>
      Promise.resolve({
        put: (url: string, body: Response) => Promise.resolve(void stored.set(url, body)),
        match: (url: string) => Promise.resolve(stored.get(url)?.clone()),
        keys: () => Promise.resolve([...stored.keys()].map((url) => ({ url }))),
      }),
  });
});

/** Loads the base, and gives the shares that were told of. */
async function load(signal = new AbortController().signal): Promise<{ bytes: Uint8Array; shares: number[] }> {
  const shares: number[] = [];
  const bytes = await getBase(site, "mobilenet-v2", { signal, onProgress: ({ done, total }) => shares.push(done / total) });
  return { bytes, shares };
}

test("the list says what each costs, and whether it is kept", async () => {
  expect(await bases(site)).toEqual([{ name: "mobilenet-v2", title: "MobileNetV2", layer: "MobileNetV2", side: 224, classes: null, bytes: 1000, trainedOn: "ImageNet", source: "somebody", licence: "MIT", cached: false }]);
  await load();
  expect((await bases(site))[0]?.cached).toBe(true);
});

test("a site without pretrained networks has none", async () => {
  server.set(list, [() => new Response("", { status: 404 })]);
  expect(await bases(site)).toEqual([]);
  await expect(load()).rejects.toMatchObject({ code: "data-missing", field: "base" });
});

test("weights are downloaded once, with progress, and work without a connection then", async () => {
  const first = await load();
  expect(first.bytes).toEqual(weights);
  expect(first.shares.at(-1)).toBe(1);
  server.clear();
  expect((await load()).bytes).toEqual(weights);
  expect(asked.filter((what) => what.startsWith("data/bases/net"))).toEqual(["data/bases/net.safetensors no-cache"]);
});

test("a damaged download is tried again past every cache, then named", async () => {
  const damaged = weights.with(500, 0);
  server.set(file, [() => new Response(damaged), () => new Response(weights)]);
  expect((await load()).bytes).toEqual(weights);
  expect(asked.slice(1)).toEqual(["data/bases/net.safetensors no-cache", "data/bases/net.safetensors reload"]);

  stored.clear();
  for (const [answer, code] of [[damaged, "shard-corrupt"], [weights.slice(1), "shard-truncated"]] as const) {
    server.set(file, [() => new Response(answer)]);
    await expect(load()).rejects.toMatchObject({ code, file: "bases/net.safetensors" });
    expect(stored.has(file)).toBe(false);
  }
  server.delete(file);
  await expect(load()).rejects.toMatchObject({ code: "network", file: "bases/net.safetensors" });
  server.set(file, [() => new Response("", { status: 404 })]);
  await expect(load()).rejects.toMatchObject({ code: "data-missing", file: "bases/net.safetensors" });
});

test("kept weights of another version give way to those of the list", async () => {
  stored.set(file, new Response(weights.with(0, 9)));
  expect((await load()).bytes).toEqual(weights);
  expect(new Uint8Array(await stored.get(file)!.clone().arrayBuffer())).toEqual(weights);
});

test("a cancelled download is not tried again", async () => {
  const controller = new AbortController();
  server.set(file, [() => (controller.abort(), new Response(weights))]);
  await expect(load(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  expect(asked).toHaveLength(2);
});

test("no list is read that asks for senseless memory or is none", () => {
  for (const wrong of ["<!doctype html>", "{}", JSON.stringify([{ ...entry, bytes: 1e12 }]), JSON.stringify([{ ...entry, sha256: null }]), JSON.stringify([{ ...entry, layer: undefined }]), JSON.stringify([{ ...entry, classes: "1000" }])]) {
    expect(() => readBases(wrong)).toThrow("pretrained networks");
  }
});

test("weights that are none of the base's leave the model before", async () => {
  const did: string[] = [];
  const core = {
    save: () => Promise.resolve(new Uint8Array(1)),
    setModel: () => void did.push("set"),
    takeBase: () => {
      throw new Error("other shapes");
    },
    load: () => void did.push("load"),
  } as unknown as Core;
  await expect(setModelOn(core, "{}", "mobilenet-v2", weights)).rejects.toThrow("other shapes");
  expect(did).toEqual(["set", "load"]);
});
