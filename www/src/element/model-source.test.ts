import { expect, test } from "vitest";
import { dedent } from "./model-source";

test("the indentation of a page is taken from code, and the code's own stays", () => {
  const code = "\n      model = Sequential([\n        Dense(10),\n\n      ])\n    ";
  expect(dedent(code)).toBe("model = Sequential([\n  Dense(10),\n\n])");
});

test("white space is no code", () => {
  expect(dedent("\n   \n ")).toBe("");
  expect(dedent("")).toBe("");
});
