/**
 * The loop's turns: pause, step, stop and what is told. The core here only counts; what it
 * trains, the Rust tests and the end-to-end tests see.
 */
import { afterEach, expect, test } from "vitest";
import type { FromWorker, RunOptions } from "../api/protocol";
import type { TrainEvent } from "../api/types";
import type { Core, CoreEvent } from "./core";
import type { Preparing } from "./preparing";
import { SerialQueue } from "./serial-queue";
import { Training } from "./training";

const STEPS_PER_EPOCH = 100;
const info = { epoch: 1, epochs: 1000, step: 0, stepsPerEpoch: STEPS_PER_EPOCH, totalSteps: 100_000, batchSize: 4, validationBatches: 2, fitting: false };

/** Counts pieces of fitting, steps, and two batches of validation after each epoch. */
class CountingCore {
  /** Pieces of fitting to come, and of how many. */
  pieces = 0;
  total = 0;
  steps = 0;
  validation = 0;
  training = false;
  busy = false;
  failing: Error | undefined;
  /** The step at which the loss is no number any more. */
  divergesAt = Infinity;

  startTraining(_: RunOptions): typeof info {
    this.training = true;
    return { ...info, fitting: this.pieces > 0 };
  }

  async advance(n: number): Promise<CoreEvent[]> {
    expect(this.busy).toBe(false);
    this.busy = true;
    await new Promise((resolve) => setTimeout(resolve, 1));
    this.busy = false;
    if (this.failing) throw this.failing;
    if (!this.training) return [];
    if (this.pieces > 0) {
      expect(n).toBe(1);
      this.pieces -= 1;
      return [{ type: "fitting", what: "whitening", pictures: 9, share: 1 - this.pieces / this.total }];
    }
    if (this.steps >= this.divergesAt) {
      this.training = false;
      return [{ type: "warning", code: "diverged", message: "The loss is no longer a number." }, { type: "done", reason: "diverged" }];
    }
    if (this.validation > 0) {
      this.validation = Math.max(0, this.validation - n);
      const epoch = this.steps / STEPS_PER_EPOCH;
      return this.validation > 0 ? [] : [{ type: "epoch", epoch, loss: 1, accuracy: 1, valLoss: 1, valAccuracy: 1 }];
    }
    const events: CoreEvent[] = [];
    const end = Math.min(this.steps + n, STEPS_PER_EPOCH * (Math.floor(this.steps / STEPS_PER_EPOCH) + 1));
    while (this.steps < end) {
      const step = (this.steps % STEPS_PER_EPOCH) + 1;
      const epoch = Math.floor(this.steps / STEPS_PER_EPOCH) + 1;
      this.steps += 1;
      events.push({ type: "step", epoch, step, steps: STEPS_PER_EPOCH, globalStep: this.steps, loss: 1, accuracy: 1, images: 4, learningRate: 0.001 });
    }
    if (this.steps % STEPS_PER_EPOCH === 0) this.validation = 2;
    return events;
  }

  stopTraining(): CoreEvent[] {
    if (!this.training) return [];
    this.training = false;
    return [{ type: "done", reason: "stopped" }];
  }

  save(): Promise<Uint8Array> {
    expect(this.busy).toBe(false);
    expect(this.pieces).toBe(0);
    return Promise.resolve(new Uint8Array(8));
  }
}

const running: Training[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((training) => training.stop()));
});

async function begin(paused = false, { pieces = 0, prepare }: { pieces?: number; prepare?: () => Preparing } = {}): Promise<{
  core: CountingCore;
  training: Training;
  messages: FromWorker[];
  events: () => TrainEvent[];
}> {
  const core = new CountingCore();
  core.pieces = core.total = pieces;
  const messages: FromWorker[] = [];
  const post = (message: FromWorker): void => void messages.push(message);
  const { training } = await Training.start(
    { core: core as unknown as Core, queue: new SerialQueue(), post, ...(prepare && { prepare }) },
    { options: prepare ? { augmentation: {} } : {}, paused },
  );
  running.push(training);
  const events = (): TrainEvent[] =>
    messages.flatMap((message) => (message.kind === "events" ? message.events : []));
  return { core, training, messages, events };
}

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test("steps and epochs are told in order, with speed and seconds, from a first checkpoint on", async () => {
  const { core, events, messages } = await begin();
  await until(() => core.steps >= 2 * STEPS_PER_EPOCH + 1);
  expect(messages[0]).toMatchObject({ kind: "checkpoint", step: 0 });
  const told = events();
  const steps = told.flatMap((event) => (event.type === "step" ? [event.globalStep] : []));
  expect(steps).toEqual(steps.map((_, index) => index + 1));
  for (const event of told) {
    if (event.type === "step") expect(event.imagesPerSecond).toBeGreaterThan(0);
    if (event.type === "epoch") expect(event.seconds).toBeGreaterThan(0);
  }
  const epoch = told.findIndex((event) => event.type === "epoch");
  expect(told[epoch - 1]).toMatchObject({ type: "step", globalStep: STEPS_PER_EPOCH });
});

