import { expect, test } from "vitest";
import {
  checkAugmentation,
  checkClassWeight,
  checkLayer,
  checkName,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkPlace,
  checkSeed,
  checkSize,
  checkWhole,
} from "./check";

const option = (field: string): unknown => expect.objectContaining({ code: "option", field });

test("wrong values are option errors that name the option", () => {
  for (const value of [0, 1.5, -1, NaN, Infinity, "2", null, {}, 2n]) {
    expect(() => checkWhole("workers", value, 1)).toThrow(option("workers"));
  }
  for (const value of [-1, NaN, "2", null]) {
    expect(() => checkNumber("learningRate", value)).toThrow(option("learningRate"));
  }
  expect(() => checkOneOf("split", "training", ["train", "test"])).toThrow(option("split"));
  for (const value of [-1, 0.5, {}, undefined]) expect(() => checkLayer(value)).toThrow(option("layer"));
});

test("wrong sizes, names, weights and augmentations are named too", () => {
  for (const value of [[0, 10], [10], [10, 10, 3], [10.5, 10], [9999, 10], "10x10", 10, null]) {
    expect(() => checkSize("size", value)).toThrow(option("size"));
  }
  for (const value of [undefined, -1, 0.5, "0", null]) expect(() => checkPlace("label", value)).toThrow(option("label"));
  for (const value of ["", "  ", 3, undefined]) expect(() => checkName("name", value)).toThrow(option("name"));
  for (const value of ["even", [1, -1], [1, "2"], 1, null, [NaN]]) expect(() => checkClassWeight(value)).toThrow(option("classWeight"));
  expect(() => checkAugmentation({ rotation: 40 })).toThrow(option("rotation"));
  expect(() => checkAugmentation({ rotation_range: NaN })).toThrow(option("rotation_range"));
});

test("a parameter of augmentation of the wrong kind is named, and what it is said", () => {
  for (const [name, value, what] of [
    ["brightness_range", 0.5, "a pair"], ["rotation_range", "40", "a number; it is \"40\""], ["zoom_range", [1], "a number or a pair"], ["zoom_range", [1, "2"], "pair"],
    ["horizontal_flip", 1, "true or false"], ["fill_mode", "mirror", "nearest, constant"], ["color_jitter", { hue: "red" }, "any of brightness"],
    ["color_jitter", { tint: 1 }, "hue"], ["color_jitter", null, "an object"], ["width_shift_range", [], "list"], ["cval", {}, "a number"], ["mixup", null, "a number"],
  ] as const) {
    expect(() => checkAugmentation({ [name]: value }), name).toThrow(expect.objectContaining({ code: "option", field: name, message: expect.stringContaining(what) as string }));
  }
  for (const value of [[40], null, 3]) expect(() => checkAugmentation(value)).toThrow(option("augmentation"));
});

test("a seed is a whole number that the core can take", () => {
  for (const value of [-1, 0.5, 9e15 + 2, Number.MAX_SAFE_INTEGER, "1"]) expect(() => checkSeed(value)).toThrow(option("seed"));
});

test("a misspelt option is named, and the right ones are", () => {
  expect(() => checkOptions({ batchsize: 64 }, ["epochs", "batchSize"])).toThrow(/batchsize.*batchSize/);
  expect(() => checkOptions(null, [])).toThrow(option("options"));
});

test("right values and left-out ones pass", () => {
  checkWhole("epochs", undefined, 1);
  checkWhole("epochs", 1, 1);
  checkNumber("learningRate", 0);
  checkSize("size", undefined);
  checkSize("size", [1, 4096]);
  checkPlace("index", 0);
  checkClassWeight("balanced");
  checkClassWeight([0, 1.5]);
  checkAugmentation({ width_shift_range: [-2, 2], zoom_range: 0.2, brightness_range: null, fill_mode: "wrap", cval: undefined });
  checkSeed(9e15);
  checkAugmentation({ rotation_range: 40, zoom_range: [0.8, 1.2], horizontal_flip: true, color_jitter: { hue: 0.1 } });
  checkOptions({ epochs: undefined }, ["epochs"]);
  expect(checkLayer("conv2d")).toBe("conv2d");
  expect(checkLayer(0)).toBe(0);
});
