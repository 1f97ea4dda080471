import { expect, test } from "vitest";
import type { History } from "../../api/types";
import { diagnose, type Signs, typicalRatio } from "./diagnose";
import { adam, dead, farTooHigh, healthy, longer, overfit, sgd, sigmoid, tooHigh, tooLow } from "./real-runs";
import { english } from "../../text/en";

const kinds = (signs: Signs): string[] => diagnose(english, signs).map(({ kind }) => kind);
const none: Signs = { history: { steps: [], epochs: [] }, vitals: [], classes: 10, outcome: null };

/** A run of epochs with these figures, and nothing else known. */
function course(epochs: Omit<History["epochs"][number], "epoch">[], more: Partial<Signs> = {}): Signs {
  const history = { steps: [{ epoch: 1, loss: 1, accuracy: 0.5 }], epochs: epochs.map((epoch, i) => ({ epoch: i + 1, ...epoch })) };
  return { ...none, history, ...more };
}

const losses = (...all: number[]): Signs => course(all.map((loss) => ({ loss, accuracy: 0.6, valAccuracy: 0.6 })));

test("before anything was learned nothing is said", () => {
  expect(diagnose(english, none)).toEqual([]);
  expect(diagnose(english, { ...none, vitals: healthy.vitals.map((one) => ({ ...one, step: 0 })) })).toEqual([]);
});

test("of healthy runs it is said that all is well", () => {
  for (const run of [healthy, adam, longer]) {
    expect(kinds(run)).toEqual(["well"]);
  }
  expect(kinds(sgd)).toEqual(["well"]);
  expect(diagnose(english, healthy)[0]).toEqual({
    kind: "well", severity: "good", try: "",
    message: "All is well. From epoch 1 to 4 the loss went from 2.023 to 0.4506. No layer has fallen silent, and a step changes the weights by 0.0181 of their size.",
  });
  expect(diagnose(english, course([]))[0]?.message).toBe("Nothing is wrong so far. More can be said after the first epoch.");
  expect(diagnose(english, sgd)[0]?.message).toContain("Nothing is wrong so far. From epoch 1 to 4 the loss went from 2.279 to 1.779. Validation is behind, with 28.1% right against 53.6%");
});

test("a loss that is no number has diverged, however it was found", () => {
  expect(diagnose(english, { ...none, outcome: "diverged" })[0]).toMatchObject({ kind: "diverged", severity: "bad", try: expect.stringContaining("a tenth of the learning rate") as string });
  expect(kinds({ ...healthy, history: { ...healthy.history, steps: [{ epoch: 4, loss: NaN, accuracy: 0, learningRate: 5 }] } })).toEqual(["diverged"]);
  expect(diagnose(english, { ...none, outcome: "diverged", history: { epochs: [], steps: [{ epoch: 1, loss: Infinity, accuracy: 0, learningRate: 5 }] } })[0]?.try).toContain("or less: 0.5.");
});

test("a learning rate that is too high shows in a wild loss, in rises and swings, and in large updates", () => {
  expect(diagnose(english, farTooHigh)[0]).toMatchObject({ kind: "rate-high", severity: "bad" });
  expect(diagnose(english, farTooHigh)[0]?.try).toMatch(/a tenth of the learning rate or less: 100\./);
  expect(diagnose(english, losses(1, 0.8, 1.1, 1.4))[0]?.message).toContain("the loss rose from 0.8000 to 1.400");
  expect(diagnose(english, losses(1, 1.4, 0.8, 1.3, 0.9))[0]?.message).toContain("swings between 0.8000 and 1.400");
  // One rise, or many near zero, are no sign.
  expect(kinds(losses(1, 0.6, 0.9, 0.5))).toEqual(["well"]);
  expect(kinds(losses(0.002, 0.009, 0.003, 0.01, 0.004))).toEqual(["well"]);
  const large = healthy.vitals.map((one) => ({ ...one, layers: one.layers.map((layer) => ({ ...layer, updateRatio: 0.06 })) }));
  expect(diagnose(english, { ...healthy, vitals: large })[0]?.message).toContain("one step changes the weights by 0.06 of their size");
  // An optimizer's first steps are larger.
  expect(kinds({ ...healthy, vitals: large.map((one) => ({ ...one, step: 5 })) })).toEqual(["well"]);
  expect(typicalRatio(tooHigh.vitals[0])).toBeCloseTo(0.0462);
});

