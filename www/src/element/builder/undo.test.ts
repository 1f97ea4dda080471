import { expect, test } from "vitest";
import { begin, redo, step, undo } from "./undo";

test("back and forth, and a new step forgets what was undone", () => {
  let steps = step(step(begin("a"), "b"), "c");
  steps = undo(undo(undo(steps)));
  expect(steps.present).toBe("a");
  steps = redo(steps);
  expect(steps).toMatchObject({ past: ["a"], present: "b", future: ["c"] });
  steps = step(steps, "d");
  expect(redo(steps)).toBe(steps);
  expect(undo(steps).present).toBe("b");
});

test("typing on in one field is one step, until something else or an undo comes between", () => {
  let steps = step(step(step(begin(""), "1", "filters"), "16", "filters"), "3", "units");
  expect(steps.past).toEqual(["", "16"]);
  steps = step(undo(steps), "162", "filters");
  expect(steps.past).toEqual(["", "16"]);
});

test("old steps are forgotten", () => {
  let steps = begin(0);
  for (let i = 1; i <= 500; i += 1) steps = step(steps, i);
  expect(steps.past).toHaveLength(200);
  expect(steps.past[0]).toBe(300);
});
