import { expect, test } from "vitest";
import { lineOf, rangeOf } from "./lines";

const text = `{
  "input_shape": [28, 28, 1],
  "layers": [
    { "layer": "Conv2D", "name": "a \\"brace\\" } in text",
      "filters": 8 },
    { "layer": "Dense",

      "units": 0, "nested": { "layers": [ { "units": 3 } ] } }
  ],
  "compile": { "loss": "none" }
}`;

test("a layer's line, and its fields' lines", () => {
  expect(lineOf(text, 0, null)).toBe(4);
  expect(lineOf(text, 0, "filters")).toBe(5);
  expect(lineOf(text, 1, "units")).toBe(8);
  expect(lineOf(text, 1, "missing")).toBe(6);
  expect(lineOf(text, 7, null)).toBeNull();
});

test("fields outside of the layers", () => {
  expect(lineOf(text, null, "input_shape")).toBe(2);
  expect(lineOf(text, null, "loss")).toBe(10);
  expect(lineOf(text, null, "units")).toBeNull();
  expect(lineOf("not { JSON [ \"", 0, "x")).toBeNull();
});

test("where a line begins and ends", () => {
  expect(rangeOf("ab\ncde\n", 2)).toEqual([3, 6]);
  expect(rangeOf("ab", 1)).toEqual([0, 2]);
});
