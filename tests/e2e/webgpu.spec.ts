import { expect, type Page, test } from "@playwright/test";
import { png, zip } from "./files";
import { choose, mainButton, openLab, openModule, progress, shownBatch, withWebGpu } from "./lab";
import { alone } from "./playwright.config";

/** The losses of 20 steps of the MNIST convnet, 64 pictures each. */
async function twentySteps(page: Page, device: "cpu" | "ndarray" | "webgpu"): Promise<{ kind: string; reason: string; losses: number[] }> {
  return page.evaluate(async (kind) => {
    const lab = await cnnLab.CnnLab.create({ device: kind, seed: 3 });
    await lab.loadBundled("mnist", { limit: 5000 });
    const [convnet] = await lab.presets();
    await lab.setModel(convnet!.spec);
    const losses: number[] = [];
    for await (const event of lab.train({ epochs: 1, batchSize: 64, steps: 20 })) {
      if (event.type === "step") losses.push(event.loss);
    }
    const { device: used } = lab;
    lab.dispose();
    return { kind: used.kind, reason: used.reason, losses };
  }, device);
}

// A graphics adapter in software is there on any machine.
test.use({ launchOptions: withWebGpu });

test("20 steps from one seed give the same losses on cpu, ndarray and webgpu", { tag: alone }, async ({ page }) => {
  test.setTimeout(480_000);
  await openModule(page);
  const cpu = await twentySteps(page, "cpu");
  const ndarray = await twentySteps(page, "ndarray");
  const webgpu = await twentySteps(page, "webgpu");
  expect([cpu.kind, ndarray.kind, webgpu.kind]).toEqual(["cpu", "ndarray", "webgpu"]);
  expect(webgpu.reason).toContain("software");
  const furthest = (other: number[]): number => Math.max(...cpu.losses.map((loss, i) => Math.abs(loss - other[i]!)));
  console.log(`cpu ${cpu.losses[0]} to ${cpu.losses[19]}; furthest: ndarray ${furthest(ndarray.losses)}, webgpu ${furthest(webgpu.losses)}`);
  expect(cpu.losses).toHaveLength(20);
  expect(furthest(ndarray.losses)).toBeLessThan(1e-3);
  expect(furthest(webgpu.losses)).toBeLessThan(1e-3);
});

test("pictures of one's own, augmented, train alike on all three and are evaluated alike", { tag: alone }, async ({ page }) => {
  test.setTimeout(300_000);
  // Stripes that stand or lie, at another place and in another colour in each picture.
  const striped = (i: number): Buffer =>
    png(24, 24, 3, (x, y, channel) => ((i % 2 ? x : y) + i) % 7 < 3 ? 255 - ((37 * i + 60 * channel) % 90) : (53 * i + 40 * channel) % 120);
  const entries = Array.from({ length: 120 }, (_, i) => ({ path: `${i % 2 ? "standing" : "lying"}/${i}.png`, bytes: striped(i) }));
  await openModule(page);
  await page.evaluate(() => document.body.append(Object.assign(document.createElement("input"), { type: "file" })));
  await page.setInputFiles("input", { name: "stripes.zip", mimeType: "application/zip", buffer: zip(entries) });
  const run = (device: "cpu" | "ndarray" | "webgpu"): Promise<{ losses: number[]; kind: string; accuracy: number; loss: number }> =>
    page.evaluate(async (device) => {
      const lab = await cnnLab.CnnLab.create({ device, seed: 8 });
      const { kind } = lab.device;
      await lab.loadFiles(document.querySelector("input")!.files!);
      const { splits, classes } = await lab.split({ validation: 0.2, test: 0.1 });
      if (splits.train !== 84 || classes.length !== 2) throw new Error(JSON.stringify({ splits, classes }));
      await lab.setModel({
        input_shape: [24, 24, 3],
        layers: [
          { layer: "Conv2D", filters: 8, kernel_size: 3, activation: "relu" },
          { layer: "MaxPooling2D", pool_size: 2 },
          { layer: "Flatten" },
          { layer: "Dense", units: 2, activation: "softmax" },
        ],
      });
      const losses: number[] = [];
      const augmentation = { rotation_range: 10, horizontal_flip: true, featurewise_center: true, channel_shift_range: 20 };
      for await (const event of lab.train({ epochs: 4, batchSize: 16, augmentation })) {
        if (event.type === "step") losses.push(event.loss);
      }
      const { accuracy, loss } = await lab.evaluate("test");
      lab.dispose();
      return { losses, kind, accuracy, loss };
    }, device);
  const cpu = await run("cpu");
  const others = [await run("ndarray"), await run("webgpu")];
  expect(others.map(({ kind }) => kind)).toEqual(["ndarray", "webgpu"]);
  expect(cpu.losses).toHaveLength(24);
  expect(cpu.losses.at(-1)).toBeLessThan(cpu.losses[0]!);
  for (const { losses, accuracy, loss } of others) {
    expect(Math.max(...cpu.losses.map((one, i) => Math.abs(one - losses[i]!)))).toBeLessThan(1e-3);
    expect(accuracy).toBe(cpu.accuracy);
    expect(loss).toBeCloseTo(cpu.loss, 3);
  }
});

test("cpu does not load the WebGPU module even then", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await openModule(page);
  const kind = await page.evaluate(async () => (await cnnLab.CnnLab.create({ device: "cpu" })).device.kind);
  expect(kind).toBe("cpu");
  expect(asked.filter((url) => url.includes("/pkg/full/"))).toEqual([]);
});

