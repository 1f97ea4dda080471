import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { choose, type Lab, mainButton, openLab, openModule, progress, violations } from "./lab";

/** Exports in a format, and gives the file. */
async function exported(page: Page, format: string): Promise<{ name: string; bytes: Buffer }> {
  await page.locator(`cnn-lab-export input[value="${format}"]`).check();
  const download = page.waitForEvent("download");
  await page.locator("#export-file").click();
  const file = await download;
  await expect(page.locator("cnn-lab-export footer [role=status]")).toContainText("is written");
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

test("a trained network is exported in every format, and the page by itself says what the lab says", async ({ page, browser }, testInfo) => {
  await openLab(page);
  await choose(page, { limit: 2000, epochs: 1 });
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 60_000 });
  await page.locator("#export").click();
  const beginnings: Record<string, (bytes: Buffer) => boolean> = {
    keras: (bytes) => bytes.subarray(0, 2).toString() === "PK" && bytes.includes("model.weights.h5"),
    "keras-weights": (bytes) => bytes.subarray(1, 4).toString() === "HDF",
    onnx: (bytes) => bytes.includes("cnn-lab") && bytes.includes("Softmax"),
    safetensors: (bytes) => bytes.subarray(8, 9).toString() === "{" && bytes.includes("conv2d.weight"),
    "tensorflow-js": (bytes) => bytes.subarray(0, 2).toString() === "PK" && bytes.includes("weights.bin"),
  };
  for (const [format, isOne] of Object.entries(beginnings)) {
    const { name, bytes } = await exported(page, format);
    expect(name).toContain("mnist");
    expect(isOne(bytes), `${format}: ${bytes.subarray(0, 16).toString("latin1")}`).toBe(true);
  }
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: testInfo.outputPath("export.png") });
  const alone = await exported(page, "html");
  await page.keyboard.press("Escape");

  // A picture of the set as a file, and what the lab itself says of it.
  const { picture, said } = await page.evaluate(async () => {
    const lab = await document.querySelector("cnn-lab")!.lab;
    const { pixels } = await lab.image("test", 3);
    const canvas = new OffscreenCanvas(pixels.width, pixels.height);
    canvas.getContext("2d")!.putImageData(pixels, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/png" });
    return { picture: [...new Uint8Array(await blob.arrayBuffer())], said: await lab.predict(blob) };
  });
  const saved = testInfo.outputPath(alone.name);
  await writeFile(saved, alone.bytes);
  const context = await browser.newContext({ offline: true });
  const opened = await context.newPage();
  await opened.goto(pathToFileURL(saved).href);
  await expect(opened.locator("#told")).toContainText("Drop pictures");
  await opened.locator("#file").setInputFiles({ name: "a digit.png", mimeType: "image/png", buffer: Buffer.from(picture) });
  const first = opened.locator("#seen li").first();
  await expect(first).toContainText(said[0]!.label);
  await expect(first).toContainText(`${(100 * said[0]!.probability).toFixed(1)} %`);
  await opened.locator("#file").setInputFiles({ name: "no picture.png", mimeType: "image/png", buffer: Buffer.from("no") });
  await expect(opened.locator("figcaption.wrong")).toContainText("no picture.png is not a picture");
  expect(await violations(opened)).toEqual([]);
  await opened.screenshot({ path: testInfo.outputPath("alone.png") });
  await context.close();
});

