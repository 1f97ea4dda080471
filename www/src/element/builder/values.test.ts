import { expect, test } from "vitest";
import { initializerName, initializerOptions, read, regularizerOf, shown, withShare } from "./values";

test.each([
  ["whole", "32", 32], ["whole", " ", undefined], ["whole", "many", "many"], ["whole", "2.5", 2.5], ["whole", "-1", -1],
  ["number", "1/255", 1 / 255], ["number", "1e-3", 0.001], ["number", "−0.5", -0.5], ["number", "1/0", "1/0"], ["number", "1/2/3", "1/2/3"],
  ["pair", "3", 3], ["pair", "3, 2", [3, 2]], ["pair", "3 2", [3, 2]], ["pair", "(3, 2)", [3, 2]], ["pair", "3x2", [3, 2]], ["pair", "3 × 2", [3, 2]],
  ["pair", "3,", "3,"], ["pair", "[3", "[3"], ["pair", "1, 2, 3", [1, 2, 3]],
  ["border", "1, 2", [1, 2]], ["border", "(1, 0), (2, 1)", [[1, 0], [2, 1]]], ["border", "((1, 0), (2, 1))", [[1, 0], [2, 1]]],
  ["numbers", "0.49, 0.48, 0.45", [0.49, 0.48, 0.45]], ["numbers", "0.5", 0.5],
] as const)("%s: %j is %j", (kind, text, value) => {
  expect(read({ kind }, text)).toEqual(value);
});

test.each([[3, "3"], [[3, 2], "3, 2"], [[[1, 0], [2, 1]], "(1, 0), (2, 1)"], [undefined, ""], [null, ""], ["many", "many"], [true, "true"]])("%j is shown as %j, and read again", (value, text) => {
  expect(shown(value)).toBe(text);
});

test("initialisers and regularisers in all forms of Keras", () => {
  expect(initializerName("he_normal")).toBe("he_normal");
  expect(initializerName({ name: "random_normal", stddev: 0.05 })).toBe("random_normal");
  expect(initializerOptions({ name: "random_normal", stddev: 0.05, seed: null })).toBe("stddev 0.05");
  expect(initializerOptions("zeros")).toBe("");
  expect(regularizerOf("l1")).toEqual({ l1: 0.01, l2: 0 });
  expect(regularizerOf(0.02)).toEqual({ l1: 0, l2: 0.02 });
  expect(regularizerOf(null)).toEqual({ l1: 0, l2: 0 });
  expect(withShare({ l1: 0, l2: 0.01 }, "l1", "0.001")).toEqual({ l1: 0.001, l2: 0.01 });
  expect(withShare("l2", "l2", "")).toBeUndefined();
  expect(withShare(null, "l2", "lots")).toEqual({ l1: 0, l2: "lots" });
});
