/** A pretrained network, downloaded, with a new head trained on real photos, then fine-tuned. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, type Locator, type Page, test } from "@playwright/test";
import { embed, type Lab, mainButton, openLab, openModule, progress, violations } from "./lab";

const photos = join(resolve(__dirname, "../../../shared/datasets"), "cats_dogs_downsampled.zip");
const weights = "**/data/bases/*.safetensors";

test.beforeEach(async ({ request }) => {
  const there = existsSync(photos) && (await request.get("data/bases/bases.json")).ok();
  if (!there) console.log(`Skipped: ${photos} or the site's pretrained networks are not here.`);
  test.skip(!there, "the photos or the pretrained networks are not here");
});

/** Drops the photos and loads so many of each split, small ones. */
async function loadPhotos(page: Page, limit: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [photos], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 150, y: 300, data });
  }
  await expect(page.locator("#load-own")).toHaveText(/Load 2\D985 pictures/);
  // Each is taken when its field is left, and looked at before the next.
  for (const [field, value] of [["limit", limit], ["height", 96], ["width", 96]] as const) {
    await page.locator(`#own-${field}`).fill(String(value));
    await page.locator(`#own-${field}`).blur();
    await expect(page.locator("#load-own")).toHaveText(`Load ${3 * limit} pictures`);
  }
  await page.locator("#load-own").click();
}

/** The row that stands for the layers of the pretrained network. */
const folded = (page: Page): Locator => page.locator("cnn-lab-pretrained tr", { has: page.locator("button.fold") });

/** What the network in use is called in the list, and the class's own word for what it is. */
async function inUse(page: Page): Promise<[string, number]> {
  const layers = await page.evaluate(async () => (await document.querySelector("cnn-lab")!.lab).summary!.layers.length);
  return [await page.locator("#preset").inputValue(), layers];
}

test("a head is trained on a pretrained network, and its last block is fine-tuned", async ({ page }) => {
  await openLab(page);
  await loadPhotos(page, 80);
  await expect(page.locator("#preset")).toHaveValue("photo-convnet");
  const before = await inUse(page);
  await expect(page.locator("#preset option[value=mobilenet-v2]")).toHaveText(/MobileNetV2.* · 9\.1 MB/);
  await expect(page.locator("#preset option[value=efficientnet-lite0]")).toHaveText(/EfficientNet-Lite0, pretrained · 18\.8 MB/);

  // What it costs is said before it is loaded.
  await page.locator("#preset").selectOption("mobilenet-v2");
  const offer = page.locator("cnn-lab-pretrained .offer");
  await expect(offer).toContainText("9.1 MB");
  await expect(offer).toContainText("160");
  expect(await violations(page)).toEqual([]);
  await page.locator("#cancel-base").click();
  await expect(offer).toBeHidden();
  expect(await inUse(page)).toEqual(before);

  // A download that fails, and one that is cancelled, leave the network in use.
  await page.route(weights, (route) => route.abort());
  await page.locator("#preset").selectOption("mobilenet-v2");
  await page.locator("#load-base").click();
  await expect(page.locator(".error")).toContainText("mobilenet-v2.safetensors could not be downloaded");
  await page.locator("#dismiss").click();
  await page.unroute(weights);
  await page.route(weights, () => undefined);
  await page.locator("#load-base").click();
  await expect(page.getByRole("progressbar", { name: "Loading the pretrained network" })).toBeVisible();
  expect(await violations(page)).toEqual([]);
  await page.locator("#cancel-base").click();
  await expect(offer).toBeHidden();
  expect(await inUse(page)).toEqual(before);
  await page.unroute(weights);

  await page.locator("#preset").selectOption("mobilenet-v2");
  await page.locator("#load-base").click();
  await expect(folded(page)).toContainText("155 layers, frozen", { timeout: 30_000 });
  await expect(page.locator("#preset option[value=mobilenet-v2]")).toHaveText(/kept/);
  expect(await violations(page)).toEqual([]);

  // The features are computed once; that can be paused.
  await page.locator("#epochs").fill("4");
  await page.locator("#epochs").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Computing features of 160 pictures by the frozen layers");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Paused.");
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Finished", { timeout: 40_000 });
  await page.locator("#evaluate").click();
  const right = page.locator("cnn-lab-train .test .big");
  await expect(right).toBeVisible({ timeout: 30_000 });
  expect(Number.parseFloat(await right.innerText())).toBeGreaterThan(65);

  // The last block learns too, and the epochs are counted on.
  await page.locator("#free-blocks").fill("1");
  await page.locator("#set-free").click();
  await expect(folded(page)).toContainText("4 free");
  await page.locator("#small-rate").click();
  await expect(page.locator("#learning-rate")).toHaveValue("0.00001");
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await violations(page)).toEqual([]);
  }
  await page.locator("#epochs").fill("1");
  await page.locator("#epochs").blur();
  await mainButton(page).click();
  await expect(progress(page)).toContainText("Epoch 5 of 5", { timeout: 30_000 });
  await expect(progress(page)).toContainText("Finished", { timeout: 30_000 });
  await page.locator("cnn-lab-pretrained button.fold").click();
  await expect(page.getByRole("checkbox", { name: "block_16_project learns", exact: true })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: "block_16_project_BN learns", exact: true })).not.toBeChecked();
});

