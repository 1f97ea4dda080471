import { expect, test } from "vitest";
import { specText } from "./spec-text";

test("a spec has a line for each layer, its kind first, and reads back as it was", () => {
  const spec = {
    compile: { optimizer: { name: "adam", learning_rate: 0.01 } },
    input_shape: [28, 28, 1],
    layers: [
      { filters: 8, kernel_size: [3, 3], layer: "Conv2D", name: 'my "first", \n layer' },
      { layer: "Flatten" },
    ],
  };
  const text = specText(spec);
  expect(JSON.parse(text)).toEqual(spec);
  const layers = text.split("\n").filter((line) => line.startsWith("    {"));
  expect(layers).toHaveLength(2);
  expect(layers[0]).toMatch(/^ {4}\{ "layer": "Conv2D", /);
});
