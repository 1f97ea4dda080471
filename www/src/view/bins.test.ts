import { expect, test } from "vitest";
import { binsOf, niceStep } from "./bins";

test("steps are round", () => {
  expect([0.1, 1, 1.5, 3, 7, 11, 40, 99, 200].map(niceStep)).toEqual([1, 1, 2, 5, 10, 20, 50, 100, 200]);
});

test("one size is one bar", () => {
  expect(binsOf([{ value: 150, count: 2985 }])).toEqual([{ from: 150, to: 151, count: 2985 }]);
  expect(binsOf([])).toEqual([]);
});

test("every picture is in one bar, and the bars are few and even", () => {
  const values = [{ value: 59, count: 1 }, { value: 500, count: 300 }, { value: 374, count: 20 }, { value: 1050, count: 3 }];
  const bins = binsOf(values);
  expect(bins.length).toBeLessThanOrEqual(25);
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(324);
  expect(new Set(bins.map(({ from, to }) => to - from))).toEqual(new Set([50]));
  expect(bins.find(({ from }) => from === 500)).toEqual({ from: 500, to: 550, count: 300 });
});
