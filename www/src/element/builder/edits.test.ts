import { expect, test } from "vitest";
import type { LayerSpec } from "../../api/types";
import { brief, type Draft, draftOf, equal, layerNames, placeNamed, specOf, textOf } from "./draft";
import { add, duplicate, move, remove, rename, setCompile, setInputs, setInputShape, setOption } from "./edits";
import { english } from "../../text/en";

const convnet = (): Draft =>
  draftOf({
    input_shape: [28, 28, 1],
    layers: [
      { layer: "Conv2D", name: "conv2d", filters: 8, kernel_size: [3, 3], strides: [1, 1], padding: "valid", activation: "relu", use_bias: true },
      { layer: "MaxPooling2D", name: "max_pooling2d", pool_size: [2, 2], strides: [2, 2], padding: "valid" },
      { layer: "Conv2D", name: "conv2d_1", filters: 16, kernel_size: [3, 2], strides: [1, 1], padding: "same", activation: "linear", use_bias: false },
      { layer: "Flatten", name: "flatten" },
      { layer: "Dense", name: "head", units: 10, activation: "softmax", use_bias: true },
    ],
    compile: { loss: "sparse_categorical_crossentropy" },
  });

const key = (draft: Draft, place: number): number => draft.layers[place]?.key ?? -1;
const classes = (draft: Draft): string[] => draft.layers.map(({ layer }) => layer);

/** A residual block: x, then two layers, added to x. */
const residual = (): Draft =>
  draftOf({
    input_shape: [8, 8, 3],
    layers: [
      { layer: "Conv2D", name: "x", filters: 4, kernel_size: 3, padding: "same" },
      { layer: "Conv2D", name: "a", filters: 4, kernel_size: 3, padding: "same" },
      { layer: "Conv2D", name: "b", filters: 4, kernel_size: 3, padding: "same" },
      { layer: "Add", name: "sum", inputs: ["x", "b"] },
      { layer: "Conv2D", name: "short", filters: 4, kernel_size: 1, inputs: ["input"] },
      { layer: "Concatenate", name: "all", inputs: ["sum", "short"] },
      { layer: "Flatten" },
    ],
  });

test("a checked spec loses its defaults and automatic names, and gives the same network", () => {
  const draft = convnet();
  expect(draft.layers.map(({ options }) => options)).toEqual([
    { filters: 8, kernel_size: 3, activation: "relu" },
    {},
    { filters: 16, kernel_size: [3, 2], padding: "same", use_bias: false },
    {},
    { units: 10, activation: "softmax" },
  ]);
  expect(draft.layers.map(({ name }) => name)).toEqual([null, null, null, null, "head"]);
  expect(layerNames(draft)).toEqual(["conv2d", "max_pooling2d", "conv2d_1", "flatten", "head"]);
  expect(specOf(draft).layers[2]).toEqual({ layer: "Conv2D", name: "conv2d_1", filters: 16, kernel_size: [3, 2], padding: "same", use_bias: false });
  expect(equal(draftOf(specOf(draft)), draft)).toBe(true);
  expect(JSON.parse(textOf(draft))).toEqual(specOf(draft, { short: true }));
  expect(textOf(draft)).not.toContain("conv2d_1");
});

test("automatic names follow the order and keep out of given ones", () => {
  const draft = convnet();
  expect(layerNames(move(draft, key(draft, 2), 0))).toEqual(["conv2d", "conv2d_1", "max_pooling2d", "flatten", "head"]);
  expect(layerNames(rename(draft, key(draft, 2), "conv2d"))[0]).toBe("conv2d_1");
  expect(layerNames(rename(draft, key(draft, 4), ""))[4]).toBe("dense");
});

test("a layer is added behind another one, and its follower takes it", () => {
  const draft = convnet();
  const added = add(draft, "Dropout", key(draft, 1));
  expect(classes(added.draft)).toEqual(["Conv2D", "MaxPooling2D", "Dropout", "Conv2D", "Flatten", "Dense"]);
  expect(added.draft.layers[2]).toMatchObject({ key: added.key, inputs: null, options: { rate: 0.25 } });
  expect(classes(add(draft, "Rescaling", "input").draft)[0]).toBe("Rescaling");
  expect(draft.layers).toHaveLength(5);
});

test("where nobody in the list follows, those that take a layer by name take the new one", () => {
  const draft = residual();
  const added = add(draft, "BatchNormalization", key(draft, 4)).draft;
  expect(specOf(added).layers[6]?.["inputs"]).toEqual(["sum", "batch_normalization"]);
  // The short cut stays where the next layer of the list goes on.
  const inside = add(draft, "BatchNormalization", key(draft, 0)).draft;
  expect(specOf(inside).layers[4]?.["inputs"]).toEqual(["x", "b"]);
});

