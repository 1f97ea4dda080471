import { expect, test } from "vitest";
import { isModel, specText } from "./spec-text";

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

test("code of Keras and the lab's JSON are taken for networks, other code is not", () => {
  for (const text of [
    "model = Sequential()", "x = layers.Conv2D(8, 3)(x)", "Dense (10)", "m = keras.Model(a, b)", "Model(inputs=a, outputs=b)", "Model(\n    inputs, outputs)",
    '{"class_name": "Sequential"}', '{"input_shape": [28, 28, 1], "layers": []}',
  ]) {
    expect(isModel(text), text).toBe(true);
  }
  for (const text of ["class Model(Base):", "new Model(data)", "User.Model(x)", '{"input_shape": 3}', '{"layers": []}', "a Dense forest"]) {
    expect(isModel(text), text).toBe(false);
  }
});
