/** How the lab behind the page comes, and gives way to another. */
import { beforeEach, expect, test, vi } from "vitest";
import { CnnLab } from "../api/cnn-lab";
import { CnnLabError } from "../api/error";
import type { CreateOptions } from "../api/types";
import type { Settings } from "./settings";
import { Workbench } from "./workbench";

vi.stubGlobal("requestAnimationFrame", (draw: () => void) => setTimeout(draw, 0));

const spec = { input_shape: [28, 28, 1], layers: [{ layer: "Flatten" }] };

/** A lab without a worker; what it was asked to do is noted. */
function labOf({ device, seed }: CreateOptions) {
  const asked: string[] = [];
  const note = (what: string) => (): Promise<unknown> => Promise.resolve(asked.push(what));
  return {
    device, seed, asked, spec: null as unknown, summary: null, dataset: null, missing: [], history: { steps: [], epochs: [] },
    addEventListener: () => undefined,
    bundled: () => Promise.resolve([{ name: "mnist", title: "MNIST", shape: [28, 28, 1], classes: [], train: 0, test: 0 }]),
    bases: () => Promise.resolve([]),
    presets: () => Promise.resolve([{ name: "mnist-convnet", title: "", spec, epochs: 5, batchSize: 64 }]),
    remembered: () => Promise.resolve([]),
    setModel(given: unknown) {
      this.spec = given;
      return note("setModel")();
    },
    load: note("load"), save: note("save"), dispose: note("dispose"),
  };
}

type FakeLab = ReturnType<typeof labOf>;
let made: FakeLab[];

beforeEach(() => {
  made = [];
  vi.spyOn(CnnLab, "create").mockImplementation((o: CreateOptions = {}) => {
    if (o.device === "webgpu") {
      return Promise.reject(new CnnLabError({ code: "webgpu-unavailable", message: "There is no WebGPU here." }));
    }
    const lab = labOf(o);
    made.push(lab);
    return Promise.resolve(lab as unknown as CnnLab);
  });
});

const open = (settings: Partial<Settings>, linked = false): Workbench => new Workbench(settings, () => undefined, null, linked);

test("a link that asks for WebGPU opens where there is none, and says so", async () => {
  const bench = open({ device: "webgpu" }, true);
  await bench.ready;
  expect(bench.failed).toBe(false);
  expect(bench.settings.device).toBe("auto");
  expect(bench.error).toBeNull();
  expect(bench.warnings).toMatchObject([{ message: expect.stringContaining("This link asks for WebGPU") as string }]);
});

test("an element that asks for WebGPU fails where there is none, and another device can be chosen then", async () => {
  const bench = open({ device: "webgpu" });
  await expect(bench.ready).rejects.toMatchObject({ code: "webgpu-unavailable" });
  expect(bench.failed).toBe(true);
  await bench.useDevice("cpu");
  expect(bench.failed).toBe(false);
  expect(bench.error).toBeNull();
  expect(bench.switching).toBe(false);
  expect((await bench.ready).device).toBe("cpu");
  expect(bench.network.chosen).toBe("mnist-convnet");
});

test("another seed makes a lab with fresh weights by it; a network that has learned stays as it is", async () => {
  const bench = open({ seed: 1, splitSeed: 2 });
  await bench.ready;
  await bench.useSeed(7);
  expect(made).toMatchObject([{ seed: 1 }, { seed: 7, asked: ["setModel"], spec }]);
  expect(made[0]?.asked).toEqual(["setModel", "dispose"]);
  expect(bench.settings).toMatchObject({ seed: 7, splitSeed: 2 });
  bench.training.resumable = true;
  await bench.useSeed(8);
  expect(bench.settings.seed).toBe(7);
  expect(made).toHaveLength(2);
  // A checkpoint keeps what was learned, on another device.
  await bench.useDevice("cpu");
  expect(made[2]).toMatchObject({ device: "cpu", seed: 7, asked: ["load"] });
});

test("while a cross-validation goes on, what would end it says why not", async () => {
  const bench = open({});
  await bench.ready;
  expect(bench.held).toBeUndefined();
  bench.folding = 0.2;
  expect(bench.held).toContain("cancel it in Folds first");
  expect(bench.own.busy).toBe(bench.held);
});
