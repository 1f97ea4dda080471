import { expect, test } from "vitest";
import { Curves, RecentMean } from "./curves";

test("a recent mean starts at the first value and follows the later ones", () => {
  const mean = new RecentMean();
  expect(mean.add(2)).toBeCloseTo(2, 12);
  let latest = 0;
  for (let i = 0; i < 200; i += 1) {
    latest = mean.add(0.5);
  }
  expect(latest).toBeCloseTo(0.5, 3);
});

test("steps lie between the epochs, and validation at their ends", () => {
  const curves = new Curves();
  curves.step({ epoch: 1, step: 1, steps: 2, loss: 2, accuracy: 0 });
  curves.step({ epoch: 1, step: 2, steps: 2, loss: 2, accuracy: 0.5 });
  curves.epoch({ epoch: 1, valLoss: 1, valAccuracy: 0.75 });
  curves.epoch({ epoch: 2 });
  expect(curves.lossLines().training.x).toEqual([0.5, 1]);
  expect(curves.lossLines().validation).toEqual({ x: [1], y: [1] });
  expect(curves.accuracyLines().validation).toEqual({ x: [1], y: [0.75] });
  expect(curves.valAccuracy).toBe(0.75);
});

test("a loaded history draws the same curves as the run that made it", () => {
  const live = new Curves();
  const history = { steps: [], epochs: [] } as Parameters<typeof Curves.of>[0];
  for (let epoch = 1; epoch <= 3; epoch += 1) {
    for (let step = 1; step <= (epoch === 3 ? 2 : 5); step += 1) {
      const [loss, accuracy] = [1 / (epoch * step), 0.5];
      live.step({ epoch, step, steps: 5, loss, accuracy });
      history.steps.push({ epoch, loss, accuracy });
    }
    if (epoch < 3) {
      live.epoch({ epoch, valLoss: 1 / epoch, valAccuracy: 0.9 });
      history.epochs.push({ epoch, loss: 1, accuracy: 0.5, valLoss: 1 / epoch, valAccuracy: 0.9 });
    }
  }
  expect(Curves.of(history).lossLines()).toEqual(live.lossLines());
});

test("a history that ends in its first epoch is drawn by the steps that the epoch has", () => {
  const history = { steps: [{ epoch: 1, loss: 2, accuracy: 0.1 }], epochs: [] };
  expect(Curves.of(history, 10).lossLines().training.x).toEqual([0.1]);
});
