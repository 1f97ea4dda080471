import { expect, test } from "vitest";
import type { Evaluation } from "../api/types";
import { MeasureStep } from "./measure-step";
import type { Workbench } from "./workbench";

/** As much of a workbench as measuring needs. */
function benchOf(evaluate: () => Promise<Evaluation>): Workbench {
  const data = {
    revision: 3,
    edit: () => {
      data.revision += 1;
      return Promise.resolve(true);
    },
  };
  const bench = { ready: Promise.resolve({ evaluate }), data, tell: () => undefined, changed: () => undefined, changedSoon: () => undefined, try: (action: () => Promise<unknown>) => action() };
  return bench as unknown as Workbench;
}

const evaluation = { accuracy: 0.5 } as Evaluation;

test("each split keeps what was measured, until it is old or of other data", async () => {
  const bench = benchOf(() => Promise.resolve(evaluation));
  const measure = new MeasureStep(bench);
  await measure.evaluate("train");
  await measure.evaluate("test");
  const measured = measure.of("train")!;
  expect(measured.evaluation).toBe(evaluation);
  expect(measure.of("validation")).toBeNull();
  expect([measure.isOld(measured), measure.isOfOtherData(measured)]).toEqual([false, false]);
  measure.learnedOn();
  expect(measure.isOld(measured)).toBe(true);
  bench.data.revision += 1;
  expect(measure.isOfOtherData(measured)).toBe(true);
  measure.forget();
  expect(measure.of("test")).toBeNull();
});

test("a corrected class leaves what was measured in its place", async () => {
  const bench = benchOf(() => Promise.resolve(evaluation));
  const measure = new MeasureStep(bench);
  await measure.evaluate("test");
  const measured = measure.of("test")!;
  const done = measure.correct("test", 7, 2);
  // The set is another already, while the page is still being told.
  expect(bench.data.revision).toBe(4);
  expect(measure.isOfOtherData(measured)).toBe(false);
  expect(await done).toBe(true);
  expect(measure.isOfOtherData(measured)).toBe(false);
  expect([...measured.corrected]).toEqual([[7, 2]]);
});

test("what was measured of weights that are gone is not kept, nor called new after steps meanwhile", async () => {
  let answer: (found: Evaluation) => void = () => undefined;
  const bench = benchOf(() => new Promise((resolve) => (answer = resolve)));
  const measure = new MeasureStep(bench);
  const begin = async (meanwhile: () => void): Promise<void> => {
    const done = measure.evaluate("test");
    await Promise.resolve();
    await Promise.resolve();
    meanwhile();
    answer(evaluation);
    await done;
  };
  await begin(() => measure.forget());
  expect(measure.of("test")).toBeNull();
  await begin(() => measure.learnedOn());
  expect(measure.isOld(measure.of("test")!)).toBe(true);
  expect([measure.progress, measure.measuring]).toEqual([null, null]);
});
