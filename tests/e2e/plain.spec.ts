/** A browser without SIMD in WebAssembly: all works, in modules of its own, slower, and the page says so. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { catsAndDogs, zip } from "./files";
import { choose, mainButton, openLab, openModule, progress, withWebGpu } from "./lab";
import { mirror } from "./mirror";
import { chrome, chromeArguments } from "./playwright.config";

const executable = chrome === undefined ? {} : { executablePath: chrome };
// As on a machine from before 2008: without its instructions V8 has no SIMD.
const noSimd = "--js-flags=--no-enable-sse4-1";
test.use({ launchOptions: { ...executable, args: [...chromeArguments, noSimd] } });

const fixture = (name: string): string => path.join(__dirname, "../fixtures", name);

/** Whether a browser takes a module with a vector in it. */
function hasSimd(page: Page): Promise<boolean> {
  return page.evaluate(() => WebAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11)));
}

/** The modules that a browser asks for from now on. */
function modulesOf(page: Page): () => string[] {
  const asked = new Set<string>();
  page.context().on("request", (request) => {
    const [, module] = /\/pkg\/([^/]+)\/cnn_lab_bg\.wasm$/.exec(new URL(request.url()).pathname) ?? [];
    if (module !== undefined) asked.add(module);
  });
  return () => [...asked].sort();
}

/** The losses of 20 steps of the MNIST convnet with so many workers, and what is said of the device. */
async function twentySteps(page: Page, workers: number): Promise<{ reason: string; losses: number[] }> {
  return page.evaluate(async (workers) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", workers, seed: 4 });
    await lab.loadBundled("mnist", { limit: 640 });
    await lab.setModel((await lab.presets())[0]!.spec);
    const losses: number[] = [];
    for await (const event of lab.train({ batchSize: 32, epochs: 1, augmentation: { rotation_range: 5 }, validate: false })) {
      if (event.type === "step") losses.push(event.loss);
    }
    const { reason } = lab.device;
    lab.dispose();
    return { reason, losses };
  }, workers);
}

test("training gives the losses of a browser with SIMD, alone and with two workers", async ({ page, playwright }) => {
  test.setTimeout(180_000);
  const modules = modulesOf(page);
  await openModule(page);
  expect(await hasSimd(page)).toBe(false);
  const [alone, two] = [await twentySteps(page, 1), await twentySteps(page, 2)];
  expect(modules()).toEqual(["cpu-plain", "data-plain"]);
  expect(alone.reason).toContain("This browser has no SIMD in WebAssembly");
  const other: Browser = await playwright.chromium.launch({ ...executable, args: chromeArguments });
  const there = await other.newPage();
  await openModule(there);
  expect(await hasSimd(there)).toBe(true);
  const vectors = await twentySteps(there, 1);
  await other.close();
  expect(vectors.reason).not.toContain("SIMD");
  expect(alone.losses).toHaveLength(20);
  expect(alone.losses.at(-1)).toBeLessThan(alone.losses[0]! * 0.8);
  expect(two.losses).toEqual(alone.losses);
  for (const [step, loss] of alone.losses.entries()) expect(Math.abs(loss - vectors.losses[step]!)).toBeLessThan(1e-3);
});

test("the page trains, sees a dropped JPEG, reads a pasted model, evaluates and exports, and says why it is slower", async ({ page }, testInfo) => {
  test.setTimeout(180_000);
  const modules = modulesOf(page);
  await openLab(page);
  expect(await hasSimd(page)).toBe(false);
  await expect(page.locator("#reason")).toContainText("This browser has no SIMD in WebAssembly");
  await choose(page, { limit: 1000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 120_000 });

  const jpeg = readFileSync(fixture("pictures/rgb.jpg")).toString("base64");
  await page.evaluate((jpeg) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0))], "photo.jpg", { type: "image/jpeg" }));
    const inside = document.querySelector("cnn-lab")!.shadowRoot!.querySelector("cnn-lab-inside")!;
    inside.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, composed: true, cancelable: true }));
  }, jpeg);
  await expect(page.locator(".answer")).toContainText("photo.jpg");
  await expect(page.locator(".says")).toHaveText(/^\d .*%/);
  await page.locator("#evaluate").click();
  await expect(page.locator(".test .big")).toHaveText(/%$/);
  await page.screenshot({ path: testInfo.outputPath("plain.png") });

  await page.locator("#export").click();
  await page.locator('cnn-lab-export input[value="onnx"]').check();
  const download = page.waitForEvent("download");
  await page.locator("#export-file").click();
  expect(readFileSync(await (await download).path()).includes("Softmax")).toBe(true);
  await page.keyboard.press("Escape");

  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true }));
  }, readFileSync(fixture("keras/lessons/fashion_mnist.py"), "utf8"));
  await expect(page.locator("#builder-verdict")).toContainText("360\u202f458 parameters");
  expect(modules()).toEqual(["cpu-plain", "formats", "text"]);
});

