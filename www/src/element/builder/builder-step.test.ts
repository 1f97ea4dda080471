import { expect, test, vi } from "vitest";
import { english } from "../../text/en";
import { CnnLabError } from "../../api/error";
import type { ModelInfo, ModelSpec, Preset } from "../../api/types";
import type { Workbench } from "../workbench";
import { BuilderStep } from "./builder-step";
import { setOption } from "./edits";

const flat = (units: number): ModelSpec => ({ input_shape: [4, 4, 1], layers: [{ layer: "Flatten", name: "flatten" }, { layer: "Dense", name: "dense", units }], compile: {} });

/** As the core: refuses units of less than 1, and text that is no JSON. */
function inspect(given: ModelSpec | string): ModelInfo {
  let spec: ModelSpec;
  try {
    spec = typeof given === "string" ? (JSON.parse(given) as ModelSpec) : given;
  } catch {
    throw new CnnLabError({ code: "spec-json", message: "line 2: no JSON", line: 2 });
  }
  const wrong = spec.layers.find(({ units }) => typeof units === "number" && units < 1);
  if (wrong) {
    throw new CnnLabError({ code: "spec", message: `Layer ${wrong.name ?? "dense"}: units must be at least 1.`, layer: wrong.name ?? "dense", field: "units" });
  }
  const layers = spec.layers.map((layer, i) => ({ name: layer.name ?? String(i), layer: layer.layer, outputShape: [null, Number(layer["units"] ?? 16)], params: Number(layer["units"] ?? 0), trainable: true }));
  const totalParams = layers.reduce((sum, { params }) => sum + params, 0);
  return { spec, summary: { layers, totalParams, trainableParams: totalParams }, costs: layers.map(() => ({ receptiveField: [1, 1], multiplyAdds: 0, values: 1 })), untrainable: null, fit: {}, validationSplit: null, notes: ["left out"] };
}

function open(o: { learned?: boolean; presets?: Preset[] } = {}) {
  const lab = { spec: flat(10), inspectModel: vi.fn((spec: ModelSpec | string) => Promise.resolve().then(() => inspect(spec))) };
  const taken: unknown[] = [];
  const bench = {
    text: english,
    ready: Promise.resolve(lab), lab, settings: { optimizer: "rmsprop", learningRate: 0.001 }, dialog: null as string | null, data: { info: null },
    training: { learned: o.learned ?? false, adopt: vi.fn() },
    network: { presets: o.presets ?? [], take: (...args: unknown[]) => Promise.resolve(taken.push(args.slice(1))) },
    changed: () => undefined, try: (action: () => Promise<unknown>) => action(),
    open(name: string) { this.dialog = name; },
    close() { this.dialog = null; },
  };
  return { lab, bench, taken, builder: new BuilderStep(bench as unknown as Workbench) };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test("opens at a layer, with nothing changed", async () => {
  const { builder, bench } = open();
  await builder.open("dense");
  expect(bench.dialog).toBe("builder");
  expect(builder.place).toBe(1);
  expect(builder.changed).toBe(false);
  expect(builder.facts(1)).toMatchObject({ inputs: [[16]], output: [10] });
});

test("a mistake is led to its layer and field, and what was right last stays", async () => {
  const { builder, taken } = open();
  await builder.open();
  builder.edit(setOption(builder.draft, 1, "units", 0));
  await settled();
  expect(builder.problem).toMatchObject({ at: 1, field: "units", here: "units must be at least 1." });
  expect(builder.checked?.info.summary.totalParams).toBe(10);
  expect(builder.fine).toBe(false);
  await builder.use();
  expect(taken).toEqual([]);
  builder.undo();
  await settled();
  expect(builder.problem).toBeNull();
  expect(builder.changed).toBe(false);
});

test("many changes at once are checked one after another, the last one at last", async () => {
  const { builder, lab } = open();
  await builder.open();
  const before = lab.inspectModel.mock.calls.length;
  for (let units = 11; units <= 60; units += 1) {
    builder.edit(setOption(builder.draft, 1, "units", units), "units");
  }
  await settled();
  expect(builder.checked?.info.summary.totalParams).toBe(60);
  expect(lab.inspectModel.mock.calls.length - before).toBeLessThan(4);
  expect(builder.steps.past).toHaveLength(1);
});

test("what has learned something is not replaced unasked; the right options are taken over", async () => {
  const { builder, taken, bench } = open({ learned: true });
  await builder.open();
  builder.text.type(JSON.stringify({ ...flat(5), compile: { optimizer: { name: "sgd", learning_rate: 0.2 } } }));
  expect(builder.fine).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(builder.text.notes).toEqual(["left out"]);
  await builder.use();
  expect(builder.asking).toBe("use");
  await builder.use(true);
  expect(taken).toHaveLength(1);
  expect(taken[0]).toMatchObject([{ layers: [{}, { units: 5 }] }, "own"]);
  expect(bench.settings).toMatchObject({ optimizer: "sgd", learningRate: 0.2 });
  expect(bench.dialog).toBeNull();
});

test("a preset that was left as it is goes by its name", async () => {
  const preset = { name: "small", title: "Small", description: "", spec: flat(3), epochs: 1, batchSize: 8 };
  const { builder, taken, bench } = open({ presets: [preset] });
  await builder.open();
  await builder.takePreset(preset);
  await settled();
  await builder.use();
  expect(taken[0]).toMatchObject([{}, "small"]);
  expect(bench.training.adopt).toHaveBeenCalledWith(preset);
});

test("text that is wrong changes nothing, names its line, and is forgotten with another change", async () => {
  const { builder } = open();
  await builder.open();
  for (const [text, line] of [["{\n oh", 2], ['{"layers": [\n{"layer": "Flatten"},\n{"layer": "Dense", "units": 0}]}', 3]] as const) {
    builder.text.type(text);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(builder.text.problem?.line).toBe(line);
    expect(builder.changed).toBe(false);
    expect(builder.fine).toBe(false);
  }
  builder.add("Dropout");
  expect(builder.text.problem).toBeNull();
  expect(builder.text.shown).toContain("Dropout");
});

test("closing asks where something was built", async () => {
  const { builder, bench } = open();
  await builder.open();
  builder.add("Dropout");
  builder.cancel();
  expect(builder.asking).toBe("discard");
  expect(bench.dialog).toBe("builder");
  builder.cancel(true);
  expect(bench.dialog).toBeNull();
});
