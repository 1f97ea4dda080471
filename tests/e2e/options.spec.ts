import { expect, type Page, test } from "@playwright/test";
import type { LearningRateSchedule } from "../../www/src/api/types";
import { rateAt } from "../../www/src/element/options/schedule";
import { choose, mainButton, openLab, openModule, progress, shownBatch, violations } from "./lab";

async function openOptions(page: Page): Promise<void> {
  await page.locator("#options").click();
  await expect(page.locator("#options-dialog")).toBeVisible();
}

async function type(page: Page, id: string, value: string): Promise<void> {
  await page.locator(`#${id}`).fill(value);
  await page.locator(`#${id}`).blur();
}

/** The code and field that a run with these options fails with; "done" where it does not. */
async function failures(page: Page, wrong: object[]): Promise<string[]> {
  return page.evaluate(async (all) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 64 });
    await lab.setModel((await lab.presets()).find(({ name }) => name === "small-convnet")!.spec);
    const found: string[] = [];
    for (const options of all) {
      found.push(await lab.train({ steps: 1, ...options }).done.then(
        () => "done",
        (thrown: unknown) => {
          const { code, field } = thrown as InstanceType<typeof cnnLab.CnnLabError>;
          return `${code} ${field}`;
        },
      ));
    }
    lab.dispose();
    return found;
  }, wrong);
}

const schedules: LearningRateSchedule[] = [
  { name: "ExponentialDecay", decay_steps: 3, decay_rate: 0.5 },
  { name: "ExponentialDecay", decay_steps: 3, decay_rate: 0.5, staircase: true },
  { name: "InverseTimeDecay", decay_steps: 4, decay_rate: 0.7 },
  { name: "PiecewiseConstantDecay", boundaries: [3, 8], values: [0.1, 0.05, 0.01] },
  { name: "PolynomialDecay", decay_steps: 5, end_learning_rate: 0.01, power: 2 },
  { name: "PolynomialDecay", decay_steps: 5, end_learning_rate: 0.01, cycle: true },
  { name: "CosineDecay", decay_steps: 9, alpha: 0.1 },
  { name: "CosineDecay", initial_learning_rate: 0.001, decay_steps: 6, warmup_target: 0.02, warmup_steps: 4 },
  { name: "CosineDecayRestarts", first_decay_steps: 4, t_mul: 1.5, m_mul: 0.5, alpha: 0.1 },
  { name: "CosineDecayRestarts", first_decay_steps: 4, t_mul: 1 },
];

test("each schedule is taken as the dialog draws it", async ({ page }) => {
  await openModule(page);
  const taken = await page.evaluate(async (all) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 20 });
    await lab.setModel((await lab.presets()).find(({ name }) => name === "small-convnet")!.spec);
    const rates: number[][] = [];
    for (const schedule of all) {
      const own = "initial_learning_rate" in schedule || schedule.name === "PiecewiseConstantDecay";
      const of: number[] = [];
      for await (const event of lab.train({ steps: 14, batchSize: 10, schedule, ...(!own && { learningRate: 0.02 }) })) {
        if (event.type === "step") of.push(event.learningRate);
      }
      rates.push(of);
    }
    lab.dispose();
    return rates;
  }, schedules);
  schedules.forEach((schedule, i) => {
    expect(taken[i]).toHaveLength(14);
    taken[i]!.forEach((rate, step) => expect(rate, `${JSON.stringify(schedule)} at ${step}`).toBeCloseTo(rateAt(schedule, 0.02, step), 9));
  });
});

