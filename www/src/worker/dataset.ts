/** Loads a bundled set into the core, shard after shard. */
import { CnnLabError, toCnnLabError } from "../api/error";
import type { BundledSet, DatasetInfo, MissingSet, Progress } from "../api/types";
import { loadUnpack, type Core } from "./core";
import { findSet, plan, readManifest, type Manifest, type Part } from "./manifest";
import type { SerialQueue } from "./serial-queue";
import { getShard, type ShardFile } from "./shard";
import { address, fetchFile, forgetOthers, keep, kept, keptAddresses } from "./store";

/** Downloads so many shards ahead of the one that is being read. */
const AHEAD = 6;

/**
 * Writing a shard into the browser's cache takes longer than reading it, so it is done when the set is
 * there and training can begin, as long as what waits for it is no more than this.
 */
const MOST_UNKEPT = 64 << 20;

/** A shard that proved good: its file's bytes, and how to keep it. */
type Unkept = { bytes: number; keep: () => Promise<void> };

/** Keeps all, one after another, for something else to be done between them; each is let go then. */
async function keepAll(unkept: Unkept[]): Promise<void> {
  for (let next = unkept.shift(); next; next = unkept.shift()) await next.keep();
}

/** What loading needs. */
type Place = { core: Core; queue: SerialQueue; base: string };

/** What the last load has still to write into the browser's cache. It never fails. */
let keeping: Promise<unknown> = Promise.resolve();

/** The sets that can be loaded, and those that this copy of the lab lacks. */
export async function bundled(base: string): Promise<{ sets: BundledSet[]; missing: MissingSet[] }> {
  const [manifest, there] = await Promise.all([getManifest(base), keeping.then(keptAddresses)]);
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
  const get = (part: Part, fresh: boolean): Promise<ShardFile> =>
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
  const unkept: Unkept[] = [];
  const push = async ({ shard, take }: Part, file: ShardFile): Promise<void> => {
    const toPixels = shard.encoding === "jpeg" ? await unpack : undefined;
    const payload = await file.unpack();
    await queue.run(() => {
      signal.throwIfAborted();
      if (!toPixels) {
        core.pushShard(shard, payload, take);
        return;
      }
      const found = toPixels(shard, set.shape, payload, take);
      core.pushShard(found.header, found.payload, found.header.count);
      core.warnDataset(found.warnings);
    });
    unkept.push({ bytes: shard.bytes, keep: file.keep });
    if (unkept.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_UNKEPT) await keepAll(unkept);
  };

  const pictures = parts.reduce((sum, { take }) => sum + take, 0);
  await queue.run(() => core.beginDataset({ name: set.name, classes: set.classes, shape: set.shape, pictures }));
  try {
    // Taken out as they are read, so that no shard stays in memory.
    const downloads: { part: Part; first: Promise<ShardFile> }[] = [];
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
    const wanted = new Set([...files, MANIFEST].map((file) => address(base, file)));
    keeping = keepAll(unkept)
      .then(() => forgetOthers(base, wanted))
      // A failing disk is no reason to stop; the next load tidies up.
      .catch(() => undefined);
    return info;
  } catch (error) {
    stop.abort();
    // The next try need not download these again.
    keeping = keepAll(unkept);
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
  // Nobody waits for the disk.
  void keep(url, text);
  return manifest;
}

function worthAnotherTry({ code }: CnnLabError): boolean {
  return code === "network" || code === "shard-truncated" || code === "shard-corrupt";
}
