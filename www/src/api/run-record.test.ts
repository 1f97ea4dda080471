import { expect, test } from "vitest";
import { nextName } from "./run-log";
import { courseOf } from "./run-record";
import type { History } from "./types";

function history(epochs: number, perEpoch: number, more = 0): History {
  const steps = Array.from({ length: epochs * perEpoch + more }, (_, i) => ({ epoch: Math.floor(i / perEpoch) + 1, loss: 100 - i, accuracy: i / 1000 }));
  return { steps, epochs: Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1, loss: 3 - i, accuracy: 0.5 + i / 10 })) };
}

test("a short run keeps every step at its place in the epochs, the unfinished one included", () => {
  const { steps, epochs } = courseOf(history(2, 4, 1), { epoch: 1, step: 0 }, 4);
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(steps.map(({ at }) => at)).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25]);
  expect(steps[3]).toEqual({ step: 4, at: 1, loss: 97, accuracy: 0.003 });
  expect(epochs).toHaveLength(2);
});

test("a run of weights that had learned before has only what it did itself", () => {
  const { steps, epochs, best } = courseOf(history(3, 4), { epoch: 3, step: 8 }, 4);
  expect(steps.map(({ step, at }) => [step, at])).toEqual([[9, 2.25], [10, 2.5], [11, 2.75], [12, 3]]);
  expect(epochs.map(({ epoch }) => epoch)).toEqual([3]);
  expect(best.loss).toEqual({ value: 1, epoch: 3 });
});

test("a long run is thinned to means that stand at the end of what they sum up", () => {
  const whole = history(10, 1000);
  const { steps } = courseOf(whole, { epoch: 1, step: 0 }, 1000);
  expect(steps.length).toBeLessThanOrEqual(300);
  expect(steps.at(-1)).toMatchObject({ step: 10_000, at: 10 });
  const width = steps[0]!.step;
  expect(steps[0]!.loss).toBeCloseTo(whole.steps.slice(0, width).reduce((sum, { loss }) => sum + loss, 0) / width);
});

test("epochs of other lengths, after another batch size, still end at whole numbers", () => {
  const steps = [1, 1, 2, 2, 2, 2].map((epoch) => ({ epoch, loss: 1, accuracy: 1 }));
  const epochs = [1, 2].map((epoch) => ({ epoch, loss: 1, accuracy: 1 }));
  expect(courseOf({ steps, epochs }, { epoch: 1, step: 0 }, 2).steps.map(({ at }) => at)).toEqual([0.5, 1, 1.25, 1.5, 1.75, 2]);
});

test("the best figures: the least loss, the greatest accuracy, the first of equals, never what is no number", () => {
  const epochs = [
    { epoch: 1, loss: NaN, accuracy: 0.5, valLoss: 2, valAccuracy: 0.7 },
    { epoch: 2, loss: 1, accuracy: 0.6, valLoss: 1.5, valAccuracy: 0.9 },
    { epoch: 3, loss: 2, accuracy: 0.8, valLoss: 1.7, valAccuracy: 0.9 },
  ];
  expect(courseOf({ steps: [], epochs }, { epoch: 1, step: 0 }, 1).best).toEqual({
    loss: { value: 1, epoch: 2 }, accuracy: { value: 0.8, epoch: 3 }, valLoss: { value: 1.5, epoch: 2 }, valAccuracy: { value: 0.9, epoch: 2 },
  });
  expect(courseOf({ steps: [], epochs: [] }, { epoch: 1, step: 0 }, 1).best).toEqual({});
});

test("a name that is free: one past the highest number, whatever else runs are called", () => {
  expect(nextName([])).toBe("Run 1");
  expect(nextName([{ name: "Run 2" }, { name: "Run 10" }, { name: "Run away" }, { name: "My Run 99" }, { name: "" }])).toBe("Run 11");
});