test("wrong options are option errors that name the field, and right ones train", async ({ page }) => {
  await openModule(page);
  const cosine = { name: "CosineDecay", decay_steps: 10 };
  const cases: [object, string][] = [
    [{ schedule: { name: "StepDecay" } }, "option schedule"],
    [{ schedule: { name: "CosineDecay" } }, "option decay_steps"],
    [{ schedule: { ...cosine, initial_learning_rate: 0.1 }, learningRate: 0.1 }, "option learningRate"],
    [{ schedule: cosine, reduceOnPlateau: { monitor: "loss" } }, "option reduceOnPlateau"],
    [{ earlyStopping: { patience: -1 } }, "option earlyStopping.patience"],
    // Only the core knows that nothing will be validated.
    [{ earlyStopping: true, validate: false }, "option earlyStopping.monitor"],
    [{ reduceOnPlateau: { factor: 2 } }, "option reduceOnPlateau.factor"],
    [{ optimizer: { name: "adam", rho: 0.9 } }, "option rho"],
    [{ optimizer: { name: "adam", clipnorm: 0 } }, "option clipnorm"],
    [{ classWeight: [1, 2] }, "option classWeight"],
    [{ optimizer: { name: "sgd", momentum: 0.9, nesterov: true, weight_decay: 0.01, global_clipnorm: 1 }, schedule: cosine }, "done"],
    // The optimizer goes on with its schedule unless it gets another rate.
    [{ reduceOnPlateau: { monitor: "accuracy" } }, "option reduceOnPlateau"],
    [{ learningRate: 0.01, earlyStopping: { monitor: "loss" }, reduceOnPlateau: { monitor: "accuracy" }, shuffle: false }, "done"],
    ...["rmsprop", "adam", "sgd", "adamw", "nadam", "adagrad", "adadelta"].map((optimizer): [object, string] => [{ optimizer }, "done"]),
  ];
  expect(await failures(page, cases.map(([options]) => options))).toEqual(cases.map(([, told]) => told));
});

test("what only Keras's optimizers have is left out of a network, with a warning where it would change something", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    const warnings: string[] = [];
    lab.addEventListener("warning", (event) => warnings.push((event as CustomEvent<{ message: string }>).detail.message));
    const spec = (await lab.presets())[0]!.spec;
    const optimizer = { name: "adam", beta_1: 0.8, use_ema: true, ema_momentum: 0.99, jit_compile: "auto" };
    const compile = { ...spec.compile, optimizer, loss: { name: "categorical_crossentropy", label_smoothing: 0.1 } };
    const { notes } = await lab.inspectModel({ ...spec, compile });
    await lab.setModel({ ...spec, compile });
    const taken = lab.spec!.compile;
    lab.dispose();
    return { notes, warnings, taken };
  });
  expect(found.notes).toEqual(["The optimizer's use_ema (true) is left out: the lab trains without it."]);
  expect(found.warnings).toEqual(found.notes);
  expect(found.taken).toMatchObject({ optimizer: { name: "adam", beta_1: 0.8 }, loss: { name: "categorical_crossentropy", label_smoothing: 0.1 } });
});

test("early stopping puts the best weights back, a plateau reduces the rate, and the batch size changes with the next epoch", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 80 });
    await lab.split({ validation: 0.2 });
    const { spec } = (await lab.presets()).find(({ name }) => name === "small-convnet")!;
    await lab.setModel(spec);
    // At rate 0 nothing ever improves after the first epoch.
    const run = lab.train({ epochs: 9, learningRate: 0, earlyStopping: { patience: 2, restoreBestWeights: true } });
    const stopped = await run.done;
    const epochs = lab.history.epochs.length;

    await lab.setModel(spec);
    const rates: number[] = [];
    const codes: string[] = [];
    for await (const event of lab.train({ epochs: 4, learningRate: 0.5, optimizer: { name: "sgd", clipvalue: 1e-12 }, reduceOnPlateau: { monitor: "val_accuracy", factor: 0.5, patience: 1 } })) {
      if (event.type === "epoch") rates.push(event.learningRate!);
      if (event.type === "warning") codes.push(event.code);
    }

    await lab.setModel(spec);
    const live = lab.train({ epochs: 3, batchSize: 16 });
    const steps = new Set<string>();
    // It waits after a step: an epoch of four is over in a few milliseconds.
    await live.step();
    await live.update({ batchSize: 8, learningRate: 0.25 });
    live.resume();
    for await (const event of live) {
      if (event.type === "step" && event.step === 1) steps.add(`${event.epoch}: ${event.steps} of ${event.images}`);
    }
    const last = lab.history.epochs.at(-1)!.learningRate;
    const stepRates = lab.history.steps.map(({ learningRate }) => learningRate);
    const wrong = await lab.train().update({ batchSize: 0 }).catch((thrown: unknown) => (thrown as { field: string }).field);
    lab.dispose();
    return { stopped, epochs, rates, codes, steps: [...steps], last, stepRates, wrong };
  });
  expect(found.stopped).toEqual({ type: "done", reason: "early-stopping", restoredEpoch: 1 });
  expect(found.epochs).toBe(3);
  // The rate of an epoch is that of its last step: it falls with the epoch after.
  expect(found.rates).toEqual([0.5, 0.5, 0.25, 0.125]);
  expect(new Set(found.codes)).toEqual(new Set(["learning-rate-reduced"]));
  expect(found.steps).toEqual(["1: 4 of 16", "2: 8 of 8", "3: 8 of 8"]);
  expect(found.last).toBe(0.25);
  expect(found.stepRates[0]).toBe(0.001);
  expect(found.stepRates.at(-1)).toBe(0.25);
  expect(found.wrong).toBe("batchSize");
});

