import { expect, test } from "vitest";
import { imbalance, trainingCopies } from "./imbalance";
import { english } from "../text/en";

test("about even classes are not spoken of", () => {
  expect(imbalance(english, [])).toBeNull();
  expect(imbalance(english, [100])).toBeNull();
  expect(imbalance(english, [0, 0])).toBeNull();
  expect(imbalance(english, [100, 140, 120])).toBeNull();
});

test("uneven ones are told by how much, and empty ones by name", () => {
  expect(imbalance(english, [100, 420])).toContain("4.2 times");
  expect(imbalance(english, [100, 0])).toContain("no training pictures");
});

test("a training picture goes where its copy stands in another split, the last first", () => {
  const at = (split: "train" | "validation" | "test", index: number): { split: typeof split; index: number; name: string } => ({ split, index, name: "" });
  expect(trainingCopies([
    [at("train", 3), at("test", 0)],
    [at("validation", 1), at("test", 2)],
    [at("train", 7), at("train", 9), at("validation", 4)],
    [at("train", 5), at("train", 6)],
    [at("train", 3), at("validation", 8)],
  ])).toEqual([9, 7, 3]);
});
