import { expect, test } from "vitest";
import type { Calibration, Predictions } from "../../api/types";
import { atThreshold, barelyRight, best, calibrationInWords, leastCertain, margins, overconfidence, picturesOf, probability, smallest, sortScores, worst } from "./measures";
import { english } from "../../text/en";

const predictions: Predictions = {
  labels: Uint16Array.of(0, 1, 1, 2),
  predicted: Uint16Array.of(0, 0, 1, 0),
  losses: Float32Array.of(0.1, 3, 0.7, 2),
  probabilities: Float32Array.of(0.9, 0.05, 0.05, 0.875, 0.0625, 0.0625, 0.25, 0.5, 0.25, 0.5, 0.375, 0.125),
};

test("the smallest come first, without what is no number", () => {
  expect(smallest([3, NaN, 1, Infinity, 2], 2)).toEqual([2, 4]);
  expect(smallest([3, NaN, 1, Infinity, 2], 9)).toEqual([2, 4, 0]);
  expect(smallest([1, 1, 1], 2)).toEqual([0, 1]);
  expect(smallest([], 3)).toEqual([]);
});

test("mistakes and near mistakes are found", () => {
  expect(worst(predictions, 2)).toEqual([1, 3]);
  expect([...margins(predictions)].map((value) => Math.round(value * 1000) / 1000)).toEqual([0.85, 0.813, 0.25, 0.125]);
  expect(leastCertain(predictions, 2)).toEqual([3, 2]);
  expect(barelyRight(predictions, 9)).toEqual([2, 0]);
  expect(picturesOf(predictions, 1, 0)).toEqual([1]);
  expect(best(predictions, 3, 2)).toEqual([{ label: 0, probability: 0.5 }, { label: 1, probability: 0.375 }]);
  expect(probability(predictions, 2, 1)).toBe(0.5);
});

test("without probabilities the loss still gives that of the true class", () => {
  const bare = { ...predictions, probabilities: new Float32Array() };
  expect(margins(bare)).toHaveLength(0);
  expect(leastCertain(bare, 3)).toEqual([]);
  expect(best(bare, 0, 5)).toEqual([]);
  expect(probability(bare, 1, 1)).toBeCloseTo(Math.exp(-3), 6);
  expect(probability(bare, 1, 0)).toBeNull();
});

test("a threshold parts one class from the rest", () => {
  expect(atThreshold(predictions, 0, 0.5)).toEqual({
    truePositives: 1, falsePositives: 2, falseNegatives: 0, trueNegatives: 1, precision: 1 / 3, recall: 1, falsePositiveRate: 2 / 3,
  });
  expect(atThreshold(predictions, 0, 0.95)).toMatchObject({ truePositives: 0, falsePositives: 0, precision: null, recall: 0, falsePositiveRate: 0 });
  expect(atThreshold({ ...predictions, labels: Uint16Array.of(1, 1, 1, 1) }, 0, 0.5).recall).toBeNull();
});

test("scores sort by a column, and what is not defined stays last", () => {
  const scores = [
    { label: "b", precision: 0.5, recall: 1, f1: 0.66, support: 4 },
    { label: "a10", precision: null, recall: 0, f1: null, support: 2 },
    { label: "a9", precision: 0.75, recall: null, f1: null, support: 0 },
  ];
  const names = (...by: [Parameters<typeof sortScores>[1], boolean]): string[] => sortScores(scores, ...by).map(({ label }) => label);
  expect(names(null, true)).toEqual(["b", "a10", "a9"]);
  expect(names("label", false)).toEqual(["a9", "a10", "b"]);
  expect(names("precision", false)).toEqual(["b", "a9", "a10"]);
  expect(names("precision", true)).toEqual(["a9", "b", "a10"]);
  expect(names("support", true)).toEqual(["b", "a10", "a9"]);
});

test("calibration in a sentence", () => {
  const of = (confidence: number, accuracy: number): Calibration => ({
    bins: [{ low: 0.5, high: 1, count: 10, confidence, accuracy }, { low: 0, high: 0.5, count: 0, confidence: null, accuracy: null }],
    expectedError: Math.abs(confidence - accuracy), maximumError: Math.abs(confidence - accuracy),
  });
  expect(overconfidence(of(0.9, 0.8))).toBeCloseTo(0.1, 9);
  expect(calibrationInWords(english, of(0.9, 0.8))).toContain("over-confident: on average 10.0 percentage points surer");
  expect(calibrationInWords(english, of(0.8, 0.9))).toContain("under-confident");
  expect(calibrationInWords(english, of(0.8, 0.805))).toContain("can be trusted");
  expect(calibrationInWords(english, { bins: [], expectedError: null, maximumError: null })).toContain("no pictures");
});
