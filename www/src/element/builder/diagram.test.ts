import { expect, test } from "vitest";
import { describe, layOut } from "./diagram";
import { english } from "../../text/en";

test("a straight network is one column from top to bottom", () => {
  const { rows, columns, boxes, arrows } = layOut([[-1], [0], [1]]);
  expect([rows, columns]).toEqual([4, 1]);
  expect(boxes.map(({ place, row }) => [place, row])).toEqual([[-1, 0], [0, 1], [1, 2], [2, 3]]);
  expect(arrows.every(({ column }) => column === 0)).toBe(true);
});

test("a short cut goes down beside the layers that it passes", () => {
  // x; a; b; add of x and b.
  const { rows, columns, boxes, arrows } = layOut([[-1], [0], [1], [0, 2]]);
  expect([rows, columns]).toEqual([5, 2]);
  expect(boxes.every(({ column }) => column === 0)).toBe(true);
  expect(arrows.filter(({ column }) => column === 1)).toEqual([{ from: 0, to: 3, column: 1 }]);
});

test("branches stand beside each other and never in the same place", () => {
  // Three branches from the picture, of one, two and three layers, put together.
  const { boxes, arrows, columns, rows } = layOut([[-1], [-1], [1], [-1], [3], [4], [0, 2, 5]]);
  expect([rows, columns]).toEqual([5, 3]);
  const places = boxes.map(({ row, column }) => `${row},${column}`);
  expect(new Set(places).size).toBe(places.length);
  // No arrow runs through a box.
  const rowOf = new Map(boxes.map(({ place, row }) => [place, row]));
  for (const { from, to, column } of arrows) {
    for (let row = (rowOf.get(from) ?? 0) + 1; row < (rowOf.get(to) ?? 0); row += 1) {
      expect(places).not.toContain(`${row},${column}`);
    }
  }
});

test("nothing but the picture, and a layer that leads nowhere, are drawn too", () => {
  expect(layOut([])).toEqual({ rows: 1, columns: 1, boxes: [{ place: -1, row: 0, column: 0 }], arrows: [] });
  expect(layOut([[-1], [-1]]).columns).toBe(2);
});

test("a hundred layers with short cuts are laid out in no time", () => {
  const sources = Array.from({ length: 300 }, (_, place) => (place % 3 === 2 ? [place - 1, place - 3] : [place - 1]));
  const began = performance.now();
  const { columns } = layOut(sources);
  expect(columns).toBeLessThan(4);
  expect(performance.now() - began).toBeLessThan(100);
});

test("the network in words", () => {
  expect(describe(english, ["conv2d", "add"], ["Conv2D", "Add"], ["8 × 8 × 4", "8 × 8 × 4"], [[-1], [-1, 0]], "8 × 8 × 4")).toBe(
    "The picture, 8 × 8 × 4; then conv2d, Conv2D, gives 8 × 8 × 4; then add, Add of the picture and conv2d, gives 8 × 8 × 4",
  );
});
