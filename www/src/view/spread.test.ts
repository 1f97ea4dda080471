import { expect, test } from "vitest";
import type { Distribution } from "../api/types";
import { nearest, powersOf, rangeOf, rowsOf, ticksOf } from "./spread";

const of = (low: number, high: number, bars: number[]): Distribution => ({ low, high, mean: 0, std: 0, wrong: 0, bars });

test("the range is that of all values, and never empty", () => {
  expect(rangeOf([])).toBe(null);
  expect(rangeOf([null, of(0, 0, [0, 0])])).toBe(null);
  expect(rangeOf([of(-1, 2, [1, 1]), of(0, 3, [1, 1]), of(-9, 9, [0, 0])])).toEqual([-1, 3]);
  expect(rangeOf([of(0, 0, [5, 0])])).toEqual([-1, 1]);
  expect(rangeOf([of(NaN, NaN, [1])])).toBe(null);
});

test("bars fall into the rows that they cover, and none is lost", () => {
  expect([...rowsOf(of(0, 4, [4, 8]), [0, 4], 4)]).toEqual([2, 2, 4, 4]);
  expect([...rowsOf(of(0, 2, [4, 8]), [0, 4], 4)]).toEqual([4, 8, 0, 0]);
  expect([...rowsOf(of(0, 4, [1, 2, 3, 4]), [0, 4], 2)]).toEqual([3, 7]);
  expect([...rowsOf(of(0, 0, [7, 0]), [-1, 1], 4)]).toEqual([0, 0, 7, 0]);
  // All the values at the top end.
  expect([...rowsOf(of(1, 1, [7, 0]), [0, 1], 2)]).toEqual([0, 7]);
});

test("ticks are round, and the nearest step is found", () => {
  expect(ticksOf(-0.17, 0.2, 4)).toEqual([-0.1, 0, 0.1, 0.2]);
  expect(ticksOf(0, 480, 4)).toEqual([0, 200, 400]);
  expect(ticksOf(3, 3, 4)).toEqual([3]);
  expect(powersOf(1e-5, 0.1, 3)).toEqual([1e-4, 1e-2]);
  expect(powersOf(2e-4, 0.05, 5)).toEqual([1e-3, 1e-2]);
  expect([nearest([], 3), nearest([0, 10, 20], 14), nearest([0, 10, 20], 99)]).toEqual([-1, 1, 2]);
});
