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
  checkAugmentation({ rotation_range: 40, zoom_range: [0.8, 1.2], horizontal_flip: true, color_jitter: { hue: 0.1 } });
  checkOptions({ epochs: undefined }, ["epochs"]);
  expect(checkLayer("conv2d")).toBe("conv2d");
  expect(checkLayer(0)).toBe(0);
});