test("a layer that merges also takes what has the same shape two layers back", () => {
  const draft = remove(remove(remove(residual(), 5), 4), 3);
  const shapeOf = (source: number | "input"): string => (source === "input" ? "8,8,3" : "8,8,4");
  const added = add(draft, "Add", key(draft, 2), shapeOf).draft;
  expect(specOf(added).layers[3]?.["inputs"]).toEqual(["b", "x"]);
  const alone = add(draft, "Add", key(draft, 0), shapeOf).draft;
  expect(alone.layers[1]?.inputs).toBeNull();
});

test("who took a removed layer takes what that took", () => {
  const draft = residual();
  expect(specOf(remove(draft, key(draft, 2))).layers[2]).toMatchObject({ name: "sum", inputs: ["x", "a"] });
  // The branch begins at the picture still.
  const gone = remove(draft, key(draft, 4));
  expect(specOf(gone).layers[4]).toMatchObject({ name: "all", inputs: ["sum", "input"] });
  // A follower of a branch does not slip onto the layer before it in the list.
  const longer = add(draft, "ReLU", key(draft, 4)).draft;
  expect(specOf(remove(longer, key(longer, 4))).layers[4]).toMatchObject({ layer: "ReLU", inputs: ["input"] });
  expect(classes(remove(convnet(), 99))).toHaveLength(5);
});

test("a copy has the options and stands behind; a move keeps what is named", () => {
  const draft = convnet();
  const copy = duplicate(draft, key(draft, 2));
  expect(copy.draft.layers[3]).toMatchObject({ key: copy.key, options: draft.layers[2]?.options });
  const moved = move(residual(), 1, 2);
  expect(specOf(moved).layers.map(({ name }) => name)).toEqual(["x", "b", "a", "sum", "short", "all", "flatten"]);
  expect(specOf(moved).layers[3]?.["inputs"]).toEqual(["x", "b"]);
  expect(move(draft, key(draft, 0), -1)).toBe(draft);
});

test("options, inputs, shape and loss are set, and set back", () => {
  const draft = convnet();
  const first = key(draft, 0);
  const set = setOption(draft, first, "filters", 12);
  expect(Object.entries(set.layers[0]?.options ?? {})).toEqual([["filters", 12], ["kernel_size", 3], ["activation", "relu"]]);
  expect(setOption(set, first, "activation", undefined).layers[0]?.options).toEqual({ filters: 12, kernel_size: 3 });
  expect(setInputs(draft, key(draft, 1), [first]).layers[1]?.inputs).toBeNull();
  expect(specOf(setInputs(draft, key(draft, 2), [first])).layers[2]?.["inputs"]).toEqual(["conv2d"]);
  expect(specOf(setInputShape(draft, [32, 32, 3])).input_shape).toEqual([32, 32, 3]);
  expect(specOf(setCompile(draft, { loss: "binary_crossentropy" })).compile).toEqual({ loss: "binary_crossentropy" });
});

test("a spec that comes again keeps the keys of layers with the same name and class", () => {
  const draft = convnet();
  const { layers, ...rest } = specOf(draft);
  const again = draftOf({ ...rest, layers: [{ layer: "Rescaling", scale: 2 }, ...layers.slice(0, 4), { layer: "Softmax", name: "head" }] }, draft);
  expect(again.layers.map((layer) => layer.key)).toEqual([5, 0, 1, 2, 3, 6]);
});

test("what an error names is found: by name, by place, in any JSON", () => {
  const layers: unknown[] = [{ layer: "Conv2D" }, 7, { layer: "Conv2D" }, { layer: "Dense", name: "head" }];
  expect(placeNamed("conv2d_1", layers)).toBe(2);
  expect(placeNamed("head", layers)).toBe(3);
  expect(placeNamed("2 of the list", layers)).toBe(1);
  expect(placeNamed("other", layers)).toBe(-1);
});

test("a layer in a few words", () => {
  const said = (layer: LayerSpec): string => brief(english, draftOf({ input_shape: [8, 8, 1], layers: [layer] }).layers[0]!);
  expect(said({ layer: "Conv2D", filters: 32, kernel_size: [3, 3], padding: "same", activation: "relu" })).toBe("32 · 3×3 · same · relu");
  expect(said({ layer: "MaxPooling2D", pool_size: [2, 2], strides: [2, 2] })).toBe("2×2");
  expect(said({ layer: "MaxPooling2D", pool_size: [3, 3], strides: [2, 2] })).toBe("3×3 · stride 2");
  expect(said({ layer: "ZeroPadding2D", padding: [[1, 1], [0, 2]] })).toBe("1×0×2");
});