test("the search tells every step as it comes, leaves the network as it is, and can be cancelled", async ({ page }) => {
  await openModule(page);
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    await lab.loadBundled("mnist", { limit: 600 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const bytes = async (): Promise<string> => String(new Uint8Array(await (await lab.save("checkpoint")).arrayBuffer()));
    const before = await bytes();
    const told: { step: number; learningRate: number }[] = [];
    const totals = new Set<number>();
    const result = await lab.findLearningRate({
      steps: 60, batchSize: 16,
      onProgress: ({ points, total }) => {
        told.push(...points);
        totals.add(total);
      },
    });
    const code = (thrown: unknown): string => `${(thrown as { code: string }).code} ${(thrown as { field?: string }).field ?? ""}`;
    const cancel = new AbortController();
    const cancelled = await lab.findLearningRate({ signal: cancel.signal, onProgress: () => cancel.abort() }).then(() => "found", code);
    const wrong = await lab.findLearningRate({ minLearningRate: 1, maxLearningRate: 0.1 }).then(() => "found", code);
    const same = (await bytes()) === before;
    const again = await lab.findLearningRate({ steps: 60, batchSize: 16 });
    const run = lab.train({ epochs: 50 });
    await run.started;
    const during = await lab.findLearningRate().then(() => "found", code);
    lab.dispose();
    return { told, totals: [...totals], result, cancelled, wrong, same, repeated: JSON.stringify(again) === JSON.stringify(result), during };
  });
  expect(found.told).toEqual(found.result.points);
  expect(found.totals).toEqual([60]);
  expect(found.told[0]!.learningRate).toBeCloseTo(1e-6, 12);
  expect(found.result.diverged).toBe(true);
  expect(found.result.suggestion).toBeGreaterThan(1e-5);
  expect(found.result.suggestion).toBeLessThan(0.1);
  expect(found).toMatchObject({ cancelled: "aborted ", wrong: "option maxLearningRate", same: true, repeated: true, during: "state " });
});

test("a run that diverges says which weights stand and what to do, and the next goes on from them", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 200, epochs: 2 });
  await page.selectOption("#optimizer", "sgd");
  await type(page, "learning-rate", "1e12");
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/no longer.*The learning rate 1e12 is probably too high: train again with 1e11, or clip the gradients \(clipnorm: 1\)\. The weights are again what they were when the run began\./s);
  await type(page, "learning-rate", "0.01");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  const history = await page.evaluate(async () => {
    const { steps, epochs } = (await document.querySelector("cnn-lab")!.lab).history;
    return { steps: steps.length, finite: steps.every(({ loss }) => Number.isFinite(loss)), epochs: epochs.map(({ epoch }) => epoch) };
  });
  expect(history).toEqual({ steps: 6, finite: true, epochs: [1, 2] });
});

