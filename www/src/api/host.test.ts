/**
 * Recovery, with workers that fail when they are told to. Real workers and wasm do not run
 * in Node; the end-to-end tests make a real core panic.
 */
import { beforeEach, expect, test } from "vitest";
import type { Port } from "./connection";
import { CnnLabError, type ErrorCode } from "./error";
import { Host } from "./host";
import type { FromWorker, Method, ToWorker } from "./protocol";
import { takeModel, takeTrainable } from "./recovery";
import { RunState } from "./run-state";
import type { Device, DeviceChoice, DeviceKind, StepEvent, TrainEvent } from "./types";

type Call = Extract<ToWorker, { kind: "call" }>;

const info = { epoch: 1, epochs: 2, step: 0, stepsPerEpoch: 10, totalSteps: 20, batchSize: 1, validationBatches: 0, fitting: false };
const loaded = { summary: {}, spec: {}, classes: [], run: null, history: { steps: [], epochs: [] } };

/** A worker that answers at once, and says what a test wants it to say. */
class ScriptedWorker implements Port {
  readonly calls: Call[] = [];
  terminated = false;
  /** Something has to be fitted before the first step. */
  fitting = false;
  #listeners: Record<string, (event: never) => void> = {};

  /** `failing`: the code that calls of a method fail with; `null`: they are never answered. */
  constructor(readonly failing: Partial<Record<Method, ErrorCode | null>> = {}) {}

  addEventListener(type: string, listener: unknown): void {
    this.#listeners[type] = listener as (event: never) => void;
  }

  postMessage(message: unknown): void {
    const call = message as ToWorker;
    if (call.kind !== "call") return;
    this.calls.push(call);
    const { id, method } = call;
    const code = this.failing[method];
    if (code === null) return;
    const answers: Partial<Record<Method, unknown>> = {
      open: this.#device(call),
      train: { ...info, fitting: this.fitting },
      load: loaded,
      setModel: { summary: {}, spec: { layers: [] } },
      loadBundled: { name: "mnist" },
    };
    queueMicrotask(() => {
      if (code) this.say({ kind: "error", id, error: { code, message: `${method} failed.` } });
      else this.say({ kind: "result", id, result: answers[method] });
    });
  }

  terminate(): void {
    this.terminated = true;
  }

  say(data: FromWorker): void {
    this.#listeners["message"]?.({ data } as never);
  }

  crash(): void {
    this.#listeners["error"]?.({ message: "RuntimeError: unreachable" } as never);
  }

  step(globalStep: number): void {
    const event: StepEvent = { type: "step", epoch: 1, step: globalStep, steps: 10, globalStep, loss: 1, accuracy: 0, images: 1, learningRate: 0.001, imagesPerSecond: 1 };
    this.say({ kind: "events", events: [event] });
  }

  get methods(): Method[] {
    return this.calls.map(({ method }) => method);
  }

  #device({ args }: Call): Device {
    const device = (args[0] as { device?: DeviceChoice } | undefined)?.device ?? "cpu";
    const kind: DeviceKind = device === "auto" ? "webgpu" : device;
    return { kind, name: kind, workers: 1, reason: `It is ${kind}.` };
  }
}

let workers: ScriptedWorker[];
let coming: ScriptedWorker[];
let told: string[];

beforeEach(() => {
  workers = [];
  coming = [];
  told = [];
});

async function openHost(choice: DeviceChoice): Promise<Host> {
  return Host.open(
    {
      spawn: () => {
        const worker = coming.shift() ?? new ScriptedWorker();
        workers.push(worker);
        return worker;
      },
      base: "https://lab.example/",
      workers: undefined, seed: 0,
      onWarning: ({ code }) => told.push(code),
      onDevice: ({ kind }) => told.push(kind),
    },
    choice,
  );
}

async function withRun(choice: DeviceChoice, options = {}): Promise<{ host: Host; run: RunState }> {
  const host = await openHost(choice);
  host.memory.source = { kind: "bundled", name: "mnist", limit: 100 };
  host.memory.edits = [{ kind: "split", options: { validation: 0.2 } }];
  takeModel(host.memory, { summary: { layers: [], totalParams: 0, trainableParams: 0 }, spec: { input_shape: [28, 28, 1], layers: [] }, classes: [] });
  const run = new RunState(options);
  await host.start(run);
  return { host, run };
}

