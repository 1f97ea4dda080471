/** What is made of the core's events. That the core cancels and ends as told, the end-to-end tests see. */
import { expect, test } from "vitest";
import type { FoldEvent } from "./core";
import { Course } from "./cross-validation";

const run = { epoch: 1, epochs: 2, step: 0, stepsPerEpoch: 10, totalSteps: 20, batchSize: 4, validationBatches: 0, fitting: false };
const fold = (fold: number, fitting = false): FoldEvent => ({ type: "fold", fold, folds: 2, train: 40, heldOut: 41, run: { ...run, fitting } });
const step = (fold: number, globalStep: number): FoldEvent => ({
  type: "training", fold,
  event: { type: "step", epoch: globalStep > 10 ? 2 : 1, step: ((globalStep - 1) % 10) + 1, steps: 10, globalStep, loss: 0.5, accuracy: 0.75, images: 4, learningRate: 0.01 },
});
const ended = (fold: number): FoldEvent => ({ type: "training", fold, event: { type: "done", reason: "finished" } });
const scores = (fold: number): FoldEvent => ({ type: "scores", fold, train: 40, heldOut: 41, loss: fold, accuracy: 0.9, epochs: [], reason: "finished", restoredEpoch: null });
const info = { folds: 2, pictures: 81, warnings: ["Class c has 1."] };

test("from the first fold to the result, each thing in its place", () => {
  const course = new Course(info, 0);
  expect(course.take([fold(1)], 10)).toBeUndefined();
  expect(course.progress()).toEqual({
    fold: 1, folds: 2, pictures: 81, train: 40, heldOut: 41, stage: "training", epoch: 1, epochs: 2, step: 0, steps: 10,
    loss: null, accuracy: null, share: 0, scores: [], warnings: ["Class c has 1."],
  });
  course.take([step(1, 12)], 100);
  expect(course.progress()).toMatchObject({ epoch: 2, step: 2, loss: 0.5, accuracy: 0.75, share: 0.3 });
  course.take([ended(1)], 1000);
  expect(course.progress()).toMatchObject({ stage: "measuring", share: 0.5 });
  course.take([scores(1), fold(2)], 2000);
  expect(course.progress()).toMatchObject({ fold: 2, stage: "training", step: 0, loss: null, share: 0.5, scores: [{ fold: 1, seconds: 2 }] });
  course.take([step(2, 5), { type: "training", fold: 2, event: { type: "warning", code: "x", message: "Mind this." } }, ended(2)], 3000);
  const done: FoldEvent = { type: "done", folds: [], loss: { mean: 1.5, std: 0.5 }, accuracy: { mean: 0.9, std: 0 }, deviation: "population", confusion: [[81]] };
  expect(course.take([scores(2), done], 5000)).toMatchObject({
    folds: [{ fold: 1, loss: 1, seconds: 2 }, { fold: 2, loss: 2, seconds: 3 }],
    loss: { mean: 1.5, std: 0.5 }, warnings: ["Class c has 1.", "Fold 2: Mind this."], seconds: 5,
  });
  expect(course.progress().share).toBe(1);
});

test("a fold that stops early is done with, and fitting comes before training", () => {
  const course = new Course(info, 0);
  course.take([fold(1, true)], 0);
  expect(course.stage).toBe("fitting");
  course.take([{ type: "training", fold: 1, event: { type: "fitting", what: "whitening", pictures: 40, share: 0.5 } }], 0);
  expect(course.stage).toBe("fitting");
  course.take([{ type: "training", fold: 1, event: { type: "fitting", what: "whitening", pictures: 40, share: 1 } }], 0);
  expect(course.stage).toBe("training");
  course.take([step(1, 3), { type: "training", fold: 1, event: { type: "done", reason: "early-stopping" } }], 0);
  expect(course.progress().share).toBe(0.5);
});