test("options are chosen in the dialog, used by a run, kept by it, and travel in a link", async ({ page, browser }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openLab(page);
  await choose(page, { limit: 300, epochs: 9 });
  await openOptions(page);
  await page.selectOption("#choose-optimizer", "sgd");
  // RMSprop's fields have a momentum too, which is gone with the next frame.
  await expect(page.locator("#of-nesterov")).toBeVisible();
  await type(page, "of-momentum", "0.9");
  await page.locator("#of-nesterov").check();
  // What cannot be gives way to what was.
  await type(page, "of-momentum", "1.5");
  await expect(page.locator("#of-momentum")).toHaveValue("0.9");
  await page.selectOption("#of-clip", "clipnorm");
  await type(page, "start-rate", "0");
  await page.selectOption("#schedule", "CosineDecay");
  await expect(page.locator("#schedule-decay_steps")).toHaveValue("45");
  await expect(page.locator("#plateau")).toBeDisabled();
  await expect(page.locator("cnn-lab-plot").first().locator("[role=img]")).toHaveAttribute("aria-label", /Chart of learning rate over steps: from 0 at 0 to 0 at 44/);
  await page.locator("#early-stopping").check();
  await type(page, "stopping-patience", "1");
  await page.selectOption("#class-weight", "hand");
  await type(page, "weight-3", "2.5");
  await page.locator("#options-done").click();
  await expect(page.locator("#options")).toHaveText("Options: 6 …");
  await page.locator("#copy-link").click();
  await expect(page.locator("cnn-lab-network .link")).toContainText("Link copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());

  await mainButton(page).click();
  // At rate 0 the first epoch stays the best.
  await expect(progress(page)).toContainText("Stopped early: val_loss no longer improved. The weights of epoch 1, its best, were put back.", { timeout: 30_000 });
  await expect(progress(page)).toContainText("Epoch 2");

  const clean = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const other = await clean.newPage();
  await other.goto(link);
  await expect(other.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  await expect(other.locator("#options")).toHaveText("Options: 6 …");
  await openOptions(other);
  for (const [id, value] of [["choose-optimizer", "sgd"], ["of-momentum", "0.9"], ["of-clip", "clipnorm"], ["schedule", "CosineDecay"], ["schedule-decay_steps", "45"], ["stopping-patience", "1"], ["weight-3", "2.5"]] as const) {
    await expect(other.locator(`#${id}`)).toHaveValue(value);
  }
  await expect(other.locator("#of-nesterov")).toBeChecked();
  await other.locator("#options-none").click();
  await expect(other.locator("#options-dialog footer")).toContainText("All as Keras has it.");
  await clean.close();
});

test("a link with options edited into nonsense is told, and the page works", async ({ page }) => {
  const packed = (attributes: object): Promise<string> =>
    page.evaluate(async (json) => {
      const stream = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
      return `#lab=1.${btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
    }, JSON.stringify(attributes));
  await openLab(page);
  const alert = page.locator("cnn-lab .error");
  for (const [attributes, told] of [
    [{ schedule: '{"name": "CosineDecay", "decay_steps": -5}' }, "decay_steps is a number of at least 0"],
    [{ schedule: "[".repeat(2000) }, "a schedule of Keras's as JSON"],
    [{ optimizer: '{"name": "sgd", "__proto__": {"x": 1}, "momentum": {}}' }, "optimizer="],
    [{ "early-stopping": '{"monitor": "f1"}' }, "earlyStopping.monitor is one of"],
    [{ "class-weight": "[1, null]" }, "a number a class"],
    [{ augmentation: '{"brightness_range": 0.5}' }, "brightness_range is a pair"],
    [{ augmentation: '{"rotation_range": "40"}' }, "rotation_range is a number"],
    [{ seed: "9007199254740991" }, "to 9000000000000000"],
    [{ schedule: '{"name": "CosineDecay", "decay_steps": 5}', "reduce-on-plateau": "true" }, "either this or a schedule"],
  ] as const) {
    const fragment = await packed(attributes);
    await page.evaluate((hash) => (location.hash = hash), fragment);
    await expect(alert).toContainText(told);
    await page.locator("#dismiss").click();
  }
  // What fits no set of ten classes is refused by the run.
  const fragment = await packed({ "class-weight": "[1, 2]", limit: "200", epochs: "1", device: "webgpu", seed: "4" });
  await page.evaluate((hash) => (location.hash = hash), fragment);
  await expect(page.locator("#epochs")).toHaveValue("1");
  // Made where there was another device; the address still says so when the page is loaded again.
  await expect(page.locator("cnn-lab-train .warnings")).toContainText("This link asks for WebGPU");
  await page.reload();
  await expect(page.locator("cnn-lab-train .warnings")).toContainText("This link asks for WebGPU");
  await expect(page.locator("#device")).toHaveValue("auto");
  await mainButton(page).click();
  await expect(alert).toContainText("a list of 10 numbers");
  await page.locator("#dismiss").click();
  await openOptions(page);
  await page.locator("#weights-anew").click();
  await page.locator("#options-done").click();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
});

test("the seed of training is chosen in the options: another one gives other losses, the same one the same, and a link carries it", async ({ page }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openLab(page);
  await choose(page, { limit: 200, epochs: 1 });
  const losses = async (): Promise<number[]> => {
    await mainButton(page).click();
    await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
    return page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).history.steps.map(({ loss }) => loss));
  };
  const choice = async (seed: string): Promise<void> => {
    await openOptions(page);
    await type(page, "train-seed", seed);
    await expect(page.locator("#train-seed")).toBeEnabled();
    await page.locator("#options-done").click();
  };
  await choice("12345678");
  await expect(page.locator("#reason")).not.toContainText("Making");
  const first = await losses();
  await openOptions(page);
  await expect(page.locator("#train-seed")).toHaveValue("12345678");
  await expect(page.locator("#train-seed")).toBeDisabled();
  await expect(page.locator("#train-seed")).toHaveAttribute("title", /Start over gives fresh weights/);
  await page.locator("#options-done").click();
  await page.locator("#copy-link").click();
  await expect(page.locator("cnn-lab-network .link")).toContainText("Link copied");
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.locator("#start-over").click();
  await choice("5");
  const other = await losses();
  expect(other).toHaveLength(first.length);
  expect(other).not.toEqual(first);
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.locator("cnn-lab-network tbody tr").first()).toBeVisible();
  expect(await losses()).toEqual(first);
});

test("rate and batch size change while a run goes on, and what was changed in a stopped one holds when it continues", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 640, epochs: 50 });
  await page.locator("#batch-size").fill("32");
  await page.locator("#batch-size").blur();
  await mainButton(page).click();
  await expect.poll(() => shownBatch(page)).toBeGreaterThan(1);
  await expect(progress(page)).toContainText("Learning rate 0.001");
  await type(page, "learning-rate", "0.0005");
  await expect(progress(page)).toContainText("Learning rate 0.0005");
  await type(page, "batch-size", "64");
  await expect(progress(page)).toContainText(/of 9\b/, { timeout: 30_000 });
  await page.locator("#stop").click();
  await expect(progress(page)).toContainText("Stopped");
  await type(page, "learning-rate", "0.00025");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Learning rate 0.00025");
  // A run that is paused shows what is to come.
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Paused.");
  await type(page, "batch-size", "128");
  await expect(progress(page)).toContainText("Batch size 128 from the next epoch");
  // The others are kept to the end.
  await openOptions(page);
  await expect(page.locator("#choose-optimizer")).toBeDisabled();
  await expect(page.locator("#start-rate")).toBeEnabled();
  await expect(page.locator("#options-dialog footer")).toContainText("A run keeps this");
});

test("the search in the dialog draws, is cancelled, and its rate is taken", async ({ page }) => {
  await openLab(page);
  await choose(page, { limit: 600, epochs: 2 });
  await openOptions(page);
  await page.locator("#finder-start").click();
  await page.locator("#finder-cancel").click();
  await expect(page.locator("#finder-start")).toBeVisible();
  await expect(page.locator("#finder-take")).toHaveCount(0);
  await expect(page.locator("#options-dialog .problem")).toHaveCount(0);

  await page.locator("#finder-start").click();
  const take = page.locator("#finder-take");
  await expect(take).toBeVisible({ timeout: 60_000 });
  const chart = page.locator("cnn-lab-plot").last().locator("[role=img]");
  await expect(chart).toHaveAttribute("aria-label", /Chart of loss, smoothed over learning rate: from [\d.]+ at 1e−6 .* Marked: /);
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator("cnn-lab-plot").last().locator(".key")).toHaveText(/ at /);
  const suggested = await page.locator(".found").innerText();
  await take.click();
  await expect(take).toHaveAttribute("aria-disabled", "true");
  await page.locator("#options-done").click();
  const taken = Number(await page.locator("#learning-rate").inputValue());
  expect(taken).toBeGreaterThan(1e-6);
  expect(taken).toBe(Number(suggested.replace("−", "-")));
  // The network has learned nothing by it.
  await expect(page.locator("#csv")).toHaveAttribute("aria-disabled", "true");
});

test("the options at 1440 x 900 and at 375 px, light and dark: nothing scrolls sideways, axe finds nothing", async ({ page }) => {
  await openLab(page);
  await openOptions(page);
  await page.selectOption("#schedule", "CosineDecayRestarts");
  await page.locator("#early-stopping").check();
  await page.selectOption("#class-weight", "hand");
  for (const [width, height, colorScheme] of [[1440, 900, "dark"], [1440, 900, "light"], [375, 812, "light"]] as const) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
    const sideways = await page.locator("#options-dialog").evaluate((dialog) =>
      [dialog, ...dialog.querySelectorAll(".body, header, footer")].some((part) => part.scrollWidth > part.clientWidth + 1));
    expect(sideways).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    await expect(page.locator("#options-done")).toBeInViewport();
  }
});
