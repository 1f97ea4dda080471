/** Loads a bundled set into the core, shard after shard. */
import { CnnLabError, toCnnLabError } from "../api/error";
import type { BundledSet, DatasetInfo, MissingSet, Progress } from "../api/types";
import { loadUnpack, type Core } from "./core";
import { findSet, plan, readManifest, type Manifest, type Part } from "./manifest";
import type { SerialQueue } from "./serial-queue";
import { getShard, type Payload } from "./shard";
import { address, fetchFile, forgetOthers, keep, kept, keptAddresses } from "./store";

/** Downloads so many shards ahead of the one that is being read. */
const AHEAD = 3;

/** What loading needs. */
type Place = { core: Core; queue: SerialQueue; base: string };

/** The sets that can be loaded, and those that this copy of the lab lacks. */
export async function bundled(base: string): Promise<{ sets: BundledSet[]; missing: MissingSet[] }> {
  const [manifest, there] = await Promise.all([getManifest(base), keptAddresses()]);
  const sets = manifest.sets.map(({ shards, preview, ...set }) => ({
    ...set,
    cached: shards.every((shard) => there.has(address(base, shard.file))),
    preview: preview
      ? {
          url: address(base, preview.file),
          columns: preview.columns,
          rows: preview.rows,
          labels: preview.labels,
        }
      : null,
  }));
  return { sets, missing: manifest.missing };
}

/**
 * Loads a set, or the first `limit` pictures of each of its splits. The loaded one stays
 * until the new one is complete. Each shard is tried twice, the second time past every cache.
 */
export async function loadBundled(
  { core, queue, base }: Place,
  o: {
    name: string;
    limit: number | undefined;
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
  },
): Promise<DatasetInfo> {
  const manifest = await getManifest(base, o.signal);
  const set = findSet(manifest, o.name);
  const parts = plan(set, o.limit);
  const total = parts.reduce((sum, { shard }) => sum + shard.bytes, 0);
  const bytes = new Map<Part, number>();
  let done = 0;

  // One failure ends the other downloads too.
  const stop = new AbortController();
  const signal = AbortSignal.any([o.signal, stop.signal]);
  const get = (part: Part, fresh: boolean): Promise<Payload> =>
    getShard(base, part.shard, {
      fresh,
      signal,
      onBytes: (there) => {
        const before = bytes.get(part) ?? 0;
        if (there <= before) return;
        bytes.set(part, there);
        done += there - before;
        o.onProgress({ done, total, unit: "bytes" });
      },
    });
  // Few sets are of JPEG files, so the module that trains does without what decodes them.
  const unpack = parts.some(({ shard }) => shard.encoding === "jpeg") ? loadUnpack(base) : undefined;
  unpack?.catch(() => undefined);
  const push = async ({ shard, take }: Part, payload: Payload): Promise<void> => {
    const toPixels = shard.encoding === "jpeg" ? await unpack : undefined;
    await queue.run(() => {
      signal.throwIfAborted();
      if (!toPixels) {
        core.pushShard(shard, payload.bytes, take);
        return;
      }
      const found = toPixels(shard, set.shape, payload.bytes, take);
      core.pushShard(found.header, found.payload, found.header.count);
      core.warnDataset(found.warnings);
    });
    await payload.keep();
  };

  const pictures = parts.reduce((sum, { take }) => sum + take, 0);
  await queue.run(() => core.beginDataset({ name: set.name, classes: set.classes, shape: set.shape, pictures }));
  try {
    // Taken out as they are read, so that no shard stays in memory.
    const downloads: { part: Part; first: Promise<Payload> }[] = [];
    const waiting = [...parts];
    for (;;) {
      for (const part of waiting.splice(0, AHEAD - downloads.length)) {
        const first = get(part, false);
        // Looked at when its turn comes.
        first.catch(() => undefined);
        downloads.push({ part, first });
      }
      const next = downloads.shift();
      if (!next) break;
      const { part, first } = next;
      try {
        await push(part, await first);
      } catch (error) {
        signal.throwIfAborted();
        if (!worthAnotherTry(toCnnLabError(error))) throw error;
        await push(part, await get(part, true));
      }
    }
    o.signal.throwIfAborted();
    const info = await queue.run(() => core.finishDataset());
    const files = manifest.sets.flatMap(({ shards }) => shards.map((shard) => shard.file));
    await forgetOthers(base, new Set([...files, MANIFEST].map((file) => address(base, file))));
    return info;
  } catch (error) {
    stop.abort();
    await queue.run(() => core.cancelDataset());
    throw error;
  }
}

const MANIFEST = "manifest.json";

/** The present list; without a connection, the one that was kept with the data. */
export async function getManifest(base: string, signal?: AbortSignal): Promise<Manifest> {
  const url = address(base, MANIFEST);
  let text: string;
  try {
    text = await (await fetchFile(url, `data/${MANIFEST}`, "no-cache", signal)).text();
  } catch (error) {
    const stored = error instanceof CnnLabError && error.code === "network" && (await kept(url));
    if (!stored) throw error;
    return readManifest(await stored.text());
  }
  const manifest = readManifest(text);
  await keep(url, text);
  return manifest;
}

function worthAnotherTry({ code }: CnnLabError): boolean {
  return code === "network" || code === "shard-truncated" || code === "shard-corrupt";
}
