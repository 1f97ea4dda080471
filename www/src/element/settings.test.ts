import { expect, test } from "vitest";
import { adopted, attributesOf, defaults, optimizerSettings, readAttributes, settingsOf, settingsOfOptions, trainingChanges, trainOptions } from "./settings";

function element(attributes: Record<string, string>): { getAttribute(name: string): string | null } {
  return { getAttribute: (name) => attributes[name] ?? null };
}

test("attributes are read, and what is absent stays open", () => {
  const { settings, errors } = readAttributes(
    element({ dataset: "cifar10", epochs: "3", "batch-size": "128", "learning-rate": "1e-2", optimizer: "sgd", device: "cpu", limit: "5000", validation: "0", steps: "train inside", augmentation: '{"rotation_range": 40}', "class-weight": "balanced" }),
  );
  expect(errors).toEqual([]);
  expect(settings).toEqual({
    dataset: "cifar10", epochs: 3, batchSize: 128, learningRate: 0.01, optimizer: "sgd", device: "cpu", limit: 5000, validation: 0, steps: ["train", "inside"],
    augmentation: { rotation_range: 40 }, classWeight: "balanced", optimizerOptions: {},
  });
});

test.each([
  ["epochs", "many", "a whole number from 1"],
  ["epochs", "", "a whole number from 1"],
  ["batch-size", "0", "a whole number from 1"],
  ["batch-size", "2.5", "a whole number from 1"],
  ["seed", "-1", "a whole number from 0"],
  ["seed", "9007199254740991", "to 9000000000000000"],
  ["split-seed", "0.5", "a whole number from 0"],
  ["learning-rate", "Infinity", "at least 0"],
  ["learning-rate", "-1", "at least 0"],
  ["validation", "1", "a share from 0 to 0.9"],
  ["device", "gpu", "auto, webgpu, cpu, flex, ndarray"],
  ["steps", "train test", "data, network, train, inside"],
  ["test", "1.5", "a share from 0 to 0.9"],
  ["augmentation", "rotation_range=40", "as JSON"],
  ["augmentation", "[40]", "as JSON"],
  ["augmentation", '{"brightness_range": 0.5}', "brightness_range is a pair"],
  ["augmentation", '{"rotation_range": "40"}', "rotation_range is a number"],
  ["augmentation", '{"color_jitter": 3}', "color_jitter is an object"],
  ["class-weight", "even", "balanced, none"],
  ["optimizer", "adamax", "rmsprop, adam, sgd"],
  ["optimizer", '{"name": "sgd", "momentun": 0.9}', "momentun"],
  ["optimizer", '{"name": "sgd", "learning_rate": 0.9}', "learning-rate"],
  ["optimizer", '{"name": "sgd"', "as JSON"],
  ["class-weight", "[1, -2]", "a number a class"],
  ["schedule", "cosine", "as JSON"],
  ["schedule", "null", "CosineDecay"],
  ["schedule", '{"name": "CosineDecay"}', "decay_steps is a number"],
  ["reduce-on-plateau", '{"factor": 1}', "factor is a number"],
  ["early-stopping", '{"patience": -1}', "patience is a whole number"],
  ["early-stopping", "yes", "or true"],
  ["shuffle", "no", "true, false"],
  ["controls", "locked", "free, fixed"],
  ["theme", "black", "auto, light, dark"],
  ["height", "tall", "640, 40rem or 80vh"],
  ["height", "0", "640, 40rem or 80vh"],
  ["height", "calc(1px)", "640, 40rem or 80vh"],
  ["workers", "0", "a whole number from 1"],
])("%s=%j is an error that says what fits", (attribute, text, expected) => {
  const { settings, errors } = readAttributes(element({ [attribute]: text, dataset: "mnist" }));
  expect(settings).toEqual({ dataset: "mnist" });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ code: "option", field: attribute });
  expect(errors[0]?.message).toContain(expected);
});

const chosen = {
  ...defaults, base: "mobilenet-v2", optimizer: "sgd", optimizerOptions: { momentum: 0.9, clipnorm: 1 }, learningRate: 0.05,
  schedule: { name: "CosineDecay" as const, decay_steps: 100 }, earlyStopping: { patience: 3, restoreBestWeights: true },
  classWeight: [1, 2.5], shuffle: false, validate: false,
};

test("a height without a unit is in pixels", () => {
  expect(readAttributes(element({ height: "640" })).settings).toEqual({ height: "640px" });
  expect(readAttributes(element({ height: "80vh", theme: "dark", controls: "fixed", workers: "2" })).settings).toEqual({ height: "80vh", theme: "dark", controls: "fixed", workers: 2 });
});

