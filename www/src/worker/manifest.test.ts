import { expect, test } from "vitest";
import type { Split } from "../api/types";
import { findSet, plan, readManifest, type ManifestSet, type Shard } from "./manifest";

function shard(split: Split, number: number, count: number): Shard {
  return {
    file: `set/${split}-${number}.bin`,
    split,
    count,
    encoding: "pixels",
    compression: "gzip",
    bytes: 10 * count,
    rawBytes: 785 * count,
    crc32: 0,
  };
}

const set: ManifestSet = {
  name: "set",
  title: "A set",
  description: "Pictures.",
  source: "Nobody.",
  classes: ["a", "b"],
  shape: [28, 28, 1],
  train: 250,
  test: 150,
  bytes: 4000,
  shards: [shard("train", 0, 100), shard("train", 1, 100), shard("train", 2, 50), shard("test", 0, 100), shard("test", 1, 50)],
};

const takes = (limit?: number): [string, number][] =>
  plan(set, limit).map(({ shard: { file }, take }) => [file, take]);

test("without a limit everything is fetched", () => {
  expect(plan(set).map(({ take }) => take)).toEqual([100, 100, 50, 100, 50]);
});

test("a limit holds for each split, and what it does not reach is not fetched", () => {
  expect(takes(120)).toEqual([
    ["set/train-0.bin", 100],
    ["set/train-1.bin", 20],
    ["set/test-0.bin", 100],
    ["set/test-1.bin", 20],
  ]);
  expect(takes(100)).toEqual([
    ["set/train-0.bin", 100],
    ["set/test-0.bin", 100],
  ]);
  expect(takes(1)).toEqual([
    ["set/train-0.bin", 1],
    ["set/test-0.bin", 1],
  ]);
});

test("what is no list of sets is data-missing, and names the file", () => {
  for (const text of ["<!doctype html>", "null", "[]", '{"version":2,"sets":[]}', '{"version":1}']) {
    expect(() => readManifest(text)).toThrow(
      expect.objectContaining({ code: "data-missing", file: "data/manifest.json" }),
    );
  }
});

test("a set is found by name; one that is missing says why", () => {
  const missing = [{ name: "cifar10", title: "CIFAR-10", reason: "It could not be downloaded." }];
  const manifest = readManifest(JSON.stringify({ version: 1, sets: [set], missing }));
  expect(findSet(manifest, "set").train).toBe(250);
  expect(() => findSet(manifest, "cifar10")).toThrow(/CIFAR-10.*could not be downloaded/);
  expect(() => findSet(manifest, "cats")).toThrow(expect.objectContaining({ code: "data-missing", field: "name" }));
});
