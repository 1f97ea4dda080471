import { expect, test } from "vitest";
import { colour } from "./colormap";
import { inkOn, moveIn } from "./grid-cells";

test("arrow keys move within the grid, Home and End to the ends of a row", () => {
  const from = { row: 1, column: 1 };
  const to = (key: string): unknown => Object.values(moveIn(key, from, 2, 3) ?? {});
  expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].map(to)).toEqual([[1, 0], [1, 2], [0, 1], [1, 1], [1, 0], [1, 2]]);
  expect(moveIn("a", from, 2, 3)).toBeNull();
});

test("numbers are black on light colours and white on dark ones", () => {
  const signed = { low: -1, high: 1, signed: true };
  expect([-1, 0, 1].map((value) => inkOn(colour(value, signed)))).toEqual(["#fff", "#000", "#fff"]);
});
