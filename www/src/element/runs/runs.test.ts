import { expect, test } from "vitest";
import type { RunRecord } from "../../api/types";
import { curvesCsv, foldsCsv, runsCsv } from "../../view/runs-csv";
import { settingsOfRun } from "./again";
import { bestOf, sorted } from "./columns";
import { optionsInWords } from "./words";
import { english } from "../../text/en";

const record: RunRecord = {
  id: "a", name: "Run 1", started: "2026-01-02T03:04:05.000Z", dataset: "MNIST", pictures: 900, device: "cpu", seed: 0,
  spec: { input_shape: [28, 28, 1], layers: [{ layer: "Flatten" }], compile: { optimizer: { name: "adam", learning_rate: 0.01 } } },
  parameters: 10, options: { epochs: 2, batchSize: 64, optimizer: "rmsprop", learningRate: 0.001 },
  epochs: [{ epoch: 1, loss: 2, accuracy: 0.5 }, { epoch: 2, loss: 1, accuracy: 0.75, valLoss: 0.5, valAccuracy: 0.8 }],
  steps: [], best: { accuracy: { value: 0.75, epoch: 2 }, valAccuracy: { value: 0.8, epoch: 2 }, valLoss: { value: 0.5, epoch: 2 } }, seconds: 12.5, reason: "finished",
};
const other = (id: string, changes: Partial<RunRecord>): RunRecord => ({ ...record, id, ...changes });

test("columns sort both ways, numbers in names by their value, and what was not measured comes last", () => {
  const runs = [
    other("ten", { name: "Run 10", best: {}, started: "2026-01-03" }),
    other("two", { name: "run 2", best: { valLoss: { value: 0.1, epoch: 1 } }, started: "2026-01-05" }),
    other("one", { name: "Run 1", best: { valLoss: { value: 0.2, epoch: 1 } }, started: "2026-01-04" }),
  ];
  const order = (key: "name" | "valLoss" | "started" | "dataset", down: boolean): string[] => sorted(english, runs, { key, down }).map(({ id }) => id);
  expect(order("name", false)).toEqual(["one", "two", "ten"]);
  expect(order("name", true)).toEqual(["ten", "two", "one"]);
  expect(order("valLoss", false)).toEqual(["two", "one", "ten"]);
  expect(order("valLoss", true)).toEqual(["one", "two", "ten"]);
  expect(order("dataset", true)).toEqual(["two", "one", "ten"]);
});

test("the best of each data set is marked, where there are two to compare", () => {
  const runs = [
    record,
    other("b", { best: { accuracy: { value: 0.75, epoch: 1 }, valAccuracy: { value: 0.7, epoch: 1 }, valLoss: { value: 0.4, epoch: 1 } } }),
    other("c", { dataset: "CIFAR-10", best: { accuracy: { value: 1, epoch: 1 } } }),
  ];
  expect([...bestOf(runs)].sort()).toEqual(["a:accuracy", "a:valAccuracy", "b:accuracy", "b:valLoss"]);
});

test("a run's options become settings; what it was not asked for is as at first", () => {
  const plain = { schedule: null, reduceOnPlateau: null, earlyStopping: null, augmentation: {}, classWeight: null, shuffle: true, validate: true };
  expect(settingsOfRun(record)).toEqual({ ...plain, epochs: 2, batchSize: 64, optimizer: "rmsprop", optimizerOptions: {}, learningRate: 0.001 });
  const options = { classWeight: "balanced" as const, augmentation: { zoom_range: 0.2 }, shuffle: false, steps: 1, earlyStopping: { patience: 3 } };
  // Without an optimizer of its own it was trained with its network's.
  expect(settingsOfRun(other("b", { options }))).toEqual({
    ...plain, optimizer: "adam", optimizerOptions: {}, learningRate: 0.01, classWeight: "balanced", augmentation: { zoom_range: 0.2 }, shuffle: false, earlyStopping: { patience: 3 },
  });
});

test("options in words", () => {
  expect(optionsInWords(english, record.options)).toBe("RMSprop at 0.001, 64 pictures a step, 2 epochs");
  expect(optionsInWords(english, { optimizer: { name: "sgd", learning_rate: 0.1 }, steps: 3, augmentation: { rotation_range: 10 }, classWeight: "balanced", shuffle: false })).toBe(
    "SGD at 0.1, 32 pictures a step, 3 steps, 1 change of augmentation, balanced classes, not shuffled",
  );
});

test("runs as CSV: a row a run, JSON in quotes, and empty where nothing was measured", () => {
  const [head, row, rest] = runsCsv([other("a", { name: 'Wide, "deep"', best: { loss: { value: 1, epoch: 2 } }, options: { epochs: 2 }, spec: { input_shape: [1, 1, 1], layers: [] } })]).split("\r\n");
  expect(head).toBe("id,name,started,dataset,pictures,device,seed,parameters,epochs,seconds,reason,best_loss,best_loss_epoch,best_accuracy,best_accuracy_epoch,best_val_loss,best_val_loss_epoch,best_val_accuracy,best_val_accuracy_epoch,options,spec");
  expect(row).toBe('a,"Wide, ""deep""",2026-01-02T03:04:05.000Z,MNIST,900,cpu,0,10,2,12.5,finished,1,2,,,,,,,"{""epochs"":2}","{""input_shape"":[1,1,1],""layers"":[]}"');
  expect(rest).toBe("");
  expect(curvesCsv([record])).toBe("id,name,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate\r\na,Run 1,1,2,0.5,,,\r\na,Run 1,2,1,0.75,0.5,0.8,\r\n");
});

test("folds as CSV: with mean and deviation once all are there", () => {
  const fold = { fold: 1, train: 80, heldOut: 20, loss: 0.5, accuracy: 0.9, epochs: [{ epoch: 1, loss: 1, accuracy: 1 }], reason: "finished" as const, restoredEpoch: null, seconds: 2 };
  const head = "fold,train,held_out,loss,accuracy,epochs,reason,seconds";
  expect(foldsCsv([fold], null)).toBe(`${head}\r\n1,80,20,0.5,0.9,1,finished,2\r\n`);
  const whole = { folds: [fold, { ...fold, fold: 2 }], loss: { mean: 0.5, std: 0.25 }, accuracy: { mean: 0.9, std: 0.125 }, deviation: "population" as const, confusion: [], warnings: [], seconds: 4 };
  expect(foldsCsv(whole.folds, whole).split("\r\n").slice(3)).toEqual(["mean,,,0.5,0.9,,,2", "population standard deviation,,,0.25,0.125,,,", ""]);
});