test("a layer most of whose units are silent is named", () => {
  const [found] = diagnose(english, dead);
  expect(found).toMatchObject({ kind: "dead", severity: "bad" });
  expect(found?.message).toBe("Dead units in conv2d: 32 of 32 units answer zero to all 16 pictures looked at. So do most units of 3 later layers.");
  // It learns in spite of them.
  expect(diagnose(english, tooHigh)).toMatchObject([{ kind: "dead", severity: "watch" }]);
});

test("gradients that vanish on their way back are told", () => {
  const [found] = diagnose(english, sigmoid);
  expect(found).toMatchObject({ kind: "vanishing", severity: "watch" });
  expect(found?.message).toContain("in conv2d they are 8.42e−6 of those in dense_1");
});

test("who is as good as the largest class only guesses, after several epochs", () => {
  const guess = { loss: 2.3, accuracy: 0.11 };
  expect(kinds(course([guess, guess]))).toEqual(["well"]);
  expect(diagnose(english, course([guess, guess, guess]))[0]).toMatchObject({ kind: "guessing", severity: "bad", message: "After 3 epochs the network only guesses: 11.0% right, as without looking." });
  const most = { loss: 0.5, accuracy: 0.82 };
  expect(kinds(course([most, most, most], { classes: 2, largestShare: 0.8 }))).toEqual(["guessing"]);
  expect(kinds(course([most, most, most], { classes: 2, largestShare: 0.5 }))).toEqual(["well"]);
  // A fiftieth is much among a hundred classes.
  expect(kinds(course(Array<typeof most>(3).fill({ loss: 4, accuracy: 0.02 }), { classes: 100 }))).toEqual(["well"]);
});

test("a learning rate that is too low hardly changes the weights or the loss", () => {
  const [found] = diagnose(english, tooLow);
  expect(found).toMatchObject({ kind: "rate-low", severity: "watch", try: expect.stringContaining("such as 1e−5") as string });
  expect(found?.message).toContain("by only 1.63e−6 of their size");
  // At the end of a schedule that fell to nothing, there is nothing more to learn either.
  const learned = tooLow.history.epochs.map((epoch) => ({ ...epoch, loss: 0.1, accuracy: 0.97, valAccuracy: 0.96 }));
  expect(kinds({ ...tooLow, history: { ...tooLow.history, epochs: learned } })).toEqual(["well"]);
});

test("pictures learned by heart show in a gap to validation that grows or stays", () => {
  expect(diagnose(english, overfit)[0]).toMatchObject({ kind: "overfitting", severity: "watch", try: expect.stringContaining("augmentation") as string });
  expect(diagnose(english, overfit)[0]?.message).toContain("100.0% of them right, but 72.4% of those for validation, and the gap grows.");
  const gaps = (...all: number[]): Signs => course(all.map((gap) => ({ loss: 0.3, accuracy: 0.9, valAccuracy: 0.9 - gap })));
  expect(diagnose(english, gaps(0.3, 0.2, 0.15))[0]?.message).toContain("the gap stays");
  expect(kinds(gaps(0.01, 0.05, 0.08))).toEqual(["well"]);
  expect(kinds(gaps(0.02, 0.3, 0.02))).toEqual(["well"]);
  expect(kinds(course([0, 1, 2].map(() => ({ loss: 0.1, accuracy: 1 }))))).toEqual(["well"]);
});

test("the gravest comes first", () => {
  const found = diagnose(english, { ...farTooHigh, history: { ...farTooHigh.history, epochs: overfit.history.epochs.map((epoch) => ({ ...epoch, loss: 900 })) } });
  expect(found.map(({ kind }) => kind)).toEqual(["rate-high", "dead", "overfitting"]);
});
