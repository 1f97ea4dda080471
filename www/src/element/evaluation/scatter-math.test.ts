import { expect, test } from "vitest";
import { fitView, gridOf, look, nearest, screenX, screenY, stepTo, zoomed } from "./scatter-math";

const positions = Float32Array.of(0, 0, 10, 0, 0, 10, 10, 10, 5, 5);

test("the view shows all points, upright", () => {
  const view = fitView(positions, 132, 232);
  expect(view.scale).toBe(10);
  expect([screenX(view, 0), screenX(view, 10)]).toEqual([16, 116]);
  expect([screenY(view, 0), screenY(view, 10)]).toEqual([166, 66]);
  expect(fitView([], 100, 50)).toEqual({ scale: 1, x: 50, y: 25 });
  expect(Number.isFinite(fitView([3, 3, 3, 3], 100, 50).x)).toBe(true);
});

test("zooming leaves the place under the pointer where it is", () => {
  const view = fitView(positions, 132, 132);
  const near = zoomed(view, 2, screenX(view, 10), screenY(view, 10));
  expect([screenX(near, 10), screenY(near, 10)]).toEqual([screenX(view, 10), screenY(view, 10)]);
  expect(screenX(near, 0)).toBe(screenX(view, 10) - 200);
});

test("the nearest point is found by the grid as by looking at all", () => {
  const many = Float32Array.from({ length: 2000 }, (_, i) => Math.sin(i * 12.9898) * 43758.5453 % 10);
  const grid = gridOf(many);
  for (let k = 0; k < 50; k += 1) {
    const [x, y] = [(k * 7) % 10, (k * 3) % 10];
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < 1000; i += 1) {
      const d = (many[2 * i]! - x) ** 2 + (many[2 * i + 1]! - y) ** 2;
      if (d < least) [best, least] = [i, d];
    }
    expect(nearest(many, grid, x, y, 2)).toBe(least <= 4 ? best : null);
  }
  expect(nearest(positions, gridOf(positions), 9, 9, 2)).toBe(3);
  expect(nearest(positions, gridOf(positions), 9, 9, 20, (point) => point !== 3)).toBe(4);
  expect(nearest(positions, gridOf(positions), 2, 2, 1)).toBeNull();
  expect(nearest([], gridOf([]), 0, 0, 1)).toBeNull();
});

test("arrow keys go to the next point that way", () => {
  expect(stepTo(positions, 0, 1, 0)).toBe(1);
  expect(stepTo(positions, 0, 0, 1)).toBe(2);
  expect(stepTo(positions, 3, -1, 0)).toBe(2);
  expect(stepTo(positions, 1, 1, 0)).toBeNull();
});

test("64 classes all look different", () => {
  const all = new Set(Array.from({ length: 64 }, (_, label) => JSON.stringify(look(label, false))));
  expect(all.size).toBe(64);
});