test("Keras's files and our own exports are loaded, on the page and by the class; what is neither is refused", async ({ page }) => {
  await openLab(page);
  const saved = (name: string): string => join(__dirname, "../fixtures/saved", name);
  await page.locator("#checkpoint").setInputFiles(saved("model.keras"));
  await expect(page.locator("cnn-lab-network tbody").first()).toContainText("apart");
  await openModule(page);
  const files = { h5: [...(await readFile(saved("model.h5")))], weights: [...(await readFile(saved("model.weights.h5")))] };
  const found = await page.evaluate(async (files) => {
    const blob = (bytes: number[]): Blob => new Blob([new Uint8Array(bytes)]);
    const refused = async (lab: Lab, file: Blob): Promise<string> => {
      try {
        await lab.load(file);
        return "loaded";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const first = await cnnLab.CnnLab.create({ device: "cpu", seed: 1 });
    await first.loadBundled("mnist", { limit: 200 });
    await first.setModel((await first.presets())[0]!.spec);
    let steps = 0;
    for await (const event of first.train({ steps: 3, batchSize: 20, validate: false })) steps += Number(event.type === "step");
    const { pixels } = await first.image("test", 0);
    const picture = await createImageBitmap(pixels);
    const expected = await first.predict(picture);
    const differences = [];
    const second = await cnnLab.CnnLab.create({ device: "cpu", seed: 2 });
    for (const format of ["keras", "safetensors"] as const) {
      await second.load(await first.save(format));
      const found = await second.predict(await createImageBitmap(pixels));
      differences.push(Math.max(...expected.map(({ label, probability }) => Math.abs(probability - found.find((one) => one.label === label)!.probability))));
    }
    // Weights of another network; Keras's own file with its model; the same weights then fit.
    const other = await refused(second, blob(files.weights));
    const h5 = await refused(second, blob(files.h5));
    const weights = await refused(second, blob(files.weights));
    const layers = second.summary?.layers.length;
    const cut = await refused(second, blob(files.h5.slice(0, 20_000)));
    return { steps, differences, other, h5, weights, cut, layers, still: second.summary?.layers.length };
  }, files);
  expect(found.steps).toBe(3);
  for (const difference of found.differences) expect(difference).toBeLessThan(1e-5);
  expect(found).toMatchObject({ other: "checkpoint", h5: "loaded", weights: "loaded", cut: "checkpoint" });
  expect(found.still).toBe(found.layers);
});

test("what a format cannot say is an error that names the layer or the option", async ({ page }) => {
  await openModule(page);
  const errors = await page.evaluate(async () => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu", seed: 1 });
    const failed = async (action: () => Promise<unknown>): Promise<unknown> => {
      try {
        return await action();
      } catch (error) {
        const { code, layer, field } = error as { code: string; layer?: string; field?: string };
        return { code, layer, field };
      }
    };
    const early = await failed(() => lab.save("onnx"));
    await lab.loadBundled("mnist", { limit: 100 });
    const layers = [
      { layer: "Conv2D", filters: 4, kernel_size: 3 },
      { layer: "Activation", name: "leaky", activation: "leaky_relu" },
      { layer: "Flatten" },
      { layer: "Dense", units: 10, activation: "softmax" },
    ];
    await lab.setModel({ input_shape: [28, 28, 1], layers });
    const lacking = await failed(() => lab.save("tensorflow-js"));
    let steps = 0;
    for await (const event of lab.train({ steps: 1, batchSize: 10, validate: false, augmentation: { samplewise_center: true } })) steps += Number(event.type === "step");
    const own = await failed(() => lab.save("onnx"));
    const bare = await failed(async () => (await lab.save("onnx", { preprocessing: false })).size > 1000);
    const unknown = await failed(() => lab.save("gguf" as "onnx"));
    const wrong = await failed(() => lab.save("onnx", { softmax: 1 as unknown as boolean }));
    return { steps, early, lacking, own, bare, unknown, wrong };
  });
  expect(errors.steps).toBe(1);
  expect(errors.early).toMatchObject({ code: "state" });
  expect(errors.lacking).toMatchObject({ code: "spec", layer: "leaky", field: "activation" });
  expect(errors.own).toMatchObject({ code: "option", field: "preprocessing" });
  expect(errors.bare).toBe(true);
  expect(errors.unknown).toMatchObject({ code: "option", field: "format" });
  expect(errors.wrong).toMatchObject({ code: "option", field: "softmax" });
});