/** Lets everything that can happen without a worker's word happen. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

const last = (): ScriptedWorker => workers.at(-1)!;

async function eventsOf(run: RunState): Promise<string[]> {
  run.events.end();
  const types: string[] = [];
  for (;;) {
    const { value, done } = await run.events.next();
    if (done) return types;
    types.push(value.type === "step" ? `step ${value.globalStep}` : value.type);
  }
}

test("auto falls back to the CPU on a fresh worker and says why", async () => {
  coming = [new ScriptedWorker({ open: "webgpu-failed" })];
  const host = await openHost("auto");
  expect(host.device).toMatchObject({ kind: "cpu", reason: "Training runs on the CPU: open failed." });
  expect(workers.map(({ terminated }) => terminated)).toEqual([true, false]);
});

test("a device that was asked for by name is no other", async () => {
  coming = [new ScriptedWorker({ open: "panic" })];
  await expect(openHost("webgpu")).rejects.toMatchObject({ code: "webgpu-failed" });
  coming = [new ScriptedWorker({ open: "network" })];
  await expect(openHost("auto")).rejects.toMatchObject({ code: "network" });
  expect(workers).toHaveLength(2);
});

test("after a crash a fresh worker gets data, checkpoint and run, and the events go on", async () => {
  const { host, run } = await withRun("cpu", { steps: 15 });
  last().step(4);
  last().say({ kind: "checkpoint", bytes: new Uint8Array([7]), step: 4 });
  last().step(5);
  last().crash();
  await settle();
  expect(workers).toHaveLength(2);
  expect(workers[0]!.terminated).toBe(true);
  const calls = last().calls.map(({ method, args }) => [method, args[0]]);
  expect(calls.slice(1)).toEqual([
    ["loadBundled", { name: "mnist", limit: 100 }],
    ["edit", { kind: "split", options: { validation: 0.2 } }],
    ["load", new Uint8Array([7])],
    ["train", { options: { resume: true, steps: 16 }, paused: false }],
  ]);
  last().step(5);
  expect(host.run).toBe(run);
  expect(told).toEqual(["panic"]);
  expect(await eventsOf(run)).toEqual(["step 4", "checkpoint", "step 5", "warning", "step 5"]);
});

test("a fresh worker freezes what was frozen: by the spec, or by the checkpoint of what has learned", async () => {
  const { host } = await withRun("cpu");
  last().say({ kind: "events", events: [{ type: "done", reason: "finished" }] });
  const { summary } = host.memory.model!;
  const spec = { input_shape: [28, 28, 1], layers: [{ layer: "Flatten", trainable: false }] };
  takeTrainable(host.memory, { summary, spec, checkpoint: null });
  last().crash();
  await settle();
  expect(last().calls.at(-1)).toMatchObject({ method: "setModel", args: [JSON.stringify(spec)] });

  host.memory.history.steps.push({ epoch: 1, loss: 1, accuracy: 0 });
  takeTrainable(host.memory, { summary, spec, checkpoint: new Uint8Array([8]) });
  expect(host.memory.checkpoint).toEqual({ bytes: new Uint8Array([8]), step: 1 });
  last().crash();
  await settle();
  expect(last().calls.at(-1)).toMatchObject({ method: "load", args: [new Uint8Array([8])] });
});

test("own pictures are handed over again, and changed again in order", async () => {
  const { host } = await withRun("cpu");
  const files = Array.from({ length: 300 }, (_, i) => ({ path: `cat/${i}.jpg`, file: new Blob() }));
  host.memory.source = { kind: "files", files, options: { size: [8, 8] }, warnings: [] };
  host.memory.edits = [
    { kind: "exclude", split: "train", index: 3 },
    { kind: "split", options: { validation: 0.5 } },
  ];
  last().crash();
  await settle();
  const methods = last().methods.filter((method) => method !== "takeFiles");
  expect(methods).toEqual(["open", "loadFiles", "edit", "edit", "setModel", "train"]);
  const calls = Object.fromEntries(last().calls.map(({ method, args }) => [method, args[0]]));
  expect(calls["loadFiles"]).toMatchObject({ drop: (calls["takeFiles"] as { drop: number }).drop, options: { size: [8, 8] } });
  const handed = last().calls.filter(({ method }) => method === "takeFiles");
  expect(handed.flatMap(({ args }) => (args[0] as { files: unknown[] }).files)).toEqual(files);
  expect(last().calls.filter(({ method }) => method === "edit").map(({ args }) => args[0])).toEqual(host.memory.edits);
});

test("where own pictures are gone, the network goes on without them and says so", async () => {
  const { host } = await withRun("cpu");
  host.memory.source = { kind: "remembered", name: "photos" };
  coming = [new ScriptedWorker({ loadRemembered: "data-missing", train: "state" })];
  last().crash();
  await settle();
  expect(last().methods).toEqual(["open", "loadRemembered", "setModel", "train"]);
  expect(told).toEqual(["panic", "data-missing"]);
  expect(host.memory).toMatchObject({ source: null, edits: [], dataset: null });
  expect(host.run).toBeNull();
});

test("without a checkpoint the run begins again as it was asked for", async () => {
  const { run } = await withRun("cpu", { epochs: 2 });
  run.changes = { learningRate: 0.5 };
  run.paused = true;
  last().say({ kind: "failed", error: { code: "device-lost", message: "Lost." } });
  await settle();
  expect(last().methods).toEqual(["open", "loadBundled", "edit", "setModel", "train", "update"]);
  expect(last().calls.at(-2)!.args).toEqual([{ options: { epochs: 2 }, paused: true }]);
});

test("after a crash while something is fitted the run begins again, and a loaded one is not gone on with", async () => {
  const worker = new ScriptedWorker();
  worker.fitting = true;
  coming = [worker];
  const host = await openHost("cpu");
  host.memory.checkpoint = { bytes: new Uint8Array([7]), step: 4 };
  const savedRun = { epoch: 1, step: 4, epochs: 2, batchSize: 1, finished: false, optimizer: "sgd", learningRate: 0.1 };
  host.memory.savedRun = savedRun;
  const run = new RunState({ augmentation: { zca_whitening: true } });
  await host.start(run);
  const fitting = (share: number): FromWorker => ({ kind: "events", events: [{ type: "fitting", what: "whitening", pictures: 9, share }] });
  worker.say(fitting(0.5));
  expect(host.memory.savedRun).toBe(savedRun);
  worker.crash();
  await settle();
  expect(last().methods).toEqual(["open", "load", "train"]);
  expect(last().calls.at(-1)!.args).toEqual([{ options: { augmentation: { zca_whitening: true } }, paused: false }]);
  last().say(fitting(1));
  expect(host.memory.savedRun).toBeNull();
  expect(await eventsOf(run)).toEqual(["fitting", "warning", "fitting"]);
});

test("a checkpoint that was still being made for the run before is none of the next", async () => {
  const { host, run: first } = await withRun("cpu");
  last().say({ kind: "events", events: [{ type: "done", reason: "stopped" }] });
  expect(first.over).toBe(true);
  last().failing.train = null;
  const next = new RunState({ epochs: 3 });
  void host.start(next);
  await settle();
  last().say({ kind: "checkpoint", bytes: new Uint8Array([7]), step: 4 });
  last().crash();
  await settle();
  expect(last().methods).toEqual(["open", "loadBundled", "edit", "load", "train"]);
  expect(last().calls.at(-1)!.args).toEqual([{ options: { epochs: 3 }, paused: false }]);
});

test("after two failures on the graphics device the CPU takes over", async () => {
  const { host, run } = await withRun("auto");
  last().step(1);
  last().crash();
  await settle();
  expect(host.device.kind).toBe("webgpu");
  last().step(2);
  last().crash();
  await settle();
  expect(host.device).toMatchObject({ kind: "cpu", reason: "WebGPU failed twice, so training runs on the CPU." });
  expect(told).toEqual(["panic", "panic", "cpu"]);
  expect(run.over).toBe(false);
});

test("a third failure without a new step ends the run, and the lab goes on", async () => {
  const { host, run } = await withRun("cpu");
  last().step(1);
  for (let failure = 0; failure < 3; failure++) {
    expect(run.over).toBe(false);
    last().step(1);
    last().crash();
    await settle();
  }
  await expect(run.done).rejects.toMatchObject({ code: "panic" });
  expect(host.run).toBeNull();
  expect(last().methods).toEqual(["open", "loadBundled", "edit", "setModel"]);
  await host.call("save", []);
});

test("new steps between failures keep a run alive", async () => {
  const { run } = await withRun("cpu");
  for (let failure = 1; failure < 8; failure++) {
    last().step(failure);
    last().crash();
    await settle();
  }
  expect(run.over).toBe(false);
});

test("failures while taking over count too, and the next call tries again", async () => {
  const { host, run } = await withRun("cpu");
  coming = [new ScriptedWorker({ loadBundled: "network" }), new ScriptedWorker({ setModel: "panic" })];
  last().crash();
  await settle();
  await expect(run.done).rejects.toMatchObject({ code: "panic" });
  expect(workers.every(({ terminated }) => terminated)).toBe(true);
  await host.call("save", []);
  expect(last().methods).toEqual(["open", "loadBundled", "edit", "setModel", "save"]);
});

test("the call that brought the core down rejects; others beside it too; no later one", async () => {
  const { host } = await withRun("cpu");
  const first = workers[0]!;
  first.failing.evaluate = null;
  first.failing.predict = "panic";
  const evaluation = host.call("evaluate", ["test"]);
  const prediction = host.call("predict", [new Blob()]);
  await expect(prediction).rejects.toMatchObject({ code: "panic" });
  await expect(evaluation).rejects.toMatchObject({ code: "panic" });
  await host.call("save", []);
  expect(last()).not.toBe(first);
});

test("pause and stop outlive the worker they were said to", async () => {
  const { host, run } = await withRun("cpu");
  workers[0]!.failing.stop = null;
  const stopped = host.control("stop", []);
  await settle();
  workers[0]!.crash();
  await stopped;
  expect(last().methods).toEqual(["open", "loadBundled", "edit", "setModel", "train", "stop"]);
  expect(run.over).toBe(false);
});

test("a run that cannot begin says so, and is not the lab's", async () => {
  coming = [new ScriptedWorker({ train: "class-count" })];
  const { host, run } = await withRun("cpu");
  await expect(run.started).rejects.toMatchObject({ code: "class-count" });
  await expect(run.events.next()).rejects.toBeInstanceOf(CnnLabError);
  expect(host.run).toBeNull();
  expect(workers).toHaveLength(1);
});

test("disposing ends the worker, the run and what is pending, even in a recovery", async () => {
  const { host, run } = await withRun("cpu");
  coming = [new ScriptedWorker({ open: null })];
  last().crash();
  await settle();
  const pending = host.call("save", []);
  host.dispose();
  await expect(pending).rejects.toMatchObject({ code: "aborted" });
  await expect(run.done).rejects.toMatchObject({ code: "aborted" });
  await expect(host.call("save", [])).rejects.toMatchObject({ code: "state" });
  await settle();
  expect(workers.every(({ terminated }) => terminated)).toBe(true);
  expect(workers).toHaveLength(2);
});

test("history follows the events", async () => {
  const { host } = await withRun("cpu");
  last().step(1);
  const epoch: TrainEvent = { type: "epoch", epoch: 1, loss: 1, accuracy: 0.5, valLoss: 2, valAccuracy: 0.4, seconds: 3 };
  last().say({ kind: "events", events: [epoch, { type: "done", reason: "finished" }] });
  expect(host.memory.history).toEqual({
    steps: [{ epoch: 1, loss: 1, accuracy: 0, learningRate: 0.001 }],
    epochs: [{ epoch: 1, loss: 1, accuracy: 0.5, valLoss: 2, valAccuracy: 0.4 }],
  });
  expect(host.run).toBeNull();
});

test("a checkpoint has what was changed before it; a run that begins further back takes the history with it", async () => {
  const { host, run } = await withRun("cpu", { epochs: 2 });
  run.changes = { learningRate: 0.5 };
  last().say({ kind: "checkpoint", bytes: new Uint8Array([1]), step: 1 });
  expect(run.changes).toEqual({});
  for (const step of [1, 2, 3]) last().step(step);
  expect(host.memory.history.steps).toHaveLength(3);
  last().say({ kind: "events", events: [{ type: "done", reason: "diverged" }] });
  // The scripted run begins at step 0, as after a divergence in the first epoch.
  await host.start(new RunState({}));
  expect(host.memory.history.steps).toEqual([]);
});
