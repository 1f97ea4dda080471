import { expect, test } from "vitest";
import { Curve, last } from "./curve";

test("a short run is drawn step by step", () => {
  const curve = new Curve(8);
  [5, 4, 3].forEach((y, x) => curve.add(x, y));
  expect(curve.points()).toEqual({ x: [0, 1, 2], y: [5, 4, 3] });
  expect(curve.width).toBe(1);
  expect(last(curve.points())).toBe(3);
});

test("a long run keeps its mean and its end, within the capacity", () => {
  const curve = new Curve(100);
  const steps = 12_345;
  for (let i = 0; i < steps; i += 1) {
    curve.add(i, i);
  }
  const { x, y } = curve.points();
  expect(x.length).toBeLessThanOrEqual(101);
  expect(x.at(-1)).toBe(steps - 1);
  // Every full point is the mean of the steps that end at its x.
  expect(y[0]).toBeCloseTo((curve.width - 1) / 2, 9);
  expect(x[0]).toBe(curve.width - 1);
  expect(x).toEqual([...x].sort((a, b) => a - b));
});

test("an empty curve has no last value", () => {
  expect(last(new Curve().points())).toBeUndefined();
});
