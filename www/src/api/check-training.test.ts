import { expect, test } from "vitest";
import { checkFinder, checkTraining, checkUpdate } from "./check-training";
import type { FinderOptions, TrainOptions, TrainUpdate } from "./types";

const option = (field: string): unknown => expect.objectContaining({ code: "option", field });

test.each<[object, string]>([
  [{ optimizer: 3 }, "optimizer"],
  [{ optimizer: null }, "optimizer"],
  [{ optimizer: "adamax" }, "optimizer"],
  [{ optimizer: {} }, "optimizer"],
  [{ optimizer: { name: "sgd", momentun: 0.9 } }, "momentun"],
  [{ optimizer: { name: "sgd", momentum: "0.9" } }, "momentum"],
  [{ optimizer: { name: "sgd", nesterov: 1 } }, "nesterov"],
  [{ optimizer: { name: "adam", use_ema: true } }, "use_ema"],
  [{ optimizer: { name: "adam", learning_rate: -1 } }, "learning_rate"],
  [{ optimizer: { name: "adam", learning_rate: { name: "CosineDecay" } } }, "decay_steps"],
  [{ optimizer: { name: "adam", clipnorm: 1, clipvalue: 1 } }, "clipnorm"],
  [{ schedule: null }, "schedule"],
  [{ schedule: "CosineDecay" }, "schedule"],
  [{ schedule: { name: "StepDecay" } }, "schedule"],
  [{ schedule: { name: "CosineDecay" } }, "decay_steps"],
  [{ schedule: { name: "CosineDecay", decay_steps: 0 } }, "decay_steps"],
  [{ schedule: { name: "CosineDecay", decay_steps: 5, warmup: 1 } }, "warmup"],
  [{ schedule: { name: "CosineDecay", decay_steps: 5, initial_learning_rate: -1 } }, "initial_learning_rate"],
  [{ schedule: { name: "PolynomialDecay", decay_steps: 5, cycle: 1 } }, "cycle"],
  [{ schedule: { name: "CosineDecayRestarts", first_decay_steps: 5, t_mul: 0.5 } }, "t_mul"],
  [{ schedule: { name: "PiecewiseConstantDecay", boundaries: 3, values: [1, 2] } }, "boundaries"],
  [{ schedule: { name: "PiecewiseConstantDecay", boundaries: [3, 2], values: [1, 2, 3] } }, "boundaries"],
  [{ schedule: { name: "PiecewiseConstantDecay", boundaries: [3], values: [1] } }, "values"],
  [{ schedule: { name: "PiecewiseConstantDecay", boundaries: [3], values: [1, -1] } }, "values"],
  [{ schedule: { name: "PiecewiseConstantDecay", initial_learning_rate: 1, boundaries: [3], values: [1, 1] } }, "initial_learning_rate"],
  [{ earlyStopping: null }, "earlyStopping"],
  [{ earlyStopping: { monitor: "f1" } }, "earlyStopping.monitor"],
  [{ earlyStopping: { patience: 1.5 } }, "earlyStopping.patience"],
  [{ earlyStopping: { minDelta: NaN } }, "earlyStopping.minDelta"],
  [{ earlyStopping: { restoreBestWeights: 1 } }, "earlyStopping.restoreBestWeights"],
  [{ earlyStopping: { min_delta: 1 } }, "min_delta"],
  [{ reduceOnPlateau: 3 }, "reduceOnPlateau"],
  [{ reduceOnPlateau: { factor: 1 } }, "reduceOnPlateau.factor"],
  [{ reduceOnPlateau: { cooldown: -1 } }, "reduceOnPlateau.cooldown"],
])("train(%j) names %s", (options, field) => {
  expect(() => checkTraining(options as TrainOptions)).toThrow(option(field));
});

test("right options pass, as Keras writes them", () => {
  checkTraining({});
  checkTraining({ optimizer: "Adam", schedule: { name: "CosineDecay", decay_steps: 10, warmup_target: null }, earlyStopping: true, reduceOnPlateau: false });
  checkTraining({ optimizer: { name: "SGD", momentum: 0.9, clipvalue: null, weight_decay: 0.1, learning_rate: 0.1 } });
  checkTraining({ optimizer: { name: "nadam", learning_rate: { name: "ExponentialDecay", initial_learning_rate: 1, decay_steps: 5, decay_rate: 0.9 } } });
  checkTraining({ earlyStopping: { monitor: "val_accuracy", patience: 0, minDelta: 0.1, restoreBestWeights: true, startFromEpoch: 2 } });
  checkTraining({ folds: 3 } as TrainOptions, ["folds"]);
});

test("wrong changes of a run and wrong searches are named too", () => {
  expect(() => checkUpdate({ batchSize: 0 })).toThrow(option("batchSize"));
  expect(() => checkUpdate({ optimizer: "sgd" } as TrainUpdate)).toThrow(option("optimizer"));
  checkUpdate({ batchSize: 1, learningRate: 0, epochs: 1 });
  const wrong: [object, string][] = [
    [{ steps: 9 }, "steps"], [{ minLearningRate: -1 }, "minLearningRate"], [{ maxLearningRate: "1" }, "maxLearningRate"], [{ smoothing: NaN }, "smoothing"],
    [{ seed: -1 }, "seed"], [{ epochs: 1 }, "epochs"], [{ onProgress: 1 }, "onProgress"], [{ optimizer: "lion" }, "optimizer"],
  ];
  for (const [options, field] of wrong) expect(() => checkFinder(options as FinderOptions)).toThrow(option(field));
  checkFinder({ steps: 10, minLearningRate: 1e-6, maxLearningRate: 1, smoothing: 0.5, optimizer: "adam" });
});
