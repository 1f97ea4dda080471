import { expect, test } from "vitest";
import type { Edit } from "./protocol";
import { emptyMemory, type Memory } from "./recovery";
import { dataOf } from "./session-log";
import type { DatasetInfo } from "./types";

const split: Edit = { kind: "split", options: { validation: 0.1, seed: 3 } };
const relabel: Edit = { kind: "relabel", split: "train", index: 4, label: 1 };
const add = { kind: "add", added: {} } as unknown as Edit;

function memory(o: Partial<Memory>): Memory {
  const dataset = { name: "Pets", classes: ["cat", "dog"], splits: { train: 8, validation: 1, test: 0 } } as DatasetInfo;
  return { ...emptyMemory(), dataset, ...o };
}

const files: Memory["source"] = { kind: "files", files: [], options: {}, warnings: [] };

test("bundled pictures are had again, with what was changed", () => {
  const data = dataOf(memory({ source: { kind: "bundled", name: "mnist", limit: 500 }, edits: [split, relabel] }));
  expect(data).toEqual({ name: "Pets", classes: ["cat", "dog"], splits: { train: 8, validation: 1, test: 0 }, source: { kind: "bundled", name: "mnist", limit: 500 }, edits: [split, relabel] });
});

test("a person's own are had again once they are remembered, with what was changed since", () => {
  expect(dataOf(memory({ source: files, edits: [split] }))).toMatchObject({ source: { kind: "own" }, edits: [] });
  const remembered = memory({ source: files, edits: [add, split, relabel], remembered: { name: "Pets", edits: 2 } });
  expect(dataOf(remembered)).toMatchObject({ source: { kind: "remembered", name: "Pets" }, edits: [relabel] });
});

test("pictures that were added are nowhere else", () => {
  expect(dataOf(memory({ source: { kind: "bundled", name: "mnist", limit: undefined }, edits: [add] }))).toMatchObject({ source: { kind: "own" }, edits: [] });
  expect(dataOf(memory({ source: { kind: "begun" }, edits: [add, split], remembered: { name: "Pets", edits: 2 } }))).toMatchObject({ source: { kind: "remembered" }, edits: [] });
  expect(dataOf(emptyMemory())).toBeNull();
});
