/** What is noted of which run. The records here last as long as the log: Node has no IndexedDB. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { abortedError, CnnLabError } from "./error";
import { emptyMemory } from "./recovery";
import { RunLog } from "./run-log";
import { RunState } from "./run-state";
import { RunStore } from "./run-store";
import type { RunInfo } from "./types";

const info: RunInfo = { epoch: 1, epochs: 2, step: 0, stepsPerEpoch: 2, totalSteps: 4, batchSize: 1, validationBatches: 0, fitting: false };

let memory: ReturnType<typeof emptyMemory>;
let log: RunLog;
let told: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance", "setTimeout", "clearTimeout"] });
  memory = emptyMemory();
  told = 0;
  log = new RunLog({ memory, device: () => "cpu", seed: 3 }, false, () => (told += 1));
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function begin(options: RunState["options"] = {}, from: Partial<RunInfo> = {}): RunState {
  const run = new RunState(options);
  log.follow(run);
  run.begin({ ...info, ...from });
  return run;
}

/** One step, as the host hears it: first into the history. */
function step(run: RunState, loss = 1): void {
  const globalStep = memory.history.steps.push({ epoch: Math.floor(memory.history.steps.length / 2) + 1, loss, accuracy: 0 });
  run.push({ type: "step", epoch: 1, step: 1, steps: 2, globalStep, loss, accuracy: 0, images: 1, learningRate: 0.01, imagesPerSecond: 1 });
}

test("a run that took no step leaves nothing behind, however it ended", async () => {
  begin().push({ type: "done", reason: "stopped" });
  begin().fail(new CnnLabError({ code: "option", message: "No." }));
  expect(await log.all()).toEqual([]);
});

test("how it ended: by itself, by Stop, by its signal or the end of the lab, by an error", async () => {
  for (const end of [
    (run: RunState) => run.push({ type: "done", reason: "early-stopping" }),
    (run: RunState) => run.push({ type: "done", reason: "diverged" }),
    (run: RunState) => run.fail(abortedError()),
    (run: RunState) => run.fail(new CnnLabError({ code: "panic", message: "It broke." })),
  ]) {
    const run = begin();
    step(run);
    vi.advanceTimersByTime(100);
    end(run);
    await run.done.catch(() => undefined);
  }
  expect((await log.all()).map(({ name, reason, seed }) => [name, reason, seed])).toEqual([
    ["Run 4", "failed", 3], ["Run 3", "stopped", 3], ["Run 2", "diverged", 3], ["Run 1", "early-stopping", 3],
  ]);
});

test("it is written with its first step, then every two seconds, and not at each step", async () => {
  const run = begin();
  step(run);
  vi.advanceTimersByTime(0);
  expect(await log.all()).toMatchObject([{ reason: null, steps: [{ step: 1 }] }]);
  step(run);
  vi.advanceTimersByTime(1000);
  expect((await log.all())[0]?.steps).toHaveLength(1);
  vi.advanceTimersByTime(1000);
  expect(await log.all()).toMatchObject([{ reason: null, seconds: 2, steps: [{ step: 1 }, { step: 2 }] }]);
  expect(told).toBe(2);
  step(run);
  vi.advanceTimersByTime(1000);
  expect((await log.all())[0]?.steps).toHaveLength(2);
});

test("pauses take no time, and what is resumed adds to it", async () => {
  const first = begin({ epochs: 2 });
  step(first);
  vi.advanceTimersByTime(1500);
  first.paused = true;
  vi.advanceTimersByTime(60_000);
  first.paused = false;
  vi.advanceTimersByTime(500);
  first.push({ type: "done", reason: "stopped" });
  vi.advanceTimersByTime(60_000);
  const second = begin({ resume: true }, { step: 1 });
  step(second);
  vi.advanceTimersByTime(1000);
  second.push({ type: "done", reason: "finished" });
  expect(await log.all()).toMatchObject([{ seconds: 3, reason: "finished", options: { epochs: 2 }, steps: [{ step: 1 }, { step: 2 }] }]);
});

test("with other weights, or after the record was deleted, a resumed run is a record of its own", async () => {
  const first = begin();
  step(first);
  first.push({ type: "done", reason: "stopped" });
  await first.done;
  log.forget();
  vi.advanceTimersByTime(10);
  const second = begin({ resume: true }, { step: 1 });
  step(second);
  second.push({ type: "done", reason: "stopped" });
  await second.done;
  const [latest] = await log.all();
  expect(await log.all()).toMatchObject([{ name: "Run 2", steps: [{ step: 2 }] }, { name: "Run 1", steps: [{ step: 1 }] }]);
  await log.delete(latest!.id);
  const third = begin({ resume: true }, { step: 2 });
  step(third);
  third.push({ type: "done", reason: "stopped" });
  await third.done;
  expect((await log.all()).map(({ steps }) => steps.map((one) => one.step))).toEqual([[3], [1]]);
});

test("steps that come again after a failure are noted once", async () => {
  const run = begin();
  step(run, 1);
  step(run, 2);
  // A fresh worker goes on from the checkpoint after the first.
  memory.history = { steps: memory.history.steps.slice(0, 1), epochs: [] };
  step(run, 3);
  run.push({ type: "done", reason: "stopped" });
  await run.done;
  expect((await log.all())[0]?.steps.map(({ loss }) => loss)).toEqual([1, 3]);
});

test("a run that goes on cannot be deleted, and keeps the name that it is given meanwhile", async () => {
  const run = begin();
  step(run);
  vi.advanceTimersByTime(2000);
  const [record] = await log.all();
  await expect(log.delete(record!.id)).rejects.toMatchObject({ code: "state" });
  await log.rename(record!.id, "Mine");
  step(run);
  run.push({ type: "done", reason: "finished" });
  await run.done;
  expect(await log.all()).toMatchObject([{ name: "Mine", reason: "finished" }]);
  await log.delete(record!.id);
  expect(await log.all()).toEqual([]);
});

test("a run that is deleted in another tab while it goes on is written no more", async () => {
  const run = begin();
  step(run);
  vi.advanceTimersByTime(2000);
  expect(await log.all()).toMatchObject([{ name: "Run 1" }]);
  const written: unknown[] = [];
  const change = vi.spyOn(RunStore.prototype, "change").mockImplementation((_, next) => {
    written.push(next(undefined));
    return Promise.resolve();
  });
  step(run);
  vi.advanceTimersByTime(2000);
  run.push({ type: "done", reason: "stopped" });
  await run.done;
  await log.all();
  expect(written.length).toBeGreaterThan(0);
  expect(written.every((record) => record === undefined)).toBe(true);
  change.mockRestore();
  // What goes on with its weights is a record of its own.
  const next = begin({ resume: true }, { step: 2 });
  step(next);
  next.push({ type: "done", reason: "stopped" });
  await next.done;
  expect(await log.all()).toHaveLength(2);
});

test("storage that does not answer once deletes nothing", async () => {
  const run = begin();
  step(run);
  vi.advanceTimersByTime(2000);
  await log.all();
  let written: unknown;
  vi.spyOn(RunStore.prototype, "change").mockImplementationOnce((_, next) => {
    written = next(null);
    return Promise.resolve();
  });
  step(run);
  run.push({ type: "done", reason: "stopped" });
  await run.done;
  await log.all();
  expect(written).toMatchObject({ steps: [{}, {}] });
});
