import { beforeEach, expect, test, vi } from "vitest";
import { english } from "../../text/en";
import type { Vitals } from "../../api/types";
import type { Workbench } from "../workbench";
import { healthy } from "./real-runs";
import { VitalsStep, withLatest } from "./vitals-step";
import { courseOf, deadShare, layersOf, vitalsCsv } from "./words";

const at = (step: number): Vitals => ({ step, pictures: 16, layers: healthy.vitals[0]?.layers ?? [] });

/** A workbench whose lab takes so many milliseconds for each look. */
function make(cost: number): { vitals: VitalsStep; bench: Workbench; looks: () => number } {
  let looks = 0;
  const lab = {
    spec: {}, history: { steps: [], epochs: [] }, summary: null,
    dataset: { classes: Array<string>(10).fill(""), counts: { train: [60, 40] } },
    vitals: async () => {
      looks += 1;
      const step = looks;
      await new Promise((resolve) => setTimeout(resolve, cost));
      return at(step);
    },
  };
  const bench = { text: english, lab, dialog: null, changed: () => undefined, fail: () => undefined } as unknown as Workbench;
  return { vitals: new VitalsStep(bench), bench, looks: () => looks };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  return () => vi.useRealTimers();
});

test("what nobody looked at costs nothing, and what somebody did at most a twentieth", async () => {
  const { vitals, looks } = make(100);
  vitals.began();
  for (let i = 0; i < 100; i += 1) {
    vitals.stepped();
    vitals.epochEnded();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(looks()).toBe(0);
  vitals.opened();
  await vi.advanceTimersByTimeAsync(100);
  // Ten minutes with ten steps a second.
  for (let i = 0; i < 6000; i += 1) {
    vitals.stepped();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(looks()).toBe(1 + Math.floor(600_000 / 3100));
  expect(vitals.snapshots).toHaveLength(looks());
});

test("an epoch's end is looked at where that is not too dear", async () => {
  const cheap = make(10);
  const dear = make(1000);
  for (const { vitals } of [cheap, dear]) {
    vitals.opened();
    await vi.advanceTimersByTimeAsync(1000);
    for (let i = 0; i < 40; i += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      vitals.epochEnded();
    }
  }
  expect(cheap.looks()).toBe(41);
  expect(dear.looks()).toBe(2);
  // The end of a run always is.
  dear.vitals.ended("finished");
  await vi.advanceTimersByTimeAsync(1000);
  expect(dear.looks()).toBe(3);
});

test("a network that was replaced takes its signs along, also those still on their way", async () => {
  const { vitals } = make(50);
  vitals.opened();
  await vi.advanceTimersByTimeAsync(50);
  expect(vitals.snapshots).toHaveLength(1);
  vitals.began();
  vitals.forget();
  await vi.advanceTimersByTimeAsync(50);
  expect(vitals.snapshots).toHaveLength(0);
});

test("a new problem is said once", async () => {
  const { vitals, bench } = make(1);
  const { lab } = bench as unknown as { lab: { history: unknown } };
  vitals.began();
  expect(vitals.spoken).toBe("");
  vitals.ended("diverged");
  expect(vitals.spoken).toContain("The run diverged");
  vitals.spoken = "";
  vitals.began();
  vitals.ended("diverged");
  expect(vitals.spoken).toBe("");
  lab.history = healthy.history;
  vitals.began();
  expect(vitals.findings).toMatchObject([{ kind: "well" }]);
  await vi.advanceTimersByTimeAsync(10);
});

test("snapshots go by rising step, the last two hundred of them", () => {
  expect(withLatest([at(1), at(5), at(9)], at(5)).map(({ step }) => step)).toEqual([1, 5]);
  const many = Array.from({ length: 230 }, (_, i) => i).reduce<Vitals[]>((all, step) => withLatest(all, at(step)), []);
  expect([many.length, many[0]?.step]).toEqual([200, 30]);
});

test("the CSV has a row for each layer of each snapshot", () => {
  const rows = vitalsCsv([at(0), at(20)]).trimEnd().split("\r\n");
  expect(rows).toHaveLength(11);
  expect(rows[0]).toBe("step,pictures,layer,units,dead,update_ratio,weights_low,weights_high,weights_mean,weights_std,weights_wrong,weights_bars,gradients_low,gradients_high,gradients_mean,gradients_std,gradients_wrong,gradients_bars,activations_low,activations_high,activations_mean,activations_std,activations_wrong,activations_bars");
  expect(rows[6]).toMatch(/^20,16,conv2d,32,0,0.01063,-0.1,0.1,0,0.1,0,1 1,/);
  expect(rows.every((row) => row.split(",").length === 24)).toBe(true);
  expect(layersOf([at(0)])).toEqual(["conv2d", "conv2d_1", "conv2d_2", "dense", "dense_1"]);
  expect(courseOf([at(0), at(1)], "dense_1").map(deadShare)).toEqual([null, null]);
});