test("every training option goes through attributes, and to the class", () => {
  const { steps: _steps, controls: _controls, height: _height, theme: _theme, workers: _workers, limit: _none, reduceOnPlateau: _off, augmentation: _as, ...experiment } = chosen;
  expect(settingsOf(attributesOf(chosen))).toEqual(experiment);
  expect(settingsOf(attributesOf({ ...defaults, reduceOnPlateau: { factor: 0.5 } })).reduceOnPlateau).toEqual({ factor: 0.5 });
  expect(readAttributes(element({ "early-stopping": "true", "reduce-on-plateau": "false" })).settings).toEqual({ earlyStopping: {}, reduceOnPlateau: null });
  expect(trainOptions(chosen)).toEqual({
    epochs: 5, batchSize: 64, shuffle: false, validate: false, optimizer: { name: "sgd", momentum: 0.9, clipnorm: 1 }, learningRate: 0.05,
    schedule: chosen.schedule, earlyStopping: chosen.earlyStopping, classWeight: [1, 2.5],
  });
  expect(trainingChanges(chosen)).toBe(7);
  expect(trainingChanges(defaults)).toBe(0);
});

test("a run's options lead back to the settings that asked for them", () => {
  const { steps: _view, ...asked } = chosen;
  expect({ ...asked, ...settingsOfOptions(trainOptions(chosen)) }).toEqual(asked);
  expect(settingsOfOptions({})).toEqual({});
  expect(settingsOfOptions({ earlyStopping: true, reduceOnPlateau: false })).toEqual({ earlyStopping: {}, reduceOnPlateau: null });
});

test("a schedule and reducing the rate on a plateau: the one that is adopted ends the other, and both together are refused", () => {
  const schedule = { name: "CosineDecay" as const, decay_steps: 10 };
  expect(adopted({ schedule })).toEqual({ schedule, reduceOnPlateau: null });
  expect(settingsOfOptions({ schedule })).toEqual({ schedule, reduceOnPlateau: null });
  expect(settingsOfOptions({ reduceOnPlateau: true })).toEqual({ reduceOnPlateau: {}, schedule: null });
  expect(adopted({ schedule: null, epochs: 2 })).toEqual({ schedule: null, epochs: 2 });
  const both = { schedule: JSON.stringify(schedule), "reduce-on-plateau": "true" };
  expect(() => settingsOf(both)).toThrow(/either this or a schedule/);
  const { settings, errors } = readAttributes(element(both));
  expect(settings).toEqual({ schedule });
  expect(errors).toMatchObject([{ field: "reduce-on-plateau" }]);
});

test("a seed that stands alone, as in old links, means the lab's and the split's; a link carries both", () => {
  expect(settingsOf({ seed: "4" })).toEqual({ seed: 4, splitSeed: 4 });
  expect(settingsOf({ "split-seed": "2", seed: "4" })).toEqual({ seed: 4, splitSeed: 2 });
  expect(settingsOf({ "split-seed": "2" })).toEqual({ splitSeed: 2 });
  expect(settingsOf(attributesOf({ ...defaults, seed: 4, splitSeed: 0 }))).toMatchObject({ seed: 4, splitSeed: 0 });
  expect(readAttributes(element({ seed: "4" })).settings).toEqual({ seed: 4, splitSeed: 4 });
});

test("a schedule that says itself at which rate it begins is given no other", () => {
  expect(trainOptions({ ...chosen, schedule: { name: "CosineDecay", initial_learning_rate: 0.1, decay_steps: 9 } })).not.toHaveProperty("learningRate");
  expect(trainOptions({ ...chosen, schedule: { name: "PiecewiseConstantDecay", boundaries: [5], values: [1, 2] } })).not.toHaveProperty("learningRate");
});

test("a network's optimizer becomes settings: Keras's defaults and what the lab has not are left out", () => {
  expect(optimizerSettings({ name: "SGD", learning_rate: 0.1, momentum: 0.9, nesterov: false, use_ema: true, weight_decay: null })).toEqual({
    optimizer: "sgd", optimizerOptions: { momentum: 0.9 }, learningRate: 0.1, schedule: null,
  });
  expect(optimizerSettings("adam")).toEqual({ optimizer: "adam", optimizerOptions: {}, learningRate: 0.001, schedule: null });
  expect(optimizerSettings({ name: "adamw", weight_decay: 0.004, learning_rate: { name: "CosineDecay", initial_learning_rate: 0.2, decay_steps: 10 } })).toEqual({
    optimizer: "adamw", optimizerOptions: {}, learningRate: 0.2, schedule: { name: "CosineDecay", decay_steps: 10 }, reduceOnPlateau: null,
  });
  expect(optimizerSettings({ name: "lion" })).toEqual({});
  expect(optimizerSettings(undefined)).toEqual({});
});
