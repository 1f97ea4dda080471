import { expect, test } from "vitest";
import { checkLayer, checkNumber, checkOneOf, checkOptions, checkWhole } from "./check";

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

test("a misspelt option is named, and the right ones are", () => {
  expect(() => checkOptions({ batchsize: 64 }, ["epochs", "batchSize"])).toThrow(/batchsize.*batchSize/);
  expect(() => checkOptions(null, [])).toThrow(option("options"));
});

test("right values and left-out ones pass", () => {
  checkWhole("epochs", undefined, 1);
  checkWhole("epochs", 1, 1);
  checkNumber("learningRate", 0);
  checkOptions({ epochs: undefined }, ["epochs"]);
  expect(checkLayer("conv2d")).toBe("conv2d");
  expect(checkLayer(0)).toBe(0);
});