test("a run that diverges leaves a checkpoint of the weights that the core went back to", async () => {
  for (const [at, good] of [[STEPS_PER_EPOCH / 2, 0], [STEPS_PER_EPOCH + 5, STEPS_PER_EPOCH]] as const) {
    const { core, training, messages } = await begin();
    core.divergesAt = at;
    await until(() => training.over);
    await until(() => messages.at(-1)?.kind === "checkpoint");
    expect(messages.at(-1)).toMatchObject({ kind: "checkpoint", step: good });
  }
});

test("a pause holds, a step is one step, also over the validation between epochs", async () => {
  const { core, training, events } = await begin();
  await until(() => core.steps > 10);
  await training.pause();
  const at = core.steps;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(core.steps).toBe(at);
  for (let step = at + 1; step <= STEPS_PER_EPOCH + 2; step++) {
    await training.step();
    expect(core.steps).toBe(step);
    expect(events().at(-1)).toMatchObject({ type: "step", globalStep: step });
  }
  expect(events().filter((event) => event.type === "epoch")).toHaveLength(1);
  training.resume();
  await until(() => core.steps > STEPS_PER_EPOCH + 10);
});

test("a pause leaves a checkpoint of the step that it stands at, and the run goes on after it", async () => {
  const { core, training, messages } = await begin();
  await until(() => core.steps > 3);
  await training.pause();
  await until(() => messages.some((message) => message.kind === "checkpoint" && message.step === core.steps));
  const at = core.steps;
  // Resumed while it is being saved, it must not wait for another call.
  training.resume();
  await training.pause();
  training.resume();
  await until(() => core.steps > at + 3);
});

test("a run can begin paused", async () => {
  const { core, training } = await begin(true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(core.steps).toBe(0);
  await training.step();
  expect(core.steps).toBe(1);
});

test("stop ends a run, paused or not, with the last weights as a checkpoint", async () => {
  for (const paused of [false, true]) {
    const { core, training, events, messages } = await begin();
    await until(() => core.steps > 10);
    if (paused) await training.pause();
    await training.stop();
    expect(training.over).toBe(true);
    expect(events().at(-1)).toEqual({ type: "done", reason: "stopped" });
    await until(() => messages.at(-1)?.kind === "checkpoint");
    expect(messages.at(-1)).toMatchObject({ step: core.steps });
    await expect(training.step()).rejects.toMatchObject({ code: "state" });
  }
});

test("while something is fitted a pause holds, nothing is saved or prepared, and steps follow", async () => {
  let prepared = 0;
  const preparing = { ask: () => undefined, end: () => undefined } as unknown as Preparing;
  const prepare = (): Preparing => {
    prepared += 1;
    return preparing;
  };
  const { core, training, messages } = await begin(false, { pieces: 50, prepare });
  await until(() => core.pieces < 45);
  await training.pause();
  const at = core.pieces;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(core.pieces).toBe(at);
  expect(messages.every((message) => message.kind === "events")).toBe(true);
  expect(prepared).toBe(0);
  await training.step();
  expect([core.pieces, core.steps, prepared]).toEqual([0, 1, 1]);
  training.resume();
  await until(() => messages.some(({ kind }) => kind === "checkpoint"));
  const told = messages.flatMap((message) => (message.kind === "events" ? message.events : []));
  expect(told.findIndex(({ type }) => type === "step")).toBe(50);
  expect(told[49]).toMatchObject({ type: "fitting", share: 1 });
});

test("a run that is stopped while something is fitted leaves no checkpoint", async () => {
  const { core, training, events, messages } = await begin(false, { pieces: 1000 });
  await until(() => core.pieces < 990);
  await training.stop();
  expect(events().at(-1)).toEqual({ type: "done", reason: "stopped" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(messages.every((message) => message.kind === "events")).toBe(true);
});

test("a failing core ends the loop with its error", async () => {
  const { core, training, messages } = await begin();
  core.failing = Object.assign(new Error("The device stopped."), { code: "device-lost" });
  await until(() => messages.at(-1)?.kind === "failed");
  expect(messages.at(-1)).toEqual({
    kind: "failed",
    error: { code: "device-lost", message: "The device stopped." },
  });
  expect(training.over).toBe(true);
});
