import { expect, test } from "vitest";
import { CnnLabError, fieldsOf, toCnnLabError } from "./error";

test("an error of the core keeps its code and its place", () => {
  const thrown = Object.assign(new Error("Layer conv2d, filters: filters must be at least 1."), {
    code: "spec",
    layer: "conv2d",
    field: "filters",
    line: 3,
  });
  const error = toCnnLabError(thrown);
  expect(error).toBeInstanceOf(CnnLabError);
  expect(fieldsOf(error)).toEqual({ code: "spec", message: thrown.message, layer: "conv2d", field: "filters", line: 3 });
  // And once more, as it does on its way to the page.
  expect(new CnnLabError(structuredClone(fieldsOf(error)))).toEqual(error);
});

test("an abort is aborted", () => {
  const controller = new AbortController();
  controller.abort();
  expect(toCnnLabError(controller.signal.reason).code).toBe("aborted");
});

test("a trap, an unknown code and what is no error at all are panics", () => {
  const errors = [new WebAssembly.RuntimeError("unreachable"), Object.assign(new Error("x"), { code: "EWHAT" }), "x", undefined];
  for (const error of errors) expect(toCnnLabError(error).code).toBe("panic");
});