test("WebGPU that fails at its first step gives way to the CPU, and says so", { tag: alone }, async ({ page }) => {
  // The worker's script, with an adapter whose device takes no work.
  await page.route("**/assets/worker-*.js", async (route) => {
    const response = await route.fetch();
    const body = `GPUQueue.prototype.submit = () => { throw new DOMException("out of order", "OperationError"); };\n${await response.text()}`;
    await route.fulfill({ response, body });
  });
  await openLab(page);
  await expect(page.locator("#reason")).toContainText(/runs on the CPU: WebGPU failed at its first training step/);
  const device = await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).device);
  expect(device.kind).toBe("cpu");
  // Asked for by name, it is an error, and what was chosen stays.
  await page.selectOption("#device", "webgpu");
  await expect(page.getByRole("alert")).toContainText("WebGPU", { timeout: 30_000 });
  await expect(page.locator("#device")).toHaveValue("auto");
});

test("a graphics process that dies is told and training goes on; at the second time the CPU takes over", { tag: alone }, async ({ page, browser }) => {
  test.setTimeout(300_000);
  await openModule(page);
  await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "webgpu", seed: 5 });
    await lab.loadBundled("mnist", { limit: 2000 });
    const layers = [{ layer: "Flatten" }, { layer: "Dense", units: 10, activation: "softmax" }];
    await lab.setModel({ input_shape: [28, 28, 1], layers });
    const told: Told = { steps: 0, warnings: [], error: "" };
    Object.assign(globalThis, { lab, notes: told });
    void (async () => {
      for await (const event of lab.train({ epochs: 1000, batchSize: 64 })) {
        if (event.type === "step") told.steps += 1;
        if (event.type === "warning") told.warnings.push(`${event.code}: ${event.message}`);
      }
    })().catch((error: unknown) => (told.error = String(error)));
  });
  const told = (): Promise<Told> => page.evaluate(() => globalThis.notes);
  const goesOn = async (): Promise<void> => {
    const { steps } = await told();
    await expect.poll(async () => (await told()).steps, { timeout: 60_000 }).toBeGreaterThan(steps + 20);
  };
  const device = (): Promise<string> => page.evaluate(() => `${globalThis.lab.device.kind}: ${globalThis.lab.device.reason}`);
  const devtools = await browser.newBrowserCDPSession();
  const crash = async (times: number): Promise<void> => {
    await devtools.send("Browser.crashGpuProcess");
    await expect.poll(async () => (await told()).warnings.length, { timeout: 30_000 }).toBe(times);
    await goesOn();
  };
  await goesOn();
  await crash(1);
  expect(await device()).toMatch(/^webgpu: /);
  await crash(2);
  expect(await device()).toBe("cpu: WebGPU failed twice, so training runs on the CPU.");
  const { warnings, error } = await told();
  expect(error).toBe("");
  expect(warnings[0]).toMatch(/^device-lost: The graphics device stopped working .* A fresh worker takes over; training goes on from step \d+\.$/);
  expect(warnings[1]).toMatch(/A fresh worker takes over on the CPU; training goes on from step \d+\.$/);
  const steps = await page.evaluate(() => globalThis.lab.history.steps.length);
  expect(steps).toBeGreaterThan(40);
});

test("a graphics process that dies while one looks inside harms neither the dialog nor the run", { tag: alone }, async ({ page, browser }) => {
  test.setTimeout(300_000);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await openLab(page);
  await page.selectOption("#device", "webgpu");
  await expect(page.locator("#reason")).toContainText("WebGPU", { timeout: 120_000 });
  await choose(page, { limit: 500, epochs: 1000 });
  await page.evaluate(async () => {
    const element = document.querySelector("cnn-lab")!;
    const { bench } = element.shadowRoot!.querySelector("cnn-lab-network") as unknown as { bench: { lab: unknown; network: { take(lab: unknown, spec: unknown, name: string): Promise<void> } } };
    await bench.network.take(bench.lab, {
      input_shape: [28, 28, 1],
      layers: [{ layer: "Conv2D", filters: 2, kernel_size: 5, strides: 4, activation: "relu" }, { layer: "Flatten" }, { layer: "Dense", units: 10, activation: "softmax" }],
    }, "own");
  });
  await mainButton(page).click();
  await expect(progress(page)).toContainText(/Epoch \d/, { timeout: 60_000 });
  await page.locator("#look-inside").click();
  await page.locator("#tab-why").click();
  await expect(page.locator("#why-says")).toContainText("Grad-CAM for", { timeout: 60_000 });
  const heat = (): Promise<number> => page.locator("#why-heat").evaluate((grid) => (grid as HTMLElement & { values: Float32Array }).values.reduce((sum, value) => sum + value, 0));
  const devtools = await browser.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess");
  await expect(page.locator("cnn-lab")).toContainText("The graphics device stopped working", { timeout: 60_000 });
  const before = await heat();
  await expect.poll(heat, { timeout: 60_000 }).not.toBe(before);
  await expect(page.locator("#inside-dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  const batch = await shownBatch(page);
  await expect.poll(() => shownBatch(page), { timeout: 60_000 }).not.toBe(batch);
  expect(errors).toEqual([]);
});

/** What a page notes of a run that outlives its device. */
type Told = { steps: number; warnings: string[]; error: string };

declare global {
  var notes: Told;
}