test("the builder shows it as one, and its layers when asked", async ({ page }) => {
  await openLab(page);
  await loadPhotos(page, 20);
  await expect(page.locator("#preset")).toHaveValue("photo-convnet");
  await page.locator("#preset").selectOption("mobilenet-v2");
  await page.locator("#load-base").click();
  await expect(folded(page)).toBeVisible({ timeout: 30_000 });
  await page.locator("#build").click();
  const rows = page.locator("cnn-lab-layer-list li");
  await expect(rows).toHaveCount(7);
  await rows.filter({ hasText: "MobileNetV2" }).click();
  expect(await violations(page)).toEqual([]);
  await page.locator("#tab-diagram").click();
  await expect(page.locator("cnn-lab-net-diagram .box")).toHaveCount(6);
  await page.locator("cnn-lab-layer-list ul").press("ArrowRight");
  await expect(rows).toHaveCount(161);
  await page.locator("#fold").click();
  await expect(rows).toHaveCount(7);
  // Set free as a whole, it is another network.
  await page.locator("#frozen").uncheck();
  await expect(page.locator("#builder-verdict")).toContainText("but for the pretrained ones");
  await page.locator("#use").click();
  await expect(folded(page)).toContainText("155 layers, free");
});

test("the attribute base takes it once there are pictures, and names what there is", async ({ page }) => {
  await openModule(page);
  await embed(page, { base: "mobilenet-v2", device: "cpu", steps: "data network train" });
  await expect(page.locator("#preset")).toHaveValue("mnist-convnet");
  await loadPhotos(page, 20);
  await expect(folded(page)).toContainText("155 layers, frozen", { timeout: 30_000 });
  await expect(page.locator("#preset")).toHaveValue("mobilenet-v2");
  await expect(page.locator("#optimizer")).toHaveValue("adam");
  await embed(page, { base: "resnet", device: "cpu" });
  await expect(page.locator(".error")).toContainText('The attribute base="resnet" cannot be used: give one of mobilenet-v2, efficientnet-lite0, or the address of a saved network.');
});

test("from code: a failure changes nothing, layers are frozen by name", async ({ page }) => {
  await openModule(page);
  await page.route(weights, (route) => route.abort());
  const spec = {
    input_shape: [64, 64, 3],
    layers: [{ layer: "Rescaling", scale: 2, offset: -1 }, { layer: "MobileNetV2", weights: "imagenet", pooling: "avg", trainable: false }, { layer: "Dense", units: 2, activation: "softmax" }],
  };
  const told = await page.evaluate(async (model) => {
    const lab = await cnnLab.CnnLab.create({ device: "cpu" });
    Object.assign(globalThis, { lab });
    const [preset] = await lab.presets();
    await lab.setModel(preset!.spec);
    const failed = await lab.setModel(model).catch((error: unknown) => (error as { code: string }).code);
    return { failed, layers: lab.summary!.layers.length, cached: (await lab.bases()).map(({ cached }) => cached) };
  }, spec);
  expect(told).toEqual({ failed: "network", layers: 8, cached: [false, false] });
  await page.unroute(weights);
  const found = await page.evaluate(async (model) => {
    const { lab } = globalThis as unknown as { lab: Lab };
    const shares: number[] = [];
    const summary = await lab.setModel(model, { onProgress: ({ done, total }) => shares.push(done / total) });
    const code = (error: unknown): string => (error as { code: string }).code;
    const freed = await lab.setTrainable("Conv_1", true);
    return {
      layers: summary.layers.length, trainable: [summary.trainableParams, freed.trainableParams], last: shares.at(-1), cached: (await lab.bases())[0]?.cached,
      unknown: await lab.setTrainable("steam", true).catch(code), nothing: await lab.setTrainable(["dense", "Conv_1"], false).catch(code), kept: lab.summary?.trainableParams,
    };
  }, spec);
  expect(found).toEqual({ layers: 158, trainable: [2562, 2562 + 320 * 1280], last: 1, cached: true, unknown: "option", nothing: "spec", kept: 2562 + 320 * 1280 });
});