test("pictures of one's own are read and trained on, and their points are laid out", async ({ page }) => {
  test.setTimeout(120_000);
  const modules = modulesOf(page);
  await openModule(page);
  expect(await hasSimd(page)).toBe(false);
  await page.setContent('<input type="file" multiple>');
  const pictures = Object.entries(catsAndDogs(10)).map(([path, bytes]) => ({ path, bytes }));
  const buffer = zip([...pictures, { path: "cat/photo.jpg", bytes: readFileSync(fixture("pictures/rgb.jpg")) }]);
  await page.locator("input").setInputFiles({ name: "pets.zip", mimeType: "", buffer });
  const found = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ seed: 1 });
    const { classes, splits, warnings } = await lab.loadFiles(document.querySelector("input")!.files!, { size: [12, 12] });
    const layers = [{ layer: "Flatten" }, { layer: "Dense", units: 4, activation: "relu" }, { layer: "Dense", units: 2, activation: "softmax" }];
    await lab.setModel(JSON.stringify({ input_shape: [12, 12, 3], layers, compile: { optimizer: "adam", loss: "sparse_categorical_crossentropy" } }));
    const losses: number[] = [];
    for await (const event of lab.train({ epochs: 5, batchSize: 7, validate: false })) {
      if (event.type === "epoch") losses.push(event.loss);
    }
    const { positions } = await lab.embed(await lab.hidden("train"), { method: "pca" });
    return { classes, train: splits.train, warnings, losses, places: positions.length / 2 };
  });
  expect(found).toMatchObject({ classes: ["cat", "dog"], train: 21, warnings: [], places: 21 });
  expect(found.losses.at(-1)).toBeLessThan(found.losses[0]!);
  expect(modules()).toEqual(["analysis-plain", "cpu-plain", "data-plain"]);
});

test("where there is a graphics adapter the CPU is taken all the same; what cannot be had is refused by name", async ({ playwright }) => {
  const browser = await playwright.chromium.launch({ ...executable, args: [...withWebGpu.args, noSimd] });
  const page = await browser.newPage();
  const modules = modulesOf(page);
  await openModule(page);
  expect(await hasSimd(page)).toBe(false);
  expect(await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)).toBe(true);
  const found = await page.evaluate(async () => {
    const refused = async (device: "webgpu" | "ndarray"): Promise<unknown> =>
      cnnLab.CnnLab.create({ device }).then(
        () => "made",
        (error: unknown) => {
          const { code, field, message } = error as InstanceType<typeof cnnLab.CnnLabError>;
          return { code, field, message };
        },
      );
    const { device } = await cnnLab.CnnLab.create();
    return { device, webgpu: await refused("webgpu"), ndarray: await refused("ndarray") };
  });
  await browser.close();
  expect(found.device).toMatchObject({ kind: "cpu", reason: expect.stringContaining("which the program for WebGPU needs, so training runs on the CPU.") });
  const message = expect.stringMatching(/^This browser has no SIMD .* Choose the device auto or cpu\.$/);
  expect(found.webgpu).toEqual({ code: "webgpu-unavailable", field: "device", message });
  expect(found.ndarray).toEqual({ code: "unsupported", field: "device", message });
  expect(modules()).toEqual(["cpu-plain"]);
});

test("each browser keeps its own builds for visits offline, and no others", async ({ browser, playwright, baseURL }) => {
  test.setTimeout(180_000);
  const vectors = await playwright.chromium.launch({ ...executable, args: chromeArguments });
  for (const [visitor, own] of [
    [browser, ["analysis-plain", "cpu-plain", "data-plain", "formats", "text"]],
    [vectors, ["analysis", "cpu-relaxed", "data", "formats", "text"]],
  ] as const) {
    const site = await mirror(baseURL!, { folder: "/lab/" });
    const context = await visitor.newContext({ serviceWorkers: "allow" });
    const page = await context.newPage();
    await page.goto(site.url);
    await expect(page.locator("#offline")).toContainText("works offline", { timeout: 60_000 });
    const kept = await page.evaluate(async () => {
      const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
      return all.flat().flatMap(({ url }) => /\/pkg\/([^/]+)\/cnn_lab_bg\.wasm$/.exec(url)?.[1] ?? []);
    });
    expect(kept.sort()).toEqual(own);
    await context.setOffline(true);
    await site.close();
    await page.reload();
    await expect(page.locator("#reason")).toContainText("training runs on the CPU");
    await context.close();
  }
  await vectors.close();
});
