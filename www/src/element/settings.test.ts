import { expect, test } from "vitest";
import { readAttributes } from "./settings";

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
    augmentation: { rotation_range: 40 }, balance: true,
  });
});

test.each([
  ["epochs", "many", "a whole number from 1"],
  ["epochs", "", "a whole number from 1"],
  ["batch-size", "0", "a whole number from 1"],
  ["batch-size", "2.5", "a whole number from 1"],
  ["seed", "-1", "a whole number from 0"],
  ["learning-rate", "Infinity", "above 0"],
  ["validation", "1", "a share from 0 to 0.9"],
  ["device", "gpu", "auto, webgpu, cpu, ndarray"],
  ["steps", "train test", "data, network, train, inside"],
  ["test", "1.5", "a share from 0 to 0.9"],
  ["augmentation", "rotation_range=40", "as JSON"],
  ["augmentation", "[40]", "as JSON"],
  ["class-weight", "even", "balanced, none"],
  ["optimizer", "adamax", "rmsprop, adam, sgd"],
])("%s=%j is an error that says what fits", (attribute, text, expected) => {
  const { settings, errors } = readAttributes(element({ [attribute]: text, dataset: "mnist" }));
  expect(settings).toEqual({ dataset: "mnist" });
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatchObject({ code: "option", field: attribute });
  expect(errors[0]?.message).toContain(expected);
});
