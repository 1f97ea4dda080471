/** The list of bundled sets: reading it, and what of it to fetch. */
import { CnnLabError } from "../api/error";
import type { BundledSet, MissingSet, Shape, Split } from "../api/types";
import type { ShardHeader } from "./core";

export type Shard = ShardHeader & {
  compression: "gzip" | null;
  /** As the file stands on the server. */
  bytes: number;
};

export type ManifestSet = Omit<BundledSet, "cached" | "preview"> & {
  shape: Shape;
  preview?: { file: string; columns: number; rows: number; labels: number[] };
  shards: Shard[];
};

export type Manifest = { version: 1; sets: ManifestSet[]; missing: MissingSet[] };

/** A shard to fetch, and how many of its pictures to take. */
export type Part = { shard: Shard; take: number };

const file = "data/manifest.json";

/** Checks that a server's answer is the list: a wrong server often answers with a page. */
export function readManifest(text: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const manifest = value as Partial<Manifest> | null | undefined;
  if (manifest?.version !== 1 || !Array.isArray(manifest.sets)) {
    throw new CnnLabError({
      code: "data-missing",
      file,
      message:
        "The server's list of data sets is not one that this page can read. Build the data again, " +
        "or reload the page if the server was updated.",
    });
  }
  return { version: 1, sets: manifest.sets, missing: manifest.missing ?? [] };
}

/** Finds a set by name. */
export function findSet(manifest: Manifest, name: string): ManifestSet {
  const set = manifest.sets.find((candidate) => candidate.name === name);
  if (set) return set;
  const missing = manifest.missing.find((candidate) => candidate.name === name);
  const names = manifest.sets.map((candidate) => candidate.name).join(", ");
  throw new CnnLabError({
    code: "data-missing",
    field: "name",
    message: missing
      ? `${missing.title} is not part of this copy of the lab: ${missing.reason}`
      : `There is no set named ${name}; there is ${names || "none"}.`,
  });
}

/**
 * What to fetch for at most `limit` pictures of each split. Any first part of a split's
 * shards is balanced over the classes, so the shards are taken in their order.
 */
export function plan(set: ManifestSet, limit = Infinity): Part[] {
  const left: Record<Split, number> = { train: limit, validation: limit, test: limit };
  const parts: Part[] = [];
  for (const shard of set.shards) {
    const take = Math.min(shard.count, left[shard.split]);
    if (take <= 0) continue;
    left[shard.split] -= take;
    parts.push({ shard, take });
  }
  return parts;
}
