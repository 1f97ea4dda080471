import { expect, test } from "vitest";
import { confusedPairs, mostConfused, orderClasses } from "./confused";

const confusion = [
  [8, 2, 0],
  [1, 9, 0],
  [0, 5, 5],
];
const classes = ["dog", "cat", "ant"];

test("classes come in the order that is asked for", () => {
  expect(orderClasses([0, 1, 2], classes, confusion, "loaded")).toEqual([0, 1, 2]);
  expect(orderClasses([0, 1, 2], classes, confusion, "name")).toEqual([2, 1, 0]);
  expect(orderClasses([0, 1, 2], classes, confusion, "recall")).toEqual([2, 0, 1]);
  expect(orderClasses([0, 1, 2], classes, confusion, "confused")).toEqual([1, 2, 0]);
  // A class without pictures has no recall, and comes last.
  expect(orderClasses([0, 1], classes, [[0, 0], [1, 1]], "recall")).toEqual([1, 0]);
  expect(orderClasses([0, 1, 2], ["10", "9", "1"], confusion, "name")).toEqual([2, 1, 0]);
});

test("of many classes the most confused are taken", () => {
  expect(mostConfused(confusion, 2)).toEqual([1, 2]);
  expect(mostConfused(confusion, 3)).toEqual([0, 1, 2]);
});

test("the most frequent mistakes come first", () => {
  expect(confusedPairs(confusion, 2)).toEqual([
    { actual: 2, said: 1, count: 5, share: 0.5 },
    { actual: 0, said: 1, count: 2, share: 0.2 },
  ]);
  expect(confusedPairs([[1, 0], [0, 0]], 5)).toEqual([]);
});

test("a thousand classes are put in order in a moment", () => {
  const large = Array.from({ length: 1000 }, (_, i) => Array.from({ length: 1000 }, (_, j) => (i + j) % 7));
  expect(mostConfused(large, 30)).toHaveLength(30);
  expect(confusedPairs(large, 10)[0]?.count).toBe(6);
});
